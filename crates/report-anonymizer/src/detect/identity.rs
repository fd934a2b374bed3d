use crate::document::{Document, Kind, Shape};
use crate::fold::fold;
use crate::hash::hash_word;
use crate::lexicon::Lists;
use crate::{Category, Role, Span};

use super::Detector;
use super::calendar::{day_month, numeric, textual};

/// The identity that the caller gave: names in every spelling and order, initials, the birth date, and
/// the patient's numbers however they are cut.
#[derive(Debug)]
pub(crate) struct KnownIdentity;

impl Detector for KnownIdentity {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let Some(patient) = document.patient() else { return };
        let names = Names::new(patient);
        let mut i = 0;
        while i < document.tokens.len() {
            match names.at(document, i) {
                Some(end) => {
                    found.push(
                        Span::new(document.bytes(i, end), Category::Person, "known_name", 1.0)
                            .with_role(Role::Patient),
                    );
                    i = end;
                }
                None => i += 1,
            }
        }
        if let Some(birth) = patient.birth_date {
            let wanted = (Some(birth.day() as u8), Some(birth.month() as u8), Some(birth.year()));
            for i in 0..document.tokens.len() {
                let written =
                    numeric(document, i).or_else(|| textual(document, i)).or_else(|| day_month(document, i));
                if let Some(written) = written.filter(|w| (w.day, w.month, w.year) == wanted) {
                    found.push(Span::new(
                        document.bytes(written.start, written.end),
                        Category::Date,
                        "known_birth_date",
                        1.0,
                    ));
                }
            }
        }
        let ids = [patient.national_id.as_deref(), patient.id.as_ref().map(|id| id.as_str())];
        // A coded name, "JANCT000", is cut and replaced as a number is.
        let coded = patient.first_names.iter().chain(&patient.last_name).map(String::as_str);
        let coded = coded.filter(|name| name.bytes().any(|byte| byte.is_ascii_digit()));
        for id in ids.into_iter().flatten().chain(coded) {
            known_number(document, id, found);
        }
    }
}

/// The words of a patient's names.
#[derive(Debug)]
pub(crate) struct Names {
    firsts: Vec<Vec<String>>,
    last: Vec<String>,
    words: Vec<(u64, String)>,
    /// Before a man's name, "M." is his title.
    man: bool,
}

