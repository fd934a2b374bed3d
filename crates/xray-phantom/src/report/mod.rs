//! The French report of a study, written by a small grammar from the numbers that made the picture.

mod anatomy_words;
mod faults;
mod findings;
mod joints;
mod knees;
mod letterhead;
mod note;
mod others;

use xray_core::jiff::civil::{Date, Time};
use xray_core::{FRENCH_MONTHS, Laterality, View};

use crate::draw::Draw;
use crate::findings::Findings;
use crate::fracture::Fracture;
use crate::knee::Knee;
use crate::patient::Patient;
use crate::region::Region;
use crate::spans::{Category, Tagged};

pub(crate) use faults::Faults;
pub(crate) use note::note;

/// What a report may speak of. There is nothing else to draw from, so nothing else can be said.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) patient: &'a Patient,
    pub(crate) site: usize,
    pub(crate) radiologist: usize,
    pub(crate) accession: &'a str,
    pub(crate) date: Date,
    pub(crate) time: Time,
    /// The day of the patient's study before this one, where there is one.
    pub(crate) previous: Option<Date>,
    pub(crate) region: &'static Region,
    pub(crate) laterality: Laterality,
    /// Of the fracture and the findings.
    pub(crate) side: Laterality,
    pub(crate) views: &'a [View],
    pub(crate) fracture: Option<&'a Fracture>,
    pub(crate) findings: &'a Findings,
    /// Right and left, of a bilateral image.
    pub(crate) knees: Option<&'a [Knee; 2]>,
    pub(crate) age_months: u32,
    pub(crate) demineralised: bool,
    /// Whether growth plates are open.
    pub(crate) growing: bool,
    /// Whether the bone age was asked for.
    pub(crate) for_growth: bool,
}

/// How one doctor writes; the same in all reports of that doctor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) letter: bool,
    pub(crate) terse: bool,
    pub(crate) abbreviates: bool,
    pub(crate) capital_titles: bool,
    pub(crate) bullets: bool,
    /// Types without accents.
    pub(crate) flat: bool,
    pub(crate) date_format: usize,
}

impl Style {
    pub(crate) fn of(radiologist: usize) -> Self {
        let bit = |n: usize| radiologist >> n & 1 == 1;
        Self {
            letter: radiologist % 4 == 2,
            terse: radiologist % 4 == 1,
            abbreviates: bit(0),
            capital_titles: bit(1) || radiologist.is_multiple_of(5),
            bullets: radiologist % 3 == 1,
            flat: radiologist == 5,
            date_format: radiologist % 4,
        }
    }
}

/// Writes in a style and marks identifiers.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) out: Tagged,
    pub(crate) style: Style,
    pub(crate) draw: &'a mut Draw,
    pub(crate) faults: Faults,
}

impl Writer<'_> {
    pub(crate) fn say(&mut self, words: &str) -> &mut Self {
        let flat = self.style.flat || self.faults.flat;
        let words = if flat { unaccented(words) } else { words.to_owned() };
        self.out.say(&self.faults.typed(&words));
        self
    }

    pub(crate) fn tag(&mut self, category: Category, words: &str) -> &mut Self {
        self.out.tag(category, words);
        self
    }

    /// One of some phrases.
    pub(crate) fn any(&mut self, phrases: &[&str]) -> &mut Self {
        let phrase = self.draw.pick(phrases);
        self.say(phrase)
    }

    pub(crate) fn title(&mut self, title: &str) -> &mut Self {
        let title = if self.style.capital_titles { title.to_uppercase() } else { title.to_owned() };
        let colon = if self.style.terse { ": " } else { " : " };
        self.say(&title).say(colon)
    }

    pub(crate) fn date(&mut self, date: Date) -> &mut Self {
        let words = written_date(date, self.style.date_format);
        self.tag(Category::Date, &words)
    }

    /// Starts a sentence of the description.
    pub(crate) fn item(&mut self) -> &mut Self {
        let bullet = if self.style.bullets { "- " } else { "" };
        self.out.say(bullet);
        self
    }

    pub(crate) fn stop(&mut self) -> &mut Self {
        let end = if self.style.bullets { "\n" } else { self.draw.pick(&[" ", "\n", " "]) };
        self.out.say(".").say(end);
        self
    }
}

/// The whole report.
pub(crate) fn write(facts: &Facts<'_>, faults: Faults, draw: &mut Draw) -> Tagged {
    let style = Style::of(facts.radiologist);
    let mut writer = Writer { out: Tagged::default(), style, draw, faults };
    letterhead::head(&mut writer, facts);
    findings::body(&mut writer, facts);
    letterhead::foot(&mut writer, facts);
    writer.out
}

/// A date in one of four formats.
pub(crate) fn written_date(date: Date, format: usize) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match format {
        0 => format!("{day:02}/{month:02}/{year}"),
        1 => format!("{day:02}-{month:02}-{year}"),
        2 => {
            let first = if day == 1 { "er" } else { "" };
            format!("{day}{first} {} {year}", FRENCH_MONTHS[(month as usize - 1) % 12])
        }
        _ => format!("{day:02}.{month:02}.{year}"),
    }
}

fn unaccented(words: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'É' | 'È' | 'Ê' => 'E',
        'à' | 'â' => 'a',
        'À' => 'A',
        'î' | 'ï' => 'i',
        'ô' => 'o',
        'û' | 'ù' => 'u',
        'ç' => 'c',
        c => c,
    };
    words.chars().map(plain).collect()
}
