use xray_core::{PatientId, PseudonymKey, StudyId};

/// Digits of a pseudonym: 64 bits, so that a million of them hardly collide, and as many as an
/// AccessionNumber may have.
pub(crate) const DIGITS: usize = 16;

/// The name of a patient in shards and in de-identified headers.
pub(crate) fn of_patient(key: &PseudonymKey, patient: &PatientId) -> String {
    key.pseudonym("patient", patient.as_str(), DIGITS)
}

/// The name of a study in shards and in de-identified headers. Accession numbers are unique within one
/// hospital only, so the patient counts too.
pub(crate) fn of_study(key: &PseudonymKey, patient: &PatientId, study: &StudyId) -> String {
    let digest = key.derive("study", &[patient.as_str().as_bytes(), study.as_str().as_bytes()]);
    digest[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect()
}
