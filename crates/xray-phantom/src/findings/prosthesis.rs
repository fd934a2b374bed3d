use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::geometry::{Point, add, dot, scale, sub, unit};
use crate::knee::HIP;
use crate::mesh::Mesh;
use crate::region::Region;
use crate::skeleton::Part;
use crate::solid::{Material, Solid, ellipsoid, lathe, rod, tapered, tube};

/// Metal in place of the ends of the bones of a joint. What it replaces is cut from the bones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prosthesis {
    /// The joint.
    pub joint: ReplacedJoint,
    /// Shape, from 0 to 1: size of the head, length of the stem.
    #[serde(skip)]
    shape: [f32; 2],
}

/// A joint that may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplacedJoint {
    /// Cup, head and stem.
    Hip,
    /// Both condyles and the top of the tibia.
    Knee,
    /// The head of the humerus.
    Shoulder,
}

impl ReplacedJoint {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hip => "hip",
            Self::Knee => "knee",
            Self::Shoulder => "shoulder",
        }
    }

    /// The joint that may be replaced in a part of the body.
    pub(crate) fn of(region: &Region) -> Option<Self> {
        match region.part {
            BodyPart::Hip | BodyPart::Pelvis => Some(Self::Hip),
            BodyPart::Knee if !region.aim.is_bilateral() => Some(Self::Knee),
            BodyPart::Shoulder => Some(Self::Shoulder),
            _ => None,
        }
    }

    /// Whether it replaces a part of `bone`.
    pub(crate) fn takes(self, bone: Bone) -> bool {
        match self {
            Self::Hip => matches!(bone, Bone::Femur | Bone::HipBone),
            Self::Knee => matches!(bone, Bone::Femur | Bone::Tibia),
            Self::Shoulder => bone == Bone::Humerus,
        }
    }
}

/// The youngest with a replaced joint, in years.
const YOUNGEST: u32 = 50;
/// The middle of the head of the humerus at rest.
pub(super) const SHOULDER: Point = [-12.0, 296.5, -5.0];
/// Where the stem of a shoulder lies.
const ARM: [Point; 3] = [[-13.0, 272.0, -4.0], [-14.0, 250.0, -3.0], [-14.0, 198.0, -2.0]];
/// How far above its lowest point the femur is cut for a knee, and where the tibia is, from the knee's middle.
const CONDYLES: f32 = 4.0;
const PLATEAU: f32 = -9.0;

impl Prosthesis {
    pub(crate) fn draw(joint: ReplacedJoint, anatomy: &Anatomy, draw: &mut Draw) -> Option<Self> {
        let shape = [(); 2].map(|()| draw.range(0.0, 1.0));
        (anatomy.age_months >= YOUNGEST * 12).then_some(Self { joint, shape })
    }

    /// What is left of a bone, positive there.
    pub(crate) fn left(&self, bone: Bone) -> Option<fn(Point) -> f32> {
        match (self.joint, bone) {
            (ReplacedJoint::Hip, Bone::Femur) => Some(|p| -dot(sub(p, neck(36.0)), toward_head())),
            (ReplacedJoint::Shoulder, Bone::Humerus) => Some(|p| -above_cut(p)),
            (ReplacedJoint::Knee, Bone::Femur) => Some(|p| p[1] - CONDYLES),
            (ReplacedJoint::Knee, Bone::Tibia) => Some(|p| PLATEAU - p[1]),
            _ => None,
        }
    }

    /// The metal on a bone; `real` is a millimetre of the patient at rest.
    pub(crate) fn solids(&self, part: &Part, real: f32) -> Vec<Solid> {
        let bodies = match (self.joint, part.bone) {
            (ReplacedJoint::Hip, Bone::Femur) => self.stem(part, real),
            (ReplacedJoint::Hip, Bone::HipBone) => vec![(cup(real), Material::Titanium)],
            (ReplacedJoint::Shoulder, Bone::Humerus) => self.shoulder(real),
            (ReplacedJoint::Knee, Bone::Femur) => condyles(&part.mesh),
            (ReplacedJoint::Knee, Bone::Tibia) => tray(&part.mesh, real),
            _ => Vec::new(),
        };
        bodies.into_iter().map(|(mesh, material)| Solid::new(mesh, material, "prosthesis")).collect()
    }

