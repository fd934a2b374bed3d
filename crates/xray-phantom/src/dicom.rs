//! The DICOM file of a radiograph, with the identifying header that a real one has.

use std::path::Path;

use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use xray_core::jiff::civil::Date;
use xray_core::{Laterality, Sex, View, derive_seed};

use crate::device::{DEVICES, FOR_WRISTS};
use crate::lexicon::{RADIOLOGISTS, SITES};
use crate::patient::plain;
use crate::radiograph::Radiograph;
use crate::study::PhantomStudy;
use crate::{Encoding, Error, Result, font, jpeg_lossless, rle};

/// Retired from the standard and still found in archives.
const OTHER_PATIENT_IDS: Tag = Tag(0x0010, 0x1000);

/// The bytes of image `number` of `study` as a DICOM file; `path` is named in errors. Without `identified` the
/// header names neither patient nor study, as some that strayed into an archive do.
pub(crate) fn encode(study: &PhantomStudy, number: usize, identified: bool, path: &Path) -> Result<Vec<u8>> {
    let image = study.radiograph(number)?;
    let mut object = InMemDicomObject::new_empty();
    put(&mut object, describing(study, image.view, number));
    if identified {
        put(&mut object, identifying(study));
    } else {
        let nobody =
            [(tags::PATIENT_NAME, VR::PN), (tags::PATIENT_ID, VR::LO), (tags::ACCESSION_NUMBER, VR::SH)];
        put(&mut object, nobody.map(|(tag, vr)| (tag, vr, String::new())));
    }
    let spacing = format!("{0:.5}\\{0:.5}", image.spacing_mm);
    let burned = (tags::BURNED_IN_ANNOTATION, VR::CS, "NO".to_owned());
    let sizes = [tags::PIXEL_SPACING, tags::IMAGER_PIXEL_SPACING].map(|tag| (tag, VR::DS, spacing.clone()));
    put(&mut object, sizes.into_iter().chain([burned]));
    if !DEVICES[..FOR_WRISTS].contains(image.device) {
        put(&mut object, private(study, identified));
    }
    pixels(&mut object, &image);
    let syntax = match image.device.encoding {
        Encoding::Raw => uids::EXPLICIT_VR_LITTLE_ENDIAN,
        Encoding::Rle => uids::RLE_LOSSLESS,
        Encoding::JpegLossless => uids::JPEG_LOSSLESS_SV1,
        Encoding::Deflated => uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    };
    let class = if image.device.modality == "CR" {
        uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE
    } else {
        uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION
    };
    file(object, class, &uid(study, 3, number), syntax, path)
}

/// A table of doses as a screenshot, the way some machines store one among the images: the patient's name and
/// birth date are burned into the pixels.
pub(crate) fn encode_dose_report(study: &PhantomStudy, number: usize, path: &Path) -> Result<Vec<u8>> {
    let (rows, columns) = (384usize, 512usize);
    let mut bytes = vec![0u8; rows * columns];
    let person = &study.person;
    let lines = [
        "SIMULATED EXAM DOSE REPORT".to_owned(),
        format!("NAME  {} {}", plain(person.last_name), plain(person.first_name)),
        format!("BORN  {}", person.birth),
        format!("ID    {}", person.number),
        format!("DATE  {} {}", study.date, study.time),
        format!("DAP   {}.{} CGY.CM2", study.index % 4, study.index % 97),
        "55 KV 4 MAS".to_owned(),
    ];
    for (line, text) in lines.iter().enumerate() {
        font::draw(text, |x, y| {
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (24 + 2 * x + dx, 30 + 40 * line + 2 * y + dy);
                if x < columns && y < rows {
                    bytes[y * columns + x] = 255;
                }
            }
        });
    }
    let mut object = InMemDicomObject::new_empty();
    put(&mut object, describing(study, View::Ap, number));
    put(&mut object, identifying(study));
    let description = (tags::SERIES_DESCRIPTION, VR::LO, "SIMULATED DOSE REPORT".to_owned());
    // Half of the machines do not say that their screenshots carry text.
    let burned = (tags::BURNED_IN_ANNOTATION, VR::CS, "YES".to_owned());
    put(&mut object, std::iter::once(description).chain(study.index.is_multiple_of(2).then_some(burned)));
    for tag in [tags::VIEW_POSITION, tags::LATERALITY, tags::IMAGE_LATERALITY] {
        object.remove_element(tag);
    }
    grid(&mut object, [rows, columns], 8, 8, "MONOCHROME2");
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bytes.into())));
    let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
    file(object, class, &uid(study, 3, number), uids::EXPLICIT_VR_LITTLE_ENDIAN, path)
}

fn put(object: &mut InMemDicomObject, elements: impl IntoIterator<Item = (Tag, VR, String)>) {
    for (tag, vr, value) in elements {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    }
}

