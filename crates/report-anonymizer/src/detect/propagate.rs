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
    for span in spans.iter().filter(|span| span.category == Category::Person && span.confidence >= 0.82) {
        while document.get(token).is_some_and(|t| (t.end as usize) <= span.start) {
            token += 1;
        }
        let mut at = token;
        while let Some(word) = document.get(at).filter(|t| (t.start as usize) < span.end) {
            let usable = word.kind == Kind::Word
                && word.len > 2
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
    if names.is_empty() {
        return;
    }
    for (i, token) in document.tokens.iter().enumerate() {
        let small = document.mixed() && token.shape == Shape::Lower;
        if token.kind != Kind::Word || token.len < 3 || small || document.is_guarded(i) {
            continue;
        }
        let Some(role) = names.get(&token.hash) else { continue };
        let written = !document.mixed()
            || token.shape != Shape::Lower
                && (!token.lists.any(Lists::WORD)
                    || token.shape == Shape::Upper && document.cased(i)
                    || i > 0
                        && document.same_line(i - 1, i)
                        && !document.is_sign(i - 1, b'.')
                        && !document.is_sign(i - 1, b':'));
        if written {
            let mut span = Span::new(document.bytes(i, i + 1), Category::Person, "seen_before", 0.6);
            span.role = *role;
            found.push(span);
        }
    }
}
