use model_core::layers::{AttentionConfig, MultiHeadAttention, layer_norm};
use model_core::{Encoded, Encoder, Mode, Pretrained, Result};
use tch::nn::{self, Module};
use tch::{Kind, Tensor};

use crate::config::VitConfig;
use crate::study::{StudyBatch, check_studies};
use crate::vit::Vit;

/// A ViT over all images of a study, which see one another while they are encoded.
///
/// After every layer the CLS tokens of a study's images attend to one another, through one norm and one attention
/// (`view_norm`, `view_attention`) that all layers share; [`Encoded::pooled`] is the mean of a study's CLS tokens
/// after the last layer, without the last norm, through the projection where there is one. A study of one image
/// attends to itself. [`Encoded::tokens`] is left out, for studies have no common grid.
///
/// # Examples
///
/// ```
/// use model_core::{Encoder, Mode, Pretrained};
/// use tch::{Device, Kind, Tensor, nn};
/// use vision_encoder::{SeqVit, StudyBatch, VitConfig};
///
/// let config = VitConfig {
///     hidden_size: 16,
///     num_hidden_layers: 2,
///     num_attention_heads: 2,
///     intermediate_size: 16,
///     image_size: 32,
///     ..VitConfig::default()
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let encoder = SeqVit::new(&vs.root(), &config)?;
/// let pixels = Tensor::zeros([3, 3, 32, 32], (Kind::Float, Device::Cpu));
/// let batch = StudyBatch { pixels, study: Tensor::from_slice(&[0i64, 0, 1]), studies: 2 };
/// assert_eq!(encoder.encode(&batch, Mode::Eval)?.pooled.size(), [2, 16]);
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SeqVit {
    vit: Vit,
    view_norm: nn::LayerNorm,
    view_attention: MultiHeadAttention,
}

impl SeqVit {
    /// The ViT of single images.
    pub fn vit(&self) -> &Vit {
        &self.vit
    }
}

impl Encoder for SeqVit {
    type Input = StudyBatch;

    fn embed_dim(&self) -> i64 {
        self.vit.embed_dim()
    }

    fn encode(&self, batch: &StudyBatch, mode: Mode) -> Result<Encoded> {
        let backbone = self.vit.backbone();
        let mut hidden = backbone.embeddings.forward(&batch.pixels, mode)?;
        check_studies(batch, hidden.size()[0])?;
        let views = Views::new(batch)?;
        for index in 0..backbone.layers.len() {
            hidden = backbone.layers.run(index, &hidden, None, mode)?;
            let cls = hidden.select(1, 0);
            let seen = self.view_attention.forward(
                &views.by_study(&self.view_norm.forward(&cls)),
                Some(&views.real),
                mode,
            );
            let cls = cls + seen.flatten(0, 1).index_select(0, &views.slots);
            hidden = Tensor::cat(&[cls.unsqueeze(1), hidden.slice(1, 1, None, 1)], 1);
        }
        let cls = views.by_study(&hidden.select(1, 0));
        let count = views.real.sum_dim_intlist(1, true, Kind::Float).clamp_min(1.0).to_kind(cls.kind());
        let pooled = cls.sum_dim_intlist(1, false, cls.kind()) / count;
        Ok(Encoded::from_pooled(match self.vit.projection() {
            Some(projection) => projection.forward(&pooled),
            None => pooled,
        }))
    }
}

impl Pretrained for SeqVit {
    type Config = VitConfig;

    fn new(vs: &nn::Path<'_>, config: &VitConfig) -> Result<Self> {
        let vit = Vit::new(vs, config)?;
        let sizes = AttentionConfig {
            hidden_size: config.hidden_size,
            num_attention_heads: config.num_attention_heads,
            qkv_bias: config.qkv_bias,
            attention_dropout: config.attention_probs_dropout_prob,
            hidden_dropout: config.hidden_dropout_prob,
        };
        let attention = vs / "view_attention";
        Ok(Self {
            vit,
            view_norm: layer_norm(&(vs / "view_norm"), config.hidden_size, config.layer_norm_eps),
            view_attention: MultiHeadAttention::new(&attention, &(&attention / "output" / "dense"), sizes)?,
        })
    }

    /// A published ViT knows of single images.
    fn is_optional(name: &str) -> bool {
        Vit::is_optional(name) || name.starts_with("view_")
    }
}

/// Where the images of a batch stand in a table of studies by views.
struct Views {
    /// The place of each image in the flattened table.
    slots: Tensor,
    /// Which places hold an image, `[studies, views]`.
    real: Tensor,
}

