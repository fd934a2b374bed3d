use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::{Name, compound, particled};
use super::unlisted::{NEVER, joined, medical_form};

/// What a run of words is that stands where only a person can.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Words, initials apart.
    pub(crate) words: usize,
    /// Words that no list knows as words.
    pub(crate) strange: usize,
    /// Words that are short Asian names, whatever else they are.
    pub(crate) syllables: usize,
    /// Words that are first names too.
    pub(crate) first: usize,
    /// Words that many bear as a surname.
    pub(crate) frequent: usize,
    pub(crate) initials: usize,
    /// Words of the language that are no known names.
    pub(crate) plain: usize,
}

impl Run {
    /// The run as a name.
    pub(crate) fn name(&self) -> Name {
        Name { start: self.start, end: self.end, words: self.words.max(1) }
    }

    /// Whether it is more than words of the language.
    pub(crate) fn tells(&self) -> bool {
        self.strange + self.syllables + self.first > 0 || self.initials > 0 && self.words > 0
    }

    /// Words and initials.
    pub(crate) fn parts(&self) -> usize {
        self.words + self.initials
    }
}

/// The longest run of words from token `i` on that can all be parts of a name.
pub(crate) fn read(document: &Document<'_>, i: usize) -> Option<Run> {
    reading(document, i, false)
}

/// As [`read`], where no word of medicine can stand, so that one that many bear as a name is a name.
pub(crate) fn read_sure(document: &Document<'_>, i: usize) -> Option<Run> {
    reading(document, i, true)
}

fn reading(document: &Document<'_>, i: usize, sure: bool) -> Option<Run> {
    let mut run = Run { start: i, end: i, ..Run::default() };
    let mut at = i;
    while run.words + run.initials < 6
        && at < i + 24
        && document.same_line(at, i)
        && document.get(at).is_some_and(|t| t.kind == Kind::Word && (t.gap < 3 || at == i))
    {
        let token = &document.tokens[at];
        // "Ying He." ends a sentence; "Ch. Dupont" does not.
        let two = token.len < 2
            || document.is_any(at, words!["ch", "th", "ph", "fr", "jm", "jp", "jf", "jl", "jc", "mf"])
            || document.cased(at)
                && token.shape == Shape::Upper
                && document.get(at + 2).is_some_and(|t| t.kind == Kind::Word && t.line == token.line);
        if token.len <= 2
            && two
            && document.is_sign(at + 1, b'.')
            && document.glued(at)
            && (token.shape != Shape::Lower || !document.cased(at))
        {
            run.initials += 1;
            at += 2;
            if document.is_sign(at, b'-') && document.glued(at - 1) && document.glued(at) {
                at += 1;
            }
            run.end = at;
            continue;
        }
        if particle(document, at) {
            let joined = document.get(at + 1).is_some_and(|t| t.kind == Kind::Sign);
            at += 1 + usize::from(joined);
            continue;
        }
        let known = run.first > 0;
        if !plausible(document, at) {
            if !(sure && (borne(document, at, known) || loose(document, at) && run.plain == 0)) {
                break;
            }
            run.plain += 1;
        }
        let end = compound(document, at);
        run.words += 1;
        run.strange += usize::from((at..end).any(|j| foreign(document, j)));
        run.syllables += usize::from(syllable(document, at));
        run.first += usize::from(document.listed(at, Lists::FIRST) && !document.listed(at, Lists::STOP));
        run.frequent += usize::from(document.listed(at, Lists::SURNAME_FREQUENT));
        at = end;
        run.end = at;
    }
    // "J. " ends with the sign behind the letter, not with a hyphen.
    while run.end > i && document.is_sign(run.end - 1, b'-') {
        run.end -= 1;
    }
    let others = run.strange + run.first + run.syllables + run.initials + run.frequent;
    (run.words > 0 && (run.plain == 0 || others > 0)).then_some(run)
}

/// Whether a sign, a wide gap or the end of the line closes a run.
pub(crate) fn closed(document: &Document<'_>, run: &Run) -> bool {
    document.ends_line(run.end - 1)
        || document.get(run.end).is_some_and(|t| {
            t.gap > 3
                || t.kind == Kind::Sign && (b",;(<|/.[&+".contains(&t.sign) || t.sign == b'-' && t.gap > 0)
        })
        || document.is_any(run.end, words!["et", "le"])
        || document.is(run.end, word!("de"))
            && document.is_any(run.end + 1, words!["sa", "son", "ses", "votre", "leur"])
}

/// Whether token `at` is a particle that leads on to a word of the name.
fn particle(document: &Document<'_>, at: usize) -> bool {
    let next = at + 1 + usize::from(document.get(at + 1).is_some_and(|t| t.kind == Kind::Sign));
    let joined = next == at + 1
        || (document.is_sign(at + 1, b'\'') || document.is_sign(at + 1, b'-')) && document.glued(at);
    // "dr kalombo de longueuil".
    let home = document.is(at, word!("de"))
        && document
            .get(next)
            .is_some_and(|t| t.place > 1 || t.lists.any(Lists::PLACE_BELGIAN | Lists::PLACE_BIG));
    document.has(at, Roles::PARTICLE)
        && !home
        && !syllable(document, at)
        && document.tokens[at].lists.0 & Lists::FIRST_COMMON == 0
        && joined
        && document.same_line(at, next)
        && document.get(next).is_some_and(|t| t.gap < 3)
        && (document.has(next, Roles::PARTICLE) && next == at + 1 || plausible(document, next))
}

