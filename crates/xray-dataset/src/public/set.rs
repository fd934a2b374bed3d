use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Map;
use xray_core::{AtomicFile, Dataset, ImageDecoder, Labels, PatientId, PseudonymKey, Sample};

use crate::{Error, ImageFileDecoder, Result, Split, SplitFractions, StudyDataset, Views};

/// A public set of labelled radiographs: MURA, FracAtlas, OAI, RSNA bone age or GRAZPEDWRI-DX.
///
/// Made by [`PublicSet::mura`] and its like from the unpacked folder. Each item is one image with its labels,
/// or one study of MURA. No patient is in two splits: where the set's own splits share patients, or it
/// has none, patients are split anew by a hash, always the same. [`PublicSet::write_splits`] writes down what
/// came out.
///
/// ```no_run
/// use xray_dataset::{PublicSet, Split};
///
/// let set = PublicSet::grazpedwri("GRAZPEDWRI-DX")?;
/// set.write_splits("grazpedwri-splits.csv")?;
/// let train = set.split(Split::Train);
/// println!("{} of {} images to train on", train.items().len(), set.items().len());
/// # Ok::<(), xray_dataset::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PublicSet {
    items: Vec<PublicItem>,
    missing: Vec<String>,
    decoder: ImageFileDecoder,
}

/// One item of a [`PublicSet`].
#[derive(Debug, Clone, PartialEq)]
pub struct PublicItem {
    /// Its name: the patient, and after an underscore the set's own name of the image or study.
    pub key: String,
    /// The patient; the image's own name where the set does not tell patients.
    pub patient: String,
    /// Where its images are.
    pub images: Vec<PathBuf>,
    /// What is known of it.
    pub labels: Labels,
    /// The split it is in.
    pub split: Split,
}

/// An item as a set's own files give it.
pub(super) struct Given {
    pub(super) key: String,
    pub(super) patient: String,
    pub(super) images: Vec<PathBuf>,
    pub(super) labels: Labels,
    pub(super) split: Option<Split>,
}

/// The fractions of patients held back where a set does not say.
const HELD_BACK: f64 = 0.1;

impl PublicSet {
    /// Gives every item its split. With `official_test` the set's own test images stay what they are, and no
    /// other image of their patients is used; the rest is split anew. Without, the set's own splits stay if
    /// they are given for every item and share no patient.
    pub(super) fn new(given: Vec<Given>, official_test: bool) -> Self {
        let (given, missing): (Vec<_>, Vec<_>) = given.into_iter().partition(|item| !item.images.is_empty());
        let missing = missing.into_iter().map(|item| item.key).collect();
        let mut splits_of = BTreeMap::<&str, BTreeSet<Option<Split>>>::new();
        for item in &given {
            splits_of.entry(&item.patient).or_default().insert(item.split);
        }
        let apart = splits_of.values().all(|splits| splits.len() == 1 && !splits.contains(&None));
        let tested: BTreeSet<String> = splits_of
            .iter()
            .filter(|(_, splits)| official_test && splits.contains(&Some(Split::Test)))
            .map(|(patient, _)| (*patient).to_owned())
            .collect();
        let test = if official_test { 0.0 } else { HELD_BACK };
        let fractions = SplitFractions { val: HELD_BACK, test };
        // No secret: everybody is to get the same splits.
        let key = PseudonymKey::new(b"osteon public sets");
        let items = given.into_iter().filter_map(|item| {
            let is_test = item.split == Some(Split::Test);
            let split = match item.split {
                Some(split) if apart && !official_test => split,
                _ if official_test && is_test => Split::Test,
                _ if tested.contains(&item.patient) => return None,
                _ => fractions.split_of(&key, &PatientId::new(item.patient.clone())),
            };
            let Given { key, patient, images, labels, .. } = item;
            let key = if key.split('_').next() == Some(patient.as_str()) {
                key
            } else {
                format!("{patient}_{key}")
            };
            Some(PublicItem { key, patient, images, labels, split })
        });
        Self { items: items.collect(), missing, decoder: ImageFileDecoder::default() }
    }

    /// The items, in the order of the set's own lists.
    pub fn items(&self) -> &[PublicItem] {
        &self.items
    }

    /// The names of items of the lists of which there is no image.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The items of one split.
    #[must_use]
    pub fn split(&self, split: Split) -> Self {
        let items = self.items.iter().filter(|item| item.split == split).cloned().collect();
        Self { items, missing: self.missing.clone(), decoder: self.decoder.clone() }
    }

    /// The same items, decoded by `decoder` (default: [`ImageFileDecoder::default`]).
    #[must_use]
    pub fn with_decoder(mut self, decoder: ImageFileDecoder) -> Self {
        self.decoder = decoder;
        self
    }

    /// Writes a table of key, patient and split, so that figures can be compared.
    ///
    /// # Errors
    ///
    /// [`Error::Core`].
    pub fn write_splits(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let line = |item: &PublicItem| format!("{},{},{}\n", item.key, item.patient, item.split);
        let lines: String = self.items.iter().map(line).collect();
        let table = format!("key,patient,split\n{lines}");
        AtomicFile::write(path, table.as_bytes()).map_err(Error::core(path.parent().unwrap_or(path)))
    }

    fn sample(&self, index: usize, views: &[usize]) -> Result<Sample> {
        let item = &self.items[index];
        let paths = views.iter().filter_map(|view| item.images.get(*view));
        let images = paths.map(|path| self.decoder.decode(path)).collect::<Result<_>>()?;
        let (key, labels) = (item.key.clone(), item.labels.clone());
        Ok(Sample { key, images, report: String::new(), labels, meta: Map::new() })
    }
}

impl Dataset for PublicSet {
    type Item = Sample;
    type Error = Error;

    fn len(&self) -> usize {
        self.items.len()
    }

    fn get(&self, index: usize) -> Result<Sample> {
        self.get_views(index, Views::All, 0)
    }
}

impl StudyDataset for PublicSet {
    fn get_views(&self, index: usize, views: Views, seed: u64) -> Result<Sample> {
        self.sample(index, &views.choose(self.items[index].images.len(), seed))
    }
}
