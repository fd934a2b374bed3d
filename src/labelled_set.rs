use std::error::Error as StdError;

use downstream_heads::FeatureKey;
use xray_core::{Dataset, Labels, Sample};
use xray_dataset::{PublicSet, ShardDataset, StudyDataset, Views};

use crate::Result;
use crate::error::{dataset, heads};

/// What a set says of a study before its images are decoded.
#[derive(Debug, Clone)]
pub struct LabelledStudy {
    /// Its name; see [`Sample::key`].
    pub key: String,
    /// What is known of it.
    pub labels: Labels,
    /// Whatever else the set says.
    pub meta: serde_json::Map<String, serde_json::Value>,
    /// The name of what is in the file of each image: equal files have equal names.
    pub contents: Vec<[u8; 32]>,
}

/// A set of labelled studies that an encoder is measured on: shards, a public set, or one of your own.
pub trait LabelledSet: StudyDataset<Error: StdError + Send + Sync + 'static> + 'static {
    /// What is known of the study at `index`, its images as [`Dataset::get`] would give them.
    ///
    /// # Errors
    ///
    /// If a file cannot be read.
    ///
    /// # Panics
    ///
    /// As [`Dataset::get`].
    fn study(&self, index: usize) -> Result<LabelledStudy>;
}

impl LabelledSet for PublicSet {
    fn study(&self, index: usize) -> Result<LabelledStudy> {
        let item = &self.items()[index];
        let name = |path| Ok(FeatureKey::new().with_file(path)?.name());
        let contents = item.images.iter().map(name).collect::<downstream_heads::Result<_>>();
        Ok(LabelledStudy {
            key: item.key.clone(),
            labels: item.labels.clone(),
            meta: serde_json::Map::new(),
            contents: contents.map_err(heads("reading the images"))?,
        })
    }
}

impl LabelledSet for ShardDataset {
    fn study(&self, index: usize) -> Result<LabelledStudy> {
        let study = self.encoded(index).map_err(dataset("reading the studies"))?;
        let name = |image: &Vec<u8>| FeatureKey::new().with_content(image).name();
        let contents = study.images.iter().map(name).collect();
        Ok(LabelledStudy { key: study.key, labels: study.labels, meta: study.meta, contents })
    }
}

/// Some studies of a set, in the order given.
#[derive(Debug)]
pub(crate) struct Part<D> {
    set: D,
    studies: Vec<usize>,
}

impl<D> Part<D> {
    pub(crate) fn new(set: D, studies: Vec<usize>) -> Self {
        Self { set, studies }
    }
}

impl<D: StudyDataset> Dataset for Part<D> {
    type Item = Sample;
    type Error = D::Error;

    fn len(&self) -> usize {
        self.studies.len()
    }

    fn get(&self, index: usize) -> Result<Sample, D::Error> {
        self.set.get(self.studies[index])
    }
}

impl<D: StudyDataset> StudyDataset for Part<D> {
    fn get_views(&self, index: usize, views: Views, seed: u64) -> Result<Sample, D::Error> {
        self.set.get_views(self.studies[index], views, seed)
    }
}
