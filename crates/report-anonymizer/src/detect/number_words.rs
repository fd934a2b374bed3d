use crate::document::{Document, Kind, Token};
use crate::vocabulary::Roles;

/// The number that the words from token `i` say, at most 9,999, and the token after them.
pub(crate) fn number_in_words(document: &Document<'_>, i: usize) -> Option<(u32, usize)> {
    let (mut total, mut part, mut at, mut end) = (0u32, 0u32, i, i);
    while let Some(token) =
        document.get(at).filter(|t| t.line == document.tokens[i].line && t.gap <= 2 && at < i + 16)
    {
        if token.kind == Kind::Sign && token.sign == b'-' && end == at && at > i
            || document.is(at, word!("et")) && document.has(at + 1, Roles::NUMBER) && end == at && at > i
        {
            at += 1;
            continue;
        }
        if token.kind != Kind::Word
            || !token.roles.any(Roles::NUMBER)
            || end != at && !document.is_sign(at - 1, b'-') && !document.is(at - 1, word!("et"))
        {
            break;
        }
        match token.value_of_number(document.folded(at)) {
            1000 => {
                total += part.max(1) * 1000;
                part = 0;
            }
            100 => part = part.max(1) * 100,
            value if part % 100 == 4 && value == 20 => part += 76,
            value => {
                if part % 10 != 0 && part % 100 > 20 || part % 20 != 0 && (value < 10 && part % 10 != 0) {
                    break;
                }
                part += value;
            }
        }
        at += 1;
        end = at;
    }
    (end > i).then_some((total + part, end))
}

impl Token {
    fn value_of_number(&self, word: &str) -> u32 {
        match word {
            "cent" | "cents" => 100,
            "mille" | "mil" => 1000,
            "sept" => 7,
            _ => u32::from(self.value),
        }
    }
}
