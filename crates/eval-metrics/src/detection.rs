use crate::{Error, Metric, Result, check};

/// A rectangle in an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageBox {
    /// The image, counted from 0.
    pub image: usize,
    /// The class, counted from 0.
    pub class: usize,
    /// Left, top, right and bottom.
    pub corners: [f64; 4],
}

impl ImageBox {
    /// The common part of two rectangles over what they cover together, in `[0, 1]`; 0 where neither has an extent.
    pub fn iou(&self, other: &Self) -> f64 {
        let [left, top, right, bottom] = self.corners;
        let [l, t, r, b] = other.corners;
        let common = (right.min(r) - left.max(l)).max(0.0) * (bottom.min(b) - top.max(t)).max(0.0);
        let covered = (right - left) * (bottom - top) + (r - l) * (b - t) - common;
        if covered > 0.0 { common / covered } else { 0.0 }
    }
}

/// Average precision of boxes as COCO defines it (`pycocotools`, all areas, no crowds): the mean over ten thresholds of
/// the common part, from 0.5 to 0.95, and over classes.
///
/// As a [`Metric`] its cases are images, so that [`Bootstrap`](crate::Bootstrap) draws images.
///
/// ```
/// use eval_metrics::{BoxPrecision, ImageBox};
///
/// let truth = [ImageBox { image: 0, class: 0, corners: [10.0, 10.0, 50.0, 40.0] }];
/// let found = [ImageBox { image: 0, class: 0, corners: [10.0, 10.0, 50.0, 38.0] }];
/// let precision = BoxPrecision::new(&truth, &found, &[0.9], 1, 1)?;
/// // 28 of 30 rows are found: enough for all thresholds but the last.
/// assert!((precision.average()? - 0.9).abs() < 1e-9);
/// assert!((precision.at(0.5)? - 1.0).abs() < 1e-9);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BoxPrecision {
    images: usize,
    classes: Vec<Class>,
}

/// The boxes of one class.
#[derive(Debug, Clone, PartialEq, Default)]
struct Class {
    /// The image of each true box.
    truth: Vec<usize>,
    /// What was found, the surest first.
    found: Vec<Found>,
}

#[derive(Debug, Clone, PartialEq)]
struct Found {
    image: usize,
    /// Whether it is a true box's at each threshold.
    right: [bool; THRESHOLDS],
}

const THRESHOLDS: usize = 10;
/// Recalls at which the precision is looked up.
const RECALLS: usize = 101;
/// Boxes of a class in an image that count.
const MOST: usize = 100;

impl BoxPrecision {
    /// The boxes `found`, each with its score, against the `truth`. Of each image and class the 100 surest count.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there is not one score a box; [`Error::NotFinite`]; [`Error::OutOfRange`] if an image or a
    /// class is not below `images` or `classes`, or a box ends before it begins.
    pub fn new(
        truth: &[ImageBox],
        found: &[ImageBox],
        scores: &[f64],
        images: usize,
        classes: usize,
    ) -> Result<Self> {
        check::same_length("scores", scores.len(), found.len())?;
        check::finite("scores", scores)?;
        check_boxes("truth", truth, images, classes)?;
        check_boxes("found", found, images, classes)?;
        let mut of_class = vec![Class::default(); classes];
        for (class, kept) in of_class.iter_mut().enumerate() {
            kept.truth = truth.iter().filter(|b| b.class == class).map(|b| b.image).collect();
            let mut all = Vec::new();
            for image in 0..images {
                let of = |b: &&ImageBox| b.class == class && b.image == image;
                let truth: Vec<&ImageBox> = truth.iter().filter(of).collect();
                let pairs = found.iter().zip(scores).filter(|(b, _)| of(b));
                let mut pairs: Vec<(&ImageBox, f64)> = pairs.map(|(b, score)| (b, *score)).collect();
                pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
                pairs.truncate(MOST);
                let right = matches(&truth, &pairs);
                all.extend(
                    pairs.iter().zip(right).map(|((_, score), right)| (*score, Found { image, right })),
                );
            }
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            kept.found = all.into_iter().map(|(_, found)| found).collect();
        }
        Ok(Self { images, classes: of_class })
    }

    /// The mean over thresholds and over the classes that have a true box: `AP`.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if there is no true box.
    pub fn average(&self) -> Result<f64> {
        self.mean(&vec![1; self.images], 0..THRESHOLDS)
    }

    /// The same at one threshold of the common part, 0.5 for `AP50`, 0.75 for `AP75`.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if there is no true box; [`Error::Argument`] if COCO has no such threshold.
    pub fn at(&self, threshold: f64) -> Result<f64> {
        let place = (0..THRESHOLDS).find(|place| (at(*place) - threshold).abs() < 1e-6);
        let Some(place) = place else {
            return Err(Error::Argument { name: "threshold", why: "not one of 0.5, 0.55 to 0.95" });
        };
        self.mean(&vec![1; self.images], place..place + 1)
    }

    /// The mean over thresholds of each class; nothing for a class without a true box.
    pub fn by_class(&self) -> Vec<Option<f64>> {
        let counts = vec![1; self.images];
        let value = |class: &Class| class.precision(&counts, 0..THRESHOLDS);
        self.classes.iter().map(value).collect()
    }

    /// The share of true boxes that are found, over thresholds and classes: `AR100`.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] if there is no true box.
    pub fn recall(&self) -> Result<f64> {
        let classes = self.classes.iter().filter(|class| !class.truth.is_empty());
        let shares = classes.flat_map(|class| {
            (0..THRESHOLDS).map(|place| {
                let right = class.found.iter().filter(|found| found.right[place]).count();
                right as f64 / class.truth.len() as f64
            })
        });
        mean(shares.collect())
    }

