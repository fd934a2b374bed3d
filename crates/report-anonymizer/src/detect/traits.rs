use crate::Category;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::evidence::{Settled, Unsettled};
use super::lead::LABELS;
use super::name::elided;
use super::points::Traits;
use super::unlisted::medical_form;

/// What is true of `words`.
pub(crate) fn traits(document: &Document<'_>, settled: &Settled, words: &Unsettled) -> Traits {
    let mut traits = Traits::default();
    traits.set(Traits::ALWAYS, true);
    own(document, words, &mut traits);
    before(document, settled, words, &mut traits);
    after(document, settled, words, &mut traits);
    lines(document, settled, words, &mut traits);
    let told = document.has(words.end, Roles::PERSON_CUE.or(Roles::AGENT));
    // "Résultat : Bonne position".
    let word = traits.any(&[Traits::COMMON_WORD, Traits::RARE_WORD]) && traits.has(Traits::WORD_NEXT);
    let heads = (traits.has(Traits::OPENS) || traits.has(Traits::AFTER_LABEL) && word)
        && (traits.has(Traits::PLACE) || !traits.has(Traits::FIRST_NAME))
        && !told
        && !traits.any(&[
            Traits::SEVERAL,
            Traits::INITIAL,
            Traits::ACTS,
            Traits::PERSON_NEXT,
            Traits::ROLE_NEXT,
        ])
        && !traits.any(&[Traits::COLON_NEXT, Traits::ALONE, Traits::UNDER_LABEL, Traits::UNDER_AGENT_NOUN]);
    traits.set(Traits::HEADS, heads);
    traits.set(Traits::HEADING_PLACE, heads && traits.has(Traits::PLACE));
    traits
}

/// What the words are.
fn own(document: &Document<'_>, words: &Unsettled, traits: &mut Traits) {
    let head = &document.tokens[words.head];
    let cased = document.cased(words.head);
    let mut count = 0;
    for j in words.start..words.end {
        let token = &document.tokens[j];
        if token.kind != Kind::Word {
            continue;
        }
        if token.len == 1 {
            traits.set(Traits::INITIAL, !elided(document, j));
            continue;
        }
        if token.roles.any(Roles::PARTICLE) {
            traits.set(Traits::PARTICLE, true);
            continue;
        }
        count += 1;
        let word = token.lists.any(Lists::WORD | Lists::MEDICAL | Lists::STOP);
        let common = token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT);
        let known = token.lists.any(Lists::FIRST | Lists::SURNAME);
        traits.set(Traits::FIRST_NAME, !word && token.lists.any(Lists::FIRST_COMMON));
        traits.set(Traits::LISTED, !word && known && !token.lists.any(Lists::FIRST_COMMON));
        traits.set(Traits::COMMON_WORD, word && common);
        traits.set(Traits::RARE_WORD, word && !common);
        traits.set(Traits::UNLISTED, !word && !known);
        traits.set(Traits::FOREIGN, token.foreign);
        traits.set(Traits::EPONYM, token.roles.any(Roles::EPONYM));
        traits.set(Traits::MEDICAL_END, !known && medical_form(document.folded(j)));
        traits.set(Traits::MEDICAL, token.lists.any(Lists::MEDICAL));
        traits.set(Traits::PLACE, token.place > 0);
    }
    traits.set(Traits::SEVERAL, count > 1);
    traits.set(Traits::FLAT, !cased);
    traits.set(Traits::SMALL, cased && head.shape == Shape::Lower);
    traits.set(Traits::SHORT, count == 1 && head.len < 4);
    let inner =
        head.shape == Shape::Capital && document.text_of(words.head).chars().skip(1).any(char::is_uppercase);
    traits.set(Traits::INNER, inner);
    traits.set(Traits::UPPER, cased && head.shape == Shape::Upper);
}

