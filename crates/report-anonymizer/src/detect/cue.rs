use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::companion::{both, called, flat, owned, particle, trio};
use super::name::{Name, compound, elided};
use super::run::{closed, foreign, read, read_sure, syllable};
use super::unlisted::{medical_form, strange};

/// A name that one small word beside it gives away: "Olinda la verra", "parler à Keo", "son frère Tien Dat",
/// "Graça, aide-soignante".
pub(crate) fn cued(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word && (t.len > 1 || elided(document, i)))?;
    let cased = document.cased(i);
    if cased && token.shape == Shape::Lower || document.is_guarded(i) {
        return None;
    }
    // Most words are only words: no rule but those of kin and of who did something takes one.
    let word = token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP);
    let open = opens(document, i);
    if word && open && !token.lists.any(Lists::FIRST) && !token.roles.any(Roles::SYLLABLE) {
        return None;
    }
    if open {
        return trio(document, i)
            .or_else(|| opening(document, i))
            .or_else(|| salutation(document, i))
            .or_else(|| item(document, i))
            .or_else(|| both(document, i));
    }
    let before = &document.tokens[i - 1];
    let led = match before.kind {
        Kind::Word if before.line != token.line => None,
        Kind::Word
            if before.lists.any(Lists::STOP)
                || before.roles.any(Roles::AGENT.or(Roles::RELATION))
                || before.len < 5 =>
        {
            kin(document, i).or_else(|| told(document, i)).or_else(|| done(document, i))
        }
        Kind::Word => kin(document, i).or_else(|| called(document, i)).or_else(|| owned(document, i)),
        Kind::Number | Kind::Sign => item(document, i),
    };
    led.or_else(|| trio(document, i))
        .or_else(|| flat(document, i))
        .or_else(|| both(document, i))
        .or_else(|| objective(document, i))
        .or_else(|| particle(document, i))
}

/// Whether a sentence begins at token `i`.
fn opens(document: &Document<'_>, i: usize) -> bool {
    document.begins_line(i)
        || document.tokens[i].gap > 0
            && document.get(i - 1).is_some_and(|t| {
                t.kind == Kind::Sign
                    && (b".!?".contains(&t.sign) || t.sign == b'-' && document.begins_line(i - 1))
            })
        || document.is_sign(i - 1, b':') && i > 1 && document.is_any(i - 2, words!["ps", "nb", "note"])
}

/// Whether token `i` alone can be a name: listed as a first name and no word, or unknown and written like one.
fn nameable(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    let end = compound(document, i);
    let free = !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP | Lists::PLACE) || token.foreign;
    let listed = token.lists.any(Lists::FIRST) && !token.lists.any(Lists::MEDICAL | Lists::STOP);
    let known = listed && (!token.lists.any(Lists::WORD) || token.lists.any(Lists::FIRST_COMMON));
    token.shape == Shape::Capital
        && document.cased(i)
        && (known || (free || end > i + 1) && foreign(document, i) && !medical_form(document.folded(i)))
}

