use crate::document::{Document, Kind};
use crate::{Category, Span};

use super::Detector;

/// Electronic mail and web addresses.
#[derive(Debug)]
pub(crate) struct Contacts;

impl Detector for Contacts {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut end_of_last = 0;
        for i in 0..document.tokens.len() {
            if i < end_of_last {
                continue;
            }
            let token = &document.tokens[i];
            let span = match token.kind {
                Kind::Sign if token.sign == b'@' => mail(document, i),
                Kind::Sign if token.sign == b'.' => bare_domain(document, i, end_of_last),
                Kind::Word if starts_address(document, i) => web(document, i),
                _ => None,
            };
            if let Some((span, end)) = span {
                end_of_last = end;
                found.push(span);
            }
        }
    }
}

const DOMAINS: &[u64] = words![
    "be",
    "fr",
    "com",
    "net",
    "org",
    "eu",
    "lu",
    "nl",
    "de",
    "ch",
    "info",
    "io",
    "sante",
    "brussels",
    "vlaanderen",
    "uk",
    "it",
    "es",
    "ca",
    "health",
    "care",
    "gov",
    "edu",
    "bzh",
    "paris",
    "app",
    "me",
    "tv",
    "online",
    "site",
    "med",
    "pro",
    "re",
    "ma",
    "dz",
    "tn",
    "pt",
    "pl",
    "ro",
    "tr",
    "us",
    "cc",
    "biz",
];

fn is_domain(document: &Document<'_>, i: usize) -> bool {
    document.is_any(i, DOMAINS)
}

/// The mail address around the sign `at`. Extraction from PDF may have put single spaces around the
/// signs.
fn mail(document: &Document<'_>, at: usize) -> Option<(Span, usize)> {
    let mut start = at;
    while start > at.saturating_sub(24) && document.same_line(start - 1, at) {
        let (before, after) = (&document.tokens[start - 1], &document.tokens[start]);
        let name = before.kind != Kind::Sign;
        let joint = before.kind == Kind::Sign && b".-_+%'".contains(&before.sign);
        if !(name || joint) || after.gap > 1 {
            break;
        }
        // A space only beside the sign itself, or beside a dot that has a space too.
        let spaced = after.gap == 1;
        let beside_sign = start == at || document.tokens[start].kind == Kind::Sign && start + 4 > at;
        if spaced && !(beside_sign && name || joint && before.sign == b'.' && before.gap == 1) {
            break;
        }
        if spaced && name && start != at && document.tokens[start].sign != b'.' {
            break;
        }
        start -= 1;
    }
    while start < at && document.tokens[start].kind == Kind::Sign {
        start += 1;
    }
    let mut end = at + 1;
    let mut dots = 0;
    while end < document.tokens.len() && document.same_line(end, at) {
        let token = &document.tokens[end];
        let spaced = token.gap > 0;
        let joint = token.kind == Kind::Sign && b".-_".contains(&token.sign);
        if token.gap > 1 || token.kind == Kind::Sign && !joint {
            break;
        }
        if spaced
            && !(end == at + 1
                || document.tokens[end - 1].sign == b'.' && is_domain(document, end)
                || joint && spaced_dot(document, end))
        {
            break;
        }
        dots += usize::from(joint && token.sign == b'.');
        end += 1;
        if spaced && dots > 0 && is_domain(document, end - 1) {
            break;
        }
    }
    while end > at && document.tokens[end - 1].kind == Kind::Sign {
        end -= 1;
    }
    if start == at || end <= at + 1 {
        return None;
    }
    Some((Span::new(document.bytes(start, end), Category::Email, "email", 1.0), end))
}

fn spaced_dot(document: &Document<'_>, i: usize) -> bool {
    document.is_sign(i, b'.') && is_domain(document, i + 1)
}

fn starts_address(document: &Document<'_>, i: usize) -> bool {
    let scheme = document.is_sign(i + 1, b':')
        && document.is_sign(i + 2, b'/')
        && document.is_any(i, words!["http", "https", "ftp"]);
    scheme || document.is_sign(i + 1, b'.') && document.is(i, word!("www")) && document.glued(i)
}

/// A web address with its scheme or `www`: to the next space, without closing punctuation.
fn web(document: &Document<'_>, start: usize) -> Option<(Span, usize)> {
    let mut end = start + 1;
    while end < document.tokens.len() && document.glued(end - 1) && !is_bracket(document, end) {
        end += 1;
    }
    Some((Span::new(document.bytes(start, trim(document, start, end)), Category::Url, "url", 1.0), end))
}

/// A domain without a scheme (`chu-exemple.be/patients`) whose last dot-separated part is `dot + 1`.
fn bare_domain(document: &Document<'_>, dot: usize, floor: usize) -> Option<(Span, usize)> {
    if !document.glued(dot) || dot == 0 || !document.glued(dot - 1) || !is_domain(document, dot + 1) {
        return None;
    }
    let last = dot + 1;
    let closes = document.ends_line(last)
        || document.tokens[last + 1].gap > 0
        || document.tokens[last + 1].kind == Kind::Sign;
    if !closes
        || document.is_sign(last + 1, b'.')
            && document.glued(last)
            && document.is_word(last + 2)
            && document.glued(last + 1)
    {
        return None;
    }
    let mut start = dot;
    while start > floor.max(dot.saturating_sub(24)) && document.glued(start - 1) {
        let token = &document.tokens[start - 1];
        if token.kind == Kind::Sign && !b".-_".contains(&token.sign) {
            break;
        }
        start -= 1;
    }
    while start < dot && document.tokens[start].kind == Kind::Sign {
        start += 1;
    }
    let letters: usize =
        document.tokens[start..dot].iter().filter(|t| t.kind == Kind::Word).map(|t| usize::from(t.len)).sum();
    if letters < 3
        || document.tokens[last].shape != crate::document::Shape::Lower
            && document.tokens[start].shape == crate::document::Shape::Lower
    {
        return None;
    }
    let mut end = last + 1;
    if document.is_sign(end, b'/') && document.glued(last)
        || document.is_sign(end, b':')
            && document.glued(last)
            && document.is_number(end + 1)
            && document.glued(end)
    {
        while end < document.tokens.len() && document.glued(end - 1) && !is_bracket(document, end) {
            end += 1;
        }
    }
    Some((Span::new(document.bytes(start, trim(document, start, end)), Category::Url, "domain", 0.95), end))
}

fn is_bracket(document: &Document<'_>, i: usize) -> bool {
    document.tokens[i].kind == Kind::Sign && b"()<>[]{}\"".contains(&document.tokens[i].sign)
}

fn trim(document: &Document<'_>, start: usize, mut end: usize) -> usize {
    while end > start + 1
        && document.tokens[end - 1].kind == Kind::Sign
        && b".,;:!?'".contains(&document.tokens[end - 1].sign)
    {
        end -= 1;
    }
    end
}
