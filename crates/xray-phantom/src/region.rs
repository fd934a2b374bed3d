//! The parts of the body that can be imaged, and what is particular to each.

use xray_core::{BodyPart, View};

use crate::bone::{Bone, Carpal};
use crate::geometry::Point;
use crate::skeleton::Limb;

/// A bone that breaks, how often, and where along it; the bone says where if this does not.
pub(crate) type Break = (Bone, f32, Option<[f32; 2]>);

/// One part of the body.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) part: BodyPart,
    pub(crate) limb: Limb,
    /// The first view, the second, and another in place of the second.
    pub(crate) views: [View; 3],
    /// How often the second view is not the other one.
    pub(crate) second: f64,
    pub(crate) aim: Aim,
    /// What breaks.
    pub(crate) breaks: &'static [Break],
    /// Photons against those for a hand.
    pub(crate) dose: f32,
    /// Attenuation against that for a hand: thick parts are imaged at a higher voltage.
    pub(crate) hardness: f32,
    /// Body Part Examined (DICOM PS3.16, annex L).
    pub(crate) dicom: &'static str,
    /// After a noun, with the gender of what bears the side.
    pub(crate) of: (&'static str, bool),
}

/// What the detector covers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// Millimetres to each side of a point, above and below it, least and most.
    Around { center: Point, breadth: [f32; 2], above: [f32; 2], below: [f32; 2] },
    /// The hand with a piece of the forearm.
    Hand,
    /// One finger, of rays 2 to 5.
    Finger,
    /// These bones, with a margin.
    Bones(&'static [Bone]),
    /// Both knees in one image.
    BothKnees,
    /// Both legs in one image.
    BothLegs,
}

impl Aim {
    /// Whether both sides are in one image.
    pub(crate) fn is_bilateral(self) -> bool {
        matches!(self, Self::BothKnees | Self::BothLegs)
    }
}

const fn around(center: Point, breadth: [f32; 2], above: [f32; 2], below: [f32; 2]) -> Aim {
    Aim::Around { center, breadth, above, below }
}

const AP: [View; 3] = [View::Ap, View::Lateral, View::Lateral];

/// What breaks of a knee.
const KNEE: &[Break] = &[
    (Bone::Tibia, 0.4, Some([0.05, 0.1])),
    (Bone::Femur, 0.25, Some([0.86, 0.92])),
    (Bone::Patella, 0.25, Some([0.35, 0.65])),
    (Bone::Fibula, 0.1, Some([0.06, 0.13])),
];

