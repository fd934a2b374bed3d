use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use xray_core::{AtomicFile, Report};

use super::plan::Names;
use super::record::ShardRecord;
use super::review::Review;
use super::settings::Settings;
use crate::archive::ArchiveStudy;
use crate::near_duplicates::{Seen, across_splits};
use crate::{Account, ArchiveSource, Cause, Error, ItemKind, Pairing, ReportSource, Result};

/// What an archive holds, paired.
pub(super) struct Input {
    pub(super) studies: Vec<ArchiveStudy>,
    pub(super) reports: Vec<Report>,
    pub(super) pairing: Pairing,
    /// What is left out already.
    pub(super) account: Account,
    originals: Originals,
}

/// From pseudonyms to paths and lines, where a trace or a review is asked for: of a million files they are large.
#[derive(Default)]
struct Originals(Option<BTreeMap<(ItemKind, String), String>>);

impl Originals {
    fn insert(&mut self, kind: ItemKind, id: &str, original: impl FnOnce() -> String) {
        if let Some(table) = &mut self.0 {
            table.insert((kind, id.to_owned()), original());
        }
    }

    fn of(&self, kind: ItemKind, id: &str) -> &str {
        self.0.as_ref().and_then(|table| table.get(&(kind, id.to_owned()))).map_or("", String::as_str)
    }

    /// The pseudonyms and paths of all files.
    fn files(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let all = self.0.iter().flatten();
        all.filter(|((kind, _), _)| *kind == ItemKind::File)
            .map(|((_, id), path)| (id.as_str(), path.as_str()))
    }
}

impl Input {
    pub(super) fn read(
        names: &Names<'_>,
        source: &ArchiveSource,
        reports: &ReportSource,
        settings: &Settings,
        keep_originals: bool,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Self> {
        let rows = reports.read()?;
        let scan = source.scan(progress)?;
        let mut input = Self {
            studies: scan.studies,
            reports: Vec::with_capacity(rows.len()),
            pairing: Pairing::default(),
            account: Account::default(),
            originals: Originals(keep_originals.then(BTreeMap::new)),
        };
        input.account.files.found = scan.files;
        input.account.reports.found = rows.len() as u64;
        input.account.studies.found = input.studies.len() as u64;
        for (path, cause) in scan.left_out {
            let id = names.file(&path);
            input.originals.insert(ItemKind::File, &id, || path.display().to_string());
            input.account.leave_out(ItemKind::File, id, cause);
        }
        let mut seen = HashSet::new();
        for row in rows {
            let original = || format!("line {}", row.line);
            match row.report {
                Ok(report) if seen.insert(report.id.clone()) => {
                    input.originals.insert(ItemKind::Report, &names.report(&report), original);
                    input.reports.push(report);
                }
                other => {
                    let cause = other.err().unwrap_or(Cause::RepeatedId);
                    let id = names.row(row.line);
                    input.originals.insert(ItemKind::Report, &id, original);
                    input.account.leave_out(ItemKind::Report, id, cause);
                }
            }
        }
        input.pair(names, settings);
        Ok(input)
    }

    fn pair(&mut self, names: &Names<'_>, settings: &Settings) {
        let by = if settings.pair_by_examination { Pairing::by_examination } else { Pairing::within_days };
        let pairing = by(&self.studies, &self.reports, settings.report_days);
        // The account counts a pair's study, files and report once the shard is written.
        let left_out = pairing.studies_left_out.iter().map(|(index, cause)| (index, Some(*cause)));
        for (index, cause) in pairing.pairs.iter().map(|(index, _)| (index, None)).chain(left_out) {
            let study = &self.studies[*index].study;
            let id = names.study(study);
            self.originals.insert(ItemKind::Study, &id, || study.id.as_str().to_owned());
            let files: Vec<String> = study.images.iter().map(|image| names.file(&image.path)).collect();
            for (file, image) in files.iter().zip(&study.images) {
                self.originals.insert(ItemKind::File, file, || image.path.display().to_string());
            }
            if let Some(cause) = cause {
                self.account.leave_out(ItemKind::Study, id, cause);
                for file in files {
                    self.account.leave_out(ItemKind::File, file, Cause::StudyLeftOut);
                }
            }
        }
        for (index, cause) in &pairing.reports_left_out {
            let id = names.report(&self.reports[*index]);
            self.account.leave_out(ItemKind::Report, id, *cause);
        }
        self.pairing = pairing;
    }

    /// The account of the whole run, and the table that traces it and the page that shows it where they are asked for.
    pub(super) fn finish(
        self,
        records: &[ShardRecord],
        trace: Option<&PathBuf>,
        review: Option<Review<'_>>,
    ) -> Result<Account> {
        let Self { studies, mut account, originals, .. } = self;
        account.further_frames = studies.iter().map(|found| found.further_frames).sum();
        for record in records {
            account.files.kept += record.entry.images;
            account.studies.kept += record.entry.samples;
            account.reports.kept += record.entry.samples;
            let split = account.splits.entry(record.entry.split).or_default();
            split.samples += record.entry.samples;
            split.images += record.entry.images;
            account.masked.extend(record.masked.iter().cloned());
            for item in &record.left_out {
                account.leave_out(item.kind, item.id.clone(), item.cause);
            }
        }
        let mut patients = BTreeMap::<_, HashSet<&str>>::new();
        for record in records {
            let of_split = patients.entry(record.entry.split).or_default();
            of_split.extend(record.patients.iter().map(String::as_str));
        }
        let seen = records.iter().flat_map(|record| {
            let split = record.entry.split;
            record.looks.iter().map(move |(file, look)| Seen { file, split, look: *look })
        });
        account.near_duplicates = across_splits(&seen.collect::<Vec<_>>());
        for (split, patients) in patients {
            account.splits.entry(split).or_default().patients = patients.len() as u64;
        }
        if let Some(path) = trace {
            let mut table = String::from("kind\tid\tcause\toriginal\n");
            for item in &account.left_out {
                let original = originals.of(item.kind, &item.id);
                // Writing to a string does not fail.
                let _ = writeln!(table, "{:?}\t{}\t{}\t{original}", item.kind, item.id, item.cause);
            }
            let folder = path.parent().unwrap_or(path);
            AtomicFile::write(path, table.as_bytes()).map_err(Error::core(folder))?;
        }
        if let Some(review) = review {
            review.write(&account, originals.files())?;
        }
        Ok(account)
    }
}
