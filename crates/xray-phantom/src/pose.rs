use xray_core::{BodyPart, View};

use crate::bone::Bone;
use crate::draw::Draw;
use crate::fracture::Fracture;
use crate::geometry::{Motion, cross, scale, unit};
use crate::knee::Knee;
use crate::region::Aim;
use crate::scene::Subject;
use crate::skeleton::Limb;

/// Where every bone of a limb lies before the X-ray tube: its joints bent, and the limb turned to the view.
#[derive(Debug)]
pub(crate) struct Pose {
    /// One motion a bone.
    pub(crate) bones: Vec<Motion>,
    /// Turns the posed limb to the view: the ray then runs along z, and -y is up in the image.
    pub(crate) view: Motion,
}

impl Pose {
    pub(crate) fn draw(subject: &Subject<'_>, view: View, draw: &mut Draw) -> Self {
        match subject.region.limb {
            Limb::Hand => Self::of_hand(subject, view, draw),
            Limb::Arm | Limb::Leg => Self::of_limb(subject, view, draw),
        }
    }

    /// Arm or leg: bent at elbow or knee, or straight.
    fn of_limb(subject: &Subject<'_>, view: View, draw: &mut Draw) -> Self {
        let Subject { skeleton, fracture, findings, region, .. } = *subject;
        let lateral = view == View::Lateral;
        // An elbow is bent for a lateral view; a standing leg is straight.
        let bend = match region.part {
            BodyPart::Elbow if lateral => draw.normal(-88.0, 4.0),
            BodyPart::Knee | BodyPart::FullLeg => 0.0,
            _ => draw.normal(0.0, 2.0),
        };
        let hinge = Motion::rotation([1.0, 0.0, 0.0], bend, [0.0; 3]);
        let size = subject.anatomy.size;
        let whole = region.part == BodyPart::FullLeg;
        // At rest the bones of the knee touch.
        let sound = Some(&Knee::SOUND)
            .filter(|_| matches!(region.part, BodyPart::Knee | BodyPart::Femur | BodyPart::LowerLeg));
        let shin = subject.knee.or(sound).map_or(Motion::IDENTITY, |knee| knee.motion(skeleton, size, whole));
        let hinge = match region.aim {
            Aim::Around { .. } if region.part == BodyPart::Knee && lateral => {
                Motion::rotation([1.0, 0.0, 0.0], draw.normal(24.0, 4.0), [0.0, 16.0, -6.0])
            }
            _ => hinge,
        };
        // Seen from the front the toes point down, so that the foot does not hide the ankle.
        let foot = match (region.part, view) {
            (BodyPart::Ankle | BodyPart::LowerLeg, View::Ap) => {
                Motion::rotation([1.0, 0.0, 0.0], draw.normal(30.0, 4.0), [0.0, -374.0, -8.0])
            }
            _ => Motion::IDENTITY,
        };
        let mut bones: Vec<Motion> = Vec::with_capacity(skeleton.parts.len());
        for piece in &skeleton.parts {
            let local = match piece.bone {
                Bone::Tibia => shin.then(&hinge),
                Bone::Radius | Bone::Ulna => hinge,
                Bone::Talus => foot,
                _ => Motion::IDENTITY,
            };
            let off = findings.dislocation.and_then(|dislocation| dislocation.motion(piece.bone));
            let local = off.map_or(local, |off| local.then(&off));
            let carried = piece.parent.map_or(Motion::IDENTITY, |parent| {
                let carries = |f: &&Fracture| f.bone == skeleton.parts[parent].bone && f.carries(piece.bone);
                fracture.filter(carries).map_or(bones[parent], |f| f.motion().then(&bones[parent]))
            });
            bones.push(local.then(&carried));
        }
        let turn = match view {
            View::Lateral => -90.0 + draw.normal(0.0, 4.0),
            View::Oblique => 38.0 + draw.normal(0.0, 6.0),
            _ => draw.normal(0.0, if region.shows_both() { 2.0 } else { 5.0 }),
        };
        let center = match region.aim {
            Aim::Around { center, .. } => center,
            _ => [0.0; 3],
        };
        let lean = if region.shows_both() { 0.8 } else { 4.0 };
        let view = Motion::translation(scale(center, -1.0))
            .then(&Motion::rotation([0.0, 1.0, 0.0], turn, [0.0; 3]))
            .then(&Motion::rotation([1.0, 0.0, 0.0], draw.normal(0.0, 2.0), [0.0; 3]))
            .then(&Motion::rotation([0.0, 0.0, 1.0], draw.normal(0.0, lean), [0.0; 3]));
        Self { bones, view }
    }

