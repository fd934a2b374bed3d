use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::calendar::textual;
use super::place::first_word;

/// The street whose kind stands at token `i` ("rue", "avenue"): first token, end, confidence.
#[inline]
pub(crate) fn street(document: &Document<'_>, i: usize) -> Option<(usize, usize, f32)> {
    let token = document.get(i)?;
    let dutch = is_dutch_street(document, i);
    let begins = dutch || token.roles.any(Roles::STREET.or(Roles::STREET_WEAK));
    begins.then(|| high_street(document, i).or_else(|| read(document, i, dutch))).flatten()
}

fn read(document: &Document<'_>, i: usize, dutch: bool) -> Option<(usize, usize, f32)> {
    let token = &document.tokens[i];
    let strong = token.roles.any(Roles::STREET);
    let (start, mut numbered) = number_before(document, i);
    let mut at = i + 1;
    if document.is_sign(at, b'.') && token.len <= 4 && document.glued(i) {
        at += 1;
    }
    let name_start = at;
    let mut named = dutch;
    let mut words = 0;
    let cased = document.cased(i);
    while let Some(next) = document.get(at).filter(|t| t.line == token.line && t.gap <= 2 && at < i + 24) {
        if next.kind == Kind::Word {
            let particle = document.is_any(
                at,
                words![
                    "de", "du", "des", "d", "la", "le", "les", "l", "aux", "a", "au", "et", "en", "sur",
                    "sous",
                ],
            );
            let capital = next.shape != Shape::Lower;
            if particle
                && !(cased
                    && document.is_any(at, words!["a", "et", "en", "sur", "sous"])
                    && words > 0
                    && !document.get(at + 1).is_some_and(|t| t.shape != Shape::Lower))
                && !(document.is(at, word!("a")) && words > 0)
            {
                // Particles lead on.
            } else if dutch || words >= 7 || next.roles.any(Roles::BOX) && words > 0 || stops(document, at) {
                break;
            } else if capital
                || !cased
                || words == 0 && at > name_start
                || document.is_any(at, words!["departementale", "nationale", "cantonale"])
                    && document.is(i, word!("route"))
            {
                named = true;
            } else if !(words < 3 && !next.lists.any(Lists::STOP) && followed_by_number(document, at)) {
                break;
            }
            words += 1;
        } else if next.kind == Kind::Number {
            // "rue du 11 Novembre", "avenue du 8 mai 1945", "place du XX août": a date names the street.
            let date = textual(document, at)
                .filter(|_| words > 0 && at > name_start && document.is_any(at - 1, words!["du", "des"]));
            match date {
                Some(written) => {
                    named = true;
                    words += 2;
                    at = written.end;
                    continue;
                }
                None => break,
            }
        } else if !(matches!(next.sign, b'-' | b'\'') && next.gap == 0 && document.glued(at)
            || next.sign == b'.'
                && document.tokens[at - 1].len <= 3
                && next.gap == 0
                && document.is_word(at + 1))
        {
            break;
        }
        at += 1;
    }
    while at > name_start
        && (document.is_any(
            at - 1,
            words![
                "de", "du", "des", "d", "la", "le", "les", "l", "aux", "a", "au", "et", "en", "sur", "sous"
            ],
        ) || document.tokens[at - 1].kind == Kind::Sign && document.tokens[at - 1].sign != b'.')
    {
        at -= 1;
    }
    let (end, number_after) = number_after(document, at);
    numbered |= number_after;
    let led = i > 0 && led_by_address(document, start);
    let alone = document.begins_line(start)
        && (document.ends_line(end - 1) || document.is_sign(end, b',') || document.is_sign(end, b'-'));
    let capital = document.get(name_start).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower)
        || document.get(first_capital(document, name_start, at)).is_some();
    let fits = named
        && if dutch {
            numbered
        } else if strong {
            numbered || led || capital && (cased || alone)
        } else {
            capital && (numbered && (cased || led || alone || start < i || at_code(document, end)) || led)
                || numbered && (led || at_code(document, end))
        };
    fits.then_some((start, end, if numbered { 0.97 } else { 0.93 }))
}

/// "Grand'Rue 12", "7, Grand-Rue": the name stands before the kind.
fn high_street(document: &Document<'_>, i: usize) -> Option<(usize, usize, f32)> {
    let joint = i > 1 && document.is(i, word!("rue")) && document.is_any(i - 2, words!["grand", "grande"]);
    let joined = joint && (document.is_sign(i - 1, b'\'') || document.is_sign(i - 1, b'-'));
    if !joined || !document.same_line(i - 2, i) {
        return None;
    }
    let (end, after) = number_after(document, i + 1);
    let (start, before) = number_before(document, i - 2);
    (before || after).then_some((start, end, 0.97))
}

fn first_capital(document: &Document<'_>, start: usize, end: usize) -> usize {
    (start..end)
        .find(|j| document.is_word(*j) && document.tokens[*j].shape != Shape::Lower)
        .unwrap_or(usize::MAX)
}

fn stops(document: &Document<'_>, i: usize) -> bool {
    document.has(i, Roles::PHONE_LABEL) && document.tokens[i].len > 1
        || document.is_any(i, words!["tel", "cedex", "bp", "cs"])
        || super::address::canadian(document, i).is_some()
}

