use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::Name;

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
