use crate::document::{Document, Kind};
use crate::vocabulary::Roles;

use super::calendar;

/// How strongly what stands beside a word says that it names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lead {
    None,
    Weak,
    Medium,
    Strong,
}

/// Roles of words that stand in labels of persons.
pub(crate) const LABELS: Roles =
    Roles::PERSON_ROLE.or(Roles::JOB).or(Roles::NAME_LABEL).or(Roles::RELATION).or(Roles::AGENT);

/// Whether the sign at token `i` can stand before a name without a space.
pub(crate) fn opens(document: &Document<'_>, i: usize) -> bool {
    document
        .get(i)
        .is_some_and(|t| t.kind == Kind::Sign && (t.sign == 0 || b"(:,;/|\"<>[*&+=_'".contains(&t.sign)))
}

/// Whether token `i` stands inside a sentence, so that its capital means something.
pub(crate) fn inside_sentence(document: &Document<'_>, i: usize) -> bool {
    i.checked_sub(1).and_then(|p| document.get(p)).is_some_and(|p| {
        document.same_line(i - 1, i)
            && match p.kind {
                Kind::Word => true,
                Kind::Number => false,
                Kind::Sign => b",(/&'".contains(&p.sign),
            }
    })
}

/// What stands before token `i`.
pub(crate) fn lead(document: &Document<'_>, i: usize) -> Lead {
    let Some(before) = i.checked_sub(1).filter(|p| document.same_line(*p, i)) else { return Lead::None };
    let token = &document.tokens[before];
    let near = |roles: Roles| {
        (before.saturating_sub(2)..before).any(|j| document.same_line(j, i) && document.has(j, roles))
    };
    match token.kind {
        Kind::Number => Lead::None,
        Kind::Sign => match token.sign {
            b':' => labels(document, i, before),
            b'(' | b'[' if near(LABELS.or(Roles::PERSON_CUE).or(Roles::PERSON_NOUN)) => Lead::Strong,
            b',' if before > 0
                && document.same_line(before - 1, i)
                && document.has(before - 1, Roles::PERSON_ROLE) =>
            {
                Lead::Strong
            }
            b'\''
                if before > 1
                    && document.is(before - 1, word!("d"))
                    && document.has(before - 2, Roles::PERSON_OF.or(Roles::RELATION)) =>
            {
                Lead::Medium
            }
            b'(' | b'[' | b'|' | b'/' | b'&' | b'+' | b'"' | b';' | b'-' => Lead::Weak,
            // "Inf. Meunier : douleur".
            b'.' if before > 0
                && document.glued(before - 1)
                && document.tokens[before - 1].shape != crate::document::Shape::Lower
                && document.is_any(
                    before - 1,
                    words![
                        "inf", "ide", "ass", "kine", "tech", "pharm", "int", "psy", "ergo", "dieto",
                        "interv", "sec"
                    ],
                ) =>
            {
                Lead::Strong
            }
            // "c.c. Beat Cuennet".
            b'.' if before > 2
                && document.is(before - 1, word!("c"))
                && document.is(before - 3, word!("c")) =>
            {
                Lead::Strong
            }
            _ => Lead::None,
        },
        Kind::Word if document.tokens[i].gap > 3 => {
            if document.has(before, LABELS) {
                Lead::Strong
            } else {
                Lead::Weak
            }
        }
        Kind::Word if document.has(before, Roles::PERSON_ROLE) => Lead::Strong,
        Kind::Word if document.is(before, word!("par")) && near(Roles::AGENT.or(Roles::PERSON_CUE)) => {
            Lead::Strong
        }
        Kind::Word if document.has(before, Roles::PERSON_CUE) => Lead::Medium,
        // "secrétariat Ledréan", "tante maternelle Seydou".
        Kind::Word
            if document.has(before, Roles::JOB)
                && !document.is_any(
                    before,
                    words![
                        "service",
                        "imagerie",
                        "radiologie",
                        "unite",
                        "departement",
                        "tel",
                        "fax",
                        "mail",
                        "urgences",
                        "consultation",
                        "clinique",
                        "medecine"
                    ],
                )
                || document.cased(i)
                    && token.shape == crate::document::Shape::Lower
                    && token.len > 4
                    && before > 0
                    && document.same_line(before - 1, i)
                    && document.has(before - 1, Roles::RELATION) =>
        {
            Lead::Medium
        }
        Kind::Word if document.is_any(before, words!["et", "ou", "ni", "selon", "a", "pour"]) => Lead::Weak,
        Kind::Word if before > 0 && document.is_any(before, words!["de", "d", "du"]) => {
            let of = document.same_line(before - 1, i)
                && document.has(before - 1, Roles::PERSON_OF.or(Roles::RELATION))
                || document.is(before - 1, word!("aide"));
            if of { Lead::Medium } else { Lead::None }
        }
        Kind::Word => Lead::None,
    }
}

