use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use zip::{CompressionMethod, ZipArchive};

use crate::weights::pickle::{StoredTensor, Value, read_pickle};
use crate::weights::source::TensorEntry;
use crate::{Error, Result};

/// Where a storage lies in the file, in bytes.
type Storages = HashMap<String, (u64, u64)>;

/// The tensors of a file that `torch.save` wrote: a zip archive, or before PyTorch 1.6 a row of pickles
/// with the storages behind. The pickles are read as data; none is executed.
pub(crate) fn read_header(path: &Path) -> Result<BTreeMap<String, TensorEntry>> {
    let io = |source| Error::file("reading", path, source);
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0; 2];
    let is_zip = file.read_exact(&mut magic).is_ok() && magic == *b"PK";
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let (state, storages) = if is_zip { read_zip(path, file)? } else { read_legacy(path, file)? };
    let Value::Dict(items) = state else {
        return Err(Error::format(path, "the pickle holds no dict of tensors"));
    };
    let shared: Arc<Path> = path.into();
    let mut tensors = BTreeMap::new();
    for (name, value) in items {
        if let (Value::Text(name), Value::Tensor(tensor)) = (name, value) {
            let entry = entry(&shared, &tensor, &storages).ok_or_else(|| {
                Error::format(path, format!("the tensor {name} lies outside of the file's data"))
            })?;
            tensors.insert(name, entry);
        }
    }
    match tensors.is_empty() {
        true => Err(Error::format(path, "the pickle holds no dict of tensors")),
        false => Ok(tensors),
    }
}

fn read_zip(path: &Path, file: File) -> Result<(Value, Storages)> {
    let damaged = |error: zip::result::ZipError| {
        Error::format(path, format!("the zip archive is damaged or cut off: {error}"))
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let mut pickle = None;
    let mut storages = Storages::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(damaged)?;
        let name = member.name().to_owned();
        if name.ends_with("/data.pkl") {
            pickle = Some(read_pickle(&mut member).map_err(|reason| refuse(path, &reason))?);
        } else if name.ends_with("/byteorder") {
            let mut order = String::new();
            member.read_to_string(&mut order).map_err(|source| Error::file("reading", path, source))?;
            if order.trim() != "little" {
                return Err(Error::format(path, "its numbers are not little-endian"));
            }
        } else if let Some((_, key)) = name.split_once("/data/") {
            if member.compression() != CompressionMethod::Stored {
                return Err(Error::format(path, format!("the storage {key} is compressed")));
            }
            storages.insert(key.to_owned(), (member.data_start(), member.size()));
        }
    }
    match pickle {
        Some(state) => Ok((state, storages)),
        None => Err(Error::format(path, "the zip archive has no data.pkl")),
    }
}

fn read_legacy(path: &Path, file: File) -> Result<(Value, Storages)> {
    let io = |source| Error::file("reading", path, source);
    let file_length = file.metadata().map_err(io)?.len();
    let mut input = BufReader::new(file);
    let mut next = || read_pickle(&mut input).map_err(|reason| refuse(path, &reason));
    // A magic number, a version, and facts of the machine come before the state.
    let magic = next()?;
    if matches!(magic, Value::Dict(_)) {
        return Err(Error::format(path, "the pickle holds no dict of tensors"));
    }
    next()?;
    next()?;
    let state = next()?;
    let Value::List(keys) = next()? else {
        return Err(Error::format(path, "the file does not list its storages"));
    };
    let sizes = element_sizes(&state);
    let mut storages = Storages::new();
    let mut at = input.stream_position().map_err(io)?;
    for key in keys {
        let Value::Text(key) = key else { continue };
        let mut count = [0; 8];
        input.seek(SeekFrom::Start(at)).and_then(|_| input.read_exact(&mut count)).map_err(io)?;
        let size = sizes.get(&key).copied().unwrap_or(1);
        let end = u64::from_le_bytes(count)
            .checked_mul(size)
            .and_then(|length| length.checked_add(at + 8))
            .filter(|end| *end <= file_length)
            .ok_or_else(|| Error::format(path, "the file is cut off in its storages"))?;
        storages.insert(key, (at + 8, end - at - 8));
        at = end;
    }
    Ok((state, storages))
}

/// How many bytes an element of each storage has.
fn element_sizes(state: &Value) -> HashMap<String, u64> {
    let Value::Dict(items) = state else { return HashMap::new() };
    let tensors = items.iter().filter_map(|(_, value)| match value {
        Value::Tensor(tensor) => Some(&tensor.storage),
        _ => None,
    });
    tensors.map(|storage| (storage.key.clone(), storage.kind.elt_size_in_bytes() as u64)).collect()
}

/// The tensor's place, if all of it lies in its storage.
fn entry(file: &Arc<Path>, tensor: &StoredTensor, storages: &Storages) -> Option<TensorEntry> {
    let (start, length) = *storages.get(&tensor.storage.key)?;
    let size = tensor.storage.kind.elt_size_in_bytes() as i64;
    if tensor.shape.len() != tensor.strides.len() {
        return None;
    }
    tensor.shape.iter().try_fold(1i64, |count, size| count.checked_mul(*size))?;
    let is_empty = tensor.shape.contains(&0);
    let mut span = i64::from(!is_empty);
    for (size, stride) in tensor.shape.iter().zip(&tensor.strides).filter(|_| !is_empty) {
        span = (size - 1).checked_mul(*stride)?.checked_add(span)?;
    }
    let end = tensor.offset.checked_add(span)?;
    let end_of_storage = i64::try_from(length).ok()? / size;
    if tensor.offset < 0 || end > end_of_storage || tensor.storage.elements > end_of_storage {
        return None;
    }
    Some(TensorEntry {
        file: file.clone(),
        kind: tensor.storage.kind,
        shape: tensor.shape.clone(),
        strides: Some(tensor.strides.clone()),
        offset: start + u64::try_from(tensor.offset * size).ok()?,
    })
}

fn refuse(path: &Path, reason: &str) -> Error {
    Error::format(path, format!("its pickle is refused: {reason}"))
}