/// Whether token `i` is a word of medicine that is a common name, written with a capital: "Pascal", "MARIN".
fn borne(document: &Document<'_>, i: usize, known: bool) -> bool {
    let token = &document.tokens[i];
    let verb = !document.cased(i) && token.roles.any(Roles::ACT);
    (known && !document.cased(i) || document.cased(i) && token.shape != Shape::Lower)
        && !verb
        && token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT)
        && !token.lists.any(Lists::STOP)
        && !token.roles.any(NEVER.or(Roles::MAIDEN))
}

/// Whether token `i` is a word of the language that another part of a name can make one: "Elira Shala".
fn loose(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    let capital = document.cased(i) && token.shape == Shape::Capital;
    // First names of Congo: "Papy Kyungu", "Patient Ilunga".
    let called = capital && document.is_any(i, words!["papy", "mamie", "maman", "patient"]);
    let borne = document.cased(i) || token.lists.any(Lists::FIRST | Lists::SURNAME);
    token.len > 2
        && (token.shape != Shape::Lower || !document.cased(i))
        && (borne || document.is(i, word!("cote")))
        && (!token.lists.any(Lists::STOP) || capital && document.is(i, word!("cote")))
        && (capital || !token.lists.any(Lists::MEDICAL))
        && (called || !token.roles.any(NEVER.or(Roles::MAIDEN)))
        && (capital || !token.roles.any(Roles::ACT))
        && !document.is_guarded(i)
}

/// Whether no list knows token `i` as a word, and nothing speaks against a name.
pub(crate) fn foreign(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    token.kind == Kind::Word
        && token.len > 1
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
        && !token.roles.any(NEVER)
}

/// Whether token `i` is one of the short names of Asia that French writes as words: "Vu", "Mai", "Hui".
pub(crate) fn syllable(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i) else { return false };
    if token.len == 2 && document.is_any(i, words!["le", "du", "la", "ta"]) {
        // "Francisca Le :", "LE Yen": an article stands before no sign.
        let next = document.get(i + 1).filter(|_| document.same_line(i, i + 1));
        let shape = document.tokens[i].shape;
        let signed = next.is_some_and(|t| t.kind == Kind::Sign && b",.;:)(|<".contains(&t.sign));
        let named =
            i > 0 && document.listed(i - 1, Lists::FIRST | Lists::SURNAME) && document.same_line(i - 1, i);
        let chained = |j: usize| document.has(j, Roles::SYLLABLE) && document.same_line(i, j);
        return if !document.cased(i) && i > 0 && document.is_sign(i - 1, b':') && chained(i + 1) {
            // "patient: ta kim chi".
            chained(i + 2) || document.ends_line(i + 1)
        } else if document.cased(i) && shape == Shape::Lower {
            false
        } else if document.cased(i) && shape == Shape::Upper {
            next.is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital)
        } else {
            signed || next.is_none() && (named || document.cased(i))
        };
    }
    token.roles.any(Roles::SYLLABLE)
        && token.kind == Kind::Word
        && (token.shape != Shape::Lower || !token.cased)
        // "To: X" heads a message.
        && !(token.begins && document.is_sign(i + 1, b':'))
}

/// Whether token `i` can be a word of a name that fills its place.
pub(crate) fn plausible(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let cased = document.cased(i);
    if cased && token.shape == Shape::Lower || document.is_guarded(i) || document.is_sign(i + 1, b'^') {
        return false;
    }
    let halves = cased
        && token.shape == Shape::Capital
        && document.get(i + 2).is_some_and(|t| t.shape == Shape::Lower)
        && !document.has(i, NEVER)
        && joined(document, i);
    if syllable(document, i) || particled(document, i) || halves {
        return true;
    }
    // "N'Guessan", "O'Connor".
    if token.len == 1 {
        return document.is_sign(i + 1, b'\'')
            && document.glued(i)
            && document.glued(i + 1)
            && document.get(i + 2).is_some_and(|t| {
                t.kind == Kind::Word
                    && t.len > 2
                    && !t.lists.any(Lists::STOP | Lists::MEDICAL)
                    && (cased && t.shape != Shape::Lower || !t.lists.any(Lists::WORD))
            })
            && document.is_any(i, words!["n", "o", "m", "k", "t", "d", "l"]);
    }
    // "famille : X, joignable au".
    if token.roles.any(Roles::PHONE_LABEL) && !token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT)
    {
        return false;
    }
    let named = token.lists.any(Lists::FIRST | Lists::SURNAME);
    let verb = !cased && token.roles.any(Roles::ACT) && !token.lists.any(Lists::FIRST_COMMON);
    !verb
        && !token.roles.any(NEVER.or(Roles::MAIDEN))
        && !token.lists.any(Lists::STOP | Lists::MEDICAL)
        && (named || !token.lists.any(Lists::WORD))
        && (named || !medical_form(document.folded(i)))
}
