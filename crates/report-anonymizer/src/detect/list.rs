use crate::document::{Document, Kind};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::lead::{Lead, lead};
use super::name::{Led, Name, name};
use super::unlisted::{alone, last_word, strange, word_name};

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
