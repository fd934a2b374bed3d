//! Public data sets of labelled radiographs, as they lie on disk after being unpacked.

mod layouts;
mod set;
mod table;

pub use set::{PublicItem, PublicSet};
