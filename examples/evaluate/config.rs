use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// What is compared, and on what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluateConfig {
    /// Said at the head of every page, as that the data is simulated.
    pub(crate) notice: String,
    /// The folder of the shards.
    pub(crate) shards: PathBuf,
    /// Labels that are findings or classes.
    pub(crate) labels: Vec<String>,
    /// Parts of the training labels.
    #[serde(default = "fractions")]
    pub(crate) fractions: Vec<f64>,
    /// One draw of each part for each seed.
    #[serde(default = "seeds")]
    pub(crate) seeds: Vec<u64>,
    /// The first is compared with each of the others.
    #[serde(rename = "encoder")]
    pub(crate) encoders: Vec<EncoderEntry>,
}

/// An encoder of the comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderEntry {
    pub(crate) name: String,
    /// The folder of a pretraining run: its image encoder and its transform.
    pub(crate) run: PathBuf,
    /// Another Hugging Face folder in the place of the run's encoder; the transform stays the run's.
    #[serde(default)]
    pub(crate) pretrained: Option<PathBuf>,
    /// Fresh weights of the same configuration, drawn from this seed.
    #[serde(default)]
    pub(crate) random_init: Option<u64>,
}

fn fractions() -> Vec<f64> {
    vec![0.01, 0.1, 1.0]
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
            ("labels", config.labels.is_empty()),
            ("fractions", config.fractions.is_empty()),
            ("seeds", config.seeds.is_empty()),
        ] {
            ensure!(!empty, "{path:?}: there is nothing in {what}");
        }
        for encoder in &config.encoders {
            let both = encoder.pretrained.is_some() && encoder.random_init.is_some();
            ensure!(!both, "{path:?}: {:?} is pretrained or of random weights, not both", encoder.name);
        }
        Ok(config)
    }
}
