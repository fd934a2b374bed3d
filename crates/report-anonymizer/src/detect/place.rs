use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

/// The longest name of a place in the lexicon that begins at token `i`: its end.
pub(crate) fn lexicon_place(document: &Document<'_>, i: usize) -> Option<usize> {
    let length = document.get(i)?.place;
    (length > 0).then(|| i + usize::from(length))
}

/// How many tokens the longest name of a place in the lexicon that begins at token `i` has, 0 for none.
pub(crate) fn longest(document: &Document<'_>, i: usize) -> u8 {
    let Some(token) = document.get(i).filter(|t| t.lists.any(Lists::PLACE | Lists::PLACE_START)) else {
        return 0;
    };
    let mut best = u8::from(token.lists.any(Lists::PLACE));
    if token.lists.any(Lists::PLACE_START) {
        let (mut hash, mut at) = (token.hash, i + 1);
        for _ in 0..8 {
            let joint = document
                .get(at)
                .is_some_and(|t| t.kind == Kind::Sign && matches!(t.sign, b'-' | b'\'' | b'/'))
                && document.same_line(at, i);
            let next = if joint { at + 1 } else { at };
            let Some(word) =
                document.get(next).filter(|t| t.kind == Kind::Word && t.line == token.line && t.gap <= 1)
            else {
                break;
            };
            // In text with case, only short words stand small in a name.
            if word.shape == Shape::Lower && !joint && word.len > 4 && document.cased(i) {
                break;
            }
            hash = crate::hash::join(hash, word.hash);
            at = next + 1;
            if crate::lexicon::look_up(hash).any(Lists::PLACE) {
                best = (at - i) as u8;
            }
        }
    }
    best
}

/// The name of a place that begins at token `i`, known or not, where the context already says that it is
/// one: its end.
pub(crate) fn place(document: &Document<'_>, i: usize) -> Option<usize> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    let known = lexicon_place(document, i);
    let cased = document.cased(i);
    if cased && token.shape == Shape::Lower && known.is_none()
        || token.roles.any(Roles::TITLE) && known.is_none() && token.len < 4
    {
        return None;
    }
    let mut end = i;
    let mut words = 0;
    while let Some(next) = document.get(end).filter(|t| t.line == token.line && t.gap <= 1 && end < i + 24) {
        let particle = document.is_any(
            end,
            words![
                "de", "du", "des", "d", "la", "le", "les", "l", "sur", "sous", "lez", "en", "aux", "a", "et",
                "st", "ste", "saint", "sainte", "s",
            ],
        );
        let hyphened = end > i && document.is_sign(end - 1, b'-') && document.glued(end - 1);
        if next.kind == Kind::Word {
            let capital = next.shape != Shape::Lower;
            let bridge = particle
                && document.get(end + 1).is_some_and(|t| {
                    t.line == token.line
                        && (t.kind == Kind::Sign && matches!(t.sign, b'-' | b'\'') && t.gap == 0
                            || t.kind == Kind::Word
                                && (cased && t.shape != Shape::Lower || !cased && words == 0))
                });
            let led_on = !cased
                && words == 0
                && end > i
                && document.is_any(end - 1, words!["la", "le", "les", "saint", "sainte", "st", "ste"]);
            let goes_on = hyphened
                || led_on
                || end == i
                || cased
                    && capital
                    && !next.roles.any(
                        Roles::NAME_LABEL
                            .or(Roles::PHONE_LABEL)
                            .or(Roles::ID_LABEL)
                            .or(Roles::TITLE)
                            .or(Roles::COUNTRY),
                    )
                    && words < 3
                || bridge && (cased || hyphened || end == i);
            if !goes_on {
                break;
            }
            words += usize::from(!particle);
        } else if !(next.kind == Kind::Sign
            && matches!(next.sign, b'-' | b'\'')
            && next.gap == 0
            && document.glued(end)
            && document.is_word(end + 1))
        {
            break;
        }
        end += 1;
        if !cased
            && words > 0
            && known.is_some_and(|known| end >= known)
            && !(document.is_sign(end, b'-') && document.glued(end) && document.glued(end - 1))
        {
            break;
        }
    }
    let mut end = end.max(known.unwrap_or(i));
    while end > i
        && (document.tokens[end - 1].kind == Kind::Sign
            || document.is_any(end - 1, words!["de", "du", "des", "d", "sur", "sous", "et", "a", "en"])
                && end > i + 1)
    {
        end -= 1;
    }
    if document.is(end, word!("cedex")) && document.same_line(end, i) {
        end += 1;
        if document.is_number(end) && document.same_line(end, i) && document.tokens[end].len <= 2 {
            end += 1;
        }
    }
    (end > i && (words > 0 || known.is_some())).then_some(end)
}

/// Whether the lexicon knows tokens `start..end`, or the first of them, as a place.
pub(crate) fn is_known_place(document: &Document<'_>, start: usize, end: usize) -> bool {
    lexicon_place(document, start).is_some_and(|known| known <= end)
}

/// Past signs between a code and its town.
pub(crate) fn first_word(document: &Document<'_>, mut i: usize) -> usize {
    let limit = i + 4;
    while i < limit && document.get(i).is_some_and(|t| t.kind == Kind::Sign) {
        i += 1;
    }
    i
}
