use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::number_words::number_in_words;

/// Ages in years, months, weeks and days, in digits and in words; durations are not ages.
#[derive(Debug)]
pub(crate) struct Ages;

impl Detector for Ages {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        for i in 0..document.tokens.len() {
            if let Some((end, confidence)) = age(document, i) {
                found.push(Span::new(document.bytes(i, end), Category::Age, "age", confidence));
            }
        }
    }
}

const YEARS: u8 = 1;

/// The age that begins at token `i`: where it ends, and how sure it is.
fn age(document: &Document<'_>, i: usize) -> Option<(usize, f32)> {
    let token = document.get(i)?;
    let counts = token.kind == Kind::Number && token.len <= 3
        || token.kind == Kind::Word && token.roles.any(Roles::NUMBER);
    if !counts {
        return None;
    }
    if i > 0
        && document.glued(i - 1)
        && (document.is_number(i - 1)
            || document.is_word(i - 1)
            || document.tokens[i - 1].kind == Kind::Sign && b"-,./+".contains(&document.tokens[i - 1].sign))
    {
        return None;
    }
    let (value, mut end) = match token.kind {
        Kind::Number if token.len <= 3 => (token.number, i + 1),
        Kind::Word if token.roles.any(Roles::NUMBER) && !(i > 0 && document.has(i - 1, Roles::NUMBER)) => {
            number_in_words(document, i)?
        }
        _ => return None,
    };
    if value > 120 {
        return None;
    }
    let unit = document
        .get(end)
        .filter(|t| t.line == token.line && t.roles.any(Roles::AGE_UNIT) && t.gap <= 2)
        .map(|t| t.value.min(4));
    let labelled = labelled(document, i);
    let Some(unit) = unit else {
        let short =
            document.is(end, word!("a")) && document.glued(end - 1) && document.is_sign(end + 1, b'.');
        // "25a M", "037Y": the short forms of emergency lists and of DICOM.
        let sexed = document.is_any(end, words!["a", "y"])
            && document.glued(end - 1)
            && token.len >= 2
            && document.get(end + 1).is_some_and(|t| t.line == token.line && t.shape == Shape::Initial)
            && document.is_any(end + 1, words!["m", "f", "h"]);
        if sexed {
            return Some((end + 1, 0.9));
        }
        return (labelled
            && token.kind == Kind::Number
            && (document.ends_line(i) || !document.has(end, Roles::UNIT))
            || short && labelled)
            .then_some((end, 0.9));
    };
    end += 1;
    if document.is(end, word!("et")) && document.is_any(end + 1, words!["demi", "demie"]) {
        end += 2;
    } else if unit == YEARS {
        // "3 ans et 4 mois", "2 ans 6 mois".
        let at = if document.is(end, word!("et")) { end + 1 } else { end };
        if document.is_number(at)
            && document.same_line(at, i)
            && document.has(at + 1, Roles::AGE_UNIT)
            && document.get(at + 1).is_some_and(|t| t.value > YEARS)
        {
            end = at + 2;
        }
    }
    // "Zoran Milošević (3 mois)".
    let bracketed = i > 1
        && document.is_sign(i - 1, b'(')
        && document.is_sign(end, b')')
        && document.same_line(i - 2, i)
        && document.get(i - 2).is_some_and(|t| {
            t.kind == Kind::Word
                && (t.shape != Shape::Lower || !document.cased(i))
                && !t.lists.any(Lists::WORD | Lists::MEDICAL)
                && t.len > 1
        });
    let died = i > 1
        && document.is(i - 1, word!("a"))
        && document.is_any(i - 2, words!["decede", "decedee", "mort", "morte", "deces", "decedes"]);
    let strong = labelled || died || bracketed || led_by_person(document, i) || named(document, i, unit);
    if strong {
        return Some((end, 0.97));
    }
    // "âge osseux de 6 ans": what a chart says, not how old somebody is.
    let osseous = (0..i)
        .rev()
        .take_while(|j| document.same_line(*j, i))
        .take(10)
        .any(|j| document.is_any(j, words!["osseux", "osseuse"]));
    if osseous {
        return None;
    }
    let fits = unit == YEARS && !is_duration(document, i, end) && set_off(document, i, end);
    fits.then_some((end, 0.85))
}

/// "8h00 SONG Tao 59 ans": two capital words, of which one is a first name, right before the years.
fn named(document: &Document<'_>, i: usize, unit: u8) -> bool {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word
                && (t.shape != Shape::Lower || !document.cased(j))
                && t.len > 1
                && !t.lists.any(Lists::MEDICAL)
        }) && document.same_line(j, i)
    };
    unit == YEARS
        && i > 1
        && (document.cased(i) || !document.listed(i - 1, Lists::WORD) && !document.listed(i - 2, Lists::WORD))
        && capital(i - 1)
        && capital(i - 2)
        && document.listed(i - 1, Lists::FIRST)
        && document.listed(i - 2, Lists::FIRST | Lists::SURNAME)
}

/// "âgé de", "à l'âge de", "âge :", "ses", "(…)".
fn labelled(document: &Document<'_>, i: usize) -> bool {
    let mut at = i;
    for _ in 0..5 {
        let Some(before) = at.checked_sub(1).filter(|b| document.same_line(*b, i)) else { return false };
        if document.is_any(before, words!["age", "agee", "ages", "agees"]) {
            return true;
        }
        let skipped = document
            .is_any(before, words!["de", "d", "e", "a", "presque", "environ", "actuellement"])
            || document.tokens[before].kind == Kind::Sign
                && b":()='~".contains(&document.tokens[before].sign);
        if !skipped {
            return false;
        }
        at = before;
    }
    false
}

