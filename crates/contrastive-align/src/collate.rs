use std::num::NonZeroUsize;

use model_core::{Collate, Result};
use tch::{Device, Tensor};
use xray_core::{ImageTensor, Sample, derive_seed};

use crate::{Error, PairBatch, PairChunk};

/// Which images of a study are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Views {
    /// The first one: the same in every evaluation. The default.
    #[default]
    First,
    /// One drawn for each study from this seed and the study's key alone. Give every epoch its own seed:
    /// `derive_seed(seed, &[epoch])`.
    Random {
        /// The seed of the epoch.
        seed: u64,
    },
    /// Every one; all of them are positives of the study's report.
    All,
}

/// Makes studies into a [`PairBatch`] with one collate for images and one for reports.
#[derive(Debug, Clone)]
pub struct PairCollate<C, T> {
    images: C,
    texts: T,
    views: Views,
    chunk: Option<NonZeroUsize>,
}

impl<C, T> PairCollate<C, T> {
    /// Takes the first image of every study and makes one chunk.
    pub fn new(images: C, texts: T) -> Self {
        Self { images, texts, views: Views::First, chunk: None }
    }

    /// The same with another choice of images.
    #[must_use]
    pub fn with_views(self, views: Views) -> Self {
        Self { views, ..self }
    }

    /// The same in chunks of at most so many studies, for gradient caching.
    #[must_use]
    pub fn with_chunk(self, studies: NonZeroUsize) -> Self {
        Self { chunk: Some(studies), ..self }
    }
}

impl<C: Collate<ImageTensor>, T: Collate<str>> Collate<Sample> for PairCollate<C, T> {
    type Batch = PairBatch<C::Batch, T::Batch>;

    /// # Errors
    ///
    /// If a study has no image or no report, or there is no study at all; else as the two collates.
    fn collate(&self, items: &[&Sample], device: Device) -> Result<Self::Batch> {
        let mut chunks = Vec::new();
        let mut study = Vec::new();
        for samples in items.chunks(self.chunk.map_or(usize::MAX, NonZeroUsize::get)) {
            let first = chunks.len() as i64 * self.chunk.map_or(0, |size| size.get() as i64);
            let mut images = Vec::new();
            let mut texts = Vec::with_capacity(samples.len());
            for (place, sample) in samples.iter().enumerate() {
                let views = check(sample, self.views.of(sample))?;
                study.extend(views.iter().map(|_| first + place as i64));
                images.extend(views);
                texts.push(sample.report.as_str());
            }
            chunks.push(PairChunk {
                images: self.images.collate(&images, device)?,
                texts: self.texts.collate(&texts, device)?,
            });
        }
        let groups: Vec<i64> = items.iter().map(|sample| report_group(&sample.report)).collect();
        Ok(PairBatch {
            chunks,
            study: Tensor::from_slice(&study).to_device(device),
            groups: Tensor::from_slice(&groups).to_device(device),
            keys: items.iter().map(|sample| sample.key.clone()).collect(),
        })
    }
}

impl Views {
    fn of(self, sample: &Sample) -> Vec<&ImageTensor> {
        match self {
            Self::First => sample.images.first().into_iter().collect(),
            Self::All => sample.images.iter().collect(),
            Self::Random { seed } => {
                let count = sample.images.len().max(1) as u64;
                let draw = derive_seed(seed, &bytes(&sample.key)) % count;
                sample.images.get(draw as usize).into_iter().collect()
            }
        }
    }
}

fn check<'a>(sample: &Sample, views: Vec<&'a ImageTensor>) -> Result<Vec<&'a ImageTensor>> {
    let reason = if views.is_empty() {
        "has no image"
    } else if sample.report.trim().is_empty() {
        "has an empty report"
    } else {
        return Ok(views);
    };
    let error = Error::Study { key: sample.key.clone(), reason };
    Err(model_core::Error::external("making studies into a batch")(error))
}

/// A number that reports share if they say the same, up to case, white space and punctuation.
///
/// ```
/// use contrastive_align::report_group;
///
/// assert_eq!(report_group("Pas de fracture."), report_group("pas  de fracture"));
/// assert_ne!(report_group("Pas de fracture."), report_group("Fracture."));
/// ```
pub fn report_group(report: &str) -> i64 {
    let words: Vec<String> = report
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    derive_seed(0, &bytes(&words.join(" "))).cast_signed()
}

fn bytes(text: &str) -> Vec<u64> {
    text.bytes().map(u64::from).collect()
}
