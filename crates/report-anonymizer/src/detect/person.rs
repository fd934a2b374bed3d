use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

use super::Detector;
use super::bare::{initialled, is_pair, listed};
use super::companion::again;
use super::cue::cued;
use super::label::labelled;
use super::likely::likely;
use super::list::further;
use super::marks::closing;
use super::name::{Led, Name, elided, name, reads_as_word, score};
use super::relative::{called, related};
use super::signature::signed;
use super::slot::{self, more, slot};
use super::standing::standing;

/// Names of persons: after titles and labels, after who did something, in signatures, and where the
/// lists know first name and surname.
#[derive(Debug)]
pub(crate) struct Persons;

impl Detector for Persons {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut push = |name: Name, role: Role, rule: &'static str, confidence: f32| {
            found.push(
                Span::new(document.bytes(name.start, name.end), Category::Person, rule, confidence)
                    .with_role(role),
            );
        };
        let mut i = 0;
        while i < document.tokens.len() {
            if document.tokens[i].kind == Kind::Word && !is_plain(document, i) {
                if let Some((first, role)) = titled(document, i) {
                    push(first, role, "title", 0.95);
                    let listing = i > 0 && document.is_sign(i - 1, b':')
                        || document.is_any(i, words!["drs", "mmes", "mm", "docteurs"]);
                    i = others(document, first.end, |name| push(name, role, "title_list", 0.9));
                    i = all(document, i, listing, |name| push(name, role, "slot_list", 0.78));
                    continue;
                }
                if let Some((name, role, rule, confidence)) = slot(document, i) {
                    push(name, role, rule, confidence);
                    i = name.end.max(i + 1);
                    if matches!(rule, "slot_label" | "slot_with") {
                        i = all(document, i, true, |name| push(name, role, "slot_list", 0.78));
                    }
                    i = others(document, i, |name| push(name, role, "label_list", 0.85));
                    if rule == "slot_label" {
                        i = further(document, name.start, i, |name| push(name, role, "label_list", 0.76));
                    }
                    continue;
                }
                if let Some((name, role, rule, confidence)) =
                    labelled(document, i).or_else(|| acting(document, i))
                {
                    push(name, role, rule, confidence);
                    let end = name.end.max(i + 1);
                    let given = document.is_any(i.saturating_sub(2), words!["prenoms", "prenom"]);
                    i = if given {
                        given_names(document, end, |name| push(name, role, "label_list", 0.9))
                    } else if role == Role::Clinician {
                        let end = others(document, end, |name| push(name, role, "label_list", 0.85));
                        further(document, name.start, end, |name| push(name, role, "label_list", 0.76))
                    } else {
                        end
                    };
                    continue;
                }
                if let Some((name, role, rule, confidence)) = related(document, i)
                    .or_else(|| called(document, i))
                    .or_else(|| initialled(document, i))
                    .or_else(|| listed(document, i))
                    .or_else(|| standing(document, i))
                    .or_else(|| likely(document, i))
                    .or_else(|| cued(document, i))
                {
                    push(name, role, rule, confidence);
                    let end = others(document, name.end.max(i + 1), |name| push(name, role, "list", 0.75));
                    let end = all(document, end, false, |name| push(name, role, "list", 0.75));
                    i = further(document, name.start, end, |name| push(name, role, "list", 0.75));
                    while let Some(run) = again(document, name.start, i) {
                        push(run.name(), role, "list", 0.75);
                        i = run.end;
                    }
                    continue;
                }
            }
            i += 1;
        }
        for line in 0..document.lines() {
            if let Some(marks) = closing(document, line) {
                push(marks, Role::Clinician, "dictation_marks", 0.8);
            }
            signed(document, line, &mut push);
        }
    }
}

/// Whether token `i` begins no name whatever stands around it: most words need not be read any further. In text
/// with case, a name in small letters begins with a particle, or stands behind a title or a label.
fn is_plain(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    token.cased
        && token.shape == Shape::Lower
        && !token.roles.any(Roles::TITLE.or(Roles::PARTICLE))
        && !(i > 0 && document.is_sign(i - 1, b':'))
        && !document.is_sign(i + 1, b'^')
}

