use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use model_core::save_tensors;
use tch::{Kind, Tensor};

/// Writes `embeddings`, `[rows, embed_dim]` f32, with the ids in the metadata as a JSON list.
pub(crate) fn save(path: &Path, rows: Tensor, normalize: bool, ids: &[impl serde::Serialize]) -> Result<()> {
    let mut rows = rows.to_kind(Kind::Float);
    if normalize {
        rows = &rows / rows.norm_scalaropt_dim(2, [1], true).clamp_min(1e-12);
    }
    let metadata = BTreeMap::from([("ids".to_owned(), serde_json::to_string(ids)?)]);
    save_tensors(path, [("embeddings", &rows)], &metadata)?;
    eprintln!("{} rows of {} values in {}", rows.size()[0], rows.size()[1], path.display());
    Ok(())
}
