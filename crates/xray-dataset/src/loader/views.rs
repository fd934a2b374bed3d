use serde::{Deserialize, Serialize};
use xray_core::{Dataset, Sample, derive_seed};

/// Which images of a study are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Views {
    /// All of them, in order.
    #[default]
    All,
    /// `count` of the first `among`, drawn without repetition, in order. The method takes 1 among 12, so
    /// that long series do not count for more.
    Random {
        /// How many are drawn.
        count: usize,
        /// How many are drawn from.
        among: usize,
    },
}

impl Views {
    /// One image of the first twelve, the method's choice in training.
    pub const ONE: Self = Self::Random { count: 1, among: 12 };

    /// The indices that are used of a study with `images` images.
    pub fn choose(self, images: usize, seed: u64) -> Vec<usize> {
        match self {
            Self::All => (0..images).collect(),
            Self::Random { count, among } => {
                let mut indices: Vec<usize> = (0..images.min(among)).collect();
                let count = count.min(indices.len());
                for slot in 0..count {
                    let left = (indices.len() - slot) as u64;
                    let draw = derive_seed(seed, &[slot as u64]) % left;
                    indices.swap(slot, slot + draw as usize);
                }
                indices.truncate(count);
                indices.sort_unstable();
                indices
            }
        }
    }
}

/// A data set of studies, of which a [`Loader`](crate::Loader) makes batches.
///
/// `impl StudyDataset for MySet {}` is enough for any [`Dataset`] of [`Sample`]; a set that can read single
/// images of a study, or lies in several files, says so by the methods.
pub trait StudyDataset: Dataset<Item = Sample> {
    /// The sample at `index` with only the images that `views` chooses under `seed`.
    ///
    /// # Errors
    ///
    /// As [`Dataset::get`].
    ///
    /// # Panics
    ///
    /// As [`Dataset::get`].
    fn get_views(&self, index: usize, views: Views, seed: u64) -> Result<Sample, Self::Error> {
        let mut sample = self.get(index)?;
        let chosen = views.choose(sample.images.len(), seed);
        let mut number = 0;
        sample.images.retain(|_| {
            number += 1;
            chosen.contains(&(number - 1))
        });
        Ok(sample)
    }

    /// How many samples lie together, file by file; their sum is [`Dataset::len`]. A shuffle by
    /// [`Shuffle::Buffer`](crate::Shuffle::Buffer) reads them one after the other.
    fn groups(&self) -> Vec<usize> {
        vec![self.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_first_twelve_is_drawn_evenly() {
        let mut counts = [0; 20];
        for seed in 0..12_000 {
            let chosen = Views::ONE.choose(20, seed);
            assert_eq!(chosen.len(), 1);
            counts[chosen[0]] += 1;
        }
        assert!(counts[..12].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert!(counts[12..].iter().all(|count| *count == 0));
    }

    #[test]
    fn views_are_drawn_without_repetition_and_in_order() {
        for seed in 0..100 {
            let chosen = Views::Random { count: 4, among: 12 }.choose(6, seed);
            assert_eq!(chosen.len(), 4);
            assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        }
        assert!(Views::ONE.choose(0, 1).is_empty());
    }
}
