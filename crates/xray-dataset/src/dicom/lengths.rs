use std::cell::Cell;
use std::io::{self, Read};
use std::ops::Range;
use std::rc::Rc;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_encoding::text::SpecificCharacterSet;
use dicom_encoding::{Codec, TransferSyntax};
use dicom_parser::DynStatefulDecoder;
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;

use crate::ImageFault;

/// Sequences and items within each other beyond this many are refused, as each takes room on the reader's stack.
const DEEPEST: usize = 200;

/// A deflated data set that is longer than this is refused: a thousandth of it makes it.
const LONGEST_INFLATED: u64 = 1 << 31;

/// What a walk over a data set found. Places are counted in bytes from its beginning, where it is not deflated.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Where the first element from the asked one on begins.
    pub(super) asked: Option<u64>,
    /// Where the pixels lie with their header, if they were passed and are whole.
    pub(super) pixels: Option<Range<u64>>,
    /// Where the last whole element ends.
    pub(super) end: u64,
}

/// Walks a data set up to the element `until`, without keeping anything, and fails if an element says that it is
/// longer than what follows. Readers make room for a value before they look whether it is there.
pub(super) fn walk(
    source: impl Read,
    syntax: &TransferSyntax,
    until: Option<Tag>,
) -> Result<Walk, ImageFault> {
    let (count, ended) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let source = inflated(source, syntax);
    let source = Counted { source, count: Rc::clone(&count), ended: Rc::clone(&ended) };
    let decoder = DynStatefulDecoder::new_with(source, syntax, SpecificCharacterSet::default(), 0);
    let mut reader = LazyDataSetReader::new(decoder.map_err(|_| ImageFault::DamagedDataSet)?);
    let mut walk = Walk::default();
    // The sequences and items that are open; where the pixels begin; whether this is their table of offsets.
    let (mut open, mut pixels_at, mut table) = (0_usize, None, false);
    // Whether the reader would go on elsewhere than this walk: then nothing may follow.
    let mut astray = false;
    loop {
        walk.end = count.get();
        let Some(token) = reader.advance() else { return Ok(walk) };
        let Ok(token) = token else {
            // An end that is missing is for the reader to judge: nothing longer than the file is asked for by it. What
            // else is no token here may be one there, of any length.
            return if ended.get() { Ok(walk) } else { Err(ImageFault::DamagedDataSet) };
        };
        if astray {
            return Err(ImageFault::DamagedDataSet);
        }
        let begins = match &token {
            LazyDataToken::ElementHeader(header) => Some(header.tag),
            LazyDataToken::SequenceStart { tag, .. } => Some(*tag),
            LazyDataToken::PixelSequenceStart => Some(tags::PIXEL_DATA),
            _ => None,
        };
        if open == 0 && begins.is_some_and(|tag| until.is_some_and(|until| until <= tag)) {
            walk.asked = Some(walk.end);
            return Ok(walk);
        }
        let (mut length, mut passed) = (0, false);
        match &token {
            LazyDataToken::ElementHeader(header) if open == 0 && header.tag == tags::PIXEL_DATA => {
                pixels_at = Some(walk.end);
            }
            LazyDataToken::LazyValue { header, .. } => {
                length = header.len.get().unwrap_or(0);
                // The reader takes whole numbers, and what is over for the next element.
                astray = length % size_of(header.vr) != 0;
                passed = open == 0 && header.tag == tags::PIXEL_DATA;
            }
            LazyDataToken::LazyItemValue { len, .. } => {
                length = *len;
                astray = table && length % size_of(VR::UL) != 0;
                table = false;
            }
            LazyDataToken::PixelSequenceStart => {
                pixels_at = (open == 0).then_some(walk.end);
                table = true;
                open += 1;
            }
            LazyDataToken::SequenceStart { .. } => open += 1,
            LazyDataToken::ItemStart { len } => {
                table &= len.0 != 0;
                open += 1;
            }
            LazyDataToken::SequenceEnd | LazyDataToken::ItemEnd => {
                // One too many, which the reader passes over.
                astray = open == 0;
                open = open.saturating_sub(1);
                passed = open == 0 && pixels_at.is_some();
            }
            _ => {}
        }
        let before = count.get();
        token.skip().map_err(|_| ImageFault::DamagedDataSet)?;
        if count.get() - before < u64::from(length) || open > DEEPEST {
            return Err(ImageFault::DamagedDataSet);
        }
        if passed && let Some(start) = pixels_at.take() {
            walk.pixels = Some(start..count.get());
        }
    }
}

