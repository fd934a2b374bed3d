use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::{Bone, Carpal};
use crate::draw::Draw;
use crate::geometry::{Point, add, dot, scale, sub};
use crate::skeleton::Part;
use crate::solid::{Material, Solid, ellipsoid};

/// A place in a bone where there is too little bone, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Lesion {
    /// The bone.
    pub bone: Bone,
    /// Its greatest diameter in millimetres of the patient.
    pub size_mm: f32,
    /// Whether a thin dense line surrounds it.
    pub rim: bool,
    /// Where along the bone: 0 at its proximal end, 1 at the distal.
    pub level: f32,
    #[serde(skip)]
    sclerotic: bool,
    #[serde(skip)]
    pub(crate) center: Point,
    /// Half axes: along the bone, to the side, to the palm.
    #[serde(skip)]
    half: [f32; 3],
    #[serde(skip)]
    frame: [Point; 2],
}

/// Half of the greatest breadth of a lesion, in millimetres at rest; the bones of a hand are slimmer.
const LARGEST: f32 = 13.0;

impl Lesion {
    pub(crate) fn bone(part: BodyPart, anatomy: &Anatomy, draw: &mut Draw) -> Bone {
        let ray = 1 + draw.below(5) as u8;
        let carpal = [Carpal::Lunate, Carpal::Capitate, Carpal::Scaphoid][draw.below(3)];
        let kind = draw.weighted(&[0.3, 0.45, 0.25]);
        let grown = anatomy.ossified(Bone::Carpal(carpal)) > 0.9;
        match (part, kind) {
            (BodyPart::Wrist, 0) if grown => Bone::Carpal(carpal),
            (BodyPart::Wrist, _) => Bone::Radius,
            (_, 0) => Bone::Metacarpal(ray),
            (_, 1) => Bone::ProximalPhalanx(ray),
            _ if ray > 1 => Bone::MiddlePhalanx(ray),
            _ => Bone::Metacarpal(1),
        }
    }

    pub(crate) fn draw(
        sclerotic: bool,
        part: &Part,
        levels: Option<[f32; 2]>,
        anatomy: &Anatomy,
        draw: &mut Draw,
    ) -> Self {
        let [low, high] = part.mesh.extent(part.axis);
        let length = high - low;
        let level = match part.bone {
            _ if levels.is_some() => {
                let [from, to] = levels.unwrap_or_default();
                draw.range(from, to)
            }
            Bone::Radius => 1.0 - draw.range(15.0, 30.0) / length,
            Bone::Carpal(_) => 0.5,
            _ => draw.range(0.32, 0.68),
        };
        let (middle, breadth) = part.section(level);
        let [least, most] = if sclerotic { [0.45, 0.75] } else { [0.6, 0.85] };
        let across = (breadth * draw.range(least, most)).min(LARGEST);
        // Holes in the small tubular bones are long.
        let [short, long] = match part.bone {
            _ if sclerotic => [1.0, 1.15],
            Bone::Carpal(_) => [0.9, 1.1],
            Bone::Radius => [1.0, 1.7],
            _ => [1.4, 2.2],
        };
        let half =
            [across * draw.range(short, long), across * draw.range(0.8, 1.0), across * draw.range(0.7, 0.9)];
        let shift = scale(part.around(draw.range(0.0, 360.0)), (breadth - across).max(0.0) * 0.4);
        Self {
            bone: part.bone,
            size_mm: 2.0 * half.iter().copied().fold(0.0, f32::max) * anatomy.size,
            rim: !sclerotic && draw.chance(0.6),
            level,
            sclerotic,
            center: add(middle, shift),
            half,
            frame: [part.axis, part.around(0.0)],
        }
    }

    pub(crate) fn solids(&self) -> Vec<Solid> {
        let name = if self.sclerotic { "sclerotic_lesion" } else { "lytic_lesion" };
        let body =
            |grow: f32| ellipsoid(self.center, self.frame[0], self.half.map(|h| h + grow), self.frame[1]);
        if self.sclerotic {
            // Denser to the middle.
            let core = ellipsoid(self.center, self.frame[0], self.half.map(|h| 0.7 * h), self.frame[1]);
            return vec![
                Solid::new(body(0.0), Material::Dense(0.05), name),
                Solid::new(core, Material::Dense(0.04), name),
            ];
        }
        let mut solids = vec![Solid::new(body(0.0), Material::Void, name)];
        if self.rim {
            solids.push(Solid::new(body(0.7), Material::Dense(0.05), name));
            solids.push(Solid::new(body(0.0), Material::Dense(-0.05), name));
        }
        solids
    }

    /// How much of the cortex is left around a lytic lesion.
    pub(crate) fn thinned(&self, p: Point) -> f32 {
        let from = sub(p, self.center);
        let along = dot(from, self.frame[0]) / (self.half[0] + 1.5);
        // The cortex lies beside the lesion, whatever the distance across.
        (0.5 + 0.5 * along * along).min(1.0)
    }
}
