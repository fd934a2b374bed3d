//! Encoders, collates and studies of a user who knows nothing but the public traits.

use contrastive_align::{BiEncoder, LogitConfig, LogitScale};
use model_core::{Collate, Encoded, Encoder, Mode, Pretrained, PretrainedConfig, Result};
use serde::{Deserialize, Serialize};
use tch::nn::{self, Module};
use tch::{Device, Kind, Tensor};
use xray_core::{ImageTensor, Sample};

use crate::numbers::rows;

/// A linear layer over pixels, and over halves of them as tokens.
#[derive(Debug)]
pub(crate) struct Linear {
    layer: nn::Linear,
    input: i64,
    size: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct LinearConfig {
    pub(crate) input: i64,
    pub(crate) size: i64,
}

impl PretrainedConfig for LinearConfig {
    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

impl Pretrained for Linear {
    type Config = LinearConfig;

    fn new(vs: &nn::Path<'_>, config: &LinearConfig) -> Result<Self> {
        let layer = nn::linear(vs / "layer", config.input, config.size, nn::LinearConfig::default());
        Ok(Self { layer, input: config.input, size: config.size })
    }
}

impl Encoder for Linear {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.size
    }

    fn encode(&self, input: &Tensor, _: Mode) -> Result<Encoded> {
        let tokens = self.layer.forward(&input.reshape([input.size()[0], -1, self.input]));
        let tokens = tokens.tanh();
        Ok(Encoded { pooled: tokens.mean_dim(1, false, Kind::Float), tokens: Some(tokens), mask: None })
    }
}

pub(crate) struct Pixels;

impl Collate<ImageTensor> for Pixels {
    type Batch = Tensor;

    fn collate(&self, items: &[&ImageTensor], device: Device) -> Result<Tensor> {
        let rows: Vec<Tensor> = items.iter().map(|image| Tensor::from_slice(image.data())).collect();
        Ok(Tensor::stack(&rows, 0).to_device(device))
    }
}

/// How often each of 26 letters comes, in each half of a text.
pub(crate) struct Letters;

impl Collate<str> for Letters {
    type Batch = Tensor;

    fn collate(&self, items: &[&str], device: Device) -> Result<Tensor> {
        let mut counts = vec![0.0_f32; items.len() * 52];
        for (item, text) in items.iter().enumerate() {
            for (at, byte) in text.bytes().enumerate() {
                if byte.is_ascii_lowercase() {
                    let half = usize::from(at * 2 >= text.len());
                    counts[item * 52 + half * 26 + usize::from(byte - b'a')] += 1.0;
                }
            }
        }
        Ok(Tensor::from_slice(&counts).reshape([-1, 52]).to_device(device))
    }
}

/// Its weights come from `seed` alone: libtorch's generator belongs to all tests that run at once.
pub(crate) fn model(seed: u64, logit: LogitConfig) -> (nn::VarStore, BiEncoder<Linear, Linear>) {
    let vs = nn::VarStore::new(Device::Cpu);
    let root = vs.root();
    let image = Linear::new(&(&root / "vision"), &LinearConfig { input: 8, size: 12 }).unwrap();
    let text = Linear::new(&(&root / "text"), &LinearConfig { input: 26, size: 12 }).unwrap();
    let logit = LogitScale::new(&root, &logit).unwrap();
    for (name, mut tensor) in vs.variables().into_iter().filter(|(_, tensor)| tensor.dim() > 0) {
        let seed = xray_core::derive_seed(seed, &[name.len() as u64]);
        let values = rows(seed, 1, tensor.numel() as i64).reshape(tensor.size());
        tch::no_grad(|| tensor.copy_(&values));
    }
    let model = BiEncoder::new(image, text, logit).unwrap();
    (vs, model)
}

/// A study with images of 16 pixels that depend on `kind`, and a report that names it.
pub(crate) fn study(number: u64, kind: u64, images: usize) -> Sample {
    let image = |view: usize| {
        let value = |pixel: u64| {
            let noise = xray_core::derive_seed(9, &[number, view as u64, pixel]) as f32 / u64::MAX as f32;
            let signal = xray_core::derive_seed(5, &[kind, pixel]) as f32 / u64::MAX as f32;
            signal + 0.1 * noise
        };
        ImageTensor::new((0..16).map(value).collect(), 1, 4, 4).unwrap()
    };
    let word: String = (0..6)
        .map(|letter| char::from(b'a' + (xray_core::derive_seed(6, &[kind, letter]) % 26) as u8))
        .collect();
    Sample {
        key: format!("s{number:04}"),
        images: (0..images).map(image).collect(),
        report: format!("{word}."),
        labels: Default::default(),
        meta: Default::default(),
    }
}
