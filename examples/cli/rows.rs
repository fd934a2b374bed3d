use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The ids and texts of `{"id": .., "text": ..}` rows. Errors name the line, never what it says.
pub(crate) fn rows(path: &Path) -> Result<Vec<(Value, String)>> {
    let file = std::fs::read_to_string(path).with_context(|| format!("reading {path:?}"))?;
    let mut rows = Vec::new();
    for (line, row) in file.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let row: Option<Value> = serde_json::from_str(row).ok();
        let fields = row.as_ref().and_then(|row| Some((row.get("id")?, row.get("text")?.as_str()?)));
        let Some((id, text)) = fields else {
            bail!("{path:?}, line {}: not a row with an id and a text", line + 1);
        };
        rows.push((id.clone(), text.to_owned()));
    }
    if rows.is_empty() {
        bail!("{path:?} holds no row");
    }
    Ok(rows)
}
