use crate::document::{Document, Kind, Shape};
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::check_digits::{insured, is_iban, is_nir, is_niss, is_rpps};
use super::digits::Digits;

/// Numbers and codes of patients, stays, examinations and practitioners: by their label, by their check
/// digits, or by a form that nothing else in a report has.
#[derive(Debug)]
pub(crate) struct Numbers;

impl Detector for Numbers {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        while i < document.tokens.len() {
            if !may_begin(document, i) {
                i += 1;
                continue;
            }
            if insured(document, i) {
                found.push(Span::new(document.bytes(i, i + 3), Category::Id, "nam", 0.95));
                i += 3;
                continue;
            }
            let Some(code) = Code::at(document, i) else {
                i += 1;
                continue;
            };
            if let Some((rule, confidence)) = judge(document, &code) {
                found.push(Span::new(document.bytes(code.start, code.end), Category::Id, rule, confidence));
                i = code.end;
            } else {
                i = code.next;
            }
        }
    }
}

/// Whether a number can begin at token `i`: it is one, or a short word before one or before a sign.
fn may_begin(document: &Document<'_>, i: usize) -> bool {
    let token = &document.tokens[i];
    match token.kind {
        Kind::Number => true,
        Kind::Word => token.len <= 5 && document.get(i + 1).is_some_and(|t| t.kind != Kind::Word),
        Kind::Sign => false,
    }
}

/// How many tokens a code has at most.
const LONGEST: usize = 24;

/// Letters and digits joined by single signs or, between digits, by single spaces.
struct Code {
    start: usize,
    end: usize,
    next: usize,
    digits: Digits,
    letters: usize,
    /// Whether spaces stand between its groups.
    spaced: bool,
    groups: usize,
    longest: usize,
}

impl Code {
    fn at(document: &Document<'_>, start: usize) -> Option<Self> {
        let token = document.get(start)?;
        let begins = match token.kind {
            Kind::Number => true,
            Kind::Word => {
                token.len <= 5
                    && !(document.has(start, Roles::ID_LABEL) && document.is_sign(start + 1, b'.'))
                    && (document.is_number(start + 1) && document.glued(start)
                        || joint(document, start + 1)
                            && document.glued(start)
                            && document.glued(start + 1)
                            && (document.is_number(start + 2)
                                || joint(document, start + 3)
                                    && document.is_word(start + 2)
                                    && (start + 2..start + 4).all(|j| document.glued(j))
                                    && document.is_number(start + 4)))
            }
            Kind::Sign => false,
        };
        // A code does not begin inside a word or after a decimal sign.
        let inside = start > 0
            && document.glued(start - 1)
            && (document.tokens[start - 1].kind != Kind::Sign
                || b".,-".contains(&document.tokens[start - 1].sign)
                    && document.is_number(start.wrapping_sub(2))
                    && document.glued(start.wrapping_sub(2)));
        let dialled = start > 0 && document.glued(start - 1) && document.is_sign(start - 1, b'+');
        if !begins || inside || dialled {
            return None;
        }
        let mut code = Self {
            start,
            end: start,
            next: start + 1,
            digits: Digits::default(),
            letters: 0,
            spaced: false,
            groups: 0,
            longest: 0,
        };
        let mut at = start;
        while let Some(token) =
            document.get(at).filter(|_| document.same_line(at, start) && at < start + LONGEST)
        {
            let spaced = at > start && token.gap > 0;
            match token.kind {
                Kind::Number
                    if !spaced
                        || token.gap == 1
                            && (document.is_number(at - 1) || corsican(document, at))
                            && (code.letters == 0
                                || code.letters == 1 && document.is_number(start)
                                || code.letters == 2
                                    && token.len <= 4
                                    && document.is_word(start)
                                    && document.tokens[start].len == 2) =>
                {
                    code.digits.extend(document.text_of(at));
                    code.longest = code.longest.max(usize::from(token.len));
                    code.spaced |= spaced;
                    code.groups += 1;
                    if !code.spaced {
                        code.next = at + 1;
                    }
                    code.end = at + 1;
                }
                // "…033.28tel0475…": the next label.
                Kind::Word
                    if !spaced
                        && token.len <= 6
                        && (at == start
                            || token.shape != Shape::Capital
                                && !(token.len > 2 && token.roles.any(Roles::PHONE_LABEL))) =>
                {
                    code.letters += usize::from(token.len);
                    if !code.spaced {
                        code.next = at + 1;
                    }
                    code.end = at + 1;
                }
                Kind::Sign
                    if !spaced
                        && at > start
                        && joint(document, at)
                        && document.glued(at)
                        && document.get(at + 1).is_some_and(|t| t.kind != Kind::Sign) => {}
                _ => break,
            }
            at += 1;
        }
        (code.digits.len() > 0 && code.end > start).then_some(code)
    }
}

