//! The DICOM file of a radiograph, with the identifying header that a real one has.

use std::path::Path;

use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use xray_core::jiff::civil::Date;
use xray_core::{BodyPart, Laterality, Sex, View, derive_seed};

use crate::lexicon::{RADIOLOGISTS, SITES};
use crate::radiograph::Radiograph;
use crate::study::PhantomStudy;
use crate::{Error, Result, rle};

/// Retired from the standard and still found in archives.
const OTHER_PATIENT_IDS: Tag = Tag(0x0010, 0x1000);

/// The bytes of image `number` of `study` as a DICOM file; `path` is named in errors.
pub(crate) fn encode(study: &PhantomStudy, number: usize, path: &Path) -> Result<Vec<u8>> {
    let image = study.radiograph(number)?;
    let fail =
        |source: Box<dyn std::error::Error + Send + Sync>| Error::Dicom { path: path.to_owned(), source };
    let class = if image.device.modality == "CR" {
        uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE
    } else {
        uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION
    };
    let instance = uid(study, 3, number);
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, value) in identifying(study).into_iter().chain(describing(study, &image, number)) {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
    object.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, PrimitiveValue::from(class)));
    object.put(DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, PrimitiveValue::from(instance.as_str())));
    let image_type = ["DERIVED", "SECONDARY", "SIMULATED"].map(str::to_owned);
    object.put(DataElement::new(
        tags::IMAGE_TYPE,
        VR::CS,
        PrimitiveValue::Strs(image_type.into_iter().collect()),
    ));
    pixels(&mut object, &image);
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance.as_str())
        .transfer_syntax(if image.device.compressed { uids::RLE_LOSSLESS } else { uids::EXPLICIT_VR_LITTLE_ENDIAN });
    let file = object.with_meta(meta).map_err(|source| fail(Box::new(source)))?;
    let mut bytes = Vec::with_capacity(image.pixels.len() * 2 + 4096);
    file.write_all(&mut bytes).map_err(|source| fail(Box::new(source)))?;
    Ok(bytes)
}

/// What a header says of the person.
fn identifying(study: &PhantomStudy) -> Vec<(Tag, VR, String)> {
    let person = &study.person;
    let [hospital, street, postal_code, town, ..] = SITES[study.site % SITES.len()];
    let (doctor, first) = RADIOLOGISTS[study.radiologist % RADIOLOGISTS.len()];
    let sex = if person.sex == Sex::F { "F" } else { "M" };
    let months = study.age_months();
    let age = if months < 24 { format!("{months:03}M") } else { format!("{:03}Y", months / 12) };
    // A short string has 16 characters at most.
    let telephone = person.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    vec![
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".into()),
        (tags::PATIENT_NAME, VR::PN, format!("{}^{}", person.last_name.to_uppercase(), person.first_name)),
        (tags::PATIENT_ID, VR::LO, person.number.clone()),
        (tags::PATIENT_BIRTH_DATE, VR::DA, dicom_date(person.birth)),
        (tags::PATIENT_SEX, VR::CS, sex.into()),
        (tags::PATIENT_AGE, VR::AS, age),
        (tags::PATIENT_ADDRESS, VR::LO, format!("{}, {} {}", person.street, person.postal_code, person.town)),
        (OTHER_PATIENT_IDS, VR::LO, person.national.clone()),
        (tags::PATIENT_TELEPHONE_NUMBERS, VR::SH, telephone),
        (tags::INSTITUTION_NAME, VR::LO, hospital.into()),
        (tags::INSTITUTION_ADDRESS, VR::ST, format!("{street}, {postal_code} {town}")),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, format!("{doctor}^{first}")),
        (tags::OPERATORS_NAME, VR::PN, "TECHNICIEN^Un".into()),
    ]
}