    fn mean(&self, counts: &[u32], places: std::ops::Range<usize>) -> Result<f64> {
        mean(self.classes.iter().filter_map(|class| class.precision(counts, places.clone())).collect())
    }
}

impl Metric for BoxPrecision {
    fn name(&self) -> &str {
        "average_precision_of_boxes"
    }

    fn cases(&self) -> usize {
        self.images
    }

    fn weighted(&self, counts: &[u32]) -> Result<f64> {
        self.mean(counts, 0..THRESHOLDS)
    }
}

impl Class {
    /// The mean precision at the recalls, over thresholds; nothing without a true box.
    fn precision(&self, counts: &[u32], places: std::ops::Range<usize>) -> Option<f64> {
        let truth: u32 = self.truth.iter().map(|image| counts[*image]).sum();
        if truth == 0 {
            return None;
        }
        let count = places.len() as f64;
        Some(places.map(|place| self.precision_at(counts, f64::from(truth), place)).sum::<f64>() / count)
    }

    fn precision_at(&self, counts: &[u32], truth: f64, place: usize) -> f64 {
        let (mut right, mut wrong) = (0.0, 0.0);
        let mut curve = Vec::with_capacity(self.found.len());
        for found in self.found.iter().filter(|found| counts[found.image] > 0) {
            let count = f64::from(counts[found.image]);
            *(if found.right[place] { &mut right } else { &mut wrong }) += count;
            curve.push((right / truth, right / (right + wrong + f64::EPSILON)));
        }
        // The best precision at this recall or a higher one.
        for index in (1..curve.len()).rev() {
            curve[index - 1].1 = curve[index - 1].1.max(curve[index].1);
        }
        let step = 1.0 / (RECALLS - 1) as f64;
        let looked_up = (0..RECALLS).map(|index| {
            let recall = if index == RECALLS - 1 { 1.0 } else { index as f64 * step };
            let place = curve.partition_point(|point| point.0 < recall);
            curve.get(place).map_or(0.0, |point| point.1)
        });
        looked_up.sum::<f64>() / RECALLS as f64
    }
}

/// A threshold, as numpy's `linspace(0.5, 0.95, 10)` has it.
fn at(place: usize) -> f64 {
    if place == THRESHOLDS - 1 { 0.95 } else { 0.5 + place as f64 * ((0.95 - 0.5) / 9.0) }
}

/// Which of the boxes found, the surest first, are true ones at each threshold. A true box is taken once.
fn matches(truth: &[&ImageBox], found: &[(&ImageBox, f64)]) -> Vec<[bool; THRESHOLDS]> {
    let mut right = vec![[false; THRESHOLDS]; found.len()];
    let common: Vec<Vec<f64>> =
        found.iter().map(|(found, _)| truth.iter().map(|truth| found.iou(truth)).collect()).collect();
    for place in 0..THRESHOLDS {
        let mut taken = vec![false; truth.len()];
        for (right, common) in right.iter_mut().zip(&common) {
            let mut best = (at(place).min(1.0 - 1e-10), None);
            for (index, iou) in common.iter().enumerate() {
                if !taken[index] && *iou >= best.0 {
                    best = (*iou, Some(index));
                }
            }
            if let Some(index) = best.1 {
                taken[index] = true;
                right[place] = true;
            }
        }
    }
    right
}

fn mean(values: Vec<f64>) -> Result<f64> {
    if values.is_empty() {
        let metric = "average precision of boxes".to_owned();
        return Err(Error::Undefined { metric, why: "there is no true box" });
    }
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

fn check_boxes(what: &'static str, boxes: &[ImageBox], images: usize, classes: usize) -> Result<()> {
    for (index, b) in boxes.iter().enumerate() {
        if b.corners.iter().any(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what, index });
        }
        let refuse = |range: String| Err(Error::OutOfRange { what, index, range });
        if b.image >= images || b.class >= classes {
            return refuse(format!("{images} images and {classes} classes"));
        }
        if b.corners[2] < b.corners[0] || b.corners[3] < b.corners[1] {
            return refuse("left to right and top to bottom".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(image: usize, corners: [f64; 4]) -> ImageBox {
        ImageBox { image, class: 0, corners }
    }

    #[test]
    fn a_true_box_counts_once() {
        let truth = [boxed(0, [0.0, 0.0, 10.0, 10.0])];
        let found = [truth[0], truth[0]];
        let precision = BoxPrecision::new(&truth, &found, &[0.9, 0.8], 1, 1).unwrap();
        assert!((precision.at(0.5).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(precision.recall().unwrap(), 1.0);
    }

    #[test]
    fn what_is_no_box_is_refused() {
        let good = boxed(0, [0.0, 0.0, 1.0, 1.0]);
        let new = |truth: &[ImageBox], found: &[ImageBox], scores: &[f64]| {
            BoxPrecision::new(truth, found, scores, 1, 1)
        };
        assert!(matches!(new(&[], &[good], &[0.5]).unwrap().average(), Err(Error::Undefined { .. })));
        assert!(matches!(new(&[good], &[], &[0.5]), Err(Error::Length { .. })));
        let nan = boxed(0, [f64::NAN, 0.0, 1.0, 1.0]);
        assert!(matches!(new(&[nan], &[], &[]), Err(Error::NotFinite { .. })));
        assert!(matches!(new(&[boxed(1, good.corners)], &[], &[]), Err(Error::OutOfRange { .. })));
        assert!(matches!(new(&[boxed(0, [2.0, 0.0, 1.0, 1.0])], &[], &[]), Err(Error::OutOfRange { .. })));
    }
}
