use model_core::layers::dropout;
use model_core::{Error, Mode, Result};
use tch::nn::{self, Init, Module};
use tch::{Kind, Tensor};

/// How transformers starts weights and positions.
const FRESH: Init = Init::Randn { mean: 0.0, stdev: 0.02 };

/// What the embeddings of a model are made of.
pub(crate) struct EmbeddingsConfig<'a> {
    pub(crate) hidden_size: i64,
    pub(crate) image_size: i64,
    pub(crate) patch_size: i64,
    pub(crate) num_channels: i64,
    pub(crate) dropout: f64,
    pub(crate) registers: i64,
    pub(crate) antialias: bool,
    pub(crate) positions: Positions,
    pub(crate) conv_stem: &'a [i64],
}

/// Where the positions of fresh weights come from.
pub(crate) enum Positions {
    /// They are learnt.
    Learned,
    /// They are sines and cosines and stay as they are.
    SineCosine,
}

/// Images to tokens: a CLS token, registers where the model has them, patches row by row.
#[derive(Debug)]
pub(crate) struct Embeddings {
    patches: Patches,
    cls_token: Tensor,
    register_tokens: Option<Tensor>,
    position_embeddings: Tensor,
    image_size: i64,
    patch_size: i64,
    num_channels: i64,
    antialias: bool,
    dropout: f64,
}

#[derive(Debug)]
enum Patches {
    Projection(nn::Conv2D),
    ConvStem { convolutions: Vec<(nn::Conv2D, nn::GroupNorm)>, projection: nn::Conv2D },
}

impl Embeddings {
    pub(crate) fn new(vs: &nn::Path<'_>, config: &EmbeddingsConfig<'_>) -> Self {
        let hidden_size = config.hidden_size;
        let grid = config.image_size / config.patch_size;
        let positions = [1, grid * grid + 1, hidden_size];
        let position_embeddings = match config.positions {
            Positions::Learned => vs.var("position_embeddings", &positions, FRESH),
            Positions::SineCosine => {
                let mut fixed = vs.zeros_no_train("position_embeddings", &positions);
                tch::no_grad(|| fixed.copy_(&sine_cosine(grid, hidden_size)));
                fixed
            }
        };
        Self {
            patches: Patches::new(&(vs / "patch_embeddings"), config),
            cls_token: vs.var("cls_token", &[1, 1, hidden_size], FRESH),
            register_tokens: (config.registers > 0)
                .then(|| vs.var("register_tokens", &[1, config.registers, hidden_size], Init::Const(0.0))),
            position_embeddings,
            image_size: config.image_size,
            patch_size: config.patch_size,
            num_channels: config.num_channels,
            antialias: config.antialias,
            dropout: config.dropout,
        }
    }

    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - result: `[batch, 1 + registers + patches, hidden_size]`
    pub(crate) fn forward(&self, pixels: &Tensor, mode: Mode) -> Result<Tensor> {
        let (patches, positions) = self.patches(pixels)?;
        let batch = patches.size()[0];
        let cls = (&self.cls_token + positions.narrow(1, 0, 1)).expand([batch, -1, -1], false);
        let patches = patches + positions.slice(1, 1, None, 1);
        let tokens = match &self.register_tokens {
            Some(registers) => Tensor::cat(&[cls, registers.expand([batch, -1, -1], false), patches], 1),
            None => Tensor::cat(&[cls, patches], 1),
        };
        Ok(dropout(&tokens, self.dropout, mode))
    }

    /// The patches without their positions, and the positions of this size of image.
    ///
    /// # Shapes
    ///
    /// - patches: `[batch, patches, hidden_size]`
    /// - positions: `[1, 1 + patches, hidden_size]`
    pub(crate) fn patches(&self, pixels: &Tensor) -> Result<(Tensor, Tensor)> {
        let Ok((_, channels, height, width)) = pixels.size4() else {
            return Err(Error::shape("pixels", "[batch, channels, height, width]", pixels.size()));
        };
        if channels != self.num_channels || height < self.patch_size || width < self.patch_size {
            let expected = format!(
                "[batch, {}, height, width], sides of {} or more",
                self.num_channels, self.patch_size
            );
            return Err(Error::shape("pixels", expected, pixels.size()));
        }
        let pixels = pixels.to_kind(self.cls_token.kind());
        let grid = self.patches.forward(&pixels);
        let positions = self.positions([grid.size()[2], grid.size()[3]], height == width);
        Ok((grid.flatten(2, 3).transpose(1, 2), positions))
    }

    /// The CLS token without its position.
    /// The rows and columns of patches of such images.
    ///
    /// # Errors
    ///
    /// If they are no batch of images.
    pub(crate) fn grid(&self, pixels: &Tensor) -> Result<[i64; 2]> {
        let (_, _, height, width) = pixels
            .size4()
            .map_err(|_| Error::shape("pixels", "[batch, channels, height, width]", pixels.size()))?;
        Ok([height / self.patch_size, width / self.patch_size])
    }

