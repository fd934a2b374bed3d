//! Text burned into pixels: what finds it, and what is done about it.

mod components;
#[cfg(feature = "ocr")]
mod detector;
mod glyph_rows;
mod rule;
mod strokes;

#[cfg(feature = "ocr")]
pub use detector::TextDetector;
pub use glyph_rows::GlyphRows;
pub use rule::BurnedIn;
