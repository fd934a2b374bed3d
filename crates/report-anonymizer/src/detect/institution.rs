use crate::document::{Document, Kind, Shape};
use crate::lexicon::Lists;
use crate::vocabulary::Roles;
use crate::{Category, Span};

use super::Detector;
use super::name::reads_as_word;
use super::place::lexicon_place;

/// Hospitals, practices and homes: a head noun and a name.
#[derive(Debug)]
pub(crate) struct Institutions;

impl Detector for Institutions {
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>) {
        let mut i = 0;
        while i < document.tokens.len() {
            match institution(document, i) {
                Some((end, rule, confidence)) => {
                    found.push(Span::new(document.bytes(i, end), Category::Institution, rule, confidence));
                    i = end;
                }
                None => i += 1,
            }
        }
    }
}

fn institution(document: &Document<'_>, i: usize) -> Option<(usize, &'static str, f32)> {
    let token = document.get(i).filter(|t| t.kind == Kind::Word)?;
    let heads =
        Roles::INSTITUTION.or(Roles::INSTITUTION_WEAK).or(Roles::HOSPITAL_NETWORK).or(Roles::HOSPITAL_NAME);
    if !token.roles.any(heads)
        && (token.len > 6
            || !document.is_any(i, words!["hotel", "c", "saint", "sainte", "st", "ste", "clin"]))
    {
        return None;
    }
    // "Hôtel-Dieu", "l'Hôtel-Dieu de Lévis".
    let dieu = i + 1 + usize::from(document.is_sign(i + 1, b'-'));
    if document.is(i, word!("hotel")) && document.is(dieu, word!("dieu")) && document.same_line(i, dieu) {
        let end = proper_name(document, i, dieu + 1).unwrap_or(dieu + 1);
        return Some((end, "institution", 0.96));
    }
    if let Some(start) = dotted_head(document, i) {
        return proper_name(document, i, start).map(|end| (end, "institution", 0.96));
    }
    let strong = token.roles.any(Roles::INSTITUTION);
    if !strong && !token.roles.any(Roles::INSTITUTION_WEAK) {
        return nicknamed(document, i);
    }
    let cased = document.cased(i);
    // Short acronyms are written in capitals where anything is; "ch" is also a chemin.
    if token.len <= 3 && (cased || document.mixed()) && token.shape != Shape::Upper {
        return None;
    }
    if i > 0 && document.same_line(i - 1, i) && document.is_sign(i - 1, b'.') && document.glued(i - 1) {
        return None;
    }
    // "CHU-UCL", "Grand Hôpital de", "Centre hospitalier universitaire de".
    let mut at = i + 1;
    while at < i + 12 {
        if document.is_sign(at, b'-')
            && document.glued(at - 1)
            && document.glued(at)
            && document.is_word(at + 1)
        {
            at += 2;
        } else if document.same_line(at, i)
            && document.has(at, Roles::INSTITUTION_WORD.or(Roles::INSTITUTION))
        {
            at += 1;
        } else if document.same_line(at, i)
            && (document.is_any(at, words!["d", "de", "des", "du"])
                && (document.has(at + 1, Roles::INSTITUTION_WORD)
                    || document.is_sign(at + 1, b'\'') && document.has(at + 2, Roles::INSTITUTION_WORD)))
        {
            at += if document.is_sign(at + 1, b'\'') { 3 } else { 2 };
        } else if document.same_line(at, i)
            && document.is(at, word!("et"))
            && document.has(at + 1, Roles::INSTITUTION_WORD)
        {
            at += 2;
        } else {
            break;
        }
    }
    let common = at;
    let end = proper_name(document, i, at)?;
    if end == common {
        return None;
    }
    // A weak head needs a saint, a place, a qualifying word or capitals in its name.
    if !strong && common == i + 1 && !weak_fits(document, i, common, end) {
        return None;
    }
    Some((end, "institution", 0.96))
}

/// The end of "C.H.U." at token `i`.
pub(crate) fn dotted_head(document: &Document<'_>, i: usize) -> Option<usize> {
    let fits = document.is(i, word!("c"))
        && document.is(i + 2, word!("h"))
        && document.is_any(i + 4, words!["u", "r", "c", "p", "s"])
        && [1, 3, 5].into_iter().all(|j| document.is_sign(i + j, b'.') && document.glued(i + j - 1))
        && [1, 3].into_iter().all(|j| document.glued(i + j));
    fits.then_some(i + 6)
}