impl Names {
    pub(crate) fn new(patient: &xray_core::PatientIdentity) -> Self {
        let cut = |name: &str| -> Vec<String> {
            fold(name)
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let firsts: Vec<Vec<String>> =
            patient.first_names.iter().map(|name| cut(name)).filter(|words| !words.is_empty()).collect();
        let last = patient.last_name.as_deref().map(cut).unwrap_or_default();
        let words = firsts
            .iter()
            .flatten()
            .chain(&last)
            .filter(|w| w.chars().count() > 1)
            .map(|w| (hash_word(w), w.clone()))
            .collect();
        Self { firsts, last, words, man: patient.sex != Some(xray_core::Sex::F) }
    }

    /// The end of the patient's name, or of a part of it, that begins at token `i`.
    pub(crate) fn at(&self, document: &Document<'_>, i: usize) -> Option<usize> {
        if self.words.is_empty() || !document.is_word(i) {
            return None;
        }
        let (mut at, mut end, mut hits) = (i, i, 0);
        while let Some(token) =
            document.get(at).filter(|t| t.line == document.tokens[i].line && t.gap < 4 && at < i + 32)
        {
            let joint = token.kind == Kind::Sign && b".,-'".contains(&token.sign) && at > i;
            if joint {
                at += 1;
                continue;
            }
            if token.kind != Kind::Word {
                break;
            }
            if self.is_word(document, at, hits > 0) {
                hits += 1;
            } else if !(!(hits == 0 && self.man && document.is(at, word!("m")))
                && self.is_initial(document, at)
                && (self.leads(document, at) || hits > 0 && document.is_sign(at + 1, b'.')))
            {
                break;
            }
            at += 1;
            end = at;
            if token.len == 1 && document.is_sign(at, b'.') && document.glued(at - 1) {
                end = at + 1;
            }
        }
        let particle_only = (i..end)
            .filter(|j| document.is_word(*j))
            .all(|j| document.tokens[j].len < 3 || document.listed(j, Lists::STOP));
        (hits > 0 && (!particle_only || self.whole_last(document, i, end))).then_some(end)
    }

    fn whole_last(&self, document: &Document<'_>, start: usize, end: usize) -> bool {
        let words: Vec<&str> =
            (start..end).filter(|j| document.is_word(*j)).map(|j| document.folded(j)).collect();
        !self.last.is_empty() && words == self.last && document.tokens[start].shape != Shape::Lower
    }

    /// Whether token `i` is one of the names; `joined` says that another stands before it.
    fn is_word(&self, document: &Document<'_>, i: usize, joined: bool) -> bool {
        let token = &document.tokens[i];
        let word = document.folded(i);
        // "petit", in small letters among others, is a word even of a Mr Petit.
        let common = token.lists.any(Lists::WORD)
            && document.cased(i)
            && (token.shape == Shape::Lower && !joined || describes(document, i));
        self.words.iter().any(|(hash, name)| {
            *hash == token.hash && !common || near(word, name) && !token.lists.any(Lists::WORD)
        })
    }

    fn is_initial(&self, document: &Document<'_>, i: usize) -> bool {
        let word = document.folded(i);
        word.len() == 1 && self.firsts.iter().chain([&self.last]).flatten().any(|name| name.starts_with(word))
    }

    /// Whether an initial at token `i` is followed by one of the names, or by another initial that is.
    fn leads(&self, document: &Document<'_>, i: usize) -> bool {
        (i + 1..i + 6)
            .filter(|j| document.same_line(*j, i))
            .find(|j| document.is_word(*j) && document.tokens[*j].len > 1)
            .is_some_and(|j| self.is_word(document, j, false))
    }
}

/// "Petit épanchement" at the beginning of a sentence, in the report of a Mr Petit.
fn describes(document: &Document<'_>, i: usize) -> bool {
    let opens = document.begins_line(i) || document.is_sign(i - 1, b'.');
    let noun = document.listed(i + 1, Lists::MEDICAL)
        || document.is_any(
            i + 1,
            words![
                "epanchement",
                "fragment",
                "fragments",
                "trochanter",
                "arrachement",
                "kyste",
                "nodule",
                "osteophyte",
                "foyer",
                "fissure",
                "lacune",
                "calcification",
                "hematome",
                "noyau",
                "defect",
                "diastasis",
                "pincement",
                "corps",
                "lisere",
                "axe",
                "calibre",
            ],
        );
    let small = document.get(i + 1).is_some_and(|t| {
        t.line == document.tokens[i].line && t.shape == Shape::Lower && t.kind == Kind::Word
    });
    document.tokens[i].shape == Shape::Capital
        && opens
        && small
        && noun
        && !document.listed(i + 1, Lists::STOP)
}

/// The patient's own name that a folded word is, or is a slip of, and whether it is a first name.
pub(crate) fn canonical(patient: &xray_core::PatientIdentity, word: &str) -> Option<(String, bool)> {
    let cut = |name: &str| {
        fold(name)
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let given = patient.first_names.iter().map(|name| (cut(name), true));
    let names: Vec<(String, bool)> =
        given.chain(patient.last_name.iter().map(|name| (cut(name), false))).collect();
    let whole = |name: &str| name == word || near(name, word);
    let part = |name: &str| name.split(' ').any(|part| part.len() > 2 && (part == word || near(part, word)));
    names.iter().find(|(name, _)| whole(name)).or_else(|| names.iter().find(|(name, _)| part(name))).cloned()
}

/// Whether a folded word could be taken for one of the patient's names.
pub(crate) fn resembles(patient: &xray_core::PatientIdentity, word: &str) -> bool {
    canonical(patient, word).is_some()
}

/// Whether two folded words are one slip apart: a letter more, less or other, or two exchanged. Short
/// words must be equal.
fn near(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().min(b.len()) < 5 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    matches!((a, b), ([], []) | ([_], []) | ([], [_]) | ([_], [_]))
        || matches!((a, b), ([w, x], [y, z]) if w == z && x == y)
}

/// Occurrences of the letters and digits of `id`, whatever stands between them.
fn known_number(document: &Document<'_>, id: &str, found: &mut Vec<Span>) {
    let wanted: Vec<char> = fold(id).chars().filter(|c| c.is_alphanumeric()).collect();
    if wanted.len() < 4 {
        return;
    }
    for i in 0..document.tokens.len() {
        if i > 0
            && document.glued(i - 1)
            && document.tokens[i - 1].kind != Kind::Sign
            && document.tokens[i].kind != Kind::Sign
            && document.tokens[i - 1].kind == document.tokens[i].kind
        {
            continue;
        }
        let (mut at, mut matched) = (i, 0);
        while let Some(token) = document.get(at).filter(|t| t.line == document.tokens[i].line && t.gap <= 1) {
            if token.kind == Kind::Sign {
                if at == i || matched == 0 || !b"./-_ ".contains(&token.sign) {
                    break;
                }
                at += 1;
                continue;
            }
            let text = fold(&document.text()[token.start as usize..token.end as usize]);
            let count = text.chars().count();
            if matched + count > wanted.len()
                || !text.chars().eq(wanted[matched..matched + count].iter().copied())
            {
                break;
            }
            matched += count;
            at += 1;
            if matched == wanted.len() {
                found.push(Span::new(document.bytes(i, at), Category::Id, "known_number", 1.0));
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn one_slip_is_near_and_two_are_not() {
        for (a, b) in [
            ("dubois", "dubios"),
            ("dubois", "duboi"),
            ("dubois", "dubuis"),
            ("dubois", "duboiss"),
            ("dubois", "dubois"),
        ] {
            assert!(near(a, b), "{a} {b}");
        }
        for (a, b) in [("dubois", "dubos1s"), ("rose", "rosa"), ("dubois", "bois"), ("martin", "maritn2")] {
            assert!(!near(a, b), "{a} {b}");
        }
    }
}
