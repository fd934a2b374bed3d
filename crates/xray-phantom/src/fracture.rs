use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::{Bone, Carpal};
use crate::draw::Draw;
use crate::findings::toward_head;
use crate::geometry::{Motion, Point, add, cross, dot, scale, sub, unit};
use crate::knee::HIP;
use crate::mesh::Mesh;
use crate::region::{Break, Region};
use crate::skeleton::{Limb, Part};

/// A break of one bone: what was cut off, and how far it moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fracture {
    /// The bone.
    pub bone: Bone,
    /// How far the fragment slid along the cut, in millimetres of the patient.
    pub displacement_mm: f32,
    /// By how much it turned, in degrees.
    pub angle_deg: f32,
    /// How far it was pushed into the shaft, in millimetres; negative where it was pulled off.
    pub impaction_mm: f32,
    /// The angle between the cut and a plane across the bone, in degrees; of a spiral that of its line.
    pub obliquity_deg: f32,
    /// Where along the bone the cut lies: 0 at its proximal end, 1 at the distal.
    pub level: f32,
    #[serde(skip)]
    cut: Cut,
}

/// A kind of break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FractureKind {
    /// Across the bone, up to 15 degrees.
    Transverse,
    /// Up to 45 degrees.
    Oblique,
    /// The line winds once around the shaft and runs along it where its ends meet.
    Spiral,
    /// Pushed into the shaft by more than 0.8 mm.
    Impacted,
    /// A tip pulled off.
    Avulsed,
}

impl FractureKind {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transverse => "transverse",
            Self::Oblique => "oblique",
            Self::Spiral => "spiral",
            Self::Impacted => "impacted",
            Self::Avulsed => "avulsed",
        }
    }
}

/// Up to this level a femur breaks through its neck.
const NECK: f32 = 0.13;
/// Up to this level a hip bone breaks through the acetabulum, beyond it through the two rami of the pubis.
pub(crate) const ACETABULUM: f32 = 0.75;
/// From the middle of the neck to its edge, in millimetres at rest.
const NECK_BREADTH: f32 = 16.0;
/// Half the breadth of what breaks of a pelvis, and how far it may move, in millimetres at rest.
const PELVIC: [f32; 2] = [12.0, 6.0];
/// How far the end of a bone beside another may move sideways, in millimetres at rest.
const HELD: f32 = 12.0;
/// How far the ankle of a leg that is imaged as a whole may, and how far it is below the knee.
const STANDING: [f32; 2] = [60.0, 375.0];
/// How far a spiral climbs by radian at most, as a share of the bone.
const MOST_CLIMB: f32 = 0.035;

#[derive(Debug, Clone, PartialEq)]
struct Cut {
    point: Point,
    normal: Point,
    /// How far the cut climbs along `normal` by radian around it; 0 for a plane.
    climb: f32,
    /// Amplitude of the ragged edge, its wave numbers and phases.
    jag: [f32; 5],
    motion: Motion,
}

impl Fracture {
    /// Whether the fragment has moved by less than a reader would measure.
    pub fn is_undisplaced(&self) -> bool {
        self.displacement_mm < 1.0 && self.angle_deg < 5.0
    }

    /// How `p` lies to the cut: positive in the fragment.
    pub(crate) fn side(&self, p: Point) -> f32 {
        let Cut { point, normal, climb, jag, .. } = &self.cut;
        let from = sub(p, *point);
        let across = unit(cross(*normal, [0.31, 0.2, 0.93]));
        let other = cross(*normal, across);
        let wave = (jag[1] * dot(from, across) + jag[3]).sin() + (jag[2] * dot(from, other) + jag[4]).sin();
        let rough = dot(from, *normal) + jag[0] * wave;
        if *climb == 0.0 {
            return rough;
        }
        let turn = dot(from, other).atan2(dot(from, across));
        (rough + climb * turn) * self.obliquity_deg.to_radians().cos()
    }

    /// A surface fine enough to be cut.
    pub(crate) fn prepared(&self, mesh: Mesh) -> Mesh {
        let Cut { point, normal, climb, .. } = &self.cut;
        let reach = std::f32::consts::PI * climb.abs() + 8.0;
        if *climb == 0.0 { mesh } else { mesh.refined(4.0, |p| dot(sub(p, *point), *normal).abs() < reach) }
    }

