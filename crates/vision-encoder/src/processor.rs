use std::path::Path;

use model_core::{Error, Result};
use serde::{Deserialize, Serialize};
use xray_core::{AtomicFile, ImageTensor, ImageTransform};

use crate::resize::{Filter, resize};

/// What a published model wants done to an image before it sees it: `preprocessor_config.json`, obeyed as
/// transformers with Pillow does.
///
/// The image is first brought to 8 bits, as it is there, then resized, cropped about its centre, scaled
/// and normalised. A grey image becomes as many equal channels as the model has means; a colour image for a model
/// of one mean becomes grey, with Pillow's weights.
///
/// Defaults are those of transformers' `ViTImageProcessor`.
///
/// ```
/// use vision_encoder::ImageProcessor;
/// use xray_core::{ImageTensor, ImageTransform};
///
/// let image = ImageTensor::new(vec![1.0; 500 * 400], 1, 500, 400)?;
/// let pixels = ImageProcessor::default().apply(image, 0);
/// assert_eq!((pixels.channels(), pixels.height(), pixels.width()), (3, 224, 224));
/// assert_eq!(pixels.data()[0], 1.0);
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ProcessorFile")]
pub struct ImageProcessor {
    /// Whether the image is resized. Default: true.
    pub do_resize: bool,
    /// What to. Default: 224 x 224.
    pub size: Size,
    /// How. Default: [`Filter::Bilinear`].
    pub resample: Filter,
    /// Whether the middle is cut out after that. Default: false.
    pub do_center_crop: bool,
    /// Of what size the middle is. Default: 224 x 224.
    pub crop_size: Size,
    /// Whether the 8-bit values are scaled. Default: true.
    pub do_rescale: bool,
    /// By what. Default: 1 / 255.
    pub rescale_factor: f64,
    /// Whether the mean is subtracted and the result divided by the standard deviation. Default: true.
    pub do_normalize: bool,
    /// The mean of each channel. Default: 0.5.
    pub image_mean: Vec<f64>,
    /// The standard deviation of each channel. Default: 0.5.
    pub image_std: Vec<f64>,
}

/// A size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Size {
    /// Both sides; the shape of the image is not kept.
    Exact {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// The shorter side; the shape of the image is kept.
    ShortestEdge {
        /// Its length in pixels.
        shortest_edge: usize,
    },
}

impl Default for ImageProcessor {
    fn default() -> Self {
        Self {
            do_resize: true,
            size: Size::square(224),
            resample: Filter::Bilinear,
            do_center_crop: false,
            crop_size: Size::square(224),
            do_rescale: true,
            rescale_factor: 1.0 / 255.0,
            do_normalize: true,
            image_mean: vec![0.5; 3],
            image_std: vec![0.5; 3],
        }
    }
}

/// The name that transformers gives the file.
const FILE: &str = "preprocessor_config.json";

impl ImageProcessor {
    /// What `preprocessor_config.json` in `folder` says.
    ///
    /// # Errors
    ///
    /// If the file is missing, is no JSON, or asks for what no image can be brought to.
    pub fn from_dir(folder: impl AsRef<Path>) -> Result<Self> {
        let path = folder.as_ref().join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::file("reading", &path, source))?;
        serde_json::from_str(&text).map_err(|error| Error::format(&path, error.to_string()))
    }

    /// Writes `preprocessor_config.json` into `folder`, for this crate and for transformers.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the file is then as it was before.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        #[derive(Serialize)]
        struct Named<'a> {
            image_processor_type: &'static str,
            #[serde(flatten)]
            processor: &'a ImageProcessor,
        }
        let path = folder.as_ref().join(FILE);
        let image_processor_type =
            if self.do_center_crop { "BitImageProcessor" } else { "ViTImageProcessor" };
        serde_json::to_vec_pretty(&Named { image_processor_type, processor: self })
            .map_err(Error::external("describing an image processor"))
            .and_then(|json| {
                AtomicFile::write(&path, &json).map_err(Error::external("writing an image processor"))
            })
    }

    /// The same for images of another side: resized to it, and no more cropped than that.
    #[must_use]
    pub fn with_side(mut self, side: usize) -> Self {
        let side = side.max(1);
        self.size = match self.size {
            Size::Exact { .. } => Size::square(side),
            Size::ShortestEdge { .. } => Size::ShortestEdge { shortest_edge: side },
        };
        self.crop_size = Size::square(side);
        self
    }

    /// What a value of 8 bits becomes in a channel.
    fn value(&self, channel: usize) -> impl Fn(u8) -> f32 {
        let scale = if self.do_rescale { self.rescale_factor } else { 1.0 };
        let (mean, std) = if self.do_normalize {
            (self.image_mean[channel % self.image_mean.len()], self.image_std[channel % self.image_std.len()])
        } else {
            (0.0, 1.0)
        };
        move |value| ((f64::from(value) * scale - mean) / std) as f32
    }
}

