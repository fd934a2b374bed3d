//! A report as a PDF file: pages of text between a band above and a band below.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

const LINES: usize = 46;
const COLUMNS: usize = 92;
const SIZE: f32 = 10.5;
const LEADING: f32 = 15.0;
const FONT: Name<'static> = Name(b"F1");

/// `text` on as many A4 pages as it needs. `band` stands above each, "SIMULATED" and the number of the page
/// below.
pub(crate) fn encode(text: &str, band: &str) -> Vec<u8> {
    let lines: Vec<String> = text.lines().flat_map(wrapped).collect();
    let pages: Vec<&[String]> = if lines.is_empty() { vec![&[]] } else { lines.chunks(LINES).collect() };
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let page_ref = |n: usize| Ref::new(4 + 2 * n as i32);
    let content_ref = |n: usize| Ref::new(5 + 2 * n as i32);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids((0..pages.len()).map(page_ref)).count(pages.len() as i32);
    pdf.type1_font(font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for (number, lines) in pages.iter().enumerate() {
        let mut page = pdf.page(page_ref(number));
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(content_ref(number));
        page.resources().fonts().pair(FONT, font);
        page.finish();
        let mut content = Content::new();
        write_at(&mut content, 806.0, &[band.to_owned()]);
        write_at(&mut content, 770.0, lines);
        write_at(&mut content, 36.0, &[format!("SIMULATED - page {}/{}", number + 1, pages.len())]);
        pdf.stream(content_ref(number), &content.finish());
    }
    pdf.finish()
}

fn write_at(content: &mut Content, top: f32, lines: &[String]) {
    content.begin_text().set_font(FONT, SIZE).set_leading(LEADING).next_line(56.0, top);
    for line in lines {
        content.show(Str(&win_ansi(line))).next_line_using_leading();
    }
    content.end_text();
}

/// Breaks a line between words where it is too long for the page.
fn wrapped(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut length = 0;
    for word in line.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > COLUMNS {
            out.push(String::new());
            length = 0;
        }
        if let Some(last) = out.last_mut() {
            if length > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
        length += letters + 1;
    }
    out
}

/// The bytes of WinAnsiEncoding for what French needs; "?" for the rest.
fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        'Œ' => 0x8C,
        'œ' => 0x9C,
        '’' => 0x92,
        '–' => 0x96,
        c => u8::try_from(u32::from(c)).unwrap_or(b'?'),
    };
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_take_pages_and_keep_their_accents() {
        let text = format!("{}Fracture engrenée\n", "ligne\n".repeat(100));
        let bytes = encode(&text, "CHU");
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(bytes.starts_with(b"%PDF-"));
        assert!(has(b"/Count 3") && has(b"SIMULATED - page 3/3") && !has(b"page 4/"));
        // Strings beyond ASCII are written in hexadecimal digits.
        let digits: String = win_ansi("Fracture engrenée").iter().map(|byte| format!("{byte:02X}")).collect();
        assert!(has(digits.as_bytes()));
    }

    #[test]
    fn a_long_line_is_broken_between_words() {
        let line = "mot ".repeat(60);
        let lines = wrapped(&line);
        assert!(lines.iter().all(|l| l.chars().count() <= COLUMNS));
        assert_eq!(lines.join(" ").split_whitespace().count(), 60);
    }
}
