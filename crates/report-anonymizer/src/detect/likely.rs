use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::lead::{Lead, inside_sentence, lead, opens, trail};
use super::name::{Led, Name, name};

/// Roles of words that name nobody without more evidence than a capital.
const NEVER: Roles = Roles::PRODUCT
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
        || i > 0 && document.glued(i - 1) && !opens(document, i - 1)
    {
        return None;
    }
    let initial = token.len <= 2 && document.is_sign(i + 1, b'.') && document.glued(i);
    let elided = token.shape == Shape::Initial && document.is_sign(i + 1, b'\'') && document.glued(i);
    let own = strange(document, i);
    let given = !own && word_name(document, i);
    if !(own || given || particle || initial || elided) {
        return None;
    }
    let before = lead(document, i);
    let article = document.is_any(i, words!["la", "le", "les", "des", "du", "l"]);
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
            _ => parts.sure || parts.first && best > Lead::None || best > Lead::Weak,
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

/// Further names of a list that begins with one: "Présents : A, B et C". Gives the token to go on from.
pub(crate) fn further(
    document: &Document<'_>,
    start: usize,
    mut at: usize,
    mut push: impl FnMut(Name),
) -> usize {
    let listing = start > 0 && document.is_sign(start - 1, b':') && lead(document, start) == Lead::Strong;
    loop {
        // "X (radiothérapie), Y".
        let bracket = (listing || document.has(at + 1, Roles::PERSON_ROLE))
            && document.is_sign(at, b'(')
            && document.is_sign(at + 2, b')')
            && document.same_line(at, at + 2);
        let joint = if bracket { at + 3 } else { at };
        let sign = document.get(joint).map_or(0, |t| if t.kind == Kind::Sign { t.sign } else { 0 });
        // "Ginette, Normand et Corentin".
        let enumerated = sign == b','
            && document.tokens[joint..(joint + 6).min(document.tokens.len())].iter().skip(2).enumerate().any(
                |(j, t)| {
                    document.same_line(joint, joint + 2 + j)
                        && j < 2
                        && (t.kind == Kind::Sign && t.sign == b','
                            || document.is_any(joint + 2 + j, words!["et", "ou"]))
                },
            );
        let joined = enumerated
            || document.is_any(joint, words!["et", "ou"])
            || b";/&+".contains(&sign) && sign != 0
            || sign == b',' && listing;
        let next = joint + 1;
        if !joined || at == 0 || !document.same_line(at - 1, next) || !document.is_word(next) {
            return at;
        }
        let token = &document.tokens[next];
        let particle =
            token.roles.any(Roles::PARTICLE) && strange(document, next + 1) && document.is_word(next + 1);
        let initial = token.len <= 2 && document.is_sign(next + 1, b'.') && document.glued(next);
        let inner = document.text_of(next).chars().skip(1).any(char::is_uppercase) && token.len < 5;
        let word = word_name(document, next)
            && (strange(document, next + 1) && document.same_line(next, next + 1)
                || (listing && token.lists.any(Lists::SURNAME)
                    || enumerated && token.lists.any(Lists::FIRST))
                    && document.cased(next));
        if !(strange(document, next) || particle || initial || word) || inner && document.cased(next) {
            return at;
        }
        let led = if particle || initial || word { Led::Titled } else { Led::Hinted };
        let Some(name) = name(document, next, led).or_else(|| alone(document, next)) else { return at };
        let Some(end) = last_word(document, next, name.end) else { return at };
        let label = document.is_sign(end, b':');
        let guarded =
            (next..end).any(|j| document.is_guarded(j) || document.has(j, Roles::EPONYM) && !listing);
        if label || guarded {
            return at;
        }
        push(Name { end, ..name });
        at = end;
    }
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

/// A word alone, where the grammar of names sees none.
fn alone(document: &Document<'_>, i: usize) -> Option<Name> {
    let token = document.get(i)?;
    let end = run(document, i);
    (token.len > 2 && strange(document, i)).then_some(Name { start: i, end, words: 1 })
}

/// The end of the words from token `i` on that no list knows as words, with what hyphens join to them.
fn run(document: &Document<'_>, i: usize) -> usize {
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
fn last_word(document: &Document<'_>, i: usize, end: usize) -> Option<usize> {
    let cased = document.cased(i);
    let part = |j: usize| {
        document.get(j).is_some_and(|t| {
            t.kind == Kind::Word
                && t.len > 1
                && (strange(document, j)
                    || cased && t.shape != Shape::Lower && !t.roles.any(NEVER) && !t.lists.any(Lists::STOP)
                    || !cased && t.lists.any(Lists::FIRST | Lists::SURNAME) && !t.roles.any(NEVER))
        })
    };
    let last = (i..end).rev().find(|j| part(*j))?;
    let closes = (last + 1..end).any(|j| document.is_word(j) && document.tokens[j].len > 1);
    Some(if closes { last + 1 } else { end })
}

fn parts(document: &Document<'_>, i: usize, end: usize) -> Parts {
    let mut parts = Parts::default();
    for j in (i..end).filter(|j| document.is_word(*j) && document.tokens[*j].len > 1) {
        let token = &document.tokens[j];
        let word = token.lists.any(Lists::WORD);
        if token.roles.any(Roles::PARTICLE) && token.shape == Shape::Lower {
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

/// Whether no list knows token `i` as anything but a name, and it is written like one.
fn strange(document: &Document<'_>, i: usize) -> bool {
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
    if lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP) && !double
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
        return token.len > 3 || listed && token.len > 2;
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

/// Whether token `i` is a word that is a name as well, written with a capital: "Rose", "Normand".
fn word_name(document: &Document<'_>, i: usize) -> bool {
    document.get(i).is_some_and(|t| {
        t.kind == Kind::Word
            && t.len > 2
            && !t.lists.any(Lists::STOP | Lists::MEDICAL)
            && !t.roles.any(NEVER.or(Roles::EPONYM))
            && (document.cased(i) && t.shape != Shape::Lower
                || !document.cased(i) && t.lists.any(Lists::FIRST))
    })
}

/// Whether a folded word ends as words of medicine do.
fn medical_form(word: &str) -> bool {
    const ENDS: [&str; 46] = [
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
    ];
    word.len() > 6 && ENDS.iter().any(|end| word.ends_with(end))
}
