use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tch::nn;

use crate::Result;

/// The contents of a model's `config.json`.
///
/// Fields have Hugging Face's names and defaults (`#[serde(default)]`); unknown fields are ignored.
pub trait PretrainedConfig: Serialize + DeserializeOwned {
    /// Refuses sizes that no model can have. Every constructor calls it.
    ///
    /// # Errors
    ///
    /// Names the field and what it may be.
    fn validate(&self) -> Result<()>;

    /// The configuration in a JSON object, and the keys of the object that were not read, as a misspelt one
    /// is not. By default told from the fields that serde asks for; a configuration that is one of several
    /// asks the one that it is.
    ///
    /// # Errors
    ///
    /// If a field is of a wrong type.
    fn from_json(object: Value) -> Result<(Self, Vec<String>), serde_json::Error> {
        let mut unread = Vec::new();
        let config = serde_ignored::deserialize(object, |path| unread.push(path.to_string()))?;
        Ok((config, unread))
    }
}

/// A model that is built from a configuration and whose weights have Hugging Face's names.
pub trait Pretrained: Sized {
    /// What it is built from.
    type Config: PretrainedConfig;

    /// A model with fresh weights below `vs`.
    ///
    /// # Errors
    ///
    /// If the configuration is refused.
    fn new(vs: &nn::Path<'_>, config: &Self::Config) -> Result<Self>;

    /// The model's name for a tensor that a file names otherwise, where it does. The file's name comes
    /// without the prefix of the base model. By default nothing but `gamma` and `beta` of old layer
    /// norms is renamed, and that before this is asked.
    fn rename(_config: &Self::Config, _name: &str) -> Option<String> {
        None
    }

    /// Whether a tensor of the model may be missing in a file and then keeps its fresh value, as a
    /// projection that the published model does not have. By default none may.
    fn is_optional(_name: &str) -> bool {
        false
    }
}
