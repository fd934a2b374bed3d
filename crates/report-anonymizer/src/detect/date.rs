use crate::document::{Document, Kind};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::calendar::{day_month, drawn_apart, numeric, textual, year_alone};
use super::written::Written;

/// Dates in digits and in words, whole and partial.
#[derive(Debug)]
pub(crate) struct Dates;

impl Detector for Dates {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        while i < document.tokens.len() {
            match date(document, i) {
                Some((written, rule, confidence)) => {
                    if !is_legal(document, i) {
                        found.push(Span::new(
                            document.bytes(written.start, written.end),
                            Category::Date,
                            rule,
                            confidence,
                        ));
                    }
                    i = written.end.max(i + 1);
                }
                None => i += 1,
            }
        }
    }
}

fn date(document: &Document<'_>, i: usize) -> Option<(Written, &'static str, f32)> {
    let token = document.get(i)?;
    match token.kind {
        Kind::Sign => return None,
        Kind::Word => return in_words(document, i).or_else(|| season(document, i)),
        Kind::Number => {}
    }
    if let Some(written) = numeric(document, i) {
        if written.is_full() {
            let strong = token.len != 8 || plain_compact(document, i);
            return strong.then_some((written, "date_digits", 0.95));
        }
        return month_year_fits(document, &written).then_some((written, "date_month_year_digits", 0.9));
    }
    if let Some(written) = drawn_apart(document, i) {
        return Some((written, "date_drawn_apart", 0.9));
    }
    if let Some(found) = in_words(document, i) {
        return Some(found);
    }
    if let Some(range) = range_start(document, i, 4) {
        return Some((range, "date_range", 0.85));
    }
    if let Some(written) = day_month(document, i).filter(|written| day_month_fits(document, written)) {
        return Some((written, "date_day_month", 0.85));
    }
    year_alone(document, i).filter(|_| year_fits(document, i)).map(|written| (written, "date_year", 0.85))
}

/// A date whose month is a word.
fn in_words(document: &Document<'_>, i: usize) -> Option<(Written, &'static str, f32)> {
    textual(document, i).map(|written| (written, "date_text", 0.95))
}

/// Eight digits are a date only where nothing labels them a number.
fn plain_compact(document: &Document<'_>, i: usize) -> bool {
    i == 0 || !document.same_line(i - 1, i) || !(document.has(i - 1, Roles::ID_STRONG))
}

fn month_year_fits(document: &Document<'_>, written: &Written) -> bool {
    !document.has(written.end, Roles::UNIT) || document.ends_line(written.end - 1)
}

/// The words that stand before token `i` on its line, nearest first, at most three.
fn before(document: &Document<'_>, i: usize) -> impl Iterator<Item = usize> {
    (0..i)
        .rev()
        .take_while(move |j| document.same_line(*j, i))
        .take(6)
        .filter(|j| document.is_word(*j))
        .take(3)
}

/// A day and month in digits need a word before them that leads to a date, and no unit after.
fn day_month_fits(document: &Document<'_>, written: &Written) -> bool {
    if document.get(written.end).is_some_and(|t| {
        t.line == document.tokens[written.start].line
            && (t.roles.any(Roles::UNIT) && t.len < 8
                || t.kind == Kind::Sign && t.gap == 0 && !b").,;:".contains(&t.sign)
                || t.sign == 1 && t.kind == Kind::Sign)
    }) {
        return false;
    }
    // "06/01 12h20 - Anne": an entry of a diary.
    let padded = document.tokens[written.start].len == 2 && document.tokens[written.end - 1].len == 2;
    let hour =
        document.get(written.end).is_some_and(|t| t.kind == Kind::Number && t.len == 2 && t.number < 24)
            && document.same_line(written.end + 2, written.start)
            && document.glued(written.end)
            && document.glued(written.end + 1)
            && (document.is(written.end + 1, word!("h")) || document.is_sign(written.end + 1, b':'))
            && document
                .get(written.end + 2)
                .is_some_and(|t| t.kind == Kind::Number && t.len == 2 && t.number < 60);
    let slashed = padded && document.is_sign(written.start + 1, b'/');
    if slashed && (hour || diary(document, written)) {
        return true;
    }
    let Some(previous) = written.start.checked_sub(1).filter(|p| document.same_line(*p, written.start))
    else {
        return false;
    };
    if document.is_any(previous, words!["le", "du", "au"]) {
        return before(document, written.start).nth(1).is_none_or(|word| {
            !document.is_any(
                word,
                words!["score", "grade", "stade", "version", "formulaire", "rx", "ligne", "page", "environ"],
            )
        });
    }
    if document.is(previous, word!("en")) && padded && document.is_sign(written.start + 1, b'/') {
        return true;
    }
    if document.is_any(
        previous,
        words![
            "ce", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "date", "rdv",
            "fixe", "depuis", "des", "et", "avant", "apres",
        ],
    ) && document.is_sign(written.start + 1, b'/')
    {
        let list = !document.is(previous, word!("et"))
            || before(document, written.start).any(|w| document.is_any(w, words!["le", "les", "du"]));
        return list && !document.is(previous, word!("des"));
    }
    document.is_sign(previous, b':')
        && before(document, written.start).next().is_some_and(|word| {
            is_examination(document, word)
                || document.has(word, Roles::DATE_CUE)
                || document.is_any(word, words!["rdv", "jour"])
        })
}

/// Whether a day and month begin an entry of a diary: a colon or a dash follows, or a word or two and a colon.
fn diary(document: &Document<'_>, written: &Written) -> bool {
    let bound = |j: usize| {
        document.is_sign(j, b':')
            || document.is_sign(j, b'-')
                && document.get(j).is_some_and(|t| t.gap > 0)
                && document.is_word(j + 1)
    };
    document.begins_line(written.start)
        && (written.end..written.end + 4)
            .take_while(|j| *j == written.end || document.is_word(*j - 1))
            .any(|j| bound(j) && document.same_line(j, written.start))
}

