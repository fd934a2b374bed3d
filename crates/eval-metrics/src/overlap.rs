use crate::{Error, Result, check};

/// How two areas lie over each other, as a segmentation over the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overlap {
    /// Pixels in both.
    pub common: u64,
    /// Pixels of the truth.
    pub truth: u64,
    /// Pixels of the prediction.
    pub predicted: u64,
}

impl Overlap {
    /// The overlap of two masks, pixel by pixel.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if they differ in length; [`Error::Empty`].
    ///
    /// # Examples
    ///
    /// ```
    /// use eval_metrics::Overlap;
    ///
    /// let overlap = Overlap::of(&[true, true, false, false], &[true, false, true, false])?;
    /// assert_eq!((overlap.dice()?, overlap.iou()?), (0.5, 1.0 / 3.0));
    /// # Ok::<(), eval_metrics::Error>(())
    /// ```
    pub fn of(truth: &[bool], predicted: &[bool]) -> Result<Self> {
        check::same_length("predicted", predicted.len(), truth.len())?;
        check::not_empty("truth", truth)?;
        let count = |values: &mut dyn Iterator<Item = bool>| values.filter(|value| *value).count() as u64;
        Ok(Self {
            common: count(&mut truth.iter().zip(predicted).map(|(a, b)| *a && *b)),
            truth: count(&mut truth.iter().copied()),
            predicted: count(&mut predicted.iter().copied()),
        })
    }

    /// Twice the common part over both areas (Dice 1945), the F1 of pixels.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if both are empty.
    pub fn dice(&self) -> Result<f64> {
        self.share("dice", 2 * self.common, self.truth + self.predicted)
    }

    /// The common part over what they cover together (Jaccard 1912).
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if both are empty.
    pub fn iou(&self) -> Result<f64> {
        self.share("iou", self.common, self.truth + self.predicted - self.common)
    }

    fn share(&self, metric: &str, part: u64, whole: u64) -> Result<f64> {
        if whole == 0 {
            return Err(Error::Undefined { metric: metric.to_owned(), why: "both areas are empty" });
        }
        Ok(part as f64 / whole as f64)
    }
}
