use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Category, Span};

/// What was done to a report, without a word of it.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The report's name.
    pub id: String,
    /// How many spans of each category were replaced.
    pub counts: BTreeMap<Category, usize>,
    /// The spans, with their rules and confidences, in bytes of the original text.
    pub spans: Vec<Span>,
    /// By how many days the dates were moved; left out unless asked for, for whoever knows it can move
    /// them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift_days: Option<i32>,
    /// What each span said; left out unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originals: Option<Vec<String>>,
}

impl Audit {
    pub(crate) fn new(id: &str, spans: &[Span]) -> Self {
        let mut counts = BTreeMap::new();
        for span in spans {
            *counts.entry(span.category).or_insert(0) += 1;
        }
        Self { id: id.to_owned(), counts, spans: spans.to_vec(), shift_days: None, originals: None }
    }
}
