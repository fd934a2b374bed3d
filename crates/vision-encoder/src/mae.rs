use model_core::layers::{AttentionConfig, Stack, layer_norm, linear};
use model_core::{Error, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::nn::{self, Init, Module};
use tch::{Kind, Tensor};

use crate::config::{VitConfig, VitType, at_least_one, heads};
use crate::embeddings::sine_cosine;
use crate::layer::{Layer, LayerConfig};
use crate::vit::Vit;

/// The sizes of a [`Mae`], as `config.json` has them. Defaults are those of transformers' `ViTMAEConfig`
/// (<https://huggingface.co/facebook/vit-mae-base>); unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaeConfig {
    /// The encoder, whose `model_type` is [`VitType::VitMae`].
    #[serde(flatten)]
    pub encoder: VitConfig,
    /// Width of a token in the decoder. Default: 512.
    pub decoder_hidden_size: i64,
    /// Number of the decoder's layers. Default: 8.
    pub decoder_num_hidden_layers: i64,
    /// Attention heads a layer of the decoder. Default: 16.
    pub decoder_num_attention_heads: i64,
    /// Width inside the decoder's MLP. Default: 2048.
    pub decoder_intermediate_size: i64,
    /// The part of the patches that the encoder does not see. Default: 0.75.
    pub mask_ratio: f64,
    /// Whether each patch is normalised by itself before it is compared. Default: false.
    pub norm_pix_loss: bool,
}

impl Default for MaeConfig {
    fn default() -> Self {
        Self {
            encoder: VitConfig { model_type: VitType::VitMae, ..VitConfig::default() },
            decoder_hidden_size: 512,
            decoder_num_hidden_layers: 8,
            decoder_num_attention_heads: 16,
            decoder_intermediate_size: 2048,
            mask_ratio: 0.75,
            norm_pix_loss: false,
        }
    }
}

/// A masked autoencoder: a ViT that sees a few patches and a small decoder that draws the others
/// (<https://arxiv.org/abs/2111.06377>), with transformers' names.
///
/// Which patches are seen comes from noise that the caller may give, so that a step can be repeated.
#[derive(Debug)]
pub struct Mae {
    vit: Vit,
    decoder_embed: nn::Linear,
    mask_token: Tensor,
    decoder_pos_embed: Tensor,
    decoder_layers: Stack<Layer>,
    decoder_norm: nn::LayerNorm,
    decoder_pred: nn::Linear,
    config: MaeConfig,
}

/// What a [`Mae`] makes of a batch.
///
/// # Shapes
///
/// - loss: a scalar
/// - logits: `[batch, patches, patch_size * patch_size * channels]`, the channel changing fastest
/// - mask: `[batch, patches]`, 1 = a patch that was not seen
/// - ids_restore: `[batch, patches]`, where each patch stands in the order of its noise
#[derive(Debug)]
pub struct MaeOutput {
    /// The mean squared error over the pixels of the patches that were not seen.
    pub loss: Tensor,
    /// Every patch as it was drawn.
    pub logits: Tensor,
    /// Which patches were not seen.
    pub mask: Tensor,
    /// The order that was hidden.
    pub ids_restore: Tensor,
}

impl Mae {
    /// The encoder, which without masking is a ViT.
    pub fn encoder(&self) -> &Vit {
        &self.vit
    }