/// Hand and wrist, which every hospital here has, then the others.
pub(crate) static REGIONS: [Region; 14] = [
    Region {
        part: BodyPart::Wrist,
        limb: Limb::Hand,
        views: [View::Pa, View::Lateral, View::Oblique],
        second: 0.8,
        aim: around([0.0; 3], [36.0, 44.0], [36.0, 62.0], [42.0, 70.0]),
        breaks: &[
            (Bone::Radius, 0.68, None),
            (Bone::Ulna, 0.17, None),
            (Bone::Carpal(Carpal::Scaphoid), 0.15, None),
        ],
        dose: 1.0,
        hardness: 1.0,
        dicom: "WRIST",
        of: ("du poignet", false),
    },
    Region {
        part: BodyPart::Hand,
        limb: Limb::Hand,
        views: [View::Pa, View::Oblique, View::Lateral],
        second: 0.75,
        aim: Aim::Hand,
        breaks: &[],
        dose: 1.0,
        hardness: 1.0,
        dicom: "HAND",
        of: ("de la main", true),
    },
    Region {
        part: BodyPart::Finger,
        limb: Limb::Hand,
        views: [View::Pa, View::Oblique, View::Lateral],
        second: 0.6,
        aim: Aim::Finger,
        breaks: &[],
        dose: 1.0,
        hardness: 1.0,
        dicom: "FINGER",
        of: ("d'un doigt de la main", true),
    },
    Region {
        part: BodyPart::Forearm,
        limb: Limb::Arm,
        views: AP,
        second: 1.0,
        aim: Aim::Bones(&[Bone::Radius, Bone::Ulna]),
        breaks: &[(Bone::Radius, 0.55, Some([0.3, 0.85])), (Bone::Ulna, 0.45, Some([0.3, 0.85]))],
        dose: 2.0,
        hardness: 0.95,
        dicom: "FOREARM",
        of: ("de l'avant-bras", false),
    },
    Region {
        part: BodyPart::Elbow,
        limb: Limb::Arm,
        views: AP,
        second: 1.0,
        aim: around([-8.0, 0.0, 0.0], [48.0, 56.0], [60.0, 80.0], [60.0, 80.0]),
        breaks: &[
            (Bone::Radius, 0.5, Some([0.05, 0.12])),
            (Bone::Humerus, 0.3, Some([0.86, 0.93])),
            (Bone::Ulna, 0.2, Some([0.04, 0.1])),
        ],
        dose: 2.0,
        hardness: 0.95,
        dicom: "ELBOW",
        of: ("du coude", false),
    },
    Region {
        part: BodyPart::Humerus,
        limb: Limb::Arm,
        views: AP,
        second: 1.0,
        aim: Aim::Bones(&[Bone::Humerus]),
        breaks: &[(Bone::Humerus, 1.0, Some([0.3, 0.75]))],
        dose: 4.0,
        hardness: 0.85,
        dicom: "HUMERUS",
        of: ("de l'humérus", false),
    },
    Region {
        part: BodyPart::Shoulder,
        limb: Limb::Arm,
        views: [View::Ap, View::Oblique, View::Oblique],
        second: 1.0,
        aim: around([28.0, 285.0, 0.0], [80.0, 92.0], [60.0, 80.0], [90.0, 120.0]),
        breaks: &[(Bone::Humerus, 0.65, Some([0.1, 0.2])), (Bone::Clavicle, 0.35, Some([0.35, 0.7]))],
        dose: 6.0,
        hardness: 0.75,
        dicom: "SHOULDER",
        of: ("de l'épaule", true),
    },
    Region {
        part: BodyPart::Hip,
        limb: Limb::Leg,
        views: [View::Ap, View::Oblique, View::Oblique],
        second: 1.0,
        aim: around([-5.0, 415.0, 0.0], [90.0, 105.0], [80.0, 110.0], [110.0, 150.0]),
        breaks: &[(Bone::Femur, 1.0, Some([0.07, 0.2]))],
        dose: 40.0,
        hardness: 0.6,
        dicom: "HIP",
        of: ("de la hanche", true),
    },
    Region {
        part: BodyPart::Pelvis,
        limb: Limb::Leg,
        views: [View::Ap; 3],
        second: 1.0,
        aim: around([MIDLINE, 462.0, -10.0], [165.0, 182.0], [138.0, 152.0], [132.0, 152.0]),
        breaks: &[
            (Bone::Femur, 0.5, Some([0.07, 0.2])),
            (Bone::HipBone, 0.25, Some([0.84, 0.9])),
            (Bone::HipBone, 0.15, Some([0.67, 0.7])),
            (Bone::Sacrum, 0.1, Some([0.1, 0.35])),
        ],
        dose: 40.0,
        hardness: 0.6,
        dicom: "PELVIS",
        of: ("du bassin", false),
    },
    Region {
        part: BodyPart::Femur,
        limb: Limb::Leg,
        views: AP,
        second: 1.0,
        aim: Aim::Bones(&[Bone::Femur]),
        breaks: &[(Bone::Femur, 1.0, Some([0.3, 0.8]))],
        dose: 25.0,
        hardness: 0.65,
        dicom: "FEMUR",
        of: ("du fémur", false),
    },
    Region {
        part: BodyPart::Knee,
        limb: Limb::Leg,
        views: [View::Ap; 3],
        second: 1.0,
        aim: Aim::BothKnees,
        breaks: KNEE,
        dose: 12.0,
        hardness: 0.75,
        dicom: "KNEE",
        of: ("des deux genoux", false),
    },
    Region {
        part: BodyPart::LowerLeg,
        limb: Limb::Leg,
        views: AP,
        second: 1.0,
        aim: Aim::Bones(&[Bone::Tibia, Bone::Fibula]),
        breaks: &[(Bone::Tibia, 0.75, Some([0.35, 0.85])), (Bone::Fibula, 0.25, Some([0.3, 0.8]))],
        dose: 6.0,
        hardness: 0.8,
        dicom: "LEG",
        of: ("de la jambe", true),
    },
    Region {
        part: BodyPart::Ankle,
        limb: Limb::Leg,
        views: AP,
        second: 1.0,
        aim: around([-5.0, -375.0, -5.0], [50.0, 60.0], [65.0, 90.0], [55.0, 65.0]),
        breaks: &[(Bone::Fibula, 0.65, Some([0.86, 0.94])), (Bone::Tibia, 0.35, Some([0.88, 0.95]))],
        dose: 3.0,
        hardness: 0.9,
        dicom: "ANKLE",
        of: ("de la cheville", true),
    },
    Region {
        part: BodyPart::FullLeg,
        limb: Limb::Leg,
        views: [View::Ap; 3],
        second: 1.0,
        aim: Aim::BothLegs,
        breaks: &[
            (Bone::Femur, 0.35, Some([0.3, 0.8])),
            (Bone::Femur, 0.2, Some([0.07, 0.2])),
            (Bone::Tibia, 0.3, Some([0.35, 0.85])),
            (Bone::Fibula, 0.15, Some([0.3, 0.8])),
        ],
        dose: 30.0,
        hardness: 0.65,
        dicom: "LEG",
        of: ("des membres inférieurs", false),
    },
];

/// One knee, after an accident.
pub(crate) static ONE_KNEE: Region = Region {
    part: BodyPart::Knee,
    limb: Limb::Leg,
    views: AP,
    second: 1.0,
    aim: around([0.0, 8.0, 0.0], [60.0, 72.0], [85.0, 110.0], [85.0, 110.0]),
    breaks: KNEE,
    dose: 6.0,
    hardness: 0.8,
    dicom: "KNEE",
    of: ("du genou", false),
};

/// Where the middle of the body lies beside the right knee at rest, in millimetres.
pub(crate) const MIDLINE: f32 = 76.957;

impl Region {
    /// The region of a part of the body; nothing if it cannot be imaged here.
    pub(crate) fn of(part: BodyPart) -> Option<&'static Self> {
        REGIONS.iter().find(|region| region.part == part)
    }

    /// Whether the other half of the pelvis is drawn too.
    pub(crate) fn has_pelvis(&self) -> bool {
        matches!(self.part, BodyPart::Hip | BodyPart::Pelvis)
    }

    /// Whether an image shows both sides.
    pub(crate) fn shows_both(&self) -> bool {
        self.aim.is_bilateral() || self.part == BodyPart::Pelvis
    }

    /// Whether it is one of the two that every hospital has.
    pub(crate) fn is_usual(&self) -> bool {
        matches!(self.part, BodyPart::Hand | BodyPart::Wrist)
    }
}