/// What the words before the colon at token `colon` say.
fn labels(document: &Document<'_>, i: usize, colon: usize) -> Lead {
    if document.begins_line(colon.saturating_sub(1))
        && document.is_any(colon.saturating_sub(1), words!["a", "de", "cc", "from", "to"])
    {
        return Lead::Strong;
    }
    let first = document.line(i).start.max(colon.saturating_sub(10));
    for j in (first..colon).rev() {
        let token = &document.tokens[j];
        if document.is_sign(j, b':')
            || document.is_sign(j, b';')
            || j + 1 < colon && document.tokens[j + 1].gap > 3
        {
            break;
        }
        let other = document.is_any(
            j,
            words![
                "lieu",
                "ville",
                "date",
                "adresse",
                "tel",
                "service",
                "appareil",
                "materiel",
                "traitement",
                "prothese",
                "commune",
                "pays",
                "modele",
                "marque",
                "medicament",
                "implant",
                "presentant",
                "presentent"
            ],
        );
        if other || token.roles.any(Roles::AGE_UNIT) {
            return Lead::None;
        }
        if token.roles.any(LABELS)
            || document.is(j, word!("avis")) && j + 1 < colon
            || j + 1 == colon && token.roles.any(Roles::PERSON_NOUN)
        {
            return Lead::Strong;
        }
    }
    Lead::Weak
}

/// What stands after a name of tokens `start..end`.
pub(crate) fn trail(document: &Document<'_>, start: usize, end: usize) -> Lead {
    let same = |j: usize| document.same_line(j, start);
    let heads = document.begins_line(start);
    if !same(end) {
        return if heads { Lead::Weak } else { Lead::None };
    }
    let bed = |j: usize| {
        document.is_any(j, words!["chambre", "lit", "box", "ch"])
            && document.is_number(j + 1 + usize::from(document.is_sign(j + 1, b'.')))
    };
    let aged =
        |j: usize| same(j + 1) && (document.is_number(j) && document.has(j + 1, Roles::AGE_UNIT) || bed(j));
    let dated = |j: usize| {
        document.is_number(j)
            && (calendar::numeric(document, j).is_some_and(|written| written.is_full())
                || document.has(j + 1, Roles::MONTH))
    };
    let who = |j: usize| {
        let carer = document.is(j, word!("aide")) && document.is_sign(j + 1, b'-');
        carer && same(j)
            || same(j)
                && document.has(j, Roles::PERSON_ROLE.or(Roles::JOB).or(Roles::RELATION).or(Roles::MAIDEN))
                && !document.is_any(
                    j,
                    words![
                        "a",
                        "as",
                        "ts",
                        "objet",
                        "part",
                        "interne",
                        "externe",
                        "present",
                        "presente",
                        "presents",
                        "presentes",
                        "social",
                        "sociale",
                        "petit",
                        "petite",
                        "petits",
                        "grand",
                        "belle",
                        "beau",
                        "demi",
                        "signature",
                        "garde",
                        "copie",
                        "contact",
                        "absent",
                        "absents",
                        "cadre",
                        "clinique",
                        "superieur",
                        "superieure",
                        "certain",
                        "certaine",
                        "traitant",
                        "aide",
                        "proche",
                        "confiance",
                        "equipe",
                        "patient",
                        "patiente",
                        "service",
                        "imagerie",
                        "radiologie",
                        "consultation",
                        "unite",
                        "tel",
                        "fax",
                        "mail",
                        "med",
                        "agent",
                        "relu",
                        "lu"
                    ],
                )
    };
    let token = &document.tokens[end];
    let next = end + 1;
    match token.kind {
        Kind::Number if aged(end) || dated(end) => {
            if heads {
                Lead::Strong
            } else {
                Lead::Medium
            }
        }
        Kind::Number => Lead::None,
        Kind::Word if who(end) => Lead::Strong,
        Kind::Word if document.has(end, Roles::ACT) => {
            // "est" and "a" have any subject.
            let weak = document.is_any(
                end,
                words![
                    "est", "a", "se", "s", "n", "ne", "sera", "montre", "semble", "va", "reste", "etait",
                    "avait", "vient", "dit", "passe", "apparait", "presente", "part", "sort"
                ],
            );
            if weak && !heads { Lead::Weak } else { Lead::Medium }
        }
        Kind::Word => Lead::None,
        Kind::Sign => match token.sign {
            b'(' if same(next) && (aged(next) || dated(next)) => Lead::Strong,
            // "Sopheap (externe)".
            b'(' if document.is_any(next, words!["interne", "externe"])
                && document.is_sign(next + 1, b')')
                && document.tokens[end - 1].shape == crate::document::Shape::Capital =>
            {
                Lead::Strong
            }
            b'(' if who(next) || document.is_any(next, words!["le", "la", "l"]) && who(next + 1) => {
                Lead::Strong
            }
            b',' if same(next) => {
                let article =
                    document.is_any(next, words!["le", "la", "l", "un", "une", "son", "sa", "notre"]);
                let apostrophe = article && document.is_sign(next + 1, b'\'');
                let at = next + usize::from(article) + usize::from(apostrophe);
                if aged(next) || dated(next) || who(at) { Lead::Strong } else { Lead::None }
            }
            b'-' | b'*' | b'/' | 0 if same(next) && token.gap > 0 => {
                if aged(next) || dated(next) || who(next) { Lead::Strong } else { Lead::None }
            }
            b'<' if (next..next + 9).any(|j| document.is_sign(j, b'@')) => Lead::Strong,
            b'|' if start > 0 && document.is_sign(start - 1, b'|') => Lead::Medium,
            b':' => Lead::Weak,
            _ => Lead::None,
        },
    }
}
