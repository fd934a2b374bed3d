use std::fmt;

use crate::draw::Draw;

/// Words that others are put after, and so are always typed well.
const SPARED: [&str; 2] = ["Docteur", "côté"];
/// Shorter words are typed well.
const SHORTEST: usize = 5;

/// What goes wrong at the keyboard. Identifiers are never touched.
pub(crate) struct Faults {
    share: f64,
    /// Accents are left out in this report.
    pub(crate) flat: bool,
    draw: Draw,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("share", &self.share).field("flat", &self.flat).finish_non_exhaustive()
    }
}

impl Faults {
    /// Shares of the longer words with a fault, and of the reports without accents.
    pub(crate) fn new(share: f64, flat_share: f64, mut draw: Draw) -> Self {
        Self { share, flat: draw.chance(flat_share), draw }
    }

    /// The words as they were typed.
    pub(crate) fn typed(&mut self, words: &str) -> String {
        if self.share <= 0.0 {
            return words.to_owned();
        }
        let typed = words.split_inclusive(|c: char| !c.is_alphabetic()).map(|piece| {
            let letters = piece.trim_end_matches(|c: char| !c.is_alphabetic());
            let whole = letters.chars().count() >= SHORTEST && !SPARED.contains(&letters);
            if whole && self.draw.chance(self.share) { self.slip(piece, letters) } else { piece.to_owned() }
        });
        typed.collect()
    }

    /// Two letters change places, one is missing or one comes twice; never the first.
    fn slip(&mut self, piece: &str, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let at = 1 + self.draw.below(letters.len() - 2);
        match self.draw.below(3) {
            0 => letters.swap(at, at + 1),
            1 => {
                letters.remove(at);
            }
            _ => letters.insert(at, letters[at]),
        }
        letters.into_iter().collect::<String>() + &piece[word.len()..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_long_word_is_touched_and_numbers_are_not() {
        let mut faults = Faults::new(1.0, 0.0, Draw::new(1, &[]));
        let words = "Fracture du radius, déplacement de 12 mm. Docteur ";
        let typed = faults.typed(words);
        assert!(typed.contains(" du ") && typed.contains(" de 12 mm. Docteur "), "{typed}");
        assert!(
            !typed.contains("Fracture") && typed.starts_with('F') && !typed.contains("déplacement"),
            "{typed}"
        );
        assert_eq!(Faults::new(0.0, 0.0, Draw::new(1, &[])).typed(words), words);
    }
}
