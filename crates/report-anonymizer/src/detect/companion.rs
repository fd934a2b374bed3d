use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::cue::sure;
use super::lead::{Lead, lead};
use super::name::{Name, compound, elided, particled};
use super::run::{Run, closed, read, read_sure};
use super::unlisted::strange;

/// In text without case: a first name and a surname that are words too, or a particle and a name, after a word that
/// leads to a person: "revoir baptiste colin,", "prévenu van hove.".
pub(crate) fn flat(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = &document.tokens[i];
    let by = i.checked_sub(1).filter(|b| document.same_line(*b, i) && document.is_word(*b));
    if document.cased(i) || by.is_none() || token.roles.any(Roles::ACT) {
        return None;
    }
    let led = lead(document, i) >= Lead::Medium || by.is_some_and(|b| document.is_any(b, words!["a", "par"]));
    let pair = token.lists.any(Lists::FIRST_COMMON)
        && document.is_word(i + 1)
        && document.same_line(i, i + 1)
        && document.listed(i + 1, Lists::SURNAME_FREQUENT);
    let joint = document
        .is_any(i, words!["van", "von", "el", "al", "ben", "da", "di", "del", "dos", "lo", "vanden"])
        || elided(document, i);
    if let Some(alone) = lone(document, i) {
        return Some(alone);
    }
    if !led || !(pair || joint) {
        return None;
    }
    let run = if pair { read_sure(document, i) } else { read(document, i) }?;
    let fits = closed(document, &run)
        && if pair { run.words == 2 && run.first > 0 && run.frequent > 0 } else { run.strange > 0 };
    fits.then_some((run.name(), Role::Other, "cue_flat", 0.73))
}

/// In text without case: a common first name that is no word, where a small word stands before it or a verb behind.
fn lone(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = &document.tokens[i];
    let end = compound(document, i);
    let first = sure(document, i) && !token.lists.any(Lists::WORD | Lists::PLACE) && strange(document, i);
    let shut = document.ends_line(end - 1)
        || document.get(end).is_some_and(|t| t.kind == Kind::Sign && b".,;)(?".contains(&t.sign));
    let acts = document.has(end, Roles::ACT) && document.same_line(i, end);
    let before = document.is_any(i - 1, words!["a", "de", "que", "par", "avec", "chez", "pour", "et", "d"]);
    // "je vous informe que moussa ba n'a pas".
    if let Some(run) =
        read(document, i).filter(|run| first && before && run.words == 2 && run.strange + run.syllables > 1)
    {
        return Some((run.name(), Role::Other, "cue_lone", 0.73));
    }
    let fits = first && !token.roles.any(Roles::EPONYM) && before && (shut || acts);
    fits.then_some((Name { start: i, end, words: 1 }, Role::Other, "cue_lone", 0.72))
}

/// "Luís et Halina (enfants)": two first names.
pub(crate) fn both(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let end = compound(document, i);
    if !document.is(end, word!("et")) {
        return None;
    }
    let name = |j: usize| {
        let listed = if document.cased(i) { Lists::FIRST } else { Lists::FIRST_COMMON };
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word
                && (t.shape == Shape::Capital || !document.cased(i))
                && t.lists.any(listed)
                && t.place == 0
                && !t.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
                && !t.roles.any(Roles::EPONYM.or(Roles::PRODUCT).or(Roles::HOSPITAL_NAME))
        }) && !document.is_guarded(j)
    };
    let fits = name(i) && name(end + 1) && document.same_line(i, end + 1);
    fits.then_some((Name { start: i, end, words: 1 }, Role::Other, "cue_both", 0.74))
}

