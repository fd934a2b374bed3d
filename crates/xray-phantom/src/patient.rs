use std::fmt;

use xray_core::jiff::civil::Date;
use xray_core::{PatientId, PatientIdentity, Sex};

use crate::draw::Draw;
use crate::lexicon::{BELGIAN_TOWNS, FAMILIES, FRENCH_TOWNS, MEN, STREETS, WOMEN};

/// An invented person.
#[derive(Clone)]
pub(crate) struct Patient {
    pub(crate) identity: PatientIdentity,
    pub(crate) number: String,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) sex: Sex,
    pub(crate) birth: Date,
    /// National number as a clerk types it.
    pub(crate) national: String,
    pub(crate) belgian: bool,
    pub(crate) street: String,
    pub(crate) postal_code: &'static str,
    pub(crate) town: &'static str,
    pub(crate) phone: String,
    pub(crate) email: String,
}

impl fmt::Debug for Patient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patient(..)")
    }
}

impl Patient {
    /// `number` counts the patients of the archive; two patients never share it.
    pub(crate) fn draw(number: u64, sex: Sex, birth: Date, draw: &mut Draw) -> Self {
        let belgian = draw.chance(0.7);
        let first_name = draw.pick(if sex == Sex::F { WOMEN } else { MEN });
        let second = draw.chance(0.25).then(|| draw.pick(if sex == Sex::F { WOMEN } else { MEN }));
        let last_name = draw.pick(FAMILIES);
        let national = if belgian { niss(birth, sex, draw) } else { nir(birth, sex, draw) };
        let towns = if belgian { BELGIAN_TOWNS } else { FRENCH_TOWNS };
        let (postal_code, town) = towns[draw.below(towns.len())];
        let street = match draw.below(3) {
            0 => format!("{}, {}", draw.pick(STREETS), 1 + draw.below(240)),
            1 => format!("{} {}", draw.pick(STREETS), 1 + draw.below(240)),
            _ => format!("{}, {}", 1 + draw.below(240), draw.pick(STREETS)),
        };
        let pair = |draw: &mut Draw| format!("{:02}", draw.below(100));
        let pairs = [pair(draw), pair(draw), pair(draw)].join(draw.pick(&[" ", ".", ""]));
        let phone = match (belgian, draw.below(3)) {
            (true, 0) => format!("04{:02} {pairs}", 70 + draw.below(29)),
            (true, 1) => format!("+32 4{:02} {pairs}", 70 + draw.below(29)),
            (true, _) => {
                format!("0{}/{:03}{}{}", 4 + draw.below(5), draw.below(1000), pair(draw), pair(draw))
            }
            (false, 0) => format!("+33 6 {:02} {pairs}", draw.below(100)),
            (false, _) => format!("0{} {:02} {pairs}", 1 + draw.below(7), draw.below(100)),
        };
        let host = draw.pick(&["courriel.example", "mail.example", "poste.example"]);
        let email = format!("{}.{}{}@{host}", plain(first_name), plain(last_name), draw.below(100));
        let number = format!("SIM{number:07}");
        let first_names = std::iter::once(first_name)
            .chain(second.filter(|s| *s != first_name))
            .map(str::to_owned)
            .collect();
        let identity = PatientIdentity {
            id: Some(PatientId::new(number.clone())),
            first_names,
            last_name: Some(last_name.to_owned()),
            birth_date: Some(birth),
            sex: Some(sex),
            national_id: Some(national.chars().filter(char::is_ascii_digit).collect()),
        };
        Self {
            identity,
            number,
            first_name,
            last_name,
            sex,
            birth,
            national,
            belgian,
            street,
            postal_code,
            town,
            phone,
            email,
        }
    }
}

/// A Belgian national number: birth date, a serial number odd for men, and 97 minus the rest of the nine
/// digits by 97, with a 2 before them for those born from 2000 on.
fn niss(birth: Date, sex: Sex, draw: &mut Draw) -> String {
    let serial = 2 * (1 + draw.below(498)) - usize::from(sex == Sex::M);
    let (yy, mm, dd) = (birth.year() % 100, birth.month(), birth.day());
    let digits = format!("{yy:02}{mm:02}{dd:02}{serial:03}");
    let value: u64 = digits.parse().unwrap_or_default();
    let value = if birth.year() >= 2000 { 2_000_000_000 + value } else { value };
    let check = 97 - value % 97;
    match draw.below(3) {
        0 => format!("{yy:02}{mm:02}{dd:02} {serial:03} {check:02}"),
        1 => format!("{digits}{check:02}"),
        _ => format!("{yy:02}.{mm:02}.{dd:02}-{serial:03}.{check:02}"),
    }
}

/// A French social security number: sex, year, month, department, commune, order, and 97 minus the rest of
/// the thirteen digits by 97.
fn nir(birth: Date, sex: Sex, draw: &mut Draw) -> String {
    let sex = if sex == Sex::M { 1 } else { 2 };
    let (yy, mm) = (birth.year() % 100, birth.month());
    let (department, commune, order) =
        ([59, 62, 80, 51, 54, 75][draw.below(6)], 1 + draw.below(640), 1 + draw.below(600));
    let value: u64 =
        format!("{sex}{yy:02}{mm:02}{department}{commune:03}{order:03}").parse().unwrap_or_default();
    let key = 97 - value % 97;
    if draw.chance(0.7) {
        format!("{sex} {yy:02} {mm:02} {department} {commune:03} {order:03} {key:02}")
    } else {
        format!("{value}{key:02}")
    }
}

/// Lower case without accents, spaces or apostrophes.
pub(crate) fn plain(name: &str) -> String {
    let ascii = |c: char| match c {
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' => Some('e'),
        'à' | 'â' => Some('a'),
        'ï' | 'î' => Some('i'),
        'ô' | 'ö' => Some('o'),
        'ç' => Some('c'),
        c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    name.chars().filter_map(ascii).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use xray_core::jiff::civil::date;

    #[test]
    fn check_digits_are_right() {
        let mut draw = Draw::new(3, &[]);
        let digits = |s: String| s.chars().filter(char::is_ascii_digit).collect::<String>();
        for birth in [date(1957, 3, 12), date(2011, 11, 2)] {
            let niss = digits(niss(birth, Sex::F, &mut draw));
            let century = if birth.year() >= 2000 { "2" } else { "" };
            let value: u64 = format!("{century}{}", &niss[..9]).parse().unwrap();
            assert_eq!((value + niss[9..].parse::<u64>().unwrap()) % 97, 0);
            assert_eq!(niss[6..9].parse::<u64>().unwrap() % 2, 0);
            let nir = digits(nir(birth, Sex::M, &mut draw));
            let (body, key) = nir.split_at(13);
            assert_eq!((body.parse::<u64>().unwrap() + key.parse::<u64>().unwrap()) % 97, 0);
        }
    }
}
