use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Category, Span};

/// What was done to a report: without a word of it, unless [`audit_originals`] asks.
///
/// [`audit_originals`]: crate::AnonymizerBuilder::audit_originals
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The report's name.
    pub id: String,
    /// How many spans of each category were replaced.
    pub counts: BTreeMap<Category, usize>,
    /// The spans, with their rules and confidences, in bytes of the original text.
    pub spans: Vec<Span>,
    /// By how many days the dates were moved; absent where none were, or where the builder hides it. Whoever
    /// knows it can move them back: keep the audit where the key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift_days: Option<i32>,
    /// What each span said; absent unless the builder asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originals: Option<Vec<String>>,
}

impl Audit {
    /// `original` is given where the audit shall hold what the spans said.
    pub(crate) fn new(id: &str, spans: &[Span], shift_days: Option<i32>, original: Option<&str>) -> Self {
        let mut counts = BTreeMap::new();
        for span in spans {
            *counts.entry(span.category).or_insert(0) += 1;
        }
        let originals = original
            .map(|text| spans.iter().filter_map(|span| text.get(span.range()).map(str::to_owned)).collect());
        Self { id: id.to_owned(), counts, spans: spans.to_vec(), shift_days, originals }
    }
}
