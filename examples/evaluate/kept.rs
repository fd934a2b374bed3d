use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use osteon::downstream_heads::FeatureKey;
use osteon::xray_core::AtomicFile;
use serde::{Deserialize, Serialize};

/// What a fit says of the test cases.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fit {
    pub(crate) train_labels: usize,
    pub(crate) predicted: Vec<f64>,
}

/// A folder of fits in which encoders learnt, so that a run that was stopped does not do them again.
pub(crate) struct Kept {
    folder: Option<PathBuf>,
}

impl Kept {
    /// Fits kept beside features, or nowhere.
    pub(crate) fn new(cache: Option<&PathBuf>) -> Self {
        Self { folder: cache.map(|cache| cache.join("fits")) }
    }

    /// The fit of `key`, which names all that it depends on. A file that cannot be read is made anew.
    pub(crate) fn get_or_fit(
        &self,
        key: &FeatureKey,
        fit: impl FnOnce() -> anyhow::Result<Fit>,
    ) -> anyhow::Result<Fit> {
        let Some(folder) = &self.folder else { return fit() };
        let hex: String = key.name().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(hex).with_extension("json");
        let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let fitted = fit()?;
        AtomicFile::write(&path, &serde_json::to_vec(&fitted)?)
            .with_context(|| format!("writing {path:?}"))?;
        Ok(fitted)
    }
}
