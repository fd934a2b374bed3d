use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::lead::{Lead, inside_sentence, lead, opens, trail};
use super::name::{Led, Name, name};
use super::unlisted::{alone, last_word, prefix, run, strange, word_name};

/// What the words of a possible name are.
#[derive(Debug, Default)]
struct Parts {
    /// Words that no list knows as words.
    strange: usize,
    /// Others that names are made of: "Rose", "Petit".
    words: usize,
    /// A first name.
    first: bool,
    /// A common first name that is no word.
    sure: bool,
    /// A listed name that is no word.
    known: bool,
    /// A listed surname, whatever else it is.
    surname: bool,
    eponyms: usize,
    /// A letter with its dot.
    initials: bool,
    /// Written in capitals, or so short that it may be an abbreviation.
    abbreviation: bool,
}

/// A name that the lists do not give away: words that no list knows as words, where persons stand.
pub(crate) fn likely(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    let cased = document.cased(i);
    let particle = token.roles.any(Roles::PARTICLE);
    if cased && token.shape == Shape::Lower && !(particle && leads_on(document, i))
        || document.is_guarded(i)
        || token.len <= 2 && document.begins_line(i) && document.is_sign(i + 1, b':')
        || i > 0 && document.glued(i - 1) && !opens(document, i - 1)
    {
        return None;
    }
    let hour = i > 0 && document.is_number(i - 1) && document.same_line(i - 1, i);
    let initial = token.len <= 2 && !hour && document.is_sign(i + 1, b'.') && document.glued(i);
    let elided = token.shape == Shape::Initial && document.is_sign(i + 1, b'\'') && document.glued(i);
    // "au congrès de Huy", "faite à Huy": a town before anything else.
    let town = token.place > 0
        && token.lists.any(Lists::PLACE_BELGIAN | Lists::PLACE_BIG)
        && i > 0
        && (document.is(i - 1, word!("a")) || super::town::sent(document, i))
        && document.tokens[i - 1].shape == Shape::Lower
        && lead(document, i) < Lead::Medium;
    if town {
        return None;
    }
    let own = strange(document, i);
    let given = !own && word_name(document, i);
    if !(own || given || particle || initial || elided) {
        return None;
    }
    let before = lead(document, i);
    let article = document.is_any(i, words!["la", "le", "les", "des", "du", "l", "de", "d"]);
    // "avec l'aide de Malis".
    if document.is(i, word!("de")) && i > 0 && document.is(i - 1, word!("aide")) {
        return None;
    }
    if particle && !elided && !own && before < if article { Lead::Strong } else { Lead::Medium }
        || particle
            && before == Lead::Strong
            && document.is_any(i, words!["de", "d", "du"])
            && follows_role(document, i)
    {
        return None;
    }
    let led = if !own || before == Lead::Strong { Led::Titled } else { Led::Hinted };
    let mut found = name(document, i, led).or_else(|| alone(document, i))?;
    if !cased {
        found.end = found.end.max(run(document, i));
    }
    let comma = (i..found.end).any(|j| document.is_sign(j, b','));
    if comma && before < Lead::Medium && !document.begins_line(i)
        || given && document.begins_line(i) && !document.listed(i, Lists::FIRST)
        || given && cased && document.is_any(i + 1, words!["de", "du", "d", "des"])
        || (i..found.end)
            .any(|j| document.is_guarded(j) || document.has(j, Roles::TITLE) && document.tokens[j].len > 1)
    {
        return None;
    }
    found.end = last_word(document, i, found.end)?;
    let parts = parts(document, i, found.end);
    let after = trail(document, i, found.end);
    if initial && before < Lead::Medium && after < Lead::Strong {
        return None;
    }
    let fits = if cased {
        fits(document, i, found.end, &parts, before, after)
    } else {
        let best = before.max(after);
        match parts.strange {
            0 => parts.first && parts.words > 1 && before == Lead::Strong,
            1 if parts.words == 0 => {
                before == Lead::Strong || parts.initials && best == Lead::Strong || best > Lead::Weak
            }
            _ => {
                parts.sure
                    || (parts.first || parts.known && parts.strange > 1) && best > Lead::None
                    || best > Lead::Weak
            }
        }
    };
    let certain = parts.strange + parts.words > 1 || best_of(before, after) == Lead::Strong;
    let confidence = 0.72 + if certain { 0.03 } else { 0.0 } + if parts.first { 0.02 } else { 0.0 };
    fits.then_some((found, Role::Other, "likely", confidence))
}

