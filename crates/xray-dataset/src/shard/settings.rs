use serde::Serialize;
use xray_core::{ImageTensor, Report, ReportTransform, TextGate, TextRegion};

use super::store::ImageFormat;
use crate::{BurnedIn, SplitFractions};

/// What a run of [`ShardBuilder`](crate::ShardBuilder) is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading the headers of the archive; counts files.
    Scanning,
    /// Decoding, de-identifying and writing; counts studies.
    Writing,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Items done.
    pub done: u64,
    /// Items there are.
    pub total: u64,
}

/// The settings that decide what a shard's bytes are.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Settings {
    pub(super) longest_side: Option<usize>,
    pub(super) format: ImageFormat,
    pub(super) samples_per_shard: usize,
    pub(super) split: SplitFractions,
    pub(super) burned_in: BurnedIn,
    pub(super) keep_secondary_captures: bool,
    pub(super) report_days: u32,
    pub(super) pair_by_examination: bool,
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// A report transform of any error type.
pub(crate) type AnyTransform = Box<dyn Fn(Report) -> Result<Report, BoxedError> + Send + Sync>;

/// A text gate of any error type.
pub(super) type AnyGate = Box<dyn Fn(&ImageTensor) -> Result<Vec<TextRegion>, BoxedError> + Send + Sync>;

pub(crate) fn any_transform(transform: impl ReportTransform + 'static) -> AnyTransform {
    Box::new(move |report| transform.apply(report).map_err(|error| Box::new(error) as BoxedError))
}

pub(super) fn any_gate(gate: impl TextGate + 'static) -> AnyGate {
    Box::new(move |image| gate.regions(image).map_err(|error| Box::new(error) as BoxedError))
}