impl ImageTransform for ImageProcessor {
    fn apply(&self, image: ImageTensor, _: u64) -> ImageTensor {
        let from = [image.height(), image.width()];
        let to = if self.do_resize { self.size.of(from) } else { from };
        let cut = if self.do_center_crop { self.crop_size.of(to) } else { to };
        let mut planes: Vec<Vec<u8>> = image
            .data()
            .chunks_exact(from[0] * from[1])
            .map(|plane| plane.iter().map(|&value| eight_bits(value)).collect())
            .collect();
        if let ([red, green, blue], [_]) = (planes.as_slice(), self.image_mean.as_slice()) {
            planes = vec![grey(red, green, blue)];
        }
        for plane in &mut planes {
            *plane = crop(&resize(plane, from, to, self.resample), to, cut);
        }
        let channels =
            if planes.len() == 1 && self.do_normalize { self.image_mean.len() } else { planes.len() };
        let mut data = Vec::with_capacity(channels * cut[0] * cut[1]);
        for channel in 0..channels {
            let value = self.value(channel);
            data.extend(planes[channel % planes.len()].iter().map(|&pixel| value(pixel)));
        }
        let spacing = image
            .spacing_mm()
            .map(|[v, h]| [v * from[0] as f32 / to[0] as f32, h * from[1] as f32 / to[1] as f32]);
        match ImageTensor::new(data, channels, cut[0], cut[1]) {
            Ok(image) => image.with_spacing_mm(spacing),
            Err(error) => unreachable!("sizes are checked where a processor is read: {error}"),
        }
    }
}

impl Size {
    /// As high as wide.
    pub fn square(side: usize) -> Self {
        Self::Exact { height: side, width: side }
    }

    /// The size that an image of this `[height, width]` gets. transformers cuts the longer side down to
    /// whole pixels, and so does this.
    fn of(self, [height, width]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Exact { height, width } => [height, width],
            Self::ShortestEdge { shortest_edge } if height <= width => {
                [shortest_edge, shortest_edge * width / height]
            }
            Self::ShortestEdge { shortest_edge } => [shortest_edge * height / width, shortest_edge],
        }
    }

    fn is_empty(self) -> bool {
        self.of([1, 1]).contains(&0)
    }
}

fn eight_bits(value: f32) -> u8 {
    // A float that does not fit saturates, and what is not a number becomes 0.
    (value * 255.0).round() as u8
}

/// The luma of ITU-R 601-2 in Pillow's rounding.
fn grey(red: &[u8], green: &[u8], blue: &[u8]) -> Vec<u8> {
    let colours = red.iter().zip(green).zip(blue);
    colours
        .map(|((&red, &green), &blue)| {
            let luma = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
            ((luma + 0x8000) >> 16) as u8
        })
        .collect()
}

