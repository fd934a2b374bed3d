use xray_core::FRENCH_MONTHS;
use xray_core::jiff::Span as Days;
use xray_core::jiff::civil::Date;

use super::{Scope, in_case_of};
use crate::detect::{Field, Part, Style, parse_date};
use crate::vocabulary::Vocabulary;

const SHORT_MONTHS: [&str; 12] =
    ["janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"];
const WEEKDAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

/// The day that begins a range which `last` ends, moved as that is; with its month where they are no longer
/// of one month.
pub(crate) fn first_day(first: &str, last: &str, scope: &Scope<'_>, vocabulary: &Vocabulary) -> String {
    let day: i8 = first.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let moved = parse_date(last, vocabulary).and_then(|written| {
        let (year, month) = (written.year.unwrap_or(scope.year), written.month? as i8);
        let shift = Days::new().days(scope.shift);
        let begin = Date::new(year, month, day).ok()?.checked_add(shift).ok()?;
        let end = Date::new(year, month, written.day? as i8).ok()?.checked_add(shift).ok()?;
        Some((begin, end))
    });
    let Some((begin, end)) = moved else {
        return first.chars().map(|c| if c.is_numeric() { 'X' } else { c }).collect();
    };
    let ordinal = if begin.day() == 1 { "er" } else { "" };
    let month = FRENCH_MONTHS[(begin.month() - 1) as usize];
    if begin.month() == end.month() {
        format!("{}{ordinal}", begin.day())
    } else {
        format!("{}{ordinal} {}", begin.day(), in_case_of(last, month))
    }
}

/// The date moved by the patient's shift and written as it was. What is not a date after all (a day
/// that the month lacks) loses its digits.
pub(crate) fn surrogate(original: &str, scope: &Scope<'_>, vocabulary: &Vocabulary) -> String {
    let moved = parse_date(original, vocabulary).and_then(|written| {
        let year = written.year.unwrap_or(scope.year);
        let month = written.month.unwrap_or(7);
        let day = written.day.unwrap_or(if written.month.is_some() { 15 } else { 1 });
        let last = Date::new(year, month as i8, 1).ok()?.last_of_month().day();
        let date = Date::new(year, month as i8, (day as i8).min(last)).ok()?;
        date.checked_add(Days::new().days(scope.shift)).ok().map(|moved| (written, moved))
    });
    let Some((written, moved)) = moved else {
        return original.chars().map(|c| if c.is_numeric() { 'X' } else { c }).collect();
    };
    let mut parts: Vec<Part> = written.parts.iter().collect();
    parts.sort_by_key(|(_, range, _)| range.start);
    let (mut out, mut at) = (String::with_capacity(original.len() + 8), 0);
    let named =
        parts.iter().any(|(field, _, style)| *field == Field::Month && !matches!(style, Style::Digits(_)));
    let bare =
        parts.iter().any(|(field, range, _)| matches!(field, Field::Day | Field::Month) && range.len() == 1);
    let ordinal = parts.iter().any(|(field, ..)| *field == Field::Ordinal);
    for (field, range, style) in &parts {
        out.push_str(&original[at..range.start]);
        let was = &original[range.clone()];
        let style = match style {
            Style::Digits(2) if *field != Field::Year && (bare || named) && !was.starts_with('0') => {
                Style::Digits(1)
            }
            style => *style,
        };
        let new = part(*field, style, was, moved, ordinal);
        out.push_str(&new);
        at = range.end;
        if *field == Field::Day && moved.day() == 1 && named && !ordinal && style == Style::Digits(1) {
            out.push_str("er");
        }
        // "févr." has a dot, "mai" has none.
        let whole = FRENCH_MONTHS.contains(&new.to_lowercase().as_str());
        if *field == Field::Month && style == Style::Short && whole && original[at..].starts_with('.') {
            at += 1;
        }
    }
    out.push_str(&original[at..]);
    out
}

fn part(field: Field, style: Style, was: &str, date: Date, ordinal: bool) -> String {
    let day = date.day();
    let weekday = date.weekday().to_monday_zero_offset() as usize;
    match (field, style) {
        (Field::Compact, _) => format!("{:04}{:02}{:02}", date.year(), date.month(), day),
        (Field::Day, Style::Digits(width)) => filled(i64::from(day), width),
        (Field::Day, _) => in_case_of(
            was,
            &if day == 1 { "premier".to_owned() } else { in_words(day.unsigned_abs().into()) },
        ),
        (Field::Month, Style::Digits(width)) => filled(i64::from(date.month()), width),
        (Field::Month, style) => {
            let names = if style == Style::Name { &FRENCH_MONTHS } else { &SHORT_MONTHS };
            capital(was, &in_case_of(was, names[(date.month() - 1) as usize]))
        }
        (Field::Year, Style::Digits(2)) => format!("{:02}", date.year().rem_euclid(100)),
        (Field::Year, Style::Words) => in_case_of(was, &in_words(date.year().unsigned_abs().into())),
        (Field::Year, _) => format!("{:04}", date.year()),
        (Field::Weekday, Style::Name) => capital(was, &in_case_of(was, WEEKDAYS[weekday])),
        (Field::Weekday, _) => capital(was, &in_case_of(was, &WEEKDAYS[weekday][..3])),
        (Field::Ordinal, _) => {
            if day == 1 && ordinal {
                was.to_owned()
            } else {
                String::new()
            }
        }
    }
}

/// Filled with a zero where the original's style is.
fn filled(value: i64, width: u8) -> String {
    if width == 2 { format!("{value:02}") } else { value.to_string() }
}

/// A capital at the beginning where the original had one.
fn capital(model: &str, text: &str) -> String {
    let mut chars = text.chars();
    match (model.chars().next(), chars.next()) {
        (Some(model), Some(first)) if model.is_uppercase() => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// A number from 1 to 2099 in French words, as years and days are said.
fn in_words(value: u32) -> String {
    const UNITS: [&str; 20] = [
        "", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
        "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
    ];
    const TENS: [&str; 10] = [
        "",
        "",
        "vingt",
        "trente",
        "quarante",
        "cinquante",
        "soixante",
        "soixante",
        "quatre-vingt",
        "quatre-vingt",
    ];
    let mut words = Vec::new();
    if value >= 1000 {
        words.push(if value >= 2000 { "deux mille".to_owned() } else { "mil".to_owned() });
    }
    let hundreds = value % 1000 / 100;
    if hundreds > 0 {
        words.push(if hundreds == 1 {
            "cent".to_owned()
        } else {
            format!("{} cent", UNITS[hundreds as usize])
        });
    }
    let rest = (value % 100) as usize;
    if rest > 0 {
        words.push(if rest < 20 {
            UNITS[rest].to_owned()
        } else {
            let (tens, unit) =
                (rest / 10, if matches!(rest / 10, 7 | 9) { rest % 10 + 10 } else { rest % 10 });
            match (tens, unit) {
                (_, 0) => TENS[tens].to_owned() + if tens == 8 { "s" } else { "" },
                (2..=6, 1) => format!("{} et un", TENS[tens]),
                (7, 11) => "soixante et onze".to_owned(),
                _ => format!("{}-{}", TENS[tens], UNITS[unit]),
            }
        });
    }
    words.join(" ")
}
