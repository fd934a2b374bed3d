use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Split, files};

/// The list of the shards of a folder, `index.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardIndex {
    /// The shards, in the order of their names.
    pub shards: Vec<ShardEntry>,
}

/// One shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// The name of the tar file within the folder.
    pub file: String,
    /// The split that its patients belong to.
    pub split: Split,
    /// How many samples it holds.
    pub samples: u64,
    /// How many images they have together.
    pub images: u64,
    /// The length of the file.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

impl ShardIndex {
    /// The name of the index within a folder of shards.
    pub const FILE: &'static str = "index.json";

    /// Reads the index of `folder`.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Shard`].
    pub fn read(folder: impl AsRef<Path>) -> Result<Self> {
        let path = folder.as_ref().join(Self::FILE);
        let bytes = files::read(&path).map_err(|source| Error::file("reading", &path, source))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::shard(&path, error.to_string()))
    }

    /// The paths of the shards of one split.
    pub fn paths(&self, folder: impl AsRef<Path>, split: Split) -> Vec<PathBuf> {
        let of_split = self.shards.iter().filter(|shard| shard.split == split);
        of_split.map(|shard| folder.as_ref().join(&shard.file)).collect()
    }

    /// Compares every shard of `folder` with its checksum.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if one cannot be read, [`Error::Shard`] if one has changed.
    pub fn verify(&self, folder: impl AsRef<Path>) -> Result<()> {
        for shard in &self.shards {
            let path = folder.as_ref().join(&shard.file);
            if super::writer::sha256_of(&path)? != shard.sha256 {
                return Err(Error::shard(&path, "the checksum is not that of the index"));
            }
        }
        Ok(())
    }
}
