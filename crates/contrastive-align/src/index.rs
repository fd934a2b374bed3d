use std::collections::HashMap;
use std::path::Path;

use model_core::{Collate, Encoder, Mode};
use tch::{Device, Kind, Tensor, no_grad};
use xray_core::{AtomicFile, Sample};

use crate::{BiEncoder, Error, PairBatch, Result};

/// Rows that one product compares at once; both sides together then take some 70 MB.
pub(crate) const ROWS: i64 = 4096;

/// Embeddings with the names of their studies, kept in memory and in a safetensors file.
///
/// # Shapes
///
/// The file has
/// - `embeddings`: `[items, embed_dim]`, single precision, rows of length one
/// - `groups`: `[items]`, 64-bit integers, see [`report_group`](crate::report_group)
/// - `keys`: `[bytes]`, the names in UTF-8, each ended by a line feed
#[derive(Debug)]
pub struct EmbeddingIndex {
    keys: Vec<String>,
    groups: Tensor,
    embeddings: Tensor,
}

/// The images and the reports of a set, embedded by one model.
#[derive(Debug)]
pub struct PairIndex {
    /// One row an image, with its study's key and group.
    pub images: EmbeddingIndex,
    /// One row a study.
    pub texts: EmbeddingIndex,
}

/// An item of an index that is near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its row.
    pub row: usize,
    /// The cosine between the two.
    pub similarity: f64,
}

