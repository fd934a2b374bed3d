use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::lead::{Lead, lead};
use super::marks;
use super::name::Name;
use super::run::{Run, closed, foreign, plausible, read, read_sure};
use super::slot_line::{alone, cell, columns, head, pair};
use super::slot_note::{acts, bracketed, dated, firm, leader, near_start, speaker, timed};

/// A name that fills a place where only persons stand, whatever the lists say of its words: after the label
/// of a person, alone on the last line, before the date at the head, in the cell beside its label.
pub(crate) fn slot(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    if token.len < 4 && i > 1 && document.is_sign(i - 1, b':') {
        let marks = marks::labelled(document, i);
        if marks.is_some() {
            return marks;
        }
    }
    if token.shape == Shape::Lower && document.cased(i) {
        // "de la Tour", "d'Hoop".
        let capital =
            |j: usize| document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower);
        if !token.roles.any(Roles::PARTICLE) || !(capital(i + 1) || capital(i + 2)) {
            return None;
        }
    }
    let begins = document.begins_line(i) || document.begins_line(i - 1) && document.is_sign(i - 1, b'-');
    if begins {
        return head(document, i)
            .or_else(|| alone(document, i))
            .or_else(|| columns(document, i))
            .or_else(|| pair(document, i))
            .or_else(|| subject(document, i))
            .or_else(|| acts(document, i));
    }
    let before = &document.tokens[i - 1];
    match before.kind {
        Kind::Sign => match before.sign {
            b':' => labelled(document, i),
            b'(' => bracketed(document, i),
            b'|' => cell(document, i, i - 1),
            b'.' => subject(document, i).or_else(|| acts(document, i)).or_else(|| leader(document, i)),
            b']' => speaker(document, i),
            b',' => third(document, i).or_else(|| subject(document, i)),
            b'-' | b'/' => pair(document, i).or_else(|| dated(document, i)).or_else(|| timed(document, i)),
            _ => None,
        },
        Kind::Word if token.gap > 3 => cell(document, i, i),
        Kind::Word => spoken(document, i).or_else(|| firm(document, i)),
        Kind::Number => timed(document, i),
    }
}

/// "Médecin : X", "À : X", "Sénior : X".
fn labelled(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    if lead(document, i) != Lead::Strong {
        // "22h30 : Stoica se plaint de douleurs".
        let hour = i > 2 && document.is_number(i - 2) && document.is_any(i - 3, words!["h"])
            // "15:43 - Ségolène : Boulanger revient".
            || (near_start(document, i)..i.saturating_sub(3)).any(|j| {
                document.is_number(j)
                    && (document.is(j + 1, word!("h")) || document.is_sign(j + 1, b':'))
                    && document.glued(j + 1)
                    && document.is_number(j + 2)
            });
        let acting = |run: &Run| document.has(run.end, Roles::ACT) && document.same_line(i, run.end);
        if let Some(run) =
            read_sure(document, i).filter(|run| hour && (document.cased(i) || run.strange > 0) && acting(run))
        {
            return Some((run.name(), Role::Patient, "slot_hour", 0.78));
        }
        // "Dossier 1 : VU Huy, 68 ans".
        let run = read(document, i).filter(|run| run.words > 1 && run.tells())?;
        let aged = document.is_sign(run.end, b',')
            && document.is_number(run.end + 1)
            && document.has(run.end + 2, Roles::AGE_UNIT);
        return aged.then_some((run.name(), Role::Patient, "slot_aged", 0.8));
    }
    let run = read_sure(document, i)?;
    let single = run.words == 1 && run.initials == 0;
    let fits = if document.cased(i) {
        run.tells() || single && run.frequent > 0
    } else {
        run.strange + run.syllables > 0
            || run.first > 0 && !single
            || run.initials > 0
            || single && run.frequent > 0 && run.plain == 0
    };
    // "DUPONT, Jean" is one name.
    let known = super::name::name(document, i, super::name::Led::Titled).filter(|name| name.end > run.end);
    let name = known.unwrap_or(run.name());
    (fits && closed(document, &run)).then_some((name, Role::Clinician, "slot_label", 0.8))
}

