use std::ops::Range;

use crate::document::{Document, Kind};
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

use super::Detector;
use super::lead::LABELS;

/// Two lines of columns, labels above and what they name below.
#[derive(Debug)]
pub(crate) struct Tables;

impl Detector for Tables {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        for line in 0..document.lines().saturating_sub(1) {
            let head = document.tokens_of_line(line);
            if head.len() < 2
                || head.len() > 40
                || !document.has(head.start, LABELS.or(Roles::ID_LABEL).or(Roles::NOT_NAME))
            {
                continue;
            }
            let Some(labels) = cells(document, head).filter(|labels| labels.len() > 1) else { continue };
            let named = |cell: &Range<usize>| {
                cell.len() < 8
                    && cell.clone().all(|j| !document.is_number(j))
                    && cell.clone().any(|j| document.is_word(j))
            };
            if !labels.iter().all(named) {
                continue;
            }
            let below = (line + 1..document.lines().min(line + 3)).map(|l| document.tokens_of_line(l));
            let Some(values) = below
                .filter(|tokens| !tokens.is_empty())
                .take(1)
                .find_map(|tokens| cells(document, tokens))
                .filter(|values| values.len() > 1)
            else {
                continue;
            };
            for (place, value) in values.iter().enumerate() {
                let label = if values.len() == labels.len() {
                    labels.get(place)
                } else {
                    labels.iter().rev().find(|label| column(document, label) <= column(document, value) + 2)
                };
                if let Some(label) = label {
                    found.extend(judge(document, label, value));
                }
            }
        }
    }
}

/// The parts of a line between gaps of three spaces and more; none where a colon makes it a line of fields.
fn cells(document: &Document<'_>, line: Range<usize>) -> Option<Vec<Range<usize>>> {
    let mut cells: Vec<Range<usize>> = Vec::new();
    for i in line {
        if document.is_sign(i, b':') || document.is_sign(i, b'|') {
            return None;
        }
        match cells.last_mut() {
            Some(cell) if document.tokens[i].gap < 3 => cell.end = i + 1,
            _ => cells.push(i..i + 1),
        }
    }
    Some(cells)
}

/// The byte of its line at which a cell begins.
fn column(document: &Document<'_>, cell: &Range<usize>) -> usize {
    let start = document.tokens[cell.start].start as usize;
    start - document.text()[..start].rfind('\n').map_or(0, |end| end + 1)
}

fn judge(document: &Document<'_>, label: &Range<usize>, value: &Range<usize>) -> Option<Span> {
    let labelled = |roles: Roles| label.clone().any(|j| document.has(j, roles));
    let numbers = value.clone().filter(|j| document.is_number(*j)).count();
    let span = |category| Span::new(document.bytes(value.start, value.end), category, "table_cell", 0.9);
    if document.has(value.start, Roles::NOT_NAME) || labelled(Roles::MONTH) {
        return None;
    }
    let person = document.has(label.start, LABELS);
    if person && numbers == 0 && value.len() < 10 {
        let words = value.clone().all(|j| {
            document.is_word(j)
                || document.get(j).is_some_and(|t| t.kind == Kind::Sign && b"-'.,".contains(&t.sign))
        });
        let first = document.get(value.start)?;
        let label_again = first.roles.any(Roles::NAME_LABEL.or(Roles::JOB)) && value.len() < 2;
        let patient = document.is_any(label.start, words!["nom", "prenom", "prenoms", "patient", "patiente"]);
        let role = if patient { Role::Patient } else { Role::Clinician };
        return (words && !label_again && first.len > 1).then(|| span(Category::Person).with_role(role));
    }
    let digits: usize =
        value.clone().filter(|j| document.is_number(*j)).map(|j| usize::from(document.tokens[j].len)).sum();
    let dated = super::calendar::numeric(document, value.start).is_some();
    (labelled(Roles::ID_LABEL) && digits > 4 && !dated).then(|| span(Category::Id))
}
