//! The part of ours in `benches/peers/headers.py`: DICOM files written without identity, as many as each line of standard
//! input says, again from the first after the last. Answers with `{"units": .., "seconds": ..}`.
//!
//! ```text
//! header_rate OUT FILE.dcm...
//! ```

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use xray_core::PseudonymKey;
use xray_dataset::HeaderDeidentifier;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let out = arguments.next();
    let files: Vec<PathBuf> = arguments.collect();
    let Some(out) = out.filter(|_| !files.is_empty()) else {
        return Err("usage: header_rate OUT FILE.dcm...".into());
    };
    let deidentifier = HeaderDeidentifier::new(PseudonymKey::new(b"a key for nothing but measuring"));
    let mut answers = std::io::stdout();
    writeln!(answers, "{}", json!({"loaded": 0.0}))?;
    answers.flush()?;
    for line in std::io::stdin().lock().lines() {
        let count: usize = line?.trim().parse()?;
        let start = Instant::now();
        for file in files.iter().cycle().take(count) {
            deidentifier.file(file, fresh(&out))?;
        }
        let seconds = start.elapsed().as_secs_f64();
        writeln!(answers, "{}", json!({"units": count, "seconds": seconds}))?;
        answers.flush()?;
    }
    Ok(())
}

/// A path where nothing is: file systems wait for the disk when a file is replaced.
fn fresh(path: &Path) -> &Path {
    let _ = std::fs::remove_file(path);
    path
}
