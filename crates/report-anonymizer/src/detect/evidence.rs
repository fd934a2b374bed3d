use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

use super::marks::initials;
use super::name::{compound, elided};
use super::points::{Traits, weight};
use super::run::syllable;
use super::traits::traits;
use super::unlisted::{NEVER, prefix};

/// Words that no rule has settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unsettled {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where its first word of more than a letter is.
    pub(crate) head: usize,
}

/// Weighs what speaks for and against a name in the words that `spans` leave uncovered, and adds those for which more
/// speaks than against.
pub(crate) fn evidence(document: &Document<'_>, spans: &[Span], found: &mut Vec<Span>) {
    let settled = Settled::new(document, spans);
    let mut i = 0;
    while i < document.tokens.len() {
        // Most words are settled, or words of the language: they need not be read any further.
        let token = &document.tokens[i];
        let plain = token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
            && (token.shape == Shape::Lower
                || token.len > 3 && !token.lists.any(Lists::FIRST | Lists::SURNAME) && !token.foreign)
            && !token.roles.any(Roles::PARTICLE);
        if token.kind != Kind::Word || plain || settled.of(i).is_some() {
            i += 1;
            continue;
        }
        if let Some(name) = initials(document, &settled, i) {
            let range = document.bytes(name.start, name.end);
            found.push(Span::new(range, Category::Person, "dictation_marks", 0.7).with_role(Role::Clinician));
            i = name.end;
            continue;
        }
        let Some(words) = unsettled(document, &settled, i) else {
            i += 1;
            continue;
        };
        let traits = traits(document, &settled, &words);
        let points = weight(traits);
        if points > 0 {
            found.push(span(document, &words, traits, points));
        }
        i = words.end;
    }
}

/// What a rule has found each token to be part of.
#[derive(Debug)]
pub(crate) struct Settled(Vec<Option<Category>>);

impl Settled {
    fn new(document: &Document<'_>, spans: &[Span]) -> Self {
        let mut tokens = vec![None; document.tokens.len()];
        for span in spans {
            let first = document.tokens.partition_point(|t| (t.end as usize) <= span.start);
            let within =
                document.tokens[first..].iter().take_while(|t| (t.start as usize) < span.end).count();
            tokens[first..first + within].fill(Some(span.category));
        }
        // What an earlier run has replaced is settled as well.
        for (i, token) in document.tokens.iter().enumerate() {
            if token.kind == Kind::Sign
                && token.end > token.start + 1
                && i > 0
                && document.is_sign(i - 1, b'<')
            {
                let text = document.text_of(i);
                tokens[i] = tokens[i].or(Category::ALL.into_iter().find(|category| category.name() == text));
            }
        }
        Self(tokens)
    }

    /// What token `i` is part of.
    pub(crate) fn of(&self, i: usize) -> Option<Category> {
        self.0.get(i).copied().flatten()
    }
}

fn span(document: &Document<'_>, words: &Unsettled, traits: Traits, points: i32) -> Span {
    let range = document.bytes(words.start, words.end);
    // The more speaks for it, the surer: from 0.55 to 0.74.
    let confidence = 0.55 + 0.19 * (points as f32 / 60.0).min(1.0);
    if traits.place() {
        Span::new(range, Category::Location, "evidence", confidence)
    } else {
        Span::new(range, Category::Person, "evidence", confidence).with_role(Role::Other)
    }
}

