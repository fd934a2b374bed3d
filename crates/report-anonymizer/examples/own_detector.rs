//! A detector from outside the crate: the numbers of a hospital's own wristbands.
//!
//! A learned tagger is added in the same way: it reads [`Document::text`] and pushes spans.

use report_anonymizer::{Anonymizer, Category, Detector, Document, Mode, Span};

/// Finds "WB" and four characters or more.
#[derive(Debug)]
struct Wristbands;

impl Detector for Wristbands {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let text = document.text();
        for (start, _) in text.match_indices("WB-") {
            let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
            if end - start >= 7 {
                found.push(Span::new(start..end, Category::Id, "wristband", 0.99));
            }
        }
    }
}

fn main() -> report_anonymizer::Result<()> {
    let anonymizer = Anonymizer::builder().mode(Mode::Tag).detector(Wristbands).build()?;
    let (text, _) = anonymizer.anonymize_text("Bracelet WB-7xQz présent, radiographie du genou.", None)?;
    assert_eq!(text, "Bracelet <ID> présent, radiographie du genou.");
    Ok(())
}
