use crate::document::{Document, Kind};
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::digits::Digits;

/// Telephone, fax and pager numbers of Belgium, France and, with their prefix, of other countries.
#[derive(Debug)]
pub(crate) struct Phones;

impl Detector for Phones {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        while i < document.tokens.len() {
            match phone(document, i) {
                Some((span, end)) => {
                    found.push(span);
                    i = end;
                }
                None => i += 1,
            }
        }
    }
}

fn phone(document: &Document<'_>, i: usize) -> Option<(Span, usize)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Number || b"+(".contains(&t.sign))?;
    if let Some(end) = north_american(document, i) {
        return Some((Span::new(document.bytes(i, end), Category::Phone, "phone_north_american", 0.9), end));
    }
    let start = match token.kind {
        Kind::Sign if token.sign == b'+' => document.is_number(i + 1).then_some(i)?,
        Kind::Sign if token.sign == b'(' => (document.is_number(i + 1) && starts_with_zero(document, i + 1)
            || document.is_sign(i + 1, b'+'))
        .then_some(i)?,
        Kind::Number => {
            let before = i.checked_sub(1).filter(|_| !document.begins_line(i));
            if before.is_some_and(|b| {
                token.gap == 0
                    && (document.is_word(b)
                        || document.is_sign(b, b'.')
                        || document.is_sign(b, b',')
                        || document.is_sign(b, b'-') && document.is_number(b.wrapping_sub(1)))
            }) && !after_label(document, i)
            {
                return None;
            }
            i
        }
        _ => return None,
    };
    let (digits, end, groups) = collect(document, start);
    let labelled = after_label(document, start);
    if super::calendar::numeric(document, start)
        .is_some_and(|w| w.end > start + 1 && w.end < end && w.year_is_whole())
    {
        return None;
    }
    // "Rdv 12/04 9h" is a day.
    let appointed = start > 0
        && document.is(start - 1, word!("rdv"))
        && super::calendar::day_month(document, start).is_some();
    if appointed {
        return None;
    }
    let text = digits.as_str();
    let international = document.is_sign(start, b'+')
        || document.is_sign(start, b'(') && document.is_sign(start + 1, b'+')
        || text.starts_with("00");
    let rule = if international {
        let national = text.trim_start_matches("00");
        let known = national.strip_prefix("32").or_else(|| national.strip_prefix("33"));
        let enough = match known {
            Some(rest) => (8..=10).contains(&rest.len()),
            None => (9..=14).contains(&national.len()) && (document.is_sign(start, b'+') || groups > 2),
        };
        enough.then_some("phone_international")?
    } else if text.starts_with('0') && matches!(text.len(), 9 | 10) && !text.starts_with("00") {
        let fits = text.len() == 10 || labelled || belgian(text);
        (fits && (groups > 1 || labelled || text.len() == 10 || belgian(text))).then_some("phone_national")?
    } else if labelled && (3..=14).contains(&text.len()) {
        "phone_labelled"
    } else if groups == 4
        && text.len() == 9
        && text.starts_with('6')
        && text.as_bytes()[2] == b'1'
        && paired(document, start)
    {
        "phone_luxembourg"
    } else if bracketed(document, start, end) && groups > 2 && matches!(text.len(), 8..=10) {
        "phone_bracketed"
    } else {
        return None;
    };
    let confidence = if labelled { 0.97 } else { 0.9 };
    Some((Span::new(document.bytes(start, end), Category::Phone, rule, confidence), end))
}

/// "621 44 32 58": three digits and three pairs, a space apart, as mobile numbers of Luxembourg stand.
fn paired(document: &Document<'_>, start: usize) -> bool {
    document.tokens[start].len == 3
        && (start + 1..start + 4)
            .all(|j| document.get(j).is_some_and(|t| t.kind == Kind::Number && t.len == 2 && t.gap == 1))
}

/// "Dr Reuter (26 39 25 84)": pairs, or three digits and pairs, that fill a bracket behind a name.
fn bracketed(document: &Document<'_>, start: usize, end: usize) -> bool {
    let named = |i: usize| document.get(i).is_some_and(|t| t.kind == Kind::Word && !t.roles.any(Roles::UNIT));
    let barred = start > 1 && document.is_sign(start - 1, b'|') && document.is_sign(end, b'|');
    (barred
        || start > 1 && document.is_sign(start - 1, b'(') && document.is_sign(end, b')') && named(start - 2))
        && (start..end)
            .all(|j| document.get(j).is_some_and(|t| t.kind == Kind::Number && matches!(t.len, 2 | 3)))
}

