//! Growth plates of arm and leg.

use xray_core::{BodyPart, Sex};

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::findings::toward_head;
use crate::geometry::{Point, dot, scale, sub};
use crate::knee::HIP;
use crate::mesh::Mesh;

/// A growth plate: a lucent gap through a bone, until it closes. The epiphyses beyond are whole from the start, which
/// is wrong below some eight years.
#[derive(Debug, Clone, Copy)]
struct Plate {
    bone: Bone,
    /// Its height at rest in millimetres; that of the head of a femur lies across the neck.
    height: f32,
    /// The years at which it closes in girls and boys.
    closes: [f32; 2],
}

const fn plate(bone: Bone, height: f32, closes: [f32; 2]) -> Plate {
    Plate { bone, height, closes }
}

/// The middles of the ranges of these sources: distal femur 14-16 and 16-18 years (Wheeless' Textbook of Orthopaedics,
/// distal femoral physis); tibia and fibula after J Korean Orthop Assoc 1985;20:427-437 (abstract); head of the femur
/// 12-16 and 14-19 (Scheuer and Black 2004, as j-skel.com cites them); proximal humerus 12-19 and 15.75-20 (a handbook of
/// pediatric autopsy, postnatal milestones, page 977); distal humerus about 14, girls one to two years earlier (FIFA
/// Medical Network, elbow); the forearm as in a hand.
const PLATES: [Plate; 10] = [
    plate(Bone::Femur, HEAD, [14.0, 16.5]),
    plate(Bone::Femur, 27.0, [15.0, 17.0]),
    plate(Bone::Tibia, -17.0, [14.4, 16.1]),
    plate(Bone::Tibia, -358.0, [15.9, 16.2]),
    plate(Bone::Fibula, -40.0, [15.7, 16.5]),
    plate(Bone::Fibula, -366.0, [15.0, 15.7]),
    plate(Bone::Humerus, 288.0, [15.5, 17.9]),
    plate(Bone::Humerus, 12.0, [12.5, 14.0]),
    plate(Bone::Radius, -234.0, [16.0, 18.0]),
    plate(Bone::Ulna, -235.0, [16.0, 18.0]),
];
/// The height that stands for the plate of the head of a femur.
const HEAD: f32 = 415.0;
/// How far that plate is from the middle of the head.
const BELOW_HEAD: f32 = 13.0;

impl Plate {
    /// Its width in millimetres at rest, while it is open.
    fn gap(&self, anatomy: &Anatomy) -> Option<f32> {
        let [girls, boys] = self.closes;
        let left = if anatomy.sex == Sex::F { girls } else { boys } - anatomy.years();
        (left > 0.0).then(|| (0.55 + 0.14 * left).min(1.9))
    }

    /// How far a point lies beyond it; it is a little wavy, as in life.
    fn beyond(&self, p: Point) -> f32 {
        let wave = 0.8 * (0.25 * p[0]).sin();
        if self.height == HEAD {
            return dot(sub(p, sub(HIP, scale(toward_head(), BELOW_HEAD))), toward_head()) + 0.5 * wave;
        }
        p[1] - self.height + wave
    }
}

/// The pieces of a bone of arm or leg, whose surfaces are `shells`, between its open growth plates.
pub(crate) fn divided(bone: Bone, shells: [Mesh; 2], anatomy: &Anatomy) -> Vec<[Mesh; 2]> {
    let mut pieces = vec![shells];
    for plate in PLATES.iter().filter(|plate| plate.bone == bone) {
        let Some(gap) = plate.gap(anatomy) else { continue };
        let sides = |shells: &[Mesh; 2]| {
            [1.0, -1.0].map(|sign| [0, 1].map(|k| shells[k].kept(|p| sign * plate.beyond(p) - 0.5 * gap)))
        };
        pieces = pieces.iter().flat_map(sides).filter(|[outer, _]| !outer.triangles.is_empty()).collect();
    }
    pieces
}

/// Whether a growth plate is open in what an image of this part of arm or leg shows for certain.
pub(crate) fn seen_open(part: BodyPart, anatomy: &Anatomy) -> bool {
    let heights: &[f32] = match part {
        BodyPart::Shoulder | BodyPart::Humerus => &[288.0],
        BodyPart::Elbow => &[12.0],
        BodyPart::Forearm => &[-234.0],
        BodyPart::Hip | BodyPart::Pelvis => &[HEAD],
        BodyPart::Femur => &[HEAD, 27.0],
        BodyPart::Knee => &[27.0, -17.0],
        BodyPart::LowerLeg => &[-17.0, -358.0],
        BodyPart::Ankle => &[-358.0],
        BodyPart::FullLeg => &[HEAD, 27.0, -17.0, -358.0],
        _ => &[],
    };
    PLATES.iter().any(|plate| heights.contains(&plate.height) && plate.gap(anatomy).is_some())
}
