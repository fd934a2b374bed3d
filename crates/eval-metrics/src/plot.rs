//! Charts as SVG text. They stand alone as files, lie in a page as they are, take the reader's light or
//! dark scheme, and need neither a font file nor a drawing library.

mod axis;
mod colors;
mod line;
mod scatter;

pub use line::{LineChart, Series};
pub use scatter::ScatterChart;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
