use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::{Bone, Carpal};
use crate::draw::Draw;
use crate::geometry::{Motion, Point, add, dot, scale, sub};
use crate::skeleton::Part;
use crate::solid::{Material, Solid, ellipsoid};

/// A worn joint: its bones lie closer, have spurs at the edge and are denser below it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Osteoarthritis {
    /// The joint.
    pub joint: Joint,
    /// By how much its bones lie closer, in millimetres of the patient.
    pub narrowing_mm: f32,
    #[serde(skip)]
    narrowing: f32,
    /// By how much the base of the thumb slid off, at rest.
    #[serde(skip)]
    slid: f32,
    /// The height of the spurs, at rest.
    #[serde(skip)]
    spur: f32,
}

/// A joint that wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Joint {
    /// Between radius and carpus.
    Radiocarpal,
    /// At the base of the thumb.
    Trapeziometacarpal,
}

impl Joint {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Radiocarpal => "radiocarpal",
            Self::Trapeziometacarpal => "trapeziometacarpal",
        }
    }
}

/// A part of a surface pushed outwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bump {
    center: Point,
    push: Point,
    width: f32,
}

impl Bump {
    pub(crate) fn new(center: Point, push: Point, width: f32) -> Self {
        Self { center, push, width }
    }

    pub(crate) fn apply(&self, p: Point) -> Point {
        let from = sub(p, self.center);
        add(p, scale(self.push, (-dot(from, from) / (self.width * self.width)).exp()))
    }
}

impl Osteoarthritis {
    pub(crate) fn draw(part: BodyPart, anatomy: &Anatomy, draw: &mut Draw) -> Self {
        let thumb = draw.chance(if part == BodyPart::Wrist { 0.45 } else { 0.8 });
        let joint = if thumb { Joint::Trapeziometacarpal } else { Joint::Radiocarpal };
        // The joints are 1.7 and 3.5 mm wide at rest, cartilage included.
        let narrowing = if thumb { draw.range(0.8, 1.5) } else { draw.range(1.5, 3.0) };
        Self {
            joint,
            narrowing_mm: narrowing * anatomy.size,
            narrowing,
            slid: draw.range(0.5, 3.0),
            spur: draw.range(2.6, 4.6),
        }
    }

    /// How `bone` moves against the bone that carries it.
    pub(crate) fn shift(&self, bone: Bone, axis: Point) -> Motion {
        match (self.joint, bone) {
            (Joint::Radiocarpal, Bone::Carpal(_)) => Motion::translation([0.0, -self.narrowing, 0.0]),
            (Joint::Trapeziometacarpal, Bone::Metacarpal(1)) => {
                Motion::translation(add(scale(axis, -self.narrowing), [self.slid, 0.0, -0.5 * self.slid]))
            }
            _ => Motion::IDENTITY,
        }
    }

    /// Where spurs grow, as directions from the middle of the bone.
    pub(crate) fn bumps(&self, part: &Part) -> Vec<Bump> {
        let [side, back, axis] = [part.around(0.0), part.around(-90.0), part.axis];
        let mix = |a: f32, b: f32, c: f32| add(scale(side, a), add(scale(back, b), scale(axis, c)));
        let directions: &[Point] = match (self.joint, part.bone) {
            (Joint::Radiocarpal, Bone::Radius) => {
                &[mix(1.0, 0.0, 0.9), mix(0.0, 1.0, 1.0), mix(-1.0, 0.0, 1.5)]
            }
            (Joint::Radiocarpal, Bone::Carpal(Carpal::Scaphoid)) => &[mix(1.0, 0.2, -0.2)],
            (Joint::Trapeziometacarpal, Bone::Carpal(Carpal::Trapezium)) => {
                &[mix(1.0, 0.0, 0.5), mix(-0.4, -0.6, 0.8)]
            }
            (Joint::Trapeziometacarpal, Bone::Metacarpal(1)) => &[mix(1.0, 0.0, -2.0), mix(-1.0, 0.0, -2.0)],
            _ => &[],
        };
        directions
            .iter()
            .map(|direction| {
                let push = crate::geometry::unit(*direction);
                Bump { center: part.farthest(push), push: scale(push, self.spur), width: 2.4 }
            })
            .collect()
    }

    /// Dense bone below the cartilage.
    pub(crate) fn solids(&self, part: &Part) -> Vec<Solid> {
        let (level, half) = match (self.joint, part.bone) {
            (Joint::Radiocarpal, Bone::Radius) => (0.945, [2.2, 10.0, 7.0]),
            (Joint::Trapeziometacarpal, Bone::Carpal(Carpal::Trapezium)) => (0.8, [1.8, 5.0, 5.0]),
            (Joint::Trapeziometacarpal, Bone::Metacarpal(1)) => (0.07, [1.8, 5.0, 5.0]),
            _ => return Vec::new(),
        };
        let (middle, _) = part.section(level);
        let body = ellipsoid(middle, part.axis, half, part.around(0.0));
        vec![Solid::new(body, Material::Dense(0.034), "osteoarthritis")]
    }
}
