use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::pages::{Line, Page};

/// Which parts of a page are a header and a footer, for documents whose bands are known.
///
/// ```
/// use xray_dataset::PageTemplate;
///
/// let file = r#"[{"contains": "Clinique Imaginaire", "top_mm": 30, "bottom_mm": 20}, {"top_mm": 15}]"#;
/// let templates: Vec<PageTemplate> = serde_json::from_str(file)?;
/// assert_eq!(templates[1], PageTemplate { contains: None, top_mm: 15.0, bottom_mm: 0.0 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageTemplate {
    /// Only pages with a line that holds these words (default: every page).
    pub contains: Option<String>,
    /// Lines whose base is above this many millimetres from the upper edge go (default: 0).
    pub top_mm: f64,
    /// Lines whose base is below this many millimetres from the lower edge go (default: 0).
    pub bottom_mm: f64,
}

impl std::fmt::Debug for PageTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { contains, top_mm, bottom_mm } = self;
        write!(f, "PageTemplate[{top_mm} mm, {bottom_mm} mm, words: {}]", contains.is_some())
    }
}

const POINTS_PER_MM: f64 = 72.0 / 25.4;

/// Cuts the first template that fits each page.
pub(super) fn cut_by_templates(documents: &mut [Vec<Page>], templates: &[PageTemplate]) {
    for page in documents.iter_mut().flatten() {
        let fits = |template: &&PageTemplate| {
            let words = template.contains.as_deref();
            words.is_none_or(|words| page.lines.iter().any(|line| line.text.contains(words)))
        };
        if let Some(template) = templates.iter().find(fits) {
            let bottom = page.height - template.bottom_mm * POINTS_PER_MM;
            let top = template.top_mm * POINTS_PER_MM;
            page.lines.retain(|line| line.top >= top && line.top <= bottom);
        }
    }
}

/// Which part of a page, at its upper and at its lower end, may hold bands.
const OUTER: f64 = 0.2;

/// Which part is a margin, 18 mm of a sheet of A4: there no text begins.
const MARGIN: f64 = 0.06;

/// Bands are compared at heights of so many points.
const STEP: f64 = 4.0;

/// Finds the bands of a set of documents by themselves, and cuts them.
///
/// A line of the outer fifths of a page is of a band if the same words (numbers may differ) stand at the
/// same height on most pages of most of the documents of several pages that have it, three documents at least.
/// Where most of what stands at a height is of a band, everything at that height is: names that are rare are
/// cut with the frequent ones. Documents of one page cannot tell a band from a letterhead; of them, only what
/// stands at one height in the margin of most is cut, if it says the same few things again and again.
pub(super) fn cut_repeated(documents: &mut [Vec<Page>]) {
    let bands = Bands::learn(documents);
    for page in documents.iter_mut().flatten() {
        let height = page.height;
        page.lines.retain(|line| !bands.hold(line, height));
    }
}

/// Where a line stands: whether at the upper end, and how far from that end, in steps.
type Level = (bool, i64);

/// What stands at one level, in all documents together.
#[derive(Default)]
struct Occupation {
    lines: usize,
    of_bands: usize,
    shapes: usize,
    in_margin: bool,
}

/// How often a line occurs.
#[derive(Default)]
struct Count {
    documents: usize,
    in_margin: bool,
    /// Documents of several pages that have it, and those that have it on most.
    several: usize,
    most_pages: usize,
    lines: usize,
}

struct Bands {
    /// Levels of which most lines are of a band.
    levels: Vec<Level>,
}

