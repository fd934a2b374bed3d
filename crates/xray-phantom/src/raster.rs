use crate::geometry::Point;

/// Values on a grid of pixels, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

/// Fractions of a pixel to which corners are rounded, so that coverage is exact.
const SUBPIXEL: f32 = 256.0;

impl Canvas {
    pub(crate) fn filled(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    /// Adds `weight` times the signed depth of every triangle; over a closed surface that is the length
    /// of the ray inside. Points are `[column, row, depth]`; neighbours that share an edge share each pixel
    /// once, because corners are rounded to a grid and ties go to one side.
    pub(crate) fn add_depth(&mut self, points: &[Point], triangles: &[[u16; 3]], weight: f32) {
        let fixed: Vec<[i64; 2]> = points
            .iter()
            .map(|p| [(p[0] * SUBPIXEL).round() as i64, (p[1] * SUBPIXEL).round() as i64])
            .collect();
        for corners in triangles {
            let [i, mut j, mut k] = corners.map(usize::from);
            let area = orient(fixed[i], fixed[j], fixed[k]);
            if area == 0 {
                continue;
            }
            let mut signed = weight;
            if area < 0 {
                std::mem::swap(&mut j, &mut k);
                signed = -weight;
            }
            self.fill([fixed[i], fixed[j], fixed[k]], [points[i][2], points[j][2], points[k][2]], signed);
        }
    }

    /// One triangle of positive orientation.
    fn fill(&mut self, at: [[i64; 2]; 3], depth: [f32; 3], weight: f32) {
        let step = SUBPIXEL as i64;
        let half = step / 2;
        let bounds = |axis: usize, size: usize| {
            let values = at.map(|p| p[axis]);
            let (low, high) = values.iter().fold((i64::MAX, i64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
            ((low - half).div_euclid(step).max(0), (high - half).div_euclid(step).min(size as i64 - 1))
        };
        let ((x0, x1), (y0, y1)) = (bounds(0, self.width), bounds(1, self.height));
        if x1 < x0 || y1 < y0 {
            return;
        }
        let area = orient(at[0], at[1], at[2]) as f32;
        let start = [x0 * step + half, y0 * step + half];
        let mut row = [0i64; 3];
        let mut slope = [[0i64; 2]; 3];
        for e in 0..3 {
            let (a, b) = (at[(e + 1) % 3], at[(e + 2) % 3]);
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let tie = i64::from(!(dy > 0 || (dy == 0 && dx > 0)));
            row[e] = orient(a, b, start) - tie;
            slope[e] = [-dy * step, dx * step];
        }
        for y in y0..=y1 {
            let mut edge = row;
            let base = y as usize * self.width;
            for x in x0..=x1 {
                if edge[0] | edge[1] | edge[2] >= 0 {
                    let sum =
                        edge[0] as f32 * depth[0] + edge[1] as f32 * depth[1] + edge[2] as f32 * depth[2];
                    self.data[base + x as usize] += weight * sum / area;
                }
                for e in 0..3 {
                    edge[e] += slope[e][0];
                }
            }
            for e in 0..3 {
                row[e] += slope[e][1];
            }
        }
    }

    /// Gaussian blur of standard deviation `sigma` pixels; edges are continued.
    pub(crate) fn blurred(self, sigma: f32) -> Self {
        if sigma < 0.05 {
            return self;
        }
        let radius = (sigma * 3.0).ceil() as usize;
        let mut kernel: Vec<f32> = (0..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
        let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
        kernel.iter_mut().for_each(|k| *k /= total);
        let (width, height) = (self.width, self.height);
        let mut across = vec![0.0; self.data.len()];
        let mut padded = vec![0.0; width + 2 * radius];
        for (row, out) in self.data.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
            padded[..radius].fill(row[0]);
            padded[radius..radius + width].copy_from_slice(row);
            padded[radius + width..].fill(row[width - 1]);
            for (x, value) in out.iter_mut().enumerate() {
                let middle = x + radius;
                let sides =
                    (1..=radius).map(|k| kernel[k] * (padded[middle - k] + padded[middle + k])).sum::<f32>();
                *value = kernel[0] * padded[middle] + sides;
            }
        }
        let mut data = vec![0.0; across.len()];
        for y in 0..height {
            let out = &mut data[y * width..(y + 1) * width];
            for k in 0..=radius {
                let (up, down) = (y.saturating_sub(k), (y + k).min(height - 1));
                let weight = if k == 0 { 0.5 * kernel[0] } else { kernel[k] };
                let rows = across[up * width..].iter().zip(&across[down * width..]);
                for (value, (a, b)) in out.iter_mut().zip(rows) {
                    *value += weight * (a + b);
                }
            }
        }
        Self { data, ..self }
    }

    /// The means of squares of `step` pixels; what is left over at the right and below is not counted.
    pub(crate) fn thinned(&self, step: usize) -> Self {
        let (width, height) = ((self.width / step).max(1), (self.height / step).max(1));
        let mut small = Self::filled(width, height, 0.0);
        let share = 1.0 / (step * step) as f32;
        for (y, row) in self.data.chunks_exact(self.width).take(height * step).enumerate() {
            for (x, value) in row.iter().take(width * step).enumerate() {
                small.data[y / step * width + x / step] += share * value;
            }
        }
        small
    }

    /// The value between the pixels, at a place in pixels of this canvas.
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f32), y.clamp(0.0, (self.height - 1) as f32));
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let at = |x: usize, y: usize| self.data[y * self.width + x];
        let top = at(x0, y0) + fx * (at(x1, y0) - at(x0, y0));
        let bottom = at(x0, y1) + fx * (at(x1, y1) - at(x0, y1));
        top + fy * (bottom - top)
    }
}

/// Twice the signed area of a triangle.
fn orient(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cube_has_its_depth_everywhere_inside() {
        let mut points = Vec::new();
        for corner in 0..8 {
            let pick = |bit: usize, low: f32, high: f32| if corner >> bit & 1 == 0 { low } else { high };
            points.push([pick(0, 3.3, 12.9), pick(1, 2.5, 13.5), pick(2, 100.0, 107.0)]);
        }
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles: Vec<[u16; 3]> =
            quads.iter().flat_map(|q| [[q[0], q[1], q[2]], [q[0], q[2], q[3]]]).collect();
        let mut canvas = Canvas::filled(16, 16, 0.0);
        canvas.add_depth(&points, &triangles, 1.0);
        for y in 0..16 {
            for x in 0..16 {
                let inside = (3..13).contains(&x) && (2..13).contains(&y) && x != 12
                    || x == 12 && (2..13).contains(&y);
                let depth = canvas.data[y * 16 + x];
                let expected = if inside { 7.0 } else { 0.0 };
                assert!((depth - expected).abs() < 0.01, "{x} {y}: {depth}");
            }
        }
    }

    #[test]
    fn a_blur_keeps_the_sum() {
        let mut canvas = Canvas::filled(21, 21, 0.0);
        canvas.data[10 * 21 + 10] = 1.0;
        let blurred = canvas.blurred(1.5);
        assert!((blurred.data.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!((blurred.sample(10.0, 10.0) - 1.0 / (std::f32::consts::TAU * 2.25)).abs() < 0.003);
    }
}