/// The end of the proper name of an institution whose general words end at `start`.
fn proper_name(document: &Document<'_>, head: usize, start: usize) -> Option<usize> {
    let cased = document.cased(head);
    let line = document.tokens[head].line;
    let (mut at, mut end, mut names) = (start, start, 0);
    while let Some(token) = document.get(at).filter(|t| t.line == line && t.gap <= 2 && at < start + 16) {
        if token.kind == Kind::Sign {
            let joint = matches!(token.sign, b'-' | b'\'') && token.gap == 0 && document.glued(at)
                || token.sign == b'.' && document.is_any(at - 1, words!["st", "ste", "dr", "pr"])
                || token.sign == b'"' && names == 0
                || token.sign == 0 && names == 0 && at == start;
            let site = token.sign == b'-'
                && names > 0
                && document.same_line(at, at + 1)
                && (document.is_any(at + 1, words!["site", "campus"])
                    || hyphenated(document, at + 1)
                    || lexicon_place(document, at + 1).is_some()
                        && document.tokens[at + 1].shape != Shape::Lower);
            if !(joint || site) {
                break;
            }
            at += 1;
            continue;
        }
        if token.kind == Kind::Number {
            break;
        }
        let particle = document.is_any(
            at,
            words![
                "de",
                "du",
                "des",
                "d",
                "la",
                "le",
                "les",
                "l",
                "et",
                "sur",
                "saint",
                "sainte",
                "st",
                "ste",
                "site",
                "campus",
                "notre",
                "dame",
                "docteur",
                "dr",
                "professeur",
                "pr",
                "a",
                "en",
                "lez",
                "al",
                "van",
                "der",
                "den",
                "sous",
                "aux",
            ],
        );
        let hyphened = document.is_sign(at - 1, b'-') && document.glued(at - 1);
        if hyphened || particle {
            let lady = document.is(at, word!("notre"))
                && (document.is(at + 1, word!("dame")) || document.is_sign(at + 1, b'-'))
                || document.is(at, word!("dame"));
            let proper = lady || document.is_any(at, words!["saint", "sainte", "st", "ste"]);
            names += usize::from(proper || hyphened);
            if proper || hyphened {
                end = at + 1;
            }
            // "à" and "en" lead to a place only, in capitals.
            if document.is_any(at, words!["a", "en", "et", "sur"])
                && !(document.get(at + 1).is_some_and(|t| t.kind == Kind::Word && t.shape != Shape::Lower)
                    && cased
                    && names > 0)
                && !(!cased && names > 0 && document.is(at, word!("et")) && document.ends_line(at + 1))
                && !(names > 0
                    && document.is_any(at, words!["sur", "et"])
                    && lexicon_place(document, at + 1).is_some())
            {
                break;
            }
            at += 1;
            continue;
        }
        if let Some(place) = lexicon_place(document, at)
            .filter(|_| token.shape != Shape::Lower || !cased)
            .filter(|_| names < 4)
            && (place > at + 1 || !token.roles.any(Roles::NOT_NAME))
        {
            names += 1;
            at = place;
            end = place;
            continue;
        }
        // "LES TILLEULS", "iris sud", "SAMBRE ET MEUSE": words, but at the end of the line and led by a name.
        let closes = document.ends_line(at) || document.get(at + 1).is_some_and(|t| t.kind == Kind::Sign);
        let ends = closes
            || !token.lists.any(Lists::MEDICAL)
                && (document.is_any(at + 1, words!["le", "par", "pour", "en", "avec", "a", "puis"])
                    || document.get(at + 1).is_some_and(|t| t.gap > 3));
        let counted =
            |j: usize| document.has(j, Roles::NUMBER) && document.is_any(j - 1, words!["des", "les"]);
        if !cased && at > start && counted(at) && document.is_word(at + 1) && names == 0 {
            at += 1;
            continue;
        }
        let led_on = at > start
            && (document.is_any(at - 1, words!["les", "le", "la", "et", "du", "des"])
                || counted(at - 1)
                || document.is_sign(at - 1, b'\'')
                    && document.is(at - 2, word!("l"))
                    && !token.lists.any(Lists::MEDICAL)
                || document.is_any(at, words!["nord", "sud", "ouest"]) && names > 0);
        let adjective = (names > 0 || document.has(head, Roles::INSTITUTION) || at > head + 1)
            && document.is_any(
                at,
                words![
                    "picarde",
                    "brabanconne",
                    "namuroise",
                    "liegeoise",
                    "mosane",
                    "ardennaise",
                    "hutoise",
                    "verrietoise",
                    "bruxelloise",
                    "parisienne",
                    "lyonnaise",
                    "lorraine",
                    "bretonne",
                    "normande",
                    "alsacienne",
                    "francilien",
                    "neuchatelois",
                    "jurassien",
                    "vaudois",
                    "valaisan",
                    "fribourgeois",
                    "genevois",
                    "tessinois",
                    "juif",
                    "protestant",
                ],
            );
        let proper = if adjective
            || !cased
                && ends
                && led_on
                && !token.roles.any(Roles::NOT_NAME.or(Roles::JOB).or(Roles::PERSON_NOUN))
        {
            true
        } else if cased {
            token.shape != Shape::Lower
                && !token.roles.any(Roles::TITLE.or(Roles::MONTH))
                && (!token.roles.any(Roles::NOT_NAME)
                    || token.shape == Shape::Capital
                        && at > head + 2
                        && document.is_any(at - 1, words!["la", "le", "les"])
                        && document.is_any(at - 2, words!["de", "d"]))
                && names < 5
        } else {
            let house =
                document.is_any(head, words!["home", "residence", "foyer", "seigneurie"]) && names == 0;
            let name = house && !token.roles.any(Roles::AGENT.or(Roles::PERSON_NOUN))
                || token.roles.any(Roles::HOSPITAL_NAME)
                || token.lists.any(Lists::FIRST_COMMON | Lists::SURNAME_FREQUENT | Lists::FIRST)
                    && !token.roles.any(Roles::NOT_NAME.or(Roles::JOB))
                || !token.lists.any(Lists::WORD);
            name && !token.lists.any(Lists::STOP)
                && names < 4
                && (token.len > 2 || names == 0 && token.len > 1)
                && !token.roles.any(Roles::TITLE.or(Roles::PHONE_LABEL).or(Roles::STREET).or(Roles::NOT_NAME))
        };
        if !proper {
            break;
        }
        names += 1;
        at += 1;
        end = at;
    }
    (names > 0).then_some(end)
}

