//! Steps of alignment a second with small encoders: directly, with cached gradients and with layers that are run again;
//! and steps of the optimizers over as many parameters as a ViT-S has. Full size, memory and several processes:
//! `cargo run --release --example train_step -- --help`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use osteon::contrastive_align::{Aligner, ClipLoss, LogitConfig, PairBatch, PairChunk, Towers};
use osteon::model_core::{
    AdamW, AdamWConfig, Lion, Lion8bit, Lion8bitConfig, LionConfig, Mode, Optimizer, Parameter,
    ParameterPolicy, SingleProcess, StepContext, Task,
};
use osteon::text_encoder::{TextConfig, TextFamily, TextModel, TokenBatch};
use osteon::vision_encoder::{Vit, VitConfig};
use tch::{Device, Kind, Tensor};

const STUDIES: i64 = 16;
const SIDE: i64 = 96;
const TOKENS: usize = 48;

fn aligner(gradient_checkpointing: bool) -> (Aligner<Vit, TextModel, ClipLoss>, Vec<Parameter>) {
    let vision = VitConfig {
        hidden_size: 192,
        num_hidden_layers: 6,
        num_attention_heads: 3,
        intermediate_size: 768,
        image_size: SIDE,
        projection_size: Some(128),
        gradient_checkpointing,
        ..VitConfig::default()
    };
    let text = TextConfig {
        vocab_size: 1000,
        hidden_size: 192,
        num_hidden_layers: 6,
        num_attention_heads: 3,
        intermediate_size: 768,
        projection_size: Some(128),
        gradient_checkpointing,
        ..TextConfig::of(TextFamily::XlmRoberta)
    };
    let towers =
        Towers::new(vision, text, &LogitConfig::default(), Device::Cpu).expect("the sizes fit together");
    let parameters = towers.weights.parameters(&ParameterPolicy::default());
    (Aligner::new(towers.model, ClipLoss::default()), parameters)
}

fn batch(chunk: i64) -> PairBatch<Tensor, TokenBatch> {
    let chunks = (0..STUDIES).step_by(chunk as usize).map(|_| PairChunk {
        images: Tensor::randn([chunk, 3, SIDE, SIDE], (Kind::Float, Device::Cpu)),
        texts: TokenBatch::pad(&vec![vec![7; TOKENS]; chunk as usize], 1, 1, Device::Cpu)
            .expect("there are texts"),
    });
    let study = Tensor::arange(STUDIES, (Kind::Int64, Device::Cpu));
    let keys = (0..STUDIES).map(|study| study.to_string()).collect();
    PairBatch { chunks: chunks.collect(), groups: study.copy(), study, keys }
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    group.sample_size(10).throughput(Throughput::Elements(STUDIES as u64));
    for (name, chunk, again) in
        [("direct", STUDIES, false), ("gradients cached by 4", 4, false), ("layers run again", STUDIES, true)]
    {
        let ((aligner, parameters), batch) = (aligner(again), batch(chunk));
        let mut optimizer = AdamW::new(parameters, AdamWConfig::default()).expect("usual settings");
        let cx = StepContext::new(Mode::Train, &SingleProcess, 0);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let output = aligner.step(&batch, &cx).expect("a batch of its shape");
                output.loss.backward();
                optimizer.step(1e-4);
                optimizer.zero_grad();
                black_box(output.samples)
            });
        });
    }
}

fn optimizers(criterion: &mut Criterion) {
    const PARAMETERS: i64 = 22_000_000;
    let parameters = || {
        let weights =
            Tensor::randn([PARAMETERS / 1000, 1000], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        (&weights * 0.1).sum(Kind::Float).backward();
        vec![Parameter { name: "weights".to_owned(), tensor: weights, weight_decay: 0.01, rate: 1.0 }]
    };
    let usual = "usual settings";
    let optimizers: [(&str, Box<dyn Optimizer>); 3] = [
        ("AdamW", Box::new(AdamW::new(parameters(), AdamWConfig::default()).expect(usual))),
        ("Lion", Box::new(Lion::new(parameters(), LionConfig::default()).expect(usual))),
        ("Lion, 8 bits", Box::new(Lion8bit::new(parameters(), Lion8bitConfig::default()).expect(usual))),
    ];
    let mut group = criterion.benchmark_group("optimizer");
    group.sample_size(10).throughput(Throughput::Elements(PARAMETERS as u64));
    for (name, mut optimizer) in optimizers {
        group.bench_function(name, |bench| bench.iter(|| optimizer.step(1e-4)));
    }
}

criterion_group!(benches, steps, optimizers);
criterion_main!(benches);
