use std::collections::HashMap;
use std::sync::LazyLock;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

/// What becomes of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It is kept as it is; a sequence is kept with its items cleaned.
    Keep,
    /// It is removed.
    Remove,
    /// It is kept without a value.
    Empty,
    /// It gets a value that says nothing.
    Dummy,
    /// It gets a new identifier.
    NewUid,
    /// It is kept with its date shifted.
    Shift,
    /// Its words are de-identified as a report's are.
    CleanText,
}

/// Table E.1-1 of PS3.15, edition 2026c (`scripts/fixtures/ps3_15_table.py`).
static TABLE: LazyLock<HashMap<Tag, Action>> = LazyLock::new(|| {
    let rows = include_str!("../../assets/ps3.15-table-e.1-1.txt").lines();
    rows.filter_map(|row| {
        let (tag, action) = row.split_once(' ')?;
        let number = |range| u16::from_str_radix(tag.get(range)?, 16).ok();
        // Where the action depends on the kind of object, the one that leaves every kind valid.
        let action = match action {
            "X" => Action::Remove,
            "U" | "X/Z/U*" => Action::NewUid,
            "Z" | "X/Z" => Action::Empty,
            _ => Action::Dummy,
        };
        Some((Tag(number(0..4)?, number(4..8)?), action))
    })
    .collect()
});

/// The attributes whose words the Clean Descriptors Option keeps, cleaned, as far as radiography has them.
const DESCRIPTORS: &[Tag] = &[
    tags::STUDY_DESCRIPTION,
    tags::SERIES_DESCRIPTION,
    tags::ADMITTING_DIAGNOSES_DESCRIPTION,
    tags::DERIVATION_DESCRIPTION,
    tags::ADDITIONAL_PATIENT_HISTORY,
    tags::ALLERGIES,
    tags::MEDICAL_ALERTS,
    tags::PATIENT_COMMENTS,
    tags::PROTOCOL_NAME,
    tags::ACQUISITION_PROTOCOL_DESCRIPTION,
    tags::ACQUISITION_DEVICE_PROCESSING_DESCRIPTION,
    tags::CONTRAST_BOLUS_AGENT,
    tags::IMAGE_COMMENTS,
    tags::FRAME_COMMENTS,
    tags::REQUESTED_PROCEDURE_DESCRIPTION,
    tags::REQUESTED_PROCEDURE_COMMENTS,
    tags::REASON_FOR_THE_REQUESTED_PROCEDURE,
    tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION,
    tags::PERFORMED_PROCEDURE_STEP_DESCRIPTION,
    tags::COMMENTS_ON_THE_PERFORMED_PROCEDURE_STEP,
    tags::VISIT_COMMENTS,
    // Retired, and still in archives: Acquisition Comments, Reason for Study, Study Comments, Reason for the
    // Imaging Service Request.
    Tag(0x0018, 0x4000),
    Tag(0x0032, 0x1030),
    Tag(0x0032, 0x4000),
    Tag(0x0040, 0x2001),
];

/// What the Retain Patient Characteristics Option keeps of numbers and codes. The age is capped elsewhere.
const CHARACTERISTICS: &[Tag] =
    &[tags::PATIENT_SEX, tags::PATIENT_AGE, tags::PATIENT_SIZE, tags::PATIENT_WEIGHT];

/// The action for an attribute: private ones, curves and overlays go; then the options kept here (Clean
/// Descriptors, Retain Patient Characteristics, Retain Longitudinal Temporal Information with Modified
/// Dates); then the table; then what the kind of value says.
pub(super) fn action(tag: Tag, vr: VR) -> Action {
    let group = tag.group();
    // Group lengths, which no longer hold, go as well.
    if tag.element() == 0 || group % 2 == 1 || matches!(group, 0x5000..=0x50FF | 0x6000..=0x60FF) {
        return Action::Remove;
    }
    if DESCRIPTORS.contains(&tag) {
        return Action::CleanText;
    }
    if CHARACTERISTICS.contains(&tag) {
        return Action::Keep;
    }
    if tag == tags::PATIENT_BIRTH_DATE {
        return Action::Empty;
    }
    match (vr, TABLE.get(&tag)) {
        (VR::DA | VR::DT, _) => Action::Shift,
        (VR::TM, _) => Action::Keep,
        (VR::PN, None) => Action::Empty,
        // An attribute that not even the dictionary knows: its bytes may be anything.
        (VR::UN, _) => Action::Remove,
        // References lead to other objects of the archive and keep leading there.
        (VR::SQ, Some(Action::NewUid | Action::Dummy)) => Action::Keep,
        (VR::UI, _) => Action::NewUid,
        (_, Some(action)) => *action,
        (_, None) => Action::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_reads_as_the_standard() {
        assert!(TABLE.len() > 600, "{}", TABLE.len());
        assert_eq!(TABLE[&tags::PATIENT_NAME], Action::Empty);
        assert_eq!(TABLE[&tags::PATIENT_ADDRESS], Action::Remove);
        assert_eq!(TABLE[&tags::SOP_INSTANCE_UID], Action::NewUid);
        assert_eq!(action(tags::STUDY_DATE, VR::DA), Action::Shift);
        assert_eq!(action(tags::PIXEL_DATA, VR::OW), Action::Keep);
        assert_eq!(action(Tag(0x0019, 0x1001), VR::LO), Action::Remove);
        assert_eq!(action(Tag(0x6002, 0x0022), VR::LO), Action::Remove);
        assert_eq!(action(tags::INSTITUTION_NAME, VR::LO), TABLE[&tags::INSTITUTION_NAME]);
    }
}
