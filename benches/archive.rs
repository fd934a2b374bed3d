//! The way of an archive to training batches, in simulated studies a second; headers and small files in files and bytes
//! a second, beside a plain copy of the same files.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use osteon::report_anonymizer::Anonymizer;
use osteon::xray_core::{PseudonymKey, Report};
use osteon::xray_dataset::{
    Convirt, HeaderDeidentifier, Loader, LoaderConfig, Position, ShardBuilder, ShardDataset, Split,
};
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

/// Files of half a megabyte: headers de-identified, pixels untouched.
fn headers(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hospital = PhantomHospital { studies: 8, size: 600, ..PhantomHospital::default() };
    hospital.write(folder.path(), &|_| ()).expect("the settings are the defaults");
    let (files, bytes) = files_below(&folder.path().join("pacs"));
    let out = folder.path().join("out.dcm");
    let key = PseudonymKey::new(b"a key of the benchmarks");
    let mut group = criterion.benchmark_group("headers");
    group.sample_size(10).throughput(Throughput::ElementsAndBytes { elements: files.len() as u64, bytes });
    group.bench_function("copy", |bench| bench.iter(|| files.iter().for_each(|file| copy(file, &out))));
    let removed = HeaderDeidentifier::new(key.clone());
    group.bench_function("de-identify, descriptors removed", |bench| {
        bench.iter(|| files.iter().for_each(|file| removed.file(file, fresh(&out)).expect("a DICOM file")));
    });
    let anonymizer = Anonymizer::builder().key(key.clone()).build().expect("a key is set");
    let cleaned = HeaderDeidentifier::new(key).descriptors(anonymizer);
    group.bench_function("de-identify, descriptors cleaned", |bench| {
        bench.iter(|| files.iter().for_each(|file| cleaned.file(file, fresh(&out)).expect("a DICOM file")));
    });
    group.finish();
}

/// Many small files with their reports, to shards.
fn small_files(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hospital = PhantomHospital { studies: 500, size: 64, ..PhantomHospital::default() };
    hospital.write(folder.path(), &|_| ()).expect("the settings are the defaults");
    let (images, reports) = (folder.path().join("pacs"), folder.path().join("ehr"));
    let (files, bytes) = files_below(&images);
    let key = PseudonymKey::new(b"a key of the benchmarks");
    let mut group = criterion.benchmark_group("small files");
    group.sample_size(10).throughput(Throughput::ElementsAndBytes { elements: files.len() as u64, bytes });
    let out = folder.path().join("out.dcm");
    group.bench_function("copy", |bench| bench.iter(|| files.iter().for_each(|file| copy(file, &out))));
    let mut run = 0;
    group.bench_function("to shards, reports de-identified", |bench| {
        bench.iter(|| {
            run += 1;
            let anonymizer = Anonymizer::builder().key(key.clone()).build().expect("a key is set");
            ShardBuilder::new(&images, &reports, key.clone())
                .report_transform(anonymizer)
                .run(folder.path().join(format!("run-{run}")), |_| ())
                .expect("the archive was just written")
        });
    });
    group.finish();
}

fn copy(file: &Path, to: &Path) {
    let bytes = fs::read(file).expect("the file was just written");
    fs::write(fresh(to), bytes).expect("the folder can be written");
}

/// A path where nothing is: file systems wait for the disk when a file is replaced.
fn fresh(path: &Path) -> &Path {
    let _ = fs::remove_file(path);
    path
}

/// The files below a folder, and their bytes.
fn files_below(folder: &Path) -> (Vec<PathBuf>, u64) {
    let (mut files, mut bytes) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).expect("the folder was just written").flatten() {
        if entry.path().is_dir() {
            let (below, size) = files_below(&entry.path());
            files.extend(below);
            bytes += size;
        } else {
            bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            files.push(entry.path());
        }
    }
    (files, bytes)
}

criterion_group!(benches, archive, headers, small_files);
criterion_main!(benches);