/// The bytes of a data set as they are before a transfer syntax deflates them.
pub(super) fn inflated<'a>(source: impl Read + 'a, syntax: &TransferSyntax) -> Box<dyn Read + 'a> {
    match syntax.codec() {
        Codec::Dataset(Some(adapter)) => {
            Box::new(Bounded { source: adapter.adapt_reader(Box::new(source)), left: LONGEST_INFLATED })
        }
        _ => Box::new(source),
    }
}

/// The bytes of one number of a value.
fn size_of(vr: VR) -> u32 {
    match vr {
        VR::OW | VR::SS | VR::US => 2,
        VR::AT | VR::FL | VR::OF | VR::OL | VR::SL | VR::UL => 4,
        VR::FD | VR::OD | VR::OV | VR::SV | VR::UV => 8,
        _ => 1,
    }
}

/// A reader that says how much was read, and whether more was asked for than there was.
struct Counted<R> {
    source: R,
    count: Rc<Cell<u64>>,
    ended: Rc<Cell<bool>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.count.set(self.count.get() + read as u64);
        self.ended.set(self.ended.get() || read == 0 && !into.is_empty());
        Ok(read)
    }
}

/// A reader that fails rather than give more than is left.
struct Bounded<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use dicom_dictionary_std::uids;
    use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

    use super::*;
    use crate::dicom::file::EXPLICIT_VR_BIG_ENDIAN;

    const LONG: u32 = 0x5000_0000;
    const UNDEFINED: u32 = 0xFFFF_FFFF;
    const ITEM: (u16, u16) = (0xFFFE, 0xE000);
    const ITEM_END: (u16, u16) = (0xFFFE, 0xE00D);
    const SEQUENCE_END: (u16, u16) = (0xFFFE, 0xE0DD);
    const SEQUENCE: (u16, u16) = (0x0008, 0x1115);
    const IMAGE_COMMENTS: (u16, u16) = (0x0020, 0x4000);
    const PIXELS: (u16, u16) = (0x7FE0, 0x0010);

    /// The header of an element or item, and its value.
    type Part<'a> = ((u16, u16), &'a [u8; 2], u32, &'a [u8]);

    /// A data set in a transfer syntax. Lengths are what is said, whatever the values are.
    fn encoded(syntax: &TransferSyntax, parts: &[Part<'_>]) -> Vec<u8> {
        let (big, implicit) =
            (syntax.uid() == EXPLICIT_VR_BIG_ENDIAN, syntax.uid() == uids::IMPLICIT_VR_LITTLE_ENDIAN);
        let mut bytes = Vec::new();
        for ((group, element), vr, length, value) in parts {
            for half in [group, element] {
                bytes.extend(if big { half.to_be_bytes() } else { half.to_le_bytes() });
            }
            let word = if big { length.to_be_bytes() } else { length.to_le_bytes() };
            match *vr {
                _ if implicit || *group == 0xFFFE => bytes.extend(word),
                b"OB" | b"OW" | b"SQ" | b"UN" => bytes.extend([vr.as_slice(), &[0, 0], &word].concat()),
                _ => bytes.extend([vr.as_slice(), if big { &word[2..] } else { &word[..2] }].concat()),
            }
            bytes.extend_from_slice(value);
        }
        if syntax.uid() != uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN {
            return bytes;
        }
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflated.write_all(&bytes).unwrap();
        deflated.finish().unwrap()
    }

    fn in_each_syntax(parts: &[Part<'_>]) -> Vec<Result<Walk, ImageFault>> {
        let syntaxes = [
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
            EXPLICIT_VR_BIG_ENDIAN,
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
        ];
        let walked = |uid| {
            let syntax = TransferSyntaxRegistry.get(uid).unwrap();
            walk(&encoded(syntax, parts)[..], syntax, None)
        };
        syntaxes.map(walked).into()
    }

    #[test]
    fn a_length_that_is_not_there_is_refused_in_every_syntax() {
        let nested = [(SEQUENCE, b"SQ", UNDEFINED, &b""[..]), (ITEM, b"  ", UNDEFINED, b"")];
        let deep: Vec<Part<'_>> = nested.iter().copied().cycle().take(2 * DEEPEST).collect();
        let text = (IMAGE_COMMENTS, b"LT", 4, &b"text"[..]);
        let long = (PIXELS, b"OW", LONG, &b"few"[..]);
        let cases: [(&str, Vec<Part<'_>>); 10] = [
            ("at the end", vec![text, long]),
            ("in an item", [&nested[..], &[long]].concat()),
            ("in an item of an item", [&nested[..], &nested, &[long]].concat()),
            ("of an item", vec![nested[0], (ITEM, b"  ", LONG, b""), (IMAGE_COMMENTS, b"UN", LONG, b"")]),
            ("of a sequence", vec![(SEQUENCE, b"SQ", LONG, b""), nested[1], long]),
            ("of an unknown kind", vec![(SEQUENCE, b"UN", UNDEFINED, b""), nested[1], long]),
            // Of these the walk lost sight, and readers did not.
            ("behind an end of nothing", vec![(ITEM_END, b"  ", 0, b""), text, long]),
            ("of an end of nothing", vec![(ITEM_END, b"  ", 0, b""), (SEQUENCE_END, b"  ", LONG, b"")]),
            ("behind a half number", vec![((0x0028, 0x0010), b"US", 3, b"123"), text, long]),
            ("too deep", deep),
        ];
        for (name, parts) in &cases {
            for walked in in_each_syntax(parts) {
                assert_eq!(walked, Err(ImageFault::DamagedDataSet), "{name}");
            }
        }
    }

    #[test]
    fn fragments_that_are_not_there_are_refused() {
        let explicit = TransferSyntaxRegistry.get(uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        let pixels = (PIXELS, b"OB", UNDEFINED, &b""[..]);
        for items in [
            [(ITEM, b"  ", 0, &b""[..]), (ITEM, b"  ", LONG, b"few")],
            // Half an offset, behind which readers take items from other places.
            [(ITEM, b"  ", 6, b"123456"), (ITEM, b"  ", 2, b"12")],
        ] {
            let data_set = encoded(explicit, &[pixels, items[0], items[1], (SEQUENCE_END, b"  ", 0, b"")]);
            assert_eq!(walk(&data_set[..], explicit, None), Err(ImageFault::DamagedDataSet));
        }
    }

    #[test]
    fn what_is_sound_is_walked_and_its_pixels_are_found() {
        let icon = [
            ((0x0088, 0x0200), b"SQ", UNDEFINED, &b""[..]),
            (ITEM, b"  ", UNDEFINED, b""),
            (PIXELS, b"OW", 2, b"ab"),
            (ITEM_END, b"  ", 0, b""),
            (SEQUENCE_END, b"  ", 0, b""),
        ];
        let explicit = TransferSyntaxRegistry.get(uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        let before = encoded(explicit, &icon);
        let plain = encoded(explicit, &[(PIXELS, b"OW", 4, b"abcd")]);
        let fragments = encoded(
            explicit,
            &[
                (PIXELS, b"OB", UNDEFINED, b""),
                (ITEM, b"  ", 4, &[0; 4]),
                (ITEM, b"  ", 2, b"ab"),
                (SEQUENCE_END, b"  ", 0, b""),
            ],
        );
        let behind = encoded(explicit, &[((0xFFFC, 0xFFFC), b"OB", 2, &[0; 2])]);
        for pixels in [plain, fragments] {
            let data_set = [&before[..], &pixels, &behind].concat();
            let (start, end) = (before.len() as u64, data_set.len() as u64);
            let place = start..start + pixels.len() as u64;
            let whole = Walk { asked: None, pixels: Some(place), end };
            assert_eq!(walk(&data_set[..], explicit, None), Ok(whole));
            // The pixels of an icon are not those that are asked for.
            let asked = Walk { asked: Some(start), pixels: None, end: start };
            assert_eq!(walk(&data_set[..], explicit, Some(tags::PIXEL_DATA)), Ok(asked));
        }
        // Some devices end a data set as an item, or with a byte too few.
        for last in [(ITEM_END, b"  ", 0, &b""[..]), (PIXELS, b"OW", 3, b"abc")] {
            let walked = in_each_syntax(&[(IMAGE_COMMENTS, b"LT", 4, b"text"), last]);
            assert!(walked.iter().all(Result::is_ok), "{walked:?}");
        }
    }
}
