use crate::document::{Document, Kind, Shape, Token};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::run::syllable;

/// How much the context already says that a name stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Led {
    /// Nothing: the words themselves must show it.
    Bare,
    /// A preposition, a relative, a job.
    Hinted,
    /// A title or the label of a name.
    Titled,
}

/// A name read in a text: one past its last token, and how many words (initials apart) it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) words: usize,
}

/// Roles of words that end a name.
const ENDS: Roles = Roles::TITLE_DOCTOR
    .or(Roles::JOB)
    .or(Roles::INSTITUTION)
    .or(Roles::AGENT)
    .or(Roles::ID_STRONG)
    .or(Roles::MAIDEN)
    .or(Roles::PLACE_CUE);

/// Whether token `i` is an ordinary word rather than a name, as far as the lists know.
pub(crate) fn reads_as_word(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i) else { return true };
    let compound = document.is_sign(i + 1, b'-') && document.glued(i) && document.glued(i + 1);
    if compound && token.lists.any(Lists::FIRST) && document.listed(i + 2, Lists::FIRST_COMMON) {
        return false;
    }
    token.lists.any(Lists::STOP)
        || token.roles.any(Roles::NOT_NAME)
        || token.lists.any(Lists::WORD) && !token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT)
        || token.lists.any(Lists::MEDICAL)
}

/// Whether token `i` has a capital, and a particle with a capital stands before it inside a line: "Tijl De Vos".
pub(crate) fn particled(document: &Document<'_>, i: usize) -> bool {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.gap < 2)
    };
    i > 1
        && document.has(i - 1, Roles::PARTICLE)
        && capital(i)
        && document.cased(i)
        && document.tokens[i].gap == 1
        && document.same_line(i - 2, i)
        && document.tokens[i - 1].shape == Shape::Capital
        && document.tokens[i - 1].place == 0
        && !document.is_sign(i - 2, b'.')
        && !document.has(i, Roles::TITLE.or(Roles::INSTITUTION))
}

/// Whether token `i` is the letter of "N'Guessan", "O'Connor", "M'Barki".
pub(crate) fn elided(document: &Document<'_>, i: usize) -> bool {
    if !document.is_sign(i + 1, b'\'') {
        return false;
    }
    let capital = document.get(i).is_some_and(|t| t.shape == Shape::Initial) && document.cased(i);
    (document.is_any(i, words!["n", "o", "m", "k", "t"]) || capital && document.is_any(i, words!["d", "l"]))
        && document.glued(i)
        && document.glued(i + 1)
        && document.get(i + 2).is_some_and(|t| {
            t.kind == Kind::Word
                && t.len > 2
                && (t.shape != Shape::Lower
                    || !document.cased(i)
                    || capital && !t.lists.any(Lists::WORD | Lists::MEDICAL))
                && !t.lists.any(Lists::STOP)
        })
}

/// How much token `i` looks like a name by the lists alone.
pub(crate) fn score(document: &Document<'_>, i: usize) -> i32 {
    let Some(token) = document.get(i) else { return -10 };
    if elided(document, i) {
        return score(document, i + 2) + 1;
    }
    if token.kind != Kind::Word
        || token.len < 2
        || token.lists.any(Lists::STOP)
        || token.roles.any(Roles::NOT_NAME)
    {
        return -10;
    }
    let lists = token.lists;
    let mut score = 0;
    score += if lists.any(Lists::FIRST_COMMON) { 2 } else { i32::from(lists.any(Lists::FIRST)) };
    score += if lists.any(Lists::SURNAME_FREQUENT) { 2 } else { i32::from(lists.any(Lists::SURNAME)) };
    if lists.any(Lists::WORD) {
        score -= if lists.any(Lists::MEDICAL) { 4 } else { 2 };
    } else if token.len > 2 {
        score += 1;
    }
    if token.roles.any(Roles::EPONYM) {
        score -= 1;
    }
    score
}