impl Bands {
    fn learn(documents: &[Vec<Page>]) -> Self {
        let mut counts: HashMap<(Level, String), Count> = HashMap::new();
        for document in documents {
            let mut pages: HashMap<(Level, String), (usize, bool)> = HashMap::new();
            for page in document {
                for line in &page.lines {
                    let Some(level) = level(line, page.height) else { continue };
                    let end = line.top.min(page.height - line.top);
                    let (on_pages, in_margin) = pages.entry((level, shape(line))).or_default();
                    *on_pages += 1;
                    *in_margin = end <= MARGIN * page.height;
                }
            }
            for (key, (on_pages, in_margin)) in pages {
                let count = counts.entry(key).or_default();
                count.documents += 1;
                count.in_margin = in_margin;
                count.lines += on_pages;
                count.several += usize::from(document.len() > 1);
                count.most_pages += usize::from(document.len() > 1 && 2 * on_pages > document.len());
            }
        }
        let mut levels: HashMap<Level, Occupation> = HashMap::new();
        for ((level, _), count) in &counts {
            let is_band = count.documents >= 3 && 2 * count.most_pages > count.several;
            let here = levels.entry(*level).or_default();
            here.lines += count.lines;
            here.of_bands += if is_band && count.several > 0 { count.lines } else { 0 };
            here.shapes += 1;
            here.in_margin |= count.in_margin;
        }
        levels.retain(|_, here| {
            let repeats = 2 * here.lines > documents.len() && 4 * here.shapes <= here.lines;
            2 * here.of_bands > here.lines || here.in_margin && repeats
        });
        Self { levels: levels.into_keys().collect() }
    }

    fn hold(&self, line: &Line, height: f64) -> bool {
        level(line, height).is_some_and(|level| self.levels.contains(&level))
    }
}

fn level(line: &Line, height: f64) -> Option<Level> {
    let at_top = line.top <= OUTER * height;
    let at_bottom = line.top >= (1.0 - OUTER) * height;
    let from_end = if at_top { line.top } else { height - line.top };
    (at_top || at_bottom).then_some((at_top, (from_end / STEP).round() as i64))
}

/// The words of a line, every number as one sign.
fn shape(line: &Line) -> String {
    let mut shape = String::with_capacity(line.text.len());
    for letter in line.text.chars() {
        if !letter.is_ascii_digit() {
            shape.extend(letter.to_lowercase());
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &[(f64, &str)]) -> Page {
        let line = |(top, text): &(f64, &str)| Line { top: *top, text: (*text).to_owned() };
        Page { height: 842.0, lines: lines.iter().map(line).collect() }
    }

    fn texts(document: &[Page]) -> Vec<&str> {
        document.iter().flat_map(|page| page.lines.iter().map(|line| line.text.as_str())).collect()
    }

    /// A letterhead that is of the text, between bands that name one of three houses.
    fn documents() -> Vec<Vec<Page>> {
        let house = |i: usize| ["CHU Un", "CHU Deux", "Clinique Rare"][if i == 11 { 2 } else { i % 2 }];
        let number = |page: usize, of: usize| format!("page {page}/{of}");
        (0..12)
            .map(|i| {
                let of = if i < 6 { 2 } else { 1 };
                (0..of)
                    .map(|p| {
                        let body = if p == 0 { "Service de radiologie" } else { "suite" };
                        let words = format!("mot {}", "abcdefghijkl".chars().nth(i).unwrap());
                        let foot = number(p + 1, of);
                        page(&[(36.0, house(i)), (72.0, body), (300.0, &words), (806.0, &foot)])
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn bands_are_found_and_a_letterhead_stays() {
        let mut cut = documents();
        cut_repeated(&mut cut);
        assert_eq!(texts(&cut[0]), ["Service de radiologie", "mot a", "suite", "mot a"]);
        // The rare name stands where bands stand.
        assert_eq!(texts(&cut[11]), ["Service de radiologie", "mot l"]);
    }

    #[test]
    fn a_template_overrides() {
        let mut cut = documents();
        let rare = PageTemplate { contains: Some("Rare".into()), top_mm: 40.0, ..PageTemplate::default() };
        cut_by_templates(&mut cut, &[rare, PageTemplate { bottom_mm: 20.0, ..PageTemplate::default() }]);
        assert_eq!(texts(&cut[11]), ["mot l", "page 1/1"]);
        assert_eq!(texts(&cut[10]), ["CHU Un", "Service de radiologie", "mot k"]);
    }

    #[test]
    fn few_documents_say_nothing_of_bands() {
        let mut two = documents()[6..8].to_vec();
        cut_repeated(&mut two);
        assert_eq!(two, documents()[6..8]);
    }
}
