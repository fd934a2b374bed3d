use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::evidence::Settled;
use super::name::Name;
use crate::Category;

/// The letters of who dictated or typed, after a label that says so: "Dact. : bl", "Copie dossier : MG".
pub(crate) fn labelled(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word && matches!(t.len, 2 | 3))?;
    let mut end = i + 1;
    // "LJ/ac".
    if document.is_sign(end, b'/')
        && document.glued(i)
        && document.glued(end)
        && document.get(end + 1).is_some_and(|t| t.kind == Kind::Word && matches!(t.len, 2 | 3))
    {
        end += 2;
    }
    let closed = document.ends_line(end - 1)
        || document.tokens[end].gap > 1
        || document.get(end).is_some_and(|t| {
            t.kind == Kind::Sign && (b"/,;)".contains(&t.sign) || t.sign == b'-' && t.gap > 0)
        });
    let mut label = i.checked_sub(2).filter(|l| closed && document.same_line(*l, i))?;
    if document.is_sign(label, b'.') {
        label = label.checked_sub(1)?;
    }
    let typist = document.is_any(
        label,
        words!["dact", "dactylo", "dactylographie", "dactylographe", "frappe", "saisie", "typiste"],
    );
    let agent = label.checked_sub(1).filter(|a| {
        document.is(label, word!("par"))
            && document.same_line(*a, i)
            && document.is_any(
                *a,
                words![
                    "dicte",
                    "dictee",
                    "transcrit",
                    "transcrite",
                    "tape",
                    "tapee",
                    "frappe",
                    "saisi",
                    "saisie",
                    "redige",
                    "redigee",
                    "relu",
                    "relue",
                    "lu",
                    "valide",
                    "validee",
                    "signe",
                    "signee",
                ],
            )
    });
    // "N/Réf. : AP/rc/145".
    let filed = end > i + 1 && document.is_any(label, words!["ref", "refs", "reference", "references"]);
    let read = document.is_any(label, words!["lecture", "lecteur"]);
    let copied = read
        || document.begins_line(label)
            && document.is_any(label, words!["copie", "copies", "cc", "visa", "relecteur"])
        || document.is(label, word!("dossier"))
            && label > 0
            && document.is(label - 1, word!("copie"))
            && document.same_line(label - 1, i);
    let capital = token.shape == Shape::Upper || !document.mixed();
    let word = token.lists.any(Lists::WORD | Lists::MEDICAL) && !document.mixed();
    (typist || filed && capital || agent.is_some() && capital || copied && capital && !word).then_some((
        Name { start: i, end, words: 1 },
        Role::Clinician,
        "dictation_marks",
        0.85,
    ))
}

/// The letters of who dictated and who typed at the end of a line, behind a date or a slash ("10.06.2016 / LJ/ac"),
/// or alone on the last one ("CG").
pub(crate) fn closing(document: &Document<'_>, line: usize) -> Option<Name> {
    let range = document.tokens_of_line(line);
    let last = range.end.checked_sub(1).filter(|last| *last >= range.start)?;
    let token = document.get(last).filter(|t| t.kind == Kind::Word && matches!(t.len, 2 | 3))?;
    let letters = |i: usize| {
        document.get(i).is_some_and(|t| {
            t.kind == Kind::Word && matches!(t.len, 2 | 3) && !t.roles.any(Roles::NOT_NAME.or(Roles::PRODUCT))
        })
    };
    let unit = |i: usize| document.has(i, Roles::UNIT);
    if range.len() == 1 {
        let alone = token.shape == Shape::Upper
            && token.len == 2
            && document.mixed()
            && line > 2
            && (line + 1..document.lines()).all(|l| document.tokens_of_line(l).is_empty())
            && !token.roles.any(Roles::NOT_NAME.or(Roles::PRODUCT))
            && !document.is_any(last, words!["ok", "nb", "ps", "cc"]);
        return alone.then_some(Name { start: last, end: last + 1, words: 1 });
    }
    let slash = last - 1;
    if !document.is_sign(slash, b'/') || !document.glued(slash) {
        return None;
    }
    let first = slash.checked_sub(1).filter(|f| *f > range.start)?;
    // "le 3 mai 2020/hb".
    let year = |j: usize| document.get(j).is_some_and(|t| t.kind == Kind::Number && matches!(t.len, 2 | 4));
    if year(first) && document.glued(first) && letters(last) && token.shape == Shape::Lower {
        let dated = (range.start..first).any(|j| {
            super::calendar::numeric(document, j).is_some_and(|w| w.end == slash && w.is_full())
                || super::calendar::textual(document, j).is_some_and(|w| w.end == slash)
        });
        return dated.then_some(Name { start: last, end: last + 1, words: 1 });
    }
    let set_off = document.tokens[first - 1].kind == Kind::Number
        || document.get(first - 1).is_some_and(|t| t.kind == Kind::Sign && b"/-:,.".contains(&t.sign));
    let written = if document.mixed() {
        document.tokens[first].shape == Shape::Upper && token.shape == Shape::Lower
    } else {
        // Without case, only a date before them tells.
        (range.start..first).any(|j| {
            super::calendar::numeric(document, j).is_some_and(|w| w.end + 1 >= first && w.is_full())
                || super::calendar::textual(document, j).is_some_and(|w| w.end + 1 >= first)
        })
    };
    let fits = letters(first)
        && letters(last)
        && !(unit(first) && unit(last))
        && document.glued(first)
        && set_off
        && written;
    fits.then_some(Name { start: first, end: last + 1, words: 2 })
}