/// "514 345-4931", "(418) 525-4444": three, three and four digits, as in Quebec.
fn north_american(document: &Document<'_>, i: usize) -> Option<usize> {
    let open = document.is_sign(i, b'(');
    let area = i + usize::from(open);
    let digits = |j: usize, len: u8| {
        document.get(j).is_some_and(|t| t.kind == Kind::Number && t.len == len) && document.same_line(j, i)
    };
    if !digits(area, 3)
        || !(200..1000).contains(&document.tokens[area].number)
        || i > 0 && document.glued(i - 1) && document.tokens[i - 1].kind != Kind::Sign
    {
        return None;
    }
    let joint = open && document.is_sign(area + 1, b')') || !open && document.is_sign(area + 1, b'-');
    let exchange = area + 1 + usize::from(joint);
    let fits = (joint || !open)
        && digits(exchange, 3)
        && document.tokens[exchange].number >= 200
        && document.tokens[exchange].gap <= 1
        && document.is_sign(exchange + 1, b'-')
        && document.glued(exchange)
        && document.glued(exchange + 1)
        && digits(exchange + 2, 4)
        && !(document.glued(exchange + 2) && document.is_word(exchange + 3));
    fits.then_some(exchange + 3)
}

fn starts_with_zero(document: &Document<'_>, i: usize) -> bool {
    document.text().as_bytes()[document.tokens[i].start as usize] == b'0'
}

/// Nine digits of Belgium: an area code, or a mobile number written without its last digit is none.
fn belgian(digits: &str) -> bool {
    matches!(digits.len(), 9) && !digits.starts_with("00") || digits.len() == 10 && digits.starts_with("04")
}

/// The digits of a number that may be broken by single spaces, dots, slashes, hyphens and brackets:
/// the digits, where it ends, and in how many groups they stand.
fn collect(document: &Document<'_>, start: usize) -> (Digits, usize, usize) {
    let (mut digits, mut groups, mut at, mut end) = (Digits::default(), 0, start, start + 1);
    let mut open = 0;
    while let Some(token) = document.get(at).filter(|t| t.line == document.tokens[start].line) {
        // Pairs may stand two spaces apart: "06  30 81 03 59".
        let pairs = token.gap == 2 && token.len == 2 && digits.as_str().starts_with('0') && digits.len() < 10;
        if at > start && token.gap > 1 && !pairs {
            break;
        }
        match token.kind {
            Kind::Number => {
                let group = document.text_of(at);
                // After ten digits a new group belongs to something else.
                let limit = if digits.as_str().starts_with("00")
                    || document.is_sign(start, b'+')
                    || document.is_sign(start + 1, b'+')
                {
                    15
                } else {
                    10
                };
                if digits.len() + group.len() > limit && digits.len() > 0 {
                    break;
                }
                // The trunk zero in "+32 (0)2" is not dialled.
                if !(group == "0" && open > 0 && digits.len() > 0) {
                    digits.extend(group);
                }
                groups += 1;
                end = at + 1;
            }
            Kind::Sign
                if b".-/".contains(&token.sign)
                    && at > start
                    && document.is_number(at + 1)
                    && document.tokens[at + 1].gap <= 1 => {}
            Kind::Sign if token.sign == b'/' && at > start && document.is_sign(at + 1, b'/') => {}
            Kind::Sign if token.sign == b'+' && digits.len() == 0 => {}
            Kind::Sign if token.sign == b'(' && open == 0 && digits.len() < 5 => open = 1,
            Kind::Sign if token.sign == b')' && open == 1 => {
                open = 2;
                end = end.max(at + 1);
            }
            _ => break,
        }
        at += 1;
    }
    (digits, end, groups)
}

/// Whether a label of telephones stands before token `i`, past "n°", a colon and the like.
fn after_label(document: &Document<'_>, i: usize) -> bool {
    let mut at = i;
    for _ in 0..6 {
        let Some(before) = at.checked_sub(1).filter(|b| document.same_line(*b, i)) else { return false };
        if document.has(before, Roles::PHONE_LABEL) {
            let letter = document.tokens[before].len == 1;
            return !letter
                || document.is_any(before, words!["t", "f"])
                    && at < i
                    && (document.is_sign(at, b'.') || document.is_sign(at, b':'))
                    && (document.is_sign(i, b'+') || document.is_number(i) && starts_with_zero(document, i));
        }
        let token = &document.tokens[before];
        let skipped = token.kind == Kind::Sign && b":.()-'=\x01".contains(&token.sign)
            || document.is_any(
                before,
                words![
                    "no", "n", "numero", "au", "le", "est", "direct", "patient", "interne", "privee",
                    "prive", "domicile", "cabinet", "travail", "et", "a", "du", "medecin",
                ],
            );
        if !skipped {
            return false;
        }
        at = before;
    }
    false
}
