use model_core::layers::{Activation, Pooling};
use model_core::{Error, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};

use crate::config::at_least_one;

/// The sizes of a [`ResNet`](crate::ResNet), as `config.json` has them.
///
/// Defaults are those of transformers' `ResNetConfig`, that is ResNet-50
/// (<https://huggingface.co/microsoft/resnet-50>); unknown fields are ignored.
///
/// ```
/// use vision_encoder::{ResNetConfig, ResNetLayer};
///
/// let resnet18 = r#"{ "model_type": "resnet", "layer_type": "basic", "depths": [2, 2, 2, 2],
///     "hidden_sizes": [64, 128, 256, 512] }"#;
/// let config: ResNetConfig = serde_json::from_str(resnet18)?;
/// assert_eq!((config.layer_type, config.embedding_size), (ResNetLayer::Basic, 64));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResNetConfig {
    /// Whose weights these are.
    pub model_type: ResNetType,
    /// Channels of an image. Default: 3.
    pub num_channels: i64,
    /// Channels after the stem, which makes each side four times smaller. Default: 64.
    pub embedding_size: i64,
    /// Channels after each stage; each but the first halves the sides. Default: 256, 512, 1024, 2048.
    pub hidden_sizes: Vec<i64>,
    /// Layers of each stage. Default: 3, 4, 6, 3.
    pub depths: Vec<i64>,
    /// What a layer is made of. Default: [`ResNetLayer::Bottleneck`].
    pub layer_type: ResNetLayer,
    /// After each normalisation. Default: `relu`.
    pub hidden_act: Activation,
    /// Whether the first stage halves the sides as well. Default: false.
    pub downsample_in_first_stage: bool,
    /// Whether a bottleneck halves the sides in its first convolution and not in its second. Default: false.
    pub downsample_in_bottleneck: bool,
    /// Length of the vectors after the linear projection, where there is one. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projection_size: Option<i64>,
    /// How the places of the last map become the pooled vector, before the projection. Ours, not Hugging Face's.
    /// Default: their mean; there is no CLS token.
    #[serde(skip_serializing_if = "is_mean")]
    pub pooling: Pooling,
    /// Whether the left and the right half of the last map are pooled by themselves too: pooled alone, the whole map
    /// does not tell on which side of an image of both knees a joint is worn. Features are three times as long then:
    /// whole, left, right, the column in the middle on both sides. Ours, not Hugging Face's. Default: false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pool_sides: bool,
}

/// `model_type` of a [`ResNetConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ResNetType {
    /// transformers' ResNet.
    #[default]
    #[serde(rename = "resnet")]
    ResNet,
}

/// What a layer of a [`ResNet`](crate::ResNet) is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResNetLayer {
    /// Two 3 x 3 convolutions, as in ResNet-18 and ResNet-34.
    Basic,
    /// A 3 x 3 convolution on a quarter of the channels, between two of 1 x 1.
    Bottleneck,
}

impl Default for ResNetConfig {
    fn default() -> Self {
        Self {
            model_type: ResNetType::ResNet,
            num_channels: 3,
            embedding_size: 64,
            hidden_sizes: vec![256, 512, 1024, 2048],
            depths: vec![3, 4, 6, 3],
            layer_type: ResNetLayer::Bottleneck,
            hidden_act: Activation::Relu,
            downsample_in_first_stage: false,
            downsample_in_bottleneck: false,
            projection_size: None,
            pooling: Pooling::Mean,
            pool_sides: false,
        }
    }
}

impl ResNetConfig {
    /// Channels of the last map.
    pub fn hidden_size(&self) -> i64 {
        self.hidden_sizes.last().copied().unwrap_or(self.embedding_size)
    }

    /// The length of the pooled vector before any projection.
    pub fn pooled_size(&self) -> i64 {
        self.hidden_size() * if self.pool_sides { 3 } else { 1 }
    }
}

impl PretrainedConfig for ResNetConfig {
    fn validate(&self) -> Result<()> {
        at_least_one("num_channels", self.num_channels)?;
        at_least_one("embedding_size", self.embedding_size)?;
        at_least_one("projection_size", self.projection_size.unwrap_or(1))?;
        let (sizes, depths) = (self.hidden_sizes.len(), self.depths.len());
        if sizes == 0 || sizes != depths {
            return Err(Error::config("depths", format!("{depths} stages and {sizes} hidden_sizes")));
        }
        // A bottleneck works on a quarter of the channels.
        let least = if self.layer_type == ResNetLayer::Bottleneck { 4 } else { 1 };
        if let Some(size) = self.hidden_sizes.iter().find(|size| **size < least) {
            return Err(Error::config("hidden_sizes", format!("{size} is not at least {least}")));
        }
        self.depths.iter().try_for_each(|depth| at_least_one("depths", *depth))?;
        if self.pooling == Pooling::Cls {
            return Err(Error::config("pooling", "a ResNet has no CLS token; mean and max are left"));
        }
        Ok(())
    }
}

fn is_mean(pooling: &Pooling) -> bool {
    *pooling == Pooling::Mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_model_can_have_are_refused() {
        let resnet = ResNetConfig::default;
        assert!(resnet().validate().is_ok());
        let refused = [
            ("depths", ResNetConfig { depths: vec![3, 4], ..resnet() }),
            ("depths", ResNetConfig { depths: vec![3, 4, 0, 3], ..resnet() }),
            ("depths", ResNetConfig { depths: vec![], hidden_sizes: vec![], ..resnet() }),
            ("hidden_sizes", ResNetConfig { hidden_sizes: vec![256, 512, 3, 2048], ..resnet() }),
            ("embedding_size", ResNetConfig { embedding_size: 0, ..resnet() }),
            ("pooling", ResNetConfig { pooling: Pooling::Cls, ..resnet() }),
        ];
        for (field, config) in refused {
            let error = config.validate().unwrap_err();
            assert!(error.to_string().starts_with(field), "{field}: {error}");
        }
    }
}
