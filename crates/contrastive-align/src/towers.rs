use std::fmt;
use std::path::Path;

use model_core::{
    Encoder, Error, LoadReport, Mismatch, Parameter, ParameterPolicy, Pretrained, Result, Weights,
    named_tensors, read_config, save_pretrained,
};
use tch::{Device, Tensor, nn};

use crate::{BiEncoder, LogitConfig, LogitScale};

/// The folder of the image encoder below a model's folder.
pub(crate) const VISION: &str = "vision_encoder";
/// The folder of the text encoder.
pub(crate) const TEXT: &str = "text_encoder";

/// A bi-encoder whose weights are at hand: to be made, read, trained and written.
///
/// Each encoder is a Hugging Face folder of its own, `vision_encoder/` and `text_encoder/`. Projections lie
/// beside the encoders' weights, and `logit_scale` and `logit_bias` beside those of the image encoder, as the
/// authors of the method keep them.
///
/// An encoder that has no projection gets one as [`Projected`](crate::Projected).
pub struct Towers<V: Pretrained, T: Pretrained> {
    /// The model; give it to an [`Aligner`](crate::Aligner) for training.
    pub model: BiEncoder<V, T>,
    /// What saves and trains it.
    pub weights: TowerWeights<V, T>,
}

/// The stores behind the model of [`Towers`], and what it was built from.
pub struct TowerWeights<V: Pretrained, T: Pretrained> {
    /// The image encoder's weights, the scale and the bias.
    pub vision: nn::VarStore,
    /// The text encoder's weights.
    pub text: nn::VarStore,
    vision_config: V::Config,
    text_config: T::Config,
}

impl<V: Pretrained + Encoder, T: Pretrained + Encoder> Towers<V, T> {
    /// A model with fresh weights.
    ///
    /// # Errors
    ///
    /// If a configuration is refused or the vectors of the two differ in length.
    pub fn new(
        vision_config: V::Config,
        text_config: T::Config,
        logit: &LogitConfig,
        device: Device,
    ) -> Result<Self> {
        let (vision, text) = (nn::VarStore::new(device), nn::VarStore::new(device));
        let image = V::new(&vision.root(), &vision_config)?;
        let report = T::new(&text.root(), &text_config)?;
        let model = BiEncoder::new(image, report, LogitScale::new(&vision.root(), logit)?)?;
        Ok(Self { model, weights: TowerWeights { vision, text, vision_config, text_config } })
    }

    /// The model that [`TowerWeights::save`] wrote into a folder.
    ///
    /// # Errors
    ///
    /// As [`TowerWeights::load_vision`].
    pub fn load(folder: impl AsRef<Path>, device: Device) -> Result<Self> {
        let (vision, text) = (folder.as_ref().join(VISION), folder.as_ref().join(TEXT));
        let towers = Self::new(read_config(&vision)?, read_config(&text)?, &LogitConfig::default(), device)?;
        let _ = towers.weights.load_vision(&vision)?;
        let _ = towers.weights.load_text(&text)?;
        Ok(towers)
    }
}

impl<V: Pretrained, T: Pretrained> TowerWeights<V, T> {
    /// Puts the weights of a published folder into the image encoder. A projection, a scale or a bias that
    /// the folder lacks stays as it is.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read, lacks a tensor that the encoder needs or has one of another shape. The
    /// encoder may then hold part of the folder's weights.
    pub fn load_vision(&self, folder: impl AsRef<Path>) -> Result<LoadReport> {
        let is_optional = |name: &str| V::is_optional(name) || LogitScale::is_optional(name);
        load(folder.as_ref(), &self.vision, |name| V::rename(&self.vision_config, name), is_optional)
    }

    /// Puts the weights of a published folder into the text encoder, as [`TowerWeights::load_vision`] does.
    ///
    /// # Errors
    ///
    /// As [`TowerWeights::load_vision`].
    pub fn load_text(&self, folder: impl AsRef<Path>) -> Result<LoadReport> {
        load(folder.as_ref(), &self.text, |name| T::rename(&self.text_config, name), T::is_optional)
    }

    /// What is trained, with `vision.` and `text.` before the names.
    pub fn parameters(&self, policy: &ParameterPolicy) -> Vec<Parameter> {
        let mut parameters = policy.parameters("vision.", &self.vision);
        parameters.extend(policy.parameters("text.", &self.text));
        parameters
    }

    /// What a checkpoint holds of the model, named as the parameters are.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut tensors = named_tensors("vision.", &self.vision);
        tensors.extend(named_tensors("text.", &self.text));
        tensors
    }

    /// Writes both encoders below `folder`. Tokenizer files go beside the text encoder's; that is the
    /// tokenizer's task.
    ///
    /// # Errors
    ///
    /// As [`save_pretrained`].
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        save_pretrained(folder.join(VISION), &self.vision, &self.vision_config)?;
        save_pretrained(folder.join(TEXT), &self.text, &self.text_config)
    }
}

fn load(
    folder: &Path,
    vs: &nn::VarStore,
    rename: impl Fn(&str) -> Option<String>,
    is_optional: impl Fn(&str) -> bool,
) -> Result<LoadReport> {
    let report = Weights::open(folder)?.load_into(vs, rename)?;
    let model = |name: &str| vs.variables().get(name).map(Tensor::size).unwrap_or_default();
    if let Some(Mismatch { tensor, file, model }) = report.mismatched.first() {
        let (tensor, file, model) = (tensor.clone(), file.clone(), model.clone());
        return Err(Error::TensorShape { path: folder.to_owned(), tensor, file, model });
    }
    let missing: Vec<&String> = report.missing.iter().filter(|name| !is_optional(name)).collect();
    match missing.first() {
        None => Ok(report),
        Some(first) => Err(Error::MissingTensors {
            path: folder.to_owned(),
            count: missing.len(),
            tensor: (*first).clone(),
            model: model(first),
        }),
    }
}

impl<V: Pretrained + fmt::Debug, T: Pretrained + fmt::Debug> fmt::Debug for Towers<V, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Towers").field("model", &self.model).field("weights", &self.weights).finish()
    }
}

impl<V: Pretrained, T: Pretrained> fmt::Debug for TowerWeights<V, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerWeights")
            .field("vision_tensors", &self.vision.len())
            .field("text_tensors", &self.text.len())
            .finish_non_exhaustive()
    }
}