/// All further names of a list from token `at` on. Gives the token to go on from.
fn all(document: &Document<'_>, mut at: usize, listing: bool, mut push: impl FnMut(Name)) -> usize {
    while let Some(run) = more(document, at, listing) {
        push(run.name());
        at = run.end;
    }
    at
}

/// The name after the title at token `i`.
fn titled(document: &Document<'_>, i: usize) -> Option<(Name, Role)> {
    let token = document.get(i).filter(|t| t.roles.any(Roles::TITLE))?;
    let weak = token.roles.any(Roles::TITLE_WEAK);
    // After a slash in a signature, "M." is an initial.
    let line = document.line(i);
    let slashed = line.len() <= 14 && line.clone().any(|j| document.is_sign(j, b'/'));
    if token.len == 1
        && (i > 0 && document.is_sign(i - 1, b'/') && document.same_line(i - 1, i)
            || i == line.start && slashed)
    {
        return None;
    }
    let mut at = i + 1;
    let mut doctor = token.roles.any(Roles::TITLE_DOCTOR);
    if document.is_sign(at, b'.') && document.glued(i) {
        at += 1;
    }
    // "Monsieur le Docteur", "Mme le Dr".
    while at < i + 8
        && document.same_line(at, i)
        && (document.is_any(at, words!["le", "la", "l"]) && document.has(at + 1, Roles::TITLE)
            || document.has(at, Roles::TITLE) && !document.is_any(at, words!["m", "mm"]))
    {
        doctor |= document.has(at, Roles::TITLE_DOCTOR);
        at += 1;
        if document.is_sign(at, b'.') {
            at += 1;
        }
    }
    // "Dr méd. Blaise Monnard".
    if document.is(at, word!("med")) && document.same_line(at, i) {
        at += 1 + usize::from(document.is_sign(at + 1, b'.'));
    }
    while document.same_line(at, i)
        && (document.is_sign(at, b':')
            || document.is_sign(at, b'(') && document.is_any(at + 1, words!["s", "e"])
            || document.is_any(at, words!["s", "e"]) && document.is_sign(at - 1, b'(')
            || document.is_sign(at, b')'))
    {
        at += 1;
    }
    let next = document.get(at)?;
    if next.line != token.line
        && !(next.line == token.line + 1
            && !weak
            && next.shape != Shape::Lower
            && score(document, at) > 1
            && document.cased(at))
    {
        return None;
    }
    if weak {
        // "M. Dupont", not "m. supra-épineux"; "Me" is also a word.
        let dotted = document.is_sign(i + 1, b'.');
        let acts =
            document.has(at + 1, Roles::ACT) || document.is_any(at + 1, words!["est", "qui", "doit", "peut"]);
        let muscle = (next.roles.any(Roles::ANATOMY) || next.lists.any(Lists::MEDICAL))
            && !(acts && dotted && next.lists.any(Lists::SURNAME_FREQUENT));
        let sentence = next.lists.any(Lists::STOP)
            && next.shape == Shape::Capital
            && document.get(at + 1).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Lower);
        let written = !sentence
            && if document.cased(i) {
                token.shape != Shape::Lower && (next.shape != Shape::Lower || next.roles.any(Roles::PARTICLE))
            } else {
                dotted || token.len > 1
            };
        let level = document.is_sign(i + 1, b'-')
            || token.gap == 0 && i > 0 && document.same_line(i - 1, i) && !document.is_sign(i - 1, b'(');
        if muscle && (!document.cased(i) || next.shape == Shape::Lower)
            || !written
            || level
            || token.len == 1 && !dotted && score(document, at) < 2 && !bare_title(document, i)
        {
            return None;
        }
    }
    let role = if doctor { Role::Clinician } else { Role::Other };
    if token.len == 1 && at == i + 2 && carer(document, i) {
        return name(document, at, Led::Titled).map(|name| (Name { start: i, ..name }, Role::Clinician));
    }
    let found = name(document, at, Led::Titled);
    // "dr mukamana perpétue", "DR T. BRASSARD": what the lists know as words is read as far as something closes it.
    let more = || slot::titled(document, at).filter(|_| !document.cased(at) || found.is_none());
    match (found, more()) {
        (Some(found), Some(more)) => Some((if more.end > found.end { more } else { found }, role)),
        (found, more) => found.or(more).map(|name| (name, role)),
    }
}

