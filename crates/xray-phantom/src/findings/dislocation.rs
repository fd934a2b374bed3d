use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::geometry::{Motion, Point, add, dot, scale, sub, unit};
use crate::mesh::Mesh;
use crate::region::Region;
use crate::skeleton::{Part, Skeleton};

/// A joint whose bones no longer meet: one has moved, with all that hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Dislocation {
    /// The joint.
    pub joint: DislocatedJoint,
    /// Where the far bone went.
    pub direction: Direction,
    /// How far, in millimetres of the patient.
    pub displacement_mm: f32,
    /// In the frame at rest.
    #[serde(skip)]
    shift: Point,
    /// About the middle of the joint: an axis and degrees.
    #[serde(skip)]
    turn: (Point, f32),
    #[serde(skip)]
    center: Point,
    /// How much of the bone is the end that left the joint.
    #[serde(skip)]
    reach: f32,
}

/// A joint that may be dislocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DislocatedJoint {
    /// Humerus and shoulder blade.
    Shoulder,
    /// Forearm and humerus.
    Elbow,
    /// A finger at its base, by its ray.
    Metacarpophalangeal(u8),
    /// A finger at its first joint, by its ray.
    ProximalInterphalangeal(u8),
    /// Femur and pelvis, or the head of a prosthesis and its cup.
    Hip,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// To the front; of a shoulder below the coracoid.
    Anterior,
    /// To the feet, the arm raised.
    Inferior,
    /// To the back; of a finger dorsal.
    Posterior,
}

impl DislocatedJoint {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shoulder => "shoulder",
            Self::Elbow => "elbow",
            Self::Metacarpophalangeal(_) => "metacarpophalangeal",
            Self::ProximalInterphalangeal(_) => "proximal_interphalangeal",
            Self::Hip => "hip",
        }
    }

    /// The bones that leave it; others hang on them.
    fn moves(self, bone: Bone) -> bool {
        match self {
            Self::Shoulder => bone == Bone::Humerus,
            Self::Elbow => matches!(bone, Bone::Radius | Bone::Ulna),
            Self::Metacarpophalangeal(ray) => bone == Bone::ProximalPhalanx(ray),
            Self::ProximalInterphalangeal(ray) => bone == Bone::MiddlePhalanx(ray),
            Self::Hip => bone == Bone::Femur,
        }
    }
}

impl Direction {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anterior => "anterior",
            Self::Inferior => "inferior",
            Self::Posterior => "posterior",
        }
    }
}

impl Dislocation {
    /// Whether a joint of this part of the body may be dislocated.
    pub(crate) fn is_of(region: &Region) -> bool {
        use BodyPart::{Elbow, Finger, Hand, Hip, Pelvis, Shoulder};
        matches!(region.part, Shoulder | Elbow | Finger | Hand | Hip | Pelvis)
    }

    /// One of the region, of the finger of that ray where one is given and can be.
    pub(crate) fn draw(
        region: &Region,
        ray: Option<u8>,
        skeleton: &Skeleton,
        anatomy: &Anatomy,
        draw: &mut Draw,
    ) -> Option<Self> {
        let joint = match region.part {
            BodyPart::Shoulder => DislocatedJoint::Shoulder,
            BodyPart::Elbow => DislocatedJoint::Elbow,
            BodyPart::Hip | BodyPart::Pelvis => DislocatedJoint::Hip,
            BodyPart::Finger | BodyPart::Hand => {
                let drawn = 2 + draw.below(4) as u8;
                let ray = ray.filter(|ray| *ray > 1).unwrap_or(drawn);
                if draw.chance(0.7) {
                    DislocatedJoint::ProximalInterphalangeal(ray)
                } else {
                    DislocatedJoint::Metacarpophalangeal(ray)
                }
            }
            _ => return None,
        };
        let part = skeleton.parts.iter().find(|part| joint.moves(part.bone))?;
        let usual = draw.chance(0.85);
        let mut between = |low: f32, high: f32| draw.range(low, high);
        // Of a limb x points to the middle of the body, y up and z to the front; of a hand y to the finger tips.
        let (direction, shift, axis, degrees, reach) = match (joint, usual) {
            (DislocatedJoint::Shoulder, true) => {
                let shift = [between(24.0, 31.0), -between(20.0, 30.0), between(10.0, 18.0)];
                (Direction::Anterior, shift, [0.0, 0.0, 1.0], -between(8.0, 22.0), 26.0)
            }
            (DislocatedJoint::Shoulder, false) => {
                let shift = [between(4.0, 12.0), -between(38.0, 46.0), between(0.0, 6.0)];
                (Direction::Inferior, shift, [0.0, 0.0, 1.0], -between(70.0, 95.0), 26.0)
            }
            (DislocatedJoint::Elbow, _) => {
                let shift = [between(-4.0, 4.0), between(14.0, 24.0), -between(22.0, 30.0)];
                (Direction::Posterior, shift, [1.0, 0.0, 0.0], between(0.0, 8.0), 28.0)
            }
            (DislocatedJoint::Hip, true) => {
                let shift = [-between(12.0, 22.0), between(26.0, 38.0), -between(14.0, 24.0)];
                (Direction::Posterior, shift, [0.0, 0.0, 1.0], between(6.0, 16.0), 27.0)
            }
            (DislocatedJoint::Hip, false) => {
                let shift = [between(16.0, 24.0), -between(30.0, 40.0), between(12.0, 20.0)];
                (Direction::Anterior, shift, [0.0, 0.0, 1.0], -between(14.0, 26.0), 27.0)
            }
            _ => {
                let back = scale([0.0, 0.0, -1.0], between(6.0, 8.5));
                let shift = add(back, scale(part.axis, -between(2.5, 6.0)));
                (Direction::Posterior, shift, [1.0, 0.0, 0.0], -between(0.0, 25.0), 9.0)
            }
        };
        let size = anatomy.size;
        Some(Self {
            joint,
            direction,
            displacement_mm: dot(shift, shift).sqrt() * size,
            shift,
            turn: (unit(axis), degrees),
            center: match joint {
                DislocatedJoint::Hip => crate::knee::HIP,
                DislocatedJoint::Shoulder => super::prosthesis::SHOULDER,
                DislocatedJoint::Elbow => [-16.0, 0.0, 0.0],
                _ => part.joint,
            },
            reach,
        })
    }

    /// How `bone` leaves its joint.
    pub(crate) fn motion(&self, bone: Bone) -> Option<Motion> {
        self.joint.moves(bone).then(|| {
            let (axis, degrees) = self.turn;
            Motion::rotation(axis, degrees, self.center).then(&Motion::translation(self.shift))
        })
    }

    /// The end of a bone that left the joint.
    pub(crate) fn end(&self, part: &Part, outer: &Mesh) -> Option<Mesh> {
        let from = |p: Point| sub(p, self.center);
        let near = |p: Point| self.reach - dot(from(p), from(p)).sqrt();
        self.joint.moves(part.bone).then(|| outer.kept(near)).filter(|mesh| !mesh.triangles.is_empty())
    }
}
