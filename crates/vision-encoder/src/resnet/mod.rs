mod config;
mod layer;

use model_core::layers::linear;
use model_core::{Encoded, Encoder, Error, Mode, Pretrained, PretrainedConfig, Result};
use tch::nn::{self, Module};
use tch::{Kind, Tensor};

pub use config::{ResNetConfig, ResNetLayer, ResNetType};
use layer::{Conv, ConvLayer, Residual, channels_last};

/// A residual network with Hugging Face's names, at any size of image.
///
/// [`Encoded::pooled`] is the mean over the places of the last map, or what [`pooling`](ResNetConfig::pooling)
/// says, and [`Encoded::tokens`] are these places, row by row; both go through the projection where
/// [`projection_size`](ResNetConfig::projection_size) asks for one.
///
/// In [`Mode::Train`] batches are normalised by their own statistics, so that an image's vector depends on the
/// images beside it, and the running statistics that [`Mode::Eval`] uses follow.
///
/// # Examples
///
/// ```
/// use model_core::{Encoder, Mode, Pretrained};
/// use tch::{Device, Kind, Tensor, nn};
/// use vision_encoder::{ResNet, ResNetConfig, ResNetLayer};
///
/// let config = ResNetConfig {
///     num_channels: 1,
///     embedding_size: 8,
///     hidden_sizes: vec![8, 16, 32],
///     depths: vec![1, 1, 1],
///     layer_type: ResNetLayer::Basic,
///     projection_size: Some(16),
///     ..ResNetConfig::default()
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let resnet = ResNet::new(&vs.root(), &config)?;
/// let encoded = resnet.encode(&Tensor::zeros([2, 1, 96, 80], (Kind::Float, Device::Cpu)), Mode::Eval)?;
/// assert_eq!(encoded.pooled.size(), [2, 16]);
/// assert_eq!(encoded.tokens.map(|tokens| tokens.size()), Some(vec![2, 6 * 5, 16]));
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ResNet {
    stem: ConvLayer,
    layers: Vec<Residual>,
    projection: Option<nn::Linear>,
    config: ResNetConfig,
}

impl ResNet {
    /// What it was built from.
    pub fn config(&self) -> &ResNetConfig {
        &self.config
    }

    /// The same without its projection. The projection's weights stay where they are and get no gradient.
    #[must_use]
    pub fn without_projection(mut self) -> Self {
        self.projection = None;
        self.config.projection_size = None;
        self
    }

    /// The map after the last stage, before any projection.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - result: `[batch, hidden_size, height / 32, width / 32]` with four stages, rounded up
    ///
    /// # Errors
    ///
    /// If the image has other channels or no pixel, or if it is trained on and so small that the last map is one
    /// place of one image.
    pub fn last_hidden_state(&self, pixels: &Tensor, mode: Mode) -> Result<Tensor> {
        let expected = |what: &str| {
            let expected = format!("[batch, {}, height, width]{what}", self.config.num_channels);
            Error::shape("pixels", expected, pixels.size())
        };
        let Ok((batch, channels, height, width)) = pixels.size4() else { return Err(expected("")) };
        if channels != self.config.num_channels || batch == 0 || height == 0 || width == 0 {
            return Err(expected(", none of them 0"));
        }
        let side = |side: i64| (0..self.halvings()).fold(side, |side, _| (side + 1) / 2);
        if mode.is_train() && batch * side(height) * side(width) == 1 {
            return Err(expected(", more than one place of the last map for batch norms to train on"));
        }
        let stem = self.stem.forward(&channels_last(pixels), mode).max_pool2d(3, 2, 1, 1, false);
        Ok(self.layers.iter().fold(stem, |x, layer| layer.forward(&x, mode)))
    }