/// "Radiologue : M. Hubin", "Cc : M. Delhaye": who works there has an initial, not a title.
fn carer(document: &Document<'_>, i: usize) -> bool {
    i > 1
        && document.is_sign(i - 1, b':')
        && document.same_line(i - 2, i)
        && (document.has(i - 2, Roles::JOB)
            || document
                .is_any(i - 2, words!["cc", "prescripteur", "demandeur", "operateur", "lecteur", "par"]))
}

/// "dossier de M Blanc.", "adressé par M Petit,": a title without its dot.
fn bare_title(document: &Document<'_>, i: usize) -> bool {
    let led = i > 0
        && document.same_line(i - 1, i)
        && document.is_any(i - 1, words!["de", "par", "pour", "avec", "chez", "que", "concerne"]);
    led && document.cased(i)
        && document.get(i + 1).is_some_and(|t| {
            t.shape == Shape::Capital
                && t.gap == 1
                && t.len > 3
                && !t.roles.any(Roles::ANATOMY.or(Roles::EPONYM))
        })
        && (document.ends_line(i + 1) || document.get(i + 2).is_some_and(|t| t.kind == Kind::Sign))
}

/// Further names after a titled one: "Drs A et B", "Dr X / Dr Y". Gives the token to go on from.
pub(crate) fn others(document: &Document<'_>, mut at: usize, mut push: impl FnMut(Name)) -> usize {
    loop {
        // "Mme Dupont (Anne)".
        if document.is_sign(at, b'(')
            && document.is_sign(at + 2, b')')
            && at > 0
            && document.same_line(at - 1, at + 2)
            && document.get(at + 1).is_some_and(|t| t.shape == Shape::Capital && t.lists.any(Lists::FIRST))
            && !reads_as_word(document, at + 1)
            && document.tokens[at + 1].place == 0
        {
            push(Name { start: at + 1, end: at + 2, words: 1 });
            at += 3;
        } else if let Some(end) = bracketed_surname(document, at) {
            push(Name { start: at + 1, end, words: 1 });
            at = end + 1;
        }
        let joint = document.is_any(at, words!["et"])
            || document.get(at).is_some_and(|t| t.kind == Kind::Sign && b"/&,+".contains(&t.sign));
        if !joint
            || document.has(at + 1, Roles::TITLE)
                && !(document.is(at + 1, word!("m")) && document.is_sign(at, b'/'))
            || at == 0
            || !document.same_line(at, at + 1)
            || !document.same_line(at - 1, at)
        {
            return at;
        }
        let comma = document.is_sign(at, b',');
        if document.is_guarded(at + 1) {
            return at;
        }
        // "dr stoica/pd": who typed it.
        let typed = document.is_sign(at, b'/')
            && document.glued(at - 1)
            && document.glued(at)
            && document.ends_line(at + 1)
            && matches!(document.tokens[at + 1].len, 2 | 3);
        if typed {
            push(Name { start: at + 1, end: at + 2, words: 1 });
            return at + 2;
        }
        // "Interne : X / Senior : Y".
        let dotted = usize::from(document.is_sign(at + 2, b'.'));
        if document.is_sign(at + 2 + dotted, b':') && document.has(at + 1, Roles::PERSON_ROLE) {
            return at;
        }
        let Some(next) = document.get(at + 1) else { return at };
        // "Dr Tran, Châtelet": where the practice is.
        if comma
            && next.lists.any(Lists::PLACE_BELGIAN | Lists::PLACE_BIG)
            && !next.lists.any(Lists::FIRST_COMMON)
        {
            return at;
        }
        let slash = document.is_sign(at, b'/');
        let initial =
            next.len == 1 && (document.is_sign(at + 2, b'.') || document.is_sign(at + 2, b'-')) && !comma;
        let sure = initial
            || if document.cased(at) {
                next.shape != Shape::Lower
                    && (slash && !next.roles.any(Roles::NOT_NAME) || !reads_as_word(document, at + 1))
                    && (!comma || score(document, at + 1) > 1 || is_pair(document, at + 1))
            } else {
                score(document, at + 1) > 1
            };
        let particle = slash
            && next.roles.any(Roles::PARTICLE)
            && (at + 2..at + 4).any(|j| document.get(j).is_some_and(|t| t.shape != Shape::Lower));
        let sure = sure || particle || elided(document, at + 1) && !comma;
        let led = if slash { Led::Titled } else { Led::Hinted };
        let Some(name) = sure.then(|| name(document, at + 1, led)).flatten() else { return at };
        push(name);
        at = name.end;
    }
}

