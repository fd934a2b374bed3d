use std::fmt;

use serde::Serialize;
pub(crate) use xray_core::Category;

/// An identifier in a text: bytes `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub category: Category,
}

/// A text under construction that remembers where its identifiers are.
#[derive(Clone, Default)]
pub(crate) struct Tagged {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
}

impl fmt::Debug for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tagged[{} bytes, {} spans]", self.text.len(), self.spans.len())
    }
}

impl Tagged {
    pub(crate) fn say(&mut self, words: &str) -> &mut Self {
        self.text.push_str(words);
        self
    }

    pub(crate) fn tag(&mut self, category: Category, words: &str) -> &mut Self {
        let start = self.text.len();
        self.text.push_str(words);
        self.spans.push(Span { start, end: self.text.len(), category });
        self
    }
}