/// Whether token `i` can be a word of a name that is already led up to.
fn name_word(document: &Document<'_>, i: usize, led: Led, first: bool) -> bool {
    let Some(token) = document.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    if !first && (follows_syllable(document, i) || particled(document, i)) {
        return true;
    }
    // "K. EL MOUDEN IDE": an abbreviated job.
    let job = token.roles.any(Roles::PERSON_ROLE) && token.shape == Shape::Upper && token.len < 6;
    if job
        && (!first || led == Led::Hinted)
        && !token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT)
        || token.roles.any(ENDS)
            && !(first
                && led == Led::Titled
                && token.lists.any(Lists::SURNAME_FREQUENT)
                && !token.roles.any(Roles::TITLE)
                && token.shape != Shape::Lower)
        || token.roles.any(Roles::PERSON_NOUN) && !token.lists.any(Lists::SURNAME_FREQUENT)
    {
        return false;
    }
    if elided(document, i) {
        return led > Led::Bare || !reads_as_word(document, i + 2);
    }
    if document.cased(i) {
        if token.shape == Shape::Lower && led == Led::Titled && token.len > 2 {
            // "vu par le dr leclercq": written small, but no word.
            return score(document, i) > 0
                && !token.lists.any(Lists::WORD)
                && !token.roles.any(Roles::EPONYM_HEAD.or(Roles::INSTITUTION_WEAK).or(Roles::STREET));
        }
        if token.shape == Shape::Lower || token.len < 2 {
            return false;
        }
        let stop = token.lists.any(Lists::STOP)
            && !(token.shape == Shape::Upper
                || token.lists.any(Lists::SURNAME_FREQUENT | Lists::FIRST_COMMON));
        let heading = token.roles.any(Roles::NOT_NAME)
            && !token.lists.any(Lists::SURNAME_FREQUENT | Lists::FIRST_COMMON)
            || token.roles.any(Roles::MONTH.or(Roles::WEEKDAY))
                && !first
                && !token.lists.any(Lists::FIRST_COMMON);
        return match led {
            Led::Titled => !stop && !heading,
            Led::Hinted => !(stop || heading || first && reads_as_word(document, i)),
            Led::Bare => !stop && !heading && !reads_as_word(document, i),
        };
    }
    let points = score(document, i);
    match (led, first) {
        (Led::Titled, true) => {
            points > -1 || points > -10 && token.lists.any(Lists::FIRST | Lists::SURNAME_FREQUENT)
        }
        (Led::Titled, false) => points > 0,
        (Led::Hinted, _) => points > 1,
        (Led::Bare, _) => points > 1,
    }
}

/// Whether token `i` is a short Asian name behind another word of a name: "Quang Vu", "Xavier Sa".
fn follows_syllable(document: &Document<'_>, i: usize) -> bool {
    if !syllable(document, i) {
        return false;
    }
    let before = i.checked_sub(1).filter(|p| document.is_word(*p) && document.same_line(*p, i));
    // "doan, cam tu, 55 ans".
    let flat = before.is_some_and(|p| document.has(p, Roles::SYLLABLE))
        && (document.ends_line(i) || document.get(i + 1).is_some_and(|t| t.kind == Kind::Sign));
    let capital = (document.cased(i) || flat || document.is_any(i, words!["le", "du", "la", "ta"]))
        && document.tokens[i].len > 1;
    capital
        && before.is_some_and(|p| {
            document.cased(i) && super::unlisted::strange(document, p) && document.has(i + 1, Roles::ACT)
                || document.tokens[p].foreign
                || document.has(p, Roles::SYLLABLE)
                || document.ends_line(i)
                || document
                    .get(i + 1)
                    .is_some_and(|t| t.kind == Kind::Sign && (t.sign != b':' || !document.has(i, ENDS)))
        })
}

