use std::ops::Range;

use crate::document::{Document, Kind, Shape};
use crate::vocabulary::Roles;
use crate::{Category, Role, Span};

use super::Detector;

/// Segments of HL7 version 2 messages, whose fields say what they hold, and names as DICOM and HL7 write them:
/// `DUPONT^Jean`.
#[derive(Debug)]
pub(crate) struct Messages;

impl Detector for Messages {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let bytes = document.text().as_bytes();
        if !bytes.contains(&b'^') && !bytes.contains(&b'|') && !bytes.contains(&b';') {
            return;
        }
        for line in 0..document.lines() {
            let tokens = document.tokens_of_line(line);
            if tokens.len() < 3 {
                continue;
            }
            match segment(document, &tokens) {
                Some(fields) => read(document, document.bytes(tokens.start, tokens.end), fields, found),
                None => {
                    keyed(document, &tokens, found);
                    carets(document, tokens, found);
                }
            }
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// An identifier, then who gave it.
    Id,
    /// Surname, first names.
    Person,
    /// Perhaps a number, then surname and first names.
    Carer,
    /// Street, further line, town, province, postal code.
    Address,
    Phone,
}

use Holds::{Address, Carer, Id, Person, Phone};

/// Fields that identify somebody, by segment (HL7 version 2.5, chapters 2 to 7).
const SEGMENTS: [(&str, &[(usize, Holds)]); 9] = [
    ("MSH", &[(9, Id)]),
    (
        "PID",
        &[
            (2, Id),
            (3, Id),
            (4, Id),
            (5, Person),
            (6, Person),
            (9, Person),
            (11, Address),
            (13, Phone),
            (14, Phone),
            (18, Id),
            (19, Id),
            (20, Id),
            (21, Id),
        ],
    ),
    ("PD1", &[(4, Carer)]),
    ("NK1", &[(2, Person), (4, Address), (5, Phone), (6, Phone)]),
    ("PV1", &[(7, Carer), (8, Carer), (9, Carer), (17, Carer), (19, Id), (52, Carer)]),
    ("IN1", &[(16, Person), (19, Address), (36, Id)]),
    ("ORC", &[(2, Id), (3, Id), (10, Carer), (11, Carer), (12, Carer), (14, Phone), (19, Carer)]),
    (
        "OBR",
        &[
            (2, Id),
            (3, Id),
            (10, Carer),
            (16, Carer),
            (17, Phone),
            (28, Carer),
            (32, Carer),
            (33, Carer),
            (34, Carer),
            (35, Carer),
        ],
    ),
    ("OBX", &[(16, Carer)]),
];

/// The fields of the segment that a line holds.
fn segment(document: &Document<'_>, tokens: &Range<usize>) -> Option<&'static [(usize, Holds)]> {
    let start = document.tokens[tokens.start].start as usize;
    let head = document.text().get(start..start + 4)?;
    let name = head.strip_suffix('|')?;
    SEGMENTS.iter().find(|(segment, _)| segment.eq_ignore_ascii_case(name)).map(|(_, fields)| *fields)
}

fn read(document: &Document<'_>, line: Range<usize>, fields: &[(usize, Holds)], found: &mut Vec<Span>) {
    let text = &document.text()[line.clone()];
    for (at, field) in text.split('|').enumerate() {
        let Some((_, holds)) = fields.iter().find(|(number, _)| *number == at) else { continue };
        for repetition in field.split('~') {
            // Carers may begin with their number.
            let numbered =
                repetition.split('^').next().is_some_and(|first| first.bytes().any(|b| b.is_ascii_digit()));
            for (place, part) in repetition.split('^').enumerate() {
                let Some(category) = category(*holds, place, part) else { continue };
                let part = part.trim();
                let start = line.start + (part.as_ptr() as usize - text.as_ptr() as usize);
                let span =
                    Span::new(start..start + part.len(), category, rule(*holds, place, numbered), 0.98);
                found.push(match holds {
                    Person => span.with_role(Role::Patient),
                    Carer => span.with_role(Role::Clinician),
                    _ => span,
                });
            }
        }
    }
}

/// What component `place` of a field is, if it identifies.
fn category(holds: Holds, place: usize, part: &str) -> Option<Category> {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters = part.chars().filter(|c| c.is_alphabetic()).count();
    match holds {
        Id => (place == 0 && digits > 2).then_some(Category::Id),
        Carer if place == 0 && digits > 2 => Some(Category::Id),
        Person | Carer => (place < 3 && letters > 1 && digits == 0).then_some(Category::Person),
        Address => (place < 5 && place != 3 && letters + digits > 1).then_some(Category::Location),
        Phone => (digits > 5).then_some(Category::Phone),
    }
}

/// A line of an export, `PAT_NAME;DUPONT JEAN`: a key in capitals and what it names.
fn keyed(document: &Document<'_>, tokens: &Range<usize>, found: &mut Vec<Span>) {
    let Some(sign) = tokens.clone().take(6).find(|j| document.is_sign(*j, b';')) else { return };
    let key = tokens.start..sign;
    let glued = key.clone().all(|j| document.glued(j)) && sign + 1 < tokens.end && document.glued(sign);
    let written = key.clone().all(|j| document.is_sign(j, b'_') || document.is_word(j));
    if key.is_empty()
        || !glued
        || !written
        || tokens.clone().skip(key.len() + 1).any(|j| document.is_sign(j, b';'))
    {
        return;
    }
    let has = |words: &[u64]| key.clone().any(|j| document.is_any(j, words));
    let span = |category| Span::new(document.bytes(sign + 1, tokens.end), category, "message_field", 0.95);
    let numbers = (sign + 1..tokens.end).any(|j| document.is_number(j));
    let named = words![
        "name",
        "nom",
        "prenom",
        "phys",
        "physician",
        "reader",
        "medecin",
        "prescripteur",
        "radiologue"
    ];
    if has(named) && !numbers {
        found.push(span(Category::Person).with_role(Role::Other));
    } else if has(words!["id", "acc", "accession", "ipp", "nip", "iep", "mrn"]) && numbers {
        found.push(span(Category::Id));
    }
}

/// The rule's name, which says what a surrogate must be.
fn rule(holds: Holds, place: usize, numbered: bool) -> &'static str {
    match (holds, place) {
        (Person, 1 | 2) => "given_name",
        (Carer, 1) if !numbered => "given_name",
        (Carer, 2) if numbered => "given_name",
        (Address, 0 | 1) => "street",
        (Address, 4) => "postal_code",
        _ => "message_field",
    }
}

/// Names with their parts joined by carets: "LE GOFF^JEAN-LOUP", "DUPONT^Jean^^Dr".
fn carets(document: &Document<'_>, tokens: Range<usize>, found: &mut Vec<Span>) {
    let mut i = tokens.start + 1;
    while i < tokens.end {
        let joins = document.is_sign(i, b'^')
            && document.glued(i - 1)
            && document.glued(i)
            && [i - 1, i + 1].into_iter().all(|j| document.is_word(j) && document.tokens[j].len > 1);
        if !joins {
            i += 1;
            continue;
        }
        let mut start = i - 1;
        while start > tokens.start {
            let hyphened = start > tokens.start + 1
                && document.get(start - 1).is_some_and(|t| t.kind == Kind::Sign && b"-'".contains(&t.sign))
                && document.glued(start - 1)
                && document.glued(start - 2)
                && document.is_word(start - 2);
            let led = document.tokens[start].gap == 1
                && document.has(start - 1, Roles::PARTICLE)
                && document.tokens[start - 1].shape != Shape::Lower;
            start = match (hyphened, led) {
                (true, _) => start - 2,
                (_, true) => start - 1,
                _ => break,
            };
        }
        let mut end = i + 2;
        while end < tokens.end {
            let joint = document
                .get(end)
                .is_some_and(|t| t.kind == Kind::Sign && t.gap == 0 && b"^-'".contains(&t.sign));
            if !(joint && document.glued(end) && document.is_word(end + 1)) {
                break;
            }
            end += 2;
        }
        let span = Span::new(document.bytes(start, end), Category::Person, "dicom_name", 0.95);
        found.push(span.with_role(Role::Other));
        i = end;
    }
}
