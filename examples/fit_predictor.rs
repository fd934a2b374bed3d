//! Fits a linear probe of a label on an aligned encoder's features, sets its probabilities right on the validation
//! split, measures it on the test split, and writes what the `predict` example serves.
//!
//! ```text
//! cargo run --release --example fit_predictor -- --model runs/demo --shards shards --label fracture \
//!     --out fracture-predictor
//! ```

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use osteon::{Aligned, Predictor};
use tch::Device;

/// Makes a predictor of a label.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of a pretraining run.
    #[arg(long)]
    model: PathBuf,
    /// The folder of the shards.
    #[arg(long)]
    shards: PathBuf,
    /// A finding or a class that the shards' labels have.
    #[arg(long)]
    label: String,
    /// Where encoder and probe go.
    #[arg(long)]
    out: PathBuf,
    /// Uses the first GPU.
    #[arg(long)]
    cuda: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let device = if arguments.cuda { Device::Cuda(0) } else { Device::Cpu };
    let transform = Aligned::load(&arguments.model, device)?.plain;
    let encoder = arguments.model.join("vision_encoder");
    let (predictor, _) = Predictor::fit(encoder, transform, &arguments.shards, &arguments.label, device)?;
    predictor.save(&arguments.out)?;

    let card = predictor.card();
    let [train, validation, test] = card.studies;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}", card.label, card.classes.join(", "))?;
    writeln!(out, "fitted on {train} studies, calibrated on {validation}, measured on {test}")?;
    for (name, value) in &card.metrics {
        writeln!(out, "  {name:<20} {:.3} [{:.3}, {:.3}]", value.estimate, value.low, value.high)?;
    }
    for group in &card.audit.subgroups {
        let name = format!("{} {}", group.attribute, group.group);
        match (&group.value, &group.reason) {
            (Some(value), _) => {
                let flag = if group.flagged { "  worse or better than chance explains" } else { "" };
                writeln!(
                    out,
                    "  {name:<20} {:.3} [{:.3}, {:.3}] of {} studies{flag}",
                    value.estimate, value.low, value.high, group.cases
                )?;
            }
            (None, reason) => writeln!(out, "  {name:<20} -  {}", reason.as_deref().unwrap_or(""))?,
        }
    }
    writeln!(out, "{:?} is written; serve it with the predict example", arguments.out)?;
    Ok(())
}
