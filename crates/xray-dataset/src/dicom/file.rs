use std::fs;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_object::{
    DefaultDicomObject, FileMetaTable, FileMetaTableBuilder, InMemDicomObject, OpenFileOptions,
};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::lengths;
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
    // Where the magic code before the meta group is, or would be.
    let meta_at = match start.get(128..132) {
        Some(b"DICM") => Some(128),
        _ if start.starts_with(b"DICM") || start.starts_with(&[2, 0]) => Some(0),
        _ => None,
    };
    let until = (extent == Extent::Header).then_some(tags::PIXEL_DATA);
    if let Some(at) = meta_at {
        // dicom-object wants the magic code before a meta group.
        let magic: &[u8] = if start.starts_with(&[2, 0]) && at == 0 { b"DICM" } else { b"" };
        let whole = || from(path, at).map(|file| Cursor::new(magic).chain(file));
        lengths_hold(whole()?, whole()?, until)?;
        let options = until.map_or_else(OpenFileOptions::new, |tag| OpenFileOptions::new().read_until(tag));
        return options.from_reader(whole()?).map_err(|_| ImageFault::DamagedDataSet);
    }
    let syntax = guess_syntax(&start).and_then(|uid| TransferSyntaxRegistry.get(uid));
    let syntax = syntax.ok_or(ImageFault::UnknownFormat)?;
    lengths::hold(from(path, 0)?, syntax, None)?;
    let data_set = InMemDicomObject::read_dataset_with_ts(from(path, 0)?, syntax)
        .map_err(|_| ImageFault::DamagedDataSet)?;
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(text(&data_set, tags::SOP_CLASS_UID).unwrap_or_default())
        .media_storage_sop_instance_uid(text(&data_set, tags::SOP_INSTANCE_UID).unwrap_or_default())
        .transfer_syntax(syntax.uid())
        .build()
        .map_err(|_| ImageFault::DamagedDataSet)?;
    Ok(data_set.with_exact_meta(meta))
}

/// The file from its byte `at` on.
fn from(path: &Path, at: u64) -> Result<BufReader<fs::File>, ImageFault> {
    let mut file = fs::File::open(path).map_err(|_| ImageFault::Unreadable)?;
    file.seek(SeekFrom::Start(at)).map_err(|_| ImageFault::Unreadable)?;
    Ok(BufReader::new(file))
}

/// Whether the elements of the meta group, and of the data set behind it up to `until`, are as long as they say. The
/// two readers begin at the magic code.
fn lengths_hold(
    mut meta: impl Read + Send + 'static,
    mut whole: impl Read + Send + 'static,
    until: Option<Tag>,
) -> Result<(), ImageFault> {
    let damaged = |_| ImageFault::DamagedDataSet;
    // The magic code; group, element, kind and length of the group's length; the length.
    let mut start = [0; 16];
    meta.read_exact(&mut start).map_err(damaged)?;
    let [.., a, b, c, d] = start;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let explicit = TransferSyntaxRegistry.get(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    lengths::hold(meta.take(length), explicit.ok_or(ImageFault::UnsupportedTransferSyntax)?, None)?;
    let meta = FileMetaTable::from_reader(whole.by_ref()).map_err(|_| ImageFault::DamagedDataSet)?;
    match TransferSyntaxRegistry.get(meta.transfer_syntax()) {
        Some(syntax) => lengths::hold(whole, syntax, until),
        None => Ok(()),
    }
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
