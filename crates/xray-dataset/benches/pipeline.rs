//! JPEG of a radiograph of 2 million pixels (simulated) to an augmented tensor of 224 by 224, beside a bare
//! decode of the same bytes. One thread.
//!
//! The picture is written to the target folder, so that `benches/peers/images.py` can time
//! OpenCV and albumentations on the same file.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::{ExtendedColorType, ImageEncoder};
use xray_core::{ImageTensor, ImageTransform};
use xray_dataset::{Convirt, EvalTransform, ImageFileDecoder};
use xray_phantom::PhantomHospital;

const SIDE: usize = 1448;

fn jpeg() -> Vec<u8> {
    let hospital = PhantomHospital { studies: 1, seed: 1, size: SIDE, ..PhantomHospital::default() };
    let image = hospital.study(0).and_then(|study| study.radiograph(0)).expect("a simulated radiograph");
    let (low, high) = image.pixels.iter().fold((u16::MAX, 0), |(low, high), v| (low.min(*v), high.max(*v)));
    let range = f32::from(high - low).max(1.0);
    let grey: Vec<u8> = image.pixels.iter().map(|v| (f32::from(v - low) / range * 255.0) as u8).collect();
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90)
        .write_image(&grey, image.width as u32, image.height as u32, ExtendedColorType::L8)
        .expect("a JPEG in memory");
    bytes
}

fn pipeline(criterion: &mut Criterion) {
    let bytes = jpeg();
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("radiograph.jpg"), &bytes)
        .expect("the target folder can be written");
    let whole = ImageFileDecoder::default();
    let (train, eval) = (Convirt::default(), EvalTransform::default());
    let reduced = whole.clone().reduced_to(train.least_side());
    let decode = |decoder: &ImageFileDecoder| -> ImageTensor {
        decoder.decode_bytes(black_box(&bytes)).expect("the JPEG just written")
    };
    let mut group = criterion.benchmark_group("jpeg_2mpx");
    group.sample_size(20).throughput(Throughput::Elements(1));
    group.bench_function("decode_whole", |b| b.iter(|| decode(&whole)));
    group.bench_function("decode_reduced", |b| b.iter(|| decode(&reduced)));
    let mut seed = 0;
    let mut next = || {
        seed += 1;
        seed
    };
    group.bench_function("train_224_whole", |b| b.iter(|| train.apply(decode(&whole), next())));
    group.bench_function("train_224_reduced", |b| b.iter(|| train.apply(decode(&reduced), next())));
    group.bench_function("eval_224_reduced", |b| b.iter(|| eval.apply(decode(&reduced), 0)));
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
