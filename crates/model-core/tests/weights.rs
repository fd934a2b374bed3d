//! Weights in and out, through the public path.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model_core::layers::{layer_norm, linear};
use model_core::{
    Error, LoadReport, Pretrained, PretrainedConfig, Result, Weights, load_pretrained, save_pretrained,
    save_tensors,
};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct TinyConfig {
    model_type: String,
    hidden_size: i64,
}

impl Default for TinyConfig {
    fn default() -> Self {
        Self { model_type: "tiny".to_owned(), hidden_size: 4 }
    }
}

impl PretrainedConfig for TinyConfig {
    fn validate(&self) -> Result<()> {
        match self.hidden_size > 0 {
            true => Ok(()),
            false => Err(Error::config("hidden_size", format!("{} is not positive", self.hidden_size))),
        }
    }
}

/// A model from outside the crate: a dense layer, a norm, and a projection that few checkpoints have.
#[derive(Debug)]
struct Tiny {
    dense: nn::Linear,
}

impl Pretrained for Tiny {
    type Config = TinyConfig;

    fn new(vs: &nn::Path<'_>, config: &TinyConfig) -> Result<Self> {
        config.validate()?;
        let size = config.hidden_size;
        let _norm = layer_norm(&(vs / "encoder" / "LayerNorm"), size, 1e-5);
        let _projection = linear(&(vs / "projection"), size, 2, false);
        Ok(Self { dense: linear(&(vs / "encoder" / "dense"), size, size, true) })
    }

    fn rename(_: &TinyConfig, name: &str) -> Option<String> {
        name.strip_prefix("encoder.old_dense.").map(|rest| format!("encoder.dense.{rest}"))
    }

    fn is_optional(name: &str) -> bool {
        name.starts_with("projection.")
    }
}

fn folder_with(tensors: &[(&str, Tensor)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), r#"{"hidden_size": 4, "torch_dtype": "float32"}"#).unwrap();
    write(&folder.path().join("model.safetensors"), tensors);
    folder
}

fn write(path: &Path, tensors: &[(&str, Tensor)]) {
    save_tensors(path, tensors.iter().map(|(name, tensor)| (*name, tensor)), &BTreeMap::new()).unwrap();
}

fn values(shape: &[i64]) -> Tensor {
    let count: i64 = shape.iter().product();
    Tensor::arange(count, (Kind::Float, Device::Cpu)).view(shape)
}

fn published() -> Vec<(&'static str, Tensor)> {
    vec![
        ("tiny.encoder.old_dense.weight", values(&[4, 4])),
        ("tiny.encoder.dense.bias", values(&[4])),
        ("tiny.encoder.LayerNorm.gamma", values(&[4])),
        ("tiny.encoder.LayerNorm.beta", values(&[4])),
        ("head.weight", values(&[2, 4])),
    ]
}

fn load(folder: &tempfile::TempDir) -> Result<(nn::VarStore, Tiny, LoadReport)> {
    load_pretrained::<Tiny>(folder.path(), Device::Cpu)
}

#[test]
fn old_names_prefixes_and_heads_are_sorted_out_and_reported() {
    let (_, model, report) = load(&folder_with(&published())).unwrap();
    assert_eq!(report.prefix, "tiny.");
    assert_eq!(
        report.loaded,
        ["encoder.LayerNorm.bias", "encoder.LayerNorm.weight", "encoder.dense.bias", "encoder.dense.weight"]
    );
    assert_eq!(report.missing, ["projection.weight"]);
    assert_eq!(report.unexpected, ["head.weight"]);
    assert!(report.mismatched.is_empty());
    assert!(model.dense.ws.equal(&values(&[4, 4])));
}

