use crate::document::{Document, Kind, Token};
use crate::hash::WordSet;

/// The words of the original, which no surrogate may be.
#[derive(Debug)]
pub(crate) enum Present<'a> {
    /// For a report: the words as they stand, and a bit for each one's hash. Where the bit is not set, the
    /// word is not there.
    Few(&'a [Token], Box<[u64; 64]>),
    /// For a text in which a search from word to word would take too long.
    Many(WordSet),
}

/// Up to this many tokens are searched one by one.
const FEW: usize = 2048;

impl<'a> Present<'a> {
    pub(crate) fn new(document: &'a Document<'_>) -> Self {
        let words = document.tokens.iter().filter(|t| t.kind == Kind::Word).map(|t| t.hash);
        if document.tokens.len() > FEW {
            return Self::Many(words.collect());
        }
        let mut filter = Box::new([0; 64]);
        for hash in words {
            let (cell, bit) = place(hash);
            filter[cell] |= bit;
        }
        Self::Few(&document.tokens, filter)
    }

    /// Whether the folded word with this hash stands in the original.
    pub(crate) fn contains(&self, hash: u64) -> bool {
        match self {
            Self::Few(tokens, filter) => {
                let (cell, bit) = place(hash);
                filter[cell] & bit != 0 && tokens.iter().any(|t| t.hash == hash)
            }
            Self::Many(words) => words.contains(&hash),
        }
    }
}

fn place(hash: u64) -> (usize, u64) {
    ((hash >> 6 & 63) as usize, 1 << (hash & 63))
}
