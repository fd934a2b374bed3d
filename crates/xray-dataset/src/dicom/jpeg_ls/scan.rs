use std::ops::Range;

use super::bits::Bits;
use super::coding::{Coding, Context};
use crate::ImageFault;

/// The contexts of regular samples; two more are of samples that end a run.
const REGULAR: usize = 365;
/// The binary logarithms of the lengths that runs are counted in.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

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
pub(super) struct Scan<'a> {
    coding: Coding,
    bits: Bits<'a>,
    contexts: Vec<Context>,
    planes: Vec<Plane>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(coding: Coding, bytes: &'a [u8], width: usize, components: usize) -> Self {
        let a = ((coding.range + 32) / 64).max(2);
        let plane = || Plane { lines: [vec![0; width + 2], vec![0; width + 2]], run_index: 0 };
        Self {
            coding,
            bits: Bits::new(bytes),
            contexts: vec![Context { a, b: 0, c: 0, n: 1, negative: 0 }; REGULAR + 2],
            planes: (0..components).map(|_| plane()).collect(),
        }
    }

    /// All samples, pixel after pixel. The components come pixel by pixel or line by line.
    pub(super) fn samples(mut self, height: usize, by_pixel: bool) -> Result<Vec<u16>, ImageFault> {
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
