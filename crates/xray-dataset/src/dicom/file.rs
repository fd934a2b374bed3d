use std::fs;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::{Codec, TransferSyntax};
use dicom_object::{DefaultDicomObject, FileMetaTable, FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::lengths::{inflated, walk};
use crate::ImageFault;
use crate::caught::caught;
use crate::files;

/// Retired, and so not in the dictionary's list of what to use; old archives have it.
pub(crate) const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// How much of a file is read at once: nearly all headers, and a small file whole.
const START: u64 = 1 << 16;

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
    let read = || {
        let mut source = Source::open(path, START)?;
        let head = Head::of(&mut source)?;
        let until = (extent == Extent::Header).then_some(tags::PIXEL_DATA);
        let walk = walk(source.from(head.at)?, head.elements, until)?;
        let data_set = inflated(source.from(head.at)?, head.elements);
        head.object(data_set.take(walk.asked.unwrap_or(u64::MAX)))
    };
    caught(read).unwrap_or(Err(ImageFault::DamagedDataSet))
}

/// The bytes of a file's pixels, with the header of their element.
pub(crate) struct PixelBytes {
    data_set: Vec<u8>,
    place: Range<usize>,
}

impl PixelBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.data_set[self.place.clone()]
    }
}

/// Reads a DICOM file as [`read_dicom`] does, its pixels as the bytes that they are. Pixels that are not whole are left
/// in the data set.
pub(crate) fn read_beside_pixels(path: &Path) -> Result<(DefaultDicomObject, PixelBytes), ImageFault> {
    let read = || {
        let mut source = Source::open(path, u64::MAX)?;
        let head = Head::of(&mut source)?;
        let walk = walk(source.from(head.at)?, head.elements, None)?;
        let (data_set, at) = if head.is_deflated() {
            let mut data_set = Vec::new();
            let read = inflated(source.from(head.at)?, head.elements).read_to_end(&mut data_set);
            read.map_err(|_| ImageFault::DamagedDataSet)?;
            (data_set, 0)
        } else {
            (source.start, head.at)
        };
        let end = data_set.len();
        // Their header is written as the file's syntax has it.
        let pixels = walk.pixels.filter(|_| head.elements.uid() == head.syntax.uid());
        let place = pixels.map_or(end..end, |place| at + place.start as usize..at + place.end as usize);
        let (before, behind) = (data_set.get(at..place.start), data_set.get(place.end..));
        let (before, behind) = before.zip(behind).ok_or(ImageFault::DamagedDataSet)?;
        let object = head.object(before.chain(behind))?;
        Ok((object, PixelBytes { data_set, place }))
    };
    caught(read).unwrap_or(Err(ImageFault::DamagedDataSet))
}

/// Where the pixels of an encoded data set without them belong.
pub(crate) fn place_of_pixels(data_set: &[u8], syntax: &TransferSyntax) -> Option<usize> {
    let walk = walk(data_set, syntax, Some(tags::PIXEL_DATA)).ok()?;
    usize::try_from(walk.asked.unwrap_or(walk.end)).ok()
}