/// Whether particles from token `i` on lead to a word with a capital.
fn leads_on(document: &Document<'_>, i: usize) -> bool {
    (i + 1..i + 4)
        .filter_map(|j| document.get(j).filter(|t| t.kind == Kind::Word))
        .find(|t| t.shape != Shape::Lower || !t.roles.any(Roles::PARTICLE))
        .is_some_and(|t| t.shape != Shape::Lower)
}

fn best_of(before: Lead, after: Lead) -> Lead {
    before.max(after)
}

/// Whether tokens `i..end`, in text with case, name a person.
fn fits(document: &Document<'_>, i: usize, end: usize, parts: &Parts, before: Lead, after: Lead) -> bool {
    let best = before.max(after);
    let inside = inside_sentence(document, i);
    if parts.eponyms > 0 && parts.eponyms == parts.strange + parts.words {
        return parts.eponyms == 1 && before == Lead::Strong;
    }
    match (parts.strange, parts.words) {
        (0, _) => {
            let sentence = document.get(end).is_some_and(|t| {
                t.kind == Kind::Word
                    && t.shape == Shape::Lower
                    && document.same_line(i, end)
                    && !t.roles.any(Roles::ACT.or(Roles::PERSON_ROLE).or(Roles::JOB))
            }) && !inside;
            let cue =
                before == Lead::Medium && inside && !document.is_any(i - 1, words!["par", "avec", "via"]);
            !sentence && parts.initials && (before == Lead::Strong || after == Lead::Strong)
                || parts.known && before > Lead::Weak && !sentence && !parts.abbreviation
                || !sentence
                    && !parts.abbreviation
                    && (parts.first && (before == Lead::Strong || inside && before == Lead::Medium)
                        || parts.first && after == Lead::Strong && !document.is_word(end)
                        || parts.known && undergoes(document, i, end)
                        || (parts.surname || parts.first) && running(document, i)
                        || parts.surname
                            && after == Lead::Strong
                            && (inside || document.tokens[i].shape == Shape::Upper)
                        || parts.surname && (before == Lead::Strong || cue))
        }
        (1, 0) => {
            // "présentant : Gonalgies mécaniques": a sentence begins there.
            let sentence = before > Lead::None
                && document.is_sign(i - 1, b':')
                && document.get(end).is_some_and(|t| {
                    t.kind == Kind::Word
                        && t.shape == Shape::Lower
                        && document.same_line(i, end)
                        && !t.roles.any(Roles::ACT.or(Roles::PERSON_ROLE).or(Roles::JOB))
                });
            // "Kingella denitrificans".
            let species = document.get(end).is_some_and(|t| {
                t.kind == Kind::Word
                    && t.shape == Shape::Lower
                    && t.lists == Lists(0)
                    && t.roles == Roles::default()
                    && document.same_line(i, end)
                    && t.len > 4
            });
            if sentence || species || document.is_sign(end, b'-') && document.glued(end - 1) {
                return false;
            }
            if parts.abbreviation {
                return before == Lead::Strong && (parts.known || document.tokens[i].len > 4)
                    || parts.sure && best > Lead::Weak;
            }
            if parts.sure {
                best > Lead::Weak || before > Lead::None || inside || speaks(document, i, end)
            } else if parts.known {
                let bracketed = document.is_sign(i - usize::from(i > 0), b'(')
                    && document.is_sign(end, b')')
                    && (parts.first
                        || document.tokens[i].shape == Shape::Capital && document.tokens[i].len > 2);
                best > Lead::Weak
                    || bracketed
                    || running(document, i)
                    || parts.first && speaks(document, i, end)
                    || opens_sentence(document, i)
                        && document.has(end, Roles::ACT)
                        && document.same_line(i, end)
            } else {
                before > Lead::Weak || after == Lead::Strong || undergoes(document, i, end)
            }
        }
        _ => {
            let anywhere = inside || before > Lead::None || after > Lead::Weak;
            if parts.strange == 1 {
                // "Normand Desrosiers", "Beat Aebischer": one is a word.
                !parts.abbreviation && parts.first && (best > Lead::None || inside) || best > Lead::Weak
            } else {
                parts.first && !parts.abbreviation || anywhere && (parts.known || !parts.abbreviation)
            }
        }
    }
}

