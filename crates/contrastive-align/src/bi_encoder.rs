use model_core::{Encoded, Encoder, Error, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::loss::at_least_single;
use crate::{EncodedPairs, PairBatch, PairChunk};

/// An image encoder and a text encoder whose vectors are compared.
///
/// Whatever the encoders give is brought to length one here, so that a product is a cosine.
#[derive(Debug)]
pub struct BiEncoder<V, T> {
    /// The image side.
    pub image: V,
    /// The text side.
    pub text: T,
    /// How cosines become logits.
    pub logit: LogitScale,
    tokens: bool,
}

impl<V: Encoder, T: Encoder> BiEncoder<V, T> {
    /// Joins two encoders.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if their vectors differ in length; [`Projected`](crate::Projected) helps.
    pub fn new(image: V, text: T, logit: LogitScale) -> Result<Self> {
        let (of_image, of_text) = (image.embed_dim(), text.embed_dim());
        if of_image != of_text {
            let reason = format!("is {of_image} for images and {of_text} for reports; must be the same");
            return Err(Error::config("embed_dim", reason));
        }
        Ok(Self { image, text, logit, tokens: false })
    }

    /// The same with patches and words beside the pooled vectors, where the encoders give them. By default
    /// they are dropped.
    #[must_use]
    pub fn with_tokens(self, tokens: bool) -> Self {
        Self { tokens, ..self }
    }

    /// The length of the shared vectors.
    pub fn embed_dim(&self) -> i64 {
        self.image.embed_dim()
    }

    /// Vectors of length one for images.
    ///
    /// # Errors
    ///
    /// As the image encoder.
    pub fn encode_images(&self, images: &V::Input, mode: Mode) -> Result<Encoded> {
        Ok(self.unit(self.image.encode(images, mode)?))
    }

    /// Vectors of length one for reports.
    ///
    /// # Errors
    ///
    /// As the text encoder.
    pub fn encode_texts(&self, texts: &T::Input, mode: Mode) -> Result<Encoded> {
        Ok(self.unit(self.text.encode(texts, mode)?))
    }

    /// Both sides of a batch.
    ///
    /// # Errors
    ///
    /// As the encoders; [`Error::Shape`] for a batch without a chunk.
    pub fn encode(&self, batch: &PairBatch<V::Input, T::Input>, mode: Mode) -> Result<EncodedPairs> {
        let mut images = Vec::with_capacity(batch.chunks.len());
        let mut texts = Vec::with_capacity(batch.chunks.len());
        for chunk in &batch.chunks {
            let (image, text) = self.encode_chunk(chunk, mode)?;
            images.push(image);
            texts.push(text);
        }
        Ok(self.pairs(join(images)?, join(texts)?, batch))
    }

    pub(crate) fn encode_chunk(
        &self,
        chunk: &PairChunk<V::Input, T::Input>,
        mode: Mode,
    ) -> Result<(Encoded, Encoded)> {
        Ok((self.encode_images(&chunk.images, mode)?, self.encode_texts(&chunk.texts, mode)?))
    }

    pub(crate) fn pairs(
        &self,
        image: Encoded,
        text: Encoded,
        batch: &PairBatch<V::Input, T::Input>,
    ) -> EncodedPairs {
        EncodedPairs {
            image,
            text,
            study: batch.study.shallow_clone(),
            groups: batch.groups.shallow_clone(),
            scale: self.logit.scale(),
            bias: self.logit.bias(),
        }
    }

    fn unit(&self, encoded: Encoded) -> Encoded {
        let pooled = unit(&encoded.pooled);
        if !self.tokens {
            return Encoded::from_pooled(pooled);
        }
        Encoded { pooled, tokens: encoded.tokens.as_ref().map(unit), mask: encoded.mask }
    }
}

/// The learnable parameters `logit_scale` and `logit_bias`.
///
/// The method keeps them in the folder of the image encoder; `load_pretrained::<LogitScale>` reads them
/// from there.
#[derive(Debug)]
pub struct LogitScale {
    log_scale: Tensor,
    bias: Option<Tensor>,
}

/// What the logits start from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogitConfig {
    /// The logarithm of the scale; 2.6592 by default, about ln(1/0.07).
    pub logit_scale_init_value: f64,
    /// The bias; -10 by default, and absent where it is nothing.
    pub logit_bias_init_value: Option<f64>,
}

