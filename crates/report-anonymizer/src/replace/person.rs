use xray_core::Sex;

use super::elision::elides;
use super::pool::Pool;
use super::{Scope, Surrogates, in_case_of};
use crate::Category;
use crate::detect::canonical;
use crate::document::{Document, Kind, Shape};
use crate::fold::fold;
use crate::hash::{WordMap, hash_word};
use crate::lexicon::Lists;
use crate::span::Span;
use crate::vocabulary::Roles;

/// Which words of a text are first names and which are surnames, so that a word is the same wherever it
/// stands.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    firsts: WordMap<bool>,
    /// Whether a title before it makes the bearer of a first name a woman.
    women: WordMap<bool>,
    /// By their letter, the first of the first names.
    initials: Vec<(char, String)>,
}

/// One name of a span: a word with what is joined to it, or an initial.
struct Unit {
    range: std::ops::Range<usize>,
    initial: bool,
}

impl Cast {
    pub(crate) fn new(document: &Document<'_>, spans: &[Span]) -> Self {
        let mut cast = Self::default();
        for span in spans.iter().filter(|span| span.category == Category::Person) {
            let start = document.tokens.partition_point(|t| (t.end as usize) <= span.start);
            let end = document.tokens.partition_point(|t| (t.start as usize) < span.end);
            let units = units(document, start..end);
            let words: Vec<&Unit> = units.iter().filter(|unit| !unit.initial).collect();
            if let Some(woman) = titled_woman(document, start) {
                for unit in &words {
                    cast.women.entry(hash_word(&text_of(document, unit))).or_insert(woman);
                }
            }
            if words.len() < 2 && !(words.len() == 1 && units.len() > 1) {
                continue;
            }
            let upper = words.iter().filter(|u| document.tokens[u.range.start].shape == Shape::Upper).count();
            let common = words.iter().any(|u| document.listed(u.range.start, Lists::FIRST_COMMON));
            let others = words.iter().any(|u| !document.listed(u.range.start, Lists::FIRST_COMMON));
            // Where no list knows either: "Chrysoula Xenakis", "XENAKIS CHRYSOULA".
            let behind = upper > 0 && document.cased(start);
            let rare = words
                .iter()
                .position(|u| document.listed(u.range.start, Lists::FIRST))
                .unwrap_or(if behind { words.len() - 1 } else { 0 });
            for (place, unit) in words.iter().enumerate() {
                let token = &document.tokens[unit.range.start];
                let listed = token.lists.any(Lists::FIRST_COMMON);
                let first = words.len() > 1
                    && if upper > 0 && upper < words.len() {
                        token.shape != Shape::Upper
                    } else if listed && others {
                        true
                    } else {
                        listed && place == 0 || !common && place == rare
                    };
                let name = text_of(document, unit);
                if *cast.firsts.entry(hash_word(&name)).or_insert(first) {
                    cast.initialled(name);
                }
            }
        }
        cast
    }

    /// Keeps of the first names of one letter that which comes first.
    fn initialled(&mut self, name: String) {
        let Some(letter) = name.chars().next() else { return };
        match self.initials.iter_mut().find(|(known, _)| *known == letter) {
            Some((_, kept)) if name < *kept => *kept = name,
            Some(_) => {}
            None => self.initials.push((letter, name)),
        }
    }

    /// The name with every word replaced; initials become those of the new name.
    pub(crate) fn surrogate(&self, surrogates: &Surrogates<'_>, span: &Span, scope: &Scope<'_>) -> String {
        let document = surrogates.document;
        let tokens = surrogates.tokens(span);
        let mut out = String::new();
        let mut at = span.start;
        for unit in units(document, tokens) {
            let bytes = document.bytes(unit.range.start, unit.range.end);
            let between = &document.text()[at..bytes.start.max(at)];
            // Particles between the units are part of the old name; signs are not.
            match between.find(char::is_alphanumeric) {
                Some(particle) => {
                    out.push_str(between[..particle].trim_end());
                    if !out.is_empty() {
                        out.push(' ');
                    }
                }
                None => out.push_str(between),
            }
            let was = &document.text()[bytes.clone()];
            // "LJ/ac" stays letters.
            let name = if unit.initial || span.rule == "dictation_marks" {
                self.initial(was, surrogates.pool, scope)
            } else {
                self.word(document, span, &unit, surrogates.pool, scope)
            };
            out.push_str(&in_case_of(was, &name));
            at = bytes.end;
        }
        out.push_str(&document.text()[at.min(span.end)..span.end]);
        out
    }