/// Letters that stand for somebody beside what `settled` has found: "Stoica (MS)", "addendum du 3 mai 2020 (RF)",
/// "tapé par VC", or as the last word of the text: "Pas de lésion. - AL".
pub(crate) fn initials(document: &Document<'_>, settled: &Settled, i: usize) -> Option<Name> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word && t.len < 4)?;
    let dotted = token.shape == Shape::Initial;
    if !document.mixed()
        || token.roles.any(Roles::UNIT.or(Roles::PRODUCT).or(Roles::NOT_NAME)) && !dotted
        || document.is_guarded(i)
        || i == 0
        || document.glued(i - 1) && document.tokens[i - 1].kind != Kind::Sign
    {
        return None;
    }
    let mut end = i + 1;
    // "tf" alone on the last line.
    let small = token.shape == Shape::Lower
        && token.len == 2
        && document.begins_line(i)
        && token.lists == Lists(0)
        && token.roles == Roles::default();
    if dotted {
        // "L.V.", "J.-P.D."
        while end < i + 6 && document.is_sign(end, b'.') && document.glued(end - 1) {
            let next = end + 1 + usize::from(document.is_sign(end + 1, b'-'));
            end += 1;
            if !document.get(next).is_some_and(|t| t.shape == Shape::Initial && t.glued) {
                break;
            }
            end = next + 1;
        }
        if end < i + 4 {
            return None;
        }
    } else if token.shape != Shape::Upper && !small {
        return None;
    }
    let slashed = document.is_sign(end, b'/')
        && document.glued(end - 1)
        && document.glued(end)
        && document.get(end + 1).is_some_and(|t| t.kind == Kind::Word && matches!(t.len, 2 | 3));
    if slashed {
        end += 2;
    }
    let before = &document.tokens[i - 1];
    let same = before.line == token.line;
    let plain = token.roles == Roles::default();
    let bracketed = same
        && i > 1
        && before.sign == b'('
        && document.is_sign(end, b')')
        && match settled.of(i - 2) {
            Some(Category::Date) => true,
            Some(Category::Person) => plain,
            _ => false,
        };
    let last =
        end == document.tokens.len() || end + 1 == document.tokens.len() && document.is_sign(end, b'.');
    let signs = last
        && (plain || dotted)
        && document.tokens.len() > 12
        && (!same
            || before.kind == Kind::Sign && b".-/:".contains(&before.sign) && (token.gap > 0 || slashed));
    let closed = document.ends_line(end - 1) || document.get(end).is_some_and(|t| t.kind == Kind::Sign);
    let done = same
        && plain
        && closed
        && i > 1
        && document.is(i - 1, word!("par"))
        && document.has(i - 2, Roles::AGENT.or(Roles::PERSON_CUE));
    // "Tech. PH", "Pt : LB,".
    let led = same
        && plain
        && closed
        && i > 1
        && b".:".contains(&before.sign)
        && document.has(i - 2, Roles::PERSON_ROLE.or(Roles::PERSON_NOUN))
        && !document.listed(i - 2, Lists::STOP);
    (bracketed || signs || done || led).then_some(Name { start: i, end, words: 1 })
}