/// "Selon X, …", "Merci à X de …", "Bonjour X,", "revu ce jour par X".
fn spoken(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let word = i - 1;
    let opens =
        |j: usize| document.begins_line(j) || document.is_sign(j - 1, b'.') || document.is_sign(j - 1, b':');
    let comma = |end: usize| document.is_sign(end, b',');
    if document.is(word, word!("selon")) && opens(word) {
        let run = read(document, i)?;
        return (run.tells() && comma(run.end)).then_some((run.name(), Role::Other, "slot_source", 0.78));
    }
    let given = document.is(word, word!("a"))
        && word > 0
        && (document.is(word - 1, word!("merci")) || document.has(word - 1, Roles::PERSON_CUE));
    if given {
        let run = read(document, i)?;
        if document.tokens[i].place > 0 && run.words == 1 && !document.listed(i, Lists::FIRST_COMMON) {
            return None;
        }
        let asked = document.is_any(run.end, words!["d", "de", "pour"]) || comma(run.end);
        return (run.tells() && asked && document.same_line(run.end, i)).then_some((
            run.name(),
            Role::Other,
            "slot_thanks",
            0.78,
        ));
    }
    if document.is_any(word, words!["bonjour", "bonsoir", "cher", "chere", "salut", "hello", "coucou"]) {
        let run = read(document, i)?;
        let ends = comma(run.end) || document.ends_line(run.end - 1) || document.is(run.end, word!("et"));
        return (ends && run.words == 1 && run.tells() && run.initials == 0).then_some((
            run.name(),
            Role::Clinician,
            "slot_greeting",
            0.83,
        ));
    }
    // "son fils X a appelé", "l'infirmière X a refait".
    let relative = document.has(word, Roles::RELATION);
    // "sa fille Narine à Ath": a word, but for its capital.
    if relative
        && document.cased(i)
        && document.tokens[i].shape == Shape::Capital
        && document.is(i + 1, word!("a"))
        && !document.has(i, Roles::TITLE.or(Roles::PERSON_ROLE))
        && word > 0
        && document.is_any(word - 1, words!["sa", "son", "ma", "mon", "la", "le", "leur"])
    {
        return Some((Name { start: i, end: i + 1, words: 1 }, Role::Other, "slot_relative", 0.78));
    }
    // "son fils X a appelé", "l'infirmière X a refait".
    if relative || document.has(word, Roles::JOB) && !document.has(word, Roles::INSTITUTION_WORD) {
        let run = read(document, i)?;
        let fits = (relative && run.words == 1 || run.words > 1) && run.tells();
        // "téléphoné à l'infirmière Long à 16h03".
        let reached = (document.cased(i) || document.listed(i, Lists::FIRST_COMMON))
            && run.words == 1
            && run.tells()
            && document.is(run.end, word!("a"))
            && document.is_number(run.end + 1);
        if reached && document.same_line(i, run.end + 1) {
            return Some((run.name(), Role::Other, "slot_acting", 0.78));
        }
        let acts = document.has(run.end, Roles::ACT)
            || document.cased(i) && document.is_any(run.end, words!["a", "qui"]);
        return (fits && acts && document.same_line(run.end, i)).then_some((
            run.name(),
            Role::Other,
            "slot_acting",
            0.78,
        ));
    }
    // "La personne de confiance est X".
    if document.is(word, word!("est"))
        && word > 0
        && document
            .is_any(word - 1, words!["confiance", "contact", "traitant", "referent", "prevenir", "legal"])
    {
        let run = read_sure(document, i)?;
        let fits = run.words > 1 && run.tells() && closed(document, &run);
        return fits.then_some((run.name(), Role::Other, "slot_is", 0.78));
    }
    if document.is(word, word!("avec")) {
        return with(document, i, word);
    }
    // "accompagné de X (conjoint)".
    if document.is(word, word!("de"))
        && word > 0
        && document.is_any(word - 1, words!["accompagne", "accompagnee", "assiste", "assistee"])
    {
        let run = read(document, i)?;
        let fits = run.tells() && closed(document, &run);
        return fits.then_some((run.name(), Role::Other, "slot_beside", 0.78));
    }
    let acted = document.is(word, word!("par"))
        && (word.saturating_sub(4)..word).any(|j| {
            document.same_line(j, i)
                && (document.has(j, Roles::AGENT.or(Roles::PERSON_CUE))
                    || document
                        .is_any(j, words!["fait", "faite", "faits", "faites", "accueil", "presentation"]))
                && !document.is_sign(j + 1, b'.')
        });
    if acted {
        // "transcrit par MD/ab".
        let letters = |j: usize| {
            document.get(j).is_some_and(|t| {
                t.kind == Kind::Word && matches!(t.len, 2 | 3) && t.line == document.tokens[i].line
            })
        };
        let marks = letters(i)
            && document.is_sign(i + 1, b'/')
            && letters(i + 2)
            && document.glued(i)
            && document.glued(i + 1)
            && (document.tokens[i].shape == Shape::Upper || !document.mixed());
        if marks {
            let name = Name { start: i, end: i + 3, words: 2 };
            return Some((name, Role::Clinician, "dictation_marks", 0.8));
        }
        let sure = read_sure(document, i).filter(|run| closed(document, run));
        let run = sure.or_else(|| read(document, i))?;
        let short = run.syllables > 0 && document.cased(i) && closed(document, &run);
        let fits = (run.parts() > 1 || short) && run.tells();
        return fits.then_some((run.name(), Role::Clinician, "slot_agent", 0.79));
    }
    None
}

