use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xray_core::AtomicFile;

use super::index::ShardEntry;
use super::plan::PlannedShard;
use super::writer::sha256_of;
use crate::near_duplicates::Look;
use crate::{Error, LeftOut, Masked, Result};

/// What is kept beside a finished shard, so that a run can be taken up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ShardRecord {
    pub(super) fingerprint: String,
    pub(super) entry: ShardEntry,
    /// The pseudonyms of the patients.
    pub(super) patients: Vec<String>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) masked: Vec<Masked>,
    /// What the stored images look like, by the pseudonyms of their files.
    pub(super) looks: Vec<(String, Look)>,
}

impl ShardRecord {
    /// The record of `shard` if it was finished by a run with the same `fingerprint`.
    ///
    /// # Errors
    ///
    /// [`Error::Shard`] if it was written by a run with another one.
    pub(super) fn finished(out: &Path, shard: &PlannedShard, fingerprint: &str) -> Result<Option<Self>> {
        let (tar, path) = (out.join(format!("{}.tar", shard.name)), Self::path(out, &shard.name));
        let Ok(bytes) = fs::read(&path) else {
            // A shard without its record: the run was stopped between the two.
            return Ok(None);
        };
        let record: Self =
            serde_json::from_slice(&bytes).map_err(|error| Error::shard(&path, error.to_string()))?;
        if record.fingerprint != fingerprint {
            let problem = "written with other input, settings or key; choose an empty folder";
            return Err(Error::shard(&path, problem));
        }
        let whole = fs::metadata(&tar).is_ok_and(|metadata| metadata.len() == record.entry.bytes)
            && sha256_of(&tar)? == record.entry.sha256;
        Ok(whole.then_some(record))
    }

    pub(super) fn write(&self, out: &Path, name: &str) -> Result<()> {
        write_json(&Self::path(out, name), self)
    }

    fn path(out: &Path, name: &str) -> PathBuf {
        out.join(format!("{name}.json"))
    }
}

/// Writes a value as JSON; the file appears whole.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|error| Error::shard(path, error.to_string()))?;
    bytes.push(b'\n');
    AtomicFile::write(path, &bytes).map_err(Error::core(folder))
}

/// Removes what a run that was killed left half-written.
pub(super) fn remove_partial_files(out: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(out) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".partial-") {
            fs::remove_file(entry.path()).map_err(|source| Error::file("removing", entry.path(), source))?;
        }
    }
    Ok(())
}