impl Default for LogitConfig {
    fn default() -> Self {
        Self { logit_scale_init_value: 2.6592, logit_bias_init_value: Some(-10.0) }
    }
}

impl PretrainedConfig for LogitConfig {
    fn validate(&self) -> Result<()> {
        for (field, value) in [
            ("logit_scale_init_value", Some(self.logit_scale_init_value)),
            ("logit_bias_init_value", self.logit_bias_init_value),
        ] {
            if value.is_some_and(|value| !value.is_finite()) {
                return Err(Error::config(field, "is not a finite number"));
            }
        }
        Ok(())
    }
}

impl LogitScale {
    /// What cosines are multiplied by.
    pub fn scale(&self) -> Tensor {
        self.log_scale.exp()
    }

    /// What is added to scaled cosines.
    pub fn bias(&self) -> Option<Tensor> {
        self.bias.as_ref().map(Tensor::shallow_clone)
    }
}

impl Pretrained for LogitScale {
    type Config = LogitConfig;

    fn new(vs: &nn::Path<'_>, config: &LogitConfig) -> Result<Self> {
        config.validate()?;
        let scalar = |name, value| vs.var(name, &[], nn::Init::Const(value));
        Ok(Self {
            log_scale: scalar("logit_scale", config.logit_scale_init_value),
            bias: config.logit_bias_init_value.map(|value| scalar("logit_bias", value)),
        })
    }

    fn is_optional(name: &str) -> bool {
        name == "logit_scale" || name == "logit_bias"
    }
}

/// Rows of length one, along the last dimension.
pub(crate) fn unit(rows: &Tensor) -> Tensor {
    let rows = at_least_single(rows);
    let length = rows.norm_scalaropt_dim(2, [-1], true).clamp_min(1e-12);
    rows / length
}

/// One encoding of all chunks. Tokens are padded to the longest chunk.
pub(crate) fn join(mut chunks: Vec<Encoded>) -> Result<Encoded> {
    if chunks.len() == 1 {
        return Ok(chunks.remove(0));
    }
    if chunks.is_empty() {
        return Err(Error::shape("chunks of the batch", "[chunks > 0]", vec![0]));
    }
    let cat = |part: fn(&Encoded) -> &Tensor| Tensor::cat(&chunks.iter().map(part).collect::<Vec<_>>(), 0);
    let pooled = cat(|chunk| &chunk.pooled);
    let tokens: Option<Vec<&Tensor>> = chunks.iter().map(|chunk| chunk.tokens.as_ref()).collect();
    let Some(tokens) = tokens else { return Ok(Encoded::from_pooled(pooled)) };

    let longest = tokens.iter().map(|tokens| tokens.size()[1]).max().unwrap_or(0);
    let masked = chunks.iter().any(|chunk| chunk.mask.is_some())
        || tokens.iter().any(|tokens| tokens.size()[1] != longest);
    let mask = masked.then(|| {
        let masks: Vec<Tensor> =
            chunks.iter().zip(&tokens).map(|(chunk, tokens)| mask(chunk, tokens, longest)).collect();
        Tensor::cat(&masks, 0)
    });
    let padded: Vec<Tensor> =
        tokens.iter().map(|tokens| tokens.constant_pad_nd([0, 0, 0, longest - tokens.size()[1]])).collect();
    Ok(Encoded { pooled, tokens: Some(Tensor::cat(&padded, 0)), mask })
}

fn mask(chunk: &Encoded, tokens: &Tensor, longest: i64) -> Tensor {
    let real = match &chunk.mask {
        Some(mask) => mask.shallow_clone(),
        None => Tensor::ones(&tokens.size()[..2], (Kind::Bool, tokens.device())),
    };
    let missing = longest - real.size()[1];
    real.constant_pad_nd([0, missing])
}
