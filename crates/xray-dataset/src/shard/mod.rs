//! WebDataset shards: what is stored, how it is written, how it is read.

mod builder;
mod dataset;
mod index;
mod input;
mod plan;
mod reader;
mod record;
mod review;
mod sample;
mod settings;
mod store;
mod writer;

pub use builder::ShardBuilder;
pub use dataset::ShardDataset;
pub use index::{ShardEntry, ShardIndex};
pub use reader::{EncodedSample, ShardReader};
pub(crate) use settings::{AnyTransform, any_transform};
pub use settings::{Progress, Stage};
pub use store::ImageFormat;
