use std::borrow::Cow;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use dicom_pixeldata::{DecodedPixelData, PhotometricInterpretation, PixelDecoder, PixelRepresentation};
use dicom_pixeldata::{PlanarConfiguration, WindowLevel};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};
use xray_core::ImageTensor;

use super::byte_order::ByteOrder;
use super::file::text;
use super::lut::LookupTable;
use crate::ImageFault;
use crate::caught::caught;

/// Which stored values become black and white.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Windowing {
    /// What the header says: its VOI LUT, else its first window, else percentiles 0.5 and 99.5. The
    /// default, because the device or the radiographer chose it for this image. A window that would send
    /// both percentiles to one grey is not used.
    #[default]
    Header,
    /// Black at one percentile of the image and white at another, both in `[0, 100]`, whatever the
    /// header says: one rule for devices that window differently.
    Percentiles {
        /// The percentile that becomes black.
        low: f32,
        /// The percentile that becomes white.
        high: f32,
    },
}

const FALLBACK: (f32, f32) = (0.5, 99.5);

/// Frame `frame` as grey values in `[0, 1]`, bone bright.
pub(super) fn grey_frame(
    object: &DefaultDicomObject,
    frame: u32,
    windowing: Windowing,
    max_pixels: usize,
) -> Result<ImageTensor, ImageFault> {
    if object.get(tags::PIXEL_DATA).is_none() {
        let float = [tags::FLOAT_PIXEL_DATA, tags::DOUBLE_FLOAT_PIXEL_DATA];
        let has_float = float.iter().any(|tag| object.get(*tag).is_some());
        return Err(if has_float { ImageFault::UnsupportedPixels } else { ImageFault::NoPixelData });
    }
    let syntax = TransferSyntaxRegistry.get(object.meta().transfer_syntax());
    if !syntax.is_some_and(|syntax| syntax.can_decode_all()) {
        return Err(ImageFault::UnsupportedTransferSyntax);
    }
    let side = |tag| object.get(tag).and_then(|element| element.to_int::<usize>().ok());
    let (rows, columns) = side(tags::ROWS).zip(side(tags::COLUMNS)).ok_or(ImageFault::UnsupportedPixels)?;
    if rows.checked_mul(columns).is_none_or(|pixels| pixels > max_pixels) {
        return Err(ImageFault::TooLarge);
    }
    if let Some(grey) = subsampled_luma(object, frame, rows * columns) {
        let image = ImageTensor::new(grey?, 1, rows, columns).map_err(|_| ImageFault::DamagedPixels)?;
        return Ok(image.with_spacing_mm(spacing(object)));
    }
    // Decoders of others may panic where pixels break off.
    let decoded = caught(|| object.decode_pixel_data_frame(frame));
    let decoded = decoded.and_then(Result::ok).ok_or(ImageFault::DamagedPixels)?;
    let grey = match decoded.samples_per_pixel() {
        1 if *decoded.photometric_interpretation() == PhotometricInterpretation::PaletteColor => {
            palette(object, &decoded)?
        }
        1 => monochrome(object, &decoded, frame, windowing)?,
        3 => luma(&decoded, ByteOrder::of(object))?,
        _ => return Err(ImageFault::UnsupportedPixels),
    };
    let (height, width) = (decoded.rows() as usize, decoded.columns() as usize);
    let image = ImageTensor::new(grey, 1, height, width).map_err(|_| ImageFault::DamagedPixels)?;
    Ok(image.with_spacing_mm(spacing(object)))
}

/// The spacing of PixelSpacing, else that of the detector, else that of the scanner. Some devices write
/// zeros, which [`ImageTensor::with_spacing_mm`] leaves out.
fn spacing(object: &InMemDicomObject) -> Option<[f32; 2]> {
    [tags::PIXEL_SPACING, tags::IMAGER_PIXEL_SPACING, tags::NOMINAL_SCANNED_PIXEL_SPACING]
        .iter()
        .filter_map(|tag: &Tag| {
            let values = object.get(*tag)?.to_multi_float32().ok()?;
            let [vertical, horizontal] = values[..] else { return None };
            (vertical > 0.0 && horizontal > 0.0).then_some([vertical, horizontal])
        })
        .next()
}

