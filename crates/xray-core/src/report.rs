use std::fmt;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::{PatientId, ReportId, Sex};

/// The kinds of document that an archive of patient records mixes. Only [`ReportKind::Radiology`] is
/// paired with images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportKind {
    /// What a radiologist wrote about images.
    #[default]
    Radiology,
    /// A note of a consultation.
    Consultation,
    /// A letter about a stay in hospital.
    Hospitalisation,
    /// A protocol of an operation.
    Operation,
}

/// Whom a report is about, as the archive's own records know it. Everything is optional: what is
/// given is looked for in the text in every spelling.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatientIdentity {
    /// The hospital's number of the patient; also what surrogates and the date shift depend on.
    pub id: Option<PatientId>,
    /// First names, in order.
    pub first_names: Vec<String>,
    /// Family name, with its particle.
    pub last_name: Option<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Sex, which a surrogate first name keeps.
    pub sex: Option<Sex>,
    /// National number (NISS, NIR).
    pub national_id: Option<String>,
}

impl fmt::Debug for PatientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatientIdentity")
            .field("first_names", &self.first_names.len())
            .finish_non_exhaustive()
    }
}

/// A text of the archive with what is needed to de-identify it and to pair it with a study.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Names the report.
    pub id: ReportId,
    /// What it says.
    pub text: String,
    /// What sort of document it is.
    #[serde(default)]
    pub kind: ReportKind,
    /// Whom it is about, where the archive knows.
    #[serde(default)]
    pub patient: Option<PatientIdentity>,
    /// The day of the examination.
    #[serde(default)]
    pub date: Option<Date>,
    /// The time of day, which orders the reports of one day.
    #[serde(default)]
    pub time: Option<Time>,
}

impl Report {
    /// A radiology report of an unknown patient and day.
    pub fn new(id: ReportId, text: impl Into<String>) -> Self {
        Self { id, text: text.into(), kind: ReportKind::default(), patient: None, date: None, time: None }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("bytes", &self.text.len())
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
