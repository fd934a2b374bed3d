/// One page of a document as lines of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Page {
    /// The height in points, 72 to an inch.
    pub(super) height: f64,
    /// From top to bottom.
    pub(super) lines: Vec<Line>,
}

/// One line.
#[derive(Clone, PartialEq)]
pub(super) struct Line {
    /// Points from the upper edge of the page to the base line.
    pub(super) top: f64,
    pub(super) text: String,
}

/// The text of documents is not for logs.
impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("top", &self.top).field("bytes", &self.text.len()).finish()
    }
}

/// Something printed on a page: usually a letter.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub(super) left: f64,
    pub(super) right: f64,
    /// Points from the upper edge of the page to the base line.
    pub(super) top: f64,
    pub(super) size: f64,
    pub(super) letters: String,
}

/// From what part of the letter size on a gap between two letters is a space.
const SPACE: f64 = 0.15;

/// Glyphs put together to lines by where they stand, whatever their order in the file.
pub(super) fn lines(mut glyphs: Vec<Glyph>) -> Vec<Line> {
    glyphs.retain(|glyph| [glyph.left, glyph.right, glyph.top, glyph.size].iter().all(|v| v.is_finite()));
    glyphs.sort_by(|a, b| a.top.total_cmp(&b.top));
    let mut lines: Vec<Vec<Glyph>> = Vec::new();
    for glyph in glyphs {
        match lines.last_mut() {
            // What is raised or lowered by less than half a letter stands on the same line.
            Some(line) if line.first().is_some_and(|f| glyph.top - f.top < 0.5 * f.size.max(1.0)) => {
                line.push(glyph);
            }
            _ => lines.push(vec![glyph]),
        }
    }
    lines.into_iter().map(line).filter(|line| !line.text.is_empty()).collect()
}

fn line(mut glyphs: Vec<Glyph>) -> Line {
    glyphs.sort_by(|a, b| a.left.total_cmp(&b.left));
    let top = glyphs.first().map_or(0.0, |glyph| glyph.top);
    let (mut text, mut end) = (String::new(), f64::INFINITY);
    for glyph in glyphs {
        let is_blank = glyph.letters.chars().all(char::is_whitespace);
        let gap = glyph.left - end > SPACE * glyph.size;
        if (is_blank || gap) && !text.ends_with(' ') {
            text.push(' ');
        }
        if !is_blank {
            text.push_str(&glyph.letters);
        }
        end = glyph.right;
    }
    Line { top, text: text.trim().to_owned() }
}

/// The text of a document. Empty lines are put where the page has room for them.
pub(super) fn text(pages: &[Page]) -> String {
    let mut text = String::new();
    for page in pages {
        let gaps = page.lines.windows(2).map(|pair| pair[1].top - pair[0].top);
        let leading = gaps.fold(f64::INFINITY, f64::min);
        let mut before: Option<f64> = None;
        for line in &page.lines {
            let empty = before.map_or(0.0, |top| ((line.top - top) / leading).round() - 1.0);
            // A space as high as many lines says no more than one of two.
            text.extend(std::iter::repeat_n('\n', empty.clamp(0.0, 2.0) as usize));
            text.push_str(&line.text);
            text.push('\n');
            before = Some(line.top);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(letters: &str, left: f64, top: f64) -> Vec<Glyph> {
        let glyph = |(place, letter): (usize, char)| {
            let left = left + 5.0 * place as f64;
            Glyph { left, right: left + 5.0, top, size: 10.0, letters: letter.to_string() }
        };
        letters.chars().enumerate().map(glyph).collect()
    }

    #[test]
    fn words_are_put_in_the_order_of_the_page() {
        let glyphs = [
            word("bas", 50.0, 160.0),
            word("droit", 90.0, 100.0),
            word("poignet", 50.0, 101.0),
            word("deux", 50.0, 115.0),
        ];
        let lines = lines(glyphs.concat());
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["poignet droit", "deux", "bas"]);
        let page = Page { height: 800.0, lines };
        assert_eq!(
            text(&[page.clone(), page]),
            "poignet droit\ndeux\n\n\nbas\npoignet droit\ndeux\n\n\nbas\n"
        );
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(lines(Vec::new()).is_empty());
        assert_eq!(text(&[Page::default()]), "");
        let broken = Glyph { left: f64::NAN, right: 0.0, top: 0.0, size: 1.0, letters: "a".into() };
        assert!(lines(vec![broken]).is_empty());
    }
}
