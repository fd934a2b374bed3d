use xray_core::PatientIdentity;

use crate::detect::{Detector, KnownIdentity};
use crate::document::Document;
use crate::vocabulary::Vocabulary;
use crate::{Action, Category, Policy, Span};

/// What an output still holds of what should be gone: the known identity in any spelling, and numbers
/// and addresses that were found in the original.
pub(crate) fn residual(
    original: &str,
    spans: &[Span],
    output: &str,
    patient: Option<&PatientIdentity>,
    policy: &Policy,
    vocabulary: &Vocabulary,
) -> Option<(Category, usize)> {
    let kept = |category| policy.action(category) == Action::Keep;
    if patient.is_some() {
        let document = Document::prepared(output, patient, vocabulary);
        let mut left = Vec::new();
        KnownIdentity.detect(&document, &mut left);
        for category in [Category::Person, Category::Id, Category::Date] {
            let count = left.iter().filter(|span| span.category == category && !kept(category)).count();
            // A date may by chance be moved onto the day of birth.
            if count > 0 && category != Category::Date {
                return Some((category, count));
            }
        }
    }
    let sought: Vec<&Span> = spans
        .iter()
        .filter(|span| {
            matches!(span.category, Category::Id | Category::Phone | Category::Email | Category::Url)
        })
        .filter(|span| !kept(span.category) && span.end - span.start >= 6)
        .collect();
    let mut texts: Vec<&str> = sought.iter().map(|span| &original[span.range()]).collect();
    if sought.len() <= 64 {
        return sought
            .iter()
            .zip(texts)
            .find(|(_, text)| output.contains(*text))
            .map(|(span, _)| (span.category, 1));
    }
    texts.sort_unstable();
    texts.dedup();
    let found = aho_corasick::AhoCorasick::new(&texts).ok()?.find(output)?;
    let left = texts[found.pattern().as_usize()];
    sought.iter().find(|span| &original[span.range()] == left).map(|span| (span.category, 1))
}