    fn word(
        &self,
        document: &Document<'_>,
        span: &Span,
        unit: &Unit,
        pool: &Pool,
        scope: &Scope<'_>,
    ) -> String {
        let token = &document.tokens[unit.range.start];
        let text = text_of(document, unit);
        let known = scope.patient.and_then(|patient| canonical(patient, &text));
        let (name, first) = match known {
            Some((name, first)) => (name, first),
            None => {
                let start = unit.range.start;
                let capitals = token.shape == Shape::Upper && document.cased(start);
                let alone = token.lists.any(Lists::FIRST_COMMON)
                    && (!token.lists.any(Lists::SURNAME_FREQUENT)
                        || led_to_first(document, start)
                        || !titled_before(document, start) && !capitals)
                    || FIRST_NAME_RULES.contains(&span.rule)
                        && token.lists.any(Lists::FIRST)
                        && !titled_before(document, start)
                    || span.rule == "given_name"
                    || given_before(document, start);
                let first = self.firsts.get(&hash_word(&text)).copied().unwrap_or(alone);
                (text, first)
            }
        };
        if first {
            return self.drawn(&name, true, token.lists, pool, scope);
        }
        // Each part of a double surname has its own surrogate, for each may stand alone elsewhere.
        let parts: Vec<String> = name
            .split(' ')
            .filter(|part| !name.contains(' ') || part.len() > 1 && !is_particle(part))
            .map(|part| self.drawn(part, false, token.lists, pool, scope))
            .collect();
        // "Turpin-Turpin" would be nobody's name.
        match parts.as_slice() {
            [first, second] if first == second => first.clone(),
            _ => parts.join("-"),
        }
    }

    fn drawn(&self, name: &str, first: bool, lists: Lists, pool: &Pool, scope: &Scope<'_>) -> String {
        let origin = pool.origin(name).unwrap_or("fr");
        if !first {
            return scope.choose(pool.list("last", origin), scope.draw("surname", &[name])).to_owned();
        }
        let female = match (lists.any(Lists::FEMALE), lists.any(Lists::MALE)) {
            (true, false) => true,
            (false, true) => false,
            _ => match self.women.get(&hash_word(name)) {
                Some(woman) => *woman,
                None => scope.patient.and_then(|p| p.sex) == Some(Sex::F),
            },
        };
        let elided = elides(name, true);
        let names = pool.list_like(if female { "female" } else { "male" }, origin, elided);
        scope.choose(names, scope.draw("first", &[name])).to_owned()
    }

    /// The initial of the surrogate of the first name that it stands for, or another letter.
    fn initial(&self, was: &str, pool: &Pool, scope: &Scope<'_>) -> String {
        let mut out = String::new();
        for c in was.chars() {
            if !c.is_alphabetic() {
                out.push(c);
                continue;
            }
            let letter = fold(&c.to_string()).chars().next().unwrap_or('x');
            let given = scope.patient.and_then(|patient| {
                patient.first_names.iter().map(|name| fold(name)).find(|name| name.starts_with(letter))
            });
            let known =
                || self.initials.iter().find(|(known, _)| *known == letter).map(|(_, name)| name.clone());
            let new = match given.or_else(known) {
                Some(name) => {
                    let lists = crate::lexicon::look_up(crate::hash::hash_word(&name));
                    self.drawn(&name, true, lists, pool, scope).chars().next().unwrap_or('X')
                }
                None => char::from(b'A' + (scope.draw("initial", &[&letter.to_string()]) % 22) as u8),
            };
            out.extend(new.to_uppercase());
        }
        if was.chars().all(|c| !c.is_uppercase()) { out.to_lowercase() } else { out }
    }
}

/// Rules that find persons where they are called by their first name.
const FIRST_NAME_RULES: [&str; 10] = [
    "slot_bracket",
    "slot_source",
    "first_name_acts",
    "greeting",
    "slot_greeting",
    "slot_thanks",
    "slot_acting",
    "slot_relative",
    "slot_hour",
    "closing",
];