/// The words from token `i` on that could be a name and that no rule has settled.
pub(crate) fn unsettled(document: &Document<'_>, settled: &Settled, i: usize) -> Option<Unsettled> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    let free = |j: usize| settled.of(j).is_none();
    if i > 0
        && document.glued(i - 1)
        && (document.is_sign(i - 1, b'-') || document.tokens[i - 1].kind != Kind::Sign)
    {
        return None;
    }
    let (mut head, mut start) = (i, i);
    // "R Marchandeau", "P. A. Chauvin".
    if token.len == 1 && token.shape == Shape::Initial && !elided(document, i) {
        for _ in 0..3 {
            if document.get(head).is_some_and(|t| t.len == 1 && t.shape == Shape::Initial) && free(head) {
                head += 1 + usize::from(document.is_sign(head + 1, b'.') && document.glued(head));
                head += usize::from(document.is_sign(head, b'-') && document.glued(head - 1));
            }
        }
        if !document.same_line(i, head) || document.get(head).is_none_or(|t| t.gap > 2) {
            return None;
        }
    }
    // "du Plessis", "De la Vega", "El Hage".
    while head < i + 4
        && document.has(head, Roles::PARTICLE)
        && !possible(document, head)
        && free(head)
        && document.same_line(i, head + 1)
        && document.get(head + 1).is_some_and(|t| t.gap < 3)
    {
        head += 1;
        head += usize::from(document.is_sign(head, b'\'') && document.glued(head - 1));
    }
    if !possible(document, head) || !free(head) {
        return None;
    }
    let small = document.tokens[head].shape == Shape::Lower;
    let like = |j: usize| {
        free(j)
            && possible(document, j)
            && document.same_line(i, j)
            && (document.tokens[j].shape == Shape::Lower) == small
            && document.tokens[j].gap < 3
    };
    let mut end = compound(document, head).max(head + 1);
    while end < i + 16 {
        if like(end) && document.tokens[end].gap > 0 {
            end = compound(document, end);
        } else if document.has(end, Roles::PARTICLE) && document.tokens[end].gap > 0 && like(end + 1) {
            end = compound(document, end + 1);
        } else {
            break;
        }
    }
    // "Massart F", "Hébrard J.-P."
    while document.get(end).is_some_and(|t| {
        t.kind == Kind::Word && t.len == 1 && t.shape == Shape::Initial && t.gap == 1 && free(end) && !small
    }) && document.same_line(i, end)
        && (document.ends_line(end)
            || document
                .get(end + 1)
                .is_some_and(|t| t.kind == Kind::Sign || t.gap > 0 && t.kind == Kind::Number || t.gap > 1))
        && !document.is_sign(end + 1, b'\'')
        && document.tokens[head].len > if document.tokens[head].shape == Shape::Upper { 4 } else { 3 }
        && end < i + 20
    {
        end += 1 + usize::from(
            document.is_sign(end + 1, b'.') && document.glued(end) && !document.ends_line(end + 1),
        );
    }
    // "Rad=MERTENS": a key names nobody.
    if document.is_sign(end, b'=') {
        return None;
    }
    // "de" belongs to a name only where no noun stands before it.
    if head > start && document.tokens[start].shape == Shape::Lower {
        let after_noun = i > 0
            && document.same_line(i - 1, i)
            && document.get(i - 1).is_some_and(|t| {
                t.kind == Kind::Word
                    && !document.is_any(i - 1, words!["par", "avec", "et", "a", "pour", "chez"])
            });
        if after_noun {
            start = head;
        }
    }
    Some(Unsettled { start, end, head })
}

/// Whether token `i` could be a word of a name: it is written like one, or no list knows it as a word.
fn possible(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let lists = token.lists;
    let word = lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP);
    if word && !lists.any(Lists::FIRST | Lists::SURNAME) && !token.foreign {
        return false;
    }
    let roman = words![
        "ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "ia", "ib", "iia", "iib", "iiia", "iiib"
    ];
    if token.roles.any(NEVER.or(Roles::UNIT).or(Roles::MAIDEN))
        || document.is_guarded(i)
        || document.is_any(i, roman)
    {
        return false;
    }
    if token.shape == Shape::Lower || !document.cased(i) {
        if prefix(document, i) {
            return false;
        }
        return !word && token.len > 2 && !token.roles.any(Roles::ACT.or(Roles::PHONE_LABEL));
    }
    elided(document, i)
        || token.len > 1
            && !lists.any(Lists::STOP)
            && (!lists.any(Lists::MEDICAL) || lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT))
        || syllable(document, i)
}
