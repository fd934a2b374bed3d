use std::num::NonZeroUsize;

use model_core::{Collate, Result};
use tch::{Device, Tensor};
use xray_core::{ImageTensor, Sample, derive_seed};

use crate::{Error, PairBatch, PairChunk};

/// Makes studies into a [`PairBatch`] with one collate for images and one for reports.
///
/// The first image of each sample is taken. In training, where the method draws one image of a study, the
/// loader draws it, so that no other has to be decoded; in evaluation it is the same each time.
#[derive(Debug, Clone)]
pub struct PairCollate<C, T> {
    images: C,
    texts: T,
    all_images: bool,
    chunk: Option<NonZeroUsize>,
}

impl<C, T> PairCollate<C, T> {
    /// One image a study, all studies in one chunk.
    pub fn new(images: C, texts: T) -> Self {
        Self { images, texts, all_images: false, chunk: None }
    }

    /// What makes images into a batch.
    pub fn images(&self) -> &C {
        &self.images
    }

    /// What makes reports into a batch; prompts go the same way.
    pub fn texts(&self) -> &T {
        &self.texts
    }

    /// The same with every image of a sample: all of them are positives of its report.
    #[must_use]
    pub fn with_all_images(self) -> Self {
        Self { all_images: true, ..self }
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
                let views = check(sample, self.all_images)?;
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

fn check(sample: &Sample, all_images: bool) -> Result<&[ImageTensor]> {
    let reason = match sample.images.len() {
        0 => "has no image",
        _ if sample.report.trim().is_empty() => "has an empty report",
        images => return Ok(&sample.images[..if all_images { images } else { 1 }]),
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
    let bytes: Vec<u64> = words.join(" ").bytes().map(u64::from).collect();
    derive_seed(0, &bytes).cast_signed()
}
