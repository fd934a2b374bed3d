//! A small archive, written with dicom-object: what `xray-phantom` makes in earnest.

use std::fs;
use std::path::{Path, PathBuf};

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use xray_core::{PseudonymKey, Report, ReportTransform};

pub(crate) const NAME: &str = "DUPONTEL";

/// One DICOM file of the archive.
pub(crate) struct File<'a> {
    pub(crate) patient: &'a str,
    pub(crate) study: &'a str,
    pub(crate) date: &'a str,
    pub(crate) time: &'a str,
    pub(crate) number: i32,
    pub(crate) sop_class: &'a str,
    pub(crate) photometric: &'a str,
    pub(crate) side: u16,
}

impl Default for File<'_> {
    fn default() -> Self {
        Self {
            patient: "P1",
            study: "A1",
            date: "20200301",
            time: "0900",
            number: 1,
            sop_class: uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
            photometric: "MONOCHROME2",
            side: 24,
        }
    }
}

impl File<'_> {
    /// Values from 0 at the left to 4095 at the right.
    pub(crate) fn object(&self) -> InMemDicomObject {
        let side = self.side;
        let pixels: Vec<u16> = (0..u32::from(side) * u32::from(side))
            .map(|i| ((i % u32::from(side)) * 4095 / u32::from(side - 1)) as u16)
            .collect();
        let uid = format!("2.25.{}{}{}", self.number, self.study.len(), self.patient.len());
        let name = format!("{NAME}^{}", self.patient);
        let number = self.number.to_string();
        let text: [(Tag, VR, &str); 16] = [
            (tags::SOP_CLASS_UID, VR::UI, self.sop_class),
            (tags::SOP_INSTANCE_UID, VR::UI, &uid),
            (tags::STUDY_DATE, VR::DA, self.date),
            (tags::STUDY_TIME, VR::TM, self.time),
            (tags::ACCESSION_NUMBER, VR::SH, self.study),
            (tags::PATIENT_NAME, VR::PN, &name),
            (tags::PATIENT_ID, VR::LO, self.patient),
            (tags::PATIENT_SEX, VR::CS, "F"),
            (tags::PATIENT_AGE, VR::AS, "093Y"),
            (tags::BODY_PART_EXAMINED, VR::CS, "HAND"),
            (tags::MANUFACTURER, VR::LO, "Maker"),
            (tags::MANUFACTURER_MODEL_NAME, VR::LO, "Salle 2"),
            (tags::VIEW_POSITION, VR::CS, "PA"),
            (tags::LATERALITY, VR::CS, "L"),
            (tags::INSTANCE_NUMBER, VR::IS, &number),
            (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, self.photometric),
        ];
        let numbers: [(Tag, u16); 7] = [
            (tags::ROWS, side),
            (tags::COLUMNS, side),
            (tags::SAMPLES_PER_PIXEL, 1),
            (tags::BITS_ALLOCATED, 16),
            (tags::BITS_STORED, 12),
            (tags::HIGH_BIT, 11),
            (tags::PIXEL_REPRESENTATION, 0),
        ];
        let mut object = InMemDicomObject::from_element_iter(
            text.iter().map(|(tag, vr, value)| DataElement::new(*tag, *vr, PrimitiveValue::from(*value))),
        );
        for (tag, value) in numbers {
            object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        }
        object.put(DataElement::new(tags::PIXEL_SPACING, VR::DS, PrimitiveValue::from("0.5\\0.25")));
        object.put(DataElement::new(tags::WINDOW_CENTER, VR::DS, PrimitiveValue::from("2048")));
        object.put(DataElement::new(tags::WINDOW_WIDTH, VR::DS, PrimitiveValue::from("4096")));
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())));
        object
    }

    pub(crate) fn write(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        self.object().with_meta(meta).unwrap().write_to_file(path).unwrap();
    }
}

/// An archive of `patients` patients with two studies each, of one and two images, and a report for each.
pub(crate) fn write_archive(folder: &Path, patients: usize) {
    let mut rows = String::new();
    for patient in 0..patients {
        let id = format!("PAT{patient:03}");
        for (study, date) in [("1", "20200301"), ("2", "20210405")] {
            let accession = format!("ACC{patient:03}{study}");
            for number in 0..study.parse().unwrap() {
                let file =
                    File { patient: &id, study: &accession, date, number: number + 1, ..File::default() };
                file.write(&folder.join(format!("pacs/{id}/{accession}/{number}.dcm")));
            }
            let day = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
            rows += &format!(
                r#"{{"id": "R{accession}", "text": "Mme {NAME} : main gauche {accession}.", "date": "{day}", "patient": {{"id": "{id}"}}}}"#
            );
            rows.push('\n');
        }
    }
    fs::create_dir_all(folder.join("ehr")).unwrap();
    fs::write(folder.join("ehr/index.jsonl"), rows).unwrap();
}

/// Takes the name of the patient, as the headers know it, and every accession number out of a report.
pub(crate) struct Eraser;

impl ReportTransform for Eraser {
    type Error = std::fmt::Error;

    fn apply(&self, mut report: Report) -> Result<Report, Self::Error> {
        let name =
            report.patient.as_ref().and_then(|patient| patient.last_name.clone()).ok_or(std::fmt::Error)?;
        report.text = report.text.replace(&name, "X");
        report.text = report.text.split("ACC").next().unwrap().to_owned();
        Ok(report)
    }
}

pub(crate) fn key() -> PseudonymKey {
    PseudonymKey::new(b"a key of the tests")
}

/// Every file below a folder with its bytes, by path.
pub(crate) fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()));
    }
    found.sort();
    found
}
