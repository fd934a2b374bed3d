use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::bare::is_pair;
use super::name::{Led, Name, name, reads_as_word, score};

/// The name of a relative: "son fils Thomas", "sa mère (Anne Petit)".
pub(crate) fn related(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let mut at = i.checked_sub(1).filter(|p| document.same_line(*p, i))?;
    if document.cased(i) && document.tokens[i].shape == Shape::Lower {
        return None;
    }
    // "la maman d'Alice".
    let of = document.is_any(at, words!["de", "d"]) || document.is_sign(at, b'\'');
    if of {
        at = at.checked_sub(1 + usize::from(document.is_sign(at, b'\'')))?;
        if !document.has(at, Roles::RELATION) || document.listed(i, Lists::PLACE_BELGIAN | Lists::WORD) {
            return None;
        }
    } else if document.is_sign(at, b',') || document.is_sign(at, b'(') || document.is_sign(at, b':') {
        at = at.checked_sub(1)?;
    }
    let child = document.is_any(
        at,
        words!["enfant", "petit", "petite", "bebe", "jumeau", "nomme", "nommee", "appele", "appelee"],
    );
    let colleague = at + 1 < i && document.has(at, Roles::JOB);
    let small = document.is_any(at, words!["petit", "petite"])
        && at > 0
        && document.is_any(at - 1, words!["le", "la"])
        && document.cased(i)
        && document.tokens[i].shape == Shape::Capital
        && document.listed(i, Lists::FIRST)
        && !reads_as_word(document, i);
    let job = at + 1 == i
        && document.is_any(
            at,
            words![
                "infirmier",
                "infirmiere",
                "panseuse",
                "instrumentiste",
                "kine",
                "kinesitherapeute",
                "assistant",
                "assistante",
                "technologue",
                "manipulateur",
                "manipulatrice",
                "secretaire",
                "radiologue",
                "chirurgien",
                "chirurgienne",
                "orthopediste",
                "pediatre",
                "generaliste",
                "rhumatologue",
                "stagiaire",
                "ergotherapeute",
                "psychologue",
                "ambulancier",
                "ambulanciere",
                "brancardier",
                "associe",
                "associee",
            ],
        )
        && document.cased(i)
        && is_pair(document, i);
    if !(document.has(at, Roles::RELATION)
        || small
        || job
        || (child || colleague)
            && document.listed(i, Lists::FIRST_COMMON)
            && !document.listed(i, Lists::WORD))
        || !document.same_line(at, i)
    {
        return None;
    }
    let token = document.get(i)?;
    if document.is_guarded(i)
        || token.shape == Shape::Upper && token.len < 4 && !token.lists.any(Lists::FIRST)
    {
        return None;
    }
    // "sa compagne Narine Grigoryan": the first name may be a word too.
    let both = document.cased(i)
        && document.has(at, Roles::RELATION)
        && token.shape == Shape::Capital
        && !token.lists.any(Lists::STOP)
        && document
            .get(i + 1)
            .is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.line == token.line)
        && !reads_as_word(document, i + 1);
    let fits = both
        || if document.cased(i) {
            token.shape != Shape::Lower && (score(document, i) > 0 || token.lists.any(Lists::FIRST_COMMON))
        } else {
            score(document, i) > 2
        };
    let led = if both || document.cased(i) && token.lists.any(Lists::FIRST_COMMON) {
        Led::Titled
    } else {
        Led::Hinted
    };
    fits.then(|| name(document, i, led)).flatten().map(|name| (name, Role::Other, "relative", 0.88))
}

/// "votre patient Jean Dupont", "le patient « J. Dupont »": names after a noun for a person.
pub(crate) fn called(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    let mut at = i.checked_sub(1)?;
    if token.shape == Shape::Lower || !document.cased(i) {
        return None;
    }
    if document.is_sign(at, b'"') || document.tokens[at].kind == Kind::Sign && document.tokens[at].sign == 0 {
        at = at.checked_sub(1)?;
    }
    let noun = document.is_any(
        at,
        words![
            "patient",
            "patiente",
            "enfant",
            "nourrisson",
            "bebe",
            "fillette",
            "garcon",
            "adolescent",
            "adolescente",
            "interesse",
            "interessee",
        ],
    );
    if !noun || !document.same_line(at, i) || document.is_guarded(i) || reads_as_word(document, i) {
        return None;
    }
    let name = name(document, i, Led::Hinted)?;
    let total: i32 = (i..name.end).filter(|j| document.is_word(*j)).map(|j| score(document, j).max(-2)).sum();
    let free = !(i..name.end).any(|j| document.is_guarded(j));
    let fits = name.words >= 2 && total >= 2 || total >= 3 && token.shape == Shape::Capital;
    (fits && free).then_some((name, Role::Patient, "called", 0.84))
}
