use super::elision::elides;
use crate::fold::fold;
use crate::hash::{WordMap, hash_word, join};

static TEXT: &str = include_str!("../../assets/surrogates.txt");
static FIXED: &str = include_str!("../../assets/surrogate_places.txt");

/// Where a name comes from, as far as the lists tell; a surrogate keeps it.
pub(crate) type Origin = &'static str;

/// Names by the hash of their kind and origin.
type Lists = WordMap<Vec<&'static str>>;

/// What surrogates are drawn from.
#[derive(Debug)]
pub(crate) struct Pool {
    lists: Lists,
    /// Of first names and towns, those before which "de" elides, and the others.
    elided: Lists,
    whole: Lists,
    origins: WordMap<Origin>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        let mut pool = Self {
            lists: Lists::default(),
            elided: Lists::default(),
            whole: Lists::default(),
            origins: WordMap::default(),
        };
        let mut section = "";
        for line in TEXT.lines().chain(FIXED.lines()) {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => section = name,
                None => pool.add(section, line),
            }
        }
        pool
    }

    fn add(&mut self, section: &'static str, line: &'static str) {
        let (kind, origin) = section.split_once(' ').unwrap_or((section, "fr"));
        if kind != "city" {
            if matches!(origin, "ar" | "tr") {
                self.origins.insert(hash_word(&fold(line)), origin);
            } else {
                self.origins.entry(hash_word(&fold(line))).or_insert(origin);
            }
        }
        self.lists.entry(key(kind, origin)).or_default().push(line);
        let (name, mute) = match kind {
            "male" | "female" => (line, true),
            "city" => (line.split_once(' ').map_or("", |(_, name)| name), false),
            _ => return,
        };
        // "à Le Mans" and "à Lyon 3e Arrondissement" would read wrongly, and whether "de" elides before "Huy" is not settled.
        let awkward = kind == "city"
            && (name.starts_with("Le ")
                || name.starts_with("Les ")
                || name.starts_with('H')
                || name.contains(|c: char| c.is_ascii_digit()));
        if !awkward {
            let lists = if elides(name, mute) { &mut self.elided } else { &mut self.whole };
            lists.entry(key(kind, origin)).or_default().push(line);
        }
    }

    /// The list of a section, or that of French names where there is none.
    pub(crate) fn list(&self, kind: &str, origin: &str) -> &[&'static str] {
        of(&self.lists, kind, origin)
    }

    /// As [`Pool::list`], those before which "de" elides or those before which it does not.
    pub(crate) fn list_like(&self, kind: &str, origin: &str, elided: bool) -> &[&'static str] {
        of(if elided { &self.elided } else { &self.whole }, kind, origin)
    }

    /// The origin of a folded name.
    pub(crate) fn origin(&self, name: &str) -> Option<Origin> {
        self.origins.get(&hash_word(name)).copied()
    }
}

fn key(kind: &str, origin: &str) -> u64 {
    join(hash_word(kind), hash_word(origin))
}

fn of<'p>(lists: &'p Lists, kind: &str, origin: &str) -> &'p [&'static str] {
    lists
        .get(&key(kind, origin))
        .filter(|list| list.len() >= 20)
        .or_else(|| lists.get(&key(kind, "fr")))
        .map_or(&[], Vec::as_slice)
}