    pub(crate) fn cls_token(&self) -> &Tensor {
        &self.cls_token
    }

    /// The number of tokens before the patches.
    pub(crate) fn prefix_tokens(&self) -> i64 {
        1 + self.register_tokens.as_ref().map_or(0, |tokens| tokens.size()[1])
    }

    /// As transformers does it: bicubic to the grid of the image, except where that is the model's own.
    fn positions(&self, [rows, columns]: [i64; 2], square: bool) -> Tensor {
        let own = self.image_size / self.patch_size;
        if rows * columns == own * own && square {
            return self.position_embeddings.shallow_clone();
        }
        let hidden_size = self.position_embeddings.size()[2];
        let kind = self.position_embeddings.kind();
        let grid = self.position_embeddings.slice(1, 1, None, 1).reshape([1, own, own, hidden_size]);
        let grid = grid.permute([0, 3, 1, 2]).to_kind(Kind::Float);
        let grid = if self.antialias {
            grid.internal_upsample_bicubic2d_aa([rows, columns], false, None, None)
        } else {
            grid.upsample_bicubic2d([rows, columns], false, None, None)
        };
        let grid = grid.to_kind(kind).permute([0, 2, 3, 1]).reshape([1, rows * columns, hidden_size]);
        Tensor::cat(&[self.position_embeddings.narrow(1, 0, 1), grid], 1)
    }
}

impl Patches {
    fn new(vs: &nn::Path<'_>, config: &EmbeddingsConfig<'_>) -> Self {
        let zeros = Init::Const(0.0);
        if config.conv_stem.is_empty() {
            let side = config.patch_size;
            let conv = nn::ConvConfig { stride: side, ws_init: FRESH, bs_init: zeros, ..Default::default() };
            let projection =
                nn::conv2d(vs / "projection", config.num_channels, config.hidden_size, side, conv);
            return Self::Projection(projection);
        }
        let mut from = config.num_channels;
        let mut convolutions = Vec::with_capacity(config.conv_stem.len());
        for (index, &channels) in config.conv_stem.iter().enumerate() {
            let vs = vs / "stem" / index as i64;
            // The group norm sets the scale, so fresh weights only need not to vanish.
            let conv = nn::ConvConfig { stride: 2, padding: 1, bias: false, ..Default::default() };
            let convolution = nn::conv2d(&vs / "convolution", from, channels, 3, conv);
            // One group: a layer norm over the image, which a batch of any size has.
            convolutions.push((convolution, nn::group_norm(&vs / "norm", 1, channels, Default::default())));
            from = channels;
        }
        let conv = nn::ConvConfig { ws_init: FRESH, bs_init: zeros, ..Default::default() };
        Self::ConvStem {
            convolutions,
            projection: nn::conv2d(vs / "projection", from, config.hidden_size, 1, conv),
        }
    }

    fn forward(&self, pixels: &Tensor) -> Tensor {
        match self {
            Self::Projection(projection) => projection.forward(pixels),
            Self::ConvStem { convolutions, projection } => {
                let mut features = pixels.shallow_clone();
                for (convolution, norm) in convolutions {
                    features = norm.forward(&convolution.forward(&features)).relu();
                }
                projection.forward(&features)
            }
        }
    }
}

/// The fixed table of MAE, `[1, 1 + side * side, width]`: a zero for the CLS token, then of each patch the
/// sines and cosines of its column and those of its row, which is the order of the released weights.
pub(crate) fn sine_cosine(side: i64, width: i64) -> Tensor {
    let quarter = width / 4;
    let double = (Kind::Double, tch::Device::Cpu);
    let frequencies = (Tensor::arange(quarter, double) * (-(10000f64.ln()) / quarter as f64)).exp();
    let angles = Tensor::arange(side, double).outer(&frequencies);
    let line = Tensor::cat(&[angles.sin(), angles.cos()], 1);
    let columns = line.unsqueeze(0).expand([side, side, 2 * quarter], false);
    let rows = line.unsqueeze(1).expand([side, side, 2 * quarter], false);
    let patches = Tensor::cat(&[columns, rows], 2).reshape([side * side, width]);
    Tensor::cat(&[Tensor::zeros([1, width], double), patches], 0).unsqueeze(0).to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values worked out for `D = 8` on a grid of 2 x 2 from the reference's formula.
    #[test]
    fn sine_cosine_has_the_column_first() {
        let table = sine_cosine(2, 8);
        let row = |index: i64| Vec::<f32>::try_from(table.get(0).get(index)).unwrap();
        let moved = [0.841471, 0.01, 0.540302, 0.99995];
        let still = [0.0, 0.0, 1.0, 1.0];
        let expected = [
            [0.0; 4].repeat(2),
            still.repeat(2),
            [moved, still].concat(),
            [still, moved].concat(),
            moved.repeat(2),
        ];
        for (index, expected) in expected.iter().enumerate() {
            let got = row(index as i64);
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{index}: {got:?}");
        }
    }
}
