use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform, output_doc};

use super::pages::{Glyph, Page, lines};
use crate::Cause;
use crate::caught::caught;

/// More than a report has; a file that holds more is not read.
const MAX_GLYPHS: usize = 1_000_000;

/// The pages of a PDF file.
pub(super) fn read_pages(bytes: &[u8]) -> Result<Vec<Page>, Cause> {
    let read = || {
        let mut document = Document::load_mem(bytes).map_err(|_| Cause::NoText)?;
        if document.is_encrypted() {
            document.decrypt("").map_err(|_| Cause::NoText)?;
        }
        let mut device = Glyphs::default();
        output_doc(&document, &mut device).map_err(|_| Cause::NoText)?;
        Ok(device.pages)
    };
    // pdf-extract panics on files that break the rules.
    caught(read).unwrap_or(Err(Cause::NoText))
}

/// Takes down what is printed on each page, and where.
#[derive(Default)]
struct Glyphs {
    pages: Vec<Page>,
    current: Vec<Glyph>,
    seen: usize,
    lower_edge: f64,
}

impl OutputDev for Glyphs {
    fn begin_page(
        &mut self,
        _number: u32,
        media_box: &MediaBox,
        _art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        self.lower_edge = media_box.lly;
        self.pages.push(Page { height: media_box.ury - media_box.lly, lines: Vec::new() });
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        let glyphs = std::mem::take(&mut self.current);
        if let Some(page) = self.pages.last_mut() {
            page.lines = lines(glyphs);
        }
        Ok(())
    }

    fn output_character(
        &mut self,
        place: &Transform,
        width: f64,
        _spacing: f64,
        font_size: f64,
        letters: &str,
    ) -> Result<(), OutputError> {
        self.seen += 1;
        if self.seen > MAX_GLYPHS {
            return Err(OutputError::FormatError(std::fmt::Error));
        }
        let height = self.pages.last().map_or(0.0, |page| page.height);
        // How long the two axes of the font's space are on the page, turned text included.
        let across = font_size * place.m11.hypot(place.m12);
        let size = font_size * place.m21.hypot(place.m22);
        self.current.push(Glyph {
            left: place.m31,
            right: place.m31 + width * across,
            top: height - (place.m32 - self.lower_edge),
            size: size.abs(),
            letters: letters.to_owned(),
        });
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}
