use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

use super::Detector;
use super::label::labelled;
use super::name::{Led, Name, name, reads_as_word, score};
use super::signature::signed;

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
            if document.tokens[i].kind == Kind::Word {
                if let Some((first, role)) = titled(document, i) {
                    push(first, role, "title", 0.95);
                    i = others(document, first.end, |name| push(name, role, "title_list", 0.9));
                    continue;
                }
                if let Some((name, role, rule, confidence)) =
                    labelled(document, i).or_else(|| acting(document, i))
                {
                    push(name, role, rule, confidence);
                    let end = name.end.max(i + 1);
                    i = if role == Role::Clinician {
                        others(document, end, |name| push(name, role, "label_list", 0.85))
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
                {
                    push(name, role, rule, confidence);
                    i = name.end.max(i + 1);
                    continue;
                }
            }
            i += 1;
        }
        for line in 0..document.lines() {
            signed(document, line, &mut push);
        }
    }
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
        let muscle = next.roles.any(Roles::ANATOMY) || next.lists.any(Lists::MEDICAL);
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
            || token.len == 1 && !dotted && score(document, at) < 2
        {
            return None;
        }
    }
    let role = if doctor { Role::Clinician } else { Role::Other };
    name(document, at, Led::Titled).map(|name| (name, role))
}

/// Further names after a titled one: "Drs A et B", "Dr X / Dr Y". Gives the token to go on from.
pub(crate) fn others(document: &Document<'_>, mut at: usize, mut push: impl FnMut(Name)) -> usize {
    loop {
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
        let Some(next) = document.get(at + 1) else { return at };
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
        let sure = sure || particle;
        let led = if slash { Led::Titled } else { Led::Hinted };
        let Some(name) = sure.then(|| name(document, at + 1, led)).flatten() else { return at };
        push(name);
        at = name.end;
    }
}

/// Whether two capital words that are no common ones stand from token `i` to a sign or the end of the line.
fn is_pair(document: &Document<'_>, i: usize) -> bool {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.len > 2)
            && !reads_as_word(document, j)
            && !document.has(j, Roles::EPONYM.or(Roles::PRODUCT))
    };
    let closed = document.ends_line(i + 1) || document.get(i + 2).is_some_and(|t| t.kind == Kind::Sign);
    capital(i) && capital(i + 1) && document.same_line(i, i + 1) && closed
}

/// The name of who did something: "validé par Jean Dupont", "discuté avec le …".
fn acting(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let by = i.checked_sub(1).filter(|p| document.same_line(*p, i))?;
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
    if document.is(by, word!("par")) && acted || document.is_any(by, words!["avec", "chez"]) && (acted || job)
    {
        let known =
            score(document, i) > 0 && !(document.cased(i) && document.tokens[i].shape == Shape::Lower);
        return known
            .then(|| name(document, i, Led::Hinted))
            .flatten()
            .map(|name| (name, Role::Clinician, "agent", 0.88));
    }
    None
}

