use super::Scope;
use crate::detect::{is_inami, is_niss, is_rpps, nir_key, niss_key};

/// A number of the same form, letters and signs kept, with check digits that are right where they were.
pub(crate) fn surrogate(original: &str, scope: &Scope<'_>) -> String {
    let characters: String = original.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits: String = characters.chars().filter(char::is_ascii_digit).collect();
    let mut fresh = drawn(&characters, scope);
    let body = |fresh: &str, count: usize| fresh.get(..count).unwrap_or(fresh).to_owned();
    let form = original.contains(['.', '-'])
        && digits.len() == 11
        && number(&digits[2..4]) <= 12
        && number(&digits[4..6]) <= 31
        && !original.starts_with(|c: char| c.is_ascii_digit() && original.get(1..2) == Some("-"));
    if (is_niss(&digits) || form) && digits == characters {
        // A date of birth that exists, whatever the year.
        let (year, month, day) = (&fresh[..2], number(&fresh[2..4]) % 12 + 1, number(&fresh[4..6]) % 28 + 1);
        let nine = format!("{year}{month:02}{day:02}{}", &fresh[6..9]);
        fresh = format!("{nine}{:02}", niss_key(&nine, number(year) < 25));
    } else if characters.len() == 15
        && characters.starts_with(['1', '2'])
        && nir_key(&characters[..13]).is_some()
    {
        let thirteen = format!(
            "{}{}{:02}{:02}{}",
            &characters[..1],
            &fresh[1..3],
            number(&fresh[3..5]) % 12 + 1,
            number(&fresh[5..7]) % 95 + 1,
            &fresh[7..13]
        );
        fresh = format!("{thirteen}{:02}", nir_key(&thirteen).unwrap_or(0));
    } else if is_inami(&digits) && digits == characters {
        let six = body(&fresh, 6);
        let key = 97 - number(&six) % 97;
        fresh = format!("{six}{key:02}{}", &digits[8..]);
    } else if is_rpps(&digits) && digits == characters {
        let ten = format!("1{}", &fresh[1..10]);
        fresh =
            (0..10).map(|last| format!("{ten}{last}")).find(|candidate| is_rpps(candidate)).unwrap_or(fresh);
    }
    if characters.len() == 12
        && digits.len() == 8
        && characters.starts_with(|c: char| c.is_ascii_alphabetic())
        && characters[..4].bytes().all(|b| b.is_ascii_alphabetic())
    {
        // The number of Quebec: letters of the name, year, month (and 50 for women), day.
        let mut draw = scope.draw("letters", &[&characters]);
        let letters: String = characters[..4]
            .chars()
            .map(|c| {
                let letter = char::from(b'A' + (draw % 26) as u8);
                draw /= 26;
                if c.is_ascii_lowercase() { letter.to_ascii_lowercase() } else { letter }
            })
            .collect();
        let woman = if number(&characters[6..8]) > 50 { 50 } else { 0 };
        let (month, day) = (number(&fresh[6..8]) % 12 + 1 + woman, number(&fresh[8..10]) % 28 + 1);
        fresh = format!("{letters}{}{month:02}{day:02}{}", &fresh[4..6], &fresh[10..]);
    }
    if digits.len() == 13 && digits == characters && digits.starts_with("756") {
        let twelve = format!("756{}", &fresh[3..12]);
        fresh = format!("{twelve}{}", ean_key(&twelve));
    }
    let mut fresh = fresh.chars();
    original
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                fresh.next().unwrap_or(c)
            } else if c.is_numeric() {
                '0'
            } else {
                c
            }
        })
        .collect()
}

/// The check digit of a number of twelve digits, as on goods (EAN-13) and in the Swiss AVS number.
fn ean_key(twelve: &str) -> u32 {
    let digits = twelve.bytes().map(|b| u32::from(b - b'0')).enumerate();
    let sum: u32 = digits.map(|(i, digit)| if i % 2 == 1 { 3 * digit } else { digit }).sum();
    (10 - sum % 10) % 10
}

fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(0)
}

/// `characters` with every digit drawn anew; the first digit is not a zero unless it was.
fn drawn(characters: &str, scope: &Scope<'_>) -> String {
    let mut block = 0;
    let mut state = scope.draw("number", &[characters, "0"]);
    let mut first = true;
    characters
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if i / 16 > block {
                block = i / 16;
                state = scope.draw("number", &[characters, &block.to_string()]);
            }
            if !c.is_ascii_digit() {
                return c;
            }
            let mut digit = (state % 10) as u8;
            state /= 10;
            if first && c != '0' && digit == 0 {
                digit = 1 + (state % 9) as u8;
            }
            first = false;
            char::from(b'0' + digit)
        })
        .collect()
}
