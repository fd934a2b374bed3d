//! Gradient caching with random layers. libtorch has one generator for all threads, so this test has a
//! process of its own.

use contrastive_align::{
    Aligner, AlignmentLoss, BiEncoder, ClipLoss, EncodedPairs, LogitConfig, LogitScale, PairBatch, PairChunk,
};
use model_core::{Encoded, Encoder, Mode, Pretrained, Result, SingleProcess, StepContext, Task};
use tch::{Device, Kind, Tensor, nn};

#[derive(Debug)]
struct Dropped(Tensor);

impl Encoder for Dropped {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        self.0.size()[1]
    }

    fn encode(&self, input: &Tensor, mode: Mode) -> Result<Encoded> {
        Ok(Encoded::from_pooled(input.matmul(&self.0).dropout(0.4, mode.is_train())))
    }
}

fn model() -> (BiEncoder<Dropped, Dropped>, [Tensor; 2]) {
    tch::manual_seed(4);
    let weights = [0, 1].map(|_| Tensor::randn([5, 12], (Kind::Float, Device::Cpu)).set_requires_grad(true));
    let [image, text] = [0, 1].map(|side: usize| Dropped(weights[side].shallow_clone()));
    let logit = LogitScale::new(&nn::VarStore::new(Device::Cpu).root(), &LogitConfig::default()).unwrap();
    (BiEncoder::new(image, text, logit).unwrap(), weights)
}

#[test]
fn dropout_falls_alike_in_both_runs_of_a_chunk() {
    let (aligner, weights) = model();
    let aligner = Aligner::new(aligner, ClipLoss::default());
    let chunk = |_| PairChunk {
        images: Tensor::randn([2, 5], (Kind::Float, Device::Cpu)),
        texts: Tensor::randn([2, 5], (Kind::Float, Device::Cpu)),
    };
    let batch = PairBatch {
        chunks: (0..3).map(chunk).collect(),
        study: Tensor::arange(6, (Kind::Int64, Device::Cpu)),
        groups: Tensor::arange(6, (Kind::Int64, Device::Cpu)),
        keys: (0..6).map(|number| number.to_string()).collect(),
    };
    tch::manual_seed(77);
    let cx = StepContext::new(Mode::Train, &SingleProcess, 0);
    aligner.step(&batch, &cx).unwrap().loss.backward();
    let got = weights.map(|weight| weight.grad());

    // The same masks in one graph: each chunk starts from the seed that the step drew for it.
    let (model, weights) = model();
    tch::manual_seed(77);
    let seeds = Tensor::randint(i64::MAX, [3], (Kind::Int64, Device::Cpu));
    let (mut images, mut texts) = (Vec::new(), Vec::new());
    for (place, chunk) in (0..).zip(&batch.chunks) {
        tch::manual_seed(seeds.int64_value(&[place]));
        images.push(model.encode_images(&chunk.images, Mode::Train).unwrap().pooled);
        texts.push(model.encode_texts(&chunk.texts, Mode::Train).unwrap().pooled);
    }
    let pairs = EncodedPairs {
        image: Encoded::from_pooled(Tensor::cat(&images, 0)),
        text: Encoded::from_pooled(Tensor::cat(&texts, 0)),
        study: batch.study.shallow_clone(),
        groups: batch.groups.shallow_clone(),
        scale: model.logit.scale(),
        bias: model.logit.bias(),
    };
    ClipLoss::default().loss(&pairs, &SingleProcess).unwrap().backward();
    for (got, expected) in got.iter().zip(weights.map(|weight| weight.grad())) {
        assert!((got - expected).abs().max().double_value(&[]) < 1e-5);
    }
}