/// The transfer syntax of a data set once it is inflated.
pub(crate) fn inflated_syntax(syntax: &'static TransferSyntax) -> Option<&'static TransferSyntax> {
    match syntax.codec() {
        Codec::Dataset(_) => TransferSyntaxRegistry.get(uids::EXPLICIT_VR_LITTLE_ENDIAN),
        _ => Some(syntax),
    }
}

/// A file, of which the start is in memory.
struct Source {
    start: Vec<u8>,
    rest: fs::File,
}

impl Source {
    fn open(path: &Path, at_once: u64) -> Result<Self, ImageFault> {
        let read = || {
            let mut rest = files::open(path)?;
            let length = rest.metadata()?.len().min(at_once);
            let mut start = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            rest.by_ref().take(at_once).read_to_end(&mut start)?;
            Ok(Self { start, rest })
        };
        read().map_err(|_: std::io::Error| ImageFault::Unreadable)
    }

    /// The file from its byte `at` on.
    fn from(&mut self, at: usize) -> Result<impl Read, ImageFault> {
        let beyond = at.max(self.start.len()) as u64;
        self.rest.seek(SeekFrom::Start(beyond)).map_err(|_| ImageFault::Unreadable)?;
        let start = self.start.get(at..).unwrap_or_default();
        Ok(start.chain(BufReader::new(&mut self.rest)))
    }
}

/// What stands before the data set of a file.
struct Head {
    /// The meta group, where there is one.
    meta: Option<FileMetaTable>,
    /// What the file says, or shows where it says nothing.
    syntax: &'static TransferSyntax,
    /// How its elements are encoded: some devices leave their kinds out whatever they say.
    elements: &'static TransferSyntax,
    /// Where the data set begins.
    at: usize,
}

impl Head {
    fn of(source: &mut Source) -> Result<Self, ImageFault> {
        let start = &source.start;
        // Where the meta group is, or would be.
        let meta_at = match start.get(128..132) {
            Some(b"DICM") => Some(132),
            _ if start.starts_with(b"DICM") => Some(4),
            _ if start.starts_with(&[2, 0]) => Some(0),
            _ => None,
        };
        let Some(meta_at) = meta_at else {
            let syntax = guess_syntax(start).and_then(|uid| TransferSyntaxRegistry.get(uid));
            let syntax = syntax.ok_or(ImageFault::UnknownFormat)?;
            return Ok(Self { meta: None, syntax, elements: syntax, at: 0 });
        };
        let damaged = |_| ImageFault::DamagedDataSet;
        // Group, element, kind and length of the group's length; the length.
        let mut first = [0; 12];
        source.from(meta_at)?.read_exact(&mut first).map_err(damaged)?;
        let [.., a, b, c, d] = first;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let explicit = TransferSyntaxRegistry.get(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        let explicit = explicit.ok_or(ImageFault::UnsupportedTransferSyntax)?;
        let at = meta_at + first.len();
        if walk(source.from(at)?.take(length), explicit, None)?.end != length {
            return Err(ImageFault::DamagedDataSet);
        }
        // The magic code may be missing.
        let group = b"DICM".chain(source.from(meta_at)?);
        let meta = FileMetaTable::from_reader(group).map_err(|_| ImageFault::DamagedDataSet)?;
        let syntax = TransferSyntaxRegistry.get(meta.transfer_syntax());
        let syntax = syntax.ok_or(ImageFault::UnsupportedTransferSyntax)?;
        let at = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let at = at.ok_or(ImageFault::DamagedDataSet)?;
        let mut first = Vec::new();
        source.from(at)?.take(6).read_to_end(&mut first).map_err(damaged)?;
        let implicit = Some(uids::IMPLICIT_VR_LITTLE_ENDIAN).filter(|uid| guess_syntax(&first) == Some(uid));
        let elements = match syntax.codec() {
            Codec::Dataset(_) => syntax,
            _ => implicit.and_then(|uid| TransferSyntaxRegistry.get(uid)).unwrap_or(syntax),
        };
        Ok(Self { meta: Some(meta), syntax, elements, at })
    }

    fn is_deflated(&self) -> bool {
        matches!(self.syntax.codec(), Codec::Dataset(_))
    }

    /// The data set as an object.
    fn object(self, data_set: impl Read) -> Result<DefaultDicomObject, ImageFault> {
        let syntax = inflated_syntax(self.elements).ok_or(ImageFault::UnsupportedTransferSyntax)?;
        let data_set = InMemDicomObject::read_dataset_with_ts(data_set, syntax)
            .map_err(|_| ImageFault::DamagedDataSet)?;
        let uid = |tag| text(&data_set, tag).unwrap_or_default();
        let meta = match self.meta {
            Some(mut meta) => {
                if meta.media_storage_sop_class_uid().is_empty() {
                    meta.media_storage_sop_class_uid = uid(tags::SOP_CLASS_UID);
                }
                if meta.media_storage_sop_instance_uid().is_empty() {
                    meta.media_storage_sop_instance_uid = uid(tags::SOP_INSTANCE_UID);
                }
                meta
            }
            None => FileMetaTableBuilder::new()
                .media_storage_sop_class_uid(uid(tags::SOP_CLASS_UID))
                .media_storage_sop_instance_uid(uid(tags::SOP_INSTANCE_UID))
                .transfer_syntax(self.syntax.uid())
                .build()
                .map_err(|_| ImageFault::DamagedDataSet)?,
        };
        Ok(data_set.with_exact_meta(meta))
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