    /// Where the fragment went, in the frame at rest.
    pub(crate) fn motion(&self) -> &Motion {
        &self.cut.motion
    }

    /// Whether `bone`, which hangs on the broken one, goes with the fragment.
    pub(crate) fn carries(&self, bone: Bone) -> bool {
        !matches!(self.bone, Bone::Ulna | Bone::Carpal(_) | Bone::Fibula | Bone::Clavicle)
            && bone != Bone::Fibula
    }

    /// What of a pelvis is broken, as labels say it; nothing of another bone.
    pub fn site(&self) -> Option<&'static str> {
        match self.bone {
            Bone::HipBone if self.level < ACETABULUM => Some("acetabulum"),
            Bone::HipBone => Some("pubic_rami"),
            Bone::Sacrum => Some("sacral_ala"),
            _ => None,
        }
    }

    /// What kind of break its numbers make it.
    pub fn kind(&self) -> FractureKind {
        if self.bone == Bone::Ulna && self.level > 0.91 {
            FractureKind::Avulsed
        } else if self.impaction_mm > 0.8 {
            FractureKind::Impacted
        } else if self.cut.climb != 0.0 {
            FractureKind::Spiral
        } else if self.obliquity_deg > 15.0 {
            FractureKind::Oblique
        } else {
            FractureKind::Transverse
        }
    }

    /// The bone that breaks in an image of `part`: the distal radius most often, as in life. Only what is bone
    /// already can break.
    pub(crate) fn draw_bone(region: &Region, anatomy: &Anatomy, draw: &mut Draw) -> (Bone, Option<[f32; 2]>) {
        if region.part == BodyPart::Finger {
            let ray = 2 + draw.below(4) as u8;
            let bone = [Bone::ProximalPhalanx(ray), Bone::MiddlePhalanx(ray), Bone::DistalPhalanx(ray)];
            return (bone[draw.weighted(&[0.45, 0.3, 0.25])], None);
        }
        if region.limb != Limb::Hand {
            return Self::draw_break(region.breaks.iter(), draw);
        }
        (Self::draw_hand_bone(region.part, anatomy, draw), None)
    }

    /// A bone of arm or leg that has a shaft or is a block, and where along it something may be.
    pub(crate) fn draw_limb_bone(region: &Region, draw: &mut Draw) -> (Bone, Option<[f32; 2]>) {
        Self::draw_break(region.breaks.iter().filter(|(bone, ..)| !bone.is_of_pelvis()), draw)
    }

    fn draw_break<'a>(breaks: impl Iterator<Item = &'a Break>, draw: &mut Draw) -> (Bone, Option<[f32; 2]>) {
        let breaks: Vec<&Break> = breaks.collect();
        let weights: Vec<f32> = breaks.iter().map(|(_, weight, _)| *weight).collect();
        let (bone, _, levels) = breaks[draw.weighted(&weights)];
        (*bone, *levels)
    }

    fn draw_hand_bone(part: BodyPart, anatomy: &Anatomy, draw: &mut Draw) -> Bone {
        let scaphoid = Bone::Carpal(Carpal::Scaphoid);
        if part == BodyPart::Wrist {
            let bone = [Bone::Radius, Bone::Ulna, scaphoid][draw.weighted(&[0.8, 0.08, 0.12])];
            let brittle = !bone.is_carpal() || anatomy.ossified(bone) > 0.9;
            return if brittle { bone } else { Bone::Radius };
        }
        let ray = [1u8, 2, 3, 4, 5][draw.weighted(&[0.14, 0.16, 0.14, 0.19, 0.37])];
        match draw.weighted(&[0.48, 0.29, 0.14, 0.09]) {
            0 => Bone::Metacarpal(ray),
            1 => Bone::ProximalPhalanx(ray),
            2 if ray > 1 => Bone::MiddlePhalanx(ray),
            _ => Bone::DistalPhalanx(ray),
        }
    }

    /// A fracture of `part` of a patient, between `levels` or where that bone breaks.
    pub(crate) fn draw(
        region: &Region,
        part: &Part,
        levels: Option<[f32; 2]>,
        anatomy: &Anatomy,
        difficulty: f64,
        draw: &mut Draw,
    ) -> Self {
        let size = anatomy.size;
        let limb = part.limb != Limb::Hand;
        let grown = anatomy.growth_plate(part.bone).is_none();
        let level = levels.map(|[from, to]| draw.range(from, to));
        let plane = level.and_then(|level| Plane::of(part, level, draw));
        let axis = match (&plane, part.bone) {
            (Some(plane), _) => plane.axis,
            (_, Bone::Carpal(_)) => unit([0.45, 0.75, 0.48]),
            _ => part.axis,
        };
        let [low, high] = part.mesh.extent(axis);
        let length = high - low;
        // Millimetres from the distal end for the forearm, a share of the length elsewhere.
        let along = match (part.bone, level) {
            _ if plane.is_some() => plane.as_ref().map_or(0.0, |plane| plane.along),
            (_, Some(level)) => low + length * level,
            (Bone::Radius, _) => high - draw.range(11.0, 26.0),
            (Bone::Ulna, _) if draw.chance(0.6) && grown => high - draw.range(4.5, 8.0),
            (Bone::Ulna, _) => high - draw.range(14.0, 28.0),
            // Cartilage does not break here.
            (Bone::Metacarpal(_), _) if anatomy.ossified(part.bone) == 0.0 => {
                low + length * draw.range(0.45, 0.74)
            }
            (Bone::Metacarpal(_), _) => low + length * draw.range(0.45, 0.84),
            (Bone::Carpal(_), _) => low + length * draw.range(0.4, 0.65),
            _ => low + length * draw.range(0.25, 0.75),
        };
        // Meshes of limbs are too coarse to have corners everywhere.
        let near: Vec<Point> = if limb {
            part.mesh.outline(axis, along)
        } else {
            part.mesh.points.iter().copied().filter(|p| (dot(*p, axis) - along).abs() < 4.0).collect()
        };
        let sum = near.iter().fold([0.0; 3], |sum, p| add(sum, *p));
        let middle =
            plane.as_ref().map_or_else(|| scale(sum, 1.0 / near.len().max(1) as f32), |plane| plane.middle);
        let point = add(middle, scale(axis, along - dot(middle, axis)));
        let breadth = near.iter().map(|p| dot(sub(*p, point), sub(*p, point)).sqrt()).fold(1.0, f32::max);
        let breadth = plane.as_ref().map_or(breadth, |plane| plane.breadth);
        let pelvic = part.bone.is_of_pelvis();

        let side = unit(cross(axis, [0.0, 0.0, 1.0]));
        let palmar = cross(side, axis);
        let around = |degrees: f32| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            add(scale(side, cos), scale(palmar, sin))
        };
        let undisplaced = draw.chance(0.2 * difficulty);
        let small = matches!(part.bone, Bone::Carpal(_));
        let slide = if undisplaced {
            draw.range(0.0, 0.8)
        } else {
            let (least, cap) = match (small, limb) {
                (true, _) => (0.8, 2.6),
                _ if pelvic => (1.6, PELVIC[1]),
                (_, true) => (1.6, 14.0),
                _ => (1.6, 8.0),
            };
            let [from, to] = shown([least, (breadth * 0.85).clamp(2.2, cap)], difficulty);
            draw.range(from, to)
        };
        let [from, to] = match (undisplaced, small) {
            (true, _) => [0.0, 4.0],
            (_, true) => shown([3.0, 18.0], difficulty),
            _ if pelvic => shown([2.0, 9.0], difficulty),
            _ if limb => shown([6.0, 22.0], difficulty),
            _ if part.bone == Bone::Radius => shown([8.0, 28.0], difficulty),
            _ => shown([9.0, 34.0], difficulty),
        };
        let angle = draw.range(from, to);
        // The far end of a bone beside another is held by it.
        let standing = region.aim.is_bilateral() && part.bone == Bone::Femur;
        let held = match part.bone {
            _ if standing => STANDING[0],
            Bone::Fibula | Bone::Ulna | Bone::Clavicle if limb => HELD,
            Bone::Tibia => 2.0 * HELD,
            _ => f32::MAX,
        };
        let below = (high - along).max(1.0) + if standing { STANDING[1] } else { 0.0 };
        let angle = angle.min((held / below).atan().to_degrees());
        let impaction = if undisplaced {
            -draw.range(0.5, 1.0)
        } else if part.bone == Bone::Radius && draw.chance(0.55) {
            draw.range(0.8, 3.5)
        } else {
            -draw.range(0.5, 1.8)
        };
        let spiral = limb && (0.25..0.85).contains(&((along - low) / length)) && draw.chance(0.3);
        let spiral = spiral && part.bone != Bone::Patella && !pelvic;
        let obliquity = if spiral {
            draw.range(48.0, 62.0)
        } else if plane.is_some() || draw.chance(0.5) {
            draw.range(0.0, if pelvic { 8.0 } else { 15.0 })
        } else {
            draw.range(15.0, 42.0)
        };
        let tilted = Motion::rotation(around(draw.range(0.0, 360.0)), obliquity, [0.0; 3]).turn(axis);
        let normal = if spiral { axis } else { tilted };
        let steepest = MOST_CLIMB * length / breadth;
        let slope = obliquity.to_radians().tan().min(steepest);
        let (climb, obliquity) = if spiral {
            (breadth * slope * draw.sign(), slope.atan().to_degrees())
        } else {
            (0.0, obliquity)
        };
        // Slides are in the plane of the bone's breadth; a turn is more often to the palm or the back.
        let slide_direction = around(draw.range(0.0, 360.0));
        let turn_axis = around(draw.normal(0.0, 40.0));
        let signed_angle = angle * draw.sign();
        let moved = sub(scale(slide_direction, slide), scale(axis, impaction));
        let motion = Motion::rotation(turn_axis, signed_angle, point).then(&Motion::translation(moved));
        let jag = [
            draw.range(0.15, 0.6),
            draw.range(0.5, 1.1),
            draw.range(0.5, 1.1),
            draw.range(0.0, 6.2),
            draw.range(0.0, 6.2),
        ];
        Self {
            bone: part.bone,
            displacement_mm: slide * size,
            angle_deg: angle,
            impaction_mm: impaction * size,
            obliquity_deg: obliquity,
            level: level.unwrap_or((along - low) / length),
            cut: Cut { point, normal, climb, jag, motion },
        }
    }
}

