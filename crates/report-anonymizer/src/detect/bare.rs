use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::{Led, Name, name, reads_as_word, score};

/// "J. Dupont", "J.-P. Martin": an initial with its dot before a capital word that is no common word.
pub(crate) fn initialled(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    if token.len > 2
        || i > 0 && document.is_number(i - 1) && document.same_line(i - 1, i)
        || token.shape == Shape::Lower
        || !document.is_sign(i + 1, b'.')
        || !document.glued(i)
        || document.is_guarded(i)
        || i > 0 && document.glued(i - 1)
    {
        return None;
    }
    let name = name(document, i, Led::Bare).filter(|name| name.words > 0 && name.end > i + 2)?;
    let guarded = (i..name.end).any(|j| document.is_guarded(j));
    let known = (i..name.end).any(|j| {
        document.tokens[j].len > 2 && score(document, j) > 0 && (document.cased(j) || score(document, j) > 1)
    });
    let medical = document.is_any(i, words!["e", "s", "p", "h", "c"])
        && (i..name.end).any(|j| document.listed(j, Lists::MEDICAL));
    (!guarded && known && !medical).then_some((name, Role::Clinician, "initial", 0.85))
}

/// A first name and a surname that the lists know, with no other sign of a name.
pub(crate) fn listed(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    let cased = document.cased(i);
    if token.len < 2
        || document.is_guarded(i)
        || cased && token.shape == Shape::Lower
        || token.roles.any(Roles::NOT_NAME)
        // "IDE Huguette": a job in letters.
        || cased && token.shape == Shape::Upper && token.len < 4 && token.roles.any(Roles::PERSON_ROLE)
        || !cased && token.roles.any(Roles::RELATION)
        || i > 0 && document.glued(i - 1) && document.is_sign(i - 1, b'-')
    {
        return None;
    }
    let name = name(document, i, Led::Bare)?;
    if (i..name.end).any(|j| document.is_guarded(j)) {
        return None;
    }
    let first =
        (i..name.end).any(|j| document.listed(j, Lists::FIRST_COMMON) && !document.listed(j, Lists::WORD));
    // "Jean Dupont": the first name is a word too, the surname is none.
    let paired = cased
        && document.listed(i, Lists::FIRST_COMMON)
        && (i + 1..name.end)
            .any(|j| document.listed(j, Lists::SURNAME_FREQUENT) && !document.listed(j, Lists::WORD));
    let first = first || paired;
    let total: i32 = (i..name.end).filter(|j| document.is_word(*j)).map(|j| score(document, j).max(-2)).sum();
    let eponyms = (i..name.end).filter(|j| document.has(*j, Roles::EPONYM)).count();
    let fits = if cased {
        name.words >= 2
            && (first && total >= 4 && eponyms < 2 || eponyms == 0 && no_words(document, i, name.end))
    } else {
        name.words >= 2 && first && total >= 6 && eponyms == 0
    };
    fits.then_some((name, Role::Other, "listed", 0.8))
}

/// Whether two capital words that are no common ones stand from token `i` to a sign or the end of the line.
pub(crate) fn is_pair(document: &Document<'_>, i: usize) -> bool {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.len > 2)
            && !reads_as_word(document, j)
            && !document.has(j, Roles::EPONYM.or(Roles::PRODUCT))
    };
    let closed = document.ends_line(i + 1) || document.get(i + 2).is_some_and(|t| t.kind == Kind::Sign);
    capital(i) && capital(i + 1) && document.same_line(i, i + 1) && closed
}

/// Whether tokens `i..end` are two or three capital words of which none is a word, a place or a product, and one a
/// known name: "Hasmik Hakobyan".
fn no_words(document: &Document<'_>, i: usize, end: usize) -> bool {
    let words = || (i..end).filter(|j| document.is_word(*j));
    (2..=3).contains(&words().count())
        && words().all(|j| {
            let token = &document.tokens[j];
            token.shape == Shape::Capital
                && token.len > 2
                && token.place == 0
                && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
                && !token.roles.any(
                    Roles::PRODUCT
                        .or(Roles::INSTITUTION)
                        .or(Roles::HOSPITAL_NAME)
                        .or(Roles::MONTH)
                        .or(Roles::WEEKDAY),
                )
        })
        && words().any(|j| document.listed(j, Lists::FIRST))
        && !document
            .get(end)
            .is_some_and(|t| t.kind == Kind::Sign && t.sign == b'-' && document.glued(end - 1))
}
