use crate::document::Document;
use crate::{Category, Role, Span};

/// Makes spans disjoint. The surer span keeps what two share (the longer one if both are as sure); what
/// the other has beyond it stays covered as a span of its own, unless it is only signs and spaces.
/// Neighbours of one category that one rule or one name splits are joined.
pub(crate) fn resolve(document: &Document<'_>, mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then((b.end - b.start).cmp(&(a.end - a.start)))
            .then(a.start.cmp(&b.start))
    });
    // For every byte, the next one that no surer span has taken, as a forest of shortcuts.
    let mut free: Vec<u32> = (0..=document.text().len() as u32).collect();
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        let mut start = next_free(&mut free, span.start);
        while start < span.end {
            let mut end = start;
            while end < span.end && free[end] as usize == end {
                free[end] = end as u32 + 1;
                end += 1;
            }
            kept.extend(piece(document, &span, start..end));
            start = next_free(&mut free, end);
        }
    }
    kept.sort_by_key(|span| span.start);
    kept.dedup_by(|span, last| join(document, last, span));
    kept
}

/// The first byte from `at` on that is not taken; shortcuts are shortened on the way.
fn next_free(free: &mut [u32], at: usize) -> usize {
    let mut root = at;
    while free[root] as usize != root {
        root = free[root] as usize;
    }
    let mut step = at;
    while free[step] as usize != root && step != root {
        step = std::mem::replace(&mut free[step], root as u32) as usize;
    }
    root
}

/// The part of `span` in `range`, without signs at its edges unless it is the whole.
fn piece(document: &Document<'_>, span: &Span, range: std::ops::Range<usize>) -> Option<Span> {
    let mut part = span.clone();
    if range != span.range() {
        let text = &document.text()[range.clone()];
        let head = text.find(char::is_alphanumeric)?;
        let last = text.rfind(char::is_alphanumeric)?;
        let width = text[last..].chars().next().map_or(1, char::len_utf8);
        (part.start, part.end) = (range.start + head, range.start + last + width);
    }
    Some(part)
}

/// Adds `span` to the neighbour before it if both are persons and nothing but a space, hyphen or apostrophe stands
/// between; whether it did.
fn join(document: &Document<'_>, last: &mut Span, span: &Span) -> bool {
    if last.category != span.category || span.category != Category::Person {
        return false;
    }
    let between = &document.text()[last.end..span.start];
    let close = between.chars().all(|c| {
        matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}' | '\u{2011}' | '\'' | '\u{2019}' | '.')
    }) && between.chars().count() <= 2
        && !between.starts_with(". ");
    if close {
        last.end = span.end;
        last.role = match (last.role, span.role) {
            (Some(Role::Patient), _) | (_, Some(Role::Patient)) => Some(Role::Patient),
            (role, other) => role.or(other),
        };
        last.confidence = last.confidence.max(span.confidence);
    }
    close
}