    /// Of a hip: head, neck, and the stem in the shaft.
    fn stem(&self, part: &Part, real: f32) -> Vec<(Mesh, Material)> {
        let [head, long] = self.shape;
        let [low, high] = part.mesh.extent(part.axis);
        let shaft = |height: f32| part.section((-height - low) / (high - low)).0;
        let tip = 290.0 - 40.0 * long;
        let top = neck(37.0);
        let upper = shaft(335.0);
        let middle = add(scale(add(top, upper), 0.5), [-3.0, 0.0, 0.0]);
        let path = [
            (top, 10.5 * real),
            (middle, 10.0 * real),
            (upper, 7.0 * real),
            (shaft(0.5 * (335.0 + tip)), 5.8 * real),
            (shaft(tip), 4.2 * real),
        ];
        vec![
            (tube(&path), Material::Titanium),
            (rod(neck(38.0), HIP, 6.0 * real), Material::Steel),
            (
                ellipsoid(HIP, [0.0, 1.0, 0.0], [(13.5 + 2.5 * head) * real; 3], [1.0, 0.0, 0.0]),
                Material::Steel,
            ),
        ]
    }

    /// Of a shoulder: half a ball, and the stem in the shaft.
    fn shoulder(&self, real: f32) -> Vec<(Mesh, Material)> {
        let [head, long] = self.shape;
        let ball = ellipsoid(SHOULDER, [0.0, 1.0, 0.0], [(22.5 + 2.0 * head) * real; 3], [1.0, 0.0, 0.0]);
        let tip = add(ARM[2], [0.0, 20.0 * long, 0.0]);
        let path = [(SHOULDER, 9.0 * real), (ARM[0], 7.5 * real), (ARM[1], 5.2 * real), (tip, 3.8 * real)];
        vec![(ball.kept(above_cut), Material::Steel), (tube(&path), Material::Titanium)]
    }
}

/// From the shaft of the femur along its neck to the middle of its head.
pub(crate) fn toward_head() -> Point {
    unit([36.0, 40.0, 10.0])
}

/// A point of the neck, so far from the middle of the head.
fn neck(from_head: f32) -> Point {
    sub(HIP, scale(toward_head(), from_head))
}

/// How far a point lies beyond the cut through the neck of the humerus.
fn above_cut(p: Point) -> f32 {
    let out = unit([0.75, 0.6, -0.3]);
    dot(sub(p, SHOULDER), out) - 3.0
}

/// Half a shell that opens outwards, down and a little to the front.
fn cup(real: f32) -> Mesh {
    let [outer, inner] = [25.0, 21.5].map(|radius| radius * real);
    let arc = |radius: f32, step: usize| {
        let (sin, cos) = (90.0 * step as f32 / 8.0).to_radians().sin_cos();
        [-radius * cos, radius * sin]
    };
    let profile: Vec<[f32; 2]> =
        (0..=8).map(|step| arc(outer, step)).chain((0..=8).rev().map(|step| arc(inner, step))).collect();
    lathe(HIP, unit([-0.7, -0.68, 0.2]), &profile)
}

/// The lowest part of the femur, and a shield before and behind it.
fn condyles(femur: &Mesh) -> Vec<(Mesh, Material)> {
    let below = femur.kept(|p| CONDYLES - p[1]);
    let above = femur.kept(|p| p[1] - CONDYLES);
    let behind = above.kept(|p| 28.0 - p[1]).kept(|p| -19.0 - p[2]);
    let before = above.kept(|p| 40.0 - p[1]).kept(|p| p[2] - 21.0);
    [below, behind, before].into_iter().map(|mesh| (mesh, Material::Steel)).collect()
}

/// A plate on the tibia with a keel.
fn tray(tibia: &Mesh, real: f32) -> Vec<(Mesh, Material)> {
    let plate = tibia.kept(|p| PLATEAU - p[1]).kept(|p| p[1] - PLATEAU + 3.5 * real);
    let [top, end] = [[-3.0, PLATEAU - 1.0, -6.0], [-2.0, PLATEAU - 42.0 * real, -2.0]];
    vec![(plate, Material::Titanium), (tapered(end, top, 5.5 * real, 8.0 * real), Material::Titanium)]
}
