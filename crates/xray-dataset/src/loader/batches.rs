use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use xray_core::{ImageTransform, Sample, derive_seed};

use super::config::{LoaderConfig, Position};
use super::order::{epoch_order, gather};
use super::views::StudyDataset;
use crate::{Error, Result};

/// Makes batches of a data set: reads, decodes and transforms on threads of its own, ahead of whoever
/// takes them, with bounded memory.
///
/// What a batch holds depends on the data set, the configuration and its [`Position`] alone, so a
/// run that goes on from a saved position gets exactly what it would have got.
///
/// ```no_run
/// use xray_dataset::{Convirt, Loader, LoaderConfig, Position, ShardDataset, Split};
///
/// let studies = ShardDataset::open("shards", Split::Train)?;
/// let loader = Loader::new(studies, Convirt::default(), LoaderConfig { batch: 32, ..Default::default() })?;
/// for epoch in 0..3 {
///     for batch in loader.batches(Position::start_of(epoch)) {
///         println!("{} studies", batch?.len());
///     }
/// }
/// # Ok::<(), xray_dataset::Error>(())
/// ```
pub struct Loader<D> {
    source: Arc<Source<D>>,
}

struct Source<D> {
    dataset: D,
    transform: Box<dyn ImageTransform>,
    config: LoaderConfig,
    alike: Option<Alike>,
}

/// Which samples are of one kind, and how many of a kind come together.
struct Alike {
    kinds: Vec<usize>,
    together: usize,
}

impl<D> std::fmt::Debug for Loader<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("config", &self.source.config).finish_non_exhaustive()
    }
}

impl<D> Loader<D>
where
    D: StudyDataset + 'static,
    D::Error: Send + 'static,
{
    /// A loader over `dataset`, whose images go through `transform`.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`](crate::Error::Settings) if the configuration contradicts itself.
    pub fn new(dataset: D, transform: impl ImageTransform + 'static, config: LoaderConfig) -> Result<Self> {
        config.validate()?;
        let source = Source { dataset, transform: Box::new(transform), config, alike: None };
        Ok(Self { source: Arc::new(source) })
    }

    /// The same loader, whose batches are made of blocks of `together` samples of one kind, as far as they go: in
    /// contrastive training the other studies of a block are then harder to tell apart. `kinds` says of every sample
    /// what it is of. A batch should be a multiple of `together`.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] if there are not as many kinds as samples, or `together` is 0.
    pub fn with_alike<K: Ord>(self, kinds: &[K], together: usize) -> Result<Self> {
        if kinds.len() != self.source.dataset.len() || together == 0 {
            return Err(Error::Settings("alike samples need a kind for each and a block of at least one"));
        }
        let known: BTreeSet<&K> = kinds.iter().collect();
        let numbers: BTreeMap<&K, usize> = known.into_iter().zip(0..).collect();
        let kinds = kinds.iter().map(|kind| numbers[kind]).collect();
        let Some(Source { dataset, transform, config, .. }) = Arc::into_inner(self.source) else {
            return Err(Error::Settings("a loader whose batches are in use cannot be changed"));
        };
        let source = Source { dataset, transform, config, alike: Some(Alike { kinds, together }) };
        Ok(Self { source: Arc::new(source) })
    }

    /// The data set.
    pub fn dataset(&self) -> &D {
        &self.source.dataset
    }

    /// How many batches an epoch has; the same for every rank.
    pub fn batches_per_epoch(&self) -> u64 {
        self.source.batches_per_epoch() as u64
    }

    /// The batches from `position` to the end of its epoch.
    pub fn batches(&self, position: Position) -> Batches<D> {
        let source = &self.source;
        let seed = derive_seed(source.config.seed, &[position.epoch]);
        let mut order = epoch_order(&source.dataset.groups(), source.config.shuffle, seed);
        if let Some(Alike { kinds, together }) = &source.alike {
            order = gather(order, kinds, *together, seed);
        }
        let order: Arc<[usize]> = order.into();
        let first = usize::try_from(position.batch).unwrap_or(usize::MAX).min(source.batches_per_epoch());
        let count = source.batches_per_epoch() - first;
        let workers = (0..source.config.workers.min(count))
            .map(|worker| {
                let (sender, receiver) = sync_channel(source.config.prefetch);
                let (source, order) = (Arc::clone(source), Arc::clone(&order));
                let run = move || source.work(&order, seed, first + worker, &sender);
                Worker { receiver: Some(receiver), thread: Some(std::thread::spawn(run)) }
            })
            .collect();
        Batches { workers, position: Position { batch: first as u64, ..position }, taken: 0, count }
    }
}

