use crate::document::{Document, Kind, Token};
use crate::vocabulary::{Roles, Vocabulary};

use super::number_words::number_in_words;
use super::written::{Field, Style, Written};

/// The date that `text` is, however it is written.
pub(crate) fn parse(text: &str, vocabulary: &Vocabulary) -> Option<Written> {
    let document = Document::new(text, vocabulary);
    let count = document.tokens.len();
    let mut best: Option<Written> = None;
    for i in 0..count {
        let found =
            numeric(&document, i).or_else(|| textual(&document, i)).or_else(|| day_month(&document, i));
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| found.parts.len() > best.parts.len())
        {
            best = Some(found);
        }
    }
    best.or_else(|| (0..count).find_map(|i| year_alone(&document, i)))
}

/// Two digits mean a year of this century unless that is in the future.
pub(crate) fn century(short: u32) -> i16 {
    let short = short as i16;
    if short <= 40 { 2000 + short } else { 1900 + short }
}

fn plausible_year(token: &crate::document::Token) -> Option<i16> {
    (token.kind == Kind::Number && token.len == 4 && (1850..=2099).contains(&token.number))
        .then_some(token.number as i16)
}

/// The separator after token `i`: its sign (`b' '` for a space) and the token after it.
fn separator(document: &Document<'_>, i: usize) -> Option<(u8, usize)> {
    let next = document.get(i + 1).filter(|_| document.same_line(i, i + 1))?;
    if next.kind == Kind::Number {
        return (next.gap == 1).then_some((b' ', i + 1));
    }
    let after = document.get(i + 2).filter(|_| document.same_line(i, i + 2))?;
    let fits = next.kind == Kind::Sign
        && b"/.-".contains(&next.sign)
        && after.kind == Kind::Number
        && next.gap <= 1
        && after.gap <= 1;
    // "12/ 03/2019" is a date, "1. 03" begins a list.
    (fits && (next.gap == after.gap || next.sign != b'.')).then_some((next.sign, i + 2))
}

/// A date in digits that begins at token `i` and has a year: day, month, year; year, month, day; the
/// eight digits of both; month and year.
pub(crate) fn numeric(document: &Document<'_>, i: usize) -> Option<Written> {
    let first = *document.get(i).filter(|t| t.kind == Kind::Number)?;
    if i > 0
        && document.glued(i - 1)
        && (document.is_sign(i - 1, b',')
            || document.is_number(i - 1)
            || document.is_sign(i - 1, b'.') && document.is_number(i.wrapping_sub(2))
            || document.is_sign(i - 1, b'/') && document.is_number(i.wrapping_sub(2)) && first.gap == 0)
    {
        return None;
    }
    let mut written = Written { start: i, end: i + 1, ..Written::default() };
    if first.len == 8 {
        let (year, month, day) = (first.number / 10_000, first.number / 100 % 100, first.number % 100);
        if (1900..=2099).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day) {
            (written.year, written.month, written.day) =
                (Some(year as i16), Some(month as u8), Some(day as u8));
            written.part(document, i, Field::Compact, Style::Digits(8));
            return Some(written);
        }
        return None;
    }
    let (sign, second_at) = separator(document, i)?;
    let second = document.tokens[second_at];
    let third = separator(document, second_at).filter(|(other, _)| *other == sign);
    if let Some((_, third_at)) = third {
        let third = document.tokens[third_at];
        let closed = !separator(document, third_at)
            .is_some_and(|(other, at)| other == sign && sign != b' ' && document.tokens[at].gap == 0);
        if !closed || joined_further(document, third_at) {
            return None;
        }
        if let Some(year) = plausible_year(&first).filter(|_| sign != b' ')
            && second.len <= 2
            && third.len <= 2
            && (1..=12).contains(&second.number)
            && (1..=31).contains(&third.number)
        {
            (written.year, written.month, written.day) =
                (Some(year), Some(second.number as u8), Some(third.number as u8));
            written.part(document, i, Field::Year, Style::Digits(4));
            written.part(document, second_at, Field::Month, Style::Digits(second.len));
            written.part(document, third_at, Field::Day, Style::Digits(third.len));
            return Some(written);
        }
        let year = plausible_year(&third)
            .or_else(|| (third.len == 2 && sign != b' ').then(|| century(third.number)));
        if let Some(year) = year
            && first.len <= 2
            && second.len <= 2
            && (1..=31).contains(&first.number)
            && (1..=12).contains(&second.number)
            && (sign != b' ' || second.len == 2)
        {
            (written.year, written.month, written.day) =
                (Some(year), Some(second.number as u8), Some(first.number as u8));
            written.part(document, i, Field::Day, Style::Digits(first.len));
            written.part(document, second_at, Field::Month, Style::Digits(second.len));
            written.part(document, third_at, Field::Year, Style::Digits(third.len));
            return Some(written);
        }
        return None;
    }
    let year = plausible_year(&second).filter(|year| *year >= 1900 && sign != b' ' && second.gap == 0)?;
    if first.len <= 2 && (1..=12).contains(&first.number) && (sign == b'/' || first.len == 2) {
        (written.year, written.month) = (Some(year), Some(first.number as u8));
        written.part(document, i, Field::Month, Style::Digits(first.len));
        written.part(document, second_at, Field::Year, Style::Digits(4));
        return Some(written);
    }
    None
}

