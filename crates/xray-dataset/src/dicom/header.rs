use std::ops::Range;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use xray_core::jiff::civil::{Date, Time};
use xray_core::{BodyPart, Laterality, PatientId, Sex, StudyId, View};

use super::file::text;

/// What an archive needs to know of one file, before its pixels are read.
#[derive(Clone)]
pub(crate) struct DicomHeader {
    pub(crate) sop_class: String,
    pub(crate) patient: Option<PatientId>,
    pub(crate) study: Option<StudyId>,
    pub(crate) date: Option<Date>,
    pub(crate) time: Option<Time>,
    pub(crate) series_number: i32,
    pub(crate) instance_number: i32,
    pub(crate) laterality: Option<Laterality>,
    pub(crate) view: Option<View>,
    pub(crate) body_part: Option<BodyPart>,
    pub(crate) device: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) first_names: Vec<String>,
    pub(crate) birth_date: Option<Date>,
    pub(crate) sex: Option<Sex>,
    pub(crate) age_years: Option<u32>,
    pub(crate) frames: u32,
    /// Whether the header describes pixels, as far as can be told before they are reached.
    pub(crate) has_pixels: bool,
}

impl DicomHeader {
    pub(crate) fn from_object(object: &InMemDicomObject) -> Self {
        let name = text(object, tags::PATIENT_NAME).unwrap_or_default();
        // Family^Given^Middle^Prefix^Suffix; ideographic and phonetic groups follow an equals sign.
        let mut parts = name.split('=').next().unwrap_or_default().split('^').map(str::trim);
        let last_name = parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let given = parts.take(2).flat_map(str::split_whitespace).map(str::to_owned).collect();
        let birth_date = date(object, tags::PATIENT_BIRTH_DATE);
        let study_date = date(object, tags::STUDY_DATE).or_else(|| date(object, tags::ACQUISITION_DATE));
        Self {
            sop_class: text(object, tags::SOP_CLASS_UID).unwrap_or_default(),
            patient: text(object, tags::PATIENT_ID).map(PatientId::new),
            study: text(object, tags::ACCESSION_NUMBER)
                .or_else(|| text(object, tags::STUDY_INSTANCE_UID))
                .map(StudyId::new),
            date: study_date,
            time: time(object, tags::STUDY_TIME).or_else(|| time(object, tags::ACQUISITION_TIME)),
            series_number: number(object, tags::SERIES_NUMBER),
            instance_number: number(object, tags::INSTANCE_NUMBER),
            laterality: text(object, tags::IMAGE_LATERALITY)
                .or_else(|| text(object, tags::LATERALITY))
                .and_then(|value| laterality(&value)),
            view: text(object, tags::VIEW_POSITION).and_then(|value| view(&value)),
            body_part: text(object, tags::BODY_PART_EXAMINED).and_then(|value| body_part(&value)),
            device: device(object),
            last_name,
            first_names: given,
            birth_date,
            sex: text(object, tags::PATIENT_SEX).and_then(|value| sex(&value)),
            age_years: text(object, tags::PATIENT_AGE)
                .and_then(|value| age(&value))
                .or_else(|| years_between(birth_date?, study_date?)),
            frames: number(object, tags::NUMBER_OF_FRAMES).try_into().map_or(1, |frames: u32| frames.max(1)),
            has_pixels: object.get(tags::ROWS).is_some(),
        }
    }
}

/// Maker, model and serial number, where the maker or the model is known.
fn device(object: &InMemDicomObject) -> Option<String> {
    let known = [tags::MANUFACTURER, tags::MANUFACTURER_MODEL_NAME].map(|tag| text(object, tag));
    known.iter().any(Option::is_some).then(|| {
        let parts = known.into_iter().chain([text(object, tags::DEVICE_SERIAL_NUMBER)]);
        parts.map(Option::unwrap_or_default).collect::<Vec<_>>().join("/")
    })
}

/// The day of a DA element: `YYYYMMDD`, or with dots as the first version of the standard had it.
fn date(object: &InMemDicomObject, tag: Tag) -> Option<Date> {
    let digits: String = text(object, tag)?.chars().filter(|c| !matches!(c, '.' | '-')).collect();
    let part = |range: Range<usize>| digits.get(range)?.parse::<i16>().ok();
    Date::new(part(0..4)?, part(4..6)?.try_into().ok()?, part(6..8)?.try_into().ok()?).ok()
}

/// The time of a TM element: `HH[MM[SS[.F]]]`, or with colons.
fn time(object: &InMemDicomObject, tag: Tag) -> Option<Time> {
    let digits: String = text(object, tag)?.chars().filter(|c| *c != ':').collect();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let part = |range: Range<usize>| whole.get(range).map_or(Some(0), |text: &str| text.parse::<i8>().ok());
    let nanoseconds = format!("{fraction:0<9}").get(..9).and_then(|text| text.parse().ok()).unwrap_or(0);
    whole.get(0..2)?;
    Time::new(part(0..2)?, part(2..4)?, part(4..6)?.min(59), nanoseconds).ok()
}