impl EmbeddingIndex {
    /// An index over rows that are at hand.
    ///
    /// # Shapes
    ///
    /// - `groups`: `[items]`
    /// - `embeddings`: `[items, embed_dim]`
    ///
    /// # Errors
    ///
    /// [`Error::Index`] if the numbers of items differ, there are none, or an embedding is not finite.
    pub fn new(keys: Vec<String>, groups: &Tensor, embeddings: &Tensor) -> Result<Self> {
        let refuse = |reason: String| Err(Error::Index { reason });
        let items = keys.len() as i64;
        if items == 0 {
            return refuse("has no items".to_owned());
        }
        if embeddings.dim() != 2 || embeddings.size()[0] != items || groups.size() != [items] {
            return refuse(format!(
                "has {items} keys, groups of shape {:?} and embeddings of shape {:?}",
                groups.size(),
                embeddings.size()
            ));
        }
        let embeddings = embeddings.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
        // A row's sum is finite if, with rows of length one, all of it is.
        let finite = embeddings.sum_dim_intlist(1, false, None).isfinite();
        if !bool::try_from(finite.all()).unwrap_or(false) {
            let row = finite.to_kind(Kind::Int64).argmin(0, false).int64_value(&[]);
            return refuse(format!(
                "has an embedding that is not finite, of the study {}",
                keys[row as usize]
            ));
        }
        let groups = groups.to_device(Device::Cpu).to_kind(Kind::Int64);
        Ok(Self { keys, groups, embeddings })
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none; never so for an index that was made.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The names of the items' studies.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// `[items]`
    pub fn groups(&self) -> &Tensor {
        &self.groups
    }

    /// `[items, embed_dim]`
    pub fn embeddings(&self) -> &Tensor {
        &self.embeddings
    }

    /// The first item of each group, in order: a list of distinct reports.
    #[must_use]
    pub fn distinct(&self) -> Self {
        let mut seen = std::collections::HashSet::new();
        let groups = integers(&self.groups);
        let rows: Vec<i64> =
            (0..).zip(&groups).filter(|(_, group)| seen.insert(**group)).map(|(row, _)| row).collect();
        let keep = Tensor::from_slice(&rows);
        Self {
            keys: rows.iter().map(|row| self.keys[*row as usize].clone()).collect(),
            groups: self.groups.index_select(0, &keep),
            embeddings: self.embeddings.index_select(0, &keep),
        }
    }

    /// One item a study: the mean of its images' vectors, brought to length one again.
    #[must_use]
    pub fn mean_by_study(&self) -> Self {
        let mut place = HashMap::new();
        let (mut keys, mut firsts, mut study) = (Vec::new(), Vec::new(), Vec::new());
        for (row, key) in (0i64..).zip(&self.keys) {
            let next = keys.len() as i64;
            let at = *place.entry(key.as_str()).or_insert(next);
            if at == next {
                keys.push(key.clone());
                firsts.push(row);
            }
            study.push(at);
        }
        let zeros = Tensor::zeros([keys.len() as i64, self.embeddings.size()[1]], (Kind::Float, Device::Cpu));
        let sums = zeros.index_add(0, &Tensor::from_slice(&study), &self.embeddings);
        let length = sums.norm_scalaropt_dim(2, [1], true).clamp_min(1e-12);
        Self {
            keys,
            groups: self.groups.index_select(0, &Tensor::from_slice(&firsts)),
            embeddings: sums / length,
        }
    }

    /// The `k` nearest items of each query, nearest first. Exact: every item is looked at, some thousands
    /// at a time.
    ///
    /// # Shapes
    ///
    /// - `queries`: `[queries, embed_dim]`, rows of length one
    ///
    /// # Errors
    ///
    /// [`Error::Index`] if the queries have another length than the items.
    pub fn nearest(&self, queries: &Tensor, k: usize) -> Result<Vec<Vec<Neighbour>>> {
        self.check_width(queries)?;
        let queries = queries.detach().to_device(Device::Cpu).to_kind(Kind::Float);
        let k = k.min(self.len());
        let mut nearest = Vec::new();
        for queries in queries.split(ROWS, 0) {
            let mut best: Option<(Tensor, Tensor)> = None;
            for (chunk, items) in (0..).zip(self.embeddings.split(ROWS, 0)) {
                let similarity = queries.matmul(&items.tr());
                let take = (k as i64).min(items.size()[0]);
                let (values, rows) = similarity.topk(take, 1, true, true);
                let found = (values, rows + chunk * ROWS);
                best = Some(match best {
                    None => found,
                    Some(best) => {
                        let values = Tensor::cat(&[best.0, found.0], 1);
                        let rows = Tensor::cat(&[best.1, found.1], 1);
                        let (values, places) = values.topk((k as i64).min(values.size()[1]), 1, true, true);
                        (values, rows.gather(1, &places, false))
                    }
                });
            }
            let Some((values, rows)) = best else { continue };
            for query in 0..queries.size()[0] {
                let list = |place: i64| Neighbour {
                    row: rows.int64_value(&[query, place]) as usize,
                    similarity: values.double_value(&[query, place]),
                };
                nearest.push((0..k as i64).map(list).collect());
            }
        }
        Ok(nearest)
    }

    pub(crate) fn check_width(&self, queries: &Tensor) -> Result<()> {
        let width = self.embeddings.size()[1];
        if queries.dim() != 2 || queries.size()[1] != width {
            let reason = format!("has {width} numbers an item; the queries have shape {:?}", queries.size());
            return Err(Error::Index { reason });
        }
        Ok(())
    }

    /// Writes the index; a file that was there stays whole until the new one is.
    ///
    /// # Errors
    ///
    /// [`Error::File`], [`Error::Weights`]: the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let writing = |source| Error::Weights { action: "writing", path: path.to_owned(), source };
        let file = AtomicFile::create(path).map_err(Error::file("writing the embedding index"))?;
        let names: Vec<u8> = self.keys.iter().flat_map(|key| key.bytes().chain([b'\n'])).collect();
        let names = Tensor::from_slice(&names);
        let tensors = [("embeddings", &self.embeddings), ("groups", &self.groups), ("keys", &names)];
        Tensor::write_safetensors(&tensors, file.temporary_path()).map_err(writing)?;
        file.commit().map_err(Error::file("writing the embedding index"))
    }

    /// Reads what [`EmbeddingIndex::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] if it is no safetensors file; [`Error::Index`] if it holds something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let tensors = Tensor::read_safetensors(path).map_err(|source| Error::Weights {
            action: "reading",
            path: path.to_owned(),
            source,
        })?;
        let find = |name: &str, kind: Kind| {
            let tensor = tensors.iter().find(|(found, tensor)| found == name && tensor.kind() == kind);
            let reason = || format!("in {path:?} lacks the tensor {name:?} of kind {kind:?}");
            tensor.map(|(_, tensor)| tensor).ok_or_else(|| Error::Index { reason: reason() })
        };
        let names = Vec::<u8>::try_from(find("keys", Kind::Uint8)?).unwrap_or_default();
        let Ok(names) = String::from_utf8(names) else {
            return Err(Error::Index { reason: format!("in {path:?} has keys that are not UTF-8") });
        };
        let keys = names.lines().map(str::to_owned).collect();
        Self::new(keys, find("groups", Kind::Int64)?, find("embeddings", Kind::Float)?)
    }
}