/// A date whose digits extraction from PDF has drawn apart: "1 2/03/2 019".
pub(crate) fn drawn_apart(document: &Document<'_>, i: usize) -> Option<Written> {
    let first = document.get(i).filter(|t| t.kind == Kind::Number && t.len <= 2)?;
    let (mut groups, mut group, mut sign, mut apart) = ([0u32; 3], 0, 0, false);
    let mut lengths = [0u8; 3];
    for at in i..i + 11 {
        let token = document.get(at).filter(|t| t.line == first.line && (t.gap <= 1 || at == i))?;
        match token.kind {
            Kind::Number if token.len <= 4 => {
                apart |= at > i && token.gap == 1 && document.is_number(at - 1);
                groups[group] = groups[group] * 10u32.pow(token.len.into()) + token.number;
                lengths[group] += token.len;
            }
            Kind::Sign if b"/.".contains(&token.sign) && (sign == 0 || sign == token.sign) && group < 2 => {
                (sign, group) = (token.sign, group + 1);
            }
            _ => return None,
        }
        if lengths[group] > if group < 2 { 2 } else { 4 } {
            return None;
        }
        if group == 2 && lengths[2] == 4 {
            let whole = lengths == [2, 2, 4]
                && (1..=31).contains(&groups[0])
                && (1..=12).contains(&groups[1])
                && (1900..=2099).contains(&groups[2]);
            return (whole && apart).then(|| Written { start: i, end: at + 1, ..Written::default() });
        }
    }
    None
}

/// Whether digits follow the date by a hyphen, as in a national number, and are no second date.
fn joined_further(document: &Document<'_>, last: usize) -> bool {
    let hyphen = document.is_sign(last + 1, b'-') && document.glued(last) && document.glued(last + 1);
    hyphen && document.get(last + 2).is_some_and(|t| t.kind == Kind::Number && t.len > 2 && t.len != 4)
}

/// A day and a month in digits, without a year; only a context makes it a date.
pub(crate) fn day_month(document: &Document<'_>, i: usize) -> Option<Written> {
    let first = *document.get(i).filter(|t| t.kind == Kind::Number && t.len <= 2)?;
    let (sign, at) = separator(document, i)?;
    let second = document.tokens[at];
    if sign == b' '
        || second.len > 2
        || !(1..=31).contains(&first.number)
        || !(1..=12).contains(&second.number)
        || second.len < 2 && sign != b'/'
    {
        return None;
    }
    if separator(document, at).is_some_and(|(other, _)| other == sign) {
        return None;
    }
    let mut written = Written {
        start: i,
        end: at + 1,
        day: Some(first.number as u8),
        month: Some(second.number as u8),
        ..Written::default()
    };
    written.part(document, i, Field::Day, Style::Digits(first.len));
    written.part(document, at, Field::Month, Style::Digits(second.len));
    Some(written)
}

