use model_core::layers::linear;
use model_core::{Collate, Encoded, Encoder, Error, Mode, Result};
use tch::nn::{self, Module};
use tch::{Device, Kind, Tensor};
use xray_core::ImageTensor;

use crate::PixelCollate;

/// The images of several studies.
///
/// # Shapes
///
/// - pixels: `[images, channels, height, width]`
/// - study: `[images]`, i64, the place of each image's study in the batch
#[derive(Debug)]
pub struct StudyBatch {
    /// All images, one after the other.
    pub pixels: Tensor,
    /// Whose they are.
    pub study: Tensor,
    /// How many studies there are. Each has an image.
    pub studies: i64,
}

/// Makes studies of one image or several into a [`StudyBatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudyCollate {
    pixels: PixelCollate,
    max_images: usize,
}

impl StudyCollate {
    /// Batches of the first `max_images` images of each study, which keeps long series of fluoroscopy out:
    /// the released code takes 12.
    pub fn new(pixels: PixelCollate, max_images: usize) -> Self {
        Self { pixels, max_images: max_images.max(1) }
    }
}

impl Collate<[ImageTensor]> for StudyCollate {
    type Batch = StudyBatch;

    fn collate(&self, items: &[&[ImageTensor]], device: Device) -> Result<StudyBatch> {
        let (mut images, mut study) = (Vec::new(), Vec::new());
        for (place, item) in items.iter().enumerate() {
            if item.is_empty() {
                return Err(Error::shape(
                    "study",
                    "[images, channels, height, width], an image or more",
                    vec![0],
                ));
            }
            let views = item.iter().take(self.max_images);
            study.extend(views.clone().map(|_| place as i64));
            images.extend(views);
        }
        Ok(StudyBatch {
            pixels: self.pixels.collate(&images, device)?,
            study: Tensor::from_slice(&study).to_device(device),
            studies: items.len() as i64,
        })
    }
}

/// An encoder of studies over an encoder of images: each image is encoded, and the vectors of a study's
/// images become one. [`Encoded::tokens`] is left out, for studies have no common grid.
///
/// ```
/// use model_core::{Collate, Encoder, Mode, Pretrained};
/// use tch::{Device, nn};
/// use vision_encoder::{PixelCollate, StudyCollate, StudyEncoder, ViewPooling, Vit, VitConfig};
/// use xray_core::ImageTensor;
///
/// let config = VitConfig {
///     hidden_size: 16,
///     num_hidden_layers: 1,
///     num_attention_heads: 2,
///     intermediate_size: 16,
///     image_size: 32,
///     ..VitConfig::default()
/// };
/// let vs = nn::VarStore::new(Device::Cpu);
/// let encoder = StudyEncoder::new(Vit::new(&vs.root(), &config)?, ViewPooling::Mean);
/// let image = ImageTensor::new(vec![0.5; 32 * 32], 1, 32, 32)?;
/// let (two_views, one_view) = (vec![image.clone(), image.clone()], vec![image]);
/// let collate = StudyCollate::new(PixelCollate::new(3), 12);
/// let batch = collate.collate(&[two_views.as_slice(), one_view.as_slice()], Device::Cpu)?;
/// assert_eq!(encoder.encode(&batch, Mode::Eval)?.pooled.size(), [2, 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StudyEncoder<E> {
    encoder: E,
    pooling: ViewPooling,
}

/// How the vectors of a study's images become one.
#[derive(Debug)]
pub enum ViewPooling {
    /// Their mean.
    Mean,
    /// A mean whose weights are learnt.
    GatedAttention(GatedAttention),
}

/// Weights of images that depend on what they show: `w · (tanh(Vx) * sigmoid(Ux))`, made to sum to 1 over a
/// study (<https://arxiv.org/abs/1802.04712>).
#[derive(Debug)]
pub struct GatedAttention {
    value: nn::Linear,
    gate: nn::Linear,
    score: nn::Linear,
}

impl GatedAttention {
    /// Fresh weights for vectors of length `embed_dim`, below `vs`.
    pub fn new(vs: &nn::Path<'_>, embed_dim: i64) -> Self {
        Self {
            value: linear(&(vs / "value"), embed_dim, embed_dim, false),
            gate: linear(&(vs / "gate"), embed_dim, embed_dim, false),
            score: linear(&(vs / "score"), embed_dim, 1, false),
        }
    }

    fn scores(&self, images: &Tensor) -> Tensor {
        let gated = self.value.forward(images).tanh() * self.gate.forward(images).sigmoid();
        self.score.forward(&gated).squeeze_dim(-1)
    }
}

impl ViewPooling {
    /// # Shapes
    ///
    /// - images: `[images, embed_dim]`
    /// - study: `[images]`
    /// - result: `[studies, embed_dim]`
    fn pool(&self, images: &Tensor, study: &Tensor, studies: i64) -> Tensor {
        let places = Tensor::arange(studies, (Kind::Int64, study.device())).unsqueeze(1);
        let member = study.unsqueeze(0).eq_tensor(&places);
        let weights = match self {
            Self::Mean => {
                let member = member.to_kind(images.kind());
                let count = member.sum_dim_intlist(1, true, images.kind());
                member / count
            }
            Self::GatedAttention(attention) => attention
                .scores(images)
                .unsqueeze(0)
                .masked_fill(&member.logical_not(), f64::NEG_INFINITY)
                .softmax(1, images.kind()),
        };
        weights.matmul(images)
    }
}