/// Whether a title stands right before token `i`.
fn titled_before(document: &Document<'_>, i: usize) -> bool {
    (i.saturating_sub(2)..i).any(|j| document.same_line(j, i) && document.has(j, Roles::TITLE))
}

/// Whether the title or relative before token `i` is a woman's; nothing where none tells.
fn titled_woman(document: &Document<'_>, i: usize) -> Option<bool> {
    (i.saturating_sub(3)..i).rev().filter(|j| document.same_line(*j, i)).find_map(|j| {
        let woman = document.is_any(
            j,
            words![
                "mme",
                "madame",
                "mlle",
                "mademoiselle",
                "mevr",
                "mevrouw",
                "miss",
                "ms",
                "soeur",
                "dre",
                "docteure",
                "patiente",
                "epouse",
                "fille",
                "mere",
                "tante",
                "niece",
                "cousine",
                "veuve",
                "compagne",
                "conjointe",
                "infirmiere",
                "assistante",
                "fillette",
            ],
        );
        let man = document.is_any(
            j,
            words![
                "m",
                "mr",
                "monsieur",
                "dhr",
                "frere",
                "patient",
                "epoux",
                "mari",
                "fils",
                "pere",
                "oncle",
                "neveu",
                "cousin",
                "veuf",
                "compagnon",
                "conjoint",
                "infirmier",
                "garcon",
            ],
        );
        (woman || man).then_some(woman)
    })
}

/// Whether the name at token `i` fills the place of a first name, known or not: "Prénom : X", "le papa, X".
fn given_before(document: &Document<'_>, i: usize) -> bool {
    let signed = i > 0 && document.tokens[i - 1].kind == Kind::Sign;
    let before = i.checked_sub(1 + usize::from(signed)).filter(|b| document.same_line(*b, i));
    before.is_some_and(|b| {
        document.is_any(b, words!["prenom", "prenoms"])
            || document
                .is_any(b, words!["papa", "maman", "fils", "fille", "soeur", "frere", "epouse", "mari"])
                && document.get(i + 1).is_none_or(|t| t.kind == Kind::Sign || t.shape == Shape::Lower)
    })
}

/// Whether "prénom" or a relative stands before token `i`.
fn led_to_first(document: &Document<'_>, i: usize) -> bool {
    (i.saturating_sub(4)..i).any(|j| {
        document.is_any(
            j,
            words!["prenom", "prenoms", "merci", "cordialement", "amities", "amicalement", "bientot"],
        ) || document.has(j, Roles::RELATION)
    })
}

/// Whether a folded word of a surname leads on to another: it has no surrogate of its own.
fn is_particle(word: &str) -> bool {
    const PARTICLES: &[u64] = words![
        "van", "den", "der", "de", "du", "des", "la", "le", "les", "di", "da", "dos", "do", "del", "della",
        "el", "al", "ben", "von", "zu", "ter", "ten", "vanden", "vander", "ait", "st", "saint",
    ];
    PARTICLES.contains(&crate::hash::hash_word(word))
}

/// The folded text of a unit, its words joined by spaces.
fn text_of(document: &Document<'_>, unit: &Unit) -> String {
    let mut text = String::new();
    for i in unit.range.clone().filter(|i| document.is_word(*i)) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(document.folded(i));
    }
    text
}

/// The names of a span, without its titles and particles.
fn units(document: &Document<'_>, tokens: std::ops::Range<usize>) -> Vec<Unit> {
    let mut out = Vec::new();
    let mut at = tokens.start;
    while at < tokens.end {
        let token = &document.tokens[at];
        if token.kind != Kind::Word
            || token.roles.any(Roles::PARTICLE)
                && at + 1 < tokens.end
                && token.len < 6
                && !(token.len == 1 && document.is_sign(at + 1, b'.'))
        {
            at += 1;
            continue;
        }
        let start = at;
        at += 1;
        while at + 1 < tokens.end
            && document.tokens[at].kind == Kind::Sign
            && matches!(document.tokens[at].sign, b'-' | b'\'')
            && document.is_word(at + 1)
            && document.glued(at)
            && document.glued(at - 1)
        {
            at += 2;
        }
        let initial = (start..at).filter(|i| document.is_word(*i)).all(|i| document.tokens[i].len == 1);
        out.push(Unit { range: start..at, initial });
    }
    out
}
