use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Category, Error, Result};

/// What happens to identifiers as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// An invented identifier of the same kind takes the place of each.
    #[default]
    Surrogate,
    /// The name of the category does: `<PERSON>`.
    Tag,
    /// An asterisk takes the place of every letter and digit.
    Mask,
}

/// What happens to the identifiers of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Replaced by an invented one of the same kind; dates move by the patient's shift, ages over 89 are
    /// grouped.
    Surrogate,
    /// Replaced by the name of the category.
    Tag,
    /// Covered letter by letter.
    Mask,
    /// Taken out; an ellipsis stays.
    Remove,
    /// Left as it is.
    Keep,
}

/// What happens to each category.
///
/// As TOML, where everything is optional:
///
/// ```
/// use report_anonymizer::{Action, Category, Policy};
///
/// let policy: Policy = toml::from_str(r#"
///     mode = "tag"
///     residual_check = true
///     [categories]
///     AGE = "keep"
/// "#)?;
/// assert_eq!(policy.action(Category::Age), Action::Keep);
/// assert_eq!(policy.action(Category::Person), Action::Tag);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// What happens where `categories` says nothing (default: surrogate). In surrogate mode, phone
    /// numbers, mail and web addresses are removed.
    pub mode: Mode,
    /// What happens to single categories (default: as `mode` says).
    pub categories: BTreeMap<Category, Action>,
    /// Whether an output in which something is left is refused (default: true).
    pub residual_check: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { mode: Mode::default(), categories: BTreeMap::new(), residual_check: true }
    }
}

impl Policy {
    /// The policy that does the same to every category.
    pub fn of_mode(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Reads a policy from a TOML file.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be read, [`Error::Policy`] if it says what a policy cannot say.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| Error::File {
            action: "reading",
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|source| Error::Policy { path: path.to_owned(), source })
    }

    /// What happens to `category`.
    pub fn action(&self, category: Category) -> Action {
        self.categories.get(&category).copied().unwrap_or(match (self.mode, category) {
            (Mode::Surrogate, Category::Phone | Category::Email | Category::Url) => Action::Remove,
            (Mode::Surrogate, _) => Action::Surrogate,
            (Mode::Tag, _) => Action::Tag,
            (Mode::Mask, _) => Action::Mask,
        })
    }

    /// Whether any category gets surrogates, which need a key.
    pub(crate) fn needs_key(&self) -> bool {
        Category::ALL.iter().any(|category| self.action(*category) == Action::Surrogate)
    }
}
