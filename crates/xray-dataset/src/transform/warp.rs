use std::borrow::Cow;

use xray_core::ImageTensor;

/// A part of an image in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    /// The first row.
    pub top: usize,
    /// The first column.
    pub left: usize,
    /// How many rows.
    pub height: usize,
    /// How many columns.
    pub width: usize,
}

/// An affine map of the plane, `(x, y) -> (a x + b y + c, d x + e y + f)`, in pixel indices: (0, 0) is the
/// middle of the first pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [f64; 6]);

impl Affine {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);

    /// From the pixels of an image of one size to those of the same image in another size, outer edges
    /// on outer edges.
    pub fn between_sizes(from: [usize; 2], to: [usize; 2]) -> Self {
        let [scale_y, scale_x] = [0, 1].map(|side| to[side] as f64 / from[side].max(1) as f64);
        Self([scale_x, 0.0, 0.5 * scale_x - 0.5, 0.0, scale_y, 0.5 * scale_y - 0.5])
    }

    /// First `self`, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, next.0);
        Self([
            g * a + h * d,
            g * b + h * e,
            g * c + h * f + i,
            j * a + k * d,
            j * b + k * e,
            j * c + k * f + l,
        ])
    }

    /// The map back; nothing if there is none.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.0;
        let determinant = a * e - b * d;
        let [p, q, r, s] = [e, -b, -d, a].map(|value| value / determinant);
        (determinant != 0.0 && determinant.is_finite())
            .then(|| Self([p, q, -(p * c + q * f), r, s, -(r * c + s * f)]))
    }

    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + b * y + c, d * x + e * y + f)
    }
}

/// Crop, resize and affine map in one bilinear resample, so that an image is interpolated once.
///
/// It gives what these steps give one after the other: cut out `crop`, resize it to `frame`, move it within
/// the frame (what comes from outside is `fill`), resize to `size`. `to_frame` holds the last two, from pixels of
/// the output to pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warp {
    /// The part of the image that is seen.
    pub crop: Crop,
    /// The size, `[height, width]`, of the plane that `to_frame` leads to.
    pub frame: [usize; 2],
    /// From the output to the frame.
    pub to_frame: Affine,
    /// The size, `[height, width]`, of the output.
    pub size: [usize; 2],
    /// The value outside the frame.
    pub fill: f32,
    /// Whether pixels are averaged before a reduction to half or less, as no library's plain bilinear does:
    /// without it, only four pixels count for one of the output and fine lines break up.
    pub antialias: bool,
}

impl Warp {
    /// A plain resize of the whole image.
    pub fn resize(image: &ImageTensor, size: [usize; 2]) -> Self {
        let crop = Crop { top: 0, left: 0, height: image.height(), width: image.width() };
        Self { crop, frame: size, to_frame: Affine::IDENTITY, size, fill: 0.0, antialias: true }
    }

    /// The image, resampled. A crop that reaches beyond the image is cut to it.
    ///
    /// # Shapes
    ///
    /// - `image`: `[channels, height, width]`
    /// - the result: `[channels, size[0], size[1]]`
    pub fn apply(&self, image: &ImageTensor) -> ImageTensor {
        let [out_height, out_width] = self.size.map(|side| side.max(1));
        let plane = image.height() * image.width();
        let top = self.crop.top.min(image.height() - 1);
        let left = self.crop.left.min(image.width() - 1);
        let crop = Crop {
            top,
            left,
            height: self.crop.height.clamp(1, image.height() - top),
            width: self.crop.width.clamp(1, image.width() - left),
        };
        let mut data = Vec::with_capacity(image.channels() * out_height * out_width);
        for channel in image.data().chunks_exact(plane) {
            let source = self.reduced(channel, image.width(), crop, [out_height, out_width]);
            self.sample(&source, crop, [out_height, out_width], &mut data);
        }
        let spacing = image.spacing_mm().map(|[vertical, horizontal]| {
            let scale = |crop: usize, out: usize| crop as f32 / out as f32;
            [vertical * scale(crop.height, out_height), horizontal * scale(crop.width, out_width)]
        });
        match ImageTensor::new(data, image.channels(), out_height, out_width) {
            Ok(warped) => warped.with_spacing_mm(spacing),
            Err(_) => unreachable!("every pixel of every channel was written"),
        }
    }