impl Views {
    fn new(batch: &StudyBatch) -> Result<Self> {
        let study = Vec::<i64>::try_from(batch.study.to_device(tch::Device::Cpu))
            .map_err(model_core::Error::torch("reading the studies of a batch"))?;
        let mut seen = vec![0i64; usize::try_from(batch.studies).unwrap_or(0)];
        let places: Vec<i64> = study
            .iter()
            .map(|&study| {
                let place = &mut seen[study as usize];
                *place += 1;
                *place - 1
            })
            .collect();
        let most = seen.iter().copied().max().unwrap_or(0);
        let slots: Vec<i64> = study.iter().zip(&places).map(|(study, place)| study * most + place).collect();
        let mut real = vec![false; seen.len() * most as usize];
        for &slot in &slots {
            real[slot as usize] = true;
        }
        let device = batch.pixels.device();
        Ok(Self {
            slots: Tensor::from_slice(&slots).to_device(device),
            real: Tensor::from_slice(&real).view([batch.studies, most]).to_device(device),
        })
    }

    /// # Shapes
    ///
    /// - images: `[images, width]`
    /// - result: `[studies, views, width]`, zeros where there is no image
    fn by_study(&self, images: &Tensor) -> Tensor {
        let [studies, most] = [self.real.size()[0], self.real.size()[1]];
        let width = images.size()[1];
        let table = Tensor::zeros([studies * most, width], (images.kind(), images.device()));
        table.index_copy(0, &self.slots, images).view([studies, most, width])
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    fn small() -> (nn::VarStore, SeqVit) {
        tch::manual_seed(6);
        let config = VitConfig {
            hidden_size: 8,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 8,
            image_size: 16,
            patch_size: 8,
            num_channels: 1,
            ..VitConfig::default()
        };
        let vs = nn::VarStore::new(Device::Cpu);
        let encoder = SeqVit::new(&vs.root(), &config).unwrap();
        for (_, mut tensor) in vs.variables() {
            tch::no_grad(|| tensor.copy_(&(&tensor + tensor.randn_like() * 0.3)));
        }
        (vs, encoder)
    }

    fn encode(encoder: &SeqVit, pixels: Tensor, study: &[i64], studies: i64) -> Result<Tensor> {
        let batch = StudyBatch { pixels, study: Tensor::from_slice(study), studies };
        Ok(encoder.encode(&batch, Mode::Eval)?.pooled)
    }

    #[test]
    fn a_study_depends_on_its_images_in_any_order_and_on_no_other() {
        let (_vs, encoder) = small();
        let images = Tensor::randn([5, 1, 16, 16], (Kind::Float, Device::Cpu));
        let pick = |order: &[i64]| images.index_select(0, &Tensor::from_slice(order));
        let together = encode(&encoder, pick(&[0, 1, 2, 3, 4]), &[0, 0, 1, 0, 1], 2).unwrap();
        let alone = encode(&encoder, pick(&[3, 0, 1]), &[0, 0, 0], 1).unwrap();
        assert!(together.get(0).allclose(&alone.get(0), 1e-5, 1e-5, false));
        let one = encode(&encoder, pick(&[0]), &[0], 1).unwrap();
        assert!(!one.get(0).allclose(&alone.get(0), 1e-3, 1e-3, false));
    }

    #[test]
    fn views_equal_the_written_out_formula() {
        let (vs, encoder) = small();
        let images = Tensor::randn([2, 1, 16, 16], (Kind::Float, Device::Cpu));
        let variables = vs.variables();
        let get = |name: &str| variables[name].shallow_clone();
        let linear = |x: &Tensor, name: &str| {
            x.linear(&get(&format!("{name}.weight")), Some(&get(&format!("{name}.bias"))))
        };
        let backbone = encoder.vit.backbone();
        let mut hidden = backbone.embeddings.forward(&images, Mode::Eval).unwrap();
        for index in 0..backbone.layers.len() {
            hidden = backbone.layers.run(index, &hidden, None, Mode::Eval).unwrap();
            let cls = hidden.select(1, 0);
            let normed =
                cls.layer_norm([8], Some(get("view_norm.weight")), Some(get("view_norm.bias")), 1e-12, false);
            let [q, k, v] =
                ["query", "key", "value"].map(|name| linear(&normed, &format!("view_attention.{name}")));
            let heads: Vec<Tensor> = (0..2)
                .map(|head| {
                    let part = |x: &Tensor| x.narrow(1, 4 * head, 4);
                    (part(&q).matmul(&part(&k).tr()) / 2.0).softmax(-1, Kind::Float).matmul(&part(&v))
                })
                .collect();
            let cls = cls + linear(&Tensor::cat(&heads, 1), "view_attention.output.dense");
            hidden = Tensor::cat(&[cls.unsqueeze(1), hidden.slice(1, 1, None, 1)], 1);
        }
        let expected = hidden.select(1, 0).mean_dim(0, false, Kind::Float);
        let got = encode(&encoder, images, &[0, 0], 1).unwrap();
        assert!(got.get(0).allclose(&expected, 1e-5, 1e-5, false));
    }

    #[test]
    fn studies_that_do_not_fit_are_refused() {
        let (_vs, encoder) = small();
        let images = || Tensor::zeros([2, 1, 16, 16], (Kind::Float, Device::Cpu));
        for (study, studies) in [(&[0i64][..], 1), (&[0, 2], 2), (&[0, -1], 1)] {
            assert!(encode(&encoder, images(), study, studies).is_err(), "{study:?}");
        }
    }
}
