//! Characters a second on one core, on a simulated report with everything in it.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use report_anonymizer::{Anonymizer, Mode};
use xray_core::PseudonymKey;

const REPORT: &str = include_str!("report.txt");

fn bench(c: &mut Criterion) {
    let build = |mode| Anonymizer::builder().key(PseudonymKey::new(b"0123456789abcdef")).mode(mode).build();
    let (Ok(surrogate), Ok(tag)) = (build(Mode::Surrogate), build(Mode::Tag)) else { return };
    let mut group = c.benchmark_group("anonymizer");
    group.throughput(Throughput::Bytes(REPORT.len() as u64));
    group.bench_function("detect", |b| b.iter(|| tag.detect(black_box(REPORT), None)));
    group.bench_function("tag", |b| b.iter(|| tag.anonymize_text(black_box(REPORT), None)));
    group.bench_function("surrogate", |b| b.iter(|| surrogate.anonymize_text(black_box(REPORT), None)));
    group.finish();
    c.bench_function("start-up", |b| b.iter(|| build(Mode::Surrogate)));
}

criterion_group!(benches, bench);
criterion_main!(benches);
