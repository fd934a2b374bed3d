use std::fs;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use xray_core::{ImageTensor, Labels, Sample};

use crate::{Error, ImageFileDecoder, Result};

/// Reads one shard from its beginning to its end: an iterator of samples that are not decoded yet.
///
/// Shards of Python's `webdataset` are read as well: members of one sample follow each other and share
/// the name before the first dot; `txt` is the report, `json` the rest, `jpg`, `jpeg`, `png`, `tif` and
/// `tiff` are images in the order of the file. Other members are passed over.
#[derive(Debug)]
pub struct ShardReader {
    path: PathBuf,
    file: BufReader<fs::File>,
    samples: std::vec::IntoIter<SampleEntry>,
}

impl ShardReader {
    /// Opens a shard and lists its members.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; [`Error::Shard`] if it is damaged or cut off.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let samples = list_samples(&path)?.into_iter();
        let file = fs::File::open(&path).map_err(|source| Error::file("reading", &path, source))?;
        Ok(Self { path, file: BufReader::with_capacity(1 << 18, file), samples })
    }
}

impl Iterator for ShardReader {
    type Item = Result<EncodedSample>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.samples.next()?;
        Some(entry.read(&self.path, &mut self.file, None))
    }
}

/// A sample as a shard holds it.
#[derive(Clone, PartialEq)]
pub struct EncodedSample {
    /// The name of the sample.
    pub key: String,
    /// The encoded images.
    pub images: Vec<Vec<u8>>,
    /// The report; empty if there is none.
    pub report: String,
    /// What is known beside the report.
    pub labels: Labels,
    /// The rest of the JSON member.
    pub meta: Map<String, Value>,
}

impl std::fmt::Debug for EncodedSample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncodedSample")
            .field("key", &self.key)
            .field("images", &self.images.len())
            .field("report_bytes", &self.report.len())
            .finish_non_exhaustive()
    }
}

impl EncodedSample {
    /// The sample with its images decoded.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] with `shard` as the file.
    pub fn decode(self, decoder: &ImageFileDecoder, shard: impl AsRef<Path>) -> Result<Sample> {
        let decode =
            |bytes: Vec<u8>| decoder.decode_bytes(&bytes).map_err(|reason| Error::image(&shard, reason));
        let facts = self.meta.get("images").and_then(Value::as_array);
        let spaced = |(number, image): (usize, ImageTensor)| {
            let spacing = facts.and_then(|facts| spacing_of(facts.get(number)?, &image));
            image.with_spacing_mm(spacing)
        };
        let images = self.images.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
        let images = images.into_iter().enumerate().map(spaced).collect();
        Ok(Sample { key: self.key, images, report: self.report, labels: self.labels, meta: self.meta })
    }
}

/// The spacing that was stored, made larger by as much as `image` was decoded smaller.
fn spacing_of(fact: &Value, image: &ImageTensor) -> Option<[f32; 2]> {
    let [vertical, horizontal]: [f32; 2] = serde_json::from_value(fact.get("spacing_mm")?.clone()).ok()?;
    let scale = |side: &str, decoded: usize| match fact.get(side).and_then(Value::as_f64) {
        Some(stored) => stored as f32 / decoded as f32,
        None => 1.0,
    };
    Some([vertical * scale("height", image.height()), horizontal * scale("width", image.width())])
}

/// Where the members of one sample lie in their shard.
#[derive(Debug, Clone)]
pub(super) struct SampleEntry {
    pub(super) key: String,
    pub(super) images: Vec<Extent>,
    report: Option<Extent>,
    json: Option<Extent>,
}

/// Where one member lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    start: u64,
    length: u64,
}

impl SampleEntry {
    /// Reads the sample, with only the images of `views` if they are given.
    pub(super) fn read(
        &self,
        path: &Path,
        file: &mut (impl Read + Seek),
        views: Option<&[usize]>,
    ) -> Result<EncodedSample> {
        let mut bytes =
            |extent: &Extent| extent.read(file).map_err(|source| Error::file("reading", path, source));
        let chosen: Vec<&Extent> = match views {
            Some(views) => views.iter().filter_map(|view| self.images.get(*view)).collect(),
            None => self.images.iter().collect(),
        };
        let report = self.report.as_ref().map(&mut bytes).transpose()?.unwrap_or_default();
        let report = String::from_utf8(report)
            .map_err(|_| Error::shard(path, format!("the text of {} is not UTF-8", self.key)))?;
        let images = chosen.into_iter().map(&mut bytes).collect::<Result<_>>()?;
        let mut meta: Map<String, Value> = match &self.json {
            Some(extent) => serde_json::from_slice(&bytes(extent)?)
                .map_err(|_| Error::shard(path, format!("the JSON of {} is damaged", self.key)))?,
            None => Map::new(),
        };
        let labels = meta.remove("labels").map(serde_json::from_value::<Labels>).transpose();
        let labels =
            labels.map_err(|_| Error::shard(path, format!("the labels of {} are damaged", self.key)))?;
        if let (Some(views), Some(Value::Array(facts))) = (views, meta.get_mut("images")) {
            *facts = views.iter().filter_map(|view| facts.get(*view).cloned()).collect();
        }
        Ok(EncodedSample { key: self.key.clone(), images, report, labels: labels.unwrap_or_default(), meta })
    }
}

impl Extent {
    fn read(&self, file: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
        file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = Vec::new();
        // The length was compared with the file's, so that a damaged header cannot ask for all memory.
        file.by_ref().take(self.length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == self.length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// The samples of a shard, without reading more of it than the headers of its members.
pub(super) fn list_samples(path: &Path) -> Result<Vec<SampleEntry>> {
    let read = |source| Error::file("reading", path, source);
    let file = fs::File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let mut archive = tar::Archive::new(file);
    let damaged = |error: io::Error| Error::shard(path, format!("not a whole tar file: {error}"));
    let mut samples: Vec<SampleEntry> = Vec::new();
    for member in archive.entries_with_seek().map_err(damaged)? {
        let member = member.map_err(damaged)?;
        if !member.header().entry_type().is_file() {
            continue;
        }
        let extent = Extent { start: member.raw_file_position(), length: member.size() };
        if extent.start.checked_add(extent.length).is_none_or(|end| end > size) {
            return Err(Error::shard(path, "the file is cut off"));
        }
        let name = member.path().map_err(damaged)?;
        let Some((key, extension)) = split_name(&name) else { continue };
        if samples.last().is_none_or(|sample| sample.key != key) {
            samples.push(SampleEntry { key, images: Vec::new(), report: None, json: None });
        }
        let Some(sample) = samples.last_mut() else { continue };
        match extension.as_str() {
            "txt" => sample.report = Some(extent),
            "json" => sample.json = Some(extent),
            "jpg" | "jpeg" | "png" | "tif" | "tiff" => sample.images.push(extent),
            _ => {}
        }
    }
    Ok(samples)
}

/// `folder/key.0.png` is of the sample `folder/key` and is a `png`.
fn split_name(name: &Path) -> Option<(String, String)> {
    let file = name.file_name()?.to_str()?;
    let (stem, rest) = file.split_once('.').filter(|(stem, _)| !stem.is_empty())?;
    let extension = rest.rsplit('.').next()?.to_ascii_lowercase();
    let key = name.with_file_name(stem).to_str()?.to_owned();
    Some((key, extension))
}