/// What stands before them.
fn before(document: &Document<'_>, settled: &Settled, words: &Unsettled, traits: &mut Traits) {
    let start = words.start;
    let line = document.line(start);
    // "- Chauvin", "• Débord discal".
    let bullet = start == line.start + 1
        && document
            .get(line.start)
            .is_some_and(|t| t.kind == Kind::Sign && (b"-*".contains(&t.sign) || t.sign == 0))
        && settled.of(line.start).is_none();
    if start == line.start || bullet {
        traits.set(Traits::OPENS, true);
        return;
    }
    let p = start - 1;
    let token = &document.tokens[p];
    let inside = |j: usize| j >= line.start;
    let near = |from: usize, roles: Roles| {
        (from.saturating_sub(3).max(line.start)..=from).any(|j| document.has(j, roles))
    };
    let head = |j: usize| inside(j) && document.has(j, Roles::EPONYM_HEAD);
    traits.set(Traits::EPONYM_HEAD, (1..5).any(|back| start >= back && head(start - back)));
    if settled.of(p).is_none() || token.kind != Kind::Word {
        let place_word = document
            .is_any(p, words!["depuis", "vers", "en", "dans", "lieu", "ville", "sur", "residence", "pres"])
            || near(p, Roles::PLACE_CUE);
        traits.set(Traits::AFTER_PLACE_WORD, place_word);
    }
    match settled.of(p) {
        Some(Category::Person) => traits.set(Traits::AFTER_PERSON, true),
        Some(Category::Date | Category::Age | Category::Id) => traits.set(Traits::AFTER_DATE, true),
        Some(_) => traits.set(Traits::AFTER_DASH, true),
        None => {}
    }
    match token.kind {
        _ if settled.of(p).is_some() => {}
        Kind::Number => {
            let hour = p > line.start + 1
                && (document.is_sign(p - 1, b':') || document.is(p - 1, word!("h")))
                && document.is_number(p - 2);
            traits.set(if hour { Traits::AFTER_HOUR } else { Traits::AFTER_NUMBER }, true);
        }
        Kind::Sign => {
            let sign = token.sign;
            let list = b",;/+&|-".contains(&sign) && p > line.start;
            traits.set(Traits::AFTER_PERSON, list && settled.of(p - 1) == Some(Category::Person));
            let dated = p > line.start
                && matches!(settled.of(p - 1), Some(Category::Date | Category::Age | Category::Id));
            traits.set(Traits::AFTER_DATE, dated);
            match sign {
                b':' | b'=' => {
                    let label = (p.saturating_sub(5).max(line.start)..p)
                        .rev()
                        .take_while(|j| {
                            !document.tokens[*j].kind.eq(&Kind::Sign)
                                || b".(-'/".contains(&document.tokens[*j].sign)
                        })
                        .any(|j| document.has(j, LABELS.or(Roles::PERSON_NOUN)));
                    let hour = p > line.start && document.is_number(p - 1);
                    traits.set(if label { Traits::AFTER_ROLE } else { Traits::AFTER_LABEL }, !hour);
                    let noun = p > line.start
                        && (agent_noun(document, p - 1) || p > line.start + 1 && agent_noun(document, p - 2));
                    traits.set(Traits::AGENT_NOUN_LABEL, noun);
                    traits.set(Traits::AFTER_HOUR, hour);
                }
                b'(' | b'[' => {
                    traits.set(Traits::AFTER_BRACKET, true);
                    traits.set(Traits::AFTER_ROLE, p > line.start && near(p - 1, LABELS));
                }
                b'.' => {
                    let role =
                        p > line.start && document.glued(p - 1) && document.has(p - 1, Roles::PERSON_ROLE);
                    traits.set(if role { Traits::AFTER_ROLE } else { Traits::OPENS }, true);
                }
                b'?' | b'!' => traits.set(Traits::OPENS, true),
                b',' => traits.set(Traits::AFTER_COMMA, true),
                b'\'' => {
                    let person = p > line.start + 1
                        && document.is(p - 1, word!("d"))
                        && document.has(p - 2, Roles::PERSON_OF.or(Roles::RELATION));
                    traits.set(if person { Traits::OF_PERSON } else { Traits::OF }, true);
                }
                _ => traits.set(Traits::AFTER_DASH, true),
            }
        }
        Kind::Word if token.gap > 3 && document.has(p, LABELS) => traits.set(Traits::AFTER_ROLE, true),
        Kind::Word => {
            let role =
                document.has(p, Roles::PERSON_ROLE.or(Roles::RELATION).or(Roles::JOB).or(Roles::PERSON_NOUN));
            traits.set(Traits::AFTER_ROLE, role || document.has(p, Roles::NAME_LABEL));
            traits.set(Traits::AGENT_NOUN, agent_noun(document, p));
            if document.is(p, word!("par")) {
                let done = p > line.start
                    && (near(p - 1, Roles::AGENT.or(Roles::PERSON_CUE)) || participle(document, p - 1));
                traits.set(if done { Traits::DONE_BY } else { Traits::BY }, true);
            } else if document.is_any(p, words!["avec", "chez", "selon", "contre", "via", "envers"]) {
                traits.set(Traits::WITH, true);
            } else if document.is_any(p, words!["a", "pour"]) {
                traits.set(Traits::TO, true);
            } else if document.is_any(p, words!["de", "d", "du"]) {
                let person = p > line.start && document.has(p - 1, Roles::PERSON_OF.or(Roles::RELATION));
                traits.set(if person { Traits::OF_PERSON } else { Traits::OF }, true);
            } else if document.is_any(p, words!["et", "ou", "ni"]) {
                traits.set(Traits::AND, true);
                traits
                    .set(Traits::AFTER_PERSON, p > line.start && settled.of(p - 1) == Some(Category::Person));
            } else if document.is_any(
                p,
                words![
                    "le", "la", "les", "l", "un", "une", "des", "au", "aux", "ce", "cet", "cette", "ces",
                    "son", "sa", "ses", "leur", "type", "dit", "dite"
                ],
            ) {
                traits.set(Traits::ARTICLE, true);
            } else {
                traits.set(
                    Traits::AFTER_CUE,
                    document.has(p, Roles::PERSON_CUE.or(Roles::AGENT).or(Roles::ACT)),
                );
                traits.set(Traits::AFTER_PARTICIPLE, participle(document, p));
                traits.set(Traits::AFTER_WORD, true);
            }
        }
    }
}

