use serde::{Deserialize, Serialize};

use super::views::Views;
use crate::{Error, Result};

/// How a [`Loader`](crate::Loader) makes batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoaderConfig {
    /// Samples in a batch of this process (default: 64).
    pub batch: usize,
    /// Where all that is drawn comes from (default: 0).
    pub seed: u64,
    /// Threads that read, decode and transform (default: one for each core). What a batch holds does not
    /// depend on their number.
    pub workers: usize,
    /// Finished batches that each worker may have waiting (default: 2). No more than
    /// `workers * (prefetch + 1)` batches are in memory.
    pub prefetch: usize,
    /// Which process this is (default: 0).
    pub rank: usize,
    /// How many processes share an epoch (default: 1). Together their batches are what one process with a
    /// `world_size` times larger batch would get.
    pub world_size: usize,
    /// The order of an epoch (default: [`Shuffle::Full`]).
    pub shuffle: Shuffle,
    /// Whether samples that do not fill a batch are left out of an epoch (default: yes). If they are not,
    /// the last batch is smaller; all processes get the same number of samples, for which a few may come
    /// twice.
    pub drop_last: bool,
    /// Which images of a study are used (default: [`Views::ONE`]).
    pub views: Views,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        Self {
            batch: 64,
            seed: 0,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            prefetch: 2,
            rank: 0,
            world_size: 1,
            shuffle: Shuffle::Full,
            drop_last: true,
            views: Views::ONE,
        }
    }
}

impl LoaderConfig {
    /// A configuration for evaluation: in order, nothing left out, all images of a study.
    pub fn sequential(batch: usize) -> Self {
        Self { batch, shuffle: Shuffle::Off, drop_last: false, views: Views::All, ..Self::default() }
    }

    pub(super) fn validate(&self) -> Result<()> {
        if self.batch == 0 || self.workers == 0 {
            Err(Error::Settings("a loader needs a batch of at least one sample and at least one worker"))
        } else if self.rank >= self.world_size {
            Err(Error::Settings("the rank of a loader must be below its world size"))
        } else {
            Ok(())
        }
    }
}

/// The order in which an epoch visits the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shuffle {
    /// As they lie.
    Off,
    /// Every order is as likely as any other. Reads all over the shards, which a local disk bears.
    #[default]
    Full,
    /// The files in a random order, each read from its beginning, through a buffer of so many samples from
    /// which the next is drawn: nearly sequential reading for a slow or distant disk.
    Buffer(usize),
}

/// A place in the stream of batches, to be kept in a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Position {
    /// The epoch, from 0.
    pub epoch: u64,
    /// How many batches of the epoch this process has had.
    pub batch: u64,
}

impl Position {
    /// The beginning of an epoch.
    pub fn start_of(epoch: u64) -> Self {
        Self { epoch, batch: 0 }
    }
}
