use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use model_core::{
    AdamW, AdamWConfig, Lion, Lion8bit, Lion8bitConfig, LionConfig, Optimizer, Parameter, ParameterPolicy,
    PretrainedConfig, TrainerConfig,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::overlay::{named, overlay, read};
use crate::prompts::in_one_line;
use crate::{AlignmentLoss, ClipLoss, Error, LocalLoss, LogitConfig, Result, SiglipLoss, SumLoss};

/// All that a pretraining run is told, as a TOML file. A key that nothing reads is an error.
///
/// ```
/// let config = contrastive_align::PretrainConfig::parse(
///     r#"
///     [data]
///     shards = "shards"
///     batch = 32
///     [vision.config]
///     hidden_size = 192
///     [text.config]
///     model_type = "xlm-roberta"
///     [loss.clip]
///     temperature = 0.1
///     [optimizer.lion]
///     "#,
/// )?;
/// assert_eq!(config.data.resolution, 224);
/// assert_eq!(config.seed, 12345);
/// # Ok::<(), contrastive_align::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainConfig {
    /// All that is drawn comes from it. Default: 12345, as in the released recipe.
    #[serde(default = "released_seed")]
    pub seed: u64,
    /// The studies and how they are read.
    pub data: DataConfig,
    /// The image encoder.
    pub vision: EncoderConfig,
    /// The text encoder.
    pub text: EncoderConfig,
    /// What the scale and the bias start from.
    #[serde(default)]
    pub logit: LogitConfig,
    /// What is minimised.
    pub loss: LossConfig,
    /// The rule of the steps.
    pub optimizer: OptimizerConfig,
    /// Weight decay and the rates of layers.
    #[serde(default)]
    pub parameters: ParameterPolicy,
    /// Epochs, learning rate and what ends training. Its seed and its folder are the run's.
    #[serde(default)]
    pub trainer: TrainerConfig,
}

/// The studies and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The folder of the shards.
    pub shards: PathBuf,
    /// Studies in a batch of one process.
    pub batch: usize,
    /// Studies that the encoders see at once; fewer than the batch make gradients be cached. Default: the
    /// batch.
    #[serde(default)]
    pub chunk: Option<NonZeroUsize>,
    /// So many studies of one body part come together, as far as they go; the batch is a multiple of it. The other
    /// studies of a batch are then harder to tell apart than the parts are. Ours, not the method's. Default: 1, any
    /// study beside any other.
    #[serde(default = "one")]
    pub alike: usize,
    /// Threads that read images. Default: one for each core.
    #[serde(default)]
    pub workers: Option<usize>,
    /// Side of the images in pixels. Default: 224.
    #[serde(default = "default_resolution")]
    pub resolution: usize,
    /// What differs from the usual augmentation, in its own words.
    #[serde(default)]
    pub augmentation: toml::Table,
    /// Whether validation is augmented as well, as the released recipe does. Default: it is not, and every
    /// evaluation sees the same images.
    #[serde(default)]
    pub augmented_validation: bool,
    /// Entries of a vocabulary to be trained on the training reports, for a text encoder that starts fresh.
    #[serde(default)]
    pub vocabulary: Option<usize>,
}

/// An encoder: a published one, a fresh one, or one with other settings than it was published with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderConfig {
    /// A Hugging Face folder. Default: none, fresh weights.
    pub pretrained: Option<PathBuf>,
    /// So many layers from below, and the embeddings, stay as they are. Default: 0, nothing is frozen.
    pub freeze_layers: u64,
    /// What differs from the folder's `config.json`, or from the defaults, in its own words.
    pub config: toml::Table,
}

/// One loss, or several with weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// Soft-max over the batch.
    pub clip: Option<ClipLoss>,
    /// A sigmoid for each pair.
    pub siglip: Option<SiglipLoss>,
    /// Patches and words.
    pub local: Option<LocalLoss>,
    /// What the local loss is multiplied by. Default: 1.
    pub local_weight: Option<f64>,
}

/// The rule of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerConfig {
    /// [`Lion`], with its state in single precision.
    Lion(LionConfig),
    /// [`Lion8bit`], with a byte of state a parameter.
    Lion8bit(Lion8bitConfig),
    /// [`AdamW`].
    AdamW(AdamWConfig),
}

fn released_seed() -> u64 {
    12345
}

fn one() -> usize {
    1
}

