use std::path::Path;
use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::{AsView, NdTensor};
use xray_core::{ImageTensor, TextGate, TextRegion};

use super::components::{Component, components};
use crate::{Error, Result};

/// Finds text by the detection network of PP-OCR, in any direction and script.
///
/// The network only says where text is. The characters of a region are estimated from its shape: three for each time
/// that its length holds its thickness, less two. Over lines drawn in five fonts that was about as many as
/// there are letters. What is thicker than an eighth of the image's longest side is no line of text and is passed over:
/// bones are found so. The model
/// (`PP-OCRv6_det_small.onnx`, 10 MB, Apache-2.0) is fetched by `scripts/ocr_model.sh`. Thresholds are those of
/// [rapidocr](https://github.com/RapidAI/RapidOCR) 3.10.0: a pixel is text from 0.3 on, a region from a mean of 0.5
/// on, and grows by 1.6 times its area over its perimeter.
///
/// ```no_run
/// use xray_core::TextGate;
/// use xray_dataset::TextDetector;
///
/// let detector = TextDetector::from_file("PP-OCRv6_det_small.onnx")?;
/// # let image = xray_core::ImageTensor::new(vec![0.0], 1, 1, 1)?;
/// println!("{:?}", detector.regions(&image)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TextDetector {
    model: Model,
    options: RunOptions,
    longest_side: usize,
}

impl std::fmt::Debug for TextDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextDetector").field("longest_side", &self.longest_side).finish_non_exhaustive()
    }
}

/// What the network's sides must be multiples of.
const MULTIPLE: usize = 32;
const ACTION: &str = "looking for text";
const PIXEL: f32 = 0.3;
const REGION: f32 = 0.5;
const GROWTH: f32 = 1.6;
/// How often a line of text goes into the longest side of its image, at least.
const THINNEST: usize = 8;
/// A box as if of so many characters may be one letter, which fills its box as little as a slanting line.
const MARK: usize = 3;

impl TextDetector {
    /// Reads the model. Each image is worked on by one thread: callers look at several at once.
    ///
    /// # Errors
    ///
    /// [`Error::Model`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let model = Model::load_file(path).map_err(|error| Error::model(path, "reading the model", error))?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::new(ThreadPool::with_num_threads(1))));
        Ok(Self { model, options, longest_side: 960 })
    }

    /// The longest side at which the network looks at an image, in pixels (default: 960). Letters must be
    /// some eight pixels high there; twice the side takes four times as long.
    #[must_use]
    pub fn longest_side(mut self, pixels: usize) -> Self {
        self.longest_side = pixels.max(MULTIPLE);
        self
    }

    /// For each pixel of the small image, how likely it is of text.
    fn probabilities(&self, small: NdTensor<f32, 4>) -> Result<Vec<f32>> {
        let output = self.model.run_one(small.into(), Some(self.options.clone()));
        let output = output.map_err(|error| Error::model("", ACTION, error))?;
        let map = output.into_tensor::<f32>();
        let map =
            map.ok_or_else(|| Error::model("", ACTION, "the output is not of floating-point numbers"))?;
        Ok(map.to_vec())
    }
}

impl TextGate for TextDetector {
    type Error = Error;

    fn regions(&self, image: &ImageTensor) -> Result<Vec<TextRegion>> {
        let longest = image.height().max(image.width());
        let scale = (self.longest_side as f32 / longest as f32).min(1.0);
        let side = |pixels: usize| {
            let multiples = (pixels as f32 * scale / MULTIPLE as f32).round() as usize;
            multiples.max(1) * MULTIPLE
        };
        let (height, width) = (side(image.height()), side(image.width()));
        let map = self.probabilities(network_input(image, height, width))?;
        let mut marked: Vec<u8> = map.iter().map(|value| u8::from(*value > PIXEL)).collect();
        if marked.len() != height * width {
            return Err(Error::model("", ACTION, "the output is not as large as the input"));
        }
        let found = components(&mut marked, width);
        let sure = |c: &Component| {
            let rows = (c.top..c.bottom).map(|y| &map[y * width..][c.left..c.right]);
            let (sum, count) =
                rows.flatten().filter(|value| **value > PIXEL).fold((0.0, 0), |(sum, n), v| (sum + v, n + 1));
            sum >= REGION * count as f32 && c.pixels >= 9
        };
        let scale = (image.height() as f32 / height as f32, image.width() as f32 / width as f32);
        let regions = found.iter().filter(|c| sure(c)).map(|c| region(c, scale, image));
        Ok(regions.filter(|region| THINNEST * region.width.min(region.height) <= longest).collect())
    }
}

