//! A simulated archive becomes shards in which nothing of its patients is left and no patient is in two splits.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use osteon::report_anonymizer::Anonymizer;
use osteon::xray_core::{Dataset, PseudonymKey, ReportTransform};
use osteon::xray_dataset::{KeepSections, ShardBuilder, ShardDataset, Split, SplitFractions};
use osteon::xray_phantom::{Clutter, PhantomHospital};

const SPLITS: [Split; 3] = [Split::Train, Split::Val, Split::Test];

fn hospital() -> PhantomHospital {
    let clutter = Clutter::realistic();
    PhantomHospital { studies: 60, seed: 11, size: 64, clutter, ..PhantomHospital::default() }
}

fn shards(hospital: &PhantomHospital, folder: &Path) {
    hospital.write(folder.join("archive"), &|_| ()).unwrap();
    let key = PseudonymKey::new(b"a key of the tests");
    let anonymizer = Anonymizer::builder().key(key.clone()).build().unwrap();
    let account = ShardBuilder::new(folder.join("archive/pacs"), folder.join("archive/ehr"), key)
        .report_transform(anonymizer.then(KeepSections::default()))
        .labels(folder.join("archive/truth/studies.jsonl"))
        .split(SplitFractions { val: 0.2, test: 0.2 })
        .run(folder.join("shards"), |_| ())
        .unwrap();
    assert!(account.is_complete());
}

#[test]
fn nothing_identifying_is_left_and_no_patient_is_in_two_splits() {
    let (hospital, folder) = (hospital(), tempfile::tempdir().unwrap());
    shards(&hospital, folder.path());

    let mut whole = Vec::new();
    for entry in fs::read_dir(folder.path().join("shards")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            whole.extend(fs::read(path).unwrap());
        }
    }
    let whole = String::from_utf8_lossy(&whole).to_lowercase();
    for study in hospital.iter() {
        let study = study.unwrap();
        let patient = study.report.patient.unwrap_or_default();
        let names = patient.first_names.iter().zip(&patient.last_name);
        let names = names.flat_map(|(first, last)| [format!("{first} {last}"), format!("{last} {first}")]);
        let numbers = [study.id.as_str().to_owned(), study.patient.as_str().to_owned()];
        for planted in names.chain(numbers).chain(patient.national_id) {
            assert!(!whole.contains(&planted.to_lowercase()), "study {} leaves an identifier", study.index);
        }
    }

    let mut split_of = HashMap::new();
    for split in SPLITS {
        let studies = ShardDataset::open(folder.path().join("shards"), split).unwrap();
        for index in 0..studies.len() {
            let (patient, _) = studies.key(index).split_once('_').unwrap();
            assert_eq!(*split_of.entry(patient.to_owned()).or_insert(split), split);
        }
    }
    assert!(split_of.len() > 10);
}

#[test]
fn every_pair_says_what_its_picture_shows() {
    let (hospital, folder) = (hospital(), tempfile::tempdir().unwrap());
    shards(&hospital, folder.path());
    let mut sides = HashSet::new();
    for split in SPLITS {
        let studies = ShardDataset::open(folder.path().join("shards"), split).unwrap();
        for index in 0..studies.len() {
            let sample = studies.get(index).unwrap();
            let side = serde_json::to_value(&sample.labels["laterality"]).unwrap();
            let report = sample.report.to_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| report.contains(word));
            if says(&["gauche"]) && !says(&["droit"]) {
                assert_eq!(side, "left");
            } else if says(&["droit"]) && !says(&["gauche"]) {
                assert_eq!(side, "right");
            }
            sides.insert(side.to_string());
            assert!(!sample.images.is_empty());
        }
    }
    assert_eq!(sides.len(), 2);
}
