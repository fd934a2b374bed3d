use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result};

/// `base` with the values of `table` in the place of its own, as `read` makes it with the keys that it does not
/// know. Such a key in the table is refused; those of the base are not looked at, as published files have many
/// that nobody reads.
pub(crate) fn overlay<T>(
    what: &str,
    base: Value,
    table: &toml::Table,
    read: impl FnOnce(Value) -> Result<(T, Vec<String>), serde_json::Error>,
) -> Result<T> {
    let refuse = |reason: String| Error::config(format!("{what}: {reason}"));
    let Value::Object(mut merged) = base else {
        return Err(refuse("is no table".to_owned()));
    };
    for (key, value) in table {
        let value = serde_json::to_value(value).map_err(|error| refuse(error.to_string()))?;
        merged.insert(key.clone(), value);
    }
    let (made, unread) = read(Value::Object(merged)).map_err(|error| refuse(error.to_string()))?;
    let ours = |path: &&String| table.keys().any(|key| path.split('.').next() == Some(key.as_str()));
    match unread.iter().map(|path| named(path)).find(|path| ours(&path)) {
        Some(key) => Err(refuse(format!("unknown key {key}"))),
        None => Ok(made),
    }
}

/// A value with the keys of `object` that it does not know.
pub(crate) fn read<T: DeserializeOwned>(object: Value) -> Result<(T, Vec<String>), serde_json::Error> {
    let mut unread = Vec::new();
    let made = serde_ignored::deserialize(object, |path| unread.push(path.to_string()))?;
    Ok((made, unread))
}

/// The path of a key as the file has it: wrappers that only the type knows are left out.
pub(crate) fn named(path: &str) -> String {
    path.split('.').filter(|part| *part != "?").collect::<Vec<_>>().join(".")
}