fn at_code(document: &Document<'_>, end: usize) -> bool {
    let at = first_word(document, end);
    document.get(at).is_some_and(|t| {
        t.kind == Kind::Number && matches!(t.len, 4 | 5) && t.line <= document.tokens[end - 1].line + 1
    }) || super::address::canadian(document, at).is_some()
        || document.is_any(at, words!["b", "be", "f", "l", "ch"]) && document.is_sign(at + 1, b'-')
}

fn followed_by_number(document: &Document<'_>, i: usize) -> bool {
    (i + 1..i + 7)
        .take_while(|j| document.same_line(*j, i))
        .find(|j| !document.is_word(*j) || document.has(*j, Roles::BOX))
        .is_some_and(|j| document.is_number(j) || document.is_sign(j, b',') || document.is_sign(j, b'-'))
}

/// Dutch names carry the kind of street at their end: "Kerkstraat", "Leuvensesteenweg".
fn is_dutch_street(document: &Document<'_>, i: usize) -> bool {
    let word = document.folded(i);
    word.len() > 6
        && word.as_bytes().last().is_some_and(|last| b"tngfk".contains(last))
        && ["straat", "laan", "steenweg", "dreef", "plein", "dijk"].iter().any(|kind| word.ends_with(kind))
}

/// The house number before a street, French manner: "12 bis, rue".
fn number_before(document: &Document<'_>, i: usize) -> (usize, bool) {
    let mut at = i;
    let back = |at: usize| at.checked_sub(1).filter(|b| document.same_line(*b, i));
    if let Some(before) = back(at).filter(|b| document.is_sign(*b, b',')) {
        at = before;
    }
    if let Some(before) = back(at).filter(|b| {
        document.has(*b, Roles::BOX)
            || document.tokens[*b].len == 1
                && document.is_word(*b)
                && b.checked_sub(1).is_some_and(|n| document.is_number(n))
    }) {
        at = before;
    }
    if let Some(before) = back(at)
        .filter(|b| document.is_number(*b) && document.tokens[*b].len <= 4 && document.tokens[at].gap <= 1)
    {
        let mut start = before;
        if start >= 2
            && (document.is_sign(start - 1, b'-') || document.is_sign(start - 1, b'/'))
            && document.is_number(start - 2)
            && document.glued(start - 1)
            && document.glued(start - 2)
        {
            start -= 2;
        }
        if start > 0 && document.glued(start - 1) && !document.begins_line(start) {
            return (i, false);
        }
        return (start, true);
    }
    (i, false)
}

/// The house number after a street, Belgian manner: ", 12A bte 3".
fn number_after(document: &Document<'_>, end: usize) -> (usize, bool) {
    let mut at = end;
    while document.get(at).is_some_and(|t| {
        t.kind == Kind::Sign && t.line == document.tokens[end - 1].line && (t.sign == b',' || t.sign == 1)
    }) || document.is_any(at, words!["n", "no", "nr"]) && document.same_line(at, end - 1)
    {
        at += 1;
    }
    // "305, avenue Cartier, app. 4": the number stood before.
    let boxed =
        document.same_line(at, end - 1) && document.is_any(at, words!["app", "apt", "appt", "bte", "bus"]);
    let number = document.get(at).is_some_and(|t| {
        // Four or five digits after a comma are a postal code.
        t.kind == Kind::Number && t.len < 4 && t.line == document.tokens[end - 1].line && t.gap <= 2
    });
    if !number && !boxed {
        return (end, false);
    }
    at += usize::from(number);
    if number && document.is_word(at) && document.tokens[at].len == 1 && document.glued(at - 1)
        || number
            && document.is_word(at)
            && document.tokens[at].len == 1
            && document.tokens[at].shape == Shape::Initial
            && document.same_line(at, end - 1)
            && !document.is_sign(at + 1, b'-')
            && !document.is_sign(at + 1, b'.')
            && !document.is_sign(at + 1, b'\'')
    {
        at += 1;
    }
    while at < end + 16 {
        let joined = document
            .get(at)
            .is_some_and(|t| t.kind == Kind::Sign && matches!(t.sign, b'/' | b'-') && t.gap == 0)
            && document.glued(at)
            && document.get(at + 1).is_some_and(|t| t.len <= 4 && t.kind != Kind::Sign);
        let boxed = document.same_line(at, end - 1) && document.has(at, Roles::BOX);
        if joined {
            at += 2;
        } else if boxed {
            at += 1;
            while document.is_sign(at, b'.')
                || document.is(at, word!("n")) && document.get(at + 1).is_some_and(|t| t.sign == 1)
                || document.get(at).is_some_and(|t| t.kind == Kind::Sign && t.sign == 1)
                || document.is_sign(at, b',')
                    && document.get(at + 1).is_some_and(|t| t.kind == Kind::Number && t.len < 4)
            {
                at += 1;
            }
            if document.same_line(at, end - 1)
                && document.get(at).is_some_and(|t| {
                    t.kind == Kind::Number && t.len <= 4 || t.kind == Kind::Word && t.len == 1
                })
            {
                at += 1;
            }
        } else {
            return (at, true);
        }
    }
    (at, true)
}

/// Whether an address label or a verb of dwelling stands before token `i`.
fn led_by_address(document: &Document<'_>, i: usize) -> bool {
    (0..i)
        .rev()
        .take_while(|j| document.same_line(*j, i))
        .take(4)
        .any(|j| document.has(j, Roles::PLACE_CUE) || document.is(j, word!("domicile")))
}
