use crate::document::{Document, Kind, Shape};

fn mod97(digits: &str) -> u32 {
    digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97)
}

/// The two check digits of a Belgian national number whose first nine digits are `nine`; `recent` for
/// births from 2000.
pub(crate) fn niss_key(nine: &str, recent: bool) -> u32 {
    if recent { 97 - mod97(&format!("2{nine}")) } else { 97 - mod97(nine) }
}

/// Whether eleven digits are a Belgian national or BIS number: a date of birth and check digits.
pub(crate) fn is_niss(digits: &str) -> bool {
    let (Some(nine), Some(key)) = (digits.get(..9), digits.get(9..).and_then(|key| key.parse::<u32>().ok()))
    else {
        return false;
    };
    let month = digits[2..4].parse::<u32>().unwrap_or(99);
    let day = digits[4..6].parse::<u32>().unwrap_or(99);
    let month = if month > 40 {
        month - 40
    } else if month > 20 {
        month - 20
    } else {
        month
    };
    digits.len() == 11
        && month <= 12
        && day <= 31
        && (key == niss_key(nine, false) || key == niss_key(nine, true))
}

/// The key of a French national number whose first thirteen characters are `body`.
pub(crate) fn nir_key(body: &str) -> Option<u64> {
    let digits: String = match body.get(5..7)? {
        "2A" | "2a" => format!("{}19{}", &body[..5], &body[7..]),
        "2B" | "2b" => format!("{}18{}", &body[..5], &body[7..]),
        _ => body.to_owned(),
    };
    Some(97 - digits.parse::<u64>().ok()? % 97)
}

/// Whether `text`, spaces and signs left out, is a French national number with its key, or has its form.
pub(crate) fn is_nir(text: &str) -> bool {
    if text.len() < 13 {
        return false;
    }
    let body: String = text.chars().filter(char::is_ascii_alphanumeric).take(17).collect();
    if body.len() != 15 && body.len() != 13 || !body.starts_with(['1', '2']) {
        return false;
    }
    let corsica = matches!(body.get(5..7), Some("2A" | "2B" | "2a" | "2b"));
    if !body.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || corsica && i == 6) {
        return false;
    }
    let month = body.get(3..5).and_then(|m| m.parse::<u32>().ok()).unwrap_or(0);
    if !(1..=12).contains(&month) && !(20..=42).contains(&month) && month < 50 {
        return false;
    }
    match body.get(13..15).and_then(|key| key.parse::<u64>().ok()) {
        Some(key) => nir_key(&body[..13]) == Some(key) || text.contains(' '),
        None => text.split([' ', '\u{a0}', '\u{202f}']).count() >= 5,
    }
}

/// Whether eleven digits are an INAMI number by their check digits: 97 less the remainder of the first
/// six or, in the newer reading, of the eight.
pub(crate) fn is_inami(digits: &str) -> bool {
    let key = digits.get(6..8).and_then(|key| key.parse::<u32>().ok());
    digits.len() == 11 && digits.get(..6).is_some_and(|body| Some(97 - mod97(body)) == key)
}

/// Whether eleven digits are a number of the French register of health professionals: it begins with 1
/// and ends with a Luhn digit.
pub(crate) fn is_rpps(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| {
            let digit = u32::from(byte - b'0') << (i % 2);
            digit / 10 + digit % 10
        })
        .sum();
    digits.len() == 11 && digits.starts_with('1') && sum.is_multiple_of(10)
}

/// Whether `text` is an account number: two letters, two check digits, groups of four.
pub(crate) fn is_iban(text: &str) -> bool {
    if text.len() < 15 {
        return false;
    }
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&plain.len()) || !plain.as_bytes()[..2].iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let turned = plain[4..].chars().chain(plain[..4].chars());
    let rest = turned.fold(0u32, |rest, c| match c.to_digit(36) {
        Some(value) if value > 9 => (rest * 100 + value) % 97,
        Some(value) => (rest * 10 + value) % 97,
        None => 0,
    });
    rest == 1
}

/// Whether a health insurance number of Quebec begins at token `i`: "TREM 8503 1234".
pub(crate) fn insured(document: &Document<'_>, i: usize) -> bool {
    let four = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Number && t.len == 4 && t.gap <= 1)
            && document.same_line(j, i)
    };
    document.get(i).is_some_and(|t| {
        t.kind == Kind::Word && t.len == 4 && (t.shape == Shape::Upper || !document.cased(i))
    }) && four(i + 1)
        && four(i + 2)
        // A birth date: year, month (and 50 for women).
        && matches!(document.tokens[i + 1].number % 100, 1..=12 | 51..=62)
}
