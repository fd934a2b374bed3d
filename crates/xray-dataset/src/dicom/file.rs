use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject, OpenFileOptions};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use crate::ImageFault;
use crate::caught::caught;

/// Retired, and so not in the dictionary's list of what to use; old archives have it.
pub(crate) const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// How much of a data set is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything before the pixels.
    Header,
    /// All of it.
    Whole,
}

/// Reads a DICOM file with or without preamble and meta header. Without one, the encoding is told
/// from the first element.
pub(crate) fn read_dicom(path: &Path, extent: Extent) -> Result<DefaultDicomObject, ImageFault> {
    caught(|| read(path, extent)).unwrap_or(Err(ImageFault::DamagedDataSet))
}

fn read(path: &Path, extent: Extent) -> Result<DefaultDicomObject, ImageFault> {
    let mut file = fs::File::open(path).map_err(|_| ImageFault::Unreadable)?;
    let mut start = Vec::with_capacity(132);
    file.by_ref().take(132).read_to_end(&mut start).map_err(|_| ImageFault::Unreadable)?;
    let has_magic = start.get(128..132) == Some(b"DICM".as_slice()) || start.starts_with(b"DICM");
    let starts_with_meta = start.starts_with(&[2, 0]);
    if has_magic || starts_with_meta {
        let mut options = OpenFileOptions::new();
        if extent == Extent::Header {
            options = options.read_until(tags::PIXEL_DATA);
        }
        let whole = Cursor::new(start).chain(file);
        if has_magic {
            return options.from_reader(whole).map_err(|_| ImageFault::DamagedDataSet);
        }
        // dicom-object wants the magic code before a meta group.
        return options
            .from_reader(Cursor::new(b"DICM").chain(whole))
            .map_err(|_| ImageFault::DamagedDataSet);
    }
    let syntax = guess_syntax(&start).and_then(|uid| TransferSyntaxRegistry.get(uid));
    let syntax = syntax.ok_or(ImageFault::UnknownFormat)?;
    let data_set = InMemDicomObject::read_dataset_with_ts(Cursor::new(start).chain(file), syntax)
        .map_err(|_| ImageFault::DamagedDataSet)?;
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(text(&data_set, tags::SOP_CLASS_UID).unwrap_or_default())
        .media_storage_sop_instance_uid(text(&data_set, tags::SOP_INSTANCE_UID).unwrap_or_default())
        .transfer_syntax(syntax.uid())
        .build()
        .map_err(|_| ImageFault::DamagedDataSet)?;
    Ok(data_set.with_exact_meta(meta))
}

/// The text of an element without padding; nothing if it is absent or empty.
pub(crate) fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = object.get(tag)?.to_str().ok()?;
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!value.is_empty()).then(|| value.to_owned())
}

/// A data set without a meta header begins with an element of group 8; the two letters of an explicit
/// value representation follow its tag, or do not.
fn guess_syntax(start: &[u8]) -> Option<&'static str> {
    let [g0, g1, _, _, v0, v1, ..] = *start else { return None };
    let explicit = v0.is_ascii_uppercase() && v1.is_ascii_uppercase();
    match (g0, g1, explicit) {
        (8, 0, true) => Some(uids::EXPLICIT_VR_LITTLE_ENDIAN),
        (8, 0, false) => Some(uids::IMPLICIT_VR_LITTLE_ENDIAN),
        (0, 8, true) => Some(EXPLICIT_VR_BIG_ENDIAN),
        _ => None,
    }
}