    /// Hides patches and draws them. Those with the least `noise` are seen; without noise it is drawn from
    /// libtorch's generator.
    ///
    /// # Shapes
    ///
    /// - pixels: `[batch, channels, height, width]`, sides that are multiples of a patch
    /// - noise: `[batch, patches]`
    ///
    /// # Errors
    ///
    /// If a shape is another one, or so few patches that none would be seen or none hidden.
    pub fn reconstruct(&self, pixels: &Tensor, noise: Option<&Tensor>, mode: Mode) -> Result<MaeOutput> {
        let targets = self.targets(pixels)?;
        let backbone = self.vit.backbone();
        let (patches, positions) = backbone.embeddings.patches(pixels)?;
        let size = [patches.size()[0], patches.size()[1]];
        let seen = (size[1] as f64 * (1.0 - self.config.mask_ratio)) as i64;
        if seen == 0 || seen == size[1] {
            let expected = format!("images of which a part of {} can be hidden", self.config.mask_ratio);
            return Err(Error::shape("pixels", expected, pixels.size()));
        }
        let noise = match noise {
            Some(noise) if noise.size() != size => {
                return Err(Error::shape("noise", format!("{size:?}"), noise.size()));
            }
            Some(noise) => noise.shallow_clone(),
            None => Tensor::rand(size, (Kind::Float, pixels.device())),
        };
        let order = noise.argsort(1, false);
        let ids_restore = order.argsort(1, false);
        let mask = ids_restore.ge(seen).to_kind(Kind::Float);

        let patches = patches + positions.slice(1, 1, None, 1);
        let patches = pick(&patches, &order.narrow(1, 0, seen));
        let cls =
            (backbone.embeddings.cls_token() + positions.narrow(1, 0, 1)).expand([size[0], -1, -1], false);
        let hidden = backbone.transform(Tensor::cat(&[cls, patches], 1), mode)?;
        let logits = self.decode(&hidden, &ids_restore, mode)?;

        let error = (&logits - targets).square().mean_dim(-1, false, Kind::Float);
        let loss = (error * &mask).sum(Kind::Float) / mask.sum(Kind::Float);
        Ok(MaeOutput { loss, logits, mask, ids_restore })
    }

    fn decode(&self, hidden: &Tensor, ids_restore: &Tensor, mode: Mode) -> Result<Tensor> {
        let seen = self.decoder_embed.forward(hidden);
        let patches = ids_restore.size()[1];
        let hidden_patches = patches + 1 - seen.size()[1];
        let blank = self.mask_token.expand([seen.size()[0], hidden_patches, -1], false);
        let shuffled = Tensor::cat(&[seen.slice(1, 1, None, 1), blank], 1);
        let tokens = Tensor::cat(&[seen.narrow(1, 0, 1), pick(&shuffled, ids_restore)], 1);
        let tokens = tokens + self.decoder_positions(patches);
        let tokens = self.decoder_layers.forward(tokens, None, mode)?;
        Ok(self.decoder_pred.forward(&self.decoder_norm.forward(&tokens)).slice(1, 1, None, 1))
    }

    /// For another number of patches interpolated along the row of all patches, as transformers does.
    fn decoder_positions(&self, patches: i64) -> Tensor {
        let own = &self.decoder_pos_embed;
        if own.size()[1] == patches + 1 {
            return own.shallow_clone();
        }
        let row = own.slice(1, 1, None, 1).transpose(1, 2).unsqueeze(2);
        let row = row.upsample_bicubic2d([1, patches], false, None, None).squeeze_dim(2).transpose(1, 2);
        Tensor::cat(&[own.narrow(1, 0, 1), row], 1)
    }

    /// What the decoder should draw, in its own form.
    fn targets(&self, pixels: &Tensor) -> Result<Tensor> {
        let side = self.config.encoder.patch_size;
        let size = pixels.size();
        let [batch, channels, height, width] = size[..] else {
            return Err(Error::shape("pixels", "[batch, channels, height, width]", size));
        };
        if height % side != 0 || width % side != 0 {
            return Err(Error::shape("pixels", format!("sides that are multiples of {side}"), size));
        }
        let (rows, columns) = (height / side, width / side);
        let patches = pixels
            .reshape([batch, channels, rows, side, columns, side])
            .permute([0, 2, 4, 3, 5, 1])
            .reshape([batch, rows * columns, side * side * channels]);
        if !self.config.norm_pix_loss {
            return Ok(patches);
        }
        let mean = patches.mean_dim(-1, true, patches.kind());
        let variance = patches.var_dim([-1].as_slice(), true, true);
        Ok((patches - mean) / (variance + 1e-6).sqrt())
    }
}

