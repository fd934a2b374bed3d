use std::fmt;

use serde::{Deserialize, Serialize};

/// A bone of the phantom. Rays are counted from the thumb (1) to the little finger (5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Bone {
    /// The radius; its distal part, in a hand or wrist.
    Radius,
    /// The ulna; its distal part, in a hand or wrist.
    Ulna,
    /// A bone of the carpus.
    Carpal(Carpal),
    /// A metacarpal, by its ray.
    Metacarpal(u8),
    /// A proximal phalanx, by its ray.
    ProximalPhalanx(u8),
    /// A middle phalanx, by its ray (2 to 5).
    MiddlePhalanx(u8),
    /// A distal phalanx, by its ray.
    DistalPhalanx(u8),
    /// The bone of the upper arm.
    Humerus,
    /// The shoulder blade.
    Scapula,
    /// The collar bone.
    Clavicle,
    /// One half of the pelvis.
    HipBone,
    /// The bone of the thigh.
    Femur,
    /// The knee cap.
    Patella,
    /// The shin bone.
    Tibia,
    /// The slender bone beside it.
    Fibula,
    /// The bone between leg and foot.
    Talus,
    /// The rest of the tarsus with the metatarsals, in one.
    Foot,
    /// The toes, in one.
    Toes,
    /// The sacrum with the coccyx.
    Sacrum,
}

/// A bone of the carpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names of the bones say all")]
pub enum Carpal {
    Scaphoid,
    Lunate,
    Triquetrum,
    Pisiform,
    Trapezium,
    Trapezoid,
    Capitate,
    Hamate,
}

const CARPALS: [(Carpal, &str); 8] = [
    (Carpal::Scaphoid, "scaphoid"),
    (Carpal::Lunate, "lunate"),
    (Carpal::Triquetrum, "triquetrum"),
    (Carpal::Pisiform, "pisiform"),
    (Carpal::Trapezium, "trapezium"),
    (Carpal::Trapezoid, "trapezoid"),
    (Carpal::Capitate, "capitate"),
    (Carpal::Hamate, "hamate"),
];

const OTHERS: [(Bone, &str); 14] = [
    (Bone::Radius, "radius"),
    (Bone::Ulna, "ulna"),
    (Bone::Humerus, "humerus"),
    (Bone::Scapula, "scapula"),
    (Bone::Clavicle, "clavicle"),
    (Bone::HipBone, "hip_bone"),
    (Bone::Femur, "femur"),
    (Bone::Patella, "patella"),
    (Bone::Tibia, "tibia"),
    (Bone::Fibula, "fibula"),
    (Bone::Talus, "talus"),
    (Bone::Foot, "foot"),
    (Bone::Toes, "toes"),
    (Bone::Sacrum, "sacrum"),
];

impl Bone {
    /// The bone that [`Bone`]'s `Display` writes as `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some((carpal, _)) = CARPALS.iter().find(|(_, carpal)| *carpal == name) {
            return Some(Self::Carpal(*carpal));
        }
        if let Some((bone, _)) = OTHERS.iter().find(|(_, other)| *other == name) {
            return Some(*bone);
        }
        let (kind, ray) = name.rsplit_once('_')?;
        let ray = ray.parse().ok().filter(|ray| (1..=5).contains(ray))?;
        match kind {
            "metacarpal" => Some(Self::Metacarpal(ray)),
            "proximal_phalanx" => Some(Self::ProximalPhalanx(ray)),
            "middle_phalanx" if ray > 1 => Some(Self::MiddlePhalanx(ray)),
            "distal_phalanx" => Some(Self::DistalPhalanx(ray)),
            _ => None,
        }
    }

    /// The ray, for metacarpals and phalanges.
    pub fn ray(self) -> Option<u8> {
        match self {
            Self::Metacarpal(ray)
            | Self::ProximalPhalanx(ray)
            | Self::MiddlePhalanx(ray)
            | Self::DistalPhalanx(ray) => Some(ray),
            _ => None,
        }
    }

    /// Whether it is one of the eight bones of the carpus.
    pub fn is_carpal(self) -> bool {
        matches!(self, Self::Carpal(_))
    }

    /// Whether it is a bone of the pelvis.
    pub(crate) fn is_of_pelvis(self) -> bool {
        matches!(self, Self::HipBone | Self::Sacrum)
    }
}

impl fmt::Display for Bone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Carpal(carpal) => {
                f.write_str(CARPALS.iter().find(|(c, _)| c == carpal).map_or("carpal", |(_, name)| name))
            }
            Self::Metacarpal(ray) => write!(f, "metacarpal_{ray}"),
            Self::ProximalPhalanx(ray) => write!(f, "proximal_phalanx_{ray}"),
            Self::MiddlePhalanx(ray) => write!(f, "middle_phalanx_{ray}"),
            Self::DistalPhalanx(ray) => write!(f, "distal_phalanx_{ray}"),
            other => {
                f.write_str(OTHERS.iter().find(|(bone, _)| bone == other).map_or("bone", |(_, name)| name))
            }
        }
    }
}

impl From<Bone> for String {
    fn from(bone: Bone) -> Self {
        bone.to_string()
    }
}

impl TryFrom<String> for Bone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("no bone is called {name:?}"))
    }
}