/// Where a bone breaks that does not break across its long axis.
#[derive(Debug)]
struct Plane {
    /// Across the cut, to the fragment.
    axis: Point,
    /// The middle of what breaks, and how far along the axis it does.
    middle: Point,
    along: f32,
    breadth: f32,
}

impl Plane {
    fn of(part: &Part, level: f32, draw: &mut Draw) -> Option<Self> {
        if part.bone == Bone::Femur && level < NECK {
            // The neck lies across the shaft.
            let axis = scale(toward_head(), -1.0);
            let along = dot(HIP, axis) + draw.range(22.0, 26.0);
            return Some(Self { axis, middle: HIP, along, breadth: NECK_BREADTH });
        }
        let [low, high] = part.mesh.extent(part.axis);
        let height = -(low + (high - low) * level);
        let (axis, middle) = match part.bone {
            // Above the rami, through the roof of the socket.
            Bone::HipBone if level < ACETABULUM => ([0.25, -0.97, 0.0], [0.0, height, -5.0]),
            // The body of the pubis comes off both rami, and nothing of the ilium with it.
            Bone::HipBone => ([0.94, -0.34, 0.0], [50.0, height, 20.0]),
            // Beside the holes of the nerves.
            Bone::Sacrum => ([-1.0, 0.0, 0.0], [draw.range(44.0, 54.0), height, -50.0]),
            _ => return None,
        };
        let axis = unit(axis);
        Some(Self { axis, middle, along: dot(middle, axis), breadth: PELVIC[0] })
    }
}

/// The part of a range of movements that `difficulty` leaves: its upper half at 0, all of it at 0.5, its lower half
/// at 1.
fn shown([low, high]: [f32; 2], difficulty: f64) -> [f32; 2] {
    let (plainer, harder) = ((1.0 - 2.0 * difficulty).max(0.0), (2.0 * difficulty - 1.0).max(0.0));
    let half = (high - low) / 2.0;
    [low + plainer as f32 * half, high - harder as f32 * half]
}