/// Whether a small word that leads to no thing stands right before token `i`: "contre Ndiaye", "que Truong".
fn running(document: &Document<'_>, i: usize) -> bool {
    i.checked_sub(1).is_some_and(|p| {
        let word = &document.tokens[p];
        word.kind == Kind::Word
            && word.shape == Shape::Lower
            && word.len > 1
            && document.same_line(p, i)
            && !document.is_any(
                p,
                words![
                    "de",
                    "du",
                    "des",
                    "le",
                    "la",
                    "les",
                    "un",
                    "une",
                    "au",
                    "aux",
                    "en",
                    "type",
                    "dit",
                    "dite",
                    "sur",
                    "sous",
                    "par",
                    "pour",
                    "selon",
                    "a",
                    "et",
                    "ou",
                    "son",
                    "sa",
                    "ses",
                    "ce",
                    "cette",
                    "dans",
                    "avec",
                    "sans",
                    "technique",
                    "grade",
                    "stade",
                    "mode",
                    "test",
                    "par"
                ],
            )
            && (word.lists.any(Lists::STOP) || word.roles.any(Roles::ACT.or(Roles::AGENT).or(Roles::JOB)))
    })
}

/// Whether token `i` opens a sentence.
fn opens_sentence(document: &Document<'_>, i: usize) -> bool {
    document.begins_line(i) || document.is_sign(i - 1, b'.') && document.tokens[i].gap > 0
}

/// Whether tokens `i..end` open a sentence that says what was done to somebody: "Noirhomme était excusé".
fn undergoes(document: &Document<'_>, i: usize, end: usize) -> bool {
    let at =
        end + usize::from(document.is_any(end, words!["n", "s"]) && document.is_sign(end + 1, b'\'')) * 2;
    let negated = at + usize::from(document.is(at + 1, word!("pas")));
    opens_sentence(document, i)
        && document.has(at, Roles::ACT)
        && document.same_line(i, negated + 1)
        && document.has(negated + 1, Roles::AGENT.or(Roles::PERSON_CUE).or(Roles::PERSON_ROLE))
}

/// Whether tokens `i..end` are who says what follows a colon: "[08:12] Enguerrand: oui".
fn speaks(document: &Document<'_>, i: usize, end: usize) -> bool {
    document.is_sign(end, b':')
        && document.same_line(i, end)
        && (document.begins_line(i) || document.is_sign(i - 1, b']') || document.is_number(i - 1))
}

/// Whether a word for a person stands right before "de" at token `i`: there it is no part of the name.
fn follows_role(document: &Document<'_>, i: usize) -> bool {
    i > 0 && document.is_word(i - 1) && document.has(i - 1, Roles::RELATION.or(Roles::PERSON_OF))
}

fn parts(document: &Document<'_>, i: usize, end: usize) -> Parts {
    let mut parts = Parts::default();
    for j in (i..end).filter(|j| document.is_word(*j) && document.tokens[*j].len > 1) {
        let token = &document.tokens[j];
        let word = token.lists.any(Lists::WORD);
        if token.roles.any(Roles::PARTICLE) && token.shape == Shape::Lower || prefix(document, j) {
            continue;
        }
        if strange(document, j) {
            parts.strange += 1;
        } else {
            parts.words += 1;
        }
        parts.first |= token.lists.any(Lists::FIRST) && !token.lists.any(Lists::STOP | Lists::MEDICAL);
        parts.sure |= token.lists.any(Lists::FIRST_COMMON) && !word;
        parts.known |= token.lists.any(Lists::FIRST | Lists::SURNAME) && !word;
        parts.surname |= token.lists.any(Lists::SURNAME) && !token.lists.any(Lists::STOP | Lists::MEDICAL);
        parts.eponyms += usize::from(token.roles.any(Roles::EPONYM));
    }
    let first = (i..end)
        .find(|j| document.tokens[*j].len > 1 && document.is_word(*j) && !document.has(*j, Roles::PARTICLE));
    parts.initials =
        (i..end).any(|j| document.tokens[j].len == 1 && document.is_word(j) && document.is_sign(j + 1, b'.'));
    parts.abbreviation = first.is_some_and(|j| {
        let inner = document.text_of(j).chars().skip(1).any(char::is_uppercase);
        let len = document.tokens[j].len;
        document.cased(i) && (inner && len < 6 || len < 3 && !document.listed(j, Lists::SURNAME))
    });
    parts
}
