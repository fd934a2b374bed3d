//! JPEG-LS (ITU-T T.87), lossless and near-lossless, of grey and of three components. Names are those of the standard.

use std::ops::Range;

use crate::ImageFault;

/// A decoded image: samples of up to 16 bits, pixel after pixel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) components: usize,
    pub(super) samples: Vec<u16>,
}

/// What the frame header says.
struct Frame<'a> {
    bits: u32,
    height: usize,
    width: usize,
    /// Name, sampling and table of each component.
    components: &'a [[u8; 3]],
}

/// Decodes one image of one component or three, and of at most `max_pixels` pixels.
pub(super) fn decode(bytes: &[u8], max_pixels: usize) -> Result<Image, ImageFault> {
    let mut frame: Option<Frame<'_>> = None;
    let mut preset = [0_i32; 5];
    // The components of scans that hold one each.
    let mut planes: Vec<Vec<u16>> = Vec::new();
    let mut rest = bytes.strip_prefix(&[0xFF, SOI]).ok_or(ImageFault::DamagedPixels)?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else { return Err(ImageFault::DamagedPixels) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length).ok_or(ImageFault::DamagedPixels)?;
        rest = &rest[2 + length..];
        match (marker, segment) {
            (SOF55, [bits @ 2..=16, y1, y0, x1, x0, count @ (1 | 3), components @ ..])
                if components.len() == 3 * usize::from(*count) && frame.is_none() =>
            {
                let side = |high: &u8, low: &u8| usize::from(u16::from_be_bytes([*high, *low]));
                let (height, width) = (side(y1, y0), side(x1, x0));
                let (components, _) = components.as_chunks();
                // Fewer samples of a component than there are pixels.
                let sampled =
                    components.len() > 1 && components.iter().any(|[_, sampling, _]| *sampling != 0x11);
                if height == 0 || width == 0 || sampled {
                    return Err(ImageFault::UnsupportedPixels);
                }
                if height * width > max_pixels {
                    return Err(ImageFault::TooLarge);
                }
                frame = Some(Frame { bits: u32::from(*bits), height, width, components });
            }
            (SOF55, _) => return Err(ImageFault::UnsupportedPixels),
            (LSE, [1, values @ ..]) if values.len() >= 10 => {
                for (value, pair) in preset.iter_mut().zip(values.chunks_exact(2)) {
                    *value = i32::from(u16::from_be_bytes([pair[0], pair[1]]));
                }
            }
            // Tables from samples to other values, and larger images; a transform of colours of one encoder's own.
            (LSE, _) => return Err(ImageFault::UnsupportedPixels),
            (APP8, [b'm', b'r', b'f', b'x', 1..=255, ..]) => return Err(ImageFault::UnsupportedPixels),
            (SOS, [count, rows @ .., near, interleave, 0]) => {
                let Frame { bits, height, width, components } =
                    frame.as_ref().ok_or(ImageFault::DamagedPixels)?;
                let (rows, odd) = rows.as_chunks::<2>();
                if rows.len() != usize::from(*count)
                    || !odd.is_empty()
                    || rows.iter().any(|[_, table]| *table != 0)
                {
                    return Err(ImageFault::UnsupportedPixels);
                }
                // A component alone is not interleaved, whatever the scan says.
                let by_pixel = match (rows.len(), interleave) {
                    (1, _) => false,
                    (count, 1 | 2) if count == components.len() => *interleave == 2,
                    _ => return Err(ImageFault::UnsupportedPixels),
                };
                let named = &components[planes.len()..][..rows.len().min(components.len() - planes.len())];
                if !named.iter().map(|[name, ..]| name).eq(rows.iter().map(|[name, _]| name)) {
                    return Err(ImageFault::DamagedPixels);
                }
                let coding = Coding::new(*bits, i32::from(*near), preset)?;
                planes.push(Scan::new(coding, rest, *width, rows.len()).samples(*height, by_pixel)?);
                if rows.len() == components.len() || planes.len() == components.len() {
                    let (height, width, components) = (*height, *width, components.len());
                    return Ok(Image { height, width, components, samples: interleaved(planes) });
                }
                // No marker stands within a scan.
                let end = rest.windows(2).position(|pair| pair[0] == 0xFF && pair[1] >= 0x80);
                rest = &rest[end.ok_or(ImageFault::DamagedPixels)?..];
            }
            (SOS, _) => return Err(ImageFault::UnsupportedPixels),
            _ => {}
        }
    }
}

