use std::io::{self, Write};
use std::path::Path;

use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::mem::InMemElement;
use dicom_object::{FileMetaTable, InMemDicomObject};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use xray_core::{AtomicFile, PatientIdentity, PseudonymKey, Report, ReportId, ReportTransform};

use super::profile::{Action, action};
use super::value::{capped_age, new_uid, shift_date};
use crate::caught::caught;
use crate::dicom::{DicomHeader, inflated_syntax, place_of_pixels, read_beside_pixels, text};
use crate::pseudonyms;
use crate::shard::{AnyTransform, any_transform};
use crate::{Error, ImageFault, Result};

/// Takes the identity out of DICOM headers and leaves DICOM files, the pixels untouched.
///
/// The rules are those of PS3.15 Annex E, Basic Application Level Confidentiality Profile, with three of
/// its options:
///
/// * *Retain Longitudinal Temporal Information with Modified Dates*: every date moves by the shift that the
///   key gives the patient, the same as in his reports; times of day stay;
/// * *Retain Patient Characteristics*: sex, size, weight and age stay, ages above 89 as 90;
/// * *Clean Descriptors*, if [`HeaderDeidentifier::descriptors`] is set: descriptions, comments and history go
///   through a report transform. Without it they are removed.
///
/// Identifiers of patient and study become pseudonyms and UIDs become new UIDs, each by keyed hash: what
/// belonged together still does, in any order of files and on any machine. Private attributes, curves and
/// overlays are removed. Whatever is left and still holds a name, a number or an address that the header
/// gave elsewhere is removed too. Text burned into pixels is not looked for.
///
/// ```no_run
/// use xray_core::PseudonymKey;
/// use xray_dataset::HeaderDeidentifier;
///
/// let deidentifier = HeaderDeidentifier::new(PseudonymKey::from_file("archive.key")?);
/// deidentifier.file("in.dcm".as_ref(), "out.dcm".as_ref())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HeaderDeidentifier {
    key: PseudonymKey,
    descriptors: Option<AnyTransform>,
    safe_private: Vec<SafePrivate>,
}

/// A private attribute that holds no identity: its creator, its group, and the last two digits of its
/// element.
type SafePrivate = (String, u16, u8);

impl std::fmt::Debug for HeaderDeidentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeaderDeidentifier")
            .field("descriptors", &self.descriptors.is_some())
            .finish_non_exhaustive()
    }
}

/// What is the same for all elements of one file.
struct Context {
    patient: PatientIdentity,
    shift: i32,
    /// Words that identify, in lower case.
    identifying: Vec<String>,
}

impl HeaderDeidentifier {
    /// A de-identifier that removes descriptors.
    pub fn new(key: PseudonymKey) -> Self {
        Self { key, descriptors: None, safe_private: Vec::new() }
    }

    /// Cleans descriptors by `transform`, which is given one as a report of the patient.
    #[must_use]
    pub fn descriptors(mut self, transform: impl ReportTransform + 'static) -> Self {
        self.descriptors = Some(any_transform(transform));
        self
    }

    /// Keeps a private attribute (default: none is kept; PS3.15 E.3.10, Retain Safe Private Option). It is told by
    /// its creator, its group, which is odd, and the last two digits of its element, as in
    /// `("SIEMENS MED NM", 0x0009, 0x80)`. Text in it is still compared with the names that the header gives
    /// elsewhere.
    #[must_use]
    pub fn keep_private(mut self, creator: impl Into<String>, group: u16, element: u8) -> Self {
        self.safe_private.push((creator.into(), group, element));
        self
    }

