use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of identifier a part of a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// A name of a person, without the title.
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

/// The months as French reports name them, January first.
pub const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
