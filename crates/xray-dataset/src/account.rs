use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ImageFault, NearDuplicate, Split};

/// What became of every file, study and report of an archive.
///
/// Each is counted once: `found` is the sum of `kept` and of everything left out. Items are named by
/// keyed pseudonym, so an account holds no identifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The image files.
    pub files: Tally,
    /// The studies that the files make.
    pub studies: Tally,
    /// The reports.
    pub reports: Tally,
    /// What was written, by split.
    pub splits: BTreeMap<Split, SplitCount>,
    /// Frames after the first of multi-frame files; they are not stored.
    pub further_frames: u64,
    /// The image files that were kept with burned-in text painted over.
    pub masked: Vec<Masked>,
    /// Images of different splits that look the same. Nothing is left out for it.
    pub near_duplicates: Vec<NearDuplicate>,
    /// Everything that was left out, with its cause.
    pub left_out: Vec<LeftOut>,
}

/// How many items there were and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All of them.
    pub found: u64,
    /// Those in the output.
    pub kept: u64,
    /// The others, by cause.
    pub left_out: BTreeMap<Cause, u64>,
}

/// What one split holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitCount {
    /// Patients.
    pub patients: u64,
    /// Samples: paired studies.
    pub samples: u64,
    /// Images.
    pub images: u64,
}

/// One image in which burned-in text was painted over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// The pseudonym of its file.
    pub id: String,
    /// In how many places.
    pub regions: u64,
    /// How many characters stood there, as far as the gate could tell.
    pub characters: u64,
}

/// One item that is not in the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What it is.
    pub kind: ItemKind,
    /// Its pseudonym under the archive's key; [`ShardBuilder::trace`](crate::ShardBuilder::trace) writes
    /// a table from these to paths.
    pub id: String,
    /// Why.
    pub cause: Cause,
}

/// The kinds of item that an [`Account`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// An image file.
    File,
    /// A study.
    Study,
    /// A report, or a line of the list of reports that is none.
    Report,
}

/// Why an item is not in the output.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Where image files are looked for stands a link, a pipe or a device, which is not followed.
    #[error("a link or a device, not a file")]
    NoFile,
    /// A header or a report names no patient.
    #[error("no patient is named")]
    NoPatient,
    /// A header names no study.
    #[error("no study is named")]
    NoStudy,
    /// A study or a report has no date.
    #[error("there is no date")]
    NoDate,
    /// A file is not an acquired image: a screen capture, a dose report, a directory.
    #[error("not an acquired image, by its SOP class")]
    NotAcquired,
    /// An image has too much text burned in.
    #[error("text is burned in")]
    BurnedInText,
    /// The gate could not judge an image, which is then not trusted.
    #[error("burned-in text could not be looked for")]
    GateFailed,
    /// The study that a file belongs to is left out, for the cause given there.
    #[error("its study is left out")]
    StudyLeftOut,
    /// Every image of a study is left out, for the causes given there.
    #[error("none of its images is kept")]
    NoImageLeft,
    /// The patient has no report on the day of the study.
    #[error("no report on that day")]
    ImageOnly,
    /// The patient has no study on the day of the report.
    #[error("no study on that day")]
    ReportOnly,
    /// On that day the patient has several studies or reports, and not as many of one as of the other.
    #[error("the studies and reports of that day do not match in number")]
    AmbiguousCount,
    /// On that day the patient has several studies and as many reports, but their order is not known.
    #[error("the order of the studies or reports of that day is not known")]
    AmbiguousOrder,
    /// A document is not a radiology report.
    #[error("not a radiology report")]
    NotRadiology,
    /// A document is of a kind that is not read.
    #[error("a kind of document that is not read")]
    OtherKind,
    /// A line of the list of reports cannot be read.
    #[error("the line is damaged")]
    DamagedRow,
    /// A report has the identifier of an earlier one.
    #[error("the identifier was seen before")]
    RepeatedId,
    /// A report of the same patient and day has the same text.
    #[error("another report of that day has the same text")]
    RepeatedText,
    /// The file of a report's text is missing, cannot be read or holds something else.
    #[error("the text cannot be read")]
    NoText,
    /// A report is empty, as a PDF of scanned pages is.
    #[error("the text is empty")]
    EmptyText,
    /// The report transform (de-identification) refused the report.
    #[error("the report was refused by its transform")]
    Refused,
    /// A file gives no image.
    #[error(transparent)]
    #[serde(untagged)]
    Image(#[from] ImageFault),
}

impl Tally {
    pub(crate) fn leave_out(&mut self, cause: Cause) {
        *self.left_out.entry(cause).or_default() += 1;
    }
}

impl Account {
    pub(crate) fn leave_out(&mut self, kind: ItemKind, id: String, cause: Cause) {
        let tally = match kind {
            ItemKind::File => &mut self.files,
            ItemKind::Study => &mut self.studies,
            ItemKind::Report => &mut self.reports,
        };
        tally.leave_out(cause);
        self.left_out.push(LeftOut { kind, id, cause });
    }

    /// Whether every item is accounted for: found = kept + left out, for files, studies and reports.
    pub fn is_complete(&self) -> bool {
        [&self.files, &self.studies, &self.reports]
            .iter()
            .all(|tally| tally.found == tally.kept + tally.left_out.values().sum::<u64>())
    }
}

/// A page to be read.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, tally) in [("files", &self.files), ("studies", &self.studies), ("reports", &self.reports)]
        {
            writeln!(f, "{name}: {} found, {} kept", tally.found, tally.kept)?;
            for (cause, count) in &tally.left_out {
                writeln!(f, "  {count} left out: {cause}")?;
            }
        }
        if !self.masked.is_empty() {
            writeln!(f, "images with text painted over: {}", self.masked.len())?;
        }
        if !self.near_duplicates.is_empty() {
            writeln!(f, "images that look like one of another split: {}", self.near_duplicates.len())?;
        }
        if self.further_frames > 0 {
            writeln!(f, "frames after the first, not stored: {}", self.further_frames)?;
        }
        for (split, SplitCount { patients, samples, images }) in &self.splits {
            writeln!(f, "{split}: {patients} patients, {samples} studies with a report, {images} images")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_plain_names_in_json() {
        let mut account = Account::default();
        account.leave_out(ItemKind::File, "f1".into(), ImageFault::DamagedPixels.into());
        account.leave_out(ItemKind::Report, "r1".into(), Cause::AmbiguousOrder);
        let json = serde_json::to_string(&account).unwrap();
        assert!(json.contains(r#""left_out":{"damaged_pixels":1}"#), "{json}");
        assert!(json.contains(r#""left_out":{"ambiguous_order":1}"#), "{json}");
        assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
        assert!(!account.is_complete());
    }
}
