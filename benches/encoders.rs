//! Embeddings a second, of images and of texts; texts in batches of like length and in batches as they come.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use osteon::model_core::{Encoder, Mode, Pretrained};
use osteon::text_encoder::{TextConfig, TextFamily, TextModel, TokenBatch, batches_by_length};
use osteon::vision_encoder::{ResNetConfig, VisionConfig, VisionModel, VitConfig};
use osteon::xray_core::derive_seed;
use tch::{Device, Kind, Tensor, nn};

/// Tokens of a real report at 0 %, 5 %, … 100 %: findings and impressions of the 3927 of the Open-i collection
/// (<https://openi.nlm.nih.gov>), through XLM-R's vocabulary.
const REPORT_TOKENS: [usize; 21] =
    [6, 30, 36, 41, 46, 48, 53, 57, 60, 63, 66, 70, 73, 78, 82, 88, 95, 104, 118, 140, 375];

const REPORTS: usize = 64;
const IMAGES: i64 = 8;

fn images(criterion: &mut Criterion) {
    let vit = VitConfig {
        hidden_size: 384,
        num_attention_heads: 6,
        intermediate_size: 1536,
        ..VitConfig::default()
    };
    let resnet = ResNetConfig {
        layer_type: osteon::vision_encoder::ResNetLayer::Basic,
        hidden_sizes: vec![64, 128, 256, 512],
        depths: vec![2, 2, 2, 2],
        ..ResNetConfig::default()
    };
    let families: [(&str, VisionConfig); 2] =
        [("vit-small 224", vit.into()), ("resnet-18 224", resnet.into())];
    let pixels = Tensor::zeros([IMAGES, 3, 224, 224], (Kind::Float, Device::Cpu));
    let mut group = criterion.benchmark_group("images");
    group.sample_size(10).throughput(Throughput::Elements(IMAGES as u64));
    for (name, config) in families {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = VisionModel::new(&vs.root(), &config).expect("the sizes are published ones");
        group.bench_function(name, |bench| {
            bench.iter(|| {
                black_box(tch::no_grad(|| model.encode(&pixels, Mode::Eval)).expect("images of its shape"))
            });
        });
    }
}

fn texts(criterion: &mut Criterion) {
    let config = TextConfig {
        vocab_size: 1000,
        hidden_size: 384,
        intermediate_size: 1536,
        max_position_embeddings: 514,
        ..TextConfig::of(TextFamily::XlmRoberta)
    };
    let vs = nn::VarStore::new(Device::Cpu);
    let model = TextModel::new(&vs.root(), &config).expect("the sizes are published ones");
    let lengths: Vec<usize> = (0..REPORTS).map(length).collect();
    let total: usize = lengths.iter().sum();
    // As many texts a batch either way.
    let as_they_come: Vec<Vec<usize>> =
        (0..REPORTS).collect::<Vec<_>>().chunks(32).map(<[usize]>::to_vec).collect();
    let by_length = batches_by_length(&lengths, 32 * total / REPORTS);
    let mut group = criterion.benchmark_group("reports");
    group.sample_size(10).throughput(Throughput::Elements(REPORTS as u64));
    for (name, batches) in [("as they come", as_they_come), ("by length", by_length)] {
        let batches: Vec<TokenBatch> = batches.iter().map(|batch| tokens(batch, &lengths)).collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                for batch in &batches {
                    black_box(tch::no_grad(|| model.encode(batch, Mode::Eval)).expect("texts of its length"));
                }
            });
        });
    }
}

fn tokens(batch: &[usize], lengths: &[usize]) -> TokenBatch {
    let texts: Vec<Vec<i64>> = batch.iter().map(|&text| vec![5; lengths[text]]).collect();
    TokenBatch::pad(&texts, 1, 1, Device::Cpu).expect("a batch has texts")
}

/// The length of a report, drawn as real ones are.
fn length(report: usize) -> usize {
    let share = (derive_seed(7, &[report as u64]) >> 11) as f64 / (1u64 << 53) as f64 * 20.0;
    let (below, part) = (share as usize, share.fract());
    let [from, to] = [REPORT_TOKENS[below], REPORT_TOKENS[below + 1]].map(|tokens| tokens as f64);
    (from + part * (to - from)) as usize
}

criterion_group!(benches, images, texts);
criterion_main!(benches);
