use crate::lexicon::Lists;
use crate::vocabulary::Roles;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters and their marks.
    Word,
    /// Digits.
    Number,
    /// One sign.
    Sign,
}

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Begins with a small letter, or has no case.
    Lower,
    /// Begins with a capital and goes on otherwise.
    Capital,
    /// Two or more letters, all capital.
    Upper,
    /// One capital letter.
    Initial,
}

/// A word, a number or a sign of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    /// The ASCII sign, for signs.
    pub(crate) sign: u8,
    /// Digits, for numbers; letters, for words (255 at most).
    pub(crate) len: u8,
    /// Spaces before it on its line (255 at most).
    pub(crate) gap: u8,
    /// The value of the vocabulary's entry (month, number word, unit).
    pub(crate) value: u8,
    pub(crate) line: u32,
    pub(crate) hash: u64,
    pub(crate) roles: Roles,
    pub(crate) lists: Lists,
    /// Where its folded form lies: in the text if it is `plain`, among the folded words if not.
    pub(crate) fold: (u32, u32),
    pub(crate) plain: bool,
    /// The number, for numbers of at most nine digits.
    pub(crate) number: u32,
    /// How many tokens the longest known place that begins here has, 0 for none.
    pub(crate) place: u8,
    /// Whether it has a letter that French never writes.
    pub(crate) foreign: bool,
    /// Whether it begins its line.
    pub(crate) begins: bool,
    /// Whether it follows the token before it on its line without a space.
    pub(crate) glued: bool,
    /// Whether case tells names from words on its line.
    pub(crate) cased: bool,
    /// Whether it belongs to an eponym, a score or a product.
    pub(crate) guarded: bool,
}

/// Whether case tells anything in a text of these tokens: it has both cases.
pub(crate) fn has_case<'t>(tokens: impl Iterator<Item = &'t Token>) -> bool {
    let (mut lower, mut upper, mut capital) = (0u32, 0u32, 0u32);
    for token in tokens.filter(|t| t.kind == Kind::Word && t.len > 1) {
        match token.shape {
            Shape::Lower => lower += 1,
            Shape::Upper => upper += 1,
            Shape::Capital | Shape::Initial => capital += 1,
        }
    }
    // Addresses in small letters do not make a text in capitals one with case.
    (upper + capital) * 40 >= lower && (lower + capital) * 8 >= upper && lower > 0
}