/// The samples of several planes, pixel after pixel.
fn interleaved(mut planes: Vec<Vec<u16>>) -> Vec<u16> {
    if planes.len() == 1 {
        return planes.swap_remove(0);
    }
    (0..planes[0].len()).flat_map(|pixel| planes.iter().map(move |plane| plane[pixel])).collect()
}

const SOI: u8 = 0xD8;
const SOF55: u8 = 0xF7;
const LSE: u8 = 0xF8;
const SOS: u8 = 0xDA;
const APP8: u8 = 0xE8;

/// The contexts of regular samples; two more are of samples that end a run.
const REGULAR: usize = 365;
/// The binary logarithms of the lengths that runs are counted in.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The parameters of a scan.
#[derive(Debug, Clone, Copy)]
struct Coding {
    maxval: i32,
    near: i32,
    thresholds: [i32; 3],
    reset: i32,
    range: i32,
    qbpp: u32,
    limit: u32,
}

impl Coding {
    /// `preset`: the greatest value, three thresholds and the reset interval; 0 stands for the default.
    fn new(bits: u32, near: i32, preset: [i32; 5]) -> Result<Self, ImageFault> {
        let or = |given: i32, default: i32| if given > 0 { given } else { default };
        let maxval = or(preset[0], (1 << bits) - 1);
        let clamp = |value: i32, least: i32| if value > maxval || value < least { least } else { value };
        let defaults = if maxval >= 128 {
            let factor = (maxval.min(4095) + 128) / 256;
            [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
        } else {
            let factor = 256 / (maxval + 1);
            [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
        };
        let t1 = or(preset[1], clamp(defaults[0], near + 1));
        let t2 = or(preset[2], clamp(defaults[1], t1));
        let t3 = or(preset[3], clamp(defaults[2], t2));
        let range = (maxval + 2 * near) / (2 * near + 1) + 1;
        let width = |values: i32| 32 - (values as u32 - 1).leading_zeros();
        let (bpp, qbpp) = (width(maxval + 1).max(2), width(range));
        let usable = maxval < 1 << bits && near <= maxval / 2 && near < t1 && t1 <= t2 && t2 <= t3;
        if !usable {
            return Err(ImageFault::DamagedPixels);
        }
        let limit = 2 * (bpp + bpp.max(8));
        Ok(Self { maxval, near, thresholds: [t1, t2, t3], reset: or(preset[4], 64), range, qbpp, limit })
    }

    fn quantised(&self, gradient: i32) -> i32 {
        let [t1, t2, t3] = self.thresholds;
        let steps = [self.near + 1, t1, t2, t3];
        let step = steps.iter().filter(|step| gradient.abs() >= **step).count() as i32;
        step * gradient.signum()
    }

    /// The sample that a prediction and its error give.
    fn reconstructed(&self, prediction: i32, error: i32) -> i32 {
        let step = 2 * self.near + 1;
        let mut sample = prediction + error * step;
        if sample < -self.near {
            sample += self.range * step;
        } else if sample > self.maxval + self.near {
            sample -= self.range * step;
        }
        sample.clamp(0, self.maxval)
    }
}

/// What is known of the errors in one context.
#[derive(Debug, Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
    /// Of samples that end a run: how many errors were negative.
    negative: i32,
}

impl Context {
    /// The parameter of the Golomb code for errors of a mean size of `total / n`.
    fn golomb(&self, total: i32) -> u32 {
        (0..24).find(|k| (i64::from(self.n) << k) >= i64::from(total)).unwrap_or(24)
    }