/// What a header says of the image.
fn describing(study: &PhantomStudy, image: &Radiograph, number: usize) -> Vec<(Tag, VR, String)> {
    let part = if image.body_part == BodyPart::Wrist { "WRIST" } else { "HAND" };
    let view = match image.view {
        View::Lateral => "LATERAL",
        View::Oblique => "OBLIQUE",
        View::Ap => "AP",
        _ => "PA",
    };
    let side = if image.laterality == Laterality::Left { "L" } else { "R" };
    let day = dicom_date(study.date);
    let time = format!("{:02}{:02}{:02}", study.time.hour(), study.time.minute(), study.time.second());
    let spacing = format!("{0:.5}\\{0:.5}", image.spacing_mm);
    vec![
        (tags::STUDY_INSTANCE_UID, VR::UI, uid(study, 1, 0)),
        (tags::SERIES_INSTANCE_UID, VR::UI, uid(study, 2, number)),
        (tags::ACCESSION_NUMBER, VR::SH, study.id.as_str().to_owned()),
        (tags::STUDY_ID, VR::SH, study.id.as_str().to_owned()),
        (tags::STUDY_DATE, VR::DA, day.clone()),
        (tags::SERIES_DATE, VR::DA, day.clone()),
        (tags::CONTENT_DATE, VR::DA, day),
        (tags::STUDY_TIME, VR::TM, time.clone()),
        (tags::CONTENT_TIME, VR::TM, time),
        (tags::MODALITY, VR::CS, image.device.modality.to_owned()),
        (tags::MANUFACTURER, VR::LO, image.device.manufacturer.to_owned()),
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, image.device.model.to_owned()),
        (tags::STUDY_DESCRIPTION, VR::LO, format!("SIMULATED {part}")),
        (tags::SERIES_DESCRIPTION, VR::LO, format!("SIMULATED {part} {view}")),
        (tags::SERIES_NUMBER, VR::IS, (number + 1).to_string()),
        (tags::INSTANCE_NUMBER, VR::IS, (number + 1).to_string()),
        (tags::BODY_PART_EXAMINED, VR::CS, part.to_owned()),
        (tags::VIEW_POSITION, VR::CS, view.to_owned()),
        (tags::LATERALITY, VR::CS, side.to_owned()),
        (tags::IMAGE_LATERALITY, VR::CS, side.to_owned()),
        (tags::BURNED_IN_ANNOTATION, VR::CS, "NO".to_owned()),
        (tags::PIXEL_SPACING, VR::DS, spacing.clone()),
        (tags::IMAGER_PIXEL_SPACING, VR::DS, spacing),
    ]
}

fn pixels(object: &mut InMemDicomObject, image: &Radiograph) {
    let most = image.device.greatest();
    let inverted = image.device.inverted;
    let stored: Vec<u16> = image.pixels.iter().map(|p| if inverted { most - p } else { *p }).collect();
    let photometric = if inverted { "MONOCHROME1" } else { "MONOCHROME2" };
    let center = if inverted { f32::from(most) - image.window[0] } else { image.window[0] };
    let numbers = [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, image.height as u16),
        (tags::COLUMNS, image.width as u16),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, image.device.bits),
        (tags::HIGH_BIT, image.device.bits - 1),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    for (tag, value) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    object.put(DataElement::new(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, PrimitiveValue::from(photometric)));
    for (tag, value) in [(tags::WINDOW_CENTER, center), (tags::WINDOW_WIDTH, image.window[1])] {
        object.put(DataElement::new(tag, VR::DS, PrimitiveValue::from(format!("{value:.1}"))));
    }
    if image.device.compressed {
        let frame = rle::encode(&stored, image.width);
        let sequence = PixelFragmentSequence::new(vec![0], vec![frame]);
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, sequence));
    } else {
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(stored.into())));
    }
}

fn dicom_date(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// A UID below 2.25, which needs no registration (DICOM PS3.5 B.2).
fn uid(study: &PhantomStudy, kind: u64, number: usize) -> String {
    let half =
        |n: u64| u128::from(derive_seed(study.seed, &[0xD1C0, study.index as u64, kind, number as u64, n]));
    format!("2.25.{}", half(0) << 64 | half(1))
}
