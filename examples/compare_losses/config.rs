use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use osteon::contrastive_align::{LogitConfig, LossConfig, PretrainConfig};
use serde::Deserialize;

/// What is compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    /// What stands above the table.
    pub(crate) notice: String,
    /// What every run is told, but for its loss and its seed.
    pub(crate) base: PathBuf,
    /// In place of the base's.
    pub(crate) epochs: Option<u64>,
    /// In place of the base's.
    pub(crate) resolution: Option<usize>,
    pub(crate) seeds: Vec<u64>,
    /// The file of prompts; its task of the same name as `label` is measured.
    pub(crate) prompts: PathBuf,
    /// A finding that is there or not.
    pub(crate) label: String,
    /// Parts of the labels that probes are fitted on.
    pub(crate) fractions: Vec<f64>,
    #[serde(rename = "variant")]
    pub(crate) variants: Vec<Variant>,
}

/// A way of training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) loss: LossConfig,
    /// Default: that of the base.
    pub(crate) logit: Option<LogitConfig>,
    /// Default: that of the base.
    pub(crate) alike: Option<usize>,
}

impl Comparison {
    pub(crate) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {path:?}"))?;
        let read: Self = toml::from_str(&text).with_context(|| format!("reading {path:?}"))?;
        ensure!(!read.seeds.is_empty() && !read.variants.is_empty(), "{path:?} needs seeds and variants");
        let mut slugs: Vec<String> = read.variants.iter().map(Variant::slug).collect();
        slugs.sort();
        slugs.dedup();
        ensure!(slugs.len() == read.variants.len(), "{path:?} names two variants alike");
        Ok(read)
    }

    /// What all runs share.
    pub(crate) fn base(&self) -> anyhow::Result<PretrainConfig> {
        let mut base = PretrainConfig::from_file(&self.base)?;
        base.trainer.epochs = self.epochs.unwrap_or(base.trainer.epochs);
        base.data.resolution = self.resolution.unwrap_or(base.data.resolution);
        Ok(base)
    }
}

impl Variant {
    /// The name as a file has it.
    pub(crate) fn slug(&self) -> String {
        let words = self.name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    }

    /// The run of a seed.
    pub(crate) fn of(&self, base: &PretrainConfig, seed: u64) -> PretrainConfig {
        let mut config = PretrainConfig { seed, loss: self.loss.clone(), ..base.clone() };
        config.logit = self.logit.unwrap_or(config.logit);
        config.data.alike = self.alike.unwrap_or(config.data.alike);
        config
    }
}