impl<D> Source<D>
where
    D: StudyDataset,
{
    fn batches_per_epoch(&self) -> usize {
        let together = self.config.batch * self.config.world_size;
        if self.config.drop_last {
            self.dataset.len() / together
        } else {
            self.dataset.len().div_ceil(together)
        }
    }

    /// The places in the epoch's order that make one batch of this rank.
    fn places(&self, batch: usize) -> impl Iterator<Item = usize> {
        let LoaderConfig { batch: size, rank, world_size, .. } = self.config;
        let len = self.dataset.len();
        let start = batch * size * world_size;
        let share = size.min(len.saturating_sub(start).div_ceil(world_size));
        // Beyond the end, the epoch begins anew: all ranks get equally many.
        (0..share).map(move |i| (start + rank * share + i) % len)
    }

    fn work(
        &self,
        order: &[usize],
        seed: u64,
        first: usize,
        sender: &SyncSender<Result<Vec<Sample>, D::Error>>,
    ) {
        for batch in (first..self.batches_per_epoch()).step_by(self.config.workers) {
            let samples = self.places(batch).map(|place| self.sample(order[place], seed)).collect();
            if sender.send(samples).is_err() {
                // Nobody takes batches any more.
                return;
            }
        }
    }

    fn sample(&self, index: usize, epoch_seed: u64) -> Result<Sample, D::Error> {
        let seed = derive_seed(epoch_seed, &[index as u64]);
        let mut sample = self.dataset.get_views(index, self.config.views, derive_seed(seed, &[0]))?;
        let images = std::mem::take(&mut sample.images).into_iter().zip(1..);
        sample.images = images
            .flat_map(|(image, view)| self.transform.views(image, derive_seed(seed, &[view])))
            .collect();
        Ok(sample)
    }
}

struct Worker<E> {
    receiver: Option<Receiver<Result<Vec<Sample>, E>>>,
    thread: Option<JoinHandle<()>>,
}

/// The batches of an epoch, in order. Dropped early, it ends its threads.
pub struct Batches<D: StudyDataset> {
    workers: Vec<Worker<D::Error>>,
    position: Position,
    taken: usize,
    count: usize,
}

impl<D: StudyDataset> std::fmt::Debug for Batches<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").field("position", &self.position).finish_non_exhaustive()
    }
}

impl<D: StudyDataset> Batches<D> {
    /// The place of the batch that comes next: give it to [`Loader::batches`] to go on from here.
    pub fn position(&self) -> Position {
        self.position
    }
}

impl<D: StudyDataset> Iterator for Batches<D> {
    type Item = Result<Vec<Sample>, D::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.taken == self.count {
            return None;
        }
        let turn = self.taken % self.workers.len();
        let worker = &mut self.workers[turn];
        match worker.receiver.as_ref()?.recv() {
            Ok(batch) => {
                self.taken += 1;
                self.position.batch += 1;
                Some(batch)
            }
            // The worker ended before its time: a transform or a data set panicked, and so does this thread.
            Err(_) => match worker.thread.take()?.join() {
                Err(cause) => panic::resume_unwind(cause),
                Ok(()) => None,
            },
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.taken;
        (left, Some(left))
    }
}