/// A year alone; only a context makes it a date.
pub(crate) fn year_alone(document: &Document<'_>, i: usize) -> Option<Written> {
    let year = plausible_year(document.get(i)?)?;
    let mut written = Written { start: i, end: i, year: Some(year), ..Written::default() };
    written.part(document, i, Field::Year, Style::Digits(4));
    Some(written)
}

/// A date with the name of a month that begins at token `i`: a weekday, a day or the month itself.
#[inline]
pub(crate) fn textual(document: &Document<'_>, i: usize) -> Option<Written> {
    let begins = Roles::WEEKDAY.or(Roles::NUMBER).or(Roles::MONTH);
    let token = document.get(i).filter(|t| t.kind == Kind::Number || t.roles.any(begins))?;
    read(document, i, token)
}

fn read(document: &Document<'_>, i: usize, token: &Token) -> Option<Written> {
    let mut written = Written { start: i, end: i, ..Written::default() };
    let mut at = i;
    if token.roles.any(Roles::WEEKDAY) {
        let short = token.len <= 3;
        written.part(document, at, Field::Weekday, if short { Style::Short } else { Style::Name });
        at += 1;
        while document.is_sign(at, b'.') || document.is_sign(at, b',') || document.is(at, word!("le")) {
            at += 1;
        }
        if !document.same_line(i, at) || !document.is_number(at) && !document.has(at, Roles::NUMBER) {
            return None;
        }
    }
    let at = day(document, at, &mut written)?;
    let at = month(document, at, &mut written)?;
    year(document, at, &mut written);
    (written.day.is_some() || written.year.is_some()).then_some(written)
}

/// Reads a day at token `at`, if one is there, and gives the token after it and its separator.
fn day(document: &Document<'_>, at: usize, written: &mut Written) -> Option<usize> {
    let token = document.get(at)?;
    let mut next = at;
    if token.kind == Kind::Number {
        if token.len > 2 || !(1..=31).contains(&token.number) {
            return None;
        }
        written.day = Some(token.number as u8);
        written.part(document, at, Field::Day, Style::Digits(token.len));
        next += 1;
        if document.is_any(next, words!["er", "re", "ier", "eme", "e"])
            && document.get(next).is_some_and(|t| t.gap == 0)
        {
            written.part(document, next, Field::Ordinal, Style::Name);
            next += 1;
        }
    } else if token.roles.any(Roles::NUMBER) && !token.roles.any(Roles::MONTH)
        || document.is(at, word!("sept")) && document.has(at + 1, Roles::MONTH)
    {
        let (value, end) = number_in_words(document, at)?;
        if !(1..=31).contains(&value) || document.is_any(at, words!["un", "une"]) && end == at + 1 {
            return None;
        }
        written.day = Some(value as u8);
        written.parts.push((Field::Day, document.bytes(at, end), Style::Words));
        next = end;
    } else {
        return Some(at);
    }
    while document.get(next).is_some_and(|t| {
        t.kind == Kind::Sign && b"-./".contains(&t.sign) && t.gap <= 1
            || document.is(next, word!("de")) && t.gap > 0
    }) {
        next += 1;
    }
    document.same_line(at, next).then_some(next)
}

fn month(document: &Document<'_>, at: usize, written: &mut Written) -> Option<usize> {
    let token = document.get(at).filter(|t| t.roles.any(Roles::MONTH) && t.gap <= 3)?;
    written.month = Some(token.value_of_month());
    let whole = document.is_any(
        at,
        words![
            "janvier",
            "fevrier",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "aout",
            "septembre",
            "octobre",
            "novembre",
            "decembre",
        ],
    );
    written.part(document, at, Field::Month, if whole { Style::Name } else { Style::Short });
    Some(at + 1)
}

