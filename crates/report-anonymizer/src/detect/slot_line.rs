use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::vocabulary::Roles;

use super::lead::LABELS;
use super::name::Name;
use super::run::{Run, read, read_sure};

/// A name and a full date, and little else, near the head of the text.
pub(crate) fn head(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let mut line = document.line(i);
    if document.tokens[i].line > 12 || line.len() > 24 || !line.any(|j| document.is_number(j)) {
        return None;
    }
    let run = read(document, i).filter(|run| (2..=5).contains(&(run.words + run.initials)))?;
    let mut at = run.end;
    while at < run.end + 2
        && document.get(at).is_some_and(|t| t.kind == Kind::Sign && b"-,(/".contains(&t.sign))
    {
        at += 1;
    }
    at += usize::from(document.is_any(at, words!["ne", "nee"])) * 2;
    let dated = document.same_line(at, i)
        && (super::calendar::numeric(document, at).is_some_and(|written| written.is_full())
            || super::calendar::textual(document, at)
                .is_some_and(|written| written.day.is_some() && written.year.is_some())
            || super::check_digits::insured(document, at));
    let fits = dated && run.strange + run.first + run.syllables > 0 && run.words > 0;
    fits.then_some((run.name(), Role::Patient, "slot_head", 0.82))
}

/// A name alone on its line: the last of the text, or one beside a job.
pub(crate) fn alone(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.tokens[i].line as usize;
    if document.lines() < 3 || document.line(i).len() > 16 {
        return None;
    }
    // Most lines end as sentences do: they need not be read.
    let last = document.line(i).end - 1;
    let token = &document.tokens[last];
    let whole = token.kind == Kind::Word && (token.shape != Shape::Lower || !document.cased(i))
        || document.is_sign(last, b'.') && last > i && document.tokens[last - 1].len <= 2;
    if !whole && !document.line(i).any(|j| document.has(j, Roles::JOB)) {
        return None;
    }
    let run = read_sure(document, i)?;
    let working = document.is_sign(run.end, b',') && document.has(run.end + 1, Roles::JOB);
    if !(document.ends_line(run.end - 1) || working && document.same_line(i, run.end + 1)) {
        return None;
    }
    if run.tells()
        && run.words > 1
        && (addressed(document, line) || listed(document, i) || born(document, line))
    {
        return Some((run.name(), Role::Clinician, "slot_addressee", 0.8));
    }
    if line + 8 < document.lines() || !(working || tail(document, line)) {
        return None;
    }
    let cased = document.cased(i);
    let fits = if run.words + run.initials > 1 {
        run.strange + run.syllables + run.first > 0
            || run.initials > 0 && run.words > 0
            || cased && run.frequent == run.words
    } else {
        run.initials == 0
            && (run.strange > 0 || run.first + run.syllables + run.frequent > 0)
            && !document.has(i, Roles::AGENT)
            && !document.is_any(i, words!["merci", "fin", "signature", "suite", "verso"])
    };
    fits.then_some((run.name(), Role::Clinician, "slot_line", 0.8))
}

/// Names in columns that wide gaps cut, as signatures stand: this is the first.
pub(crate) fn columns(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let line = document.tokens[i].line as usize;
    if line + 12 < document.lines() || document.line(i).len() > 32 {
        return None;
    }
    if !document.line(i).skip(1).any(|j| document.tokens[j].gap > 3) {
        return None;
    }
    let first = read(document, i).filter(|run| run.words > 1)?;
    let wide = document.get(first.end).is_some_and(|t| t.gap > 3) && document.same_line(first.end, i);
    if !wide {
        return None;
    }
    let second = read(document, first.end);
    let job = document.lines() > line + 1
        && document.tokens_of_line(line + 1).take(8).any(|j| document.has(j, Roles::JOB));
    let ends = second.is_some_and(|second| {
        second.words > 1
            && second.tells()
            && (document.ends_line(second.end - 1) || document.tokens[second.end].gap > 3)
    });
    let fits = ends && (first.tells() || job) || job && first.tells();
    fits.then_some((first.name(), Role::Clinician, "slot_column", 0.8))
}

/// One of two names that fill one of the last lines, as who wrote and who signed: "Grba - K. Hughes".
pub(crate) fn pair(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let token = &document.tokens[i];
    let line = document.line(i);
    if token.line as usize + 3 < document.lines() || document.lines() < 3 || line.len() > 16 {
        return None;
    }
    let joint = |at: usize| {
        document.get(at).is_some_and(|t| t.kind == Kind::Sign && b"-/".contains(&t.sign) && t.gap > 0)
            && document.get(at + 1).is_some_and(|t| t.gap > 0)
            && document.same_line(at, i)
    };
    let first = read_sure(document, line.start).filter(|run| joint(run.end))?;
    let second = read_sure(document, first.end + 1).filter(|run| document.ends_line(run.end - 1))?;
    let run = [&first, &second].into_iter().find(|run| run.start == i)?;
    let fits = (first.tells() || second.tells()) && first.words > 0 && second.words > 0;
    fits.then(|| (run.name(), Role::Clinician, "slot_pair", 0.8))
}

