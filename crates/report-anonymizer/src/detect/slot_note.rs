use crate::Role;
use crate::document::{Document, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::lead::LABELS;
use super::name::{Name, compound};
use super::run::{closed, foreign, read_sure};
use super::unlisted::medical_form;

/// Where to begin looking on the line before token `i`: at its start, or 64 tokens back, so that a line of any length is
/// read in linear time.
pub(crate) fn near_start(document: &Document<'_>, i: usize) -> usize {
    document.line(i).start.max(i.saturating_sub(64))
}

/// "[24/10/2022 10:11] Qiang : parfait": who says what follows.
pub(crate) fn speaker(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let run = read_sure(document, i).filter(|run| run.tells() && document.is_sign(run.end, b':'))?;
    let dated = (near_start(document, i)..i).any(|j| document.is_number(j));
    dated.then_some((run.name(), Role::Other, "slot_speaker", 0.79))
}

/// "Secrétariat (Sylvie)", "la kinésithérapeute (Anne)": a first name that fills a bracket.
pub(crate) fn bracketed(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = &document.tokens[i];
    let end = compound(document, i);
    let capital = document.cased(i) && token.shape == Shape::Capital;
    let fits = (capital || !document.mixed())
        && !token.lists.any(Lists::MEDICAL | Lists::STOP)
        && token.place == 0
        && token.len > 2
        && !token.roles.any(Roles::EPONYM.or(Roles::PRODUCT).or(Roles::HOSPITAL_NAME).or(Roles::PERSON_ROLE))
        && document.is_sign(end, b')')
        && !document.is_guarded(i);
    if !fits {
        return None;
    }
    let word = token.lists.any(Lists::WORD);
    let known = capital && !word && token.lists.any(Lists::FIRST_COMMON);
    // "(Capucine)", "(Chrysoula)": a word or a name that no list knows needs somebody at work before it.
    let possible = token.lists.any(if word { Lists::FIRST_COMMON } else { Lists::FIRST })
        || capital && foreign(document, i) && !medical_form(document.folded(i));
    let worked = || {
        (near_start(document, i)..i).any(|j| {
            document.is(j, word!("secretariat"))
                || j + 2 == i && document.has(j, Roles::JOB.or(Roles::PERSON_ROLE))
        })
    };
    (known || possible && worked()).then_some((
        Name { start: i, end, words: 1 },
        Role::Other,
        "slot_bracket",
        0.77,
    ))
}

/// "12/07/2022 / De Vos": a date, a dash and who notes what follows.
pub(crate) fn dated(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.line(i);
    let written = super::calendar::numeric(document, line.start).filter(|written| written.is_full())?;
    if written.end + 1 != i || line.len() > 14 {
        return None;
    }
    let run = read_sure(document, i).filter(|run| document.ends_line(run.end - 1))?;
    let fits = run.tells() || run.frequent > 0;
    fits.then_some((run.name(), Role::Clinician, "slot_dated", 0.79))
}

/// "10:30 X : pansement refait", "21h12 Inf. X : douleur", "20:15 X, aide": who notes something, after the hour.
pub(crate) fn timed(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    // "11h33 - Teresina : revient de radio".
    let dash = document.is_sign(i - 1, b'-') && document.tokens[i - 1].gap > 0 && i > 3;
    let end = i - usize::from(dash);
    let hour = end > 2
        && (document.is_sign(end - 2, b':') || document.is_any(end - 2, words!["h"]))
        && document.is_number(end - 3)
        && document.is_number(end - 1)
        && document.tokens[end - 1].len == 2
        && document.tokens[i].gap > 0
        && document.same_line(end - 3, i);
    if !hour {
        return None;
    }
    // "21h12 Inf. Meunier :".
    let job = document.has(i, Roles::PERSON_ROLE)
        && !document.is_any(i, words!["papy", "mamie", "maman", "patient"]);
    let at = i + usize::from(job) + usize::from(job && document.is_sign(i + 1, b'.'));
    let run = read_sure(document, at)?;
    let noted = document.is_sign(run.end, b':')
        || document.is_sign(run.end, b',') && document.has(run.end + 1, Roles::PERSON_ROLE);
    let at = run.end + usize::from(document.is_sign(run.end, b','));
    let aged = run.words > 1 && document.is_number(at) && document.has(at + 1, Roles::AGE_UNIT);
    let fits = (run.tells() || job && run.frequent > 0) && (noted || aged) && document.same_line(run.end, i);
    fits.then_some((run.name(), Role::Clinician, "slot_hour", 0.8))
}

/// "Thavy a réservé un contrôle.": what no list knows, and a verb that only persons are the subject of.
pub(crate) fn acts(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    if !document.is_any(i + 1, words!["a", "doit", "veut", "souhaite", "demande", "refuse"]) {
        return None;
    }
    let token = &document.tokens[i];
    let human = document.is_any(
        i + 2,
        words![
            "reserve",
            "annule",
            "appele",
            "rappele",
            "telephone",
            "signale",
            "demande",
            "refuse",
            "accepte",
            "prevenu",
            "confirme",
            "oublie",
            "amene",
            "apporte",
            "decrit",
            "explique",
            "dit",
            "voulu",
            "souhaite",
            "decide",
            "consulte",
            "signe",
            "promis",
            "prefere",
            "reporte",
            "ecrit",
            "repondu",
            "mange",
            "dormi",
            "pleure",
            "marche",
            "chute",
            "venir",
            "rentrer",
            "sortir",
            "voir",
            "parler",
            "partir",
            "etre",
        ],
    );
    let fits = human
        && document.cased(i)
        && token.shape == Shape::Capital
        && token.len > 3
        && document.same_line(i, i + 2)
        && foreign(document, i)
        && token.place == 0
        && !token.roles.any(Roles::EPONYM.or(Roles::PRODUCT).or(Roles::STREET_WEAK))
        && !document.is_guarded(i)
        && !medical_form(document.folded(i));
    fits.then_some((Name { start: i, end: i + 1, words: 1 }, Role::Patient, "slot_acts", 0.77))
}

/// "SCM d'imagerie MARTIN-DUBOIS", "SELARL Dupuis - Lenoir": a practice under the names of its owners.
pub(crate) fn firm(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.line(i);
    if i > line.start + 4
        || !document.is_any(line.start, words!["scm", "scp", "selarl", "selas", "selurl", "scpm"])
    {
        return None;
    }
    let token = &document.tokens[i];
    let end = compound(document, i);
    let owner = token.len > 2
        && !token
            .roles
            .any(Roles::JOB.or(Roles::INSTITUTION_WEAK).or(Roles::INSTITUTION_WORD).or(Roles::TITLE))
        && !token.lists.any(Lists::STOP)
        && (token.shape == Shape::Upper && document.mixed() || token.lists.any(Lists::SURNAME))
        && (document.ends_line(end - 1) || document.get(end).is_some_and(|t| t.gap > 0));
    owner.then_some((Name { start: i, end, words: 1 }, Role::Clinician, "slot_firm", 0.8))
}

/// "Médecin réalisateur ..... SIMONYAN Arpine": dots lead from the label of a person to the name.
pub(crate) fn leader(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let start = document.line(i).start.max(i.saturating_sub(128));
    let dots = (start..i).rev().take_while(|j| document.is_sign(*j, b'.')).count();
    let label = (start..i - dots)
        .rev()
        .take(3)
        .any(|j| document.has(j, LABELS) && !document.is_any(j, words!["service", "imagerie", "radiologie"]));
    if dots < 3 || !label {
        return None;
    }
    let run = read_sure(document, i)?;
    let fits = run.tells() || run.frequent > 0;
    (fits && closed(document, &run)).then_some((run.name(), Role::Other, "slot_leader", 0.8))
}
