//! The part of ours in `benches/peers/shards.py`: samples of shards, as many as each line of standard input says, again
//! from the first shard after the last. Answers with `{"units": .., "seconds": ..}`.
//!
//! ```text
//! shard_rate bytes|grey SHARD.tar...
//! ```
//!
//! `bytes` reads the members and the JSON; `grey` decodes the images to tensors of one channel too.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde_json::json;
use xray_dataset::{ImageFileDecoder, ShardReader};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let work = arguments.next().filter(|work| work == "bytes" || work == "grey");
    let shards: Vec<String> = arguments.collect();
    let Some(work) = work.filter(|_| !shards.is_empty()) else {
        return Err("usage: shard_rate bytes|grey SHARD.tar...".into());
    };
    let decoder = ImageFileDecoder::default();
    let mut answers = std::io::stdout();
    writeln!(answers, "{}", json!({"loaded": 0.0}))?;
    answers.flush()?;
    for line in std::io::stdin().lock().lines() {
        let count: usize = line?.trim().parse()?;
        let start = Instant::now();
        let mut left = count;
        while left > 0 {
            for shard in &shards {
                for sample in ShardReader::open(shard)?.take(left) {
                    left -= 1;
                    if work == "grey" {
                        black_box(sample?.decode(&decoder, shard)?);
                    } else {
                        black_box(sample?);
                    }
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        writeln!(answers, "{}", json!({"units": count, "seconds": seconds}))?;
        answers.flush()?;
    }
    Ok(())
}