/// "Goedele De Vos a 7 mois": an unknown word, a particle with a capital and a name.
pub(crate) fn trio(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let fits = document.has(i + 1, Roles::PARTICLE)
        && document.cased(i)
        && document.tokens[i].shape == Shape::Capital
        && particled(document, i + 2)
        && strange(document, i)
        && document.tokens[i + 1].gap == 1
        && !document.is_guarded(i + 2)
        && !document.has(i + 2, Roles::EPONYM.or(Roles::HOSPITAL_NAME));
    fits.then(|| {
        (Name { start: i, end: compound(document, i + 2), words: 2 }, Role::Other, "cue_particle", 0.73)
    })
}

/// "qui connaît bien Van Acker": a particle with a capital inside a sentence.
pub(crate) fn particle(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = &document.tokens[i];
    let inside = i > 0 && document.tokens[i - 1].shape == Shape::Lower && document.is_word(i - 1);
    let next = document.get(i + 1)?;
    let fits = inside
        && document.cased(i)
        && token.roles.any(Roles::PARTICLE)
        && token.shape == Shape::Capital
        && token.place == 0
        && next.shape == Shape::Capital
        && next.kind == Kind::Word
        && next.place == 0
        && next.gap == 1
        && !next.lists.any(Lists::MEDICAL)
        && (!next.lists.any(Lists::WORD) || next.lists.any(Lists::SURNAME))
        && !next.roles.any(Roles::EPONYM.or(Roles::PRODUCT).or(Roles::TITLE).or(Roles::INSTITUTION))
        && document.same_line(i - 1, i + 1);
    let fits = fits && !document.is_guarded(i + 1);
    fits.then(|| {
        (Name { start: i, end: compound(document, i + 1), words: 1 }, Role::Other, "cue_particle", 0.73)
    })
}

/// The name after a preposition that goes on from a name before: "courrier à X et à Y".
pub(crate) fn again(document: &Document<'_>, start: usize, at: usize) -> Option<Run> {
    let joint = document.is(at, word!("et")) || document.is_sign(at, b',');
    let before = start.checked_sub(1).filter(|b| document.same_line(*b, at))?;
    let preposition = document.is_any(before, words!["a", "par", "avec", "chez", "pour"])
        && document.get(at + 1).is_some_and(|t| t.hash == document.tokens[before].hash);
    if !joint || !preposition || !document.same_line(at, at + 2) || document.has(at + 2, Roles::TITLE) {
        return None;
    }
    let run = read_sure(document, at + 2)?;
    let place = document.tokens[at + 2].place > 0 && run.first == 0;
    let known = run.tells() || document.cased(at + 2) && run.frequent > 0;
    (known && !place && closed(document, &run)).then_some(run)
}

/// "menuiserie Lukusa", "dossier Heng": a firm or a file by its owner.
pub(crate) fn owned(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let noun = i.checked_sub(1).filter(|n| document.same_line(*n, i))?;
    let firm = document.folded(noun).ends_with("erie") && document.tokens[noun].len > 6;
    let token = &document.tokens[i];
    let written = if document.cased(i) {
        token.shape == Shape::Capital && document.tokens[noun].shape == Shape::Lower
    } else {
        strange(document, i)
    };
    let written = written && !document.listed(noun, Lists::MEDICAL);
    if !(firm || document.is(noun, word!("dossier"))) || !written {
        return None;
    }
    let named = token.lists.any(Lists::SURNAME) && !token.lists.any(Lists::MEDICAL) || strange(document, i);
    let run = read(document, i).filter(|run| named && closed(document, run))?;
    (token.place == 0).then_some((run.name(), Role::Other, "cue_owned", 0.74))
}

/// "le chirurgien s'appelait X", "je m'appelle X".
pub(crate) fn called(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let verb = i.checked_sub(1).filter(|v| {
        document.is_any(*v, words!["appelle", "appelait", "appele", "nomme", "nommait"])
            && document.same_line(*v, i)
    })?;
    let own = verb > 1 && document.is_sign(verb - 1, b'\'') && document.is_any(verb - 2, words!["s", "m"]);
    let run = read_sure(document, i).filter(|_| own)?;
    (run.tells() || run.frequent > 0).then_some((run.name(), Role::Other, "cue_called", 0.84))
}
