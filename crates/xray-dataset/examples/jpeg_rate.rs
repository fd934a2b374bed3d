//! The part of ours in `benches/peers/images.py`: a JPEG to an augmented tensor of 224 by 224, as often as each line
//! of standard input says. Answers with `{"units": .., "seconds": ..}`.
//!
//! ```text
//! jpeg_rate decode|augment FILE.jpg
//! ```

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde_json::json;
use xray_core::ImageTransform;
use xray_dataset::{Convirt, ImageFileDecoder};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(work), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: jpeg_rate decode|augment FILE.jpg".into());
    };
    let start = Instant::now();
    let bytes = std::fs::read(path)?;
    let recipe = Convirt::default();
    let whole = ImageFileDecoder::default();
    let reduced = whole.clone().reduced_to(recipe.least_side());
    let mut answers = std::io::stdout();
    writeln!(answers, "{}", json!({"loaded": start.elapsed().as_secs_f64()}))?;
    answers.flush()?;
    for line in std::io::stdin().lock().lines() {
        let count: u64 = line?.trim().parse()?;
        let start = Instant::now();
        for seed in 0..count {
            if work == "decode" {
                black_box(whole.decode_bytes(black_box(&bytes))?);
            } else {
                black_box(recipe.apply(reduced.decode_bytes(black_box(&bytes))?, seed));
            }
        }
        writeln!(answers, "{}", json!({"units": count, "seconds": start.elapsed().as_secs_f64()}))?;
        answers.flush()?;
    }
    Ok(())
}
