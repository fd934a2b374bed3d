use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::calendar::{numeric, textual};

/// Streets with their numbers, postal codes and towns.
#[derive(Debug)]
pub(crate) struct Addresses;

impl Detector for Addresses {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        // The token after the last street: a postal code may follow it.
        let mut after_street = usize::MAX;
        while i < document.tokens.len() {
            if let Some((start, end, confidence)) = street(document, i) {
                found.push(Span::new(document.bytes(start, end), Category::Location, "street", confidence));
                after_street = end;
                i = end;
                continue;
            }
            if let Some((code, town, end)) = postal_code(document, i, after_street) {
                found.push(Span::new(document.bytes(code, town), Category::Location, "postal_code", 0.95));
                if end > town {
                    found.push(Span::new(
                        document.bytes(first_word(document, town), end),
                        Category::Location,
                        "town_after_code",
                        0.95,
                    ));
                }
                i = end.max(town).max(i + 1);
                continue;
            }
            if let Some((start, end, rule, confidence)) = town(document, i) {
                found.push(Span::new(document.bytes(start, end), Category::Location, rule, confidence));
                i = end;
                continue;
            }
            i += 1;
        }
    }
}

/// Past signs between a code and its town.
fn first_word(document: &Document<'_>, mut i: usize) -> usize {
    let limit = i + 4;
    while i < limit && document.get(i).is_some_and(|t| t.kind == Kind::Sign) {
        i += 1;
    }
    i
}

/// The street whose kind stands at token `i` ("rue", "avenue"): first token, end, confidence.
fn street(document: &Document<'_>, i: usize) -> Option<(usize, usize, f32)> {
    let token = document.get(i)?;
    let strong = token.roles.any(Roles::STREET);
    if !strong && !token.roles.any(Roles::STREET_WEAK) && !is_dutch_street(document, i) {
        return None;
    }
    let dutch = is_dutch_street(document, i);
    let (start, mut numbered) = number_before(document, i);
    let mut at = i + 1;
    if document.is_sign(at, b'.') && token.len <= 4 && document.glued(i) {
        at += 1;
    }
    let name_start = at;
    let mut named = dutch;
    let mut words = 0;
    let cased = document.cased(i);
    while let Some(next) = document.get(at).filter(|t| t.line == token.line && t.gap <= 2 && at < i + 24) {
        if next.kind == Kind::Word {
            let particle = document.is_any(
                at,
                &[
                    "de", "du", "des", "d", "la", "le", "les", "l", "aux", "a", "au", "et", "en", "sur",
                    "sous",
                ],
            );
            let capital = next.shape != Shape::Lower;
            if particle
                && !(cased
                    && document.is_any(at, &["a", "et", "en", "sur", "sous"])
                    && words > 0
                    && !document.get(at + 1).is_some_and(|t| t.shape != Shape::Lower))
                && !(document.is(at, "a") && words > 0)
            {
                // Particles lead on.
            } else if dutch || words >= 7 || next.roles.any(Roles::BOX) && words > 0 || stops(document, at) {
                break;
            } else if capital || !cased || words == 0 && at > name_start {
                named = true;
            } else if !(words < 3 && !next.lists.any(Lists::STOP) && followed_by_number(document, at)) {
                break;
            }
            words += 1;
        } else if next.kind == Kind::Number {
            // "rue du 11 Novembre", "avenue du 8 mai 1945", "place du XX août": a date names the street.
            let date = textual(document, at)
                .filter(|_| words > 0 && at > name_start && document.is_any(at - 1, &["du", "des"]));
            match date {
                Some(written) => {
                    named = true;
                    words += 2;
                    at = written.end;
                    continue;
                }
                None => break,
            }
        } else if !(matches!(next.sign, b'-' | b'\'') && next.gap == 0 && document.glued(at)
            || next.sign == b'.'
                && document.tokens[at - 1].len <= 3
                && next.gap == 0
                && document.is_word(at + 1))
        {
            break;
        }
        at += 1;
    }
    while at > name_start
        && (document.is_any(
            at - 1,
            &["de", "du", "des", "d", "la", "le", "les", "l", "aux", "a", "au", "et", "en", "sur", "sous"],
        ) || document.tokens[at - 1].kind == Kind::Sign && document.tokens[at - 1].sign != b'.')
    {
        at -= 1;
    }
    let (end, number_after) = number_after(document, at);
    numbered |= number_after;
    let led = i > 0 && led_by_address(document, start);
    let alone = document.begins_line(start)
        && (document.ends_line(end - 1) || document.is_sign(end, b',') || document.is_sign(end, b'-'));
    let capital = document.get(name_start).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower)
        || document.get(first_capital(document, name_start, at)).is_some();
    let fits = named
        && if dutch {
            numbered
        } else if strong {
            numbered || led || capital && (cased || alone)
        } else {
            capital && (numbered && (cased || led || alone || start < i || at_code(document, end)) || led)
                || numbered && (led || at_code(document, end))
        };
    fits.then_some((start, end, if numbered { 0.97 } else { 0.93 }))
}

