//! A simulated hospital goes in; what comes out is its truth.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use xray_core::{Dataset, Labels, Report, ReportTransform};
use xray_dataset::{Cause, ShardBuilder, ShardDataset, Split};
use xray_phantom::PhantomHospital;

use crate::archive::key;

/// Puts the report's identifier in the place of its text, so that a pair can be checked.
struct OnlyId;

impl ReportTransform for OnlyId {
    type Error = std::convert::Infallible;

    fn apply(&self, mut report: Report) -> Result<Report, Self::Error> {
        report.text = report.id.as_str().to_owned();
        Ok(report)
    }
}

#[test]
fn no_pair_is_wrong_and_every_loss_is_an_ambiguous_day() {
    let folder = tempfile::tempdir().unwrap();
    let hospital = PhantomHospital { studies: 40, seed: 3, size: 64, ..PhantomHospital::default() };
    hospital.write(folder.path(), &|_| ()).unwrap();
    let truth_file = folder.path().join("truth/studies.jsonl");
    let mut truth = BTreeMap::<String, (Labels, usize)>::new();
    for line in fs::read_to_string(&truth_file).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let labels = serde_json::from_value(row["labels"].clone()).unwrap();
        truth.insert(
            row["report"].as_str().unwrap().to_owned(),
            (labels, row["images"].as_array().unwrap().len()),
        );
    }
    let out = folder.path().join("out");
    let account = ShardBuilder::new(folder.path().join("pacs"), folder.path().join("ehr"), key())
        .report_transform(OnlyId)
        .labels(truth_file)
        .run(&out, |_| ())
        .unwrap();
    assert!(account.is_complete(), "{account}");
    assert_eq!(account.studies.found, 40);
    let ambiguous = [Cause::AmbiguousCount, Cause::AmbiguousOrder];
    assert!(
        account
            .left_out
            .iter()
            .all(|item| { ambiguous.contains(&item.cause) || item.cause == Cause::StudyLeftOut }),
        "{account}"
    );
    assert!(account.studies.kept >= 30, "{account}");
    let mut samples = 0;
    for split in Split::ALL {
        let set = ShardDataset::open(&out, split).unwrap();
        for index in 0..set.len() {
            let sample = set.get(index).unwrap();
            let (labels, images) = &truth[&sample.report];
            assert_eq!((&sample.labels, sample.images.len()), (labels, *images));
            let (low, high) = sample.images[0]
                .data()
                .iter()
                .fold((1.0_f32, 0.0_f32), |(low, high), v| (low.min(*v), high.max(*v)));
            assert!(low < 0.3 && high > 0.7, "{low} {high}");
            samples += 1;
        }
    }
    assert_eq!(samples, account.studies.kept);
}
