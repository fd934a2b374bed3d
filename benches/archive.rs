//! The way of an archive to training batches, in simulated studies a second.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use osteon::report_anonymizer::Anonymizer;
use osteon::xray_core::{PseudonymKey, Report};
use osteon::xray_dataset::{Convirt, Loader, LoaderConfig, Position, ShardBuilder, ShardDataset, Split};
use osteon::xray_phantom::PhantomHospital;

const STUDIES: usize = 32;

fn archive(criterion: &mut Criterion) {
    let hospital = PhantomHospital { studies: STUDIES, size: 256, ..PhantomHospital::default() };
    let key = PseudonymKey::new(b"a key of the benchmarks");
    let anonymizer = || Anonymizer::builder().key(key.clone()).build().expect("a key is set");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (images, reports) = (folder.path().join("archive/pacs"), folder.path().join("archive/ehr"));
    hospital.write(folder.path().join("archive"), &|_| ()).expect("the settings are the defaults");
    let build = |out: &str| {
        ShardBuilder::new(&images, &reports, key.clone())
            .report_transform(anonymizer())
            .run(folder.path().join(out), |_| ())
            .expect("the archive was just written")
    };
    build("shards");

    let mut group = criterion.benchmark_group("archive");
    group.sample_size(10).throughput(Throughput::Elements(STUDIES as u64));
    group.bench_function("simulate", |bench| {
        bench.iter(|| {
            hospital.iter().map(|study| study.and_then(|s| s.radiograph(0))).for_each(|r| {
                black_box(r.expect("the settings are the defaults"));
            })
        });
    });
    let texts: Vec<Report> = hospital.iter().filter_map(|study| Some(study.ok()?.report)).collect();
    let anonymize = anonymizer();
    group.bench_function("de-identify reports", |bench| {
        bench.iter(|| {
            texts.iter().for_each(|report| {
                black_box(anonymize.anonymize(report).expect("no report is refused"));
            })
        });
    });
    let mut run = 0;
    group.bench_function("DICOM and reports to shards", |bench| {
        bench.iter(|| {
            run += 1;
            build(&format!("run-{run}"))
        });
    });
    let loader = Loader::new(
        ShardDataset::open(folder.path().join("shards"), Split::Train).expect("the shards were just built"),
        Convirt::default(),
        LoaderConfig { batch: 8, ..LoaderConfig::default() },
    )
    .expect("the settings are the defaults");
    group.throughput(Throughput::Elements(8 * loader.batches_per_epoch()));
    group.bench_function("shards to augmented batches", |bench| {
        bench.iter(|| {
            loader.batches(Position::start_of(0)).for_each(|batch| {
                black_box(batch.expect("the shards were just built"));
            })
        });
    });
    group.finish();
}

criterion_group!(benches, archive);
criterion_main!(benches);
