use std::f64::consts::{PI, SQRT_2};

/// The order in which a JPEG file holds the 64 coefficients of a block.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The first place that lies in row or column 4 or beyond, but for the first of row 4 (place 10), which no mean of two
/// pixels shows.
const LEAVES_UPPER_LEFT: usize = 14;

/// What makes pixels of the coefficients of a block of 8 by 8, one block after the other.
pub(super) trait Transform {
    /// How many pixels it puts out each way, every one the mean of those of the whole block that it stands for.
    const SIDE: usize;

    /// For coefficients divided by `quantisation`, in the order of the file.
    fn new(quantisation: &[u16; 64]) -> Self;

    /// Takes the coefficient at `place` of the file's order.
    fn put(&mut self, place: usize, value: i32);

    /// Writes the pixels, `[0, 1]`, to the beginning of each of the first `SIDE` rows of `out`, and is empty again.
    /// `last` is the place of the last coefficient that it was given.
    fn finish(&mut self, last: usize, out: &mut [f32], stride: usize);
}

/// Four or all eight pixels each way.
pub(super) struct Block<const SIDE: usize, const BITS: u32 = 8> {
    /// By place in the file: what makes a coefficient of the file one of `values`.
    factors: [f32; 64],
    /// Coefficients row by row.
    values: [f32; 64],
    /// The mean over the pixels of half a row of four, of the cosine of each number.
    means: [[f32; 8]; 2],
}

/// Two pixels each way, or one.
pub(super) struct Means<const SIDE: usize> {
    /// By place in the file: what a coefficient of the file adds to each pixel, row by row.
    shares: Box<[[f32; 4]; 64]>,
    pixels: [f32; 4],
}

impl<const SIDE: usize, const BITS: u32> Transform for Block<SIDE, BITS> {
    const SIDE: usize = SIDE;

    fn new(quantisation: &[u16; 64]) -> Self {
        let factor = |number: usize| match SIDE {
            // Arai, Agui and Nakajima's transform takes these out of its butterflies.
            8 if number == 0 => 1.0 / 8.0_f64.sqrt(),
            8 => (number as f64 * PI / 16.0).cos() * SQRT_2 / 8.0_f64.sqrt(),
            _ => 1.0,
        };
        let mut factors = [0.0; 64];
        for ((slot, place), divisor) in factors.iter_mut().zip(ZIGZAG).zip(quantisation) {
            *slot = (f64::from(*divisor) * factor(place / 8) * factor(place % 8)) as f32;
        }
        let means = [0, 1].map(|pixel| std::array::from_fn(|number| mean(number, pixel, 2) as f32));
        Self { factors, values: [0.0; 64], means }
    }

    #[inline(always)]
    fn put(&mut self, place: usize, value: i32) {
        self.values[ZIGZAG[place]] = value as f32 * self.factors[place];
    }

    #[inline(always)]
    fn finish(&mut self, last: usize, out: &mut [f32], stride: usize) {
        if last == 0 {
            let mean = self.values[0] * if SIDE == 8 { 1.0 } else { 0.125 };
            for row in out.chunks_mut(stride).take(SIDE) {
                row[..SIDE].fill(level::<BITS>(mean));
            }
            self.values[0] = 0.0;
            return;
        }
        if SIDE == 8 {
            self.whole(out, stride);
        } else if last < LEAVES_UPPER_LEFT {
            let corner = |y: usize| std::array::from_fn(|x| self.values[8 * y + x]);
            self.half::<4>(std::array::from_fn(corner), out, stride);
        } else {
            self.half::<8>(rows_of(&self.values), out, stride);
        }
        self.values = [0.0; 64];
    }
}

impl<const SIDE: usize> Transform for Means<SIDE> {
    const SIDE: usize = SIDE;

    fn new(quantisation: &[u16; 64]) -> Self {
        let share = |place: usize, pixel: usize| {
            let of_row = mean(ZIGZAG[place] / 8, pixel / SIDE, 8 / SIDE);
            f64::from(quantisation[place]) * of_row * mean(ZIGZAG[place] % 8, pixel % SIDE, 8 / SIDE)
        };
        let of_pixels = |place: usize| {
            std::array::from_fn(|pixel| if pixel < SIDE * SIDE { share(place, pixel) as f32 } else { 0.0 })
        };
        Self { shares: Box::new(std::array::from_fn(of_pixels)), pixels: [0.0; 4] }
    }

    #[inline(always)]
    fn put(&mut self, place: usize, value: i32) {
        // The mean of all pixels is the first coefficient's alone.
        if SIDE > 1 || place == 0 {
            let value = value as f32;
            for (pixel, share) in self.pixels.iter_mut().zip(&self.shares[place]) {
                *pixel += value * share;
            }
        }
    }

