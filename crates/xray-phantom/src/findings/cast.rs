use serde::Serialize;
use xray_core::BodyPart;

use crate::bone::Bone;
use crate::draw::Draw;
use crate::field::Field;
use crate::flesh::STEP;
use crate::grain::Grain;
use crate::raster::Canvas;
use crate::region::{Aim, Region};

/// Attenuation of the shell, a millimetre: of plaster more than of flesh, of resin of the order of flesh. Chosen.
const PLASTER: f32 = 0.045;
const RESIN: f32 = 0.035;

/// A shell over padding: around wrist and palm; forearm and elbow; knee; leg; or ankle and foot.
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
    #[serde(skip)]
    part: BodyPart,
}

/// How far a cast of the wrist reaches towards the fingers and along the thumb, at rest.
const FINGERS_FREE: f32 = 66.0;
const THUMB_FREE: f32 = 42.0;
/// Where casts of arm and leg end, as heights at rest: on the upper arm; on thigh and shin around a knee; on the thigh
/// above a leg; on the shin above an ankle.
const UPPER_ARM: f32 = 110.0;
const AROUND_KNEE: [f32; 2] = [190.0, -300.0];
const THIGH: f32 = 150.0;
const SHIN: f32 = -60.0;

impl Cast {
    /// Whether this part of the body is put in casts.
    pub(crate) fn is_of(region: &Region) -> bool {
        use BodyPart::{Ankle, Elbow, Forearm, Hand, Knee, LowerLeg, Wrist};
        let limb = matches!(region.part, Hand | Wrist | Forearm | Elbow | LowerLeg | Ankle);
        limb || (region.part == Knee && !matches!(region.aim, Aim::BothKnees))
    }

    /// Between which heights at rest it covers a bone.
    pub(crate) fn covers(&self, bone: Bone) -> Option<[f32; 2]> {
        let (low, high) = match (self.part, bone) {
            (BodyPart::Hand | BodyPart::Wrist, Bone::Metacarpal(1)) => (f32::MIN, THUMB_FREE),
            (
                BodyPart::Hand | BodyPart::Wrist,
                Bone::Radius | Bone::Ulna | Bone::Carpal(_) | Bone::Metacarpal(_),
            ) => (f32::MIN, FINGERS_FREE),
            (BodyPart::Forearm | BodyPart::Elbow, Bone::Humerus) => (f32::MIN, UPPER_ARM),
            (BodyPart::Forearm | BodyPart::Elbow, Bone::Radius | Bone::Ulna | Bone::Carpal(_)) => {
                (f32::MIN, f32::MAX)
            }
            (BodyPart::Knee, Bone::Femur | Bone::Patella | Bone::Tibia | Bone::Fibula) => {
                (AROUND_KNEE[1], AROUND_KNEE[0])
            }
            (BodyPart::LowerLeg, Bone::Femur | Bone::Patella) => (f32::MIN, THIGH),
            (BodyPart::LowerLeg, Bone::Tibia | Bone::Fibula | Bone::Talus | Bone::Foot) => {
                (f32::MIN, f32::MAX)
            }
            (BodyPart::Ankle, Bone::Tibia | Bone::Fibula | Bone::Talus | Bone::Foot) => (f32::MIN, SHIN),
            _ => return None,
        };
        Some([low, high])
    }

    pub(crate) fn draw(region: &Region, draw: &mut Draw) -> Self {
        let plaster = draw.chance(0.6);
        let shell = if plaster { draw.range(3.5, 6.0) } else { draw.range(2.0, 3.2) };
        Self { plaster, padding: draw.range(2.5, 5.0), shell, texture: draw.bits(), part: region.part }
    }

    /// Adds the shell, whose length on the way of the ray is `shell`, to the attenuation, which is `hardness` times that of
    /// a hand.
    pub(crate) fn cover(&self, signal: &mut Canvas, shell: &Canvas, field: &Field, hardness: f32) {
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
                signal.data[y * field.width + x] += added * length * hardness;
            }
        }
    }
}
