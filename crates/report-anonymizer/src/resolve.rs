use crate::document::Document;
use crate::{Category, Span};

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
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        let mut start = span.start;
        let first = kept.partition_point(|other| other.end <= span.start);
        let mut at = first;
        let mut pieces = Vec::new();
        while let Some(other) = kept.get(at).filter(|other| other.start < span.end) {
            if other.start > start {
                pieces.push(start..other.start);
            }
            start = start.max(other.end);
            at += 1;
        }
        if start < span.end {
            pieces.push(start..span.end);
        }
        for piece in pieces {
            let text = &document.text()[piece.clone()];
            let Some(head) = text.find(|c: char| c.is_alphanumeric()) else { continue };
            let whole = piece == span.range();
            let tail = text
                .rfind(|c: char| c.is_alphanumeric())
                .map_or(text.len(), |last| last + text[last..].chars().next().map_or(1, char::len_utf8));
            let mut part = span.clone();
            (part.start, part.end) =
                if whole { (piece.start, piece.end) } else { (piece.start + head, piece.start + tail) };
            let place = kept.partition_point(|other| other.end <= part.start);
            kept.insert(place, part);
        }
    }
    join(document, kept)
}

/// Joins neighbours of one category with nothing but a space, hyphen or apostrophe between.
fn join(document: &Document<'_>, spans: Vec<Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if let Some(last) =
            out.last_mut().filter(|last| last.category == span.category && span.category == Category::Person)
        {
            let between = &document.text()[last.end..span.start];
            let close = between.chars().all(|c| {
                matches!(
                    c,
                    ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}' | '\u{2011}' | '\'' | '\u{2019}' | '.'
                )
            }) && between.chars().count() <= 2
                && !between.starts_with(". ");
            if close {
                last.end = span.end;
                last.role = match (last.role, span.role) {
                    (Some(crate::Role::Patient), _) | (_, Some(crate::Role::Patient)) => {
                        Some(crate::Role::Patient)
                    }
                    (role, other) => role.or(other),
                };
                last.confidence = last.confidence.max(span.confidence);
                continue;
            }
        }
        out.push(span);
    }
    out
}
