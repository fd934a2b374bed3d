use crate::Role;
use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;

use super::name::{Led, Name, name, particled, reads_as_word, score};
use super::unlisted::strange;

/// The name after a label and a colon: "Nom : DUPONT", "Médecin traitant : Dr …", "Validé par : …".
pub(crate) fn labelled(document: &Document<'_>, i: usize) -> Option<(Name, Role, &'static str, f32)> {
    let colon = i.checked_sub(1)?;
    let line = document.line(colon);
    if document.is_sign(colon, b':') {
        // "Lit 12 : Dupont".
        let bed = colon > 1
            && document.is_number(colon - 1)
            && document.is_any(colon - 2, words!["lit", "chambre", "ch", "box", "salle", "bloc"])
            && document.same_line(colon - 2, i)
            && (document.tokens[i].shape != Shape::Lower || !document.cased(i) && strange(document, i))
            && (!reads_as_word(document, i) || particled(document, i + 1));
        if bed {
            return name(document, i, Led::Titled).map(|name| (name, Role::Patient, "bed", 0.85));
        }
        let patient = name_label(document, line.start, colon)?;
        let plain = document
            .is_any(i, words!["masculin", "feminin", "m", "f", "inconnu", "neant", "non", "oui"])
            && !document.is_sign(i + 1, b'\'')
            || document.has(i, Roles::PERSON_NOUN.or(Roles::TITLE).or(Roles::INSTITUTION));
        if plain {
            return None;
        }
        if !document.same_line(i, colon) {
            let next = document.get(i)?;
            let own = document.line(i);
            if next.line != document.tokens[colon].line + 1
                || own.clone().any(|j| document.is_sign(j, b':'))
                || score(document, i) < 1
            {
                return None;
            }
        }
        let role = if patient { Role::Patient } else { Role::Clinician };
        let strict = patient && document.same_line(i, colon);
        let token = &document.tokens[i];
        if !patient
            && token.kind == Kind::Word
            && token.shape == Shape::Upper
            && matches!(token.len, 2 | 3)
            && document.cased(i)
            && !token.lists.any(Lists::FIRST_COMMON)
        {
            let slash = document.is_sign(i + 1, b'/')
                && document.glued(i)
                && document.glued(i + 1)
                && document.is_word(i + 2);
            return Some((
                Name { start: i, end: if slash { i + 3 } else { i + 1 }, words: 1 },
                Role::Clinician,
                "dictation_marks",
                0.85,
            ));
        }
        let led =
            if strict || document.cased(i) || score(document, i) > 0 { Led::Titled } else { Led::Hinted };
        let name = name(document, i, led).or_else(|| only_word(document, i).filter(|_| strict))?;
        if strict && name.words == 1 && only_word(document, i).is_some_and(|only| only.end == name.end) {
            return Some((name, role, "label", 0.93));
        }
        let heading = !strict
            && document.tokens[i].shape != Shape::Upper
            && (name.start..name.end).filter(|j| document.is_word(*j)).all(|j| reads_as_word(document, j));
        return (!heading).then_some((name, role, "label", 0.93));
    }
    // "| Radiologue | Manip |": a row of labels.
    let heading = document.has(i, Roles::PERSON_ROLE) && !document.listed(i, Lists::FIRST | Lists::SURNAME);
    if let Some(role) = column_label(document, colon, i).filter(|_| !heading) {
        return name(document, i, Led::Titled).map(|name| (name, role, "label", 0.93));
    }
    // "Nom DUPONT" in a header, without a colon.
    let label = document.is_any(colon, words!["nom", "prenom", "prenoms", "patient", "patiente"])
        && document.begins_line(colon)
        && document.same_line(colon, i);
    if label && document.tokens[i].shape != Shape::Lower && score(document, i) > 0 {
        return name(document, i, Led::Hinted).map(|name| (name, Role::Patient, "label", 0.9));
    }
    // "Dossier de M Blanc. Prénom Blaise."
    let given = document.is_any(colon, words!["prenom", "prenoms"])
        && document.same_line(colon, i)
        && document.tokens[i].shape == Shape::Capital
        && document.cased(i)
        && document.listed(i, Lists::FIRST)
        && (document.ends_line(i) || document.get(i + 1).is_some_and(|t| t.kind == Kind::Sign));
    if given {
        let end = super::name::compound(document, i);
        return Some((Name { start: i, end, words: 1 }, Role::Patient, "label", 0.9));
    }
    let capital = document.tokens[i].shape != Shape::Lower;
    let abbreviated = document.is_sign(colon, b'.')
        && colon > 0
        && document.has(colon - 1, Roles::MAIDEN)
        && document.glued(colon - 1);
    if (document.has(colon, Roles::MAIDEN) || abbreviated)
        && document.same_line(colon, i)
        && (capital || !document.cased(i))
        && !document.is_any(i, words!["le", "en", "a", "au"])
        && !document.has(i, Roles::MONTH.or(Roles::WEEKDAY))
        && (capital && document.cased(i) || score(document, i) > 1)
    {
        return name(document, i, Led::Titled).map(|name| (name, Role::Patient, "maiden_name", 0.9));
    }
    None
}

