use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::geometry::{Point, add, scale, sub};
use crate::skeleton::Part;
use crate::solid::{Material, Solid, band, tapered};

/// A splinter in the flesh.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ForeignBody {
    /// The bone that it lies beside.
    pub bone: Bone,
    /// Its length in millimetres of the patient.
    pub size_mm: f32,
    /// Metal; glass otherwise.
    pub metal: bool,
    #[serde(skip)]
    ends: [Point; 2],
    #[serde(skip)]
    thick: f32,
}

impl ForeignBody {
    pub(crate) fn bone(part: BodyPart, draw: &mut Draw) -> Bone {
        let ray = 1 + draw.below(5) as u8;
        match part {
            BodyPart::Wrist => [Bone::Radius, Bone::Metacarpal(ray)][draw.below(2)],
            _ => [Bone::Metacarpal(ray), Bone::ProximalPhalanx(ray)][draw.below(2)],
        }
    }

    pub(crate) fn draw(part: &Part, anatomy: &Anatomy, draw: &mut Draw) -> Self {
        let level = match part.bone {
            Bone::Radius => draw.range(0.82, 0.97),
            Bone::Metacarpal(_) => draw.range(0.1, 0.5),
            _ => draw.range(0.2, 0.8),
        };
        let (middle, breadth) = part.section(level);
        let out = part.around(draw.range(0.0, 360.0));
        let center = add(middle, scale(out, breadth + draw.range(1.5, 4.0)));
        let along = part.around(draw.range(0.0, 360.0));
        let slant = add(scale(part.axis, draw.range(-1.0, 1.0)), scale(along, draw.range(0.3, 1.0)));
        let length = draw.range(2.5, 7.0);
        let half = scale(crate::geometry::unit(slant), 0.5 * length);
        Self {
            bone: part.bone,
            size_mm: length * anatomy.size,
            metal: draw.chance(0.7),
            ends: [sub(center, half), add(center, half)],
            thick: draw.range(0.4, 0.9),
        }
    }

    pub(crate) fn solid(&self) -> Solid {
        let material = if self.metal { Material::Steel } else { Material::Glass };
        let thick = if self.metal { self.thick } else { 1.8 * self.thick };
        Solid::new(tapered(self.ends[0], self.ends[1], thick, 0.4 * thick), material, "foreign_body")
    }
}

/// A ring around the middle of a phalanx, on the skin.
pub(crate) fn ring(part: &Part, anatomy: &Anatomy) -> Solid {
    let (middle, breadth) = part.section(0.42);
    Solid::new(band(middle, part.axis, breadth + 4.6 * anatomy.flesh, [3.4, 1.1]), Material::Steel, "ring")
}
