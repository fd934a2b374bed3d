use std::ops::Range;

use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

/// Marks what belongs to an eponym, a score or a product: a name that names nobody. Only a title or a label
/// before it makes it a person.
pub(crate) fn guard(document: &mut Document<'_>) {
    for i in 0..document.tokens.len() {
        let token = document.tokens[i];
        if token.kind != Kind::Word {
            continue;
        }
        if let Some(name) = token.roles.any(Roles::EPONYM_HEAD).then(|| headed(document, i)).flatten() {
            document.guard(name);
        }
        // "EVA 7/10", "EVA à 3": the scale.
        let scale = document.is(i, word!("eva"))
            && token.shape != crate::document::Shape::Capital
            && (document.is_number(i + 1)
                || document.is_sign(i + 1, b':')
                || document.is_any(i + 1, words!["a", "est", "de"]) && document.is_number(i + 2));
        if document.is_any(i, words!["type", "stade", "grade", "classe"])
            && is_grade(document, i + 1)
            && let Some(names) = classified(document, i)
        {
            document.guard(names);
        }
        // "Hinchey Ib": a name that a roman number grades.
        let roman = token.shape != Shape::Lower
            && token.gap == 1
            && document.is_any(
                i,
                words![
                    "ii", "iii", "iv", "vi", "vii", "ia", "ib", "iia", "iib", "iic", "iiia", "iiib", "iva",
                    "ivb",
                ],
            );
        if roman
            && i > 0
            && document.cased(i)
            && document.same_line(i - 1, i)
            && document.tokens[i - 1].shape == Shape::Capital
        {
            document.guard(i - 1..i);
        }
        if token.roles.any(Roles::PRODUCT) || scale {
            document.guard(i..i + 1);
        }
        if token.roles.any(Roles::EPONYM) {
            let end = chain(document, i);
            let listed = document.tokens[i..end].iter().filter(|t| t.roles.any(Roles::EPONYM)).count() > 1
                && (end > i + 2)
                // "Marie-Pierre": two first names, unless "maladie de" stands before them.
                && (i..end)
                    .any(|j| document.is_word(j) && !document.listed(j, Lists::FIRST_COMMON));
            if listed || is_grade(document, end) || graded_before(document, i) {
                document.guard(i..end + usize::from(is_grade(document, end)));
            }
        }
    }
}

/// The name in "maladie de Legg-Calvé-Perthes", "fracture d'Essex-Lopresti", "prothèse totale de type Müller".
fn headed(document: &Document<'_>, head: usize) -> Option<Range<usize>> {
    let mut at = head + 1;
    let mut linked = false;
    for _ in 0..5 {
        let token = document.get(at).filter(|t| t.line == document.tokens[head].line)?;
        if document.is_any(
            at,
            words!["de", "d", "du", "des", "selon", "type", "dite", "dit", "l", "la", "van", "le", "en", "a"],
        ) {
            linked = true;
        } else if token.kind == Kind::Sign
            && (token.sign == b'\''
                || token.sign == b'-' && !linked
                || token.sign == b'"'
                || token.sign == b':')
        {
        } else if !linked
            && (token.kind == Kind::Word && token.shape == Shape::Lower && document.listed(at, Lists::WORD)
                || is_grade(document, at))
        {
            // An adjective: "prothèse inversée de".
        } else {
            break;
        }
        at += 1;
    }
    let token = document
        .get(at)
        .filter(|t| t.kind == Kind::Word && t.line == document.tokens[head].line && t.len > 1)?;
    if !linked || token.roles.any(Roles::TITLE) {
        return None;
    }
    let eponym = token.roles.any(Roles::EPONYM);
    // "vue à Namur", "prothèse posée à Mons".
    let town = document.is(at - 1, word!("a")) && token.lists.any(Lists::PLACE_BELGIAN | Lists::PLACE_BIG);
    if town && !eponym {
        return None;
    }
    let named = if document.cased(at) {
        token.shape != Shape::Lower && !document.listed(at, Lists::FIRST_COMMON)
    } else {
        !document.listed(at, Lists::WORD)
    };
    if !(eponym || named) {
        return None;
    }
    let end = chain(document, at);
    // "angle de Fowler et Philip".
    let pair = document.is(end, word!("et"))
        && document.cased(at)
        && document.same_line(at, end + 1)
        && document
            .get(end + 1)
            .is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && !t.roles.any(Roles::TITLE));
    Some(at..if pair { chain(document, end + 1) } else { end })
}

/// "microcalcifications de Le Gal type 2": the name of a classification before its grade.
fn classified(document: &Document<'_>, kind: usize) -> Option<Range<usize>> {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.len > 1)
            && document.same_line(j, kind)
    };
    let first = (kind.saturating_sub(3)..kind).rev().take_while(|j| capital(*j)).last()?;
    let led = document.cased(kind) && first > 0 && document.is_any(first - 1, words!["de", "d", "selon"]);
    led.then_some(first..kind)
}

/// The end of names joined by hyphens, "et" and spaces that begin at token `i`.
fn chain(document: &Document<'_>, i: usize) -> usize {
    let mut end = i + 1;
    while end < i + 10 {
        let joined = document.is_sign(end, b'-') && document.glued(end - 1)
            || document.is(end, word!("et"))
            || document.is_sign(end, b'/') && document.glued(end - 1);
        let next = if joined { end + 1 } else { end };
        let Some(token) = document
            .get(next)
            .filter(|t| t.line == document.tokens[i].line && t.kind == Kind::Word && t.len > 1)
        else {
            return end;
        };
        let eponym = token.roles.any(Roles::EPONYM);
        let hyphen =
            joined && document.is_sign(end, b'-') && (token.shape != Shape::Lower || !document.cased(next));
        if !(eponym && (joined || token.shape != Shape::Lower || !document.cased(next)) || hyphen) {
            return end;
        }
        end = next + 1;
    }
    end
}

/// A roman number, a digit or a letter after a name: "Salter-Harris II", "Weber B".
fn is_grade(document: &Document<'_>, i: usize) -> bool {
    let Some(token) = document.get(i).filter(|_| document.same_line(i - 1, i)) else { return false };
    match token.kind {
        Kind::Number => {
            token.len == 1 && !document.has(i + 1, Roles::AGE_UNIT) && !document.has(i + 1, Roles::MONTH)
        }
        Kind::Word => {
            document.is_any(
                i,
                words![
                    "i", "ii", "iii", "iv", "v", "vi", "vii", "ser", "pa", "sad", "per", "type", "grade",
                    "stade", "b", "c", "positif", "negatif",
                ],
            ) && (token.shape != Shape::Lower || !document.cased(i) || token.len > 3)
        }
        Kind::Sign => false,
    }
}

fn graded_before(document: &Document<'_>, i: usize) -> bool {
    i.checked_sub(1).filter(|p| document.same_line(*p, i)).is_some_and(|p| {
        document.is_any(
            p,
            words![
                "type",
                "stade",
                "grade",
                "selon",
                "classe",
                "classee",
                "score",
                "incidence",
                "incidences",
                "index",
                "indice",
                "cliche",
            ],
        ) || document.has(p, Roles::EPONYM_HEAD) && !document.text_of(p).ends_with('é')
    })
}