    /// Reads `input` and writes it without identity to `output`, which appears whole or not at all. The disk is not waited
    /// for: after a power cut, do the last files again.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] if `input` is no DICOM file, [`Error::NoPatient`] if it names no patient, so that no
    /// shift is known; [`Error::Core`] or [`Error::File`] if `output` cannot
    /// be written.
    pub fn file(&self, input: &Path, output: &Path) -> Result<()> {
        let fault = |reason| Error::image(input, reason);
        let (object, pixels) = read_beside_pixels(input).map_err(fault)?;
        let mut meta = object.meta().clone();
        meta.media_storage_sop_instance_uid = new_uid(&self.key, &meta.media_storage_sop_instance_uid);
        meta.source_application_entity_title = None;
        meta.sending_application_entity_title = None;
        meta.receiving_application_entity_title = None;
        meta.private_information_creator_uid = None;
        meta.private_information = None;
        meta.update_information_group_length();
        let data_set = self.data_set(object.into_inner());
        let data_set = data_set.ok_or_else(|| Error::NoPatient { path: input.to_owned() })?;
        let encoded = caught(|| Encoded::new(&data_set, &meta)).flatten();
        let encoded = encoded.ok_or_else(|| fault(ImageFault::DamagedDataSet))?;
        let folder = output.parent().unwrap_or(output);
        let mut file = AtomicFile::create(output).map_err(Error::core(folder))?;
        let written = encoded.write(pixels.as_slice(), &mut file);
        written.map_err(|source| Error::file("writing", output, source))?;
        file.commit_unflushed().map_err(Error::core(folder))
    }

