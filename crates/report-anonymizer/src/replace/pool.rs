use std::collections::HashMap;

use crate::fold::fold;

static TEXT: &str = include_str!("../../assets/surrogates.txt");
static FIXED: &str = include_str!("../../assets/surrogate_places.txt");

/// Where a name comes from, as far as the lists tell; a surrogate keeps it.
pub(crate) type Origin = &'static str;

/// What surrogates are drawn from.
#[derive(Debug)]
pub(crate) struct Pool {
    lists: HashMap<&'static str, Vec<String>>,
    origins: HashMap<String, Origin>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        let mut lists: HashMap<&'static str, Vec<String>> = HashMap::new();
        let mut origins = HashMap::new();
        let mut section = "";
        for line in TEXT.lines().chain(FIXED.lines()) {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            if let Some((kind, origin)) = section.split_once(' ')
                && kind != "city"
            {
                if matches!(origin, "ar" | "tr") {
                    origins.insert(fold(line), origin);
                } else {
                    origins.entry(fold(line)).or_insert(origin);
                }
            }
            lists.entry(section).or_default().push(line.to_owned());
        }
        Self { lists, origins }
    }

    /// The list of a section, or that of French names where there is none.
    pub(crate) fn list(&self, kind: &str, origin: &str) -> &[String] {
        let key = format!("{kind} {origin}");
        self.lists
            .get(key.as_str())
            .filter(|list| list.len() >= 20)
            .or_else(|| self.lists.get(format!("{kind} fr").as_str()))
            .map_or(&[], Vec::as_slice)
    }

    /// The origin of a folded name.
    pub(crate) fn origin(&self, name: &str) -> Option<Origin> {
        self.origins.get(name).copied()
    }
}