/// The middle of a plane; what lies outside of it is black, as in transformers.
fn crop(plane: &[u8], [height, width]: [usize; 2], [to_height, to_width]: [usize; 2]) -> Vec<u8> {
    if [height, width] == [to_height, to_width] {
        return plane.to_vec();
    }
    // Where the result begins in the plane, which may be before the plane does.
    let first = |from: usize, to: usize| {
        if to <= from { ((from - to) / 2) as isize } else { -((to - from).div_ceil(2) as isize) }
    };
    let (top, left) = (first(height, to_height), first(width, to_width));
    let mut out = Vec::with_capacity(to_height * to_width);
    for row in 0..to_height as isize {
        for column in 0..to_width as isize {
            let (row, column) = (row + top, column + left);
            let inside = (0..height as isize).contains(&row) && (0..width as isize).contains(&column);
            out.push(if inside { plane[row as usize * width + column as usize] } else { 0 });
        }
    }
    out
}

/// The file as it may be: sides as numbers, one mean for all channels, what is usual left out.
#[derive(Deserialize)]
struct ProcessorFile {
    #[serde(alias = "feature_extractor_type")]
    image_processor_type: Option<String>,
    do_resize: Option<bool>,
    size: Option<SizeFile>,
    resample: Option<Filter>,
    do_center_crop: Option<bool>,
    crop_size: Option<SizeFile>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<OneOrMany>,
    image_std: Option<OneOrMany>,
    /// ConvNeXT's alone: which part of the shorter side its crop keeps.
    crop_pct: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SizeFile {
    Side(usize),
    Size(Size),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f64),
    Many(Vec<f64>),
}