/// Whether "2A" or "2B" stands before token `at`, as in the national number of somebody born in Corsica.
fn corsican(document: &Document<'_>, at: usize) -> bool {
    document.is_any(at - 1, words!["a", "b"])
        && document.glued(at - 2)
        && document.get(at - 2).is_some_and(|t| t.kind == Kind::Number && t.number == 2 && t.len == 1)
}

fn joint(document: &Document<'_>, i: usize) -> bool {
    document.get(i).is_some_and(|t| t.kind == Kind::Sign && b"-./_".contains(&t.sign))
}

fn judge(document: &Document<'_>, code: &Code) -> Option<(&'static str, f32)> {
    let digits = code.digits.as_str();
    let sizes = |sizes: &[u8]| {
        document.tokens[code.start..code.end]
            .iter()
            .filter(|t| t.kind == Kind::Number)
            .map(|t| t.len)
            .eq(sizes.iter().copied())
    };
    // Luxembourg: the birth date and five digits.
    if code.letters == 0 && digits.len() == 13 && code.groups == 2 && sizes(&[8, 5]) {
        return Some(("matricule", 0.99));
    }
    // DICOM: "1.2.250.1.78748769".
    if code.letters == 0
        && code.groups > 4
        && digits.len() > 9
        && !code.spaced
        && document.is_sign(code.start + 1, b'.')
    {
        return Some(("uid", 0.9));
    }
    // What reads as a date is one, whatever the label; eight digits in a row may be either.
    let dated = super::calendar::numeric(document, code.start)
        .is_some_and(|written| written.end > code.start + 1 && written.end >= code.next);
    let compact = code.digits.len() == 8
        && super::calendar::numeric(document, code.start).is_some()
        && (code.start.saturating_sub(6)..code.start)
            .any(|j| document.is(j, word!("date")) && document.same_line(j, code.start));
    if dated || compact || super::calendar::textual(document, code.start).is_some() {
        return None;
    }
    let plain = code.letters == 0;
    if plain && digits.len() == 11 && (is_niss(digits) || code.groups >= 3 && looks_like_niss(document, code))
    {
        return Some(("niss", 0.99));
    }
    if plain && digits.len() == 13 && code.groups == 4 && digits.starts_with("756") {
        return Some(("avs", 0.99));
    }
    let text = &document.text()[document.bytes(code.start, code.end)];
    if is_nir(text) {
        return Some(("nir", 0.99));
    }
    if plain && digits.len() == 11 && code.groups == 4 && is_inami_form(document, code) {
        return Some(("inami", 0.99));
    }
    if is_iban(text) {
        return Some(("iban", 0.99));
    }
    if let Some(strong) = label(document, code.start) {
        let units = document.get(code.end).is_some_and(|t| {
            t.roles.any(Roles::UNIT) && t.line == document.tokens[code.start].line && t.len > 1
        });
        let enough = if strong {
            digits.len() >= 3
        } else {
            digits.len() >= 4 || digits.len() >= 3 && code.letters > 0
        };
        if enough && !units {
            return Some(("labelled_number", 0.97));
        }
    }
    if plain && digits.len() == 11 && is_rpps(digits) && code.groups == 1 {
        return Some(("rpps", 0.9));
    }
    if plain
        && code.groups == 1
        && (7..=16).contains(&digits.len())
        && super::calendar::numeric(document, code.start).is_none()
    {
        return Some(("long_number", 0.8));
    }
    if plain
        && code.groups == 3
        && !code.spaced
        && digits.len() >= 8
        && code.longest == 3
        && text.contains('.')
    {
        return Some(("grouped_number", 0.8));
    }
    // "DANSO Philip - 01/12/2019 - 271656-433": the last column of a head line.
    let column = plain
        && code.groups == 2
        && !code.spaced
        && digits.len() >= 8
        && document.ends_line(code.end - 1)
        && code.start > 1
        && document.tokens[code.start].gap > 0
        && document.tokens[code.start - 1].kind == Kind::Sign
        && b"-|".contains(&document.tokens[code.start - 1].sign)
        && document.tokens[code.start - 1].gap > 0
        && document.is_number(code.start - 2);
    if column {
        return Some(("column_number", 0.8));
    }
    let first = document.tokens[code.start];
    // "24-568767": the year and a running number.
    let running = plain
        && code.groups == 2
        && !code.spaced
        && code.digits.len() == 8
        && first.len == 2
        && document.is_sign(code.start + 1, b'-')
        && (5..=40).contains(&first.number)
        && code.end == code.start + 3;
    // "MBAYE SEYDOU - 14.04.2010 - 383.580": a number in the last column, behind a date.
    let behind = plain
        && (6..8).contains(&digits.len())
        && !code.spaced
        && (document.ends_line(code.end - 1)
            || document.is_sign(code.end, b'-') && document.tokens[code.end].gap > 0)
        && code.start > 3
        && (document.is_sign(code.start - 1, b'-') && document.tokens[code.start - 1].gap > 0
            || document.is_sign(code.start - 1, b','))
        && document.tokens[code.start].gap > 0
        && (code.start.saturating_sub(6)..code.start - 1).any(|j| {
            super::calendar::numeric(document, j).is_some_and(|w| w.end == code.start - 1 && w.is_full())
        });
    if running || behind {
        return Some(("column_number", 0.8));
    }
    // Letters and five digits or more: an accession or dossier code. Measures and levels have fewer.
    let capital = first.kind == Kind::Number || first.shape != Shape::Lower || !document.cased(code.start);
    let measured = document.tokens[code.start..code.end].iter().enumerate().any(|(j, t)| {
        t.kind == Kind::Word
            && t.shape == Shape::Lower
            && j > 0
            && t.roles.any(Roles::UNIT)
            && (t.len > 1 || code.digits.len() < 7 && code.groups > 1)
    });
    if measured {
        return None;
    }
    if code.letters > 0 && code.letters <= 8 && digits.len() >= 5 && capital && !code.spaced {
        let unit = document.tokens[code.end - 1].roles.any(Roles::UNIT)
            && code.groups <= 2
            && first.kind == Kind::Number;
        return (!unit).then_some(("code", 0.85));
    }
    None
}