/// The name of a relative: "son fils Thomas", "sa mère (Anne Petit)".
fn related(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let mut at = i.checked_sub(1).filter(|p| document.same_line(*p, i))?;
    if document.is_sign(at, b',') || document.is_sign(at, b'(') || document.is_sign(at, b':') {
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
    if !(document.has(at, Roles::RELATION)
        || small
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
    let fits = if document.cased(i) {
        token.shape != Shape::Lower && (score(document, i) > 0 || token.lists.any(Lists::FIRST_COMMON))
    } else {
        score(document, i) > 2
    };
    let led =
        if document.cased(i) && token.lists.any(Lists::FIRST_COMMON) { Led::Titled } else { Led::Hinted };
    fits.then(|| name(document, i, led)).flatten().map(|name| (name, Role::Other, "relative", 0.88))
}

/// "J. Dupont", "J.-P. Martin": an initial with its dot before a capital word that is no common word.
fn initialled(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
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
fn listed(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    let cased = document.cased(i);
    if token.len < 2
        || document.is_guarded(i)
        || cased && token.shape == Shape::Lower
        || token.roles.any(Roles::NOT_NAME)
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
        name.words >= 2 && first && total >= 4 && eponyms < 2
    } else {
        name.words >= 2 && first && total >= 6 && eponyms == 0
    };
    fits.then_some((name, Role::Other, "listed", 0.8))
}

/// "votre patient Jean Dupont", "le patient « J. Dupont »": names after a noun for a person.
fn called(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i)?;
    let mut at = i.checked_sub(1)?;
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
    if !noun
        || !document.same_line(at, i)
        || !document.cased(i)
        || token.shape == Shape::Lower
        || document.is_guarded(i)
        || reads_as_word(document, i)
    {
        return None;
    }
    let name = name(document, i, Led::Hinted)?;
    let total: i32 = (i..name.end).filter(|j| document.is_word(*j)).map(|j| score(document, j).max(-2)).sum();
    let free = !(i..name.end).any(|j| document.is_guarded(j));
    let fits = name.words >= 2 && total >= 2 || total >= 3 && token.shape == Shape::Capital;
    (fits && free).then_some((name, Role::Patient, "called", 0.84))
}

/// A name that its place in the text shows: the two parts of a DICOM name, a surname and a first name at the
/// head of a line, a name with an age, a first name that does something, a name after the closing words.
fn standing(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = *document.get(i)?;
    if document.is_sign(i + 1, b'^')
        && document.is_word(i + 2)
        && document.glued(i)
        && document.glued(i + 1)
        && token.len > 1
    {
        let mut end = i + 3;
        while document.is_sign(end, b'^')
            && document.is_word(end + 1)
            && document.glued(end - 1)
            && end < i + 9
        {
            end += 2;
        }
        return Some((Name { start: i, end, words: 2 }, Role::Other, "dicom_name", 0.95));
    }
    if !document.cased(i)
        || token.shape == Shape::Lower
        || token.len < 3
        || document.is_guarded(i)
        || reads_as_word(document, i)
        || token.roles.any(Roles::EPONYM.or(Roles::PRODUCT).or(Roles::INSTITUTION).or(Roles::HOSPITAL_NAME))
    {
        return None;
    }
    if document.begins_line(i) {
        // "PHAM, Lan : RX thorax".
        if token.shape == Shape::Upper
            && document.is_sign(i + 1, b',')
            && document.get(i + 2).is_some_and(|t| {
                t.kind == Kind::Word
                    && t.shape == Shape::Capital
                    && t.line == token.line
                    && t.len > 2
                    && !t.lists.any(Lists::WORD | Lists::MEDICAL)
            })
        {
            let mut end = i + 3;
            while document.get(end).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital)
                && document.same_line(end, i)
                && end < i + 6
            {
                end += 1;
            }
            let closed = document.ends_line(end - 1)
                || document.get(end).is_some_and(|t| t.kind == Kind::Sign && b":(-".contains(&t.sign));
            if closed {
                return Some((Name { start: i, end, words: 2 }, Role::Patient, "inverted", 0.83));
            }
        }
        // "Jean Dupont 25 ans", "Jean Dupont, 25a M".
        let name = name(document, i, Led::Bare).filter(|name| name.words >= 2);
        if let Some(name) = name {
            let at = name.end + usize::from(document.is_sign(name.end, b','));
            let aged = document.is_number(at)
                && document.same_line(at, i)
                && (document.has(at + 1, Roles::AGE_UNIT)
                    || document.is_any(at + 1, words!["a", "y"]) && document.glued(at));
            let total: i32 = (i..name.end).filter(|j| document.is_word(*j)).map(|j| score(document, j)).sum();
            let free = !(i..name.end).any(|j| document.is_guarded(j));
            if aged && free && total >= 2 {
                return Some((name, Role::Patient, "name_and_age", 0.83));
            }
        }
    }
    let opens = document.begins_line(i) || document.is_sign(i - 1, b'.') && !document.glued(i - 1);
    let acts = document.is_any(
        i + 1,
        words![
            "est", "a", "se", "va", "sera", "presente", "revient", "consulte", "marche", "souffre", "reste",
            "rentre", "vit", "dit", "signale", "refuse",
        ],
    );
    if opens
        && acts
        && document.same_line(i, i + 1)
        && token.shape == Shape::Capital
        && token.lists.any(Lists::FIRST_COMMON)
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::PLACE)
    {
        return Some((Name { start: i, end: i + 1, words: 1 }, Role::Patient, "first_name_acts", 0.8));
    }
    let closing = i > 1
        && document.is_sign(i - 1, b',')
        && document.same_line(i - 2, i)
        && document.is_any(
            i - 2,
            words![
                "merci",
                "cordialement",
                "amities",
                "amicalement",
                "confraternellement",
                "vous",
                "salutations",
                "bientot",
            ],
        );
    if closing && token.shape == Shape::Capital && token.lists.any(Lists::FIRST | Lists::SURNAME) {
        let name = name(document, i, Led::Hinted)?;
        let ends = document.ends_line(name.end - 1);
        return ends.then_some((name, Role::Clinician, "closing", 0.83));
    }
    None
}