/// "visite du Dr X avec Roland.", "discuté avec X et Y.": persons before it, and a name that something closes.
fn with(document: &Document<'_>, i: usize, word: usize) -> Option<(Name, Role, &'static str, f32)> {
    let before = |roles: Roles| {
        (word.saturating_sub(6)..word).any(|j| document.same_line(j, i) && document.has(j, roles))
    };
    let run = read(document, i)?;
    // "à domicile avec X, sa compagne".
    let kin = document.is_sign(run.end, b',') && document.is_any(run.end + 1, words!["sa", "son", "leur"]);
    if !kin && !before(Roles::TITLE.or(Roles::PERSON_CUE).or(Roles::AGENT)) {
        return None;
    }
    let closed = closed(document, &run) || document.is_any(run.end, words!["au", "aux", "en", "pour"]);
    let apart = document.tokens[i].place == 0;
    let fits = if run.words > 1 {
        run.tells() && (closed || run.first > 0 && run.strange > 1)
    } else if document.is(run.end, word!("et")) {
        // Two surnames.
        run.strange + run.frequent > 0
            && apart
            && read(document, run.end + 1)
                .is_some_and(|next| next.strange + next.frequent > 0 && self::closed(document, &next))
    } else if kin {
        run.tells()
    } else {
        // "Vu avec Chaouch,": a word that is a surname, but for its capital.
        let surname = document.cased(i)
            && document.tokens[i].shape == Shape::Capital
            && document.listed(i, Lists::SURNAME)
            && before(Roles::PERSON_CUE);
        apart
            && closed
            && (run.first + run.syllables > 0 && (document.cased(i) || before(Roles::TITLE)) || surname)
    };
    fits.then_some((run.name(), Role::Other, "slot_with", 0.77))
}

/// "son épouse, X, …", "l'assistante sociale, X.": a word for a person, a comma and two words at least.
fn third(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    // "pour le chef de service, S. Prak".
    let head = |w: usize| {
        w > 1 && document.is(w, word!("service")) && document.is_any(w - 2, words!["chef", "cheffe"])
    };
    let who = i.checked_sub(2).filter(|w| document.has(*w, Roles::PERSON_ROLE) || head(*w))?;
    let run = read_sure(document, i).filter(|_| document.same_line(who, i))?;
    // "L'aînée, Vasanthi, s'occupe".
    let single = document.cased(i)
        && document.is_sign(run.end, b',')
        && document.tokens[i].place == 0
        && document.tokens[who].shape == Shape::Lower
        && who > 0
        && (document.is_any(who - 1, words!["la", "le", "son", "sa"]) || document.is_sign(who - 1, b'\''));
    let fits = (run.parts() > 1 || single) && run.tells() && closed(document, &run);
    fits.then_some((run.name(), Role::Other, "slot_third", 0.78))
}

