use super::{Scope, Surrogates, in_case_of};
use crate::fold::fold;
use crate::span::Span;
use crate::vocabulary::Roles;

/// The kind of house stays; its name is new.
pub(crate) fn surrogate(surrogates: &Surrogates<'_>, span: &Span, scope: &Scope<'_>) -> String {
    let document = surrogates.document;
    let text = &document.text()[span.range()];
    let tokens = surrogates.tokens(span);
    let dotted = crate::detect::dotted_head(document, tokens.start);
    let mut head = dotted.unwrap_or(tokens.start);
    while head < tokens.end
        && document.has(head, Roles::INSTITUTION.or(Roles::INSTITUTION_WEAK).or(Roles::INSTITUTION_WORD))
    {
        head += 1;
        // "Centre de radiologie", "Centre d'imagerie".
        let link = usize::from(document.is_any(head, words!["de", "d", "et"]))
            + usize::from(document.is_sign(head + 1, b'\''));
        if link > 0 && head + link < tokens.end && document.has(head + link, Roles::INSTITUTION_WORD) {
            head += link;
        }
    }
    let key = fold(text);
    let draw = scope.draw("institution", &[&key]);
    if is_acronym(text) {
        let several = tokens.start > 0 && document.is_any(tokens.start - 1, words!["aux", "les", "des"]);
        let list = surrogates.pool.list("acronym", if several { "plural" } else { "fr" });
        return in_case_of(text, scope.choose(list, draw));
    }
    let kind = if head > tokens.start {
        &document.text()[span.start..document.tokens[head - 1].end as usize]
    } else {
        ""
    };
    let public = document
        .is_any(tokens.start, words!["chu", "chr", "chru", "ch", "chc", "centre", "az", "uz", "grand"]);
    let home = document
        .is_any(tokens.start, words!["residence", "home", "maison", "foyer", "ehpad", "mrs", "seigneurie"]);
    // "au Tivoli": what is named after "au" stays something of that kind.
    let nicknamed = head == tokens.start && head > 0 && document.is_any(head - 1, words!["au", "du"]);
    let kind = if nicknamed { "CHU" } else { kind };
    let public = public || nicknamed || dotted.is_some();
    let name = if home {
        scope.choose(surrogates.pool.list("house", "fr"), draw).to_owned()
    } else if public {
        let town = scope
            .choose(surrogates.pool.list("city", "be"), draw)
            .split_once(' ')
            .map_or("", |(_, name)| name);
        if fold(town).starts_with(['a', 'e', 'i', 'o', 'u', 'h', 'y']) {
            format!("d'{town}")
        } else if let Some(rest) = town.strip_prefix("Le ") {
            format!("du {rest}")
        } else {
            format!("de {town}")
        }
    } else {
        scope.choose(surrogates.pool.list("saint", "fr"), draw).to_owned()
    };
    let name = in_case_of(text, &name);
    if kind.is_empty() { name } else { format!("{kind} {name}") }
}

/// Whether `text` is one short word in capitals, dots apart: "CHUV", "H.U.G.".
fn is_acronym(text: &str) -> bool {
    let letters = text.chars().filter(|c| *c != '.');
    (2..=6).contains(&letters.clone().count()) && letters.clone().all(char::is_uppercase)
}
