use serde::Serialize;

use crate::draw::Draw;
use crate::field::Field;
use crate::flesh::STEP;
use crate::grain::Grain;
use crate::raster::Canvas;

/// Attenuation of the shell, a millimetre: of plaster more than of flesh, of resin of the order of flesh. Chosen.
const PLASTER: f32 = 0.045;
const RESIN: f32 = 0.035;

/// A shell around wrist and palm, over padding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cast {
    /// Plaster, which is thick and dull; resin otherwise, which is thin and woven.
    pub plaster: bool,
    /// Thickness of the padding, at rest.
    #[serde(skip)]
    pub(crate) padding: f32,
    /// Thickness of the shell, at rest.
    #[serde(skip)]
    pub(crate) shell: f32,
    #[serde(skip)]
    texture: u64,
}

impl Cast {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let plaster = draw.chance(0.6);
        let shell = if plaster { draw.range(3.5, 6.0) } else { draw.range(2.0, 3.2) };
        Self { plaster, padding: draw.range(2.5, 5.0), shell, texture: draw.bits() }
    }

    /// Adds the shell, whose length on the way of the ray is `shell`, to the attenuation.
    pub(crate) fn cover(&self, signal: &mut Canvas, shell: &Canvas, field: &Field) {
        let lumps = Grain::new(field.spacing / 5.0, &mut Draw::new(self.texture, &[]));
        let weave = std::f32::consts::TAU * field.spacing / 2.6;
        for y in 0..field.height {
            for x in 0..field.width {
                let length = shell.sample(x as f32 / STEP as f32, y as f32 / STEP as f32);
                if length < 0.05 {
                    continue;
                }
                let (u, v) = (x as f32 * weave, y as f32 * weave);
                let added = if self.plaster {
                    PLASTER * (1.0 + 0.3 * lumps.at(x, y))
                } else {
                    RESIN * (1.0 + 0.2 * (0.8 * u + 0.6 * v).sin() * (0.8 * v - 0.6 * u).sin())
                };
                signal.data[y * field.width + x] += added * length;
            }
        }
    }
}