    /// The encoding of an image from the places of its last map, `[batch, places, hidden_size]`, so many in a row.
    pub(crate) fn pooled(&self, places: &Tensor, columns: i64) -> Encoded {
        let project = |features: Tensor| match &self.projection {
            Some(projection) => projection.forward(&features),
            None => features,
        };
        let pool = |mask: Option<&Tensor>| self.config.pooling.pool(places, mask);
        if !self.config.pool_sides {
            let tokens = project(places.shallow_clone());
            return Encoded { pooled: project(pool(None)), tokens: Some(tokens), mask: None };
        }
        let of = (Kind::Int64, places.device());
        let column = Tensor::arange(places.size()[1], of).remainder(columns).unsqueeze(0);
        let sides = [column.lt((columns + 1) / 2), column.ge(columns / 2)];
        let pooled = Tensor::cat(&[pool(None), pool(Some(&sides[0])), pool(Some(&sides[1]))], 1);
        let on = |side: &Tensor| places * side.unsqueeze(-1).to_kind(places.kind());
        // A place as the map would be in which nothing else is seen.
        let tokens = Tensor::cat(&[places.shallow_clone(), on(&sides[0]), on(&sides[1])], 2);
        Encoded { pooled: project(pooled), tokens: Some(project(tokens)), mask: None }
    }

    /// How often the sides are halved.
    fn halvings(&self) -> usize {
        self.config.depths.len() + 1 + usize::from(self.config.downsample_in_first_stage)
    }
}

impl Encoder for ResNet {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.config.projection_size.unwrap_or(self.config.pooled_size())
    }

    fn encode(&self, pixels: &Tensor, mode: Mode) -> Result<Encoded> {
        let map = self.last_hidden_state(pixels, mode)?;
        Ok(self.pooled(&map.flatten(2, 3).transpose(1, 2), map.size()[3]))
    }
}

impl Pretrained for ResNet {
    type Config = ResNetConfig;

    fn new(vs: &nn::Path<'_>, config: &ResNetConfig) -> Result<Self> {
        config.validate()?;
        let stem = Conv { channels: [config.num_channels, config.embedding_size], kernel: 7, stride: 2 };
        let stem = ConvLayer::new(&(vs / "embedder" / "embedder"), stem, Some(config.hidden_act));
        let mut layers = Vec::new();
        let mut from = config.embedding_size;
        for (stage, (&to, &depth)) in config.hidden_sizes.iter().zip(&config.depths).enumerate() {
            let first_stride = if stage == 0 && !config.downsample_in_first_stage { 1 } else { 2 };
            let vs = vs / "encoder" / "stages" / stage / "layers";
            for layer in 0..depth {
                let stride = if layer == 0 { first_stride } else { 1 };
                layers.push(Residual::new(&(&vs / layer), config, [from, to], stride));
                from = to;
            }
        }
        let projection = |size| linear(&(vs / "projection"), config.pooled_size(), size, true);
        Ok(Self { stem, layers, projection: config.projection_size.map(projection), config: config.clone() })
    }

    /// A published model has no projection to the space that it is about to be aligned in, and old ones do not
    /// count their batches.
    fn is_optional(name: &str) -> bool {
        name.starts_with("projection.") || name.ends_with(".num_batches_tracked")
    }
}

#[cfg(test)]
mod tests {
    use model_core::layers::Pooling;
    use tch::Device;

    use super::*;

    #[test]
    fn what_is_seen_on_one_side_leaves_the_other_as_it_is() {
        for pooling in [Pooling::Max, Pooling::Mean] {
            let config = ResNetConfig { pooling, pool_sides: true, ..ResNetConfig::default() };
            let places = Tensor::rand([1, 2 * 5, 3], (Kind::Float, Device::Cpu));
            let changed = places.copy();
            let _ = changed.select(1, 5).fill_(9.0);
            let resnet = ResNet { stem: stem(&config), layers: Vec::new(), projection: None, config };
            let [before, after] = [places, changed].map(|places| resnet.pooled(&places, 5).pooled);
            assert_eq!(before.size(), [1, 9]);
            let same = before.eq_tensor(&after).view([3, 3]).all_dim(1, false);
            assert_eq!(Vec::<bool>::try_from(same).unwrap(), [false, false, true], "{pooling:?}");
        }
    }

    fn stem(config: &ResNetConfig) -> ConvLayer {
        let conv = Conv { channels: [1, 4], kernel: 7, stride: 2 };
        ConvLayer::new(&nn::VarStore::new(Device::Cpu).root(), conv, Some(config.hidden_act))
    }
}