    fn update(&mut self, error: i32, coding: &Coding) {
        self.b += error * (2 * coding.near + 1);
        self.a += error.abs();
        if self.n == coding.reset {
            self.a >>= 1;
            self.b >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

/// The bits of a scan. After a byte of ones comes a byte of seven bits.
#[derive(Debug)]
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    word: u64,
    count: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.count <= 48 {
            let after_ones = self.at > 0 && self.bytes[self.at - 1] == 0xFF;
            let Some(byte) = self.bytes.get(self.at).filter(|byte| !after_ones || **byte < 0x80) else {
                return;
            };
            let width = if after_ones { 7 } else { 8 };
            self.word = self.word << width | u64::from(*byte);
            self.count += width;
            self.at += 1;
        }
    }

    fn take(&mut self, count: u32) -> Result<u32, ImageFault> {
        if self.count < count {
            self.fill();
        }
        self.count = self.count.checked_sub(count).ok_or(ImageFault::DamagedPixels)?;
        let mask = (1_u64 << count) - 1;
        Ok((self.word >> self.count & mask) as u32)
    }

    /// A number in the Golomb code of parameter `k`, with at most `limit` bits.
    fn golomb(&mut self, k: u32, limit: u32, qbpp: u32) -> Result<i32, ImageFault> {
        let most = limit.saturating_sub(qbpp + 1);
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > most {
                return Err(ImageFault::DamagedPixels);
            }
        }
        let value = if zeros < most { zeros << k | self.take(k)? } else { self.take(qbpp)? + 1 };
        i32::try_from(value).map_err(|_| ImageFault::DamagedPixels)
    }
}

/// One component of a scan.
#[derive(Debug)]
struct Plane {
    /// The line before and this one, with a sample more at either end.
    lines: [Vec<i32>; 2],
    run_index: usize,
}

/// The samples about one: to the left, above, above to the left and above to the right.
struct Around {
    ra: i32,
    rb: i32,
    rc: i32,
    rd: i32,
}

#[derive(Debug)]
struct Scan<'a> {
    coding: Coding,
    bits: Bits<'a>,
    contexts: Vec<Context>,
    planes: Vec<Plane>,
}

impl<'a> Scan<'a> {
    fn new(coding: Coding, bytes: &'a [u8], width: usize, components: usize) -> Self {
        let a = ((coding.range + 32) / 64).max(2);
        let plane = || Plane { lines: [vec![0; width + 2], vec![0; width + 2]], run_index: 0 };
        Self {
            coding,
            bits: Bits { bytes, at: 0, word: 0, count: 0 },
            contexts: vec![Context { a, b: 0, c: 0, n: 1, negative: 0 }; REGULAR + 2],
            planes: (0..components).map(|_| plane()).collect(),
        }
    }

    /// All samples, pixel after pixel. The components come pixel by pixel or line by line.
    fn samples(mut self, height: usize, by_pixel: bool) -> Result<Vec<u16>, ImageFault> {
        let (width, components) = (self.planes[0].lines[0].len() - 2, self.planes.len());
        let mut samples = Vec::with_capacity(height * width * components);
        let step = if by_pixel { components } else { 1 };
        for _ in 0..height {
            for first in (0..components).step_by(step) {
                let planes = first..first + step;
                for plane in &mut self.planes[planes.clone()] {
                    plane.lines.swap(0, 1);
                    // Beyond the edges: the last sample above again, and above the first one.
                    plane.lines[0][width + 1] = plane.lines[0][width];
                    plane.lines[1][0] = plane.lines[0][1];
                }
                let mut x = 1;
                while x <= width {
                    x = self.next(&planes, x, width)?;
                }
            }
            let pixel = |x: usize| self.planes.iter().map(move |plane| plane.lines[1][x] as u16);
            samples.extend((1..=width).flat_map(pixel));
        }
        Ok(samples)
    }

    fn around(&self, plane: usize, x: usize) -> Around {
        let [above, line] = &self.planes[plane].lines;
        Around { ra: line[x - 1], rb: above[x], rc: above[x - 1], rd: above[x + 1] }
    }