/// Of each item the tokens at `ids`.
///
/// # Shapes
///
/// - tokens: `[batch, tokens, width]`
/// - ids: `[batch, picked]`
/// - result: `[batch, picked, width]`
fn pick(tokens: &Tensor, ids: &Tensor) -> Tensor {
    tokens.gather(1, &ids.unsqueeze(-1).expand([-1, -1, tokens.size()[2]], false), false)
}

impl Pretrained for Mae {
    type Config = MaeConfig;

    fn new(vs: &nn::Path<'_>, config: &MaeConfig) -> Result<Self> {
        config.validate()?;
        let (encoder, width) = (&config.encoder, config.decoder_hidden_size);
        let layer = LayerConfig {
            attention: AttentionConfig {
                hidden_size: width,
                num_attention_heads: config.decoder_num_attention_heads,
                qkv_bias: encoder.qkv_bias,
                attention_dropout: encoder.attention_probs_dropout_prob,
                hidden_dropout: encoder.hidden_dropout_prob,
            },
            intermediate_size: config.decoder_intermediate_size,
            hidden_act: encoder.hidden_act,
            layer_norm_eps: encoder.layer_norm_eps,
        };
        let grid = encoder.image_size / encoder.patch_size;
        let decoder = vs / "decoder";
        let mut decoder_pos_embed = decoder.zeros_no_train("decoder_pos_embed", &[1, grid * grid + 1, width]);
        tch::no_grad(|| decoder_pos_embed.copy_(&sine_cosine(grid, width)));
        let layers = &decoder / "decoder_layers";
        let layers =
            (0..config.decoder_num_hidden_layers).map(|index| Layer::vit(&(&layers / index), &layer));
        let pixels = encoder.patch_size * encoder.patch_size * encoder.num_channels;
        Ok(Self {
            vit: Vit::new(&(vs / "vit"), encoder)?,
            decoder_embed: linear(&(&decoder / "decoder_embed"), encoder.hidden_size, width, true),
            mask_token: decoder.var("mask_token", &[1, 1, width], Init::Randn { mean: 0.0, stdev: 0.02 }),
            decoder_pos_embed,
            decoder_layers: Stack::new(layers, encoder.gradient_checkpointing)?,
            decoder_norm: layer_norm(&(&decoder / "decoder_norm"), width, encoder.layer_norm_eps),
            decoder_pred: linear(&(&decoder / "decoder_pred"), width, pixels, true),
            config: config.clone(),
        })
    }

    /// transformers 5 writes the decoder's layers as an encoder's.
    fn rename(_: &MaeConfig, name: &str) -> Option<String> {
        let layer = name.strip_prefix("decoder.decoder_encoder.layer.")?;
        Some(format!("decoder.decoder_layers.{layer}"))
    }
}

impl PretrainedConfig for MaeConfig {
    fn validate(&self) -> Result<()> {
        self.encoder.validate()?;
        if self.encoder.model_type != VitType::VitMae || self.encoder.projection_size.is_some() {
            return Err(Error::config("model_type", "an autoencoder is a vit_mae without a projection"));
        }
        at_least_one("decoder_num_hidden_layers", self.decoder_num_hidden_layers)?;
        at_least_one("decoder_intermediate_size", self.decoder_intermediate_size)?;
        heads("decoder_num_attention_heads", self.decoder_hidden_size, self.decoder_num_attention_heads)?;
        if self.decoder_hidden_size % 4 != 0 {
            let reason = format!("{} is not a multiple of 4", self.decoder_hidden_size);
            return Err(Error::config("decoder_hidden_size", reason));
        }
        if !(self.mask_ratio > 0.0 && self.mask_ratio < 1.0) {
            return Err(Error::config("mask_ratio", format!("{} is not between 0 and 1", self.mask_ratio)));
        }
        Ok(())
    }
}