#[test]
fn what_is_saved_is_loaded_again() {
    let (vs, model, _) = load(&folder_with(&published())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    save_pretrained(folder.path(), &vs, &TinyConfig::default()).unwrap();
    let (_, again, report) = load(&folder).unwrap();
    assert!(report.is_complete() && report.unexpected.is_empty());
    assert!(again.dense.ws.equal(&model.dense.ws));
    let metadata = Weights::open(folder.path()).unwrap().metadata().clone();
    assert_eq!(metadata["format"], "pt");
}

#[test]
fn the_model_keeps_its_number_type() {
    for kind in [Kind::Half, Kind::BFloat16, Kind::Double] {
        let tensors: Vec<_> =
            published().into_iter().map(|(name, tensor)| (name, tensor.to_kind(kind))).collect();
        let folder = folder_with(&tensors);
        assert_eq!(Weights::open(folder.path()).unwrap().kind("head.weight"), Some(kind));
        let (_, model, _) = load(&folder).unwrap();
        assert_eq!(model.dense.ws.kind(), Kind::Float);
        assert!(model.dense.ws.equal(&values(&[4, 4])));
    }
}

#[test]
fn a_wrong_shape_is_refused_with_the_file_the_tensor_and_both_shapes() {
    let mut tensors = published();
    tensors[0].1 = values(&[4, 3]);
    let message = load(&folder_with(&tensors)).unwrap_err().to_string();
    for part in ["model.safetensors", "tiny.encoder.old_dense.weight", "[4, 3]", "[4, 4]"] {
        assert!(message.contains(part), "{message} does not name {part}");
    }
}

#[test]
fn a_missing_tensor_is_refused_by_name() {
    let message = load(&folder_with(&published()[1..])).unwrap_err().to_string();
    assert!(message.contains("encoder.dense.weight") && message.contains("[4, 4]"), "{message}");
}

#[test]
fn a_half_downloaded_file_is_refused_at_every_length() {
    let folder = folder_with(&published());
    let path = folder.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [0, 4, 8, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = load(&folder).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{length} bytes: {error}");
        assert!(error.to_string().contains("model.safetensors"));
    }
}

#[test]
fn shards_are_read_as_one_and_an_absent_shard_is_named() {
    let folder = folder_with(&published());
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let tensors = published();
    write(&folder.path().join("model-00001-of-00002.safetensors"), &tensors[..2]);
    write(&folder.path().join("model-00002-of-00002.safetensors"), &tensors[2..]);
    let shard = |index: usize| format!("model-0000{index}-of-00002.safetensors");
    let map: BTreeMap<&str, String> =
        tensors.iter().enumerate().map(|(i, (name, _))| (*name, shard(if i < 2 { 1 } else { 2 }))).collect();
    let index = serde_json::json!({"metadata": {"total_size": 0}, "weight_map": map});
    fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    assert_eq!(load(&folder).unwrap().2.loaded.len(), 4);

    fs::remove_file(folder.path().join(shard(2))).unwrap();
    let message = load(&folder).unwrap_err().to_string();
    assert!(message.contains("index.json") && message.contains("model-00002"), "{message}");
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn pickles_of_both_ages_hold_the_tensors_that_torch_saved() {
    let base = values(&[3, 4]);
    for file in ["zip.bin", "legacy.bin"] {
        let weights = Weights::open(fixture(file)).unwrap();
        let is = |name: &str, expected: &Tensor| {
            let tensor = weights.read(name).unwrap();
            assert_eq!(tensor.kind(), expected.kind(), "{file}: {name}");
            assert!(tensor.equal(expected), "{file}: {name}");
        };
        assert_eq!(weights.names().count(), 9);
        is("plain.weight", &base);
        is("shared.weight", &base);
        is("transposed.weight", &base.tr());
        is("part.weight", &base.narrow(0, 1, 2).narrow(1, 2, 2));
        is("half.bias", &Tensor::from_slice(&[1.5f32, -2.0]).to_kind(Kind::Half));
        is("brain.bias", &Tensor::from_slice(&[1.5f32, -2.0]).to_kind(Kind::BFloat16));
        is("ids", &Tensor::from_slice(&[0i64, 1, 2, 3, 4]));
        is("scalar", &Tensor::from(7.25f32));
        is("parameter.weight", &Tensor::from_slice2(&[[3.0f32]]));
    }
}

#[test]
fn a_header_whose_length_looks_like_a_pickle_is_no_pickle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let tensor = values(&[2]);
    // Lengths of 640 (0x80, 2) and 19,280 ("PK") bytes are among them.
    let mut seen = Vec::new();
    for padding in (0..700).chain(19_100..19_300).step_by(8) {
        let metadata = BTreeMap::from([("padding".to_owned(), " ".repeat(padding))]);
        save_tensors(&path, [("x", &tensor)], &metadata).unwrap();
        seen.push(fs::read(&path).unwrap()[..2].to_vec());
        assert!(Weights::open(&path).unwrap().read("x").unwrap().equal(&tensor), "{padding}");
    }
    assert!(seen.contains(&vec![0x80, 2]) && seen.contains(&b"PK".to_vec()));
}

#[test]
fn a_pickle_with_code_in_it_is_refused_unrun() {
    let message = Weights::open(fixture("code.bin")).unwrap_err().to_string();
    assert!(message.contains("code.bin") && message.contains("system"), "{message}");
}

#[test]
fn a_pickle_that_is_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pytorch_model.bin");
    for file in ["zip.bin", "legacy.bin"] {
        let whole = fs::read(fixture(file)).unwrap();
        for length in (0..whole.len()).step_by(23) {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(Weights::open(folder.path()).is_err(), "{file}: {length} bytes");
        }
        fs::write(&path, whole).unwrap();
        assert!(Weights::open(folder.path()).is_ok());
    }
}

#[test]
fn a_pickle_with_a_wrong_byte_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pytorch_model.bin");
    for file in ["zip.bin", "legacy.bin"] {
        let whole = fs::read(fixture(file)).unwrap();
        for at in (0..whole.len()).step_by(11) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x5a;
            fs::write(&path, bytes).unwrap();
            if let Ok(weights) = Weights::open(folder.path()) {
                for name in weights.names() {
                    let _ = weights.read(name);
                }
            }
        }
    }
}

#[test]
fn a_refused_configuration_names_its_field() {
    let folder = folder_with(&published());
    fs::write(folder.path().join("config.json"), r#"{"hidden_size": 0}"#).unwrap();
    assert!(load(&folder).unwrap_err().to_string().contains("hidden_size"));
    fs::write(folder.path().join("config.json"), "{").unwrap();
    assert!(load(&folder).unwrap_err().to_string().contains("config.json"));
    fs::remove_file(folder.path().join("config.json")).unwrap();
    assert!(matches!(load(&folder).unwrap_err(), Error::File { .. }));
}
