use crate::draw::Draw;

/// Smooth noise in [-1, 1] that stands for trabeculae.
#[derive(Debug)]
pub(crate) struct Grain {
    values: Vec<f32>,
    step: f32,
}

const GRAIN: usize = 256;

impl Grain {
    /// `step` is a pixel in widths of a grain.
    pub(crate) fn new(step: f32, draw: &mut Draw) -> Self {
        let mut values = Vec::with_capacity(GRAIN * GRAIN);
        while values.len() < GRAIN * GRAIN {
            values.extend(draw.bits().to_le_bytes().map(|byte| f32::from(byte) / 127.5 - 1.0));
        }
        Self { values, step }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        // Turned against the rows, so that no grid shows.
        let (u, v) = (x as f32 * self.step, y as f32 * self.step);
        let (u, v) = (0.87 * u + 0.5 * v + 300.0, 0.87 * v - 0.5 * u + 600.0);
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f32, v - j as f32);
        let value = |i: usize, j: usize| self.values[(j % GRAIN) * GRAIN + i % GRAIN];
        let top = value(i, j) + fu * (value(i + 1, j) - value(i, j));
        let bottom = value(i, j + 1) + fu * (value(i + 1, j + 1) - value(i, j + 1));
        top + fv * (bottom - top)
    }
}