    #[inline(always)]
    fn finish(&mut self, _last: usize, out: &mut [f32], stride: usize) {
        let levels = self.pixels.map(level::<8>);
        for (row, levels) in out.chunks_mut(stride).zip(levels.chunks_exact(SIDE)).take(SIDE) {
            row[..SIDE].copy_from_slice(levels);
        }
        self.pixels = [0.0; 4];
    }
}

/// The mean of the cosine of `number` over `pixels` of the eight pixels of a row, the ones that pixel `pixel` of a
/// smaller row stands for.
fn mean(number: usize, pixel: usize, pixels: usize) -> f64 {
    let height = if number == 0 { 0.5 / SQRT_2 } else { 0.5 };
    let cosine = |x: usize| height * ((2 * x + 1) as f64 * number as f64 * PI / 16.0).cos();
    let from = pixel * pixels;
    (from..from + pixels).map(cosine).sum::<f64>() / pixels as f64
}

impl<const SIDE: usize, const BITS: u32> Block<SIDE, BITS> {
    fn whole(&self, out: &mut [f32], stride: usize) {
        let columns = inverse(rows_of(&self.values));
        let pixels = transposed(inverse(transposed(columns)));
        for (row, pixels) in out.chunks_mut(stride).zip(pixels) {
            row[..8].copy_from_slice(&pixels.map(level::<BITS>));
        }
    }

    fn half<const LANES: usize>(&self, rows: [[f32; LANES]; LANES], out: &mut [f32], stride: usize) {
        let columns = halved(rows, &self.means);
        let turned: [[f32; 4]; LANES] = std::array::from_fn(|x| std::array::from_fn(|y| columns[y][x]));
        let pixels = halved(turned, &self.means);
        for (y, row) in out.chunks_mut(stride).take(4).enumerate() {
            row[..4].copy_from_slice(&std::array::from_fn::<f32, 4, _>(|x| level::<BITS>(pixels[x][y])));
        }
    }
}

/// The grey level in `[0, 1]`, one of 256 where there are 8 bits.
#[inline(always)]
fn level<const BITS: u32>(value: f32) -> f32 {
    // Adding and subtracting 1.5 * 2^23 leaves a whole number.
    const ROUND: f32 = 12_582_912.0;
    let (middle, white) = const { ((1_u32 << (BITS - 1)) as f32, ((1_u32 << BITS) - 1) as f32) };
    ((value + middle).clamp(0.0, white) + ROUND - ROUND) / white
}

fn rows_of(values: &[f32; 64]) -> [[f32; 8]; 8] {
    std::array::from_fn(|y| std::array::from_fn(|x| values[8 * y + x]))
}

fn transposed(rows: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    std::array::from_fn(|y| std::array::from_fn(|x| rows[x][y]))
}

/// `LANES` times the heights of `NUMBERS` cosines (4 or 8) to four pixels, each the mean of two.
#[inline(always)]
fn halved<const LANES: usize, const NUMBERS: usize>(
    input: [[f32; LANES]; NUMBERS],
    means: &[[f32; 8]; 2],
) -> [[f32; LANES]; 4] {
    let mut out = [[0.0; LANES]; 4];
    for (pixel, weights) in means.iter().enumerate() {
        for lane in 0..LANES {
            let term = |number: usize| input[number][lane] * weights[number];
            // That of number 4 is 0; cosines of even number are the same from both ends.
            let (mut even, mut odd) = (term(0) + term(2), term(1) + term(3));
            if NUMBERS == 8 {
                even += term(6);
                odd += term(5) + term(7);
            }
            out[pixel][lane] = even + odd;
            out[3 - pixel][lane] = even - odd;
        }
    }
    out
}

/// The inverse discrete cosine transform of Arai, Agui and Nakajima, down each of eight columns.
#[inline(always)]
fn inverse(input: [[f32; 8]; 8]) -> [[f32; 8]; 8] {
    let mut out = [[0.0; 8]; 8];
    for lane in 0..8 {
        let at = |number: usize| input[number][lane];
        let (sum, difference) = (at(0) + at(4), at(0) - at(4));
        let inner = at(2) + at(6);
        let outer = (at(2) - at(6)) * std::f32::consts::SQRT_2 - inner;
        let even = [sum + inner, difference + outer, difference - outer, sum - inner];
        let (z13, z10, z11, z12) = (at(5) + at(3), at(5) - at(3), at(1) + at(7), at(1) - at(7));
        let first = z11 + z13;
        let turned = (z10 + z12) * 1.847_759_1;
        let second = turned - z10 * 2.613_126 - first;
        let third = (z11 - z13) * std::f32::consts::SQRT_2 - second;
        let fourth = turned - z12 * 1.082_392_2 - third;
        for (pixel, (even, odd)) in even.into_iter().zip([first, second, third, fourth]).enumerate() {
            out[pixel][lane] = even + odd;
            out[7 - pixel][lane] = even - odd;
        }
    }
    out
}
