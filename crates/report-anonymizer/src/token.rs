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
    /// Where its folded form lies.
    pub(crate) fold: (u32, u32),
    /// The number, for numbers of at most nine digits.
    pub(crate) number: u32,
    /// How many tokens the longest known place that begins here has, 0 for none.
    pub(crate) place: u8,
    /// Whether it has a letter that French never writes.
    pub(crate) foreign: bool,
}

/// For every line, whether case tells something there: it is not all in capitals, and the text has both cases.
pub(crate) fn cased_lines<'t>(tokens: impl Iterator<Item = &'t Token>, lines: usize) -> Vec<bool> {
    let mut counts = vec![(0u32, 0u32, 0u32); lines];
    for token in tokens.filter(|t| t.kind == Kind::Word && t.len > 1) {
        let counts = &mut counts[token.line as usize];
        match token.shape {
            Shape::Lower => counts.0 += 1,
            Shape::Upper => counts.1 += 1,
            _ => counts.2 += 1,
        }
    }
    let (lower, capital) = counts.iter().fold((0, 0), |sum, line| (sum.0 + line.0, sum.1 + line.1 + line.2));
    let upper: u32 = counts.iter().map(|line| line.1).sum();
    // Addresses in small letters do not make a text in capitals one with case.
    let text = capital * 40 >= lower && (lower + capital - upper) * 8 >= upper && lower > 0;
    counts.iter().map(|(lower, _, capital)| text && lower + capital > 0).collect()
}