/// Whether a label of numbers stands before token `i` on its line, past colons, "n°" and two further
/// words: `Some(true)` for one that names nothing else (NISS, IPP).
fn label(document: &Document<'_>, i: usize) -> Option<bool> {
    let (mut at, mut numbered, mut colon) = (i, false, false);
    let mut seen = None;
    for _ in 0..8 {
        let Some(mut before) = at.checked_sub(1).filter(|b| document.same_line(*b, i)) else { break };
        // "Identifiant ......... 913129".
        while document.is_sign(before, b'.') && before > 0 && document.is_sign(before - 1, b'.') {
            (before, colon) = (before - 1, true);
        }
        let token = &document.tokens[before];
        if document.tokens[at].gap > 3 && at != i && !document.is_sign(at, b':') {
            break;
        }
        match token.kind {
            Kind::Sign if b":#=|".contains(&token.sign) => {
                if seen.is_some() && token.sign == b':' {
                    break;
                }
                colon = true;
            }
            Kind::Sign if token.sign == 1 || b".-()'/".contains(&token.sign) => {
                numbered |= token.sign == 1;
            }
            Kind::Word if document.has(before, Roles::ID_STRONG) => return Some(true),
            Kind::Word if document.has(before, Roles::ID_LABEL) && token.len > 2 => {
                seen = Some(());
            }
            Kind::Word if document.is_any(before, words!["n", "no", "nr", "id", "an", "an", "sr"]) => {
                numbered = true;
                if document.is(before, word!("id")) {
                    seen = Some(());
                }
            }
            Kind::Word
                if document.is_any(
                    before,
                    words![
                        "de", "d", "du", "la", "le", "l", "et", "est", "interne", "unique", "be", "fr",
                        "confrere"
                    ],
                ) => {}
            // "n° SP 777-6685".
            Kind::Word if token.shape == Shape::Upper && token.len <= 4 && seen.is_none() && !colon => {}
            // "Code médecin 305202-90".
            Kind::Word
                if document.is_any(before, words!["medecin", "prestataire", "prescripteur"])
                    && before > 0
                    && document.is(before - 1, word!("code")) =>
            {
                return Some(true);
            }
            // "N° DOCS : 186.328".
            Kind::Word
                if colon
                    && seen.is_none()
                    && before > 1
                    && document.get(before - 1).is_some_and(|t| t.kind == Kind::Sign && t.sign == 1)
                    && document.is(before - 2, word!("n")) => {}
            _ => break,
        }
        at = before;
    }
    let number_word = seen.is_some()
        && (colon
            || numbered
            || i.checked_sub(1).is_some_and(|b| document.has(b, Roles::ID_LABEL))
            || i > 1
                && document.is_sign(i - 1, b'.')
                && document.is_any(i - 2, words!["ref", "dos", "doss", "lic", "mat"]));
    (number_word || numbered && at < i).then_some(false)
}

/// Groups of a national number (`73.03.24-354.92`), whatever its check digits.
fn looks_like_niss(document: &Document<'_>, code: &Code) -> bool {
    let lengths: Vec<u8> = document.tokens[code.start..code.end]
        .iter()
        .filter(|t| t.kind == Kind::Number)
        .map(|t| t.len)
        .collect();
    matches!(lengths.as_slice(), [2, 2, 2, 3, 2] | [6, 3, 2])
}

fn is_inami_form(document: &Document<'_>, code: &Code) -> bool {
    let lengths: Vec<u8> = document.tokens[code.start..code.end]
        .iter()
        .filter(|t| t.kind == Kind::Number)
        .map(|t| t.len)
        .collect();
    lengths == [1, 5, 2, 3] && !code.spaced
}
