use crate::document::{Document, Kind, Shape};
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::place::{first_word, is_known_place, place};
use super::street::street;
use super::town::town;

/// Streets with their numbers, postal codes and towns.
#[derive(Debug)]
pub(crate) struct Addresses;

impl Detector for Addresses {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        // The token after the last street: a postal code may follow it.
        let mut after_street = usize::MAX;
        while i < document.tokens.len() {
            if document.tokens[i].kind == Kind::Sign {
                i += 1;
                continue;
            }
            if let Some((start, end, confidence)) = street(document, i) {
                found.push(Span::new(document.bytes(start, end), Category::Location, "street", confidence));
                after_street = end;
                i = end;
                continue;
            }
            // "rue Haute 12, Guingamp".
            let led = after_street != usize::MAX
                && i == after_street + 1
                && (document.is(after_street, word!("a"))
                    || document.is_sign(after_street, b',') && document.tokens[i].shape != Shape::Lower);
            if led
                && document.tokens[i].place > 0
                && (document.tokens[i].shape != Shape::Lower || !document.cased(i))
            {
                let end = place(document, i).unwrap_or(i + 1);
                found.push(Span::new(document.bytes(i, end), Category::Location, "town_after_street", 0.9));
                i = end;
                continue;
            }
            if let Some((code, town, end)) = postal_code(document, i, after_street) {
                found.push(Span::new(document.bytes(code, town), Category::Location, "postal_code", 0.95));
                if end > town {
                    found.push(Span::new(
                        document.bytes(first_word(document, town), end),
                        Category::Location,
                        "town_after_code",
                        0.95,
                    ));
                }
                i = end.max(town).max(i + 1);
                continue;
            }
            if let Some((start, end, rule, confidence)) = town(document, i) {
                found.push(Span::new(document.bytes(start, end), Category::Location, rule, confidence));
                i = end;
                continue;
            }
            i += 1;
        }
    }
}

/// A postal code at token `i` and the town after it: first token, end of the code, end of the town.
fn postal_code(document: &Document<'_>, i: usize, after_street: usize) -> Option<(usize, usize, usize)> {
    if document.is_word(i) && document.tokens[i].len > 2 {
        return None;
    }
    if let Some(code) = canadian(document, i) {
        let end = place(document, code).filter(|_| document.same_line(code, i));
        return Some((i, code, end.unwrap_or(code)));
    }
    let prefix = document.is_sign(i + 1, b'-')
        && document.is_number(i + 2)
        && document.glued(i)
        && document.is_any(i, words!["b", "be", "f", "fr", "l", "lu", "ch"]);
    let at = if prefix { i + 2 } else { i };
    let token = document.get(at).filter(|t| t.kind == Kind::Number && matches!(t.len, 4 | 5))?;
    if !prefix
        && i > 0
        && document.glued(i - 1)
        && document.same_line(i - 1, i)
        && !document.is_sign(i - 1, b'(')
        && (!document.is_sign(i - 1, b'-') || i > 1 && document.is_number(i - 2))
        && !document.is_sign(i - 1, b',')
    {
        return None;
    }
    if token.len == 4 && token.number < 1000
        || document.glued(at)
            && !(document.is_sign(at + 1, b',')
                || document.is_sign(at + 1, b'-')
                || document.is_sign(at + 1, b')'))
    {
        return None;
    }
    // "Fléron (4620)".
    let bracketed = i > 1
        && document.is_sign(i - 1, b'(')
        && document.is_sign(at + 1, b')')
        && (i.saturating_sub(8)..i - 1).any(|j| {
            let length = usize::from(document.tokens[j].place);
            length > 0 && j + length == i - 1 && document.tokens[j].shape != Shape::Lower
        });
    if bracketed {
        return Some((i, at + 1, at + 1));
    }
    let mut town = at + 1;
    let mut signs = 0;
    while document.get(town).is_some_and(|t| t.kind == Kind::Sign && b"-,".contains(&t.sign)) && signs < 1 {
        town += 1;
        signs += 1;
    }
    let end = place(document, town).filter(|e| document.same_line(town, at) && !document.is_sign(*e, b':'));
    // "Code postal : 43279".
    let labelled = i > 1
        && document.is_sign(i - 1, b':')
        && document.is_any(i - 2, words!["postal", "cp", "npa"])
        && document.same_line(i - 2, at);
    if labelled && end.is_none() {
        return Some((i, at + 1, at + 1));
    }
    let near_street = after_street != usize::MAX
        && at >= after_street
        && at - after_street <= 4
        && document.tokens[at].line <= document.tokens[after_street - 1].line + 1;
    let known = end.is_some() && is_known_place(document, town, end.unwrap_or(town));
    let set_off = document.begins_line(i)
        || document.tokens[i - 1].kind == Kind::Sign && b",-(:;".contains(&document.tokens[i - 1].sign)
        || document.is_any(i - 1, words!["a", "de"]);
    let whole_line = document.begins_line(i)
        && end.is_some_and(|end| {
            document.ends_line(end - 1)
                || document.is_sign(end, b',')
                || document.is_sign(end, b'-')
                || document.is_sign(end, b'(')
        });
    let year = token.len == 4 && (1900..=2060).contains(&token.number);
    let capital = document.get(town).is_some_and(|t| t.shape != Shape::Lower && t.kind == Kind::Word);
    let fits = prefix && (end.is_some() || token.len <= 5)
        || near_street && end.is_some()
        || end.is_some()
            && (known && (set_off || capital && !year)
                || whole_line && capital && !year
                || set_off
                    && capital
                    && token.len == 5
                    && !document.has(town, Roles::UNIT)
                    && document.cased(at));
    if !fits
        || document.has(town, Roles::UNIT) && !near_street && !known
        || document.has(town, Roles::MONTH) && !near_street
    {
        return None;
    }
    Some((i, at + 1, end.unwrap_or(at + 1)))
}

/// The end of a Canadian postal code that begins at token `i`: "H3T 1C5".
pub(crate) fn canadian(document: &Document<'_>, i: usize) -> Option<usize> {
    if document.get(i).is_none_or(|t| t.kind != Kind::Word || t.len != 1) {
        return None;
    }
    let letter = |j: usize| {
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word && t.len == 1 && (t.shape == Shape::Initial || !document.cased(j))
        }) && document.same_line(j, i)
    };
    let digit = |j: usize| document.get(j).is_some_and(|t| t.kind == Kind::Number && t.len == 1);
    let fits = letter(i)
        && digit(i + 1)
        && letter(i + 2)
        && digit(i + 3)
        && letter(i + 4)
        && digit(i + 5)
        && document.same_line(i + 5, i)
        && [0, 1, 3, 4].into_iter().all(|j| document.glued(i + j))
        && document.tokens[i + 3].gap <= 1
        && !(document.glued(i + 5) && document.get(i + 6).is_some_and(|t| t.kind != Kind::Sign))
        && !(i > 0 && document.glued(i - 1) && document.tokens[i - 1].kind != Kind::Sign);
    fits.then_some(i + 6)
}
