use model_core::layers::{dropout, linear};
use model_core::{Encoded, Error, Mode, Result};
use tch::{Reduction, Tensor, nn};

use super::grades::check_grades;
use super::{Head, check_targets, mean_of_known};

/// What a [`DenseHead`] is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseConfig {
    /// The encoder's `embed_dim`.
    pub features: i64,
    /// Rows and columns of patches of an image.
    pub grid: [i64; 2],
    /// Classes of a pixel, the background among them.
    pub classes: i64,
    /// Channels of a small decoder of two convolutions that doubles the grid twice; without it, a linear layer on each
    /// patch.
    pub decoder: Option<i64>,
    /// The share of channels left out in training.
    pub dropout: f64,
}

/// A class for each pixel, from the patches in their order: segmentation. Cross-entropy.
///
/// # Shapes
///
/// - features: tokens `[batch, rows * columns, embed_dim]`, row by row
/// - logits, predictions: `[batch, classes, height, width]`, of the grid or of four times it; they are brought to the
///   size of the targets bilinearly
/// - targets: `[batch, height, width]`, int64, -1 where it is not known
#[derive(Debug)]
pub struct DenseHead {
    config: DenseConfig,
    layers: Layers,
}

#[derive(Debug)]
enum Layers {
    Linear(nn::Linear),
    Decoder(Box<Decoder>),
}

#[derive(Debug)]
struct Decoder {
    first: nn::Conv2D,
    second: nn::Conv2D,
    classifier: nn::Conv2D,
}

impl DenseHead {
    /// A head of that form.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive, there are fewer than two classes, or `dropout` is no share.
    pub fn new(vs: &nn::Path<'_>, config: DenseConfig) -> Result<Self> {
        let DenseConfig { features, grid, classes, decoder, dropout } = config;
        if features < 1 || grid.iter().any(|side| *side < 1) || classes < 2 || decoder.is_some_and(|c| c < 1)
        {
            return Err(Error::config("dense", format!("{config:?} has a size that no image has")));
        }
        if !(0.0..1.0).contains(&dropout) {
            return Err(Error::config("dropout", format!("{dropout} is not in [0, 1)")));
        }
        let conv = |name: &str, from, to, side: i64| {
            let config = nn::ConvConfig { padding: side / 2, ..Default::default() };
            nn::conv2d(vs / name, from, to, side, config)
        };
        let layers = match decoder {
            None => Layers::Linear(linear(&(vs / "classifier"), features, classes, true)),
            Some(channels) => Layers::Decoder(Box::new(Decoder {
                first: conv("first", features, channels, 3),
                second: conv("second", channels, channels, 3),
                classifier: conv("classifier", channels, classes, 1),
            })),
        };
        Ok(Self { config, layers })
    }
}

impl Head for DenseHead {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        let DenseConfig { features: embed_dim, grid: [rows, columns], .. } = self.config;
        let expected = [rows * columns, embed_dim];
        let tokens = features.tokens.as_ref().filter(|tokens| tokens.size()[1..] == expected);
        let Some(tokens) = tokens else {
            let got = features.tokens.as_ref().map(Tensor::size).unwrap_or_default();
            return Err(Error::shape("tokens", format!("[batch, {}, {embed_dim}]", rows * columns), got));
        };
        let tokens = dropout(tokens, self.config.dropout, mode);
        let image = |tokens: Tensor| tokens.transpose(1, 2).reshape([-1, tokens.size()[2], rows, columns]);
        Ok(match &self.layers {
            Layers::Linear(classifier) => image(tokens.apply(classifier)),
            Layers::Decoder(decoder) => {
                let Decoder { first, second, classifier } = &**decoder;
                let coarse = image(tokens).apply(first).gelu("none");
                let middle = bilinear(&coarse, [2 * rows, 2 * columns]).apply(second).gelu("none");
                bilinear(&middle, [4 * rows, 4 * columns]).apply(classifier)
            }
        })
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let Ok((batch, height, width)) = targets.size3() else {
            return Err(Error::shape("targets", "[batch, height, width]", targets.size()));
        };
        check_targets(targets, &[logits.size()[0], height, width])?;
        check_grades(targets, self.config.classes)?;
        let none: Option<&Tensor> = None;
        let losses = bilinear(logits, [height, width]).cross_entropy_loss(
            &targets.clamp_min(0),
            none,
            Reduction::None,
            -100,
            0.0,
        );
        Ok(mean_of_known(&losses.view([batch, -1]), &targets.ge(0).view([batch, -1])))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        logits.softmax(1, logits.kind())
    }
}

fn bilinear(image: &Tensor, [height, width]: [i64; 2]) -> Tensor {
    image.upsample_bilinear2d([height, width], false, None, None)
}