    /// Decodes the samples of some planes, or runs, at `x`; gives the place behind them.
    fn next(&mut self, planes: &Range<usize>, x: usize, width: usize) -> Result<usize, ImageFault> {
        let mut contexts = [0; 3];
        for (context, plane) in contexts.iter_mut().zip(planes.clone()) {
            let Around { ra, rb, rc, rd } = self.around(plane, x);
            let [q1, q2, q3] = [rd - rb, rb - rc, rc - ra].map(|gradient| self.coding.quantised(gradient));
            *context = 81 * q1 + 9 * q2 + q3;
        }
        // Only three zeros give none.
        if contexts == [0; 3] {
            return self.run(planes, x, width);
        }
        for (context, plane) in contexts.into_iter().zip(planes.clone()) {
            self.regular(plane, x, context)?;
        }
        Ok(x + 1)
    }

    fn regular(&mut self, plane: usize, x: usize, context: i32) -> Result<(), ImageFault> {
        let Around { ra, rb, rc, .. } = self.around(plane, x);
        let sign = if context < 0 { -1 } else { 1 };
        let known = &mut self.contexts[context.unsigned_abs() as usize];
        let k = known.golomb(known.a);
        let mapped = self.bits.golomb(k, self.coding.limit, self.coding.qbpp)?;
        let half = mapped >> 1;
        let mut error = if mapped & 1 == 0 { half } else { -half - 1 };
        if self.coding.near == 0 && k == 0 && 2 * known.b <= -known.n {
            error = -error - 1;
        }
        if error.abs() > self.coding.range {
            return Err(ImageFault::DamagedPixels);
        }
        let prediction = match rc {
            _ if rc >= ra.max(rb) => ra.min(rb),
            _ if rc <= ra.min(rb) => ra.max(rb),
            _ => ra + rb - rc,
        };
        let prediction = (prediction + sign * known.c).clamp(0, self.coding.maxval);
        known.update(error, &self.coding);
        self.planes[plane].lines[1][x] = self.coding.reconstructed(prediction, sign * error);
        Ok(())
    }

    /// Runs of the samples to the left, and the samples that end them.
    fn run(&mut self, planes: &Range<usize>, mut x: usize, width: usize) -> Result<usize, ImageFault> {
        let mut index = self.planes[planes.start].run_index;
        let start = x;
        let mut ended = false;
        while !ended && x <= width {
            let length = if self.bits.take(1)? == 1 {
                let (length, left) = (1 << J[index], width + 1 - x);
                if length <= left {
                    index = (index + 1).min(J.len() - 1);
                }
                left.min(length)
            } else {
                ended = true;
                self.bits.take(J[index])? as usize
            };
            x += length;
        }
        if ended && x > width {
            return Err(ImageFault::DamagedPixels);
        }
        for plane in &mut self.planes[planes.clone()] {
            let ra = plane.lines[1][start - 1];
            plane.lines[1][start..x].fill(ra);
        }
        if ended {
            for plane in planes.clone() {
                self.run_end(plane, x, planes.len() == 1, J[index])?;
            }
            index = index.saturating_sub(1);
            x += 1;
        }
        self.planes[planes.start].run_index = index;
        Ok(x)
    }

