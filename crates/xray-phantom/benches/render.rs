//! How fast images, reports and DICOM files are made, on one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xray_core::BodyPart;
use xray_phantom::PhantomHospital;

fn render(c: &mut Criterion) {
    let mut group = c.benchmark_group("render");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    for (name, wrist_share) in [("hand 512", 0.0), ("wrist 512", 1.0)] {
        let hospital = PhantomHospital { studies: 1000, wrist_share, ..PhantomHospital::default() };
        let mut index = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                index = (index + 1) % hospital.studies;
                black_box(hospital.study(index).and_then(|study| study.radiograph(0)))
            });
        });
    }
    for (name, part) in [("both knees 512", BodyPart::Knee), ("both legs 512", BodyPart::FullLeg)] {
        let other_parts = [(part, 1.0)].into();
        let hospital =
            PhantomHospital { studies: 1000, child_share: 0.0, other_parts, ..PhantomHospital::default() };
        let mut index = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                index = (index + 1) % hospital.studies;
                black_box(hospital.study(index).and_then(|study| study.radiograph(0)))
            });
        });
    }
    let hospital = PhantomHospital { studies: 1000, ..PhantomHospital::default() };
    let mut index = 0;
    group.bench_function("report and labels", |b| {
        b.iter(|| {
            index = (index + 1) % hospital.studies;
            black_box(hospital.study(index))
        });
    });
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
