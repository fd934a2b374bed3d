use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use xray_core::{Labels, PseudonymKey, Report, Study, StudyId};

use super::settings::Settings;
use super::writer::hex;
use crate::archive::ArchiveStudy;
use crate::pseudonyms::{self, DIGITS};
use crate::{Error, Pairing, Result, Split, files};

/// The keyed names of things, as keys of samples and accounts have them.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) key: &'a PseudonymKey,
    pub(super) folder: &'a Path,
}

impl Names<'_> {
    pub(super) fn study(&self, study: &Study) -> String {
        let patient = pseudonyms::of_patient(self.key, &study.patient);
        format!("{patient}_{}", pseudonyms::of_study(self.key, &study.patient, &study.id))
    }

    pub(super) fn file(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.folder).unwrap_or(path);
        self.key.pseudonym("file", &relative.to_string_lossy(), DIGITS)
    }

    pub(super) fn report(&self, report: &Report) -> String {
        self.key.pseudonym("report", report.id.as_str(), DIGITS)
    }

    pub(super) fn row(&self, line: usize) -> String {
        self.key.pseudonym("report-line", &line.to_string(), DIGITS)
    }
}

/// One sample that is to be written: indices of a study and its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedSample {
    pub(super) key: String,
    pub(super) study: usize,
    pub(super) report: usize,
}

/// One shard that is to be written.
#[derive(Debug)]
pub(super) struct PlannedShard {
    pub(super) name: String,
    pub(super) split: Split,
    pub(super) samples: Vec<PlannedSample>,
}

/// Which sample goes to which shard. Samples are in the order of their keys, which is no order of the
/// archive.
pub(super) fn plan_shards(
    names: &Names<'_>,
    settings: &Settings,
    studies: &[ArchiveStudy],
    pairing: &Pairing,
) -> Vec<PlannedShard> {
    let mut by_split: BTreeMap<Split, Vec<PlannedSample>> = BTreeMap::new();
    for &(study, report) in &pairing.pairs {
        let found = &studies[study].study;
        let split = settings.split.split_of(names.key, &found.patient);
        let sample = PlannedSample { key: names.study(found), study, report };
        by_split.entry(split).or_default().push(sample);
    }
    let mut shards = Vec::new();
    for (split, mut samples) in by_split {
        samples.sort_by(|a, b| a.key.cmp(&b.key));
        for (number, samples) in samples.chunks(settings.samples_per_shard).enumerate() {
            let name = format!("{split}-{number:06}");
            shards.push(PlannedShard { name, split, samples: samples.to_vec() });
        }
    }
    shards
}

/// What the bytes of a run's shards depend on: a run goes on where another stopped only if this is the same. Transform,
/// gate and decoder are known by `trial`, what they make of some studies.
pub(super) fn fingerprint(
    names: &Names<'_>,
    settings: &Settings,
    shards: &[PlannedShard],
    studies: &[ArchiveStudy],
    reports: &[Report],
    labels: &HashMap<StudyId, Labels>,
    trial: &[(String, Vec<u8>)],
) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(serde_json::to_string(settings).unwrap_or_default().as_bytes());
    for sample in shards.iter().flat_map(|shard| &shard.samples) {
        add(sample.key.as_bytes());
        let found = &studies[sample.study];
        for image in &found.study.images {
            add(names.file(&image.path).as_bytes());
            let length = fs::metadata(&image.path).map_or(0, |metadata| metadata.len());
            add(&length.to_le_bytes());
        }
        add(reports[sample.report].text.as_bytes());
        let labels = labels.get(&found.study.id).map(serde_json::to_string);
        add(labels.and_then(Result::ok).unwrap_or_default().as_bytes());
    }
    for (name, bytes) in trial {
        add(name.as_bytes());
        add(bytes);
    }
    let digest: [u8; 32] = hash.finalize().into();
    // Keyed, because report texts went in.
    hex(&names.key.derive("plan", &[&digest]))
}

/// Reads `{"study": id, "labels": {..}}` rows; other fields do not count.
pub(super) fn read_labels(path: &Path) -> Result<HashMap<StudyId, Labels>> {
    #[derive(Deserialize)]
    struct Row {
        study: StudyId,
        labels: Labels,
    }
    let text = files::read_to_string(path).map_err(|source| Error::file("reading", path, source))?;
    let mut labels = HashMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: Row = serde_json::from_str(line).map_err(|_| Error::Row {
            path: path.to_owned(),
            line: index + 1,
            problem: "not an object with a study and its labels",
        })?;
        labels.insert(row.study, row.labels);
    }
    Ok(labels)
}
