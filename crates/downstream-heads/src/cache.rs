use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use model_core::{Weights, save_tensors};
use sha2::{Digest, Sha256};
use tch::Tensor;

use crate::extract::rows;
use crate::{Error, Features, Result};

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

    /// The key with what a file holds: weights, an image, a shard. Its name does not count.
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

    fn hex(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Default for FeatureKey {
    fn default() -> Self {
        Self::new()
    }
}

/// A folder of features by key, so that an encoder sees an image once for all probes of all days. Each is a
/// safetensors file with one tensor, `features`.
#[derive(Debug, Clone)]
pub struct FeatureCache {
    folder: PathBuf,
}

impl FeatureCache {
    /// The cache in `folder`, which is made with its first features.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The features of `key`, made and kept if there are none. A file that cannot be read is made anew.
    ///
    /// # Errors
    ///
    /// What `encode` reports; [`Error::Model`] if the features cannot be written.
    pub fn get_or_encode(
        &self,
        key: &FeatureKey,
        encode: impl FnOnce() -> Result<Features>,
    ) -> Result<Features> {
        let path = self.folder.join(key.hex()).with_extension("safetensors");
        if path.is_file()
            && let Ok(features) = read(&path)
        {
            return Ok(features);
        }
        let features = encode()?;
        let shape = [features.cases() as i64, features.embed_dim() as i64];
        let tensor = Tensor::from_slice(features.values()).view(shape);
        save_tensors(&path, [("features", &tensor)], &BTreeMap::new())
            .map_err(|source| Error::Model { action: "keeping features", source })?;
        Ok(features)
    }
}

fn read(path: &Path) -> Result<Features> {
    let tensor = Weights::open(path).and_then(|weights| weights.read("features"));
    let tensor = tensor.map_err(|source| Error::Model { action: "reading the features", source })?;
    let embed_dim = tensor.size().last().copied().unwrap_or(0);
    Features::new(rows(&tensor)?, usize::try_from(embed_dim).unwrap_or(0))
}
