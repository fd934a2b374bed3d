use serde::{Deserialize, Serialize};

/// How an image is resampled, with the numbers of Pillow, and the results of Pillow 13 to the last bit. All but
/// [`Filter::Nearest`] average over the pixels that fall together when an image shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Filter {
    /// 0: the pixel that lies nearest.
    Nearest,
    /// 1: a sinc over three pixels.
    Lanczos,
    /// 2: a triangle over one pixel.
    Bilinear,
    /// 3: a cubic over two pixels, a = -0.5.
    Bicubic,
    /// 4: the mean.
    Box,
    /// 5: a windowed sinc over one pixel.
    Hamming,
}

impl TryFrom<u8> for Filter {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Ok(match number {
            0 => Self::Nearest,
            1 => Self::Lanczos,
            2 => Self::Bilinear,
            3 => Self::Bicubic,
            4 => Self::Box,
            5 => Self::Hamming,
            other => return Err(format!("{other} is not a filter; they are numbered 0 to 5")),
        })
    }
}

impl From<Filter> for u8 {
    fn from(filter: Filter) -> u8 {
        filter as u8
    }
}

impl Filter {
    /// How far the filter reaches at scale 1.
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Box => 0.5,
            Self::Bilinear | Self::Hamming => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let sinc = |x: f64| {
            if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) }
        };
        let distance = x.abs();
        match self {
            Self::Nearest => 1.0,
            Self::Box => f64::from(x > -0.5 && x <= 0.5),
            Self::Bilinear => (1.0 - distance).max(0.0),
            Self::Hamming if distance >= 1.0 => 0.0,
            Self::Hamming => sinc(x) * (0.54 + 0.46 * (x * std::f64::consts::PI).cos()),
            Self::Bicubic if distance < 1.0 => (1.5 * distance - 2.5) * distance * distance + 1.0,
            Self::Bicubic if distance < 2.0 => -0.5 * (((distance - 5.0) * distance + 8.0) * distance - 4.0),
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Bicubic | Self::Lanczos => 0.0,
        }
    }
}

/// One channel of 8 bits, resampled from `[height, width]` to `to`, rounded between its two passes: first
/// along the rows, except where the image gets lower and wider; then the columns come first. Earlier
/// versions of Pillow than 13 always began with the rows, which differs by 1 in some pixels.
pub(crate) fn resize(pixels: &[u8], from: [usize; 2], to: [usize; 2], filter: Filter) -> Vec<u8> {
    if to[0] < from[0] && to[1] > from[1] {
        let pixels = columns(pixels, from, to[0], filter);
        rows(&pixels, from[1], to[1], filter)
    } else {
        let pixels = rows(pixels, from[1], to[1], filter);
        columns(&pixels, [from[0], to[1]], to[0], filter)
    }
}

/// Every row, resampled to another width.
fn rows(pixels: &[u8], from: usize, to: usize, filter: Filter) -> Vec<u8> {
    if from == to {
        return pixels.to_vec();
    }
    let taps = taps(from, to, filter);
    pixels.chunks_exact(from).flat_map(|row| taps.iter().map(|tap| tap.apply(row, 1))).collect()
}

/// Every column, resampled to another height.
fn columns(pixels: &[u8], [height, width]: [usize; 2], to: usize, filter: Filter) -> Vec<u8> {
    if height == to {
        return pixels.to_vec();
    }
    let taps = taps(height, to, filter);
    taps.iter().flat_map(|tap| (0..width).map(|column| tap.apply(&pixels[column..], width))).collect()
}

/// Bits behind the point of a weight.
const PRECISION: u32 = 22;

/// What one pixel of the result takes from where.
struct Tap {
    first: usize,
    weights: Vec<i32>,
}

impl Tap {
    fn apply(&self, pixels: &[u8], stride: usize) -> u8 {
        let source = pixels[self.first * stride..].iter().step_by(stride);
        let sum: i32 =
            self.weights.iter().zip(source).map(|(&weight, &pixel)| weight * i32::from(pixel)).sum();
        ((sum + (1 << (PRECISION - 1))) >> PRECISION).clamp(0, 255) as u8
    }
}

fn taps(from: usize, to: usize, filter: Filter) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let filter_scale = scale.max(1.0);
    let support = filter.support() * filter_scale;
    let tap = |index: usize| {
        let centre = (index as f64 + 0.5) * scale;
        if filter == Filter::Nearest {
            return Tap { first: (centre as usize).min(from - 1), weights: vec![1 << PRECISION] };
        }
        let first = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(from);
        let weight = |pixel: usize| filter.weight((pixel as f64 - centre + 0.5) / filter_scale);
        let weights: Vec<f64> = (first..end).map(weight).collect();
        let total: f64 = weights.iter().sum();
        let fixed = |weight: f64| (weight / total * f64::from(1 << PRECISION)).round() as i32;
        Tap { first, weights: weights.into_iter().map(fixed).collect() }
    };
    (0..to).map(tap).collect()
}