/// What stands behind them.
fn after(document: &Document<'_>, settled: &Settled, words: &Unsettled, traits: &mut Traits) {
    let end = words.end;
    if document.ends_line(end - 1) {
        traits.set(Traits::CLOSED, true);
        return;
    }
    let token = &document.tokens[end];
    let role = |j: usize| {
        document.same_line(j, end) && document.has(j, Roles::PERSON_ROLE.or(Roles::RELATION).or(Roles::JOB))
    };
    match settled.of(end) {
        Some(Category::Person) => return traits.set(Traits::PERSON_NEXT, true),
        Some(_) => return traits.set(Traits::SETTLED_NEXT, true),
        None => {}
    }
    match token.kind {
        Kind::Number => traits.set(Traits::NUMBER_NEXT, true),
        Kind::Sign => {
            let next = end + 1;
            match token.sign {
                b'(' | b',' | b'-' | b'/' | b'[' if document.same_line(next, end) => {
                    let article =
                        usize::from(document.is_any(next, words!["sa", "son", "la", "le", "l", "notre"]));
                    let apostrophe = usize::from(document.is_sign(next + 1, b'\'')) * article;
                    traits.set(Traits::ROLE_NEXT, role(next + article + apostrophe));
                    traits.set(Traits::SETTLED_NEXT, settled.of(next).is_some_and(|c| c != Category::Person));
                    traits.set(Traits::PERSON_NEXT, settled.of(next) == Some(Category::Person));
                    traits.set(Traits::BRACKET_NEXT, token.sign == b'(');
                    traits.set(Traits::CLOSED, token.sign != b'(');
                }
                b':' => traits.set(Traits::COLON_NEXT, true),
                _ => traits.set(Traits::CLOSED, true),
            }
        }
        Kind::Word if token.gap > 3 => traits.set(Traits::CLOSED, true),
        Kind::Word => {
            // "à" is no verb.
            traits.set(Traits::ACTS, document.has(end, Roles::ACT) && document.text_of(end) != "à");
            traits.set(
                Traits::PARTICIPLE_NEXT,
                participle(document, end) || document.has(end, Roles::PERSON_CUE),
            );
            traits.set(Traits::ROLE_NEXT, role(end));
            traits.set(Traits::AND_NEXT, document.is_any(end, words!["et"]));
            traits.set(Traits::UNKNOWN_NEXT, token.lists == Lists(0) && token.roles == Roles::default());
            let word = document.folded(end);
            traits.set(Traits::VERB_NEXT, token.len > 3 && (word.ends_with("ait") || word.ends_with("ra")));
            traits.set(Traits::WORD_NEXT, true);
        }
    }
}