/// "Olinda la verra demain", "Malathy te salue", "Régis souffre", "Graça, aide-soignante de nuit".
fn opening(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let cased = document.cased(i);
    if cased && document.tokens[i].shape != Shape::Capital {
        return None;
    }
    let run = read(document, i).filter(|run| run.words <= 3);
    let (start, end) = match run {
        Some(run) if !cased && run.strange + run.first == run.words && run.strange > 0 => (i, run.end),
        _ if !cased => return None,
        Some(run) if run.tells() && (run.words > 1 || nameable(document, i)) => (i, run.end),
        _ if syllable(document, i) || nameable(document, i) => (i, compound(document, i)),
        _ => return None,
    };
    let verb = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Lower && t.len > 2)
    };
    // A pronoun between: only who acts has one there.
    let clitic = document.is_any(end, words!["te", "vous", "nous", "lui", "me"]) && verb(end + 1)
        || document.is_any(end, words!["la", "le", "les"]) && futures(document, end + 1)
        || document.is_any(end, words!["l", "t", "m"])
            && document.is_sign(end + 1, b'\'')
            && (verb(end + 2) || document.is_any(end + 2, words!["a", "ont"]))
        || document.is(end, word!("s")) && document.is_sign(end + 1, b'\'') && cased && sure(document, i);
    let first = document.listed(i, Lists::FIRST) || end > i + 1 || !weak(document, end);
    let acts = first
        && cased
        && document.has(end, Roles::ACT)
        && (!document.listed(i, Lists::WORD | Lists::PLACE) || !weak(document, end));
    // "As-tu vu la radio ? Nadia".
    let below = document.tokens[i].line as usize + 1..document.lines();
    let last = below.map(|line| document.tokens_of_line(line)).all(|line| line.is_empty());
    // "Ionuț, du bloc, attend ta réponse".
    let from = document.is_sign(end, b',')
        && document.is_any(end + 1, words!["du", "de", "des", "notre"])
        && (end + 3..end + 6).any(|j| {
            document.is_sign(j, b',') && document.has(j + 1, Roles::ACT) && document.same_line(i, j + 1)
        });
    if from && cased {
        return Some((Name { start, end, words: 1 }, Role::Other, "cue_opening", 0.77));
    }
    let asked = i > 0
        && cased
        && (document.is_sign(i - 1, b'?')
            || document.is_sign(i - 1, b'.') && (document.listed(i, Lists::FIRST) || last))
        && document.same_line(i - 1, i)
        && (document.ends_line(end - 1) || document.is_sign(end, b'.') && document.ends_line(end))
        && (document.listed(i, Lists::FIRST) || syllable(document, i) || strange(document, i));
    if asked {
        return Some((Name { start, end, words: 1 }, Role::Clinician, "cue_asked", 0.78));
    }
    // "X, aide-soignante".
    let article = usize::from(document.is_any(end + 1, words!["le", "la", "l", "notre", "mon", "ma"]));
    let apostrophe = usize::from(article == 1 && document.is_sign(end + 2, b'\''));
    let at = end + 1 + article + apostrophe;
    if !document.same_line(i, end) {
        return None;
    }
    let carer = document.is(at, word!("aide")) && document.is_sign(at + 1, b'-') && document.glued(at);
    let role = document.is_sign(end, b',') && carer && document.same_line(i, at);
    (clitic || acts || role).then_some((Name { start, end, words: 1 }, Role::Other, "cue_opening", 0.77))
}

/// Whether token `i` is a common first name, and no word of medicine.
pub(crate) fn sure(document: &Document<'_>, i: usize) -> bool {
    document.listed(i, Lists::FIRST_COMMON) && !document.listed(i, Lists::MEDICAL | Lists::STOP)
}

/// Whether token `i` is a verb that says what somebody will do or has done: "verra", "connaît".
fn futures(document: &Document<'_>, i: usize) -> bool {
    let word = document.folded(i);
    document.get(i).is_some_and(|t| t.shape == Shape::Lower && !t.lists.any(Lists::MEDICAL))
        && (word.ends_with("ra") || word.ends_with("ront") || document.has(i, Roles::ACT))
        && document.tokens[i].len > 3
}

/// Verbs that anything can be the subject of.
fn weak(document: &Document<'_>, i: usize) -> bool {
    document.is_any(
        i,
        words![
            "est", "a", "se", "s", "n", "ne", "sera", "montre", "semble", "va", "reste", "etait", "avait",
            "vient", "dit", "passe", "apparait", "presente", "part", "sort", "marche", "aide"
        ],
    )
}

/// "Objet : Re: IRM MARQUES": the last word of a subject, in capitals.
fn objective(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.line(i);
    let token = &document.tokens[i];
    let fits = document.is_any(line.start, words!["objet", "sujet", "subject", "re", "tr", "concerne"])
        && document.is_sign(line.start + 1, b':')
        && document.ends_line(i)
        && document.cased(i)
        && token.shape == Shape::Upper
        && token.len > 3
        && i > line.start + 2
        && document.has(i - 1, Roles::NOT_NAME.or(Roles::PERSON_OF))
        && token.lists.any(Lists::SURNAME)
        && !token.lists.any(Lists::MEDICAL)
        && (!token.lists.any(Lists::WORD) || token.lists.any(Lists::SURNAME_FREQUENT))
        && !token.roles.any(Roles::NOT_NAME.or(Roles::ANATOMY).or(Roles::EPONYM_HEAD));
    fits.then_some((Name { start: i, end: i + 1, words: 1 }, Role::Patient, "cue_subject", 0.74))
}