impl<E: Encoder<Input = Tensor>> StudyEncoder<E> {
    /// Studies over `encoder`, which without its own projection leaves that to what comes after.
    pub fn new(encoder: E, pooling: ViewPooling) -> Self {
        Self { encoder, pooling }
    }

    /// The encoder of single images.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }
}

impl<E: Encoder<Input = Tensor>> Encoder for StudyEncoder<E> {
    type Input = StudyBatch;

    fn embed_dim(&self) -> i64 {
        self.encoder.embed_dim()
    }

    fn encode(&self, batch: &StudyBatch, mode: Mode) -> Result<Encoded> {
        let images = self.encoder.encode(&batch.pixels, mode)?.pooled;
        check_studies(batch, images.size()[0])?;
        Ok(Encoded::from_pooled(self.pooling.pool(&images, &batch.study, batch.studies)))
    }
}

/// Refuses a batch whose studies are not those of its images.
pub(crate) fn check_studies(batch: &StudyBatch, images: i64) -> Result<()> {
    let outside = || batch.study.lt(0).logical_or(&batch.study.ge(batch.studies)).any().int64_value(&[]) != 0;
    if batch.study.size() != [images] || outside() {
        let expected = format!("[{images}], each from 0 to {}", batch.studies - 1);
        return Err(Error::shape("study", expected, batch.study.size()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every image is its own first row.
    #[derive(Debug)]
    struct FirstRow;

    impl Encoder for FirstRow {
        type Input = Tensor;

        fn embed_dim(&self) -> i64 {
            2
        }

        fn encode(&self, pixels: &Tensor, _: Mode) -> Result<Encoded> {
            Ok(Encoded::from_pooled(pixels.select(1, 0).select(1, 0)))
        }
    }

    fn batch(studies: &[&[[f32; 2]]]) -> StudyBatch {
        let studies: Vec<Vec<ImageTensor>> = studies
            .iter()
            .map(|study| study.iter().map(|row| ImageTensor::new(row.to_vec(), 1, 1, 2).unwrap()).collect())
            .collect();
        let studies: Vec<&[ImageTensor]> = studies.iter().map(Vec::as_slice).collect();
        StudyCollate::new(PixelCollate::new(1), 3).collate(&studies, Device::Cpu).unwrap()
    }

    fn rows(encoder: &StudyEncoder<FirstRow>, batch: &StudyBatch) -> Vec<f32> {
        Vec::try_from(encoder.encode(batch, Mode::Eval).unwrap().pooled.flatten(0, -1)).unwrap()
    }

    #[test]
    fn the_mean_is_over_the_images_of_one_study() {
        let batch = batch(&[
            &[[1.0, 0.0], [3.0, 4.0]],
            &[[7.0, 7.0]],
            &[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [9.0, 9.0]],
        ]);
        let encoder = StudyEncoder::new(FirstRow, ViewPooling::Mean);
        assert_eq!(rows(&encoder, &batch), [2.0, 2.0, 7.0, 7.0, 2.0, 2.0], "a fourth image is left out");
    }

    #[test]
    fn gated_attention_equals_the_written_out_formula() {
        tch::manual_seed(4);
        let vs = nn::VarStore::new(Device::Cpu);
        let attention = GatedAttention::new(&vs.root(), 2);
        let weights: std::collections::HashMap<String, Tensor> = vs
            .variables()
            .into_iter()
            .map(|(name, mut tensor)| {
                tch::no_grad(|| tensor.copy_(&(&tensor * 50.0)));
                (name, tensor)
            })
            .collect();
        let w = |name: &str, row: i64, column: i64| {
            weights[&format!("{name}.weight")].double_value(&[row, column])
        };
        let images = [[1.0f32, -0.5], [0.2, 2.0]];
        let score = |x: &[f32; 2]| -> f64 {
            let dot = |name, row| w(name, row, 0) * f64::from(x[0]) + w(name, row, 1) * f64::from(x[1]);
            (0..2).map(|i| w("score", 0, i) * dot("value", i).tanh() / (1.0 + (-dot("gate", i)).exp())).sum()
        };
        let (a, b) = (score(&images[0]).exp(), score(&images[1]).exp());
        let encoder = StudyEncoder::new(FirstRow, ViewPooling::GatedAttention(attention));
        let got = rows(&encoder, &batch(&[&images, &[[5.0, 6.0]]]));
        for (column, got) in got[..2].iter().enumerate() {
            let expected = (a * f64::from(images[0][column]) + b * f64::from(images[1][column])) / (a + b);
            assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} {expected}");
        }
        assert_eq!(got[2..], [5.0, 6.0]);
    }

    #[test]
    fn a_study_without_an_image_is_refused() {
        let none: &[ImageTensor] = &[];
        assert!(StudyCollate::new(PixelCollate::new(1), 3).collate(&[none], Device::Cpu).is_err());
    }
}
