use std::fs;
use std::path::{Path, PathBuf};

use xray_core::{Dataset, Sample};

use super::index::ShardIndex;
use super::reader::{EncodedSample, SampleEntry, list_samples};
use crate::{Error, ImageFileDecoder, Result, Split, StudyDataset, Views};

/// The samples of a set of shards behind an index. Only the places of the members are held in memory;
/// every sample is read from its file when it is asked for.
///
/// ```no_run
/// use xray_core::Dataset;
/// use xray_dataset::{ShardDataset, Split};
///
/// let studies = ShardDataset::open("shards", Split::Train)?;
/// println!("{} studies; the first: {:?}", studies.len(), studies.get(0)?);
/// # Ok::<(), xray_dataset::Error>(())
/// ```
#[derive(Debug)]
pub struct ShardDataset {
    shards: Vec<Shard>,
    len: usize,
    decoder: ImageFileDecoder,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    /// The index of its first sample.
    first: usize,
    samples: Vec<SampleEntry>,
}

impl ShardDataset {
    /// The samples of one split of `folder`: of the shards that its index lists or, without an index, of the
    /// files `<split>-*.tar` in the order of their names.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; [`Error::Shard`] if a shard is damaged or not as long as its index says.
    pub fn open(folder: impl AsRef<Path>, split: Split) -> Result<Self> {
        let folder = folder.as_ref();
        if !folder.join(ShardIndex::FILE).exists() {
            return Self::from_paths(tar_files(folder, split)?);
        }
        let index = ShardIndex::read(folder)?;
        for shard in index.shards.iter().filter(|shard| shard.split == split) {
            let path = folder.join(&shard.file);
            let metadata = fs::metadata(&path).map_err(|source| Error::file("reading", &path, source))?;
            if metadata.len() != shard.bytes {
                return Err(Error::shard(&path, "the length is not that of the index"));
            }
        }
        Self::from_paths(index.paths(folder, split))
    }

    /// The samples of these shards, one after the other.
    ///
    /// # Errors
    ///
    /// As [`ShardDataset::open`].
    pub fn from_paths(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Result<Self> {
        let (mut shards, mut len) = (Vec::new(), 0);
        for path in paths {
            let path = path.into();
            let samples = list_samples(&path)?;
            let first = len;
            len += samples.len();
            shards.push(Shard { path, first, samples });
        }
        Ok(Self { shards, len, decoder: ImageFileDecoder::default() })
    }

    /// The same samples, decoded by `decoder` (default: [`ImageFileDecoder::default`]).
    #[must_use]
    pub fn with_decoder(mut self, decoder: ImageFileDecoder) -> Self {
        self.decoder = decoder;
        self
    }

    /// The name of the sample at `index`, without reading it.
    ///
    /// # Panics
    ///
    /// If `index` is out of bounds.
    pub fn key(&self, index: usize) -> &str {
        &self.locate(index).1.key
    }

    /// The sample at `index` as it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Shard`].
    ///
    /// # Panics
    ///
    /// If `index` is out of bounds.
    pub fn encoded(&self, index: usize) -> Result<EncodedSample> {
        self.read(index, |_| None).map(|(_, sample)| sample)
    }

    /// The body part of every sample, as its shard names it; none where its images disagree or do not say.
    ///
    /// # Errors
    ///
    /// As [`ShardDataset::encoded`].
    pub fn body_parts(&self) -> Result<Vec<Option<String>>> {
        let part = |index| {
            let (_, sample) = self.read(index, |_| Some(Vec::new()))?;
            Ok(sample.meta.get("body_part").and_then(|part| part.as_str()).map(str::to_owned))
        };
        (0..self.len).map(part).collect()
    }

    fn locate(&self, index: usize) -> (&Path, &SampleEntry) {
        assert!(index < self.len, "sample {index} of {}", self.len);
        let shard = &self.shards[self.shards.partition_point(|shard| shard.first <= index) - 1];
        (&shard.path, &shard.samples[index - shard.first])
    }

    fn read(
        &self,
        index: usize,
        views: impl FnOnce(usize) -> Option<Vec<usize>>,
    ) -> Result<(&Path, EncodedSample)> {
        let (path, entry) = self.locate(index);
        let mut file = fs::File::open(path).map_err(|source| Error::file("reading", path, source))?;
        let chosen = views(entry.images.len());
        Ok((path, entry.read(path, &mut file, chosen.as_deref())?))
    }
}

impl Dataset for ShardDataset {
    type Item = Sample;
    type Error = Error;

    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<Sample> {
        self.get_views(index, Views::All, 0)
    }
}

impl StudyDataset for ShardDataset {
    /// Reads and decodes only the images that are chosen.
    fn get_views(&self, index: usize, views: Views, seed: u64) -> Result<Sample> {
        let (path, sample) = self.read(index, |count| Some(views.choose(count, seed)))?;
        sample.decode(&self.decoder, path)
    }

    fn groups(&self) -> Vec<usize> {
        self.shards.iter().map(|shard| shard.samples.len()).collect()
    }
}

fn tar_files(folder: &Path, split: Split) -> Result<Vec<PathBuf>> {
    let unreadable = |source| Error::file("reading", folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let of_split = name.to_str().and_then(|name| name.strip_prefix(split.name()));
        if of_split.is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".tar")) {
            paths.push(folder.join(name));
        }
    }
    paths.sort_unstable();
    Ok(paths)
}