/// "CHU de Québec - Enfant-Jésus": two capitals joined by a hyphen that end the line.
fn hyphenated(document: &Document<'_>, i: usize) -> bool {
    let capital = |j: usize| {
        document.get(j).is_some_and(|t| t.kind == Kind::Word && t.shape == Shape::Capital && t.len > 2)
    };
    document.cased(i)
        && capital(i)
        && capital(i + 2)
        && document.is_sign(i + 1, b'-')
        && document.glued(i)
        && document.glued(i + 1)
        && document.ends_line(i + 2)
        && !document.listed(i, Lists::FIRST_COMMON)
}

fn weak_fits(document: &Document<'_>, i: usize, start: usize, end: usize) -> bool {
    let token = &document.tokens[i];
    let saint = (start..end).any(|j| document.is_any(j, words!["saint", "sainte", "st", "ste", "notre"]));
    let named = (start..end).any(|j| {
        document.has(j, Roles::HOSPITAL_NAME)
            || document.listed(j, Lists::FIRST_COMMON) && !document.listed(j, Lists::WORD)
    });
    let direct = document.get(start).is_some_and(|t| {
        !document.is_any(start, words!["de", "du", "d", "des"])
            && (t.shape != Shape::Lower || !document.cased(i))
    });
    let capital = token.shape != Shape::Lower || !document.cased(i);
    // "Centre" alone is a word; "Home Michel", "Institut Bordet", "Résidence Les Tilleuls" are names.
    if document
        .is_any(i, words!["radiologie", "imagerie", "unite", "groupe", "site", "campus", "espace", "grand"])
    {
        return (saint || named)
            && direct
            && capital
            && document.is_any(i, words!["site", "campus", "imagerie"]);
    }
    let home = capital && document.is(i, word!("home"));
    home || saint
        || named
        || direct && capital && !reads_as_word(document, start)
        || document.is_any(i, words!["home", "residence", "foyer", "seigneurie"])
            && document.is_any(start, words!["du", "des", "les", "le", "la", "l"])
            && (capital || document.is_sign(i.wrapping_sub(1), b'\'') || document.is(i, word!("home")))
        || direct
            && capital
            && document.is_any(
                i,
                words!["home", "residence", "institut", "foyer", "cabinet", "fondation", "infirmerie"],
            )
            && document.cased(i)
        || capital
            && document.is_any(i, words!["cabinet", "institut", "centre", "laboratoire", "pharmacie"])
            && document.get(end - 1).is_some_and(|t| t.shape != Shape::Lower)
            && document.cased(i)
}

/// A hospital by its proper name alone, after a preposition: "à Érasme", "au Tivoli".
fn nicknamed(document: &Document<'_>, i: usize) -> Option<(usize, &'static str, f32)> {
    let token = document.get(i)?;
    // "eHnv" has its capital inside.
    let written = token.shape != Shape::Lower
        || !document.mixed()
        || token.roles.any(Roles::HOSPITAL_NETWORK)
            && document.text_of(i).bytes().any(|b| b.is_ascii_uppercase());
    if token.roles.any(Roles::HOSPITAL_NETWORK) && written {
        return Some((proper_name(document, i, i).unwrap_or(i + 1).max(i + 1), "hospital_network", 0.96));
    }
    let led =
        i > 0 && document.same_line(i - 1, i) && document.is_any(i - 1, words!["a", "au", "aux", "chez"]);
    let saint = document.is_any(i, words!["saint", "sainte", "st", "ste", "clin"])
        && document.is_sign(i + 1, b'-')
        && document.glued(i);
    if led
        && token.roles.any(Roles::HOSPITAL_NAME)
        && token.shape != Shape::Lower
        && document.cased(i)
        && lexicon_place(document, i).is_none()
    {
        return Some((i + 1, "hospital_name", 0.75));
    }
    if !(led && saint) {
        return None;
    }
    let end = proper_name(document, i, i)?;
    (led && saint && document.is_any(i - 1, words!["aux", "au"]) && end > i + 2).then_some((
        end,
        "hospital_name",
        0.7,
    ))
}