/// "patiente de 54 ans", "homme, 54 ans", "M. Dupont, 54 ans".
fn led_by_person(document: &Document<'_>, i: usize) -> bool {
    // "Paul a 6 ans", "elle a 54 ans", not "il y a 6 ans".
    let has = i > 1
        && document.is(i - 1, word!("a"))
        && document.same_line(i - 2, i)
        && (document.is_any(i - 2, words!["il", "elle"])
            || document.tokens[i - 2].shape == Shape::Capital
                && document.cased(i)
                && !super::name::reads_as_word(document, i - 2)
            || !document.cased(i)
                && document.listed(i - 2, Lists::FIRST | Lists::SURNAME)
                && super::unlisted::strange(document, i - 2)
            || super::name::particled(document, i - 2));
    // "j'ai 86 ans".
    let own = i > 2 && document.is(i - 1, word!("ai")) && document.is(i - 3, word!("j"));
    if has || own || worker(document, i) {
        return true;
    }
    let mut at = i;
    let mut de = false;
    for _ in 0..5 {
        let Some(before) = at.checked_sub(1).filter(|b| document.same_line(*b, i)) else { return false };
        let called = at < i
            && document.is_sign(at, b',')
            && (document.tokens[before].shape != Shape::Lower
                && document.listed(before, Lists::FIRST_COMMON)
                || !document.listed(before, Lists::WORD | Lists::MEDICAL) && noun_before(document, before));
        let newborn = document.is(before, word!("ne"))
            && before > 1
            && document.is_sign(before - 1, b'-')
            && document.is_any(before - 2, words!["nouveau", "mort", "premier"]);
        if document.has(before, Roles::PERSON_NOUN) || called || newborn {
            return true;
        }
        if document.is_any(before, words!["de", "d"]) {
            de = true;
        } else if document.is_sign(before, b',')
            || document.is_sign(before, b'(')
            || document.is_sign(before, b'\'')
        {
        } else if de
            && document.is_word(before)
            && document.tokens[before].len > 3
            && !document.has(before, Roles::DURATION_CUE)
        {
            // An adjective between: "patiente diabétique de 54 ans".
        } else {
            return false;
        }
        at = before;
    }
    false
}

/// Whether "un plombier de" stands before token `i`: a trade, by its form.
fn worker(document: &Document<'_>, i: usize) -> bool {
    const ENDS: [&str; 14] = [
        "ier", "iere", "eur", "euse", "ien", "ienne", "iste", "trice", "eron", "ant", "ante", "logue",
        "aire", "graphe",
    ];
    let noun = i.checked_sub(2).filter(|n| document.is_any(i - 1, words!["de", "d"]) && *n > 0);
    noun.is_some_and(|n| {
        document.same_line(n - 1, i)
            && document.is_any(n - 1, words!["un", "une", "cet", "cette", "ce"])
            && document.tokens[n].len > 4
            && !document.listed(n, Lists::MEDICAL)
            && !document.has(n, Roles::DURATION_CUE)
            && ENDS.iter().any(|end| document.folded(n).ends_with(end))
    })
}

/// Whether a word for a person stands before the name that ends at token `last`: "enfant Soo-jin, 22 mois".
fn noun_before(document: &Document<'_>, last: usize) -> bool {
    let near = (last.saturating_sub(5)..last).rev().take_while(|j| document.same_line(*j, last));
    near.take_while(|j| !document.is_sign(*j, b'.') && !document.is_sign(*j, b','))
        .any(|j| document.has(j, Roles::PERSON_NOUN))
}

fn is_duration(document: &Document<'_>, i: usize, end: usize) -> bool {
    let mut words = 0;
    for before in (0..i).rev().take_while(|j| document.same_line(*j, i)).take(8) {
        if document.tokens[before].kind == Kind::Sign && b".;".contains(&document.tokens[before].sign) {
            break;
        }
        if document.is_word(before) {
            let first = words == 0;
            words += 1;
            if document.has(before, Roles::DURATION_CUE)
                || first
                    && document
                        .is_any(before, words!["a", "en", "les", "ces", "deux", "trois", "aux", "y", "et"])
            {
                return true;
            }
            if words > 3 {
                break;
            }
        }
    }
    document.is_any(
        end,
        words![
            "plus",
            "auparavant",
            "apres",
            "avant",
            "post",
            "de",
            "d",
            "plus-tard",
            "tot",
            "environ",
            "durant"
        ],
    )
}

/// Between commas or brackets, at the beginning of a line or before a stop.
fn set_off(document: &Document<'_>, i: usize, end: usize) -> bool {
    let opens = document.begins_line(i)
        || document.tokens[i - 1].kind == Kind::Sign && b",(-:;/".contains(&document.tokens[i - 1].sign)
        || document.tokens[i - 1].sign == 0 && document.tokens[i - 1].kind == Kind::Sign;
    let closes = document.ends_line(end - 1)
        || document
            .get(end)
            .is_some_and(|t| t.kind == Kind::Sign && (b",).;:-/".contains(&t.sign) || t.sign == 0));
    opens && (closes || document.begins_line(i))
        || closes
            && i > 0
            && document.is_word(i - 1)
            && document.tokens[i - 1].shape != Shape::Lower
            && document.cased(i)
        || opens && document.has(end, Roles::PERSON_NOUN)
        || opens
            && document.is_any(
                end,
                words![
                    "pour",
                    "se",
                    "consulte",
                    "adresse",
                    "adressee",
                    "presente",
                    "presentant",
                    "venu",
                    "venue",
                    "chez",
                    "qui",
                    "connu",
                    "connue",
                    "vu",
                    "vue",
                    "sans",
                ],
            )
}
