//! Writes a simulated hospital archive: DICOM images, French reports, the truth, and a contact sheet.
//!
//! ```text
//! cargo run --release --example phantom_hospital -- --studies 300 --seed 7 --out hospital
//! ```

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use xray_phantom::{Clutter, PhantomHospital};

/// Writes a simulated hospital archive. Nothing in it is of a patient.
#[derive(Debug, Parser)]
struct Arguments {
    /// Number of studies.
    #[arg(long, default_value_t = 300)]
    studies: usize,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The folder; an interrupted run continues in it.
    #[arg(long)]
    out: PathBuf,
    /// Rows of an image.
    #[arg(long, default_value_t = 512)]
    size: usize,
    /// Threads; all by default. The bytes do not depend on it.
    #[arg(long)]
    threads: Option<usize>,
    /// Adds what makes real archives hard: missing, doubled and late reports, notes, stray images, PDF files.
    #[arg(long)]
    messy: bool,
    /// Images on the contact sheet.
    #[arg(long, default_value_t = 48)]
    sheet: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let hospital = PhantomHospital {
        studies: arguments.studies,
        seed: arguments.seed,
        size: arguments.size,
        clutter: if arguments.messy { Clutter::realistic() } else { Clutter::default() },
        ..PhantomHospital::default()
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.unwrap_or(0)).build()?;
    let bar = ProgressBar::new(hospital.studies as u64)
        .with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} simulated studies, {eta} left")?);
    pool.install(|| -> anyhow::Result<()> {
        hospital
            .write(&arguments.out, &|done| bar.set_position(done as u64))
            .with_context(|| format!("writing the archive {:?}", arguments.out))?;
        hospital.contact_sheet(arguments.out.join("contact-sheet.png"), arguments.sheet)?;
        Ok(())
    })?;
    bar.finish();
    eprintln!("{:?} holds {} simulated studies", arguments.out, hospital.studies);
    Ok(())
}
