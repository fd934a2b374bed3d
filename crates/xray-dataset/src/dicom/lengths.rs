use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use dicom_core::Tag;
use dicom_encoding::text::SpecificCharacterSet;
use dicom_encoding::{Codec, TransferSyntax};
use dicom_parser::DynStatefulDecoder;
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;

use crate::ImageFault;

/// Items within items beyond this many are refused, as each takes room on the reader's stack.
const DEEPEST: usize = 100;

/// Walks a data set up to the element `until`, without keeping anything, and fails if an element says that it is
/// longer than what follows. Readers make room for a value before they look whether it is there.
pub(super) fn hold(
    source: impl Read + Send + 'static,
    syntax: &TransferSyntax,
    until: Option<Tag>,
) -> Result<(), ImageFault> {
    let (count, ended) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let inflated: Box<dyn Read> = match syntax.codec() {
        Codec::Dataset(Some(adapter)) => adapter.adapt_reader(Box::new(source)),
        _ => Box::new(source),
    };
    let source = Counted { source: inflated, count: Rc::clone(&count), ended: Rc::clone(&ended) };
    let decoder = DynStatefulDecoder::new_with(source, syntax, SpecificCharacterSet::default(), 0);
    let mut reader = LazyDataSetReader::new(decoder.map_err(|_| ImageFault::DamagedDataSet)?);
    let mut depth = 0_usize;
    while let Some(token) = reader.advance() {
        let Ok(token) = token else {
            // An end that is missing is for the reader to judge: nothing longer than the file is asked for by it. What
            // else is no token here may be one there, of any length.
            return if ended.get() { Ok(()) } else { Err(ImageFault::DamagedDataSet) };
        };
        let length = match &token {
            LazyDataToken::ElementHeader(header) if until.is_some_and(|tag| tag <= header.tag) => break,
            LazyDataToken::LazyValue { header, .. } => header.len.get().unwrap_or(0),
            LazyDataToken::LazyItemValue { len, .. } => *len,
            LazyDataToken::SequenceStart { .. } | LazyDataToken::PixelSequenceStart => {
                depth += 1;
                0
            }
            LazyDataToken::SequenceEnd => {
                depth = depth.saturating_sub(1);
                0
            }
            _ => 0,
        };
        let before = count.get();
        token.skip().map_err(|_| ImageFault::DamagedDataSet)?;
        if count.get() - before < u64::from(length) || depth > DEEPEST {
            return Err(ImageFault::DamagedDataSet);
        }
    }
    Ok(())
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
