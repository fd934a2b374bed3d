use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tch::{Kind, Tensor};

use crate::weights::{safetensors_file, torch_file};
use crate::{Error, Result};

/// The tensors of a checkpoint: names, shapes and where their bytes lie. Values are read one tensor at
/// a time, when they are asked for.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    tensors: BTreeMap<String, TensorEntry>,
    metadata: BTreeMap<String, String>,
}

/// Where the bytes of a tensor lie.
#[derive(Debug, Clone)]
pub(crate) struct TensorEntry {
    pub(crate) file: Arc<Path>,
    pub(crate) kind: Kind,
    pub(crate) shape: Vec<i64>,
    /// How far apart the elements lie along each dimension; none = densely, the last dimension first.
    pub(crate) strides: Option<Vec<i64>>,
    pub(crate) offset: u64,
}

/// `model.safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Opens a file of tensors, or the weights of a Hugging Face folder: the first of `model.safetensors`,
    /// `model.safetensors.index.json` with its shards, `pytorch_model.bin` and its index that is there.
    ///
    /// A pickle is read as data and never executed; one that names anything but tensors is refused.
    ///
    /// # Errors
    ///
    /// If a file is missing, shorter than its header says, or none of these; the file is named.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if !path.is_dir() {
            return Self::open_files(path, [path.to_owned()]);
        }
        for name in ["model.safetensors", "pytorch_model.bin"] {
            let whole = path.join(name);
            if whole.is_file() {
                return Self::open_files(&whole, [whole.clone()]);
            }
            let index = path.join(format!("{name}.index.json"));
            if index.is_file() {
                return Self::open_index(&index);
            }
        }
        Err(Error::format(path, "the folder has neither model.safetensors nor pytorch_model.bin"))
    }

    fn open_index(path: &Path) -> Result<Self> {
        let text = fs::read(path).map_err(|source| Error::file("reading", path, source))?;
        let index: Index =
            serde_json::from_slice(&text).map_err(|error| Error::format(path, error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut shards: Vec<&String> = index.weight_map.values().collect();
        shards.sort();
        shards.dedup();
        for shard in &shards {
            let is_plain = Path::new(shard).components().count() == 1 && !shard.contains("..");
            if !is_plain || !folder.join(shard).is_file() {
                return Err(Error::format(path, format!("the shard {shard:?} that it lists is not there")));
            }
        }
        let weights = Self::open_files(path, shards.iter().map(|shard| folder.join(shard)))?;
        match index.weight_map.keys().find(|name| !weights.tensors.contains_key(*name)) {
            None => Ok(weights),
            Some(name) => Err(Error::format(path, format!("no shard holds {name}, which it lists"))),
        }
    }

    fn open_files(path: &Path, files: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let mut weights = Self { path: path.to_owned(), tensors: BTreeMap::new(), metadata: BTreeMap::new() };
        for file in files {
            if is_pickled(&file)? {
                weights.tensors.extend(torch_file::read_header(&file)?);
                continue;
            }
            let (tensors, metadata) = safetensors_file::read_header(&file)?;
            weights.tensors.extend(tensors);
            weights.metadata.extend(metadata);
        }
        Ok(weights)
    }

    /// The file or folder that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor.
    pub fn shape(&self, name: &str) -> Option<&[i64]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    /// The number type of a tensor.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.tensors.get(name).map(|entry| entry.kind)
    }

    /// What a safetensors file says of itself.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// A tensor with the file's number type, on the CPU.
    ///
    /// # Errors
    ///
    /// If there is none of that name or its bytes cannot be read.
    pub fn read(&self, name: &str) -> Result<Tensor> {
        let entry = self
            .tensors
            .get(name)
            .ok_or_else(|| Error::format(&self.path, format!("there is no tensor {name}")))?;
        let elements: i64 = match &entry.strides {
            None => entry.shape.iter().product(),
            Some(_) if entry.shape.contains(&0) => 0,
            Some(strides) => {
                1 + entry.shape.iter().zip(strides).map(|(size, step)| (size - 1) * step).sum::<i64>()
            }
        };
        let mut bytes = vec![0; usize::try_from(elements).unwrap_or(0) * entry.kind.elt_size_in_bytes()];
        let mut read = || {
            let mut file = File::open(&entry.file)?;
            file.seek(SeekFrom::Start(entry.offset))?;
            file.read_exact(&mut bytes)
        };
        read().map_err(|source| Error::file("reading", &entry.file, source))?;
        let tensor = match &entry.strides {
            None => Tensor::f_from_data_size(&bytes, &entry.shape, entry.kind),
            Some(strides) => Tensor::f_from_data_size(&bytes, &[elements], entry.kind)
                .and_then(|flat| flat.f_as_strided(&entry.shape, strides, None))
                .and_then(|view| view.f_contiguous()),
        };
        tensor.map_err(Error::torch("making a tensor"))
    }
}

/// Whether a file begins as `torch.save` writes it: a zip archive, or a pickle of protocol 2 and more. The
/// length at the start of a safetensors file may look like either, so that its brace is asked first.
fn is_pickled(path: &Path) -> Result<bool> {
    let io = |source| Error::file("reading", path, source);
    let mut start = Vec::new();
    File::open(path).map_err(io)?.take(9).read_to_end(&mut start).map_err(io)?;
    let is_safetensors = start.len() == 9 && start[4..8] == [0; 4] && start[8] == b'{';
    Ok(!is_safetensors && (start.starts_with(b"PK") || matches!(start[..], [0x80, 2..=5, ..])))
}
