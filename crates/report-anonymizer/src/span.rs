use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What kind of identifier a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// A name of a person; [`Span::role`] tells whose.
    Person,
    /// A street, postal code or town.
    Location,
    /// A hospital, practice or home.
    Institution,
    /// A date or a part of one.
    Date,
    /// An age.
    Age,
    /// A number or code of a person, stay, examination or practitioner.
    Id,
    /// A telephone, fax or pager number.
    Phone,
    /// An electronic mail address.
    Email,
    /// A web address.
    Url,
}

impl Category {
    /// Every category, in the order of their names in tables.
    pub const ALL: [Self; 9] = [
        Self::Person,
        Self::Location,
        Self::Institution,
        Self::Date,
        Self::Age,
        Self::Id,
        Self::Phone,
        Self::Email,
        Self::Url,
    ];

    /// The name in capitals, as in tags and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Location => "LOCATION",
            Self::Institution => "INSTITUTION",
            Self::Date => "DATE",
            Self::Age => "AGE",
            Self::Id => "ID",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Url => "URL",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