fn first_capital(document: &Document<'_>, start: usize, end: usize) -> usize {
    (start..end)
        .find(|j| document.is_word(*j) && document.tokens[*j].shape != Shape::Lower)
        .unwrap_or(usize::MAX)
}

fn stops(document: &Document<'_>, i: usize) -> bool {
    document.has(i, Roles::PHONE_LABEL) && document.tokens[i].len > 1
        || document.is_any(i, &["tel", "cedex", "bp", "cs"])
}

fn at_code(document: &Document<'_>, end: usize) -> bool {
    let at = first_word(document, end);
    document.get(at).is_some_and(|t| {
        t.kind == Kind::Number && matches!(t.len, 4 | 5) && t.line <= document.tokens[end - 1].line + 1
    }) || document.is_any(at, &["b", "be", "f"]) && document.is_sign(at + 1, b'-')
}

fn followed_by_number(document: &Document<'_>, i: usize) -> bool {
    (i + 1..i + 7)
        .take_while(|j| document.same_line(*j, i))
        .find(|j| !document.is_word(*j) || document.has(*j, Roles::BOX))
        .is_some_and(|j| document.is_number(j) || document.is_sign(j, b',') || document.is_sign(j, b'-'))
}

/// Dutch names carry the kind of street at their end: "Kerkstraat", "Leuvensesteenweg".
fn is_dutch_street(document: &Document<'_>, i: usize) -> bool {
    let word = document.folded(i);
    word.len() > 6
        && ["straat", "laan", "steenweg", "dreef", "plein", "dijk"].iter().any(|kind| word.ends_with(kind))
}

/// The house number before a street, French manner: "12 bis, rue".
fn number_before(document: &Document<'_>, i: usize) -> (usize, bool) {
    let mut at = i;
    let back = |at: usize| at.checked_sub(1).filter(|b| document.same_line(*b, i));
    if let Some(before) = back(at).filter(|b| document.is_sign(*b, b',')) {
        at = before;
    }
    if let Some(before) = back(at).filter(|b| {
        document.has(*b, Roles::BOX)
            || document.tokens[*b].len == 1
                && document.is_word(*b)
                && b.checked_sub(1).is_some_and(|n| document.is_number(n))
    }) {
        at = before;
    }
    if let Some(before) = back(at)
        .filter(|b| document.is_number(*b) && document.tokens[*b].len <= 4 && document.tokens[at].gap <= 1)
    {
        let mut start = before;
        if start >= 2
            && (document.is_sign(start - 1, b'-') || document.is_sign(start - 1, b'/'))
            && document.is_number(start - 2)
            && document.glued(start - 1)
            && document.glued(start - 2)
        {
            start -= 2;
        }
        if start > 0 && document.glued(start - 1) && !document.begins_line(start) {
            return (i, false);
        }
        return (start, true);
    }
    (i, false)
}

