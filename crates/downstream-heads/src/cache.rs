use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use model_core::{Weights, save_tensors};
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor};

use crate::extract::rows;
use crate::{Error, Features, Result};

/// The bytes of a name.
const NAME: usize = 32;

/// Names features by everything that they depend on: the encoder's weights, how images are prepared, the
/// images. Change any of it and the key is another one.
#[derive(Debug, Clone)]
pub struct FeatureKey(Sha256);

impl FeatureKey {
    /// A key of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// The key with a text more, as the configuration of the transform.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// The key with what a file holds, where the file is in memory or within another one.
    #[must_use]
    pub fn with_content(mut self, content: &[u8]) -> Self {
        self.0.update(Sha256::digest(content));
        self
    }

    /// The key with what a file holds: weights or an image. Its name does not count.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] if the file cannot be read.
    pub fn with_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::Model {
            action: "naming features",
            source: model_core::Error::file("reading", path, source),
        };
        let mut file = File::open(path).map_err(failed)?;
        let (mut content, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
        loop {
            let length = file.read(&mut buffer).map_err(failed)?;
            if length == 0 {
                break;
            }
            content.update(&buffer[..length]);
        }
        self.0.update(content.finalize());
        Ok(self)
    }

    /// The name that the key comes to.
    pub fn name(&self) -> [u8; NAME] {
        self.0.clone().finalize().into()
    }
}

impl Default for FeatureKey {
    fn default() -> Self {
        Self::new()
    }
}

/// A folder of features, so that an encoder sees an image once for all probes of all days.
///
/// Each encoder with its transform has one safetensors file, named by their key, in which `items` names the
/// images, `[cases, 32]`, and `features` holds what the encoder made of them.
///
/// ```
/// use downstream_heads::{FeatureCache, FeatureKey, Features};
///
/// let folder = tempfile::tempdir()?;
/// let cache = FeatureCache::new(folder.path());
/// let encoder = FeatureKey::new().with_content(b"weights").with_text("resize 224");
/// let images = [b"first", b"other"].map(|image| FeatureKey::new().with_content(image).name());
/// cache.get_or_encode(&encoder, &images[..1], |missing| Features::new(vec![1.0; missing.len()], 1))?;
/// let both = cache.get_or_encode(&encoder, &images, |missing| {
///     assert_eq!(missing, [1]);
///     Features::new(vec![2.0], 1)
/// })?;
/// assert_eq!(both.values(), [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureCache {
    folder: PathBuf,
}

impl FeatureCache {
    /// The cache in `folder`, which is made with its first features.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The features of `items` by the encoder of `key`. `encode` is asked for those that are not there, by their
    /// places in `items`, and what it gives is kept. A file that cannot be read is made anew.
    ///
    /// # Errors
    ///
    /// What `encode` reports; [`Error::Length`] if it gives other cases than asked for; [`Error::Model`] if the
    /// features cannot be written.
    pub fn get_or_encode(
        &self,
        key: &FeatureKey,
        items: &[[u8; NAME]],
        encode: impl FnOnce(&[usize]) -> Result<Features>,
    ) -> Result<Features> {
        let hex: String = key.name().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.folder.join(hex).with_extension("safetensors");
        let mut kept = if path.is_file() { Kept::read(&path).unwrap_or_default() } else { Kept::default() };
        let missing = kept.missing(items);
        if !missing.is_empty() {
            let fresh = encode(&missing)?;
            Error::length("encoded cases", fresh.cases(), missing.len())?;
            kept.add(missing.iter().map(|place| items[*place]), &fresh)?;
            kept.write(&path)?;
        }
        kept.select(items)
    }
}

/// What a file of the cache holds.
#[derive(Default)]
struct Kept {
    names: Vec<[u8; NAME]>,
    place: HashMap<[u8; NAME], usize>,
    values: Vec<f32>,
    embed_dim: usize,
}

impl Kept {
    fn read(path: &Path) -> Result<Self> {
        let failed = |source| Error::Model { action: "reading the features", source };
        let weights = Weights::open(path).map_err(failed)?;
        let features = weights.read("features").map_err(failed)?;
        let embed_dim = features.size().last().copied().unwrap_or(0);
        let features = Features::new(rows(&features)?, usize::try_from(embed_dim).unwrap_or(0))?;
        let items = weights.read("items").map_err(failed)?.to_kind(Kind::Uint8).contiguous().flatten(0, -1);
        let items = Vec::<u8>::try_from(items).map_err(|source| Error::Model {
            action: "reading the features",
            source: model_core::Error::Torch { action: "copying a tensor", source },
        })?;
        let names: Vec<[u8; NAME]> =
            items.chunks_exact(NAME).filter_map(|name| name.try_into().ok()).collect();
        Error::length("items", names.len(), features.cases())?;
        let mut kept = Self::default();
        kept.add(names.into_iter(), &features)?;
        Ok(kept)
    }

    /// The places in `items` of those that are not held, each image once.
    fn missing(&self, items: &[[u8; NAME]]) -> Vec<usize> {
        let mut asked = HashSet::new();
        let new = |name: &[u8; NAME]| !self.place.contains_key(name);
        (0..items.len()).filter(|place| new(&items[*place]) && asked.insert(items[*place])).collect()
    }

    fn add(&mut self, names: impl Iterator<Item = [u8; NAME]>, features: &Features) -> Result<()> {
        if !self.names.is_empty() {
            Error::length("features of a case", features.embed_dim(), self.embed_dim)?;
        }
        self.embed_dim = features.embed_dim();
        self.values.extend_from_slice(features.values());
        for name in names {
            self.place.insert(name, self.names.len());
            self.names.push(name);
        }
        Ok(())
    }

    fn write(&self, path: &Path) -> Result<()> {
        let shape = [self.names.len() as i64, self.embed_dim as i64];
        let features = Tensor::from_slice(&self.values).view(shape);
        let items = Tensor::from_slice(&self.names.concat()).view([shape[0], NAME as i64]);
        save_tensors(path, [("features", &features), ("items", &items)], &BTreeMap::new())
            .map_err(|source| Error::Model { action: "keeping features", source })
    }

    fn select(&self, items: &[[u8; NAME]]) -> Result<Features> {
        let places: Vec<usize> = items.iter().filter_map(|name| self.place.get(name)).copied().collect();
        Ok(Features::new(self.values.clone(), self.embed_dim)?.select(&places))
    }
}
