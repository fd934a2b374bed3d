use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::{Led, Name, name, reads_as_word, score};
use super::person::others;

/// Lines that hold names and nothing else, or names and a job: signatures and headers.
pub(crate) fn signed(
    document: &Document<'_>,
    line: usize,
    push: &mut impl FnMut(Name, Role, &'static str, f32),
) {
    let range = document.tokens_of_line(line);
    if range.is_empty() || range.len() > 24 {
        return;
    }
    let mut at = range.start;
    while document.get(at).is_some_and(|t| t.line as usize == line && t.kind == Kind::Sign) {
        at += 1;
    }
    let Some(first) = document.get(at).filter(|t| t.line as usize == line && t.kind == Kind::Word) else {
        return;
    };
    // "Carnet de Nicolae Munteanu".
    if (first.lists.any(Lists::WORD) || super::unlisted::medical_form(document.folded(at)))
        && document.is_any(at + 1, words!["de", "du", "d", "des"])
        && document.cased(at)
    {
        return;
    }
    let flat = !document.cased(at);
    let slashed = range.clone().any(|j| document.is_sign(j, b'/'));
    if let Some(marks) = dictation_marks(document, &range).filter(|_| line + 8 >= document.lines()) {
        push(marks, Role::Clinician, "dictation_marks", 0.8);
        return;
    }
    let small = range.len() <= 4
        && line + 8 >= document.lines()
        && document.is_sign(range.end - 1, b'.')
        && score(document, at) > 1;
    if first.shape == Shape::Lower && !flat && !small && !first.roles.any(Roles::PARTICLE)
        || !(slashed && first.len == 1)
            && first.roles.any(Roles::TITLE.or(Roles::NOT_NAME).or(Roles::JOB).or(Roles::INSTITUTION))
        || !slashed && reads_as_word(document, at) && first.len > 2 && !first.lists.any(Lists::FIRST)
    {
        return;
    }
    // "lambert s.": a surname in small letters and an initial.
    let initialled = small
        && document.get(at + 1).is_some_and(|t| t.kind == Kind::Word && t.len == 1)
        && document.is_sign(at + 2, b'.');
    let led = if slashed { Led::Titled } else { Led::Hinted };
    let name =
        if initialled { Some(Name { start: at, end: at + 3, words: 1 }) } else { name(document, at, led) };
    let Some(name) = name else { return };
    if (name.start..name.end).any(|j| document.is_guarded(j)) {
        return;
    }
    let mut further = Vec::new();
    let rest = others(document, name.end, |name| further.push(name));
    let job = (rest..range.end).any(|j| document.has(j, Roles::JOB));
    let dated = document.is(rest, word!("le"))
        && (document.is_number(rest + 1) || document.has(rest + 1, Roles::WEEKDAY));
    let closes = rest >= range.end
        || dated
        || job && (document.has(rest, Roles::JOB) || document.tokens[rest].kind == Kind::Sign)
        || document.is_sign(rest, b'.') && rest + 1 >= range.end;
    let total: i32 = (name.start..name.end)
        .filter(|j| document.is_word(*j) && document.tokens[*j].len > 2)
        .map(|j| score(document, j).max(-2))
        .sum();
    let known =
        (name.start..name.end).any(|j| document.listed(j, Lists::FIRST) && !document.listed(j, Lists::WORD));
    let dotted = (name.start..name.end).any(|j| document.is_sign(j, b'.'));
    let end_of_text = line + 8 >= document.lines();
    let beside_job =
        [line.checked_sub(1), Some(line + 1)].into_iter().flatten().filter(|l| *l < document.lines()).any(
            |l| {
                let range = document.tokens_of_line(l);
                !range.is_empty() && range.len() <= 8 && document.has(range.start, Roles::JOB)
            },
        );
    let fits = name.words >= 2 && known && total >= if flat { 4 } else { 3 }
        || (name.words >= 1 && (dotted || beside_job || end_of_text && name.words >= 2)) && total >= 2;
    if closes && (fits || !further.is_empty() && total > 0) {
        push(name, Role::Clinician, "signature", 0.83);
        for name in further {
            push(name, Role::Clinician, "signature", 0.83);
        }
    }
}

/// "MD/ab": who dictated and who typed, alone on a line.
fn dictation_marks(document: &Document<'_>, line: &std::ops::Range<usize>) -> Option<Name> {
    let marks = line.len() == 3
        && document.is_sign(line.start + 1, b'/')
        && document.glued(line.start)
        && document.glued(line.start + 1);
    let letters = |i: usize| document.get(i).is_some_and(|t| t.kind == Kind::Word && matches!(t.len, 2 | 3));
    let capital = document.tokens[line.start].shape == Shape::Upper || !document.mixed();
    (marks && capital && letters(line.start) && letters(line.start + 2)).then_some(Name {
        start: line.start,
        end: line.end,
        words: 2,
    })
}