/// What their line and the text say.
fn lines(document: &Document<'_>, settled: &Settled, words: &Unsettled, traits: &mut Traits) {
    let line = document.line(words.start);
    let number = document.tokens[words.start].line as usize;
    let alone = line.start == words.start
        && (line.end == words.end || line.end == words.end + 1 && document.is_sign(words.end, b'.'));
    traits.set(Traits::ALONE, alone);
    let under = line.start == words.start && number > 0 && {
        let above = document.tokens_of_line(number - 1);
        (1..7).contains(&above.len())
            && above.clone().any(|j| document.has(j, LABELS))
            && !above.clone().any(|j| settled.of(j).is_some())
    };
    traits.set(Traits::UNDER_LABEL, under);
    if line.start == words.start && number > 0 {
        let above = document.tokens_of_line(number - 1);
        if (1..7).contains(&above.len()) && !above.clone().any(|j| settled.of(j).is_some()) {
            traits.set(Traits::UNDER_AGENT_NOUN, above.clone().any(|j| agent_noun(document, j)));
            let place = |j| {
                document.has(j, Roles::PLACE_CUE) || document.is_any(j, words!["lieu", "ville", "residence"])
            };
            traits.set(Traits::AFTER_PLACE_WORD, above.clone().any(place));
        }
    }
    let bound = |j: usize| document.is_sign(j, b'|') || document.is_sign(j, b';');
    let opens = words.start > line.start && (bound(words.start - 1) || document.tokens[words.start].gap > 3);
    let closes = words.end >= line.end || bound(words.end) || document.tokens[words.end].gap > 3;
    traits.set(Traits::CELL, opens && closes);
}

/// Whether token `i` is a participle: "annulé", "opérée", "revus".
fn participle(document: &Document<'_>, i: usize) -> bool {
    let written = document.text_of(i);
    document.get(i).is_some_and(|t| t.kind == Kind::Word && t.len > 3)
        && (["é", "ée", "és", "ées", "É", "ÉE", "ÉS"].iter().any(|end| written.ends_with(end))
            || document.has(i, Roles::AGENT))
}

/// Whether token `i` is a noun for who does something, by its ending: "expéditeur", "échographiste".
fn agent_noun(document: &Document<'_>, i: usize) -> bool {
    const ENDS: [&str; 14] = [
        "teur", "teurs", "trice", "trices", "seur", "neur", "veur", "deur", "euse", "logue", "iste", "istes",
        "iatre", "ien",
    ];
    let word = document.folded(i);
    document.get(i).is_some_and(|t| t.kind == Kind::Word && t.len > 5)
        && (ENDS.iter().any(|end| word.ends_with(end)) || word.ends_with("ienne") || word.ends_with("cier"))
}