fn number(object: &InMemDicomObject, tag: Tag) -> i32 {
    text(object, tag).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn laterality(value: &str) -> Option<Laterality> {
    match value {
        "R" => Some(Laterality::Right),
        "L" => Some(Laterality::Left),
        "B" => Some(Laterality::Both),
        _ => None,
    }
}

fn view(value: &str) -> Option<View> {
    match value.to_ascii_uppercase().as_str() {
        "AP" => Some(View::Ap),
        "PA" => Some(View::Pa),
        "LL" | "RL" | "LAT" | "LATERAL" | "LLD" | "RLD" => Some(View::Lateral),
        "RLO" | "LLO" | "OBLIQUE" | "OBL" | "RAO" | "LAO" | "RPO" | "LPO" => Some(View::Oblique),
        _ => None,
    }
}

/// The defined terms of PS3.16 Annex L for what [`BodyPart`] knows.
fn body_part(value: &str) -> Option<BodyPart> {
    match value.to_ascii_uppercase().replace([' ', '_'], "").as_str() {
        "FINGER" | "THUMB" => Some(BodyPart::Finger),
        "HAND" => Some(BodyPart::Hand),
        "WRIST" => Some(BodyPart::Wrist),
        "FOREARM" | "ARM" | "RADIUS" | "ULNA" | "RADIUSULNA" => Some(BodyPart::Forearm),
        "ELBOW" => Some(BodyPart::Elbow),
        "HUMERUS" | "UPPERARM" => Some(BodyPart::Humerus),
        "SHOULDER" | "CLAVICLE" | "SCAPULA" => Some(BodyPart::Shoulder),
        "SPINE" | "CSPINE" | "TSPINE" | "LSPINE" | "SSPINE" | "LSSPINE" | "TLSPINE" | "WHOLESPINE" => {
            Some(BodyPart::Spine)
        }
        "PELVIS" => Some(BodyPart::Pelvis),
        "HIP" => Some(BodyPart::Hip),
        "FEMUR" | "THIGH" | "UPPERLEG" => Some(BodyPart::Femur),
        "KNEE" | "PATELLA" => Some(BodyPart::Knee),
        "LEG" | "LOWERLEG" | "TIBIA" | "FIBULA" | "TIBIAFIBULA" => Some(BodyPart::LowerLeg),
        "ANKLE" => Some(BodyPart::Ankle),
        "FOOT" | "TOE" | "CALCANEUS" => Some(BodyPart::Foot),
        "LOWERLIMB" | "FULLLEG" => Some(BodyPart::FullLeg),
        "CHEST" | "RIB" | "STERNUM" => Some(BodyPart::Chest),
        _ => None,
    }
}

fn sex(value: &str) -> Option<Sex> {
    match value {
        "F" => Some(Sex::F),
        "M" => Some(Sex::M),
        _ => None,
    }
}

/// The years of an AS element: `nnnD`, `nnnW`, `nnnM` or `nnnY`.
fn age(value: &str) -> Option<u32> {
    let number: u32 = value.get(..3)?.parse().ok()?;
    match value.get(3..)? {
        "Y" => Some(number),
        "M" => Some(number / 12),
        "W" => Some(number / 52),
        "D" => Some(number / 365),
        _ => None,
    }
}

fn years_between(birth: Date, day: Date) -> Option<u32> {
    let had_no_birthday_yet = (day.month(), day.day()) < (birth.month(), birth.day());
    u32::try_from(i32::from(day.year() - birth.year()) - i32::from(had_no_birthday_yet)).ok()
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue, VR};

    use super::*;

    fn object(elements: &[(Tag, VR, &str)]) -> InMemDicomObject {
        InMemDicomObject::from_element_iter(
            elements.iter().map(|(tag, vr, text)| DataElement::new(*tag, *vr, PrimitiveValue::from(*text))),
        )
    }

    #[test]
    fn dates_and_times_of_every_version_are_read() {
        let object = object(&[
            (tags::STUDY_DATE, VR::DA, "1997.04.24"),
            (tags::PATIENT_BIRTH_DATE, VR::DA, "19501231"),
            (tags::STUDY_TIME, VR::TM, "140506.25"),
            (tags::ACQUISITION_TIME, VR::TM, "07:08"),
        ]);
        let header = DicomHeader::from_object(&object);
        assert_eq!(header.date, Some(Date::constant(1997, 4, 24)));
        assert_eq!(header.time, Some(Time::constant(14, 5, 6, 250_000_000)));
        assert_eq!(time(&object, tags::ACQUISITION_TIME), Some(Time::constant(7, 8, 0, 0)));
        assert_eq!(header.age_years, Some(46));
    }

    #[test]
    fn a_name_is_taken_apart() {
        let header =
            DicomHeader::from_object(&object(&[(tags::PATIENT_NAME, VR::PN, "VAN DAMME^Anne Marie^L^^=X")]));
        assert_eq!(header.last_name.as_deref(), Some("VAN DAMME"));
        assert_eq!(header.first_names, ["Anne", "Marie", "L"]);
    }

    #[test]
    fn nonsense_is_unknown() {
        let object = object(&[
            (tags::STUDY_DATE, VR::LO, "20231399"),
            (tags::STUDY_TIME, VR::LO, "9"),
            (tags::PATIENT_AGE, VR::LO, "old"),
            (tags::LATERALITY, VR::CS, "U"),
        ]);
        let header = DicomHeader::from_object(&object);
        assert!(header.date.is_none() && header.time.is_none());
        assert!(header.age_years.is_none() && header.laterality.is_none() && header.patient.is_none());
    }
}
