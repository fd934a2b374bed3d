use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::Name;

/// Roles of words that name nobody without more evidence than a capital.
pub(crate) const NEVER: Roles = Roles::PRODUCT
    .or(Roles::INSTITUTION)
    .or(Roles::HOSPITAL_NAME)
    .or(Roles::HOSPITAL_NETWORK)
    .or(Roles::MONTH)
    .or(Roles::WEEKDAY)
    .or(Roles::TITLE)
    .or(Roles::JOB)
    .or(Roles::AGENT)
    .or(Roles::RELATION)
    .or(Roles::PERSON_ROLE)
    .or(Roles::PERSON_CUE)
    .or(Roles::PERSON_NOUN)
    .or(Roles::NAME_LABEL)
    .or(Roles::ID_LABEL)
    .or(Roles::NOT_NAME)
    .or(Roles::STREET)
    .or(Roles::ANATOMY)
    .or(Roles::COUNTRY);

/// Whether no list knows token `i` as anything but a name, and it is written like one.
pub(crate) fn strange(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let lists = token.lists;
    // "Marie-Ghislaine", where "marie" is a word.
    let double = lists.any(Lists::FIRST)
        && document.is_sign(i + 1, b'-')
        && document.glued(i)
        && document.glued(i + 1)
        && (document.listed(i + 2, Lists::FIRST)
            || document.cased(i) && document.get(i + 2).is_some_and(|t| t.shape == Shape::Capital))
        && (!token.roles.any(Roles::PARTICLE.or(Roles::EPONYM)) || lists.any(Lists::FIRST_COMMON))
        && (token.shape != Shape::Lower || !document.cased(i))
        && !lists.any(Lists::STOP | Lists::MEDICAL);
    let reached = token.roles.any(Roles::PHONE_LABEL) && !lists.any(Lists::FIRST_COMMON | Lists::SURNAME);
    // "Dong-hyun": the second half is written small.
    let korean = token.shape == Shape::Capital
        && token.roles.any(Roles::SYLLABLE)
        && document.cased(i)
        && joined(document, i);
    if lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP) && !double && !korean
        || reached
        || token.roles.any(NEVER)
        || document.is_guarded(i)
        || token.place > 0 && !lists.any(Lists::FIRST_COMMON)
    {
        return false;
    }
    let listed = lists.any(Lists::FIRST | Lists::SURNAME);
    if !listed && medical_form(document.folded(i)) {
        return false;
    }
    // "D'hondt".
    let elided = i > 1
        && document.is_sign(i - 1, b'\'')
        && document.tokens[i - 2].shape == Shape::Initial
        && document.is_any(i - 2, words!["d", "l", "n", "o", "m"]);
    if elided && token.shape == Shape::Lower && document.cased(i) {
        return token.len > 3;
    }
    if !document.cased(i) {
        return !prefix(document, i) && (token.len > 3 || listed && token.len > 2) || joined(document, i);
    }
    match token.shape {
        Shape::Capital => token.len > 1,
        Shape::Upper => {
            // "XU Wei", "LE, Anh".
            let short = || {
                let next = i + 1 + usize::from(document.is_sign(i + 1, b','));
                lists.any(Lists::SURNAME)
                    && document.listed(next, Lists::FIRST)
                    && document.same_line(i, next)
                    && document.get(next).is_some_and(|t| t.shape == Shape::Capital)
            };
            token.len > 5 || listed && token.len > 2 || token.len == 2 && short()
        }
        Shape::Lower | Shape::Initial => false,
    }
}

/// Whether token `i` is the first half of an adjective: "antéro-supérieure".
pub(crate) fn prefix(document: &Document<'_>, i: usize) -> bool {
    document.is_sign(i + 1, b'-')
        && document.glued(i)
        && document.folded(i).ends_with('o')
        && document.listed(i + 2, Lists::WORD | Lists::MEDICAL)
}

