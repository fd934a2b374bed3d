use crate::detect::number_in_words;
use crate::document::Document;
use crate::vocabulary::{Roles, Vocabulary};

/// Ages over this are grouped, for so few reach them that they identify.
const OLDEST: u32 = 89;

/// An age as it is, or "plus de 89 ans".
pub(crate) fn surrogate(original: &str, vocabulary: &Vocabulary) -> String {
    let document = Document::new(original, vocabulary);
    let years = match document.get(0) {
        Some(token) if document.is_number(0) => token.number,
        _ => number_in_words(&document, 0).map_or(0, |(value, _)| value),
    };
    let unit = (0..document.tokens.len())
        .find(|i| document.has(*i, Roles::AGE_UNIT))
        .map(|i| document.tokens[i].value);
    if years > OLDEST && unit.is_none_or(|unit| unit == 1) {
        let text = if unit.is_some() { format!("plus de {OLDEST} ans") } else { format!("plus de {OLDEST}") };
        return super::in_case_of(original, &text);
    }
    original.to_owned()
}