/// The house number after a street, Belgian manner: ", 12A bte 3".
fn number_after(document: &Document<'_>, end: usize) -> (usize, bool) {
    let mut at = end;
    while document.get(at).is_some_and(|t| {
        t.kind == Kind::Sign && t.line == document.tokens[end - 1].line && (t.sign == b',' || t.sign == 1)
    }) || document.is_any(at, &["n", "no", "nr"]) && document.same_line(at, end - 1)
    {
        at += 1;
    }
    let Some(token) = document.get(at).filter(|t| {
        t.kind == Kind::Number && t.len <= 4 && t.line == document.tokens[end - 1].line && t.gap <= 2
    }) else {
        return (end, false);
    };
    // Four or five digits after a comma are a postal code.
    if token.len >= 4 {
        return (end, false);
    }
    at += 1;
    if document.is_word(at) && document.tokens[at].len == 1 && document.glued(at - 1)
        || document.is_word(at)
            && document.tokens[at].len == 1
            && document.tokens[at].shape == Shape::Initial
            && document.same_line(at, end - 1)
            && !document.is_sign(at + 1, b'-')
            && !document.is_sign(at + 1, b'.')
            && !document.is_sign(at + 1, b'\'')
    {
        at += 1;
    }
    while at < end + 16 {
        let joined = document
            .get(at)
            .is_some_and(|t| t.kind == Kind::Sign && matches!(t.sign, b'/' | b'-') && t.gap == 0)
            && document.glued(at)
            && document.get(at + 1).is_some_and(|t| t.len <= 4 && t.kind != Kind::Sign);
        let boxed = document.same_line(at, end - 1) && document.has(at, Roles::BOX);
        if joined {
            at += 2;
        } else if boxed {
            at += 1;
            while document.is_sign(at, b'.')
                || document.is_sign(at, b',')
                    && document.get(at + 1).is_some_and(|t| t.kind == Kind::Number && t.len < 4)
            {
                at += 1;
            }
            if document.same_line(at, end - 1)
                && document.get(at).is_some_and(|t| {
                    t.kind == Kind::Number && t.len <= 4 || t.kind == Kind::Word && t.len == 1
                })
            {
                at += 1;
            }
        } else {
            return (at, true);
        }
    }
    (at, true)
}

/// Whether an address label or a verb of dwelling stands before token `i`.
fn led_by_address(document: &Document<'_>, i: usize) -> bool {
    (0..i)
        .rev()
        .take_while(|j| document.same_line(*j, i))
        .take(4)
        .any(|j| document.has(j, Roles::PLACE_CUE) || document.is(j, "domicile"))
}

/// A postal code at token `i` and the town after it: first token, end of the code, end of the town.
fn postal_code(document: &Document<'_>, i: usize, after_street: usize) -> Option<(usize, usize, usize)> {
    let prefix = document.is_any(i, &["b", "be", "f", "fr", "l"])
        && document.is_sign(i + 1, b'-')
        && document.is_number(i + 2)
        && document.glued(i);
    let at = if prefix { i + 2 } else { i };
    let token = document.get(at).filter(|t| t.kind == Kind::Number && matches!(t.len, 4 | 5))?;
    if !prefix
        && i > 0
        && document.glued(i - 1)
        && document.same_line(i - 1, i)
        && !document.is_sign(i - 1, b'(')
        && !document.is_sign(i - 1, b'-')
        && !document.is_sign(i - 1, b',')
    {
        return None;
    }
    if token.len == 4 && token.number < 1000
        || document.glued(at)
            && !(document.is_sign(at + 1, b',')
                || document.is_sign(at + 1, b'-')
                || document.is_sign(at + 1, b')'))
    {
        return None;
    }
    let mut town = at + 1;
    let mut signs = 0;
    while document.get(town).is_some_and(|t| t.kind == Kind::Sign && b"-,".contains(&t.sign)) && signs < 1 {
        town += 1;
        signs += 1;
    }
    let end = place(document, town).filter(|_| document.same_line(town, at));
    let near_street = after_street != usize::MAX
        && at >= after_street
        && at - after_street <= 4
        && document.tokens[at].line <= document.tokens[after_street - 1].line + 1;
    let known = end.is_some() && is_known_place(document, town, end.unwrap_or(town));
    let set_off = document.begins_line(i)
        || document.tokens[i - 1].kind == Kind::Sign && b",-(:;".contains(&document.tokens[i - 1].sign)
        || document.is_any(i - 1, &["a", "de"]);
    let whole_line = document.begins_line(i)
        && end.is_some_and(|end| {
            document.ends_line(end - 1)
                || document.is_sign(end, b',')
                || document.is_sign(end, b'-')
                || document.is_sign(end, b'(')
        });
    let year = token.len == 4 && (1900..=2060).contains(&token.number);
    let capital = document.get(town).is_some_and(|t| t.shape != Shape::Lower && t.kind == Kind::Word);
    let fits = prefix && (end.is_some() || token.len <= 5)
        || near_street && end.is_some()
        || end.is_some()
            && (known && (set_off || capital && !year)
                || whole_line && capital && !year
                || set_off
                    && capital
                    && token.len == 5
                    && !document.has(town, Roles::UNIT)
                    && document.cased(at));
    if !fits
        || document.has(town, Roles::UNIT) && !near_street && !known
        || document.has(town, Roles::MONTH) && !near_street
    {
        return None;
    }
    Some((i, at + 1, end.unwrap_or(at + 1)))
}

