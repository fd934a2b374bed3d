use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::{Led, Name, name, reads_as_word, score};

/// A name that its place in the text shows: a surname and a first name at the
/// head of a line, a name with an age, a first name that does something, a name after the closing words.
pub(crate) fn standing(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = *document.get(i)?;
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
                || document.tokens[end].gap > 2
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
            let dated = document.same_line(at, i)
                && at > name.end
                && super::calendar::numeric(document, at).is_some_and(|written| written.is_full());
            let acting = acts(document, name.end) && document.same_line(name.end, i);
            if (aged || dated || acting) && free && total >= 2 {
                return Some((name, Role::Patient, "name_at_head", 0.83));
            }
        }
    }
    let opens = document.begins_line(i) || document.is_sign(i - 1, b'.') && !document.glued(i - 1);
    if opens
        && acts(document, i + 1)
        && document.same_line(i, i + 1)
        && token.shape == Shape::Capital
        && token.lists.any(Lists::FIRST_COMMON)
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::PLACE)
    {
        return Some((Name { start: i, end: i + 1, words: 1 }, Role::Patient, "first_name_acts", 0.8));
    }
    let closing = i > 1
        && document.is_sign(i - 1, b',')
        && document.tokens[i].line <= document.tokens[i - 2].line + 1
        && document.is_any(
            i - 2,
            words![
                "merci",
                "avance",
                "bises",
                "toi",
                "cordialement",
                "amities",
                "amicalement",
                "confraternellement",
                "vous",
                "salutations",
                "bientot",
                "journee",
                "soiree",
                "semaine",
                "courage",
            ],
        );
    // "Cher Paul," opens a letter.
    let greeted = i > 0
        && document.is_any(i - 1, words!["cher", "chere", "bonjour", "salut", "coucou", "hello"])
        && document.same_line(i - 1, i)
        && document.is_sign(i + 1, b',')
        && token.shape == Shape::Capital
        && !token.roles.any(Roles::TITLE.or(Roles::JOB));
    if greeted {
        return Some((Name { start: i, end: i + 1, words: 1 }, Role::Clinician, "greeting", 0.83));
    }
    let alone = document.begins_line(i) && document.ends_line(i);
    if closing && token.shape == Shape::Capital && (alone || token.lists.any(Lists::FIRST | Lists::SURNAME)) {
        let name = name(document, i, Led::Hinted)?;
        let ends = document.ends_line(name.end - 1);
        return ends.then_some((name, Role::Clinician, "closing", 0.83));
    }
    None
}

/// Whether token `i` is a verb of what patients do.
fn acts(document: &Document<'_>, i: usize) -> bool {
    document.has(i, Roles::ACT)
}
