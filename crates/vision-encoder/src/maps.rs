use model_core::layers::{Block, Pooling};
use model_core::{Encoded, Error, Mode, Result};
use tch::{Kind, Tensor};

use crate::VisionModel;
use crate::backbone::Backbone;
use crate::model::Family;
use crate::resnet::ResNet;

/// Where an encoder looks in its images.
///
/// A map says what moved the model, not what is true of the image; compare it with that of an encoder of random weights
/// before believing it.
impl VisionModel {
    /// How much the pooled vector takes of each patch: the attention of all layers multiplied, half of each token's
    /// way going round the attention (rollout, Abnar and Zuidema, ACL 2020).
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - result: `[batch, rows, columns]` of patches, each map summing to 1
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the model is a residual network, which has no attention; as its `encode`.
    pub fn attention_rollout(&self, pixels: &Tensor) -> Result<Tensor> {
        let (backbone, pooling) = match self.family() {
            Family::Vit(vit) => (vit.backbone(), vit.config().pooling),
            Family::Dinov2(dinov2) => (dinov2.backbone(), Pooling::Cls),
            Family::ResNet(_) => {
                return Err(Error::config("model", "a residual network has no attention to roll out"));
            }
        };
        let _no_grad = tch::no_grad_guard();
        let mut hidden = backbone.embeddings.forward(pixels, Mode::Eval)?;
        let tokens = hidden.size()[1];
        let identity = Tensor::eye(tokens, (Kind::Float, hidden.device()));
        let mut rollout = identity.shallow_clone().unsqueeze(0);
        for index in 0..backbone.layers.len() {
            let layer = backbone.layers.layer(index);
            let attention = layer.attention_weights(&hidden).mean_dim(1, false, Kind::Float);
            rollout = ((attention + &identity) * 0.5).matmul(&rollout);
            hidden = layer.forward(&hidden, None, Mode::Eval);
        }
        let prefix = backbone.embeddings.prefix_tokens();
        let taken = rollout.slice(2, prefix, None, 1);
        let taken = match pooling {
            Pooling::Cls => taken.select(1, 0),
            Pooling::Mean | Pooling::Max => taken.slice(1, prefix, None, 1).mean_dim(1, false, Kind::Float),
        };
        let taken =
            &taken / taken.sum_dim_intlist(1, true, Kind::Float).clamp_min(f64::from(f32::MIN_POSITIVE));
        let [rows, columns] = backbone.embeddings.grid(pixels)?;
        Ok(taken.view([-1, rows, columns]))
    }

    /// Where what the model sees raises a score: activation times gradient, summed over channels, without what lowers
    /// it (as Grad-CAM, Selvaraju et al., ICCV 2017, but place by place). Of a ResNet it is taken at the last map, of a
    /// ViT at the patches before the last layer.
    ///
    /// `score` makes the encoding, with the projection where the model has one, into one number an image: a logit, or
    /// the similarity to a phrase.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`
    /// - score: `[batch]`
    /// - result: `[batch, rows, columns]` of patches or places, at least 0
    ///
    /// # Errors
    ///
    /// As its `encode`, and what `score` reports.
    pub fn gradient_map(
        &self,
        pixels: &Tensor,
        score: impl FnOnce(&Encoded) -> Result<Tensor>,
    ) -> Result<Tensor> {
        match self.family() {
            Family::Vit(vit) => {
                transformer_map(vit.backbone(), vit.config().pooling, vit.projection(), pixels, score)
            }
            Family::Dinov2(dinov2) => {
                transformer_map(dinov2.backbone(), Pooling::Cls, dinov2.projection(), pixels, score)
            }
            Family::ResNet(resnet) => residual_map(resnet, pixels, score),
        }
    }
}

fn transformer_map(
    backbone: &Backbone,
    pooling: Pooling,
    projection: Option<&tch::nn::Linear>,
    pixels: &Tensor,
    score: impl FnOnce(&Encoded) -> Result<Tensor>,
) -> Result<Tensor> {
    let layers = &backbone.layers;
    let Some(last) = layers.len().checked_sub(1) else {
        return Err(Error::config("num_hidden_layers", "there is none"));
    };
    let hidden = tch::no_grad(|| -> Result<Tensor> {
        let embedded = backbone.embeddings.forward(pixels, Mode::Eval)?;
        (0..last).try_fold(embedded, |hidden, index| layers.run(index, &hidden, None, Mode::Eval))
    })?;
    let hidden = hidden.detach().set_requires_grad(true);
    let last = layers.run(last, &hidden, None, Mode::Eval)?;
    let encoded = backbone.pooled(&last, pooling, projection);
    let map = raised(&hidden, &score(&encoded)?)?;
    let [rows, columns] = backbone.embeddings.grid(pixels)?;
    Ok(map.slice(1, backbone.embeddings.prefix_tokens(), None, 1).reshape([-1, rows, columns]))
}

fn residual_map(
    resnet: &ResNet,
    pixels: &Tensor,
    score: impl FnOnce(&Encoded) -> Result<Tensor>,
) -> Result<Tensor> {
    let last = tch::no_grad(|| resnet.last_hidden_state(pixels, Mode::Eval))?;
    let (rows, columns) = (last.size()[2], last.size()[3]);
    let places = last.flatten(2, 3).transpose(1, 2).detach().set_requires_grad(true);
    let map = raised(&places, &score(&resnet.pooled(&places, columns))?)?;
    Ok(map.reshape([-1, rows, columns]))
}

/// `[batch, tokens]`: activation times gradient, summed over channels, at least 0.
fn raised(activation: &Tensor, score: &Tensor) -> Result<Tensor> {
    if score.dim() != 1 || score.size()[0] != activation.size()[0] {
        return Err(Error::shape("score", format!("[{}]", activation.size()[0]), score.size()));
    }
    // An image's score depends on its own activation alone, so that one backward pass serves all.
    let gradient =
        Tensor::run_backward(&[score.sum(Kind::Float)], &[activation], false, false).swap_remove(0);
    Ok((activation.detach() * gradient).sum_dim_intlist(-1, false, Kind::Float).relu())
}