/// A year alone needs a word that leads to one, or brackets around it.
fn year_fits(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    if !(1900..=2060).contains(&token.number) {
        return false;
    }
    let after = document.get(i + 1).filter(|t| t.line == token.line);
    if after.is_some_and(|t| {
        t.roles.any(Roles::UNIT) && t.gap <= 2
            || t.gap == 0
                && (t.kind == Kind::Word
                    || t.sign == b'/' && document.is_number(i + 2) && document.tokens[i + 2].len < 2
                    || t.sign == b'.' && document.is_number(i + 2) && document.glued(i + 1)
                    || t.sign == b'-' && document.is_word(i + 2) && document.glued(i + 1))
    }) {
        return false;
    }
    let Some(previous) = i.checked_sub(1).filter(|p| document.same_line(*p, i)) else {
        // "2018 : infiltration": the history, a line a year.
        return document.is_sign(i + 1, b':') && document.is_word(i + 2) && document.same_line(i, i + 2);
    };
    if document.has(previous, Roles::DATE_CUE) && !document.is_any(previous, words!["de", "date"]) {
        // "depuis 2018", not "en 1200 clichés".
        return token.gap > 0;
    }
    let word = before(document, i).next();
    if document.is_sign(previous, b'(') && document.is_sign(i + 1, b')') {
        return word.is_none_or(|w| !document.has(w, Roles::UNIT));
    }
    let dated = |w: usize| document.has(w, Roles::DATE_CUE) || is_examination(document, w);
    if document.is_any(previous, words!["de", "du", "l", "le"]) || document.is_sign(previous, b':') {
        return before(document, i).any(|w| dated(w) && !document.is_any(w, words!["de", "en"]));
    }
    if document.is_any(previous, words!["et", "ou", "a"])
        || document.tokens[previous].kind == Kind::Sign && b"-/,".contains(&document.tokens[previous].sign)
    {
        return before(document, i).any(dated) && !document.is(previous, word!("a"))
            || previous > 0 && year_alone(document, previous - 1).is_some();
    }
    is_examination(document, previous)
}

fn is_examination(document: &Document<'_>, i: usize) -> bool {
    document.is_any(
        i,
        words![
            "irm",
            "scanner",
            "radiographie",
            "radiographies",
            "rx",
            "ct",
            "tdm",
            "echographie",
            "scintigraphie",
            "examen",
            "cliche",
            "cliches",
            "bilan",
            "comparatif",
            "comparatifs",
            "arthroscanner",
            "pth",
            "ptg",
            "arthroscopie",
            "fracture",
            "accident",
            "chirurgie",
            "intervention",
            "prothese",
            "operation",
            "comparaison",
            "chute",
            "trauma",
            "arthrodese",
            "cure",
            "radio",
            "radios",
            "opere",
            "operee",
        ],
    )
}

/// The first day of a range: "3" of "du 3 au 7 mars", "12" of "12 et 13 mars 2020".
fn range_start(document: &Document<'_>, i: usize, further: usize) -> Option<Written> {
    let token =
        document.get(i).filter(|t| t.kind == Kind::Number && t.len <= 2 && (1..=31).contains(&t.number))?;
    let mut joint = i + 1;
    if document.is(joint, word!("er")) && document.glued(i) {
        joint += 1;
    }
    let joins = document.is_any(joint, words!["au", "et"])
        || document.is_sign(joint, b'-')
        || document.is_sign(joint, b',');
    if !joins || !document.same_line(i, joint + 1) {
        return None;
    }
    let rest = textual(document, joint + 1)
        .filter(|rest| rest.day.is_some_and(|day| u32::from(day) > token.number))
        .or_else(|| further.checked_sub(1).and_then(|further| range_start(document, joint + 1, further)))?;
    let led = i.checked_sub(1).is_some_and(|p| {
        document.is_any(p, words!["du", "les", "le", "des", "au", "et"])
            || document.is_sign(p, b',')
            || document.is_sign(p, b'-')
    });
    led.then(|| Written {
        start: i,
        end: joint,
        day: Some(token.number as u8),
        month: rest.month,
        year: rest.year,
        ..Written::default()
    })
}

/// "été 2019", "Noël 2020": the year with its season.
fn season(document: &Document<'_>, i: usize) -> Option<(Written, &'static str, f32)> {
    let led = document.is_number(i + 1) && document.same_line(i, i + 1);
    let season = led
        && document.is_any(
            i,
            words![
                "ete",
                "hiver",
                "printemps",
                "automne",
                "noel",
                "paques",
                "rentree",
                "toussaint",
                "debut",
                "fin",
                "mi",
                "courant",
            ],
        );
    let written = season.then(|| year_alone(document, i + 1)).flatten()?;
    Some((written, "date_season", 0.85))
}

/// Dates of laws and forms are nobody's.
fn is_legal(document: &Document<'_>, i: usize) -> bool {
    (0..i)
        .rev()
        .take_while(|j| document.same_line(*j, i) && !document.is_sign(*j, b';'))
        .take(8)
        .filter(|j| document.is_word(*j))
        .take(5)
        .any(|j| {
            document.has(j, Roles::LEGAL) && !document.listed(j, Lists::FIRST) && !of_street(document, j)
        })
}

/// Whether token `i` names a street: "rue de la Loi 16, le 12/03/2024".
fn of_street(document: &Document<'_>, i: usize) -> bool {
    (i.saturating_sub(3)..i)
        .any(|j| document.same_line(j, i) && document.has(j, Roles::STREET.or(Roles::STREET_WEAK)))
}