/// Reads the year after a month, if one is there.
fn year(document: &Document<'_>, mut at: usize, written: &mut Written) {
    let month_at = at - 1;
    let mut apostrophe = false;
    while let Some(token) =
        document.get(at).filter(|t| t.kind == Kind::Sign && b".-/,'".contains(&t.sign) && t.gap <= 1)
    {
        apostrophe |= token.sign == b'\'';
        if token.sign == b',' && !document.get(at + 1).is_some_and(|t| t.len == 4 && t.kind == Kind::Number) {
            return;
        }
        at += 1;
    }
    if document.is(at, word!("de")) && document.is(at + 1, word!("l"))
        || document.is(at, word!("de")) && document.is_number(at + 1)
    {
        at += if document.is_number(at + 1) { 1 } else { 2 };
        while document.is_sign(at, b'\'') || document.is(at, word!("annee")) || document.is(at, word!("an")) {
            at += 1;
        }
    }
    let Some(token) = document.get(at).filter(|t| t.line == document.tokens[month_at].line && t.gap <= 2)
    else {
        return;
    };
    if let Some(year) = plausible_year(token) {
        written.year = Some(year);
        written.part(document, at, Field::Year, Style::Digits(4));
    } else if token.kind == Kind::Number && token.len == 2 && (apostrophe || written.day.is_some()) {
        // "12 mars 21", not "le 12 mars, 10 clichés" nor "12 mars 10 h 30".
        let unit = document.has(at + 1, Roles::UNIT.or(Roles::AGE_UNIT))
            || document.is_sign(at + 1, b':')
            || document.is_sign(at + 1, b',')
                && document.is_number(at + 2)
                && document.glued(at)
                && document.glued(at + 1);
        if !unit {
            written.year = Some(century(token.number));
            written.part(document, at, Field::Year, Style::Digits(2));
        }
    } else if document.is_any(at, words!["deux", "mil", "mille", "dix"])
        && token.gap > 0
        && let Some((value, end)) =
            number_in_words(document, at).filter(|(value, _)| (1900..=2099).contains(value))
    {
        written.year = Some(value as i16);
        written.parts.push((Field::Year, document.bytes(at, end), Style::Words));
        written.end = end;
    }
}

impl crate::document::Token {
    /// The month of a word that names one.
    fn value_of_month(&self) -> u8 {
        if self.value > 12 { 9 } else { self.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> (Option<u8>, Option<u8>, Option<i16>) {
        let written = parse(text, &Vocabulary::new()).unwrap();
        (written.day, written.month, written.year)
    }

    #[test]
    fn dates_are_read_in_every_form() {
        for text in [
            "12/03/2019",
            "12.03.19",
            "12-3-2019",
            "2019-03-12",
            "20190312",
            "12 / 03 / 2019",
            "12 mars 2019",
            "mardi 12 mars 2019",
            "12mars2019",
            "12 MARS 2019",
            "douze mars deux mille dix-neuf",
            "12-mars-2019",
            "le 12 mars de l'année 2019",
            "12 mars 19",
        ] {
            assert_eq!(value(text), (Some(12), Some(3), Some(2019)), "{text}");
        }
        assert_eq!(value("1er févr. 2020"), (Some(1), Some(2), Some(2020)));
        assert_eq!(value("sept. 2020"), (None, Some(9), Some(2020)));
        assert_eq!(value("7 sept 2020"), (Some(7), Some(9), Some(2020)));
        assert_eq!(
            value("vingt et un avril mil neuf cent quatre-vingt-dix-huit"),
            (Some(21), Some(4), Some(1998))
        );
        assert_eq!(value("03/2018"), (None, Some(3), Some(2018)));
        assert_eq!(value("1998"), (None, None, Some(1998)));
    }
}
