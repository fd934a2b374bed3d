use serde::{Deserialize, Serialize};

/// A rectangle of an image in which text is burned in, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRegion {
    /// Columns left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
    /// How many characters stand in it, counted or estimated from its size.
    pub characters: usize,
}

impl TextRegion {
    /// How many pixels it has.
    pub fn area(&self) -> usize {
        self.width * self.height
    }
}
