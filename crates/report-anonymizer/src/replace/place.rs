use super::elision::elides;
use super::{Scope, Surrogates, in_case_of};
use crate::fold::fold;
use crate::span::Span;
use crate::vocabulary::Roles;

/// A street for a street, a town for a town, a postal code for the code of the town beside it.
pub(crate) fn surrogate(surrogates: &Surrogates<'_>, index: usize, scope: &Scope<'_>) -> String {
    let span = &surrogates.spans[index];
    let text = &surrogates.document.text()[span.range()];
    match span.rule {
        "street" => street(surrogates, span, scope),
        "postal_code" => {
            let town = surrogates.spans.get(index + 1).filter(|next| next.rule == "town_after_code");
            let key = town.map_or(text, |town| &surrogates.document.text()[town.range()]);
            code(text, entry(surrogates, key, is_french(text), scope))
        }
        _ => {
            let code = index
                .checked_sub(1)
                .map(|i| &surrogates.spans[i])
                .filter(|before| before.rule == "postal_code");
            let french = code.is_some_and(|code| is_french(&surrogates.document.text()[code.range()]));
            let tokens = surrogates.tokens(span);
            let belgian = crate::lexicon::look_up(surrogates.document.hash_of(tokens.start, tokens.end))
                .any(crate::lexicon::Lists::PLACE_BELGIAN);
            let french = french || code.is_none() && !belgian;
            let name = entry(surrogates, text, french, scope).split_once(' ').map_or("", |(_, name)| name);
            in_case_of(text, name)
        }
    }
}

fn is_french(code: &str) -> bool {
    code.bytes().filter(u8::is_ascii_digit).count() == 5
}

/// The code and town that stand for the town `key`.
fn entry(surrogates: &Surrogates<'_>, key: &str, french: bool, scope: &Scope<'_>) -> &'static str {
    let list = surrogates.pool.list_like("city", if french { "fr" } else { "be" }, elides(key, false));
    scope.choose(list, scope.draw("town", &[&fold(key)]))
}

/// The digits of the new code in the place of the old one's.
fn code(text: &str, entry: &str) -> String {
    let mut digits = entry.chars().take_while(char::is_ascii_digit);
    text.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or('0') } else { c }).collect()
}

/// The kind of street stays; its name and numbers are new.
fn street(surrogates: &Surrogates<'_>, span: &Span, scope: &Scope<'_>) -> String {
    let document = surrogates.document;
    let text = &document.text()[span.range()];
    let tokens = surrogates.tokens(span);
    let Some(kind) = tokens.clone().find(|i| document.has(*i, Roles::STREET.or(Roles::STREET_WEAK))) else {
        let key = fold(text);
        let name = scope.choose(surrogates.pool.list("street", "fr"), scope.draw("street", &[&key]));
        return in_case_of(text, &format!("rue {name} {}", scope.draw("house", &[&key]) % 180 + 1));
    };
    let mut name_end = kind + 1;
    // "rue du 8 mai 1945": the numbers of a date are of the name.
    let of_date = |j: usize| document.has(j + 1, Roles::MONTH) || document.has(j - 1, Roles::MONTH);
    while name_end < tokens.end
        && (!document.is_number(name_end) || of_date(name_end))
        && !document.is_sign(name_end, b',')
    {
        name_end += 1;
    }
    let bytes = |from: usize, to: usize| document.bytes(from, to);
    let key = fold(&document.text()[bytes(kind, name_end)]);
    let name = scope.choose(surrogates.pool.list("street", "fr"), scope.draw("street", &[&key]));
    let number = |part: &str| -> String {
        let mut draw = scope.draw("house", &[&key, part]);
        let mut first = true;
        part.chars()
            .map(|c| {
                if !c.is_ascii_digit() {
                    return c;
                }
                let digit = if first { 1 + (draw % 9) as u8 } else { (draw % 10) as u8 };
                (draw, first) = (draw / 10, false);
                char::from(b'0' + digit)
            })
            .collect()
    };
    // A span may end before the invisible signs that end its last token.
    let kind_start = (document.tokens[kind].start as usize).max(span.start);
    let kind_end = (document.tokens[kind].end as usize).min(span.end);
    let tail_start = (document.tokens[name_end - 1].end as usize).min(span.end);
    let head = &document.text()[span.start..kind_start];
    let dot = if document.text()[kind_end..].starts_with('.') { "." } else { "" };
    let tail = &document.text()[tail_start..span.end];
    let kind_text = &document.text()[kind_start..kind_end];
    format!("{}{kind_text}{dot} {}{}", number(head), in_case_of(text, name), number(tail))
}
