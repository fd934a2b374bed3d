use std::fmt;
use std::path::Path;

use model_core::{
    Encoder, Parameter, ParameterPolicy, Pretrained, Result, Weights, load_pretrained, named_tensors,
    read_config, save_pretrained,
};
use tch::{Device, Tensor, nn};

use crate::{BiEncoder, LogitConfig, LogitScale, Projected, ProjectedConfig};

/// The folder of the image encoder below a run's or a model's folder.
const VISION: &str = "vision_encoder";
/// The folder of the text encoder.
const TEXT: &str = "text_encoder";

/// A bi-encoder of two projected encoders whose weights are at hand: to be made, read, trained and written.
///
/// Each encoder is a Hugging Face folder of its own, `vision_encoder/` and `text_encoder/`, which
/// `transformers` reads as the plain encoder. `projection.*` lies beside the encoder's weights in both, and
/// `logit_scale` and `logit_bias` in the first, as the authors of the method keep them.
pub struct Towers<V: Pretrained, T: Pretrained> {
    /// The model; give it to an [`Aligner`](crate::Aligner) for training.
    pub model: BiEncoder<Projected<V>, Projected<T>>,
    /// What saves and trains it.
    pub weights: TowerWeights<V, T>,
}

/// The stores behind the model of [`Towers`], and what it was built from.
pub struct TowerWeights<V: Pretrained, T: Pretrained> {
    /// The image encoder's weights, its projection, and the scale and bias.
    pub vision: nn::VarStore,
    /// The text encoder's weights and its projection.
    pub text: nn::VarStore,
    vision_config: ProjectedConfig<V::Config>,
    text_config: ProjectedConfig<T::Config>,
}

impl<V: Pretrained + Encoder, T: Pretrained + Encoder> Towers<V, T> {
    /// A model with fresh weights.
    ///
    /// # Errors
    ///
    /// If a configuration is refused or the two have projections of different lengths.
    pub fn new(
        vision_config: ProjectedConfig<V::Config>,
        text_config: ProjectedConfig<T::Config>,
        logit: &LogitConfig,
        device: Device,
    ) -> Result<Self> {
        let (vision, text) = (nn::VarStore::new(device), nn::VarStore::new(device));
        let image = Projected::new(&vision.root(), &vision_config)?;
        let report = Projected::new(&text.root(), &text_config)?;
        let model = BiEncoder::new(image, report, LogitScale::new(&vision.root(), logit)?)?;
        Ok(Self { model, weights: TowerWeights { vision, text, vision_config, text_config } })
    }

    /// The model of two published encoders, one folder each, with fresh projections where they have none.
    ///
    /// # Errors
    ///
    /// As [`load_pretrained`].
    pub fn from_pretrained(
        vision: impl AsRef<Path>,
        text: impl AsRef<Path>,
        logit: &LogitConfig,
        device: Device,
    ) -> Result<Self> {
        let (vision_config, text_config) = (read_config(&vision)?, read_config(&text)?);
        let (vision_store, image, _) = load_pretrained::<Projected<V>>(&vision, device)?;
        let (text_store, report, _) = load_pretrained::<Projected<T>>(&text, device)?;
        let scale = LogitScale::new(&vision_store.root(), logit)?;
        // The scale and the bias are optional: what the folder lacks keeps its fresh value.
        let _ = Weights::open(vision.as_ref())?
            .load_into(&vision_store, |name| Projected::<V>::rename(&vision_config, name))?;
        let model = BiEncoder::new(image, report, scale)?;
        let weights = TowerWeights { vision: vision_store, text: text_store, vision_config, text_config };
        Ok(Self { model, weights })
    }

    /// The model that [`TowerWeights::save`] wrote into a folder.
    ///
    /// # Errors
    ///
    /// As [`load_pretrained`].
    pub fn load(folder: impl AsRef<Path>, device: Device) -> Result<Self> {
        let folder = folder.as_ref();
        Self::from_pretrained(folder.join(VISION), folder.join(TEXT), &LogitConfig::default(), device)
    }
}

impl<V: Pretrained, T: Pretrained> TowerWeights<V, T> {
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