/// A subject of whom something is said that is said of persons: "Pelletier sera revue".
fn subject(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.gap < 3)?;
    if !(i + 1..i + 10).any(|j| document.has(j, Roles::ACT)) {
        return None;
    }
    if document.cased(i) && token.shape == Shape::Lower
        || !(document.cased(i) || foreign(document, i) || document.listed(i, Lists::FIRST_COMMON))
    {
        return None;
    }
    if !token.lists.any(Lists::SURNAME | Lists::FIRST) && !plausible(document, i) {
        return None;
    }
    let run = read(document, i)?;
    let been = document.is_any(run.end + 1, words!["ete"]);
    let verb = document.is_any(run.end, words!["sera", "est", "etait"])
        || document.is(run.end, word!("a")) && been
        || document.is(run.end, word!("revient"));
    let fate = run.end + 1 + usize::from(been);
    let personal = document.is(run.end, word!("revient"))
        || document.is_any(
            fate,
            words![
                "revu",
                "revue",
                "reconvoque",
                "reconvoquee",
                "recontacte",
                "recontactee",
                "hospitalise",
                "hospitalisee",
                "prevenu",
                "prevenue",
                "rappele",
                "rappelee",
                "connu",
                "connue",
                "suivi",
                "suivie",
                "opere",
                "operee",
                "adresse",
                "adressee",
                "accompagne",
                "accompagnee",
                "transfere",
                "transferee",
                "contacte",
                "contactee",
                "convoque",
                "convoquee",
                "attendu",
                "attendue"
            ],
        );
    let fits = verb
        && personal
        && document.same_line(i, fate)
        && (run.tells() || document.listed(run.start, Lists::SURNAME));
    fits.then_some((run.name(), Role::Patient, "slot_subject", 0.76))
}

/// Further names of a list: "Cc : A, B et C"; of one that a label begins, any word that is none of the language.
pub(crate) fn more(document: &Document<'_>, at: usize, listing: bool) -> Option<Run> {
    let joint = document.is(at, word!("et"))
        || document.get(at).is_some_and(|t| {
            t.kind == Kind::Sign && (b",;/&+".contains(&t.sign) || listing && t.sign == b'-' && t.gap > 0)
        });
    if !joint || !document.same_line(at, at + 1) || document.has(at + 1, Roles::TITLE) {
        return None;
    }
    let run = if listing { read_sure(document, at + 1) } else { read(document, at + 1) }?;
    let next = &document.tokens[at + 1];
    let place = next.place > 0 && run.first == 0;
    let particle = next.shape != Shape::Lower && next.roles.any(Roles::PARTICLE) || next.len == 1;
    let dashed = document.is_sign(at, b'-');
    let several = run.parts() > 1 && run.tells() || particle && run.strange > 0;
    let single = listing
        && (run.strange > 0
            || run.frequent > 0
                && (dashed
                    || document.cased(at + 1)
                        && document.get(run.end).is_none_or(|t| t.gap > 2 || t.line != next.line))
            || run.frequent > 0 && document.is(at, word!("et")) && !document.has(at + 1, Roles::EPONYM));
    ((!place || (dashed || listing) && run.frequent > 0) && (several || single) && closed(document, &run))
        .then_some(run)
}

/// The run from token `at` on where a title stands before it, if something closes it.
pub(crate) fn titled(document: &Document<'_>, at: usize) -> Option<Name> {
    let run = read_sure(document, at)?;
    let acts = document.has(run.end, Roles::ACT)
        && !document.has(run.end - 1, Roles::ACT)
        && document.same_line(at, run.end);
    let fits = run.tells() && (closed(document, &run) || run.initials > 0 || acts);
    fits.then(|| run.name())
}
