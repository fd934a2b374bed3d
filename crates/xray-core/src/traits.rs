use std::path::Path;

use crate::{ImageTensor, Report, Study, TextRegion};

/// Items behind an index: shards, a public set, a list in memory.
pub trait Dataset: Send + Sync {
    /// What an index gives.
    type Item: Send;
    /// Why it may not.
    type Error;

    /// How many items there are.
    fn len(&self) -> usize;

    /// The item at `index`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the item from being read.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`Dataset::len`], as a slice does.
    fn get(&self, index: usize) -> Result<Self::Item, Self::Error>;

    /// Whether there is no item.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Makes a report into another one: extraction, cleaning, de-identification.
pub trait ReportTransform: Send + Sync {
    /// Why a report may be refused.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The report, transformed.
    ///
    /// # Errors
    ///
    /// A report that may not be passed on is refused, never passed on as it was.
    fn apply(&self, report: Report) -> Result<Report, Self::Error>;

    /// This transform, then `next`.
    fn then<N: ReportTransform>(self, next: N) -> Chain<Self, N>
    where
        Self: Sized,
    {
        Chain { first: self, next }
    }
}

/// Two transforms of reports, one after the other; made by [`ReportTransform::then`].
#[derive(Debug, Clone, Copy)]
pub struct Chain<F, N> {
    first: F,
    next: N,
}

/// Which of two transforms refused a report.
#[derive(Debug, thiserror::Error)]
pub enum ChainError<F: std::error::Error + 'static, N: std::error::Error + 'static> {
    /// The first did.
    #[error(transparent)]
    First(F),
    /// The second did.
    #[error(transparent)]
    Next(N),
}

impl<F: ReportTransform, N: ReportTransform> ReportTransform for Chain<F, N> {
    type Error = ChainError<F::Error, N::Error>;

    fn apply(&self, report: Report) -> Result<Report, Self::Error> {
        let report = self.first.apply(report).map_err(ChainError::First)?;
        self.next.apply(report).map_err(ChainError::Next)
    }
}

/// Lists the studies of an archive.
pub trait StudySource {
    /// Why an archive cannot be listed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Every study, in an order that does not change between calls.
    ///
    /// # Errors
    ///
    /// If the archive itself cannot be read; a file that is broken is left out and accounted for.
    fn studies(&self) -> Result<Vec<Study>, Self::Error>;
}

/// Decodes an image file into grey values in `[0, 1]`, bone bright.
pub trait ImageDecoder: Send + Sync {
    /// Why a file may not be decoded.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The pixels of `path`.
    ///
    /// # Errors
    ///
    /// Names the file and the cause.
    fn decode(&self, path: &Path) -> Result<ImageTensor, Self::Error>;
}

/// Makes an image into another one. What is random in it comes from `seed` alone.
pub trait ImageTransform: Send + Sync {
    /// The image, transformed.
    fn apply(&self, image: ImageTensor, seed: u64) -> ImageTensor;

    /// All that is made of the image, in the order in which it is given on; by default what
    /// [`ImageTransform::apply`] gives.
    fn views(&self, image: ImageTensor, seed: u64) -> Vec<ImageTensor> {
        vec![self.apply(image, seed)]
    }
}

/// Finds text that is burned into an image.
pub trait TextGate: Send + Sync {
    /// Why an image may not be judged.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The places where text stands, single marks among them; none if there is none.
    ///
    /// # Errors
    ///
    /// If the detector itself fails.
    fn regions(&self, image: &ImageTensor) -> Result<Vec<TextRegion>, Self::Error>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Dataset + ?Sized> Dataset for $pointer {
            type Item = T::Item;
            type Error = T::Error;
            fn len(&self) -> usize {
                (**self).len()
            }
            fn get(&self, index: usize) -> Result<Self::Item, Self::Error> {
                (**self).get(index)
            }
        }

        impl<T: ReportTransform + ?Sized> ReportTransform for $pointer {
            type Error = T::Error;
            fn apply(&self, report: Report) -> Result<Report, Self::Error> {
                (**self).apply(report)
            }
        }

        impl<T: ImageDecoder + ?Sized> ImageDecoder for $pointer {
            type Error = T::Error;
            fn decode(&self, path: &Path) -> Result<ImageTensor, Self::Error> {
                (**self).decode(path)
            }
        }

        impl<T: ImageTransform + ?Sized> ImageTransform for $pointer {
            fn apply(&self, image: ImageTensor, seed: u64) -> ImageTensor {
                (**self).apply(image, seed)
            }
            fn views(&self, image: ImageTensor, seed: u64) -> Vec<ImageTensor> {
                (**self).views(image, seed)
            }
        }

        impl<T: TextGate + ?Sized> TextGate for $pointer {
            type Error = T::Error;
            fn regions(&self, image: &ImageTensor) -> Result<Vec<TextRegion>, Self::Error> {
                (**self).regions(image)
            }
        }
    )*};
}

forward!(Box<T>, std::sync::Arc<T>);