/// Adds what every file has and writes it.
fn file(
    mut object: InMemDicomObject,
    class: &str,
    instance: &str,
    syntax: &str,
    path: &Path,
) -> Result<Vec<u8>> {
    let fail =
        |source: Box<dyn std::error::Error + Send + Sync>| Error::Dicom { path: path.to_owned(), source };
    let kind = ["DERIVED", "SECONDARY", "SIMULATED"].map(str::to_owned).into_iter().collect();
    object.put(DataElement::new(tags::IMAGE_TYPE, VR::CS, PrimitiveValue::Strs(kind)));
    object.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, PrimitiveValue::from(class)));
    object.put(DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, PrimitiveValue::from(instance)));
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance)
        .transfer_syntax(syntax);
    let file = object.with_meta(meta).map_err(|source| fail(Box::new(source)))?;
    let mut bytes = Vec::new();
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

/// What a machine keeps for itself, the patient's name among it.
fn private(study: &PhantomStudy, identified: bool) -> Vec<(Tag, VR, String)> {
    let name = if identified { study.person.last_name.to_uppercase() } else { String::new() };
    vec![
        (Tag(0x0019, 0x0010), VR::LO, "SIMULATED MACHINE 1.0".into()),
        (Tag(0x0019, 0x1001), VR::LO, format!("EXPOSURE {}", study.index % 40)),
        (Tag(0x0019, 0x1002), VR::LO, name),
    ]
}

/// What a header says of the image.
fn describing(study: &PhantomStudy, view: View, number: usize) -> Vec<(Tag, VR, String)> {
    let part = study.region.dicom;
    let view = match view {
        View::Lateral => "LATERAL",
        View::Oblique => "OBLIQUE",
        View::Ap => "AP",
        _ => "PA",
    };
    let side = match study.laterality {
        Laterality::Left => "L",
        Laterality::Right => "R",
        Laterality::Both => "B",
    };
    let day = dicom_date(study.date);
    let time = format!("{:02}{:02}{:02}", study.time.hour(), study.time.minute(), study.time.second());
    vec![
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".into()),
        (tags::STUDY_INSTANCE_UID, VR::UI, uid(study, 1, 0)),
        (tags::SERIES_INSTANCE_UID, VR::UI, uid(study, 2, number)),
        (tags::ACCESSION_NUMBER, VR::SH, study.id.as_str().to_owned()),
        (tags::STUDY_ID, VR::SH, study.id.as_str().to_owned()),
        (tags::STUDY_DATE, VR::DA, day.clone()),
        (tags::SERIES_DATE, VR::DA, day.clone()),
        (tags::CONTENT_DATE, VR::DA, day),
        (tags::STUDY_TIME, VR::TM, time.clone()),
        (tags::CONTENT_TIME, VR::TM, time),
        (tags::MODALITY, VR::CS, study.device.modality.to_owned()),
        (tags::MANUFACTURER, VR::LO, study.device.manufacturer.to_owned()),
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, study.device.model.to_owned()),
        (tags::STUDY_DESCRIPTION, VR::LO, format!("SIMULATED {part}")),
        (tags::SERIES_DESCRIPTION, VR::LO, format!("SIMULATED {part} {view}")),
        (tags::SERIES_NUMBER, VR::IS, (number + 1).to_string()),
        (tags::INSTANCE_NUMBER, VR::IS, (number + 1).to_string()),
        (tags::BODY_PART_EXAMINED, VR::CS, part.to_owned()),
        (tags::VIEW_POSITION, VR::CS, view.to_owned()),
        (tags::LATERALITY, VR::CS, side.to_owned()),
        (tags::IMAGE_LATERALITY, VR::CS, side.to_owned()),
    ]
}

fn pixels(object: &mut InMemDicomObject, image: &Radiograph) {
    let most = image.device.greatest();
    let inverted = image.device.inverted;
    let stored: Vec<u16> = image.pixels.iter().map(|p| if inverted { most - p } else { *p }).collect();
    let photometric = if inverted { "MONOCHROME1" } else { "MONOCHROME2" };
    let center = if inverted { f32::from(most) - image.window[0] } else { image.window[0] };
    grid(object, [image.height, image.width], 16, image.device.bits, photometric);
    for (tag, value) in [(tags::WINDOW_CENTER, center), (tags::WINDOW_WIDTH, image.window[1])] {
        object.put(DataElement::new(tag, VR::DS, PrimitiveValue::from(format!("{value:.1}"))));
    }
    let frame = match image.device.encoding {
        Encoding::Raw | Encoding::Deflated => {
            object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(stored.into())));
            return;
        }
        Encoding::Rle => rle::encode(&stored, image.width),
        Encoding::JpegLossless => jpeg_lossless::encode(&stored, image.width, image.device.bits),
    };
    let sequence = PixelFragmentSequence::new(vec![0], vec![frame]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, sequence));
}

/// The shape of the pixels.
fn grid(object: &mut InMemDicomObject, size: [usize; 2], allocated: u16, stored: u16, photometric: &str) {
    let numbers = [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, size[0] as u16),
        (tags::COLUMNS, size[1] as u16),
        (tags::BITS_ALLOCATED, allocated),
        (tags::BITS_STORED, stored),
        (tags::HIGH_BIT, stored - 1),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    for (tag, value) in numbers {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    object.put(DataElement::new(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, PrimitiveValue::from(photometric)));
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