/// "Jae-won," alone on a line above the text of a letter.
fn salutation(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.line(i);
    let last = line.end - 1;
    if i != line.start || !document.is_sign(last, b',') || line.len() > 8 || document.lines() < 3 {
        return None;
    }
    let run = read_sure(document, i).filter(|run| run.end == last && run.words <= 2)?;
    let next = (document.tokens[i].line as usize + 1..document.lines())
        .map(|l| document.tokens_of_line(l))
        .find(|l| !l.is_empty())?;
    let written = !document.cased(i) || document.tokens[next.start].shape != Shape::Lower;
    let free = run.strange > 0 || run.first > 0;
    (written && free && document.line(next.start).len() > 2).then_some((
        run.name(),
        Role::Clinician,
        "cue_greeting",
        0.8,
    ))
}

/// "2. KANG Soo-jin - 15/10/2022": a name as the item of a numbered list, or behind a date, before a dash.
fn item(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.line(i);
    let numbered = i > line.start
        && i <= line.start + 2
        && document.is_number(line.start)
        && document.tokens[line.start].len < 3
        && (i == line.start + 1 || b".)-".contains(&document.tokens[i - 1].sign))
        || i == line.start + 1 && document.is_sign(line.start, b'-');
    if !numbered {
        return None;
    }
    let run = read_sure(document, i).filter(|run| run.words > 1 && run.tells())?;
    let dash = document
        .get(run.end)
        .is_some_and(|t| t.kind == Kind::Sign && b"-:,(|".contains(&t.sign) && (t.gap > 0 || t.sign != b'-'));
    let hour = document.is_number(run.end)
        && (document.is_sign(run.end + 1, b':') || document.is(run.end + 1, word!("h")));
    let dash = dash || hour;
    let mixed = document.tokens[i].shape == Shape::Upper
        && document.cased(i)
        && document.tokens[run.end - 1].shape != Shape::Upper;
    let fits = dash && (mixed || run.strange + run.syllables > 1 || run.first > 0 && run.strange > 0);
    fits.then_some((run.name(), Role::Patient, "cue_item", 0.79))
}

/// "son frère Tien Dat", "ma collègue Anca": after a possessive and a word for a person, whatever the lists say.
fn kin(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let noun = i.checked_sub(1).filter(|n| document.same_line(*n, i) && document.is_word(*n))?;
    let own = noun > 0
        && document.is_any(
            noun - 1,
            words!["sa", "son", "ses", "ma", "mon", "mes", "notre", "nos", "votre", "vos", "leur", "leurs"],
        );
    let colleague = document.is_any(
        noun,
        words![
            "petit",
            "petite",
            "collegue",
            "collegues",
            "associe",
            "associee",
            "confrere",
            "consoeur",
            "assistant",
            "assistante"
        ],
    );
    if !own || !(document.has(noun, Roles::RELATION) || colleague) {
        return None;
    }
    if !document.cased(i) {
        let run =
            read(document, i).filter(|run| run.strange > 0 || run.first == run.words && sure(document, i))?;
        let free = !document.has(i, Roles::ACT) && (sure(document, i) || !document.listed(i, Lists::WORD));
        return free.then_some((run.name(), Role::Other, "cue_kin", 0.77));
    }
    if document.tokens[noun].shape != Shape::Lower {
        return None;
    }
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word
                && t.len > 1
                && (t.shape == Shape::Capital
                    || t.shape == Shape::Upper && t.lists.any(Lists::FIRST | Lists::SURNAME))
                && !t.roles.any(Roles::TITLE.or(Roles::INSTITUTION).or(Roles::JOB))
        }) && document.same_line(j, i)
    };
    if !capital(i) {
        return None;
    }
    let mut end = compound(document, i);
    while end < i + 8 && capital(end) && document.tokens[end].gap < 3 {
        end = compound(document, end);
    }
    let read = read_sure(document, i).map_or(end, |run| run.end.max(end));
    Some((Name { start: i, end: read, words: 1 }, Role::Other, "cue_kin", 0.84))
}