fn monochrome(
    object: &DefaultDicomObject,
    decoded: &DecodedPixelData<'_>,
    frame: u32,
    windowing: Windowing,
) -> Result<Vec<f32>, ImageFault> {
    let invert = match decoded.photometric_interpretation() {
        PhotometricInterpretation::Monochrome1 => true,
        PhotometricInterpretation::Monochrome2 => false,
        _ => return Err(ImageFault::UnsupportedPixels),
    };
    let pixels = decoded.rows() as usize * decoded.columns() as usize;
    let stored = StoredValues::new(decoded, pixels, ByteOrder::of(object))?;
    let modality = Modality::new(object, decoded, frame, stored.signed);
    let order = stored.order_statistics(windowing);
    let percentile = |(low, high): (f32, f32)| {
        let (a, b) = (modality.apply(order.at(low)), modality.apply(order.at(high)));
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        if a < b { Voi::Range(a, b) } else { order.whole_range(&modality) }
    };
    let voi = match windowing {
        Windowing::Percentiles { low, high } => percentile((low, high)),
        Windowing::Header => Voi::from_header(object, decoded, frame, stored.signed)
            .filter(|voi| {
                let grey = |q| voi.apply(modality.apply(order.at(q)));
                grey(FALLBACK.0) != grey(FALLBACK.1)
            })
            .unwrap_or_else(|| percentile(FALLBACK)),
    };
    let display = |value: f64| {
        let grey = voi.apply(modality.apply(value)) as f32;
        if invert { 1.0 - grey } else { grey }
    };
    Ok(stored.map(display))
}

/// The samples of one frame, `bits` of each of them counting.
struct StoredValues<'a> {
    data: Cow<'a, [u8]>,
    bytes: usize,
    shift: u32,
    bits: u32,
    signed: bool,
}

impl<'a> StoredValues<'a> {
    fn new(decoded: &'a DecodedPixelData<'_>, pixels: usize, order: ByteOrder) -> Result<Self, ImageFault> {
        let allocated = u32::from(decoded.bits_allocated());
        let bytes = match allocated {
            // One-bit pixels come expanded to bytes of 0 and 255.
            1 | 8 => 1,
            16 => 2,
            32 => 4,
            _ => return Err(ImageFault::UnsupportedPixels),
        };
        let data = decoded.data().get(..pixels * bytes).ok_or(ImageFault::DamagedPixels)?;
        let data = order.put_right(data, bytes);
        let width = 8 * bytes as u32;
        let stored = u32::from(decoded.bits_stored());
        let bits = if allocated == 1 || !(1..=width).contains(&stored) { width } else { stored };
        let shift = (u32::from(decoded.high_bit()) + 1).saturating_sub(bits).min(width - bits);
        let signed = decoded.pixel_representation() == PixelRepresentation::Signed;
        Ok(Self { data, bytes, shift, bits, signed })
    }

    fn raw(&self) -> impl Iterator<Item = u32> + '_ {
        let mask = if self.bits == 32 { u32::MAX } else { (1 << self.bits) - 1 };
        self.data.chunks_exact(self.bytes).map(move |sample| {
            let word = match *sample {
                [a] => u32::from(a),
                [a, b] => u32::from(u16::from_ne_bytes([a, b])),
                [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
                _ => 0,
            };
            (word >> self.shift) & mask
        })
    }

    fn value(&self, raw: u32) -> f64 {
        if self.signed && raw >> (self.bits - 1) == 1 {
            f64::from(raw) - 2_f64.powi(self.bits as i32)
        } else {
            f64::from(raw)
        }
    }

    /// Every value put through `display`, by a table where there are fewer possible ones than pixels.
    fn map(&self, display: impl Fn(f64) -> f32) -> Vec<f32> {
        if self.bits <= 16 && self.data.len() / self.bytes >= 1 << self.bits {
            let table: Vec<f32> = (0..1_u32 << self.bits).map(|raw| display(self.value(raw))).collect();
            self.raw().map(|raw| table[raw as usize]).collect()
        } else {
            self.raw().map(|raw| display(self.value(raw))).collect()
        }
    }

    fn order_statistics(&self, windowing: Windowing) -> OrderStatistics {
        let quantiles = match windowing {
            Windowing::Percentiles { low, high } => [low, high],
            Windowing::Header => [FALLBACK.0, FALLBACK.1],
        };
        let count = self.data.len() / self.bytes;
        let rank = |percent: f32| {
            let position = f64::from(percent.clamp(0.0, 100.0)) / 100.0 * (count.saturating_sub(1)) as f64;
            position.round() as usize
        };
        let ranks = [0, rank(quantiles[0]), rank(quantiles[1]), count.saturating_sub(1)];
        let values = if self.bits <= 16 {
            self.ranks_by_histogram(ranks)
        } else {
            let mut sorted: Vec<f64> = self.raw().map(|raw| self.value(raw)).collect();
            sorted.sort_by(f64::total_cmp);
            ranks.map(|rank| sorted.get(rank).copied().unwrap_or(0.0))
        };
        OrderStatistics { quantiles, values }
    }

