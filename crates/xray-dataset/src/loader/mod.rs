//! From samples behind an index to batches in a stream.

mod batches;
mod config;
mod order;
mod views;

pub use batches::{Batches, Loader};
pub use config::{LoaderConfig, Position, Shuffle};
pub use views::{StudyDataset, Views};