/// Whether token `i` begins two short words, joined by a hyphen, that no list knows as words: "soo-jin".
pub(crate) fn joined(document: &Document<'_>, i: usize) -> bool {
    document.is_sign(i + 1, b'-')
        && document.glued(i)
        && document.glued(i + 1)
        && document.get(i + 2).is_some_and(|t| {
            t.kind == Kind::Word
                && (t.len > 2 && t.len + document.tokens[i].len > 5
                    || t.roles.any(Roles::SYLLABLE) && document.has(i, Roles::SYLLABLE))
                && !t.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
                && !t.roles.any(NEVER)
        })
        && document.tokens[i].len > 1
        && !(document.tokens[i].len > 3 && prefix(document, i))
}

/// Whether token `i` is a word that is a name as well, written with a capital: "Rose", "Normand".
pub(crate) fn word_name(document: &Document<'_>, i: usize) -> bool {
    document.get(i).is_some_and(|t| {
        t.kind == Kind::Word
            && t.len > 2
            && !t.lists.any(Lists::STOP | Lists::MEDICAL)
            && !t.roles.any(NEVER.or(Roles::EPONYM))
            && (document.cased(i) && t.shape != Shape::Lower
                || !document.cased(i) && t.lists.any(Lists::FIRST))
    })
}

/// A word alone, where the grammar of names sees none.
pub(crate) fn alone(document: &Document<'_>, i: usize) -> Option<Name> {
    let token = document.get(i)?;
    let end = run(document, i);
    (token.len > 2 && strange(document, i)).then_some(Name { start: i, end, words: 1 })
}

/// The end of the words from token `i` on that no list knows as words, with what hyphens join to them.
pub(crate) fn run(document: &Document<'_>, i: usize) -> usize {
    let (mut at, mut end) = (i, i);
    while at < i + 12 && document.same_line(at, i) && document.get(at).is_some_and(|t| t.gap < 3 || at == i) {
        if document.has(at, Roles::PARTICLE) && at > i {
            at += 1;
            continue;
        }
        if !strange(document, at) {
            break;
        }
        at += 1;
        while document.is_sign(at, b'-')
            && document.glued(at - 1)
            && document.glued(at)
            && document.is_word(at + 1)
        {
            at += 2;
        }
        end = at;
    }
    end.max(i + 1)
}

/// The end of the name of tokens `i..end`, without words behind it that are no part of one.
pub(crate) fn last_word(document: &Document<'_>, i: usize, end: usize) -> Option<usize> {
    let cased = document.cased(i);
    let part = |j: usize| {
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word
                && t.len > 1
                && (strange(document, j)
                    || super::name::particled(document, j)
                    || cased && t.shape != Shape::Lower && !t.roles.any(NEVER) && !t.lists.any(Lists::STOP)
                    || !cased && t.lists.any(Lists::FIRST | Lists::SURNAME) && !t.roles.any(NEVER))
        })
    };
    let last = (i..end).rev().find(|j| part(*j))?;
    let closes = (last + 1..end).any(|j| document.is_word(j) && document.tokens[j].len > 1);
    Some(if closes { last + 1 } else { end })
}

/// Whether a folded word ends as words of medicine do.
pub(crate) fn medical_form(word: &str) -> bool {
    const ENDS: [&str; 51] = [
        "isterie",
        "metrie",
        "metries",
        "algie",
        "algies",
        "ite",
        "ites",
        "ose",
        "oses",
        "pathie",
        "pathies",
        "tomie",
        "tomies",
        "scopie",
        "scopies",
        "graphie",
        "graphies",
        "sciatique",
        "sciatiques",
        "plastie",
        "plasties",
        "emie",
        "emies",
        "urie",
        "lyse",
        "lyses",
        "oide",
        "oides",
        "plegie",
        "plegies",
        "parese",
        "trophie",
        "trophies",
        "genese",
        "stomie",
        "myces",
        "coccus",
        "ique",
        "iques",
        "tion",
        "tions",
        "logie",
        "logies",
        "logue",
        "ement",
        "isme",
        "ismes",
        "cyte",
        "cytes",
        "ome",
        "omes",
    ];
    let last = word.as_bytes().last();
    word.len() > 6 && ENDS.iter().any(|end| end.as_bytes().last() == last && word.ends_with(end))
}