    fn ranks_by_histogram(&self, ranks: [usize; 4]) -> [f64; 4] {
        let mut histogram = vec![0_usize; 1 << self.bits];
        self.raw().for_each(|raw| histogram[raw as usize] += 1);
        let half = 1 << (self.bits - 1);
        // Ascending values: with a sign, the upper half of the raw values comes first.
        let order = |i: usize| if self.signed { i ^ half } else { i };
        ranks.map(|rank| {
            let mut seen = 0;
            for i in 0..histogram.len() {
                seen += histogram[order(i)];
                if seen > rank {
                    return self.value(order(i) as u32);
                }
            }
            0.0
        })
    }
}

/// Least value, the two asked percentiles, greatest value.
struct OrderStatistics {
    quantiles: [f32; 2],
    values: [f64; 4],
}

impl OrderStatistics {
    fn at(&self, quantile: f32) -> f64 {
        if quantile == self.quantiles[0] { self.values[1] } else { self.values[2] }
    }

    fn whole_range(&self, modality: &Modality) -> Voi {
        let (a, b) = (modality.apply(self.values[0]), modality.apply(self.values[3]));
        Voi::Range(a.min(b), a.max(b))
    }
}

enum Modality {
    Rescale { slope: f64, intercept: f64 },
    Table(LookupTable),
}

impl Modality {
    fn new(object: &InMemDicomObject, decoded: &DecodedPixelData<'_>, frame: u32, signed: bool) -> Self {
        if let Some(table) = LookupTable::from_sequence(object, tags::MODALITY_LUT_SEQUENCE, signed) {
            return Self::Table(table);
        }
        let rescale = decoded.rescale().ok().and_then(|all| all.get(frame as usize).or(all.first()));
        match rescale.filter(|rescale| rescale.slope != 0.0) {
            Some(rescale) => Self::Rescale { slope: rescale.slope, intercept: rescale.intercept },
            None => Self::Rescale { slope: 1.0, intercept: 0.0 },
        }
    }

    fn apply(&self, stored: f64) -> f64 {
        match self {
            Self::Rescale { slope, intercept } => stored * slope + intercept,
            Self::Table(table) => table.get(stored),
        }
    }
}

/// The values of interest: what a VOI LUT, a window or a range of values makes black and white.
enum Voi {
    Table(LookupTable),
    Linear(WindowLevel),
    LinearExact(WindowLevel),
    Sigmoid(WindowLevel),
    Range(f64, f64),
}

impl Voi {
    fn from_header(
        object: &InMemDicomObject,
        decoded: &DecodedPixelData<'_>,
        frame: u32,
        signed: bool,
    ) -> Option<Self> {
        if let Some(table) = LookupTable::from_sequence(object, tags::VOILUT_SEQUENCE, signed) {
            return Some(Self::Table(table));
        }
        let windows = decoded.window().ok().flatten()?;
        let frames = object.get(tags::NUMBER_OF_FRAMES).and_then(|e| e.to_int::<usize>().ok()).unwrap_or(1);
        // Several windows are several choices for one image, or one for each frame.
        let index = if windows.len() == frames { frame as usize } else { 0 };
        let window = *windows.get(index)?;
        match text(object, tags::VOILUT_FUNCTION).as_deref() {
            Some("SIGMOID") if window.width > 0.0 => Some(Self::Sigmoid(window)),
            Some("LINEAR_EXACT") if window.width > 0.0 => Some(Self::LinearExact(window)),
            _ if window.width >= 1.0 => Some(Self::Linear(window)),
            _ => None,
        }
    }

    /// The grey in `[0, 1]`; the formulas are those of PS3.3 C.11.2.1.2 and C.11.2.1.3.
    fn apply(&self, value: f64) -> f64 {
        match *self {
            Self::Table(ref table) => (table.get(value) / table.maximum()).min(1.0),
            Self::Linear(WindowLevel { center, width }) => {
                let (middle, reach) = (center - 0.5, width - 1.0);
                if value <= middle - reach / 2.0 {
                    0.0
                } else if value > middle + reach / 2.0 {
                    1.0
                } else {
                    (value - middle) / reach + 0.5
                }
            }
            Self::LinearExact(WindowLevel { center, width }) => {
                ((value - center) / width + 0.5).clamp(0.0, 1.0)
            }
            Self::Sigmoid(WindowLevel { center, width }) => {
                1.0 / (1.0 + (-4.0 * (value - center) / width).exp())
            }
            Self::Range(low, high) if low < high => ((value - low) / (high - low)).clamp(0.0, 1.0),
            Self::Range(..) => 0.0,
        }
    }
}

