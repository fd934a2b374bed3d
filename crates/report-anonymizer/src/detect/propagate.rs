use crate::document::{Document, Kind, Shape};
use crate::hash::WordMap;
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

/// Finds again, anywhere in the text, the names that were found with certainty: a surname that a title
/// gave away on one line stands without one on another. Eponyms stay guarded.
pub(crate) fn propagate(document: &Document<'_>, spans: &[Span], found: &mut Vec<Span>) {
    let mut names: WordMap<Option<Role>> = WordMap::default();
    let mut token = 0;
    for span in spans.iter().filter(|span| span.category == Category::Person && span.confidence >= 0.715) {
        while document.get(token).is_some_and(|t| (t.end as usize) <= span.start) {
            token += 1;
        }
        let mut at = token;
        while let Some(word) = document.get(at).filter(|t| (t.start as usize) < span.end) {
            let usable = word.kind == Kind::Word
                && (word.len > 2
                    || word.len == 2
                        && word.shape == Shape::Capital
                        && word.lists.any(Lists::SURNAME)
                        && !word.roles.any(Roles::UNIT))
                && !word.lists.any(Lists::STOP)
                && !word.roles.any(Roles::PARTICLE.or(Roles::TITLE).or(Roles::NOT_NAME));
            // In text without case, a name that is also a word is not looked for.
            if usable && (document.mixed() || !word.lists.any(Lists::WORD)) {
                let role = names.entry(word.hash).or_insert(span.role);
                if span.role == Some(Role::Patient) {
                    *role = span.role;
                }
            }
            at += 1;
        }
    }
    addressed(document, spans, &mut names);
    if names.is_empty() {
        return;
    }
    for (i, token) in document.tokens.iter().enumerate() {
        let small = document.mixed() && token.shape == Shape::Lower;
        if token.kind != Kind::Word || token.len < 2 || small || document.is_guarded(i) {
            continue;
        }
        let Some(role) = names.get(&token.hash) else { continue };
        let word = token.lists.any(Lists::WORD);
        let written = !document.mixed()
            || !word
            || token.shape == Shape::Upper && document.cased(i)
            || i > 0
                && document.same_line(i - 1, i)
                && !document.is_sign(i - 1, b'.')
                && !document.is_sign(i - 1, b':')
            // "Merveille signale que": a first name that is a word too.
            || token.lists.any(Lists::FIRST) && document.has(i + 1, Roles::ACT);
        if written {
            let (start, end) = joined(document, i);
            let mut span = Span::new(document.bytes(start, end), Category::Person, "seen_before", 0.6);
            span.role = *role;
            found.push(span);
        }
    }
}

/// Token `i` with the capital words that hyphens join to it: "Bouchard-Côté".
fn joined(document: &Document<'_>, i: usize) -> (usize, usize) {
    let (mut start, mut end) = (i, i + 1);
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower && t.len > 1)
            && document.cased(i)
    };
    while end < i + 5
        && document.is_sign(end, b'-')
        && document.glued(end - 1)
        && document.glued(end)
        && (capital(end + 1) || document.is_word(end + 1) && !document.listed(end + 1, Lists::WORD))
    {
        end += 2;
    }
    while start > 1
        && start + 4 > i
        && document.is_sign(start - 1, b'-')
        && document.glued(start - 1)
        && document.glued(start - 2)
        && capital(start - 2)
    {
        start -= 2;
    }
    // "Van Nieuwenhuyse", "Văn Minh", "wa Tshibangu".
    let particle = |j: usize| {
        document.has(j, Roles::PARTICLE)
            && document.tokens[j].len > 1
            && document.cased(i)
            && (document.tokens[j].shape != Shape::Lower && !document.has(j, Roles::TITLE)
                || document.is_any(
                    j,
                    words!["van", "von", "der", "den", "el", "al", "ben", "da", "dos", "di", "wa"],
                ))
    };
    while start > 0 && start + 4 > i && document.same_line(start - 1, i) && particle(start - 1) {
        start -= 1;
    }
    (start, end)
}

/// The names in mail addresses: "prenom.nom@".
fn addressed(document: &Document<'_>, spans: &[Span], names: &mut WordMap<Option<Role>>) {
    for span in spans.iter().filter(|span| span.category == Category::Email) {
        let first = document.tokens.partition_point(|t| (t.start as usize) < span.start);
        let local = document.tokens[first..]
            .iter()
            .take_while(|t| (t.end as usize) <= span.end && !(t.kind == Kind::Sign && t.sign == b'@'))
            .filter(|t| {
                t.kind == Kind::Word && t.len > 3 && !t.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
            })
            .filter(|t| t.roles == Roles::default());
        for token in local {
            names.entry(token.hash).or_insert(None);
        }
    }
}
