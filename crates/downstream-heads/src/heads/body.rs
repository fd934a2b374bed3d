use model_core::layers::{dropout, linear};
use model_core::{Encoded, Error, Mode, Result};
use tch::{Tensor, nn};

/// What every head has in common: dropout, a hidden layer where there is one, a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadConfig {
    /// The length of the features: the encoder's `embed_dim` and the columns beside it. Default: 768.
    pub features: i64,
    /// The width of a hidden layer with GELU. Default: none, a linear head.
    pub hidden_size: Option<i64>,
    /// The share of features left out in training. Default: 0.2, as the method's released code.
    pub dropout: f64,
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self { features: 768, hidden_size: None, dropout: 0.2 }
    }
}

#[derive(Debug)]
pub(super) struct Body {
    features: i64,
    dropout: f64,
    dense: Option<nn::Linear>,
    classifier: nn::Linear,
}

impl Body {
    pub(super) fn new(vs: &nn::Path<'_>, config: &HeadConfig, outputs: i64) -> Result<Self> {
        let positive = |field, size: i64| match size > 0 {
            true => Ok(()),
            false => Err(Error::config(field, format!("{size} is not positive"))),
        };
        positive("features", config.features)?;
        positive("outputs", outputs)?;
        positive("hidden_size", config.hidden_size.unwrap_or(1))?;
        if !(0.0..1.0).contains(&config.dropout) {
            return Err(Error::config("dropout", format!("{} is not in [0, 1)", config.dropout)));
        }
        let dense = config.hidden_size.map(|size| linear(&(vs / "dense"), config.features, size, true));
        let last = config.hidden_size.unwrap_or(config.features);
        let classifier = linear(&(vs / "classifier"), last, outputs, true);
        Ok(Self { features: config.features, dropout: config.dropout, dense, classifier })
    }

    /// `[batch, features]` to `[batch, outputs]`.
    pub(super) fn forward(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        let pooled = &features.pooled;
        if pooled.dim() != 2 || pooled.size()[1] != self.features {
            return Err(Error::shape("features", format!("[batch, {}]", self.features), pooled.size()));
        }
        let mut hidden = dropout(pooled, self.dropout, mode);
        if let Some(dense) = &self.dense {
            hidden = dropout(&hidden.apply(dense).gelu("none"), self.dropout, mode);
        }
        Ok(hidden.apply(&self.classifier))
    }
}