/// The luminance of the colours that the palette gives.
fn palette(object: &DefaultDicomObject, decoded: &DecodedPixelData<'_>) -> Result<Vec<f32>, ImageFault> {
    let tables = [
        [
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ],
        [
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ],
        [
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        ],
    ];
    let pixels = decoded.rows() as usize * decoded.columns() as usize;
    let stored = StoredValues::new(decoded, pixels, ByteOrder::of(object))?;
    let tables = tables.map(|of_colour| LookupTable::of_palette(object, of_colour, stored.signed));
    let [Some(red), Some(green), Some(blue)] = tables else { return Err(ImageFault::UnsupportedPixels) };
    let part = |table: &LookupTable, value: f64| table.get(value) / table.maximum();
    Ok(stored.map(|value| {
        let grey = 0.299 * part(&red, value) + 0.587 * part(&green, value) + 0.114 * part(&blue, value);
        grey.min(1.0) as f32
    }))
}

/// The luminance of uncompressed pixels of which two share their chrominance (PS3.3 C.7.6.3.1.2, YBR_FULL_422);
/// nothing for other pixels.
fn subsampled_luma(
    object: &DefaultDicomObject,
    frame: u32,
    pixels: usize,
) -> Option<Result<Vec<f32>, ImageFault>> {
    let interpretation = text(object, tags::PHOTOMETRIC_INTERPRETATION)?;
    let bytes = object.get(tags::PIXEL_DATA)?.to_bytes().ok()?;
    let of_bytes = object.get(tags::BITS_ALLOCATED).is_some_and(|bits| bits.to_int::<u16>().ok() == Some(8));
    if interpretation != "YBR_FULL_422" || !of_bytes {
        return None;
    }
    let bytes = ByteOrder::of(object).put_right(&bytes, 1);
    let start = (frame as usize).checked_mul(2 * pixels)?;
    let of_frame = bytes.get(start..start.checked_add(2 * pixels)?);
    // Y Y Cb Cr for each two pixels.
    let luma =
        |of_frame: &[u8]| (0..pixels).map(|i| f32::from(of_frame[4 * (i / 2) + i % 2]) / 255.0).collect();
    Some(of_frame.map(luma).ok_or(ImageFault::DamagedPixels))
}

/// Colour to grey by the weights of ITU-R BT.601; luminance and chrominance give their luminance.
fn luma(decoded: &DecodedPixelData<'_>, order: ByteOrder) -> Result<Vec<f32>, ImageFault> {
    let bytes = match decoded.bits_allocated() {
        8 => 1,
        16 => 2,
        32 => 4,
        _ => return Err(ImageFault::UnsupportedPixels),
    };
    let weights = match decoded.photometric_interpretation() {
        PhotometricInterpretation::Rgb => [0.299, 0.587, 0.114],
        PhotometricInterpretation::YbrFull => [1.0, 0.0, 0.0],
        _ => return Err(ImageFault::UnsupportedPixels),
    };
    let pixels = decoded.rows() as usize * decoded.columns() as usize;
    let data = decoded.data().get(..pixels * 3 * bytes).ok_or(ImageFault::DamagedPixels)?;
    let data = order.put_right(data, bytes);
    let maximum = ((1_u64 << decoded.bits_stored().clamp(1, 32)) - 1) as f32;
    let sample = |index: usize| match bytes {
        1 => f32::from(data[index]),
        4 => u32::from_ne_bytes([0, 1, 2, 3].map(|byte| data[4 * index + byte])) as f32,
        _ => f32::from(u16::from_ne_bytes([data[2 * index], data[2 * index + 1]])),
    };
    let by_plane = decoded.planar_configuration() == PlanarConfiguration::PixelFirst;
    let grey = |pixel: usize| {
        let at = |channel| if by_plane { channel * pixels + pixel } else { 3 * pixel + channel };
        let sum: f32 = (0..3).map(|channel| weights[channel] * sample(at(channel))).sum();
        (sum / maximum).min(1.0)
    };
    Ok((0..pixels).map(grey).collect())
}
