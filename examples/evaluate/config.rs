use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::tasks::TaskEntry;

/// What is compared, and on what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluateConfig {
    /// Said at the head of every page, as that the data is simulated.
    pub(crate) notice: String,
    /// How heads are fitted.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// Where features are kept from one run to the next; nowhere if not said.
    #[serde(default)]
    pub(crate) cache: Option<PathBuf>,
    /// Parts of the training labels.
    #[serde(default = "fractions")]
    pub(crate) fractions: Vec<f64>,
    /// One draw of each part for each seed.
    #[serde(default = "seeds")]
    pub(crate) seeds: Vec<u64>,
    /// Only of `paper`: epochs at most in which the encoder learns, or in which a head does whose encoder never
    /// learns; in place of its 1,000.
    #[serde(default)]
    pub(crate) epochs: Option<u64>,
    /// What is learnt.
    #[serde(rename = "task")]
    pub(crate) tasks: Vec<TaskEntry>,
    /// The first is compared with each of the others.
    #[serde(rename = "encoder")]
    pub(crate) encoders: Vec<EncoderEntry>,
}

/// How heads are fitted and labels drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protocol {
    /// Probes on frozen features, labels drawn by patient, regularisation chosen within the training patients.
    #[default]
    Strict,
    /// As the method's released code: linear and fine-tuning, labels drawn by image. For comparison with it alone.
    Paper,
}

/// An encoder of the comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderEntry {
    pub(crate) name: String,
    /// The folder of a pretraining run: its image encoder and its transform.
    #[serde(default)]
    pub(crate) run: Option<PathBuf>,
    /// A Hugging Face folder: with `run` in the place of its encoder, prepared by its transform; alone with the
    /// `preprocessor_config.json` that it holds.
    #[serde(default)]
    pub(crate) pretrained: Option<PathBuf>,
    /// Fresh weights of the same configuration, drawn from this seed.
    #[serde(default)]
    pub(crate) random_init: Option<u64>,
    /// With `random_init` and in `strict` alone: these weights learn each task from its labels, with the head. The
    /// fine-tuning of `paper` is that already.
    #[serde(default)]
    pub(crate) supervised: Option<Supervised>,
}

/// How an encoder learns from labels alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supervised {
    /// Steps of 64 images, at most: as many for few labels as for all. It stops where a fifth of the drawn patients
    /// gets no better for ten epochs.
    #[serde(default = "steps")]
    pub(crate) steps: u64,
    #[serde(default = "learning_rate")]
    pub(crate) learning_rate: f64,
    /// In place of those of the probes: a training takes minutes, a probe none.
    #[serde(default)]
    pub(crate) seeds: Option<Vec<u64>>,
}

fn fractions() -> Vec<f64> {
    vec![0.01, 0.1, 1.0]
}

fn steps() -> u64 {
    200
}

fn learning_rate() -> f64 {
    1e-3
}

fn seeds() -> Vec<u64> {
    vec![1, 2, 3]
}

impl EvaluateConfig {
    pub(crate) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {path:?}"))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("reading {path:?}"))?;
        for (what, empty) in [
            ("encoder", config.encoders.is_empty()),
            ("task", config.tasks.is_empty()),
            ("fractions", config.fractions.is_empty()),
            ("seeds", config.seeds.is_empty()),
        ] {
            ensure!(!empty, "{path:?}: there is nothing in {what}");
        }
        for encoder in &config.encoders {
            let given = encoder.run.is_some() || encoder.pretrained.is_some();
            ensure!(given, "{path:?}: {:?} has neither run nor pretrained", encoder.name);
            let fresh = encoder.supervised.is_none() || encoder.random_init.is_some();
            ensure!(fresh, "{path:?}: {:?} is supervised and has no random_init", encoder.name);
            let seeds = encoder.supervised.as_ref().and_then(|supervised| supervised.seeds.as_ref());
            ensure!(
                seeds.is_none_or(|seeds| !seeds.is_empty()),
                "{path:?}: there is nothing in seeds of {:?}",
                encoder.name
            );
        }
        for task in &config.tasks {
            task.check().with_context(|| format!("reading {path:?}"))?;
        }
        Ok(config)
    }
}
