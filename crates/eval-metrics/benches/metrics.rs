//! What a table costs: AUROC, its bootstrap interval, DeLong, kappa.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use eval_metrics::{Auroc, Bootstrap, Clusters, ConfusionMatrix, Metric, auroc, delong};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CASES: usize = 10_000;

fn metrics(c: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let labels: Vec<bool> = (0..CASES).map(|_| rng.random_bool(0.2)).collect();
    let mut scores = || -> Vec<f64> {
        labels.iter().map(|label| rng.random::<f64>() + if *label { 0.4 } else { 0.0 }).collect()
    };
    let (first, second) = (scores(), scores());
    let grades: Vec<usize> = first.iter().map(|score| ((score * 3.5) as usize).min(4)).collect();
    let called: Vec<usize> = second.iter().map(|score| ((score * 3.5) as usize).min(4)).collect();

    c.bench_function("auroc of 10,000 cases", |b| b.iter(|| auroc(black_box(&labels), black_box(&first))));
    c.bench_function("delong of 10,000 cases", |b| b.iter(|| delong(black_box(&labels), &first, &second)));
    c.bench_function("quadratic kappa of 10,000 cases", |b| {
        b.iter(|| {
            ConfusionMatrix::new(black_box(&grades), &called, 5).and_then(|matrix| matrix.quadratic_kappa())
        });
    });
    let mut slow = c.benchmark_group("10,000 resamples of 10,000 cases");
    slow.sample_size(10);
    let bootstrap = Bootstrap { resamples: 10_000, ..Bootstrap::default() };
    let clusters = Clusters::single(CASES);
    let metric = Auroc::new(&labels, &first);
    slow.bench_function("auroc", |b| {
        b.iter(|| {
            metric.as_ref().map(|metric| bootstrap.interval(black_box(metric as &dyn Metric), &clusters))
        });
    });
    slow.finish();
}

criterion_group!(benches, metrics);
criterion_main!(benches);
