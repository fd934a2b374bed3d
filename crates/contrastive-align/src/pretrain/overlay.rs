use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result};

/// `base` with the values of `table` in the place of its own. A key of the table that the type does not read
/// is refused; those of the base are not looked at, as published files have many that nobody reads.
pub(crate) fn overlay<T: DeserializeOwned>(what: &str, base: Value, table: &toml::Table) -> Result<T> {
    let refuse = |reason: String| Error::config(format!("{what}: {reason}"));
    let Value::Object(mut merged) = base else {
        return Err(refuse("is no table".to_owned()));
    };
    for (key, value) in table {
        let value = serde_json::to_value(value).map_err(|error| refuse(error.to_string()))?;
        merged.insert(key.clone(), value);
    }
    let mut unread = Vec::new();
    let made = serde_ignored::deserialize(Value::Object(merged), |path| unread.push(key(&path)))
        .map_err(|error| refuse(error.to_string()))?;
    let ours = |path: &&String| table.keys().any(|key| path.split('.').next() == Some(key.as_str()));
    match unread.iter().find(ours) {
        Some(key) => Err(refuse(format!("unknown key {key}"))),
        None => Ok(made),
    }
}

/// The path of a key as the file has it: wrappers that only the type knows are left out.
pub(crate) fn key(path: &serde_ignored::Path<'_>) -> String {
    let path = path.to_string();
    path.split('.').filter(|part| *part != "?").collect::<Vec<_>>().join(".")
}