/// The name that begins at token `i`: initials, particles and words in any order that French uses.
pub(crate) fn name(document: &Document<'_>, i: usize, led: Led) -> Option<Name> {
    let line = document.get(i)?.line;
    let (mut at, mut end, mut words, mut initials, mut comma) = (i, i, 0usize, 0usize, false);
    let limit = if document.cased(i) { 6 } else { 4 };
    let near = |t: &&Token, at: usize| t.line == line && (t.gap < 4 || at == i) && at < i + 48;
    while let Some(token) = document.get(at).filter(|t| near(t, at)) {
        if token.kind != Kind::Word || words + initials >= limit {
            if token.sign == b','
                && token.kind == Kind::Sign
                && !comma
                && words > 0
                && inverted(document, i, at)
            {
                comma = true;
                at += 1;
                continue;
            }
            break;
        }
        if let Some(next) = initial(document, at, led, words) {
            initials += 1;
            at = next;
            end = next;
            continue;
        }
        if let Some(next) = particles(document, at, led, words) {
            at = next;
            continue;
        }
        // "Patient: DUPONT Jean Sexe: M", "DUPONT Jean  GSM 0478/12.34.56": the next field's label.
        let field = document.is_sign(at + 1, b':')
            && (token.gap > 1 || document.has(at, Roles::NAME_LABEL.or(Roles::NOT_NAME)))
            || token.len > 1 && document.has(at, Roles::PHONE_LABEL) && document.is_number(at + 1);
        if words > 0 && field {
            break;
        }
        let surname = words + initials > 0 && closes_name(document, i, at, led);
        if !surname && !name_word(document, at, led, words == 0) {
            break;
        }
        words += 1;
        at = compound(document, at);
        end = at;
    }
    // An initial alone is no name, save after a title.
    (words > 0 || initials > 0 && led == Led::Titled).then_some(Name { start: i, end, words })
}

/// In text without case: whether the word at token `at`, after a sure first name and before the end of the
/// line or a sign, is its surname, though it is also a word.
fn closes_name(document: &Document<'_>, start: usize, at: usize, led: Led) -> bool {
    let token = &document.tokens[at];
    let borne = led == Led::Titled && token.lists.any(Lists::SURNAME_FREQUENT);
    let surname = !token.lists.any(Lists::STOP)
        && (borne || !token.lists.any(Lists::MEDICAL))
        && !token.roles.any(Roles::NOT_NAME.or(ENDS))
        && token.len > 2;
    let titled = led == Led::Titled;
    let first = (start..at).any(|j| {
        document.listed(j, Lists::FIRST_COMMON) && (titled || !document.listed(j, Lists::WORD))
            || titled && document.tokens[j].len == 1 && document.is_sign(j + 1, b'.')
    });
    let closed = document.ends_line(at)
        || document.get(at + 1).is_some_and(|t| t.kind == Kind::Sign && !matches!(t.sign, b'\''));
    (!document.cased(at) || token.shape == Shape::Lower && document.tokens[start].shape == Shape::Lower)
        && surname
        && first
        && closed
}

/// An initial at token `at` ("J.", "J.-P.", "A.M.", "JM"): the token after it and its dot.
fn initial(document: &Document<'_>, at: usize, led: Led, words: usize) -> Option<usize> {
    let token = document.get(at)?;
    let small = led == Led::Titled && words == 0 && document.is_sign(at + 1, b'.') && document.glued(at);
    let letter = token.len == 1 && (token.shape == Shape::Initial || small || !document.cased(at))
        || token.len == 2
            && document.is_any(at, words!["ch", "th", "ph", "fr", "jm", "jp", "jf", "jl", "jc", "mf"])
            && token.shape != Shape::Lower
            && document.is_sign(at + 1, b'.');
    if !letter
        || document.is_any(at, words!["d", "l", "n", "o", "m", "k"])
            && document.is_sign(at + 1, b'\'')
            && document.glued(at)
    {
        return None;
    }
    let mut dotted = document.is_sign(at + 1, b'.') && document.glued(at);
    let mut next = at + 1 + usize::from(dotted);
    while next < at + 12
        && document.is_sign(next, b'-')
        && document.glued(next - 1)
        && document.get(next + 1).is_some_and(|t| t.kind == Kind::Word && t.len == 1)
        && document.glued(next)
    {
        next += 2;
        if document.is_sign(next, b'.') && document.glued(next - 1) {
            dotted = true;
            next += 1;
        }
    }
    let followed = document.get(next).is_some_and(|t| {
        t.line == token.line
            && t.kind == Kind::Word
            && t.gap <= 2
            && (t.len > 1 && name_word(document, next, Led::Titled, true)
                || t.len == 1 && (document.is_sign(next + 1, b'.') || elided(document, next))
                || particles(document, next, led, words).is_some())
    });
    let closes = (words > 0 || led == Led::Titled && dotted)
        && (dotted || document.ends_line(at))
        && (document.ends_line(next - 1)
            || !document.get(next).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower));
    // Without a dot, a lone letter in small text is a word ("a", "y").
    let flat = !document.cased(at) && !dotted;
    (followed && !flat || closes && (dotted || !flat && led > Led::Bare)).then_some(next)
}