/// "Mme Dupont (Maréchal-Gillet)": the other name of a woman, or her doctor's; the end of the name.
fn bracketed_surname(document: &Document<'_>, at: usize) -> Option<usize> {
    if !document.is_sign(at, b'(') {
        return None;
    }
    let cased = document.cased(at);
    let token = document
        .get(at + 1)
        .filter(|t| t.kind == Kind::Word && (t.shape == Shape::Capital || !cased) && t.len > 2)?;
    let end = super::name::compound(document, at + 1);
    let civil =
        (at.saturating_sub(8)..at).any(|j| document.same_line(j, at) && document.has(j, Roles::TITLE_CIVIL));
    let fits = document.is_sign(end, b')')
        && document.same_line(at, end)
        && civil
        && (token.lists.any(Lists::SURNAME_FREQUENT) || !token.lists.any(Lists::WORD) && token.place == 0)
        && !token.lists.any(Lists::STOP | Lists::MEDICAL | Lists::PLACE_BIG)
        && !token.roles.any(super::unlisted::NEVER);
    fits.then_some(end)
}

/// The name of who did something: "validé par Jean Dupont", "discuté avec le …".
fn acting(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let by = i.checked_sub(1).filter(|p| document.same_line(*p, i))?;
    // "signé Jean Dupont".
    if document.is_any(by, words!["signe", "signee", "dicte", "relu", "redige"])
        && document.listed(i, Lists::FIRST)
        && !(document.cased(i) && document.tokens[i].shape == Shape::Lower)
    {
        let known = |name: &Name| name.words > 1 && !(i..name.end).any(|j| document.is_guarded(j));
        return name(document, i, Led::Titled)
            .filter(known)
            .map(|name| (name, Role::Clinician, "agent", 0.86));
    }
    if !document.is_any(by, words!["par", "avec", "chez", "attention", "a", "de", "pour"])
        && !document.is_sign(by, b'/')
    {
        return None;
    }
    let agent = by.checked_sub(1).filter(|a| document.same_line(*a, by));
    let acted = agent.is_some_and(|a| {
        document.has(a, Roles::AGENT)
            || document.is_any(a, words!["e", "electroniquement", "informatiquement", "lecture", "relecture"])
                && document.is(by, word!("par"))
    });
    let job = agent.is_some_and(|a| document.has(a, Roles::JOB));
    let assisted = document.is(by, word!("de"))
        && agent.is_some_and(|a| {
            document.is_any(a, words!["assiste", "assistee", "accompagne", "accompagnee", "aide", "aidee"])
        });
    if assisted
        || document.is(by, word!("par")) && acted
        || document.is_any(by, words!["avec", "chez"]) && (acted || job)
    {
        let known = (score(document, i) > 0 || is_pair(document, i))
            && !(document.cased(i) && document.tokens[i].shape == Shape::Lower);
        return known
            .then(|| name(document, i, Led::Hinted))
            .flatten()
            .map(|name| (name, Role::Clinician, "agent", 0.88));
    }
    None
}

/// The further first names of a list: ", Anne, Marie". Gives the token to go on from.
fn given_names(document: &Document<'_>, mut at: usize, mut push: impl FnMut(Name)) -> usize {
    while document.is_sign(at, b',')
        && document.same_line(at, at + 1)
        && document.get(at + 1).is_some_and(|t| {
            t.kind == Kind::Word && t.shape != Shape::Lower && t.len > 1 && !t.lists.any(Lists::STOP)
        })
        && !document.is_sign(at + 2, b':')
    {
        push(Name { start: at + 1, end: at + 2, words: 1 });
        at += 2;
    }
    at
}