fn default_resolution() -> usize {
    224
}

impl PretrainConfig {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if it cannot be read, [`Error::Config`] if it holds what no run can have.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text =
            fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|error| match error {
            Error::Config { reason, .. } => Error::Config { path: Some(path.to_owned()), reason },
            other => other,
        })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the line or the key, and the cause.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |error: toml::de::Error| Error::config(in_one_line(text, &error));
        let mut unread = Vec::new();
        let deserializer = toml::Deserializer::parse(text).map_err(refuse)?;
        let config: Self =
            serde_ignored::deserialize(deserializer, |path| unread.push(named(&path.to_string())))
                .map_err(refuse)?;
        if let Some(key) = unread.first() {
            return Err(Error::config(format!("unknown key {key}")));
        }
        config.validate()?;
        Ok(config)
    }

    /// Refuses what no run can have. The encoders' own settings are looked at when they are built.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] names the key.
    pub fn validate(&self) -> Result<()> {
        if self.data.batch == 0 || self.data.resolution == 0 {
            return Err(Error::config("data.batch and data.resolution must be at least 1"));
        }
        if self.data.alike == 0 || !self.data.batch.is_multiple_of(self.data.alike) {
            return Err(Error::config("data.batch must be a multiple of data.alike, which is at least 1"));
        }
        if self.trainer.checkpoints.is_some() || self.trainer.seed != 0 {
            return Err(Error::config("trainer.checkpoints and trainer.seed are those of the run"));
        }
        if self.loss.clip.is_none() && self.loss.siglip.is_none() && self.loss.local.is_none() {
            return Err(Error::config("loss needs one of clip, siglip and local"));
        }
        let check =
            |checked: model_core::Result<()>| checked.map_err(|error| Error::config(error.to_string()));
        check(self.logit.validate())?;
        check(self.trainer.validate())
    }
}

impl DataConfig {
    /// `usual` with what the file says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] names a key that it does not have, or a value of a wrong kind.
    pub fn augmentation<T: Serialize + DeserializeOwned>(&self, usual: &T) -> Result<T> {
        let base = serde_json::to_value(usual).map_err(|error| Error::config(error.to_string()))?;
        overlay("data.augmentation", base, &self.augmentation, read)
    }
}

impl EncoderConfig {
    /// The encoder's configuration: that of its folder, or the defaults, with what the file says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if there is no `config.json`; [`Error::Config`] names a key that the encoder does not
    /// have, or a value that it cannot have.
    pub fn resolve<C: PretrainedConfig>(&self) -> Result<C> {
        let base = match &self.pretrained {
            Some(folder) => {
                let path = folder.join("config.json");
                let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
                serde_json::from_slice(&bytes)
                    .map_err(|error| Error::Config { path: Some(path), reason: error.to_string() })?
            }
            None => serde_json::Value::Object(serde_json::Map::new()),
        };
        let config: C = overlay("the encoder's config", base, &self.config, C::from_json)?;
        config.validate().map_err(|error| Error::config(error.to_string()))?;
        Ok(config)
    }

    /// The same with one setting more.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }
}

impl LossConfig {
    /// The sum of the losses that are asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there is none.
    pub fn build(&self) -> Result<SumLoss> {
        let mut losses: Vec<(f64, Box<dyn AlignmentLoss>)> = Vec::new();
        if let Some(clip) = &self.clip {
            losses.push((1.0, Box::new(clip.clone())));
        }
        if let Some(siglip) = &self.siglip {
            losses.push((1.0, Box::new(siglip.clone())));
        }
        if let Some(local) = &self.local {
            losses.push((self.local_weight.unwrap_or(1.0), Box::new(local.clone())));
        }
        SumLoss::new(losses).map_err(|error| Error::config(error.to_string()))
    }
}

impl OptimizerConfig {
    /// The optimizer of these parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a setting is out of range.
    pub fn build(&self, parameters: Vec<Parameter>) -> Result<Box<dyn Optimizer>> {
        let refuse = |error: model_core::Error| Error::config(error.to_string());
        Ok(match *self {
            Self::Lion(config) => Box::new(Lion::new(parameters, config).map_err(refuse)?),
            Self::Lion8bit(config) => Box::new(Lion8bit::new(parameters, config).map_err(refuse)?),
            Self::AdamW(config) => Box::new(AdamW::new(parameters, config).map_err(refuse)?),
        })
    }
}
