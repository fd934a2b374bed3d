use xray_core::PseudonymKey;
use xray_core::jiff::ToSpan;
use xray_core::jiff::civil::Date;

/// A UID for `uid` that depends on it and the key alone: `2.25.` and a number of 128 bits (PS3.5 B.2). UIDs
/// that the standard itself registers name kinds of things and stay.
pub(super) fn new_uid(key: &PseudonymKey, uid: &str) -> String {
    let uid = uid.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if uid.is_empty() || uid.starts_with("1.2.840.10008.") {
        return uid.to_owned();
    }
    let bytes = key.derive("uid", &[uid.as_bytes()]);
    let number = bytes[..16].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("2.25.{number}")
}

/// A DA or DT value, its day moved by `days`; what is finer than a day stays. Nothing if the value is no date
/// (a range, a year alone), since then it cannot be moved.
pub(super) fn shift_date(value: &str, days: i32) -> Option<String> {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let dotted = value.get(4..5) == Some(".");
    let (year, month, day, rest) = if dotted {
        (value.get(0..4)?, value.get(5..7)?, value.get(8..10)?, value.get(10..)?)
    } else {
        (value.get(0..4)?, value.get(4..6)?, value.get(6..8)?, value.get(8..)?)
    };
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let moved = date.checked_add(days.days()).ok()?;
    let finer = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'));
    // A range goes on with another date.
    let is_range = rest.starts_with('-');
    (finer && !is_range && (0..=9999).contains(&moved.year()))
        .then(|| format!("{:04}{:02}{:02}{rest}", moved.year(), moved.month(), moved.day()))
}

/// An age of 90 years or more is written as 90, which few people can be told by.
pub(super) fn capped_age(value: &str) -> String {
    match value.trim().strip_suffix('Y').and_then(|years| years.parse::<u32>().ok()) {
        Some(years) if years > 89 => "090Y".to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_and_keep_what_is_finer() {
        assert_eq!(shift_date("20200228", 2).as_deref(), Some("20200301"));
        assert_eq!(shift_date("1997.04.24 ", -24).as_deref(), Some("19970331"));
        assert_eq!(shift_date("20200228093015.5+0100", 2).as_deref(), Some("20200301093015.5+0100"));
        for no_date in ["", "2020", "20201399", "20200101-20200202", "20200101 DUPONT", "vers 2010"] {
            assert_eq!(shift_date(no_date, 2), None, "{no_date}");
        }
    }

    #[test]
    fn uids_are_valid_and_stable() {
        let key = PseudonymKey::new(b"0123456789abcdef");
        let uid = new_uid(&key, "1.3.6.1.4.1.5962.1.1\0");
        assert_eq!(uid, new_uid(&key, "1.3.6.1.4.1.5962.1.1"));
        assert_ne!(uid, new_uid(&key, "1.3.6.1.4.1.5962.1.2"));
        assert!(uid.len() <= 64 && uid.starts_with("2.25.") && !uid.starts_with("2.25.0"));
        assert_eq!(new_uid(&key, "1.2.840.10008.1.2.1"), "1.2.840.10008.1.2.1");
    }

    #[test]
    fn great_ages_are_one() {
        assert_eq!([capped_age("093Y"), capped_age("089Y"), capped_age("100D")], ["090Y", "089Y", "100D"]);
    }
}