    /// The crop, averaged over blocks where the output is half as large or smaller.
    fn reduced<'a>(&self, data: &'a [f32], stride: usize, crop: Crop, out: [usize; 2]) -> Source<'a> {
        let block = |from: usize, to: usize| if self.antialias { (from / to).max(1) } else { 1 };
        let (rows, columns) = (block(crop.height, out[0]), block(crop.width, out[1]));
        if (rows, columns) == (1, 1) {
            let start = crop.top * stride + crop.left;
            return Source {
                data: Cow::Borrowed(&data[start..]),
                stride,
                height: crop.height,
                width: crop.width,
                block: [1, 1],
            };
        }
        let (height, width) = (crop.height.div_ceil(rows), crop.width.div_ceil(columns));
        let mut means = vec![0.0; height * width];
        for (y, means) in means.chunks_exact_mut(width).enumerate() {
            let first = crop.top + y * rows;
            let last = (first + rows).min(crop.top + crop.height);
            for row in first..last {
                let line = &data[row * stride + crop.left..][..crop.width];
                for (mean, part) in means.iter_mut().zip(line.chunks(columns)) {
                    *mean += part.iter().sum::<f32>();
                }
            }
            let in_rows = (last - first) as f32;
            let whole = crop.width / columns;
            means[..whole].iter_mut().for_each(|mean| *mean /= in_rows * columns as f32);
            let rest = (crop.width - whole * columns) as f32;
            means[whole..].iter_mut().for_each(|mean| *mean /= in_rows * rest);
        }
        Source { data: Cow::Owned(means), stride: width, height, width, block: [rows, columns] }
    }

    fn sample(&self, source: &Source<'_>, crop: Crop, out: [usize; 2], data: &mut Vec<f32>) {
        let [frame_height, frame_width] = self.frame.map(|side| side as f64);
        let (scale_x, scale_y) = (
            crop.width as f64 / frame_width / source.block[1] as f64,
            crop.height as f64 / frame_height / source.block[0] as f64,
        );
        // From the output to the source.
        let to_source = self.to_frame.then(&Affine([
            scale_x,
            0.0,
            0.5 * scale_x - 0.5,
            0.0,
            scale_y,
            0.5 * scale_y - 0.5,
        ]));
        for row in 0..out[0] {
            let inside = |column: usize| {
                let (x, y) = self.to_frame.apply(column as f64, row as f64);
                let covered = coverage(x, frame_width) * coverage(y, frame_height) >= 1.0;
                let (x, y) = to_source.apply(column as f64, row as f64);
                covered && source.has_four_around(x, y)
            };
            let edge = |column: usize| {
                let (x, y) = self.to_frame.apply(column as f64, row as f64);
                let cover = coverage(x, frame_width) * coverage(y, frame_height);
                let (x, y) = to_source.apply(column as f64, row as f64);
                let value = if cover > 0.0 { source.bilinear(x, y) } else { 0.0 };
                let cover = cover as f32;
                cover * value + (1.0 - cover) * self.fill
            };
            // What lies inside is one piece of a row.
            let first = (0..out[1]).find(|column| inside(*column)).unwrap_or(out[1]);
            let last = (first..out[1]).rfind(|column| inside(*column)).map_or(first, |column| column + 1);
            data.extend((0..first).map(edge));
            let (start, [step_x, _, _, step_y, ..]) =
                (to_source.apply(first as f64, row as f64), to_source.0);
            data.extend(source.between(start, [step_x, step_y]).take(last - first));
            data.extend((last..out[1]).map(edge));
        }
    }
}

/// How much of a bilinear sample at `position` comes from pixels 0 to `length - 1`.
fn coverage(position: f64, length: f64) -> f64 {
    (position + 1.0).min(length - position).clamp(0.0, 1.0)
}

struct Source<'a> {
    data: Cow<'a, [f32]>,
    stride: usize,
    height: usize,
    width: usize,
    /// The pixels of the image that went into one, `[vertical, horizontal]`.
    block: [usize; 2],
}