/// The cell of a table beside its label, or the next column of a line of signatures.
pub(crate) fn cell(
    document: &Document<'_>,
    i: usize,
    bound: usize,
) -> Option<(Name, Role, &'static str, f32)> {
    let label = bound.checked_sub(1).filter(|l| document.same_line(*l, i))?;
    // "Prénom   Dossier": the next label.
    if document.has(i, Roles::ID_LABEL.or(Roles::NOT_NAME)) {
        return None;
    }
    // "Prénom   Consolée": whatever the word.
    let single = document.is_any(label, words!["nom", "prenom", "prenoms"])
        && document.cased(i)
        && document.tokens[i].shape != Shape::Lower
        && document.tokens[i].len > 1
        && !document.has(i, LABELS)
        && (document.ends_line(i) || document.is_sign(i + 1, b'|') || document.tokens[i + 1].gap > 3);
    let run = read_sure(document, i)
        .or_else(|| single.then_some(Run { start: i, end: i + 1, words: 1, ..Run::default() }))?;
    let ends = document.ends_line(run.end - 1)
        || document.is_sign(run.end, b'|')
        || document.get(run.end).is_some_and(|t| t.gap > 3);
    if !ends {
        return None;
    }
    if document.has(label, LABELS) {
        let first = document.begins_line(label)
            || document.tokens[label].gap > 3
            || document.is_sign(label - 1, b'|')
            || document.begins_line(label - 1);
        let patient = document.is_any(label, words!["nom", "prenom", "prenoms", "patient", "patiente"]);
        let role = if patient { Role::Patient } else { Role::Clinician };
        let fits = first && (run.tells() || patient && (document.cased(i) || run.frequent > 0));
        return fits.then_some((run.name(), role, "slot_cell", 0.85));
    }
    // The second column of signatures.
    let line = document.line(i);
    let signed = bound == i
        && document.tokens[i].line as usize + 12 >= document.lines()
        && run.words > 1
        && run.tells()
        && read(document, line.start).is_some_and(|first| {
            first.words > 1 && document.get(first.end).is_some_and(|t| t.gap > 3) && first.end <= i
        });
    signed.then_some((run.name(), Role::Clinician, "slot_column", 0.8))
}

/// Whether token `i` begins an item of a list whose head is the label of persons: "Destinataires :\n- X".
fn listed(document: &Document<'_>, i: usize) -> bool {
    let item = |line: usize| document.tokens_of_line(line).next().is_some_and(|j| document.is_sign(j, b'-'));
    let line = document.tokens[i].line as usize;
    item(line)
        && (line.saturating_sub(8)..line).rev().find(|l| !item(*l)).is_some_and(|head| {
            let head = document.tokens_of_line(head);
            !head.is_empty()
                && head.len() <= 8
                && document.is_sign(head.end - 1, b':')
                && head.clone().any(|j| document.has(j, LABELS))
        })
}

/// Whether the next line holds a full date, and little else: the birth date under the name.
fn born(document: &Document<'_>, line: usize) -> bool {
    line < 12
        && document.lines() > line + 1
        && document.tokens_of_line(line + 1).len() <= 8
        && document.tokens_of_line(line + 1).take(4).any(|j| {
            document.is_number(j)
                && super::calendar::numeric(document, j).is_some_and(|written| written.is_full())
        })
}

/// Whether the line before `line` holds titles and nothing else ("Monsieur le Docteur"), or a street stands on
/// the next one.
fn addressed(document: &Document<'_>, line: usize) -> bool {
    let before = line.checked_sub(1).map(|before| document.tokens_of_line(before)).filter(|b| !b.is_empty());
    let titles = before.is_some_and(|before| {
        before.len() <= 6
            && before.clone().any(|j| document.has(j, Roles::TITLE))
            && before.clone().all(|j| {
                document.has(j, Roles::TITLE)
                    || document.is_any(j, words!["le", "la", "l"])
                    || document.tokens[j].kind == Kind::Sign
            })
    });
    titles
        || document.lines() > line + 1
            && document.tokens_of_line(line + 1).take(4).any(|j| {
                document.has(j, Roles::STREET.or(Roles::STREET_WEAK))
                    && super::street::street(document, j).is_some()
            })
}

/// Whether nothing but blank lines, jobs and dates follow line `line`.
fn tail(document: &Document<'_>, line: usize) -> bool {
    let before =
        (line.saturating_sub(3)..line).rev().map(|l| document.tokens_of_line(l)).find(|l| !l.is_empty());
    // "Avec nos meilleures salutations,".
    let closing = before.is_some_and(|before| {
        before.len() <= 12
            && before.clone().any(|j| {
                document.is_any(
                    j,
                    words![
                        "cordialement",
                        "confraternellement",
                        "salutations",
                        "amities",
                        "amicalement",
                        "respectueusement",
                        "sincerement",
                        "devoues",
                        "distingues",
                        "bien"
                    ],
                )
            })
            && (document.is_sign(before.end - 1, b',')
                || document.is_sign(before.end - 1, b'.')
                || before.len() <= 4)
    });
    if closing {
        return true;
    }

    let next = (line + 1..document.lines()).find(|l| !document.tokens_of_line(*l).is_empty());
    next.is_none_or(|next| {
        let mut tokens = document.tokens_of_line(next);
        let (first, len) = (tokens.start, tokens.len());
        // The job, or the number to call.
        let number = document.tokens_of_line(next).all(|j| document.tokens[j].kind != Kind::Word) && len > 3;
        number || document.has(first, Roles::JOB) && len <= 8 && !tokens.any(|j| document.is_sign(j, b':'))
    })
}
