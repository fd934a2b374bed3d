use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::hash::{EMPTY, hash_byte, hash_word};

/// Appends `c` in the form in which words are compared: lower case, without accents, ligatures opened,
/// compatibility forms (full-width, superscript) made plain, apostrophes and hyphens in their ASCII form.
pub(crate) fn fold_char(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    if let Some(plain) = latin(c) {
        out.push_str(plain);
        return;
    }
    decompose_compatible(c, |part| match part {
        part if is_combining_mark(part) || is_invisible(part) => {}
        part => {
            for lower in part.to_lowercase() {
                match latin(lower) {
                    Some(plain) => out.push_str(plain),
                    None if is_combining_mark(lower) => {}
                    None => out.push(lower),
                }
            }
        }
    });
}

/// The hash of `text` folded as words are, and how many bytes that has.
pub(crate) fn folded_hash(text: &str) -> (u64, usize) {
    if text.is_ascii() {
        let hash = text.bytes().fold(EMPTY, |hash, byte| hash_byte(hash, byte.to_ascii_lowercase()));
        return (hash, text.len());
    }
    let folded = fold(text);
    (hash_word(&folded), folded.len())
}

/// `text` folded as words are.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut out);
    }
    out
}

/// Whether `c` is an accent or the like that stands on the letter before it.
pub(crate) fn is_mark(c: char) -> bool {
    c >= '\u{300}' && is_combining_mark(c)
}

/// Characters that show nothing: soft hyphen, zero-width space and joiners, byte order mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Whether `c` is a Latin letter, or a mark on one, that French never writes: of Polish, Turkish, Vietnamese, Portuguese.
pub(crate) fn is_foreign(c: char) -> bool {
    matches!(
        c,
        'á' | 'í' | 'ó' | 'ú' | 'ã' | 'õ' | 'ñ' | 'Á' | 'Í' | 'Ó' | 'Ú' | 'Ã' | 'Õ' | 'Ñ'
            | '\u{100}'..='\u{113}'
            | '\u{116}'..='\u{12f}'
            | '\u{131}'
            | '\u{139}'..='\u{151}'
            | '\u{154}'..='\u{177}'
            | '\u{179}'..='\u{17e}'
            | '\u{180}'..='\u{24f}'
            | '\u{1e00}'..='\u{1eff}'
            | '\u{303}'
            | '\u{304}'
            | '\u{306}'
            | '\u{309}'
            | '\u{30b}'
            | '\u{30c}'
            | '\u{31b}'
            | '\u{323}'
            | '\u{326}'
            | '\u{328}'
    )
}

/// What stands for the degree sign (and the sign of "nº") among plain signs.
pub(crate) const DEGREE: char = '\u{1}';

/// The ASCII sign that a typographic one stands for, or a space, or the character itself.
pub(crate) fn plain_sign(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}' | '\u{b4}' | '`' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{ff0f}' | '\u{2044}' => '/',
        '\u{ff0e}' | '\u{2024}' => '.',
        '\u{ff1a}' => ':',
        '\u{ff20}' => '@',
        '°' | 'º' => DEGREE,
        '\u{ff0b}' => '+',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// The common letters of French and its neighbours, without the cost of a decomposition.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'À'..='Å' => "a",
        'ç' | 'Ç' => "c",
        'è'..='ë' | 'È'..='Ë' => "e",
        'ì'..='ï' | 'Ì'..='Ï' | 'ı' => "i",
        'ñ' | 'Ñ' => "n",
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' => "o",
        'ù'..='ü' | 'Ù'..='Ü' => "u",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'œ' | 'Œ' => "oe",
        'æ' | 'Æ' => "ae",
        'ß' => "ss",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        '’' | '‘' | 'ʼ' => "'",
        '\u{2010}'..='\u{2015}' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn spellings_of_one_name_fold_to_one_form() {
        for spelling in ["Lefèvre", "LEFÈVRE", "Lefe\u{300}vre", "LEFEVRE", "ＬＥＦＥＶＲＥ"] {
            assert_eq!(fold(spelling), "lefevre");
        }
        assert_eq!(fold("Cœur d’Ouﬀet"), "coeur d'ouffet");
        assert_eq!(fold("İpek"), "ipek");
    }
}
