use crate::hash::{WordMap, hash_word};

/// What the rules know a word as: bits of [`Roles`], and a value for months, numbers and units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) roles: Roles,
    pub(crate) value: u8,
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles(u64);

impl Roles {
    /// Whether any of `roles` is in the set.
    pub(crate) fn any(self, roles: Roles) -> bool {
        self.0 & roles.0 != 0
    }

    pub(crate) const fn or(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }
}

macro_rules! roles {
    ($($constant:ident $name:literal $bit:literal)*) => {
        impl Roles {
            $(pub(crate) const $constant: Roles = Roles(1 << $bit);)*

            fn of_section(name: &str) -> Roles {
                match name {
                    $($name => Roles::$constant,)*
                    _ => Roles(0),
                }
            }
        }
    };
}

roles! {
    TITLE_DOCTOR "title_doctor" 0
    TITLE_CIVIL "title_civil" 1
    TITLE_WEAK "title_weak" 2
    PARTICLE "particle" 3
    MONTH "month" 4
    WEEKDAY "weekday" 5
    NUMBER "number" 6
    AGE_UNIT "age_unit" 7
    STREET "street" 8
    STREET_WEAK "street_weak" 9
    INSTITUTION "institution" 10
    INSTITUTION_WEAK "institution_weak" 11
    INSTITUTION_WORD "institution_word" 12
    HOSPITAL_NAME "hospital_name" 13
    EPONYM_HEAD "eponym_head" 14
    EPONYM "eponym" 15
    UNIT "unit" 16
    DURATION_CUE "duration_cue" 17
    PERSON_NOUN "person_noun" 18
    NAME_LABEL "name_label" 19
    JOB "job" 20
    AGENT "agent" 21
    RELATION "relation" 22
    MAIDEN "maiden" 23
    ID_LABEL "id_label" 24
    ID_STRONG "id_strong" 25
    PHONE_LABEL "phone_label" 26
    PRODUCT "product" 27
    PLACE_CUE "place_cue" 28
    NOT_NAME "not_name" 29
    LEGAL "legal" 30
    COUNTRY "country" 31
    DATE_CUE "date_cue" 32
    GREETING "greeting" 33
    BOX "box" 34
    ANATOMY "anatomy" 35
    HOSPITAL_NETWORK "hospital_network" 36
    PERSON_ROLE "person_role" 37
    PERSON_CUE "person_cue" 38
    PERSON_OF "person_of" 39
    ACT "act" 40
    SYLLABLE "syllable" 41
}

impl Roles {
    pub(crate) const TITLE: Roles = Roles::TITLE_DOCTOR.or(Roles::TITLE_CIVIL);
}

/// The words that the rules speak of, by their hash.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    entries: WordMap<Entry>,
}

static TEXT: &str = concat!(include_str!("../assets/vocabulary.txt"), include_str!("../assets/eponyms.txt"));

impl Vocabulary {
    pub(crate) fn new() -> Self {
        let mut entries = WordMap::with_capacity_and_hasher(4096, Default::default());
        let (mut roles, mut value) = (Roles(0), 0);
        for line in TEXT.lines() {
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let (name, number) = section.split_once(' ').unwrap_or((section, "0"));
                roles = Roles::of_section(name);
                value = number.parse().unwrap_or(0);
            } else if !line.starts_with('#') {
                for word in line.split_ascii_whitespace() {
                    let entry: &mut Entry = entries.entry(hash_word(word)).or_default();
                    entry.roles = entry.roles.or(roles);
                    entry.value = entry.value.max(value);
                }
            }
        }
        Self { entries }
    }

    pub(crate) fn look_up(&self, hash: u64) -> Entry {
        self.entries.get(&hash).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_roles_of_their_sections() {
        let vocabulary = Vocabulary::new();
        let avril = vocabulary.look_up(hash_word("avril"));
        assert!(avril.roles.any(Roles::MONTH) && avril.value == 4);
        assert!(vocabulary.look_up(hash_word("dr")).roles.any(Roles::TITLE));
        assert!(vocabulary.look_up(hash_word("perthes")).roles.any(Roles::EPONYM));
        assert_eq!(vocabulary.look_up(hash_word("xyz")).roles, Roles(0));
    }

    #[test]
    fn every_section_is_known() {
        for line in TEXT.lines().filter(|line| line.starts_with('[')) {
            let name = line.trim_matches(['[', ']']).split(' ').next().unwrap_or("");
            assert_ne!(Roles::of_section(name), Roles(0), "{name}");
        }
    }
}