impl From<OneOrMany> for Vec<f64> {
    fn from(values: OneOrMany) -> Self {
        match values {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}

impl TryFrom<ProcessorFile> for ImageProcessor {
    type Error = String;

    fn try_from(file: ProcessorFile) -> Result<Self, String> {
        // The classes of DINOv2 and ResNet; what else there is here has ViT's.
        let class = file.image_processor_type.as_deref().unwrap_or_default();
        let (bit, convnext) = (class.starts_with("Bit"), class.starts_with("ConvNext"));
        let default = match convnext {
            true => {
                Self { image_mean: IMAGENET_MEAN.into(), image_std: IMAGENET_STD.into(), ..Self::default() }
            }
            false => Self::default(),
        };
        let (size, crop_size) = match file.size {
            _ if convnext => convnext_sizes(file.size, file.crop_pct)?,
            Some(SizeFile::Side(side)) if bit => (Size::ShortestEdge { shortest_edge: side }, None),
            Some(SizeFile::Side(side)) => (Size::square(side), None),
            Some(SizeFile::Size(size)) => (size, None),
            None if bit => (Size::ShortestEdge { shortest_edge: 224 }, None),
            None => (default.size, None),
        };
        let processor = Self {
            do_resize: file.do_resize.unwrap_or(true),
            size,
            resample: file.resample.unwrap_or(if bit || convnext {
                Filter::Bicubic
            } else {
                default.resample
            }),
            do_center_crop: crop_size.is_some() || file.do_center_crop.unwrap_or(bit),
            crop_size: match (crop_size, file.crop_size) {
                (Some(size), _) | (None, Some(SizeFile::Size(size))) => size,
                (None, Some(SizeFile::Side(side))) => Size::square(side),
                (None, None) => default.crop_size,
            },
            do_rescale: file.do_rescale.unwrap_or(true),
            rescale_factor: file.rescale_factor.unwrap_or(default.rescale_factor),
            do_normalize: file.do_normalize.unwrap_or(true),
            image_mean: file.image_mean.map_or(default.image_mean, Vec::from),
            image_std: file.image_std.map_or(default.image_std, Vec::from),
        };
        if processor.size.is_empty() || processor.crop_size.is_empty() {
            return Err("a side of 0 pixels".to_owned());
        }
        if processor.image_mean.is_empty() || processor.image_mean.len() != processor.image_std.len() {
            let (means, stds) = (processor.image_mean.len(), processor.image_std.len());
            return Err(format!("{means} means and {stds} standard deviations"));
        }
        if processor.image_std.contains(&0.0) {
            return Err("a standard deviation of 0".to_owned());
        }
        Ok(processor)
    }
}

/// torchvision's, which models trained on ImageNet are shown.
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f64; 3] = [0.229, 0.224, 0.225];

/// ConvNeXT's class resizes to more than it keeps and cuts the middle out, but from 384 pixels on it resizes both
/// sides and cuts nothing.
fn convnext_sizes(size: Option<SizeFile>, crop_pct: Option<f64>) -> Result<(Size, Option<Size>), String> {
    let side = match size {
        None => 384,
        Some(SizeFile::Side(side) | SizeFile::Size(Size::ShortestEdge { shortest_edge: side })) => side,
        Some(SizeFile::Size(size)) => return Err(format!("{size:?} is no shortest edge")),
    };
    if side >= 384 {
        return Ok((Size::square(side), None));
    }
    let kept = crop_pct.unwrap_or(224.0 / 256.0);
    if !(kept > 0.0 && kept <= 1.0) {
        return Err(format!("crop_pct is {kept}, not in (0, 1]"));
    }
    Ok((Size::ShortestEdge { shortest_edge: (side as f64 / kept) as usize }, Some(Size::square(side))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_say_little() {
        let read = |json: &str| serde_json::from_str::<ImageProcessor>(json);
        assert_eq!(read("{}").unwrap(), ImageProcessor::default());
        let old =
            read(r#"{ "feature_extractor_type": "ViTFeatureExtractor", "size": 384, "image_std": 0.25 }"#);
        assert!(old.is_err(), "three means and one standard deviation");
        let old = read(r#"{ "size": 384, "image_mean": 0.5, "image_std": 0.25 }"#).unwrap();
        assert_eq!((old.size, old.image_std), (Size::square(384), vec![0.25]));
        let bit = read(r#"{ "image_processor_type": "BitImageProcessor", "crop_size": 98 }"#).unwrap();
        assert_eq!(
            (bit.do_center_crop, bit.crop_size, bit.resample),
            (true, Size::square(98), Filter::Bicubic)
        );
        let large = read(r#"{ "feature_extractor_type": "ConvNextFeatureExtractor", "size": 384 }"#).unwrap();
        assert_eq!((large.size, large.do_center_crop), (Size::square(384), false));
        for refused in [r#"{ "size": 0 }"#, r#"{ "resample": 9 }"#, r#"{ "image_std": [0.5, 0.0, 0.5] }"#] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn one_pixel_fills_the_image() {
        let one = ImageTensor::new(vec![0.2], 1, 1, 1).unwrap();
        let pixels = ImageProcessor::default().apply(one, 0);
        assert!(pixels.data().iter().all(|&value| value == pixels.data()[0]));
    }

    #[test]
    fn a_model_of_one_channel_sees_colour_as_pillow_makes_it_grey() {
        let processor =
            ImageProcessor { image_mean: vec![0.0], image_std: vec![1.0], ..ImageProcessor::default() };
        // (r, g, b) and `Image.new("RGB", (1, 1), (r, g, b)).convert("L").getpixel((0, 0))` of Pillow 13.
        for ([red, green, blue], luma) in
            [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([10, 200, 77], 129)]
        {
            let colour = [red, green, blue].map(|value: u8| f32::from(value) / 255.0);
            let pixels =
                processor.clone().with_side(2).apply(ImageTensor::new(colour.into(), 3, 1, 1).unwrap(), 0);
            assert_eq!((pixels.channels(), pixels.data().len()), (1, 4));
            assert!((pixels.data()[0] * 255.0 - luma as f32).abs() < 1e-3, "{:?}", pixels.data());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let processor =
            ImageProcessor { image_std: vec![0.25; 3], ..ImageProcessor::default() }.with_side(336);
        processor.save(folder.path()).unwrap();
        assert_eq!(ImageProcessor::from_dir(folder.path()).unwrap(), processor);
    }
}