    fn of_hand(subject: &Subject<'_>, view: View, draw: &mut Draw) -> Self {
        let Subject { skeleton, fracture, findings, .. } = *subject;
        let part = subject.region.part;
        let lateral = view == View::Lateral;
        let flexion = draw.normal(if lateral { 0.0 } else { -3.0 }, 9.0);
        let deviation = draw.normal(0.0, 9.0);
        let curl = draw.range(0.0, 1.0);
        let spread = draw.normal(0.0, 0.7);
        let mut bones: Vec<Motion> = Vec::with_capacity(skeleton.parts.len());
        for (index, piece) in skeleton.parts.iter().enumerate() {
            let bend_axis = unit(cross(piece.axis, [0.0, 0.0, 1.0]));
            let small = draw.normal(0.0, 3.0);
            let local = match piece.bone {
                Bone::Carpal(_) => Motion::rotation([1.0, 0.0, 0.0], flexion, piece.joint)
                    .then(&Motion::rotation([0.0, 0.0, 1.0], deviation, piece.joint)),
                // At rest the thumb stands off the palm; on a table it lies beside it.
                Bone::Metacarpal(1) => Motion::rotation([0.0, 0.0, 1.0], small - 3.0, piece.joint)
                    .then(&Motion::rotation([0.0, 1.0, 0.0], draw.normal(32.0, 9.0), piece.joint)),
                Bone::ProximalPhalanx(ray) if ray > 1 => {
                    // In a lateral view the fingers are fanned out so that they do not cover each other.
                    let fan =
                        if lateral && part != BodyPart::Wrist { 13.0 * (4.5 - f32::from(ray)) } else { 0.0 };
                    let bend = fan + curl * 9.0 + small;
                    let apart = spread * 4.0 * (3.2 - f32::from(ray)) + draw.normal(0.0, 1.2);
                    Motion::rotation(bend_axis, bend, piece.joint).then(&Motion::rotation(
                        [0.0, 0.0, 1.0],
                        -apart,
                        piece.joint,
                    ))
                }
                Bone::MiddlePhalanx(_) | Bone::DistalPhalanx(_) | Bone::ProximalPhalanx(_) => {
                    Motion::rotation(bend_axis, curl * 12.0 + small, piece.joint)
                }
                _ => Motion::IDENTITY,
            };
            let worn = findings.osteoarthritis.map(|worn| worn.shift(piece.bone, piece.axis));
            let local = worn.map_or(local, |shift| local.then(&shift));
            let off = findings.dislocation.and_then(|dislocation| dislocation.motion(piece.bone));
            let local = off.map_or(local, |off| local.then(&off));
            let carried = piece.parent.map_or(Motion::IDENTITY, |parent| {
                let broken =
                    fracture.filter(|f| f.carries(piece.bone) && f.bone == skeleton.parts[parent].bone);
                broken.map_or(bones[parent], |f| f.motion().then(&bones[parent]))
            });
            bones.push(if index < 2 { Motion::IDENTITY } else { local.then(&carried) });
        }
        let turn = match view {
            View::Lateral => 90.0 + draw.normal(0.0, 4.0),
            View::Oblique => 42.0 + draw.normal(0.0, 6.0),
            _ => draw.normal(0.0, 5.0),
        };
        let lean = if draw.chance(0.15) { 16.0 } else { 6.0 };
        let view = Motion::rotation([0.0, 1.0, 0.0], turn, [0.0; 3])
            .then(&Motion::rotation([1.0, 0.0, 0.0], draw.normal(0.0, 3.0), [0.0; 3]))
            .then(&Motion::rotation([0.0, 0.0, 1.0], draw.normal(0.0, lean), [0.0; 3]));
        Self { bones, view }
    }
}
