use std::path::PathBuf;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::{Labels, PatientId, StudyId};

/// Sex as DICOM (0010,0040) writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// Female.
    #[serde(alias = "f", alias = "female")]
    F,
    /// Male.
    #[serde(alias = "m", alias = "male")]
    M,
}

/// The side of the body, as DICOM (0020,0060) and (0020,0062) name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Laterality {
    /// The patient's right.
    Right,
    /// The patient's left.
    Left,
    /// Both sides in one image.
    Both,
}

/// The projection of a radiograph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum View {
    /// Antero-posterior.
    Ap,
    /// Postero-anterior.
    Pa,
    /// From the side.
    Lateral,
    /// Between front and side.
    Oblique,
}

/// The part of the body that a radiograph shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BodyPart {
    /// One or more fingers.
    Finger,
    /// The hand.
    Hand,
    /// The wrist.
    Wrist,
    /// Radius and ulna.
    Forearm,
    /// The elbow.
    Elbow,
    /// The upper arm.
    Humerus,
    /// The shoulder.
    Shoulder,
    /// The spine, or a part of it.
    Spine,
    /// The pelvis with both hips.
    Pelvis,
    /// One hip.
    Hip,
    /// The thigh.
    Femur,
    /// The knee.
    Knee,
    /// Tibia and fibula.
    LowerLeg,
    /// The ankle.
    Ankle,
    /// The foot.
    Foot,
    /// Hip to ankle, standing.
    FullLeg,
    /// The chest.
    Chest,
}

/// One image of a study: where it lies and what its header says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRef {
    /// The file.
    pub path: PathBuf,
    /// The side shown, where it is known.
    #[serde(default)]
    pub laterality: Option<Laterality>,
    /// The projection, where it is known.
    #[serde(default)]
    pub view: Option<View>,
    /// The part of the body, where it is known.
    #[serde(default)]
    pub body_part: Option<BodyPart>,
    /// Which device made it, as far as its header tells devices apart. May name a hospital's room: not to be passed on.
    #[serde(default)]
    pub device: Option<String>,
}

/// One examination of one patient: its images, and what orders it among the patient's others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Names the study.
    pub id: StudyId,
    /// Whose study it is.
    pub patient: PatientId,
    /// The day of the examination.
    pub date: Option<Date>,
    /// The time of day, which orders the studies of one day.
    pub time: Option<Time>,
    /// Its images, in the order of acquisition.
    pub images: Vec<ImageRef>,
    /// What is known of it beside its report.
    #[serde(default)]
    pub labels: Labels,
}