/// "à parler à Keo.", "courrier à X", "message pour X", "l'avis de X", "refait par Anca", "sans nouvelles de X".
fn told(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let by = i.checked_sub(1).filter(|b| document.same_line(*b, i) && document.is_word(*b))?;
    if !document.is_any(by, words!["a", "pour"]) || by == 0 {
        return None;
    }
    let spoken = document.is_any(
        by - 1,
        words![
            "parler",
            "parle",
            "courrier",
            "courriers",
            "lettre",
            "mail",
            "message",
            "telephoner",
            "telephone",
            "copie",
            "transmise",
            "transmis",
            "transmettre",
            "ecrire",
            "demander",
            "repondu",
            "repondre",
            "dicte",
            "demande",
            "demandee",
            "confie",
            "adresse",
            "adressee",
            "oriente",
            "orientee",
            "transmission",
            "confiee",
            "montre",
            "montrer",
            "envoye",
            "envoyee",
            "soumis",
            "presente",
            "soumettre"
        ],
    );
    // "le chirurgien s'appelait X".
    if !spoken {
        return None;
    }
    let run = read(document, i)?;
    let several = run.words > 1 && run.tells();
    let single = run.words == 1
        && document.tokens[i].place == 0
        && if document.cased(i) {
            document.tokens[i].shape == Shape::Capital && run.strange + run.first + run.syllables > 0
        } else {
            run.strange > 0
        };
    let shut = closed(document, &run)
        || document.is_any(run.end, words!["sous", "dans", "pour", "qui", "ce", "en", "avec"]);
    ((several || single) && shut).then_some((run.name(), Role::Other, "cue_told", 0.77))
}

/// "pansement refait par Anca.": a first name after who did something, whatever else it is.
fn done(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let by = i.checked_sub(1).filter(|b| document.is(*b, word!("par")) && document.same_line(*b, i))?;
    let acted = by > 0
        && (document.has(by - 1, Roles::AGENT)
            || document.is_any(
                by - 1,
                words!["refait", "refaite", "fait", "faite", "note", "notee", "saisi", "amene"],
            )
            // "opéré en 2013 par X".
            || by > 2
                && document.is_number(by - 1)
                && document.is_any(by - 2, words!["en", "le", "mars", "mai", "juin"])
                && document.has(by - 3, Roles::AGENT));
    let token = &document.tokens[i];
    if !acted || !document.cased(i) {
        return None;
    }
    let end = compound(document, i);
    let shut = document.ends_line(end - 1)
        || document.get(end).is_some_and(|t| t.kind == Kind::Sign && b".,;)".contains(&t.sign));
    // "transcrite par LA".
    let marks = token.shape == Shape::Upper
        && matches!(token.len, 2 | 3)
        && document.ends_line(i)
        && document.is_any(
            by - 1,
            words![
                "transcrit",
                "transcrite",
                "dicte",
                "dictee",
                "relu",
                "relue",
                "frappe",
                "saisi",
                "tape",
                "redige"
            ],
        );
    let first = token.shape == Shape::Capital
        && (token.lists.any(Lists::FIRST)
            || token.lists.any(Lists::SURNAME_FREQUENT)
                && (token.place == 0 && !token.lists.any(Lists::MEDICAL)
                    // "par Roussel à Namur".
                    || document.is(end, word!("a")) && document.get(end + 1).is_some_and(|t| t.place > 0)))
        && !token.lists.any(Lists::STOP)
        && !token.roles.any(Roles::EPONYM.or(Roles::PRODUCT))
        && (shut || document.is_sign(end, b':') || document.is_any(end, words!["et", "a"]));
    (marks || first).then_some((Name { start: i, end, words: 1 }, Role::Clinician, "cue_done", 0.77))
}
