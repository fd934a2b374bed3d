use model_core::layers::linear;
use model_core::{Encoded, Encoder, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::nn::{self, Module};

/// An encoder without a projection of its own, with a linear layer into the space that images and reports
/// share.
///
/// The layer's weights lie beside the encoder's, as `projection.weight` and `projection.bias`; a published
/// encoder that lacks them gets fresh ones.
#[derive(Debug)]
pub struct Projected<E> {
    encoder: E,
    projection: nn::Linear,
    embed_dim: i64,
}

/// The encoder's configuration with one field more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectedConfig<C> {
    /// The encoder's own fields.
    #[serde(flatten)]
    pub encoder: C,
    /// The length of the shared vectors; 512 by default, as in the method.
    #[serde(default = "default_size")]
    pub projection_size: i64,
}

fn default_size() -> i64 {
    512
}

impl<C> ProjectedConfig<C> {
    /// Projects to 512 numbers.
    pub fn new(encoder: C) -> Self {
        Self { encoder, projection_size: default_size() }
    }
}

impl<C: PretrainedConfig> PretrainedConfig for ProjectedConfig<C> {
    fn validate(&self) -> Result<()> {
        if self.projection_size < 1 {
            let reason = format!("is {}; must be positive", self.projection_size);
            return Err(model_core::Error::config("projection_size", reason));
        }
        self.encoder.validate()
    }
}

impl<E> Projected<E> {
    /// The encoder below the projection, whose vectors the heads of the method take.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }
}

impl<E: Pretrained + Encoder> Pretrained for Projected<E> {
    type Config = ProjectedConfig<E::Config>;

    fn new(vs: &nn::Path<'_>, config: &Self::Config) -> Result<Self> {
        config.validate()?;
        let encoder = E::new(vs, &config.encoder)?;
        let embed_dim = config.projection_size;
        let projection = linear(&(vs / "projection"), encoder.embed_dim(), embed_dim, true);
        Ok(Self { encoder, projection, embed_dim })
    }

    fn rename(config: &Self::Config, name: &str) -> Option<String> {
        E::rename(&config.encoder, name)
    }

    fn is_optional(name: &str) -> bool {
        name.starts_with("projection.") || E::is_optional(name)
    }
}

impl<E: Encoder> Encoder for Projected<E> {
    type Input = E::Input;

    fn embed_dim(&self) -> i64 {
        self.embed_dim
    }

    fn encode(&self, input: &Self::Input, mode: Mode) -> Result<Encoded> {
        let encoded = self.encoder.encode(input, mode)?;
        Ok(Encoded {
            pooled: self.projection.forward(&encoded.pooled),
            tokens: encoded.tokens.map(|tokens| self.projection.forward(&tokens)),
            mask: encoded.mask,
        })
    }
}
