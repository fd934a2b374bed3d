//! Charts as SVG text. They stand alone as files, lie in a page as they are, take the reader's light or
//! dark scheme, and need neither a font file nor a drawing library.

mod axis;
mod line;

pub use line::{LineChart, Series};