/// Particles at token `at` that lead on to a word of the name: the token after them.
fn particles(document: &Document<'_>, at: usize, led: Led, words: usize) -> Option<usize> {
    let mut next = at;
    while document.has(next, Roles::PARTICLE) && next < at + 3 && document.same_line(next, at) {
        next += 1;
        let elided = document.is_sign(next, b'\'') && document.glued(next - 1);
        let hyphened = document.is_sign(next, b'-') && document.glued(next - 1) && document.glued(next);
        let dotted = document.is_sign(next, b'.') && document.is_any(next - 1, words!["st", "ste", "v"]);
        next += usize::from(elided || hyphened || dotted);
    }
    if next == at
        || !document.same_line(next, at)
        || led == Led::Bare
            && words == 0
            && document
                .is_any(at, words!["de", "du", "des", "d", "la", "le", "les", "l", "en", "in", "y", "a"])
    {
        return None;
    }
    let word = document.get(next).filter(|t| t.kind == Kind::Word && t.len > 1)?;
    let capital = !document.cased(at) || word.shape != Shape::Lower;
    let fits = if document.cased(at) {
        capital && name_word(document, next, led.max(Led::Hinted), false)
    } else {
        let elided = document.is(at, word!("d"))
            && document.is_sign(at + 1, b'\'')
            && led == Led::Titled
            && !word.lists.any(Lists::WORD | Lists::STOP)
            && word.len > 2;
        (score(document, next) > 0 || elided)
            && (words == 0 || document.tokens[at].len > 1 || elided)
            && !document.listed(next, Lists::MEDICAL)
    };
    // "le Dr Dupont de Mons".
    let home = words > 0
        && document.is(at, word!("de"))
        && (word.place > 1 && !word.lists.any(Lists::FIRST_COMMON)
            || word.lists.any(Lists::PLACE_BELGIAN | Lists::PLACE_BIG)
                && (!word.lists.any(Lists::SURNAME_FREQUENT | Lists::FIRST_COMMON)
                    || (document.tokens[at].shape == Shape::Lower || !document.cased(at))
                        && word.lists.any(Lists::PLACE_BIG)
                        && !word.lists.any(Lists::FIRST_COMMON | Lists::WORD)));
    let town = home || words > 0 && document.is_any(at, words!["a", "en", "in"]);
    let title = word.roles.any(Roles::TITLE) && word.len > 1 && led == Led::Bare;
    (fits && !town && !title && !word.roles.any(ENDS)).then_some(next)
}

/// The end of a word with what is joined to it: "Jean-Pierre", "N'Guessan", "D'Hondt".
pub(crate) fn compound(document: &Document<'_>, i: usize) -> usize {
    let mut end = i + 1;
    while end < i + 12
        && document
            .get(end)
            .is_some_and(|t| t.kind == Kind::Sign && matches!(t.sign, b'-' | b'\'') && t.gap == 0)
        && document.glued(end)
        && document.is_word(end + 1)
    {
        end += 2;
    }
    end
}

/// Whether a comma at token `at` stands between a surname and a first name.
fn inverted(document: &Document<'_>, start: usize, at: usize) -> bool {
    let Some(next) =
        document.get(at + 1).filter(|t| t.kind == Kind::Word && t.line == document.tokens[at].line)
    else {
        return false;
    };
    let first = next.lists.any(Lists::FIRST)
        && !document.has(at + 1, Roles::NOT_NAME)
        && !document.is_number(at + 2)
        && !next.lists.any(Lists::STOP);
    let written = !document.cased(at) || next.shape != Shape::Lower;
    let after = document.get(compound(document, at + 1));
    let closes = after
        .is_none_or(|t| t.line != next.line || t.kind != Kind::Word || t.shape == Shape::Lower || t.gap > 2);
    let capitals = document.tokens[start..at]
        .iter()
        .filter(|t| t.kind == Kind::Word)
        .all(|t| t.shape == Shape::Upper || !document.cased(start));
    first
        && written
        && closes
        && (capitals || next.lists.any(Lists::FIRST_COMMON) && !next.lists.any(Lists::WORD))
}