impl<D: StudyDataset> Drop for Batches<D> {
    fn drop(&mut self) {
        self.workers.iter_mut().for_each(|worker| drop(worker.receiver.take()));
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            // A panic of a worker that nobody waits for any more has been printed; there is nothing to add.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use xray_core::{Dataset, ImageTensor};

    use super::*;
    use crate::{Shuffle, Views};

    /// Studies of three images whose values say which they are.
    struct Numbers(usize);

    impl Dataset for Numbers {
        type Item = Sample;
        type Error = std::convert::Infallible;

        fn len(&self) -> usize {
            self.0
        }

        fn get(&self, index: usize) -> Result<Sample, Self::Error> {
            let image =
                |view: usize| ImageTensor::new(vec![(10 * index + view) as f32], 1, 1, 1).expect("one value");
            Ok(Sample {
                key: index.to_string(),
                images: (0..3).map(image).collect(),
                report: String::new(),
                labels: Default::default(),
                meta: Default::default(),
            })
        }
    }

    impl StudyDataset for Numbers {
        fn groups(&self) -> Vec<usize> {
            vec![self.0 / 2, self.0 - self.0 / 2]
        }
    }

    /// Adds a fraction that depends on the seed.
    struct Noise;

    impl ImageTransform for Noise {
        fn apply(&self, mut image: ImageTensor, seed: u64) -> ImageTensor {
            image.data_mut()[0] += (seed % 512) as f32 / 1024.0;
            image
        }
    }

    fn values(batches: Batches<Numbers>) -> Vec<Vec<f32>> {
        let values = |batch: Vec<Sample>| batch.iter().flat_map(|s| s.images[0].data().to_vec()).collect();
        batches.map(|batch| values(batch.unwrap())).collect()
    }

    fn loader(len: usize, config: LoaderConfig) -> Loader<Numbers> {
        Loader::new(Numbers(len), Noise, config).unwrap()
    }

    #[test]
    fn workers_change_nothing_but_the_time() {
        for shuffle in [Shuffle::Off, Shuffle::Full, Shuffle::Buffer(10)] {
            let with = |workers| {
                let config = LoaderConfig { batch: 4, seed: 9, workers, shuffle, ..Default::default() };
                values(loader(50, config).batches(Position::start_of(2)))
            };
            let one = with(1);
            assert_eq!(one.len(), 12);
            assert_eq!(one, with(5));
            assert_eq!(one, with(40));
        }
    }

    #[test]
    fn a_saved_position_goes_on_exactly() {
        let config = LoaderConfig { batch: 3, workers: 2, ..Default::default() };
        let loader = loader(40, config);
        let whole = values(loader.batches(Position::start_of(1)));
        let mut batches = loader.batches(Position::start_of(1));
        batches.by_ref().take(5).for_each(drop);
        let saved = serde_json::to_string(&batches.position()).unwrap();
        let rest = loader.batches(serde_json::from_str(&saved).unwrap());
        assert_eq!(values(rest), whole[5..]);
        assert_ne!(values(loader.batches(Position::start_of(2))), whole);
    }

    #[test]
    fn ranks_together_are_one_process_with_a_larger_batch() {
        let of = |rank, world_size, batch| {
            let config = LoaderConfig { batch, rank, world_size, workers: 2, seed: 3, ..Default::default() };
            values(loader(50, config).batches(Position::default()))
        };
        let (whole, ranks) = (of(0, 1, 12), [of(0, 3, 4), of(1, 3, 4), of(2, 3, 4)]);
        assert_eq!(whole.len(), 4);
        for (number, batch) in whole.iter().enumerate() {
            let together: Vec<f32> = ranks.iter().flat_map(|rank| rank[number].clone()).collect();
            assert_eq!(*batch, together);
        }
    }

    #[test]
    fn without_drop_last_every_sample_comes_and_ranks_stay_equal() {
        let of = |rank| {
            let config = LoaderConfig { rank, world_size: 3, workers: 2, ..LoaderConfig::sequential(4) };
            values(loader(29, config).batches(Position::default()))
        };
        let ranks = [of(0), of(1), of(2)];
        let shape = |rank: &Vec<Vec<f32>>| rank.iter().map(Vec::len).collect::<Vec<_>>();
        assert!(ranks.iter().all(|rank| shape(rank) == [4, 4, 2]));
        let seen: BTreeSet<u32> = ranks.iter().flatten().flatten().map(|value| *value as u32 / 10).collect();
        assert_eq!(seen, (0..29).collect());
    }

    #[test]
    fn alike_samples_come_together_and_a_position_holds() {
        let config = LoaderConfig { batch: 8, seed: 5, workers: 2, ..Default::default() };
        let kinds: Vec<bool> = (0..64).map(|sample| sample % 4 == 0).collect();
        let loader = loader(64, config).with_alike(&kinds, 4).unwrap();
        let whole = values(loader.batches(Position::start_of(1)));
        let kind = |value: &f32| kinds[*value as usize / 10];
        let blocks: Vec<&[f32]> = whole.iter().flat_map(|batch| batch.chunks(4)).collect();
        assert!(blocks.iter().all(|block| block.iter().all(|value| kind(value) == kind(&block[0]))));
        assert_eq!(blocks.iter().filter(|block| kind(&block[0])).count(), 4);
        assert_eq!(values(loader.batches(Position { epoch: 1, batch: 3 })), whole[3..]);
        assert!(self::loader(3, LoaderConfig::default()).with_alike(&[1, 2], 2).is_err());
    }

    #[test]
    fn an_epoch_sees_other_images_of_a_study_than_the_one_before() {
        let config =
            LoaderConfig { batch: 1, views: Views::ONE, shuffle: Shuffle::Off, ..Default::default() };
        let loader = loader(60, config);
        let views = |epoch| -> Vec<u32> {
            let batches = values(loader.batches(Position::start_of(epoch)));
            batches.into_iter().flatten().map(|value| value as u32 % 10).collect()
        };
        let (first, second) = (views(0), views(1));
        assert_ne!(first, second);
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn empty_sets_and_contradictions_are_met() {
        assert!(values(loader(0, LoaderConfig::default()).batches(Position::default())).is_empty());
        assert!(values(loader(0, LoaderConfig::sequential(2)).batches(Position::default())).is_empty());
        let config = LoaderConfig { rank: 1, ..Default::default() };
        assert!(Loader::new(Numbers(1), Noise, config).is_err());
    }

    #[test]
    fn dropping_early_ends_the_threads() {
        let config = LoaderConfig { batch: 1, workers: 3, ..Default::default() };
        let mut batches = loader(1000, config).batches(Position::default());
        assert!(batches.next().is_some());
        drop(batches);
    }
}
