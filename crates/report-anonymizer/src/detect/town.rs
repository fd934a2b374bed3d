use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::calendar::{numeric, textual};
use super::place::{is_known_place, lexicon_place, place};

/// A town without a postal code.
#[inline]
pub(crate) fn town(document: &Document<'_>, i: usize) -> Option<(usize, usize, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    // "54ans".
    if i > 0 && document.is_number(i - 1) && document.glued(i - 1) {
        return None;
    }
    let cased = document.cased(i);
    let known = lexicon_place(document, i);
    // In text with case, what stands in small letters is a town only if it is a known one.
    let luxembourg = document.is(i, word!("luxembourg"));
    if cased && token.shape == Shape::Lower && known.is_none() && !luxembourg {
        return None;
    }
    // "Namur, le 12/03/2020"
    if (document.begins_line(i) || token.gap > 3)
        && (token.shape != Shape::Lower || !document.mixed())
        && let Some(end) = place(document, i)
    {
        let comma = document.is_sign(end, b',');
        let dash = document.is_sign(end, b'-') && !document.glued(end - 1) && !document.glued(end);
        let mut at = end + usize::from(comma || dash);
        if document.is_any(at, words!["le", "ce"]) {
            at += 1;
        }
        let known = is_known_place(document, i, end);
        let person = !known && token.lists.any(Lists::FIRST)
            || end > i + 1
                && document.get(i + 1).is_some_and(|t| t.kind == Kind::Word && t.gap > 0)
                && !known;
        let dated = document.same_line(at, i)
            && at > end
            && (numeric(document, at).is_some_and(|w| w.is_full())
                || textual(document, at).is_some_and(|w| w.day.is_some()));
        if dated
            && !person
            && (comma || known)
            && !token.roles.any(Roles::NOT_NAME)
            && (comma && known || !super::name::reads_as_word(document, i))
        {
            return Some((i, end, "dateline", 0.9));
        }
    }
    let previous = i.checked_sub(1).filter(|p| document.same_line(*p, i));
    let led = previous.is_some_and(|p| {
        document.is_any(p, words!["a", "au", "aux", "de", "d", "vers", "sur", "depuis", "en", "pres", "par"])
            || document.is_sign(p, b'\'')
    });
    let dwelling = previous.is_some_and(|p| {
        let through = if document.is_any(p, words!["a", "au", "de", "en", "d"])
            || document.is_sign(p, b'\'')
            || document.is_sign(p, b':')
        {
            // "vit seule à".
            let alone = p > 1 && document.is_any(p - 1, words!["seul", "seule"]);
            p.checked_sub(1 + usize::from(alone))
        } else {
            Some(p)
        };
        through.is_some_and(|t| {
            document.same_line(t, i)
                && (document.has(t, Roles::PLACE_CUE) && !document.is(t, word!("adresse"))
                    || document.is_any(
                        t,
                        words!["ne", "nee", "lieu", "naissance", "ville", "localite", "commune", "naiss"],
                    ))
                || born_before(document, t)
        })
    });
    // The town: the country has "au".
    if luxembourg
        && (previous.is_some_and(|p| document.is(p, word!("a")))
            || token.gap > 3 && document.is_sign(i + 1, b','))
    {
        return Some((i, i + 1, "town", 0.7));
    }
    if dwelling
        && (known.is_some() || !super::name::reads_as_word(document, i))
        && !token.roles.any(Roles::NOT_NAME)
        && !token
            .roles
            .any(Roles::TITLE.or(Roles::MONTH).or(Roles::RELATION).or(Roles::COUNTRY).or(Roles::ID_STRONG))
        && (cased && token.shape != Shape::Lower
            || !cased && (known.is_some() || !token.lists.any(Lists::WORD) && token.len > 2))
        && previous.is_some_and(|p| !document.has(p, Roles::MAIDEN))
        && let Some(end) = place(document, i)
    {
        return Some((i, end, "dwelling", 0.9));
    }
    // "Fait à Lusaka": a capital that no list knows.
    if known.is_none()
        && cased
        && token.shape == Shape::Capital
        && token.len > 3
        && !document.is_guarded(i)
        && previous.is_some_and(|p| document.is(p, word!("a")) && document.tokens[p].shape == Shape::Lower)
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP | Lists::FIRST)
        && !token
            .roles
            .any(Roles::NOT_NAME.or(Roles::EPONYM).or(Roles::PRODUCT).or(Roles::TITLE).or(Roles::PERSON_ROLE))
        && let Some(end) = place(document, i)
        // "envoyé à Oberli et Cifuentes".
        && !(i..end).any(|j| document.is(j, word!("et")))
        && !document.get(end).is_some_and(|t| {
            t.kind == Kind::Word && t.line == token.line && t.lists == Lists(0) && t.roles == Roles::default()
        })
    {
        return Some((i, end, "unknown_town", 0.6));
    }
    // "c.c. : Dr Lavoie, Lachute": where the practice is, though no list knows it.
    let copied = known.is_none()
        && cased
        && token.shape == Shape::Capital
        && token.len > 3
        && document.ends_line(i)
        && previous.is_some_and(|p| document.is_sign(p, b','))
        && document.is_any(document.line(i).start, words!["c", "cc", "copie", "copies", "dr", "docteur"])
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP | Lists::FIRST | Lists::SURNAME)
        && !token.roles.any(Roles::JOB.or(Roles::NOT_NAME).or(Roles::TITLE).or(Roles::PERSON_ROLE));
    if copied {
        return Some((i, i + 1, "unknown_town", 0.6));
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
    let bracketed = previous.is_some_and(|p| document.is_sign(p, b'('))
        && document.is_sign(end, b')')
        && token.shape == Shape::Capital
        && !token.lists.any(Lists::MEDICAL);
    let coded = document.is_sign(end, b'(')
        && super::address::canadian(document, end + 1).is_some()
        && !token.lists.any(Lists::MEDICAL);
    // "adressé par Rutkowska (Sens)".
    let beside =
        bracketed && big && i > 1 && document.tokens[i - 2].shape == Shape::Capital && document.cased(i);
    let alone = coded || beside || bracketed && !word && !token.roles.any(Roles::EPONYM.or(Roles::PRODUCT));
    // "Dr Malinowski, Bulle": where the practice is.
    let doctor = || {
        (i.saturating_sub(10)..i)
            .any(|j| document.same_line(j, i) && document.has(j, Roles::TITLE_DOCTOR.or(Roles::JOB)))
    };
    let practice = opened
        && !person
        && (document.ends_line(end - 1)
            && (token.shape == Shape::Capital || !cased && !word && !token.lists.any(Lists::MEDICAL))
            // "Dr Collignon (Sens)".
            || previous.is_some_and(|p| document.is_sign(p, b'('))
                && document.is_sign(end, b')')
                && token.shape != Shape::Initial
                && (token.shape != Shape::Lower || !cased))
        && doctor();
    // "fait à Bulle.": no word has a capital there.
    let reached = cased
        && token.shape == Shape::Capital
        && (!person || big)
        && previous.is_some_and(|p| {
            document.is(p, word!("a"))
                && document.tokens[p].shape == Shape::Lower
                && p > 0
                && document.same_line(p - 1, p)
                && (document.tokens[p - 1].kind == Kind::Number
                    || document.tokens[p - 1].shape != Shape::Initial)
        })
        && after.is_none_or(|t| {
            t.kind == Kind::Sign && t.sign != b'-' && t.sign != b'\''
                || t.shape == Shape::Lower && t.kind == Kind::Word
        });
    // "sa rx de Remiremont", "ambulance de Jonzac": no word, no name.
    let source = !several
        && previous.is_some_and(|p| {
            document.is_any(p, words!["de", "d"])
                || p > 0 && document.is_sign(p, b'\'') && document.is(p - 1, word!("d"))
        })
        && token.len > 3
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP | Lists::FIRST | Lists::SURNAME)
        && (token.shape == Shape::Capital && cased || !cased && sent(document, i))
        || (big || !person && !word)
            && cased
            && token.shape == Shape::Capital
            && !token.lists.any(Lists::MEDICAL)
            && sent(document, i);
    // "Patient : X - 13/11/1958 - Condom", "Dr X ; Dr Y ; Bernay".
    let column = cased
        && token.shape == Shape::Capital
        && document.ends_line(end - 1)
        && previous.is_some_and(|p| {
            p > 0
                && (document.is_sign(p, b'-') && document.tokens[p].gap > 0 && document.is_number(p - 1)
                    || document.is_sign(p, b';')
                        && document.tokens[p - 1].shape == Shape::Capital
                        && doctor())
        });
    if column
        || reached
        || source
        || alone
        || practice
        || capital && big && (!word || bracketed) && closed && opened
    {
        return Some((i, end, "town", 0.68));
    }
    if cased || capital && token.shape == Shape::Upper && document.mixed() {
        let fits = capital
            && (led
                && (big && (several || !word)
                    || !person && !word && previous.is_some_and(|p| document.is(p, word!("a"))))
                || big
                    && word
                    && token.shape == Shape::Capital
                    && into(document, i)
                    && !token.lists.any(Lists::MEDICAL)
                || big && !word && !person && !surname && (several || !opens_sentence(document, i, end))
                || several && (big || end > i + 4));
        return fits.then_some((i, end, "town", 0.7));
    }
    // "une chute à tours.", "accident à nancy alors": where a sign or the like closes it, the word is a town.
    let towards = previous.is_some_and(|p| document.is_any(p, words!["a", "vers"]));
    let small = towards
        && closed
        && token.len > 3
        && !person
        && !token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP)
        && document.tokens[i - 1].gap > 0;
    let goal = small
        || towards
            && big
            && !token.lists.any(Lists::MEDICAL)
            && (closed && after.is_none_or(|t| t.sign != b';')
                || !word
                || document.is_any(end, words!["alors", "le"]));
    let fits = goal
        || led && big && !word && !person
        || several && end > i + 2 && big
        || big && !word && !person && !surname;
    fits.then_some((i, end, "town", 0.65))
}

