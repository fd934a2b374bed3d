//! The losses forward and backward, and exact ranks.

use std::hint::black_box;

use contrastive_align::{
    AlignmentLoss, ClipLoss, EmbeddingIndex, EncodedPairs, LocalLoss, Ranking, SiglipLoss,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model_core::{Encoded, SingleProcess};
use tch::{Device, Kind, Tensor};

const EMBED_DIM: i64 = 512;

fn unit(shape: &[i64]) -> Tensor {
    let rows = Tensor::randn(shape, (Kind::Float, Device::Cpu));
    let length = rows.norm_scalaropt_dim(2, [-1], true);
    rows / length
}

fn pairs(batch: i64, tokens: Option<[i64; 2]>) -> EncodedPairs {
    let live = |shape: &[i64]| unit(shape).set_requires_grad(true);
    let side = |count: Option<i64>| Encoded {
        pooled: live(&[batch, EMBED_DIM]),
        tokens: count.map(|count| live(&[batch, count, EMBED_DIM])),
        mask: None,
    };
    let numbers = || Tensor::arange(batch, (Kind::Int64, Device::Cpu));
    EncodedPairs {
        image: side(tokens.map(|[patches, _]| patches)),
        text: side(tokens.map(|[_, words]| words)),
        study: numbers(),
        groups: numbers(),
        scale: Tensor::from(14.285_f32).set_requires_grad(true),
        bias: Some(Tensor::from(-10.0_f32)),
    }
}

fn losses(criterion: &mut Criterion) {
    tch::manual_seed(1);
    let mut group = criterion.benchmark_group("loss_and_gradient");
    group.sample_size(10);
    let both: [(&str, Box<dyn AlignmentLoss>); 2] =
        [("clip", Box::new(ClipLoss::released())), ("siglip", Box::new(SiglipLoss::default()))];
    for (name, loss) in &both {
        for batch in [64, 1024] {
            let pairs = pairs(batch, None);
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_with_input(BenchmarkId::new(*name, batch), &pairs, |bencher, pairs| {
                bencher.iter(|| {
                    if let Ok(loss) = loss.loss(black_box(pairs), &SingleProcess) {
                        loss.backward();
                    }
                });
            });
        }
    }
    let pairs = pairs(16, Some([196, 64]));
    group.throughput(Throughput::Elements(16));
    group.bench_with_input(BenchmarkId::new("local", 16), &pairs, |bencher, pairs| {
        bencher.iter(|| {
            if let Ok(loss) = LocalLoss::default().loss(black_box(pairs), &SingleProcess) {
                loss.backward();
            }
        });
    });
    group.finish();
}

fn ranks(criterion: &mut Criterion) {
    tch::manual_seed(1);
    let items = 4096;
    let index = || {
        let keys = (0..items).map(|row| row.to_string()).collect();
        let numbers = Tensor::arange(items, (Kind::Int64, Device::Cpu));
        EmbeddingIndex::new(keys, &numbers, &unit(&[items, EMBED_DIM]))
    };
    let (Ok(images), Ok(texts)) = (index(), index()) else { return };
    let mut group = criterion.benchmark_group("retrieval");
    group.sample_size(10);
    group.throughput(Throughput::Elements((items * items) as u64));
    group.bench_function("ranks", |bencher| bencher.iter(|| Ranking::new(black_box(&images), &texts)));
    group.finish();
}

criterion_group!(benches, losses, ranks);
criterion_main!(benches);