impl Source<'_> {
    /// Whether a position, and one that is off by as much as rounding can do, lies between four pixels.
    fn has_four_around(&self, x: f64, y: f64) -> bool {
        let between = |position: f64, length: usize| (1e-3..length as f64 - 1.001).contains(&position);
        between(x, self.width) && between(y, self.height)
    }

    /// The values at `start` and every `step` after it, all of which must have four pixels around.
    fn between(&self, start: (f64, f64), step: [f64; 2]) -> impl Iterator<Item = f32> + '_ {
        // Positions as whole numbers of 2^-32 pixels: their parts are read off, and sums are exact.
        const ONE: f64 = (1_u64 << 32) as f64;
        let fixed = |value: f64| (value * ONE) as i64;
        let (mut x, mut y) = (fixed(start.0), fixed(start.1));
        let step = step.map(fixed);
        std::iter::repeat_with(move || {
            let share = |position: i64| (position as u32 >> 8) as f32 / (1 << 24) as f32;
            let (across, down) = (share(x), share(y));
            let at = (y >> 32) as usize * self.stride + (x >> 32) as usize;
            (x, y) = (x + step[0], y + step[1]);
            let (above, below) = (&self.data[at..at + 2], &self.data[at + self.stride..][..2]);
            let top = above[0] + across * (above[1] - above[0]);
            let bottom = below[0] + across * (below[1] - below[0]);
            top + down * (bottom - top)
        })
    }

    /// The value between four pixels; beyond the edge, that of the edge.
    fn bilinear(&self, x: f64, y: f64) -> f32 {
        let axis = |position: f64, length: usize| {
            let position = position.clamp(0.0, (length - 1) as f64);
            let index = position as usize;
            (index, (index + 1).min(length - 1), (position - index as f64) as f32)
        };
        let (left, right, across) = axis(x, self.width);
        let (upper, lower, down) = axis(y, self.height);
        let (above, below) = (&self.data[upper * self.stride..], &self.data[lower * self.stride..]);
        let top = above[left] + across * (above[right] - above[left]);
        let bottom = below[left] + across * (below[right] - below[left]);
        top + down * (bottom - top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(height: usize, width: usize) -> ImageTensor {
        let data = (0..height * width).map(|i| (i % width) as f32 + 100.0 * (i / width) as f32).collect();
        ImageTensor::new(data, 1, height, width).unwrap()
    }

    #[test]
    fn the_identity_changes_nothing() {
        let image = ramp(5, 7);
        assert_eq!(Warp::resize(&image, [5, 7]).apply(&image), image);
    }

    #[test]
    fn a_crop_at_its_own_size_is_the_crop() {
        let image = ramp(6, 8);
        let crop = Crop { top: 2, left: 3, height: 3, width: 4 };
        let warp = Warp { crop, frame: [3, 4], size: [3, 4], ..Warp::resize(&image, [3, 4]) };
        let expected: Vec<f32> =
            (2..5).flat_map(|y| (3..7).map(move |x| x as f32 + 100.0 * y as f32)).collect();
        assert_eq!(warp.apply(&image).data(), expected);
        let beyond = Warp { crop: Crop { top: 99, left: 99, height: 9, width: 9 }, ..warp };
        assert!(beyond.apply(&image).data().iter().all(|v| *v == 507.0));
    }

    #[test]
    fn a_reduction_by_whole_numbers_is_the_mean_of_blocks() {
        let data: Vec<f32> = (0..64).map(|i| ((i * 37) % 64) as f32).collect();
        let image = ImageTensor::new(data.clone(), 1, 8, 8).unwrap().with_spacing_mm(Some([0.5, 0.5]));
        let small = Warp::resize(&image, [2, 2]).apply(&image);
        let mean = (0..16).map(|i| data[8 * (i / 4) + i % 4]).sum::<f32>() / 16.0;
        assert_eq!(small.data()[0], mean);
        assert_eq!(small.spacing_mm(), Some([2.0, 2.0]));
    }

    #[test]
    fn what_comes_from_outside_the_frame_is_filled() {
        let image = ramp(4, 4);
        let shifted = Warp {
            to_frame: Affine([1.0, 0.0, -2.0, 0.0, 1.0, 0.0]),
            fill: -1.0,
            ..Warp::resize(&image, [4, 4])
        };
        assert_eq!(shifted.apply(&image).data()[..4], [-1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn maps_compose_and_invert() {
        let turn = Affine([0.6, -0.8, 3.0, 0.8, 0.6, -1.0]);
        let round = turn.then(&turn.inverse().unwrap());
        for (value, expected) in round.0.iter().zip(Affine::IDENTITY.0) {
            assert!((value - expected).abs() < 1e-12);
        }
        assert_eq!(Affine([1.0, 2.0, 0.0, 2.0, 4.0, 0.0]).inverse(), None);
    }
}