    /// The data set without identity; nothing if it names no patient.
    fn data_set(&self, object: InMemDicomObject) -> Option<InMemDicomObject> {
        let header = DicomHeader::from_object(&object);
        let patient = header.patient.clone()?;
        let context = Context {
            shift: self.key.date_shift_days(&patient),
            identifying: identifying_words(&object, &header),
            patient: PatientIdentity {
                id: Some(patient.clone()),
                last_name: header.last_name,
                first_names: header.first_names,
                birth_date: header.birth_date,
                sex: header.sex,
                national_id: None,
            },
        };
        let mut clean = self.items(object, &context);
        let pseudonym = pseudonyms::of_patient(&self.key, &patient);
        let study = header.study.map(|study| pseudonyms::of_study(&self.key, &patient, &study));
        let age = header.age_years.filter(|_| clean.get(tags::PATIENT_AGE).is_none());
        let mut put = |tag, vr, value: &str| {
            clean.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        };
        put(tags::PATIENT_ID, VR::LO, &pseudonym);
        put(tags::PATIENT_NAME, VR::PN, &pseudonym);
        put(tags::ACCESSION_NUMBER, VR::SH, &study.unwrap_or_default());
        if let Some(years) = age {
            put(tags::PATIENT_AGE, VR::AS, &format!("{:03}Y", years.min(90)));
        }
        put(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES");
        put(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS, "MODIFIED");
        put(
            tags::DEIDENTIFICATION_METHOD,
            VR::LO,
            concat!("osteon xray-dataset ", env!("CARGO_PKG_VERSION"), ", PS3.15 Annex E 2026c"),
        );
        let codes = DataSetSequence::from(self.method_codes());
        clean.put(DataElement::new(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, VR::SQ, codes));
        Some(clean)
    }

    /// The codes of PS3.16 CID 7050 for what is done here.
    fn method_codes(&self) -> Vec<InMemDicomObject> {
        let mut codes = vec![
            ("113100", "Basic Application Confidentiality Profile"),
            ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
            ("113108", "Retain Patient Characteristics Option"),
        ];
        if self.descriptors.is_some() {
            codes.insert(1, ("113105", "Clean Descriptors Option"));
        }
        if !self.safe_private.is_empty() {
            codes.push(("113111", "Retain Safe Private Option"));
        }
        let item = |(value, meaning): (&str, &str)| {
            InMemDicomObject::from_element_iter([
                DataElement::new(tags::CODE_VALUE, VR::SH, PrimitiveValue::from(value)),
                DataElement::new(tags::CODING_SCHEME_DESIGNATOR, VR::SH, PrimitiveValue::from("DCM")),
                DataElement::new(tags::CODE_MEANING, VR::LO, PrimitiveValue::from(meaning)),
            ])
        };
        codes.into_iter().map(item).collect()
    }

    fn items(&self, object: InMemDicomObject, context: &Context) -> InMemDicomObject {
        let safe = self.safe_tags(&object);
        let clean = object.into_iter().filter_map(|element| {
            let action =
                if safe.contains(&element.header().tag) { Action::Keep } else { action_for(&element) };
            self.element(element, action, context)
        });
        InMemDicomObject::from_element_iter(clean.collect::<Vec<_>>())
    }

    /// The private attributes of this object that are kept, and the elements that name their creators.
    fn safe_tags(&self, object: &InMemDicomObject) -> Vec<Tag> {
        let mut safe = Vec::new();
        for (creator, group, element) in self.safe_private.iter().filter(|(_, group, _)| group % 2 == 1) {
            // PS3.5 7.8.1: the creator in (gggg,00bb) owns the elements (gggg,bb00) to (gggg,bbFF).
            for block in 0x10..=0xFF_u16 {
                let (owner, owned) = (Tag(*group, block), Tag(*group, block << 8 | u16::from(*element)));
                if object.get(owned).is_some() && text(object, owner).as_ref() == Some(creator) {
                    safe.extend([owner, owned]);
                }
            }
        }
        safe
    }

    fn element(&self, element: InMemElement, action: Action, context: &Context) -> Option<InMemElement> {
        let (header, value) = element.into_parts();
        let (tag, vr) = (header.tag, header.vr());
        let rebuilt = |value: PrimitiveValue| Some(DataElement::new(tag, vr, value));
        let empty = || Some(DataElement::empty(tag, vr));
        match action {
            Action::Remove => None,
            Action::Empty => empty(),
            Action::Dummy => dummy(vr).map_or_else(empty, rebuilt),
            Action::NewUid => match value {
                Value::Primitive(value) => {
                    let uids = value.to_multi_str().into_owned();
                    let uids: Vec<String> = uids.iter().map(|uid| new_uid(&self.key, uid)).collect();
                    rebuilt(PrimitiveValue::Strs(uids.into()))
                }
                _ => empty(),
            },
            Action::Shift => match value {
                Value::Primitive(value) => {
                    let dates = value.to_multi_str().into_owned();
                    let dates: Option<Vec<String>> =
                        dates.iter().map(|date| shift_date(date, context.shift)).collect();
                    dates.map_or_else(empty, |dates| rebuilt(PrimitiveValue::Strs(dates.into())))
                }
                _ => empty(),
            },
            Action::CleanText => {
                let cleaned = self.clean_text(value.to_str().ok()?.trim(), context)?;
                (!context.identifies(&cleaned)).then(|| rebuilt(PrimitiveValue::from(cleaned)))?
            }
            Action::Keep => match value {
                Value::Sequence(sequence) => {
                    let items = sequence.into_items().into_iter();
                    let items: Vec<_> = items.map(|item| self.items(item, context)).collect();
                    Some(DataElement::new(tag, vr, DataSetSequence::from(items)))
                }
                Value::Primitive(value) if is_text(vr) => {
                    let text = value.to_str();
                    if context.identifies(&text) {
                        return None;
                    }
                    match tag {
                        tags::PATIENT_AGE => rebuilt(PrimitiveValue::from(capped_age(&text))),
                        _ => rebuilt(value),
                    }
                }
                value => Some(DataElement::new_with_len(tag, vr, header.len, value)),
            },
        }
    }

    fn clean_text(&self, text: &str, context: &Context) -> Option<String> {
        let transform = self.descriptors.as_ref()?;
        if text.is_empty() {
            return Some(String::new());
        }
        let mut report = Report::new(ReportId::new(""), text);
        report.patient = Some(context.patient.clone());
        transform(report).ok().map(|report| report.text)
    }
}

fn action_for(element: &InMemElement) -> Action {
    action(element.header().tag, element.header().vr())
}

impl Context {
    fn identifies(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.identifying.iter().any(|word| text.contains(word.as_str()))
    }
}

/// Names, numbers and addresses that stand anywhere in the header, as words of at least four letters or
/// digits, so that no common syllable is hunted.
fn identifying_words(object: &InMemDicomObject, header: &DicomHeader) -> Vec<String> {
    const SOURCES: &[Tag] = &[
        tags::PATIENT_NAME,
        tags::PATIENT_ID,
        tags::OTHER_PATIENT_NAMES,
        tags::PATIENT_BIRTH_NAME,
        tags::PATIENT_MOTHER_BIRTH_NAME,
        tags::REFERRING_PHYSICIAN_NAME,
        tags::PERFORMING_PHYSICIAN_NAME,
        tags::NAME_OF_PHYSICIANS_READING_STUDY,
        tags::REQUESTING_PHYSICIAN,
        tags::PHYSICIANS_OF_RECORD,
        tags::OPERATORS_NAME,
        tags::PATIENT_ADDRESS,
        tags::PATIENT_TELEPHONE_NUMBERS,
        tags::ACCESSION_NUMBER,
        tags::STUDY_ID,
        tags::ADMISSION_ID,
        tags::DEVICE_SERIAL_NUMBER,
        tags::PATIENT_BIRTH_DATE,
    ];
    let mut words: Vec<String> = SOURCES
        .iter()
        .filter_map(|tag| text(object, *tag))
        .flat_map(|value| {
            let parts = value.split(|c: char| !c.is_alphanumeric() && c != '-').map(str::to_lowercase);
            parts.collect::<Vec<_>>()
        })
        .chain(header.last_name.iter().map(|name| name.to_lowercase()))
        .filter(|word| word.chars().count() >= 4)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// A value of the right kind that says nothing; nothing where only the absence of one does.
fn dummy(vr: VR) -> Option<PrimitiveValue> {
    match vr {
        VR::LO | VR::SH | VR::ST | VR::LT | VR::UT | VR::UC | VR::CS => Some(PrimitiveValue::from("REMOVED")),
        VR::IS | VR::DS => Some(PrimitiveValue::from("0")),
        _ => None,
    }
}

fn is_text(vr: VR) -> bool {
    matches!(
        vr,
        VR::LO | VR::SH | VR::ST | VR::LT | VR::UT | VR::UC | VR::CS | VR::AS | VR::AE | VR::PN | VR::UR
    )
}

/// A file as it is stored, but for its pixels.
struct Encoded {
    meta: Vec<u8>,
    data_set: Vec<u8>,
    /// Where the pixels belong in the data set.
    pixels_at: usize,
    deflated: bool,
}

impl Encoded {
    /// Nothing if a value cannot be written.
    fn new(data_set: &InMemDicomObject, meta: &FileMetaTable) -> Option<Self> {
        let mut group = [[0; 128].as_slice(), b"DICM"].concat();
        meta.write(&mut group).ok()?;
        let syntax = TransferSyntaxRegistry.get(meta.transfer_syntax())?;
        let plain = inflated_syntax(syntax)?;
        let mut bytes = Vec::new();
        data_set.write_dataset_with_ts(&mut bytes, plain).ok()?;
        let pixels_at = place_of_pixels(&bytes, plain)?;
        Some(Self { meta: group, data_set: bytes, pixels_at, deflated: plain.uid() != syntax.uid() })
    }

    fn write(&self, pixels: &[u8], out: &mut impl Write) -> io::Result<()> {
        let (before, behind) = self.data_set.split_at(self.pixels_at);
        let mut parts = [before, pixels, behind].into_iter();
        out.write_all(&self.meta)?;
        if !self.deflated {
            return parts.try_for_each(|part| out.write_all(part));
        }
        // Large parts: handed number after number, the compressor takes a hundred times as long.
        let mut deflated = DeflateEncoder::new(out, Compression::fast());
        parts.try_for_each(|part| deflated.write_all(part))?;
        deflated.finish().map(|_| ())
    }
}