/// The image at the size of the network's input, in three equal channels, from -1 to 1. Each pixel is the mean
/// of those that it stands for.
fn network_input(image: &ImageTensor, height: usize, width: usize) -> NdTensor<f32, 4> {
    let range = |at: usize, count: usize, of: usize| {
        let start = at * of / count;
        start..((at + 1) * of / count).max(start + 1).min(of)
    };
    let mut plane = Vec::with_capacity(3 * height * width);
    for y in 0..height {
        let rows = range(y, height, image.height());
        for x in 0..width {
            let columns = range(x, width, image.width());
            let count = (rows.len() * columns.len()) as f32;
            let row = |y: usize| image.data()[y * image.width()..][columns.clone()].iter().sum::<f32>();
            let sum: f32 = rows.clone().map(row).sum();
            plane.push(2.0 * sum / count - 1.0);
        }
    }
    for _ in 1..3 {
        plane.extend_from_within(..height * width);
    }
    NdTensor::from_data([1, 3, height, width], plane)
}

fn region(component: &Component, scale: (f32, f32), image: &ImageTensor) -> TextRegion {
    let (width, height) = (component.width() as f32, component.height() as f32);
    let growth = GROWTH * width * height / (2.0 * (width + height));
    let start = |at: usize, scale: f32| ((at as f32 - growth).max(0.0) * scale) as usize;
    let end = |at: usize, scale: f32, side: usize| (((at as f32 + growth) * scale).ceil() as usize).min(side);
    let (left, top) = (start(component.left, scale.1), start(component.top, scale.0));
    let width = end(component.right, scale.1, image.width()) - left;
    let height = end(component.bottom, scale.0, image.height()) - top;
    let (long, short) = (width.max(height), width.min(height).max(1));
    let by_box = (3 * long / short).saturating_sub(2).max(1);
    // A line is as thick as its pixels say: its box is higher where it slants or touches something.
    let characters = if by_box > MARK { by_box.max(characters(component)) } else { by_box };
    TextRegion { left, top, width, height, characters }
}

/// About as many letters as a line has, by its length and its mean thickness.
fn characters(line: &Component) -> usize {
    let long = line.width().max(line.height()) as f32;
    let thick = line.pixels as f32 / long;
    let growth = GROWTH * line.pixels as f32 / (2.0 * (long + thick));
    let times = (long + 2.0 * growth) / (thick + 2.0 * growth);
    ((3.0 * times) as usize).saturating_sub(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_touches_a_line_makes_it_no_shorter() {
        let image = ImageTensor::new(vec![0.0; 400 * 240], 1, 400, 240).unwrap();
        let count = |component: &Component| region(component, (1.0, 1.0), &image).characters;
        let line = Component { left: 40, top: 350, right: 170, bottom: 362, pixels: 130 * 12 };
        let touched = Component { top: 332, pixels: line.pixels + 18 * 10, ..line };
        let (alone, together) = (count(&line), count(&touched));
        assert!((11..=16).contains(&alone) && alone.abs_diff(together) <= 2, "{alone} {together}");
        // A letter fills half of its box.
        let mark = Component { left: 10, top: 10, right: 22, bottom: 26, pixels: 12 * 16 / 2 };
        assert_eq!(count(&mark), 1);
    }
}