/// Whether the words before the colon at token `colon` are the label of a name, and nothing else; whether of
/// the patient's.
fn name_label(document: &Document<'_>, start: usize, colon: usize) -> Option<bool> {
    let (mut label, mut patient, mut words) = (false, false, 0);
    for j in (start..colon).rev().take(24) {
        let token = &document.tokens[j];
        let column = document.tokens[j + 1].gap > if label { 1 } else { 3 };
        if document.is_sign(j, b':') || column && j + 1 != colon {
            break;
        }
        let apart = token.gap > 0 && document.tokens[j + 1].gap > 0;
        if label
            && token.kind == Kind::Sign
            && (b".;,|".contains(&token.sign) && document.tokens[j + 1].gap > 0
                || token.sign == b'-' && apart
                || token.sign == 0)
        {
            break;
        }
        if token.kind == Kind::Sign
            && b".;".contains(&token.sign)
            && !(token.sign == b'.' && document.tokens[j - usize::from(j > 0)].len <= 4)
        {
            break;
        }
        if token.kind == Kind::Number {
            if label {
                break;
            }
            return None;
        }
        if token.kind == Kind::Word {
            // "Lieu de naissance : Namur", "Date de naissance".
            if document.is_any(j, words!["lieu", "ville", "commune", "pays", "date", "localite"]) {
                return None;
            }
            let own = document.has(j, Roles::NAME_LABEL.or(Roles::JOB).or(Roles::RELATION).or(Roles::AGENT));
            let linking = document.is_any(
                j,
                words![
                    "de",
                    "du",
                    "des",
                    "d",
                    "l",
                    "la",
                    "le",
                    "les",
                    "et",
                    "par",
                    "e",
                    "s",
                    "a",
                    "au",
                    "en",
                    "charge",
                    "pour",
                    "n",
                    "premier",
                    "second",
                    "deuxieme",
                    "complet",
                    "nom",
                    "electroniquement",
                    "informatiquement",
                ],
            );
            if !(own || linking || label && words < 3) {
                return None;
            }
            label |= document.has(j, Roles::NAME_LABEL)
                || document.is(j, word!("par")) && j > start && document.has(j - 1, Roles::AGENT)
                || words == 0
                    && document.has(j, Roles::JOB.or(Roles::RELATION))
                    && !document.is_any(
                        j,
                        words![
                            "service",
                            "imagerie",
                            "radiologie",
                            "orthopedie",
                            "clinique",
                            "urgences",
                            "tel",
                            "fax",
                            "mail",
                            "inami",
                            "rpps",
                            "consultation",
                            "traumatologie",
                        ],
                    );
            patient |= document.is_any(
                j,
                words![
                    "patient",
                    "patiente",
                    "nom",
                    "prenom",
                    "prenoms",
                    "noms",
                    "naissance",
                    "identite",
                    "beneficiaire",
                    "assure",
                    "titulaire",
                    "usuel",
                    "marital",
                    "concerne",
                    "pat",
                ],
            );
            words += 1;
            if words > 6 {
                return None;
            }
        }
    }
    label.then_some(patient)
}

/// The role of the label in the column before token `i`, in a line cut by tabs, wide gaps or upright bars.
fn column_label(document: &Document<'_>, before: usize, i: usize) -> Option<Role> {
    let token =
        document.get(i).filter(|t| t.shape != Shape::Lower && t.line == document.tokens[before].line)?;
    let bar = document.is_sign(before, b'|');
    let at = if bar { before.checked_sub(1)? } else { before };
    let first =
        document.begins_line(at) || document.tokens[at].gap > 3 || at > 0 && document.is_sign(at - 1, b'|');
    let person = document.is_any(
        at,
        words![
            "nom",
            "prenom",
            "prenoms",
            "patient",
            "patiente",
            "medecin",
            "prescripteur",
            "radiologue",
            "demandeur",
            "referent",
        ],
    );
    let apart = bar || token.gap > 3;
    let label_again = token.roles.any(Roles::ID_LABEL.or(Roles::JOB)) && reads_as_word(document, i);
    if !(first && person && apart) || label_again || reads_as_word(document, i) && score(document, i) < 1 {
        return None;
    }
    let patient = document.is_any(at, words!["nom", "prenom", "prenoms", "patient", "patiente"]);
    Some(if patient { Role::Patient } else { Role::Clinician })
}

/// The word at token `i` where it is all that stands between "nom :" or "prénom :" and the next field.
fn only_word(document: &Document<'_>, i: usize) -> Option<Name> {
    let named = i > 1 && document.is_any(i - 2, words!["nom", "prenom"]);
    let token = document.get(i).filter(|t| t.kind == Kind::Word && t.len > 1 && named)?;
    let field = document.is_sign(i + 1, b':')
        || token.roles.any(Roles::NAME_LABEL.or(Roles::TITLE))
        || token.lists.any(Lists::STOP);
    let apart = document.ends_line(i) || document.tokens[i + 1].gap > 1 || document.is_sign(i + 1, b',');
    (!field && apart).then_some(Name { start: i, end: i + 1, words: 1 })
}