impl PairIndex {
    /// Embeds studies, without gradients and as for evaluation.
    ///
    /// # Errors
    ///
    /// What a sample or the model failed by.
    pub fn embed<V, T, C>(
        model: &BiEncoder<V, T>,
        collate: &C,
        samples: impl IntoIterator<Item = model_core::Result<Sample>>,
        batch_size: usize,
        device: Device,
    ) -> Result<Self>
    where
        V: Encoder,
        T: Encoder,
        C: Collate<Sample, Batch = PairBatch<V::Input, T::Input>>,
    {
        let mut whole = Gatherer::default();
        let mut waiting = Vec::with_capacity(batch_size);
        for sample in samples {
            waiting.push(sample.map_err(Error::model("reading a sample"))?);
            if waiting.len() >= batch_size {
                whole.add(model, collate, &waiting, device)?;
                waiting.clear();
            }
        }
        if !waiting.is_empty() {
            whole.add(model, collate, &waiting, device)?;
        }
        whole.finish()
    }
}

#[derive(Default)]
struct Gatherer {
    image_keys: Vec<String>,
    text_keys: Vec<String>,
    image_groups: Vec<Tensor>,
    text_groups: Vec<Tensor>,
    images: Vec<Tensor>,
    texts: Vec<Tensor>,
}

impl Gatherer {
    fn add<V, T, C>(
        &mut self,
        model: &BiEncoder<V, T>,
        collate: &C,
        samples: &[Sample],
        device: Device,
    ) -> Result<()>
    where
        V: Encoder,
        T: Encoder,
        C: Collate<Sample, Batch = PairBatch<V::Input, T::Input>>,
    {
        let samples: Vec<&Sample> = samples.iter().collect();
        let batch = collate.collate(&samples, device).map_err(Error::model("making a batch"))?;
        let pairs =
            no_grad(|| model.encode(&batch, Mode::Eval)).map_err(Error::model("embedding studies"))?;
        self.image_groups.push(batch.groups.index_select(0, &batch.study).to_device(Device::Cpu));
        let keys = integers(&batch.study).into_iter().map(|study| batch.keys[study as usize].clone());
        self.image_keys.extend(keys);
        self.text_groups.push(batch.groups.to_device(Device::Cpu));
        self.text_keys.extend(batch.keys);
        self.images.push(pairs.image.pooled.to_device(Device::Cpu));
        self.texts.push(pairs.text.pooled.to_device(Device::Cpu));
        Ok(())
    }

    fn finish(self) -> Result<PairIndex> {
        if self.images.is_empty() {
            return Err(Error::Index { reason: "has no items".to_owned() });
        }
        let cat = |parts: &[Tensor]| Tensor::cat(parts, 0);
        Ok(PairIndex {
            images: EmbeddingIndex::new(self.image_keys, &cat(&self.image_groups), &cat(&self.images))?,
            texts: EmbeddingIndex::new(self.text_keys, &cat(&self.text_groups), &cat(&self.texts))?,
        })
    }
}

/// The values of a tensor of 64-bit integers.
pub(crate) fn integers(tensor: &Tensor) -> Vec<i64> {
    tensor.iter::<i64>().map(Iterator::collect).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_the_mean_of_its_images() {
        let keys = ["b", "a", "b"].map(str::to_owned).to_vec();
        let rows = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        let index = EmbeddingIndex::new(keys, &Tensor::from_slice(&[7i64, 8, 7]), &rows).unwrap();
        let studies = index.mean_by_study();
        assert_eq!(studies.keys(), ["b", "a"]);
        assert_eq!(integers(studies.groups()), [7, 8]);
        let half = 0.5f32.sqrt();
        let means = Vec::<f32>::try_from(studies.embeddings().flatten(0, -1)).unwrap();
        for (mean, expected) in means.iter().zip([half, half, 0.0, 1.0]) {
            assert!((mean - expected).abs() < 1e-6);
        }
    }
}