/// "né(e) le 12/03/1950 à".
fn born_before(document: &Document<'_>, i: usize) -> bool {
    let line = |j: &usize| document.same_line(*j, i);
    (0..=i).rev().take_while(line).take(2).any(|j| document.is_number(j))
        && (0..=i).rev().take_while(line).take(12).any(|j| document.is_any(j, words!["ne", "nee"]))
}

/// Whether what stands before "de" at token `i` comes from a town: "scanner de", "urgences de".
pub(crate) fn sent(document: &Document<'_>, i: usize) -> bool {
    i > 1
        && document.is_any(i - 1, words!["de", "d"])
        && document.same_line(i - 2, i)
        && document.is_any(
            i - 2,
            words![
                "rx",
                "radio",
                "radios",
                "scanner",
                "irm",
                "examens",
                "ambulance",
                "urgences",
                "hopital",
                "smur",
                "samu",
                "gare",
                "creche",
                "ecole",
                "caserne",
                "maternite",
                "ville",
                "commune",
                "cabinet",
                "site",
                "congres",
                "colloque",
                "region",
                "usine",
                "commissariat",
            ],
        )
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

/// "à Tours", "de Nice": a preposition before a capital that a common word would not have there.
fn into(document: &Document<'_>, i: usize) -> bool {
    i.checked_sub(1).is_some_and(|p| {
        document.same_line(p, i)
            && document.is_any(p, words!["a", "de", "vers"])
            && document.tokens[p].shape == Shape::Lower
    })
}
