//! From DICOM files and reports to de-identified, paired, sharded training batches.

mod account;
mod archive;
mod dicom;
mod ehr;
mod error;
mod image_file;
mod loader;
mod pairing;
mod shard;
mod split;
mod transform;

pub use account::{Account, Cause, ItemKind, LeftOut, SplitCount, Tally};
pub use archive::ArchiveSource;
pub use dicom::{DicomDecoder, Windowing};
pub use error::{Error, ImageFault, Result};
pub use image_file::ImageFileDecoder;
pub use loader::{Batches, Loader, LoaderConfig, Position, Shuffle, StudyDataset, Views};
pub use pairing::Pairing;
pub use shard::{
    EncodedSample, ImageFormat, Progress, ShardBuilder, ShardDataset, ShardEntry, ShardIndex, ShardReader,
    Stage,
};
pub use split::{Split, SplitFractions};
pub use transform::{Affine, Convirt, Crop, EvalTransform, Fit, Warp, gaussian_blur};
