use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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
    /// From pseudonyms to paths and lines.
    originals: BTreeMap<(ItemKind, String), String>,
}

impl Input {
    pub(super) fn read(
        names: &Names<'_>,
        source: &ArchiveSource,
        reports: &ReportSource,
        settings: &Settings,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Self> {
        let rows = reports.read()?;
        let scan = source.scan(progress)?;
        let mut input = Self {
            studies: scan.studies,
            reports: Vec::with_capacity(rows.len()),
            pairing: Pairing::default(),
            account: Account::default(),
            originals: BTreeMap::new(),
        };
        input.account.files.found = scan.files;
        input.account.reports.found = rows.len() as u64;
        input.account.studies.found = input.studies.len() as u64;
        for (path, cause) in scan.left_out {
            input.leave_out_file(names, &path, cause);
        }
        let mut seen = HashSet::new();
        for row in rows {
            let original = format!("line {}", row.line);
            match row.report {
                Ok(report) if seen.insert(report.id.clone()) => {
                    input.originals.insert((ItemKind::Report, names.report(&report)), original);
                    input.reports.push(report);
                }
                other => {
                    let cause = other.err().unwrap_or(Cause::RepeatedId);
                    let id = names.row(row.line);
                    input.originals.insert((ItemKind::Report, id.clone()), original);
                    input.account.leave_out(ItemKind::Report, id, cause);
                }
            }
        }
        input.pair(names, settings);
        Ok(input)
    }

    fn pair(&mut self, names: &Names<'_>, settings: &Settings) {
        let studies: Vec<_> = self.studies.iter().map(|found| found.study.clone()).collect();
        let by = if settings.pair_by_examination { Pairing::by_examination } else { Pairing::within_days };
        let pairing = by(&studies, &self.reports, settings.report_days);
        for (index, _) in &pairing.pairs {
            // The account counts a pair's study and report once the shard is written.
            self.originals.insert(
                (ItemKind::Study, names.study(&studies[*index])),
                studies[*index].id.as_str().to_owned(),
            );
            for image in &studies[*index].images {
                self.remember_file(names, &image.path);
            }
        }
        for (index, cause) in &pairing.studies_left_out {
            let id = names.study(&studies[*index]);
            self.originals.insert((ItemKind::Study, id.clone()), studies[*index].id.as_str().to_owned());
            self.account.leave_out(ItemKind::Study, id, *cause);
            for image in &studies[*index].images {
                self.leave_out_file(names, &image.path, Cause::StudyLeftOut);
            }
        }
        for (index, cause) in &pairing.reports_left_out {
            let id = names.report(&self.reports[*index]);
            self.account.leave_out(ItemKind::Report, id, *cause);
        }
        self.pairing = pairing;
    }

    fn remember_file(&mut self, names: &Names<'_>, path: &Path) -> String {
        let id = names.file(path);
        self.originals.insert((ItemKind::File, id.clone()), path.display().to_string());
        id
    }

    fn leave_out_file(&mut self, names: &Names<'_>, path: &Path, cause: Cause) {
        let id = self.remember_file(names, path);
        self.account.leave_out(ItemKind::File, id, cause);
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
                let original = originals.get(&(item.kind, item.id.clone())).map_or("", String::as_str);
                // Writing to a string does not fail.
                let _ = writeln!(table, "{:?}\t{}\t{}\t{original}", item.kind, item.id, item.cause);
            }
            let folder = path.parent().unwrap_or(path);
            AtomicFile::write(path, table.as_bytes()).map_err(Error::core(folder))?;
        }
        if let Some(review) = review {
            let files = originals.iter().filter(|((kind, _), _)| *kind == ItemKind::File);
            review.write(&account, files.map(|((_, id), path)| (id.as_str(), path.as_str())))?;
        }
        Ok(account)
    }
}