fn is_known_place(document: &Document<'_>, start: usize, end: usize) -> bool {
    super::address::lexicon_place(document, start).is_some_and(|known| known <= end)
}

/// The longest name of a place in the lexicon that begins at token `i`: its end.
pub(crate) fn lexicon_place(document: &Document<'_>, i: usize) -> Option<usize> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    let mut best = token.lists.any(Lists::PLACE).then_some(i + 1);
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
            hash = crate::hash::join(hash, word.hash);
            at = next + 1;
            if crate::lexicon::look_up(hash).any(Lists::PLACE) {
                best = Some(at);
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
            &[
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
                && document.is_any(end - 1, &["la", "le", "les", "saint", "sainte", "st", "ste"]);
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
            || document.is_any(end - 1, &["de", "du", "des", "d", "sur", "sous", "et", "a", "en"])
                && end > i + 1)
    {
        end -= 1;
    }
    if document.is(end, "cedex") && document.same_line(end, i) {
        end += 1;
        if document.is_number(end) && document.same_line(end, i) && document.tokens[end].len <= 2 {
            end += 1;
        }
    }
    (end > i && (words > 0 || known.is_some())).then_some(end)
}

/// A town without a postal code.
fn town(document: &Document<'_>, i: usize) -> Option<(usize, usize, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    let cased = document.cased(i);
    // "Namur, le 12/03/2020"
    if document.begins_line(i)
        && (token.shape != Shape::Lower || !document.mixed())
        && let Some(end) = place(document, i)
    {
        let comma = document.is_sign(end, b',');
        let mut at = end + usize::from(comma);
        if document.is_any(at, &["le", "ce"]) {
            at += 1;
        }
        let known = is_known_place(document, i, end);
        let dated = document.same_line(at, i)
            && at > end
            && (numeric(document, at).is_some_and(|w| w.is_full())
                || textual(document, at).is_some_and(|w| w.day.is_some()));
        if dated
            && (comma || known)
            && !token.roles.any(Roles::NOT_NAME)
            && (comma && known || !super::name::reads_as_word(document, i))
        {
            return Some((i, end, "dateline", 0.9));
        }
    }
    let previous = i.checked_sub(1).filter(|p| document.same_line(*p, i));
    let led = previous.is_some_and(|p| {
        document.is_any(p, &["a", "au", "aux", "de", "d", "vers", "sur", "depuis", "en", "pres", "par"])
            || document.is_sign(p, b'\'')
    });
    let dwelling = previous.is_some_and(|p| {
        let through = if document.is_any(p, &["a", "au", "de", "en", "d"])
            || document.is_sign(p, b'\'')
            || document.is_sign(p, b':')
        {
            p.checked_sub(1)
        } else {
            Some(p)
        };
        through.is_some_and(|t| {
            document.same_line(t, i)
                && (document.has(t, Roles::PLACE_CUE) && !document.is(t, "adresse")
                    || document.is_any(
                        t,
                        &["ne", "nee", "lieu", "naissance", "ville", "localite", "commune", "naiss"],
                    ))
                || born_before(document, t)
        })
    });
    let known = lexicon_place(document, i);
    if dwelling
        && (known.is_some() || !super::name::reads_as_word(document, i))
        && !token.roles.any(Roles::NOT_NAME)
        && !token.roles.any(Roles::TITLE.or(Roles::MONTH).or(Roles::RELATION))
        && (cased && token.shape != Shape::Lower
            || !cased && (known.is_some() || !token.lists.any(Lists::WORD) && token.len > 2))
        && previous.is_some_and(|p| !document.has(p, Roles::MAIDEN))
        && let Some(end) = place(document, i)
    {
        return Some((i, end, "dwelling", 0.9));
    }
    let end = known?;
    let several = end > i + 1;
    let capital = token.shape != Shape::Lower && (cased || !document.mixed() || token.shape == Shape::Upper);
    let big = crate::lexicon::look_up(document.hash_of(i, end)).any(Lists::PLACE_BIG | Lists::PLACE_BELGIAN);
    let word = !several && token.lists.any(Lists::WORD);
    let person = !several && token.lists.any(Lists::FIRST_COMMON);
    let surname = !several && token.lists.any(Lists::SURNAME_FREQUENT);
    if document.is_guarded(i)
        || token.len < 3 && !several
        || token.roles.any(Roles::NOT_NAME.or(Roles::EPONYM)) && !several
    {
        return None;
    }
    // "CHU Ambroise Paré, Mons", "(Gilly)".
    let after = document.get(end).filter(|t| t.line == token.line);
    let closed = after.is_none_or(|t| t.kind == Kind::Sign && b").,;".contains(&t.sign));
    let opened = i > 0
        && previous.is_some_and(|p| {
            document.is_sign(p, b'(')
                || p > 0
                    && document.is_sign(p, b',')
                    && document.tokens[p - 1].shape != Shape::Lower
                    && document.is_word(p - 1)
        });
    if capital && big && !word && closed && opened {
        return Some((i, end, "town", 0.68));
    }
    if cased || capital && token.shape == Shape::Upper && document.mixed() {
        let fits = capital
            && (led
                && (big && (several || !word)
                    || !person && !word && previous.is_some_and(|p| document.is(p, "a")))
                || big && !word && !person && !surname && (several || !opens_sentence(document, i, end))
                || several && big);
        return fits.then_some((i, end, "town", 0.7));
    }
    let fits = led && big && !word && !person
        || several && end > i + 2 && big
        || big && !word && !person && !surname;
    fits.then_some((i, end, "town", 0.65))
}

/// "né(e) le 12/03/1950 à".
fn born_before(document: &Document<'_>, i: usize) -> bool {
    (0..=i)
        .rev()
        .take_while(|j| document.same_line(*j, i))
        .take(12)
        .any(|j| document.is_any(j, &["ne", "nee"]))
        && (0..=i).rev().take_while(|j| document.same_line(*j, i)).take(2).any(|j| document.is_number(j))
}

/// Whether tokens `i..end` begin a sentence that goes on in small letters: a capital there says nothing.
fn opens_sentence(document: &Document<'_>, i: usize, end: usize) -> bool {
    let opens = document.begins_line(i)
        || document.tokens[i - 1].kind == Kind::Sign && !b",-(:".contains(&document.tokens[i - 1].sign);
    let goes_on = document.get(end).is_some_and(|t| {
        t.line == document.tokens[i].line
            && (t.kind == Kind::Word && t.shape == Shape::Lower || t.sign == b'(')
    });
    opens && goes_on
}
