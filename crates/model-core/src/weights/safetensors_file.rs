use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use safetensors::tensor::{Metadata, View};
use safetensors::{Dtype, SafeTensorError};
use tch::{Kind, Tensor};
use xray_core::AtomicFile;

use crate::weights::source::TensorEntry;
use crate::{Error, Result};

/// Writes tensors as a safetensors file, which appears whole or not at all.
///
/// `metadata` goes into the file's header; transformers wants `format` to be `pt` there.
///
/// # Errors
///
/// If a tensor has a number type that the format lacks or the file cannot be written.
pub fn save_tensors<'a>(
    path: impl AsRef<Path>,
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let path = path.as_ref();
    let views = tensors
        .into_iter()
        .map(|(name, tensor)| Ok((name, TensorView::new(path, name, tensor)?)))
        .collect::<Result<Vec<_>>>()?;
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let file = AtomicFile::create(path).map_err(Error::external("writing weights"))?;
    safetensors::serialize_to_file(views, Some(metadata), file.temporary_path()).map_err(
        |error| match error {
            SafeTensorError::IoError(source) => Error::file("writing", path, source),
            other => Error::format(path, other.to_string()),
        },
    )?;
    file.commit().map_err(Error::external("writing weights"))
}

/// The entries and the metadata of a safetensors file, checked against the file's length.
pub(crate) fn read_header(path: &Path) -> Result<(BTreeMap<String, TensorEntry>, BTreeMap<String, String>)> {
    let io = |source| Error::file("reading", path, source);
    let mut file = File::open(path).map_err(io)?;
    let file_length = file.metadata().map_err(io)?.len();
    let mut prefix = [0; 8];
    let header_length = match file.read_exact(&mut prefix) {
        Ok(()) => u64::from_le_bytes(prefix),
        Err(_) => 0,
    };
    let data_start = header_length.saturating_add(8);
    if header_length == 0 || data_start > file_length {
        return Err(Error::format(path, "not a safetensors file, or cut off in its header"));
    }
    let mut header = Vec::new();
    file.take(header_length).read_to_end(&mut header).map_err(io)?;
    let header: Metadata = serde_json::from_slice(&header)
        .map_err(|error| Error::format(path, format!("the safetensors header is damaged: {error}")))?;
    let needed = data_start + header.data_len() as u64;
    if needed != file_length {
        let reason = format!("the file has {file_length} bytes, its header describes {needed}");
        return Err(Error::format(path, reason));
    }
    let shared: Arc<Path> = path.into();
    let mut tensors = BTreeMap::new();
    for (name, info) in header.tensors() {
        let kind = kind_of(info.dtype).ok_or_else(|| {
            Error::format(path, format!("{name} has the number type {:?}, which torch lacks", info.dtype))
        })?;
        let entry = TensorEntry {
            file: shared.clone(),
            kind,
            shape: info.shape.iter().map(|size| *size as i64).collect(),
            strides: None,
            offset: data_start + info.data_offsets.0 as u64,
        };
        tensors.insert(name, entry);
    }
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    Ok((tensors, metadata))
}

/// A tensor as the format's writer wants it: bytes are made only when their turn comes.
struct TensorView<'a> {
    tensor: &'a Tensor,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl<'a> TensorView<'a> {
    fn new(path: &Path, name: &str, tensor: &'a Tensor) -> Result<Self> {
        let kind = tensor.kind();
        let dtype = PAIRS.iter().find(|pair| pair.1 == kind).map(|pair| pair.0).ok_or_else(|| {
            Error::format(path, format!("{name} has the number type {kind:?}, which safetensors lacks"))
        })?;
        let shape = tensor.size().iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect();
        Ok(Self { tensor, dtype, shape })
    }
}

impl View for TensorView<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = vec![0; self.data_len()];
        self.tensor
            .detach()
            .to_device(tch::Device::Cpu)
            .contiguous()
            .copy_data_u8(&mut bytes, self.tensor.numel());
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.tensor.numel() * self.tensor.kind().elt_size_in_bytes()
    }
}

const PAIRS: [(Dtype, Kind); 9] = [
    (Dtype::F32, Kind::Float),
    (Dtype::F16, Kind::Half),
    (Dtype::BF16, Kind::BFloat16),
    (Dtype::F64, Kind::Double),
    (Dtype::I64, Kind::Int64),
    (Dtype::I32, Kind::Int),
    (Dtype::I8, Kind::Int8),
    (Dtype::U8, Kind::Uint8),
    (Dtype::BOOL, Kind::Bool),
];

fn kind_of(dtype: Dtype) -> Option<Kind> {
    PAIRS.iter().find(|pair| pair.0 == dtype).map(|pair| pair.1)
}
