use crate::{Category, Span};

/// Whether a span stands beside a letter or a digit with nothing or one sign between, or beside digits of a number
/// that a space cuts.
pub(crate) fn is_glued(text: &str, spans: &[Span]) -> bool {
    spans.iter().enumerate().any(|(i, span)| {
        let own = &text[span.range()];
        // A date has the hour behind it.
        let number = |c: Option<char>| span.category != Category::Date && c.is_some_and(char::is_numeric);
        let before = i == 0 || spans[i - 1].end + 1 < span.start;
        let after = spans.get(i + 1).is_none_or(|next| next.start > span.end + 1);
        let digit = own.starts_with(char::is_numeric);
        before && touches(text[..span.start].chars().rev(), digit)
            || after && touches(text[span.end..].chars(), number(own.chars().next_back()))
    })
}

/// Whether the next of `characters`, or the one behind a sign, is a letter or a digit; behind a space only a digit
/// beside a `number`.
fn touches(mut characters: impl Iterator<Item = char>, number: bool) -> bool {
    let Some(first) = characters.next() else { return false };
    let behind = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    first.is_alphanumeric()
        || !first.is_whitespace()
            && !matches!(first, '\'' | '\u{2019}' | '\u{2bc}')
            && behind(characters.next())
        || first == ' ' && number && characters.next().is_some_and(char::is_numeric)
}

/// A text in which tags stand for the spans found so far.
#[derive(Debug)]
pub(crate) struct Tagged {
    text: String,
    /// For every tag: where it begins and ends in this text, and where its span does in the original.
    tags: Vec<[usize; 4]>,
}

impl Tagged {
    pub(crate) fn new(original: &str, spans: &[Span]) -> Self {
        let (mut text, mut tags, mut at) = (String::with_capacity(original.len()), Vec::new(), 0);
        for span in spans {
            text.push_str(&original[at..span.start]);
            let start = text.len();
            text.push('<');
            text.push_str(span.category.name());
            text.push('>');
            tags.push([start, text.len(), span.start, span.end]);
            at = span.end;
        }
        text.push_str(&original[at..]);
        Self { text, tags }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Adds to `spans` what was found in this text outside the tags; how many.
    pub(crate) fn add(&self, found: &[Span], spans: &mut Vec<Span>) -> usize {
        let known = spans.len();
        for span in found {
            // A span is cut where a tag stands in it.
            let mut start = span.start;
            let first = self.tags.partition_point(|tag| tag[1] <= span.start);
            for [from, to, ..] in self.tags[first..].iter().take_while(|tag| tag[0] < span.end) {
                self.push(span, start, *from, spans);
                start = *to;
            }
            self.push(span, start, span.end, spans);
        }
        let added = spans.len() - known;
        spans.sort_by_key(|span| span.start);
        added
    }

    fn push(&self, span: &Span, start: usize, end: usize, spans: &mut Vec<Span>) {
        if self.text.get(start..end).is_some_and(|text| text.contains(char::is_alphanumeric)) {
            spans.push(Span { start: self.original(start), end: self.original(end), ..span.clone() });
        }
    }

    /// Where in the original a place outside the tags lies.
    fn original(&self, at: usize) -> usize {
        let passed = self.tags.partition_point(|tag| tag[1] <= at);
        passed.checked_sub(1).map_or(at, |last| {
            let [_, to, _, end] = self.tags[last];
            end + (at - to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Tagged, is_glued};
    use crate::{Category, Span};

    #[test]
    fn what_is_found_between_tags_lies_where_it_did() {
        let original = "née12.03.1960tel0475";
        let first = vec![Span::new(4..14, Category::Date, "a", 0.9)];
        assert!(is_glued(original, &first));
        let tagged = Tagged::new(original, &first);
        assert_eq!(tagged.text(), "née<DATE>tel0475");
        let again = [Span::new(tagged.text().len() - 4..tagged.text().len(), Category::Phone, "b", 0.9)];
        let mut spans = first;
        assert_eq!(tagged.add(&again, &mut spans), 1);
        assert_eq!(&original[spans[1].range()], "0475");
    }
}
