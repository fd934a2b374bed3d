use std::ops::Range;

use serde::{Deserialize, Serialize};
use xray_core::Category;

/// Whom a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The patient.
    Patient,
    /// A doctor, nurse or other carer.
    Clinician,
    /// A relative, or someone whose part is not known.
    Other,
}

/// An identifier found in a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// First byte, in the original text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub category: Category,
    /// Whom it names, for persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The rule that found it.
    pub rule: &'static str,
    /// How sure the rule is, in `[0, 1]`. Where spans meet, the surer one keeps the common part.
    pub confidence: f32,
}

impl Span {
    /// A span of `category` over the bytes of `range`, without a role.
    pub fn new(range: Range<usize>, category: Category, rule: &'static str, confidence: f32) -> Self {
        Self { start: range.start, end: range.end, category, role: None, rule, confidence }
    }

    /// The same span with a role.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Its bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}
