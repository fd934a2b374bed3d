//! Writes a simulated hospital archive: DICOM images, French reports, the truth, a contact sheet of its first images, and an
//! overview with one image of each part, view and finding.
//!
//! ```text
//! cargo run --release --example phantom_hospital -- --studies 300 --seed 7 --out hospital
//! cargo run --release --example phantom_hospital -- --all-parts --every-finding --masks --out hospital
//! cargo run --release --example phantom_hospital -- --layout grazpedwri --studies 300 --out graz
//! ```

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use xray_phantom::{Clutter, PhantomHospital, Prevalence, PublicLayout};

/// Writes a simulated hospital archive. Nothing in it is of a patient.
#[derive(Debug, Parser)]
struct Arguments {
    /// A TOML file of the settings of `PhantomHospital`, as presets/hospital-base.toml: prevalences, difficulty, shares,
    /// confounders. What is said here besides it counts more.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Number of studies (default: 300).
    #[arg(long)]
    studies: Option<usize>,
    /// Where all randomness comes from (default: 0).
    #[arg(long)]
    seed: Option<u64>,
    /// The folder; an interrupted run continues in it.
    #[arg(long)]
    out: PathBuf,
    /// Rows of an image (default: 512).
    #[arg(long)]
    size: Option<usize>,
    /// Threads; all by default. The bytes do not depend on it.
    #[arg(long)]
    threads: Option<usize>,
    /// Adds what makes real archives hard: missing, doubled and late reports, notes, stray images, PDF files.
    #[arg(long)]
    messy: bool,
    /// All parts of the body that can be imaged, in place of hand and wrist alone.
    #[arg(long)]
    all_parts: bool,
    /// Adds dislocations, replaced joints, single knees, and children at all parts, of which there are none by default.
    #[arg(long)]
    every_finding: bool,
    /// Adds masks of the bones and of each finding for each image.
    #[arg(long)]
    masks: bool,
    /// Writes the folders and tables of a public set in place of an archive.
    #[arg(long, value_parser = layout_of)]
    layout: Option<PublicLayout>,
    /// Images on the contact sheet.
    #[arg(long, default_value_t = 48)]
    sheet: usize,
}

impl Arguments {
    fn hospital(&self) -> anyhow::Result<PhantomHospital> {
        let usual = PhantomHospital { studies: 300, ..PhantomHospital::default() };
        let mut hospital = match &self.settings {
            Some(path) => fs::read_to_string(path)
                .map_err(anyhow::Error::from)
                .and_then(|text| Ok(toml::from_str(&text)?))
                .with_context(|| format!("reading the settings {path:?}"))?,
            None => usual,
        };
        hospital.studies = self.studies.unwrap_or(hospital.studies);
        hospital.seed = self.seed.unwrap_or(hospital.seed);
        hospital.size = self.size.unwrap_or(hospital.size);
        hospital.masks |= self.masks;
        if self.all_parts {
            hospital.other_parts = PhantomHospital::all_parts();
        }
        if self.every_finding {
            hospital.children_everywhere = true;
            hospital.one_knee_share = 0.6;
            hospital.prevalence = Prevalence::every_finding();
        }
        if self.messy {
            hospital.clutter = Clutter::realistic();
        }
        Ok(hospital)
    }
}

fn layout_of(name: &str) -> Result<PublicLayout, String> {
    let known = PublicLayout::ALL.iter().find(|(known, _)| *known == name);
    let names = PublicLayout::ALL.map(|(name, _)| name).join(", ");
    known.map(|(_, layout)| *layout).ok_or_else(|| format!("not one of {names}"))
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let hospital = arguments.hospital()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.unwrap_or(0)).build()?;
    let bar = ProgressBar::new(hospital.studies as u64)
        .with_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} simulated studies, {eta} left")?);
    pool.install(|| -> anyhow::Result<()> {
        let progress = |done: usize| bar.set_position(done as u64);
        match arguments.layout {
            Some(layout) => hospital.write_public(layout, &arguments.out, &progress),
            None => hospital.write(&arguments.out, &progress),
        }
        .with_context(|| format!("writing {:?}", arguments.out))?;
        let shown = arguments.layout.map_or(hospital.clone(), |layout| layout.hospital(&hospital));
        shown.contact_sheet(arguments.out.join("contact-sheet.png"), arguments.sheet)?;
        shown.overview(arguments.out.join("overview.png"))?;
        Ok(())
    })?;
    bar.finish();
    eprintln!("{:?} holds {} simulated studies", arguments.out, hospital.studies);
    Ok(())
}