    /// The sample that ends a run. Of one that ends alone it counts whether it could have gone on with the line above.
    fn run_end(&mut self, plane: usize, x: usize, alone: bool, j: u32) -> Result<(), ImageFault> {
        let Around { ra, rb, .. } = self.around(plane, x);
        let same = alone && (ra - rb).abs() <= self.coding.near;
        let known = &mut self.contexts[REGULAR + usize::from(same)];
        let k = known.golomb(if same { known.a + (known.n >> 1) } else { known.a });
        let mapped = self.bits.golomb(k, self.coding.limit - j - 1, self.coding.qbpp)?;
        let doubled = mapped + i32::from(same);
        let odd = doubled & 1;
        let size = (doubled + odd) / 2;
        let mostly_negative = k != 0 || 2 * known.negative >= known.n;
        let error = if mostly_negative == (odd == 1) { -size } else { size };
        if size > self.coding.range {
            return Err(ImageFault::DamagedPixels);
        }
        known.negative += i32::from(error < 0);
        known.a += (mapped + 1 - i32::from(same)) >> 1;
        if known.n == self.coding.reset {
            known.a >>= 1;
            known.n >>= 1;
            known.negative >>= 1;
        }
        known.n += 1;
        self.planes[plane].lines[1][x] = match (same, ra > rb) {
            (true, _) => self.coding.reconstructed(ra, error),
            (false, true) => self.coding.reconstructed(rb, -error),
            (false, false) => self.coding.reconstructed(rb, error),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The streams of `scripts/fixtures/jpeg_ls.py`.
    fn stream(name: &str) -> Vec<u8> {
        let streams: BTreeMap<String, String> =
            serde_json::from_str(include_str!("../../tests/fixtures/jpeg_ls.json")).unwrap();
        let digits: Vec<u32> = streams[name].chars().map(|c| c.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| (16 * pair[0] + pair[1]) as u8).collect()
    }

    #[test]
    fn what_charls_encoded_is_decoded() {
        let places = || (0..9_u32).flat_map(|y| (0..13_u32).map(move |x| (x, y)));
        let runs = |(x, y)| if (x / 4 + y / 3) % 2 == 0 { 40 } else { (x * x * 7 + y * 31) % 256 };
        let wide = |(x, y)| if x < 5 { 1000 } else { (x * 517 + y * y * 97) % 4096 };
        let colour = |(x, y)| {
            let red = runs((x, y));
            [red, red / 2, if x < 9 { red } else { (red + 3) % 256 }]
        };
        let colours: Vec<u32> = places().flat_map(colour).collect();
        for (name, near, components, expected) in [
            ("lossless", 0, 1, places().map(runs).collect::<Vec<_>>()),
            ("near 3", 3, 1, places().map(runs).collect()),
            ("16 bits", 0, 1, places().map(wide).collect()),
            ("none", 0, 3, colours.clone()),
            ("line", 0, 3, colours.clone()),
            ("sample", 0, 3, colours.clone()),
            ("none, near 2", 2, 3, colours.clone()),
            ("line, near 2", 2, 3, colours.clone()),
            ("sample, near 2", 2, 3, colours),
        ] {
            let image = decode(&stream(name), 1000).unwrap();
            assert_eq!((image.height, image.width, image.components), (9, 13, components));
            assert_eq!(image.samples.len(), expected.len());
            let far = image.samples.iter().zip(&expected).map(|(a, b)| u32::from(*a).abs_diff(*b)).max();
            assert!(far <= Some(near), "{name}: {far:?}");
        }
        assert_eq!(decode(&stream("lossless"), 100), Err(ImageFault::TooLarge));
    }

    /// The example of T.87, Annex H.3.
    #[test]
    fn the_example_of_the_standard_is_decoded() {
        let stream = [
            0xFF, 0xD8, 0xFF, 0xF7, 0, 0x0B, 8, 0, 4, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0,
            0, 0xC0, 0, 0, 0x6C, 0x80, 0x20, 0x8E, 1, 0xC0, 0, 0, 0x57, 0x40, 0, 0, 0x6E, 0xE6, 0, 0, 1,
            0xBC, 0x18, 0, 0, 5, 0xD8, 0, 0, 0x91, 0x60, 0xFF, 0xD9,
        ];
        let samples = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];
        assert_eq!(decode(&stream, 16).map(|image| image.samples), Ok(samples.to_vec()));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for name in ["near 3", "none", "sample"] {
            let whole = stream(name);
            // The end-of-image marker and padding bits are not needed.
            for length in 0..whole.len() - 4 {
                assert!(decode(&whole[..length], 1000).is_err(), "{name}, {length}");
            }
        }
    }
}
