mod age;
mod date;
mod elision;
mod institution;
mod number;
mod person;
mod place;
mod pool;
mod present;

pub(crate) use person::Cast;
pub(crate) use pool::Pool;
pub(crate) use present::Present;

use std::fmt::Debug;

use xray_core::{PatientId, PatientIdentity, PseudonymKey};

use crate::document::Document;
use crate::fold::{fold, folded_hash};
use crate::vocabulary::Vocabulary;
use crate::{Category, Span};

/// Writes what stands in the place of an identifier.
///
/// A replacer of a user takes precedence over this crate's for the category it is registered for.
pub trait Replacer: Debug + Send + Sync {
    /// Appends to `out` what replaces `original`, the text of `span`.
    fn replace(&self, original: &str, span: &Span, scope: &Scope<'_>, out: &mut String);
}

/// Within what surrogates are the same: the reports of one patient.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) key: &'a PseudonymKey,
    /// The patient's number, or the report's where the patient has none.
    pub(crate) name: PatientId,
    pub(crate) shift: i32,
    pub(crate) patient: Option<&'a PatientIdentity>,
    /// The words of the original, which no surrogate may be.
    pub(crate) present: Present<'a>,
    /// Whether the text is written without any accent.
    pub(crate) plain: bool,
    /// The year of the report, for dates that leave it out.
    pub(crate) year: i16,
}

impl Scope<'_> {
    /// A number that is the same for `parts` in every report of the patient.
    pub fn draw(&self, domain: &str, parts: &[&str]) -> u64 {
        let mut bytes: Vec<&[u8]> = Vec::with_capacity(parts.len() + 1);
        bytes.push(self.name.as_str().as_bytes());
        bytes.extend(parts.iter().map(|part| part.as_bytes()));
        self.key.derive_u64(domain, &bytes)
    }

    /// By how many days the dates of the patient move.
    pub fn shift_days(&self) -> i32 {
        self.shift
    }

    /// The first candidate, from the drawn one on, none of whose words stands in the original.
    pub(crate) fn choose(&self, candidates: &[&'static str], draw: u64) -> &'static str {
        let count = candidates.len().max(1);
        let start = (draw % count as u64) as usize;
        (0..count.min(200))
            .filter_map(|step| candidates.get((start + step) % count))
            .find(|candidate| !self.stands_in_original(candidate))
            .or_else(|| candidates.get(start))
            .map_or("X", |candidate| candidate)
    }

    fn stands_in_original(&self, candidate: &str) -> bool {
        candidate.split(|c: char| !c.is_alphanumeric()).any(|word| {
            let (hash, length) = folded_hash(word);
            length > 2
                && (self.present.contains(hash)
                    || self.patient.is_some_and(|patient| crate::detect::resembles(patient, &fold(word))))
        })
    }
}

/// What the built-in surrogates need beside the scope.
#[derive(Debug)]
pub(crate) struct Surrogates<'a> {
    pub(crate) document: &'a Document<'a>,
    pub(crate) spans: &'a [Span],
    pub(crate) pool: &'a Pool,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) cast: Cast,
}

impl Surrogates<'_> {
    /// Appends the surrogate of span `index`.
    pub(crate) fn write(&self, index: usize, scope: &Scope<'_>, out: &mut String) {
        let span = &self.spans[index];
        let original = &self.document.text()[span.range()];
        let text = match span.category {
            Category::Person => self.cast.surrogate(self, span, scope),
            Category::Location => place::surrogate(self, index, scope),
            Category::Institution => institution::surrogate(self, span, scope),
            Category::Date if span.rule == "date_range" => self.first_day(index, scope),
            Category::Date => date::surrogate(original, scope, self.vocabulary),
            Category::Age => age::surrogate(original, self.vocabulary),
            Category::Id => number::surrogate(original, scope),
            Category::Phone | Category::Email | Category::Url => String::new(),
        };
        if scope.plain { out.push_str(&without_accents(&text)) } else { out.push_str(&text) }
    }

    /// The first day of a range, whose month and year stand with the last: "3" of "du 3 au 7 mars 2021".
    fn first_day(&self, index: usize, scope: &Scope<'_>) -> String {
        let text = |span: &Span| &self.document.text()[span.range()];
        let first = text(&self.spans[index]);
        let last = self.spans[index + 1..].iter().find(|span| span.rule != "date_range").map(text);
        date::first_day(first, last.unwrap_or(""), scope, self.vocabulary)
    }

    /// The tokens of `span`.
    pub(crate) fn tokens(&self, span: &Span) -> std::ops::Range<usize> {
        let start = self.document.tokens.partition_point(|t| (t.end as usize) <= span.start);
        let end = self.document.tokens.partition_point(|t| (t.start as usize) < span.end);
        start..end
    }
}

fn without_accents(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect()
}

/// `text` in the case of `model`: all capitals, all small, or as it is.
pub(crate) fn in_case_of(model: &str, text: &str) -> String {
    let (mut letters, mut lower, mut upper) = (0, false, false);
    for c in model.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        lower |= c.is_lowercase();
        upper |= c.is_uppercase();
    }
    if letters > 1 && !lower {
        text.to_uppercase()
    } else if letters > 0 && !upper {
        text.to_lowercase()
    } else {
        text.to_owned()
    }
}
