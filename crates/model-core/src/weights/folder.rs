use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tch::{Device, Tensor, nn};
use xray_core::AtomicFile;

use crate::weights::{LoadReport, Weights, save_tensors};
use crate::{Error, Pretrained, PretrainedConfig, Result};

/// The model of a Hugging Face folder: `config.json` and its weights, in f32 on `device`.
///
/// # Errors
///
/// If a file is missing or damaged, the configuration is refused, or the weights lack a tensor that the
/// model needs or hold one of another shape. No model is returned then.
pub fn load_pretrained<M: Pretrained>(
    folder: impl AsRef<Path>,
    device: Device,
) -> Result<(nn::VarStore, M, LoadReport)> {
    let folder = folder.as_ref();
    let config: M::Config = read_config(folder)?;
    let weights = Weights::open(folder)?;
    let vs = nn::VarStore::new(device);
    let model = M::new(&vs.root(), &config)?;
    let plan = weights.plan(&vs, &|name| M::rename(&config, name));
    plan.require_complete(&vs, M::is_optional)?;
    let report = plan.apply()?;
    Ok((vs, model, report))
}

/// Writes `config.json` and `model.safetensors` as transformers reads them. Each file appears whole or
/// not at all.
///
/// # Errors
///
/// If a file cannot be written.
pub fn save_pretrained<C: PretrainedConfig>(
    folder: impl AsRef<Path>,
    vs: &nn::VarStore,
    config: &C,
) -> Result<()> {
    let folder = folder.as_ref();
    let variables: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
    let tensors = variables.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    save_tensors(folder.join("model.safetensors"), tensors, &metadata)?;
    write_config(folder, config)
}

/// The configuration in a folder's `config.json`. Fields that it does not know are ignored.
///
/// # Errors
///
/// If the file is missing, no JSON, or a field is of a wrong type or refused.
pub fn read_config<C: PretrainedConfig + DeserializeOwned>(folder: impl AsRef<Path>) -> Result<C> {
    let path = folder.as_ref().join("config.json");
    let text = fs::read(&path).map_err(|source| Error::file("reading", &path, source))?;
    let config: C = serde_json::from_slice(&text).map_err(|error| Error::format(&path, error.to_string()))?;
    config.validate()?;
    Ok(config)
}

/// Writes a folder's `config.json`.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write_config<C: PretrainedConfig + Serialize>(folder: impl AsRef<Path>, config: &C) -> Result<()> {
    let path = folder.as_ref().join("config.json");
    let mut text =
        serde_json::to_vec_pretty(config).map_err(|error| Error::format(&path, error.to_string()))?;
    text.push(b'\n');
    AtomicFile::write(&path, &text).map_err(Error::external("writing a configuration"))
}
