use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is known of a study beside its report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// A finding that is there or not.
    Present(bool),
    /// A measurement or a grade, in the unit that its name says.
    Value(f64),
    /// One of a set of names.
    Class(String),
}

impl Label {
    /// `true` or `false` for a finding; nothing for other labels.
    pub fn present(&self) -> Option<bool> {
        match self {
            Self::Present(present) => Some(*present),
            _ => None,
        }
    }

    /// The number of a measurement; 1 or 0 for a finding; nothing for a class.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Present(present) => Some(f64::from(u8::from(*present))),
            Self::Value(value) => Some(*value),
            Self::Class(_) => None,
        }
    }
}

/// Labels by name, in the order of their names. A label that is unknown is absent.
pub type Labels = BTreeMap<String, Label>;
