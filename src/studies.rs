use std::collections::BTreeSet;
use std::path::Path;

use downstream_heads::{Cases, Evaluation, Features, encode_features};
use eval_metrics::{Attribute, Audit, AuditConfig};
use model_core::Collate;
use tch::{Device, Tensor};
use vision_encoder::{PixelCollate, VisionModel};
use xray_core::{Label, Labels, PatientId, Sample, patient_of};
use xray_dataset::{EvalTransform, Loader, LoaderConfig, Position, ShardDataset, Split};

use crate::error::{dataset, heads};
use crate::{Error, Result};

/// Studies in a batch of the frozen encoder.
const BATCH: usize = 64;

/// What a frozen encoder makes of the studies of a split, each the mean over its images, with what else the shards
/// say of them.
#[derive(Debug)]
pub struct Studies {
    /// One row a study.
    pub features: Features,
    /// The key of each study.
    pub keys: Vec<String>,
    /// The labels of each study.
    pub labels: Vec<Labels>,
    meta: Vec<serde_json::Map<String, serde_json::Value>>,
}

impl Studies {
    /// Runs `encoder` over a split, its images prepared by `transform`.
    ///
    /// # Errors
    ///
    /// If a study cannot be read or encoded, or the split has none.
    pub fn encode(
        encoder: &VisionModel,
        transform: EvalTransform,
        shards: impl AsRef<Path>,
        split: Split,
        device: Device,
    ) -> Result<Self> {
        let studies = ShardDataset::open(shards, split).map_err(dataset("opening the shards"))?;
        let loader = Loader::new(studies, transform, LoaderConfig::sequential(BATCH))
            .map_err(dataset("setting up the loader"))?;
        let collate = pixels(encoder);
        let (mut keys, mut labels, mut meta) = (Vec::new(), Vec::new(), Vec::new());
        let mut study_of = Vec::new();
        let batches = loader.batches(Position::start_of(0)).map(|samples| {
            let samples: Vec<Sample> = samples.map_err(model_core::Error::external("reading studies"))?;
            let views: Vec<_> = samples.iter().flat_map(|sample| &sample.images).collect();
            let pixels: model_core::Result<Tensor> = collate.collate(&views, device);
            for sample in samples {
                study_of.extend(sample.images.iter().map(|_| keys.len()));
                keys.push(sample.key);
                labels.push(sample.labels);
                meta.push(sample.meta);
            }
            pixels
        });
        let images = encode_features(encoder, batches).map_err(heads("encoding the studies"))?;
        let (features, _) = images.mean_by(&study_of, usize::MAX).map_err(heads("averaging views"))?;
        Ok(Self { features, keys, labels, meta })
    }

    /// The classes of a label, in the order that [`Studies::cases`] counts them: `absent` and `present` for a
    /// finding, else the names that occur, sorted.
    pub fn classes(&self, label: &str) -> Vec<String> {
        let names = self.labels.iter().filter_map(|labels| match labels.get(label)? {
            Label::Present(_) => Some(vec!["absent".to_owned(), "present".to_owned()]),
            Label::Class(name) => Some(vec![name.clone()]),
            Label::Value(_) => None,
        });
        names.flatten().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The studies that have a label, as cases of `classes`, and which they are. A study without the label, or of a
    /// class that is none of `classes`, is left out.
    ///
    /// # Errors
    ///
    /// [`Error::NoLabel`] if none is left.
    pub fn cases(&self, label: &str, classes: &[String]) -> Result<(Cases, Vec<usize>)> {
        let class = |labels: &Labels| {
            let name = match labels.get(label)? {
                Label::Present(true) => "present",
                Label::Present(false) => "absent",
                Label::Class(name) => name,
                Label::Value(_) => return None,
            };
            classes.iter().position(|class| class == name)
        };
        let found = self.labels.iter().enumerate();
        let (rows, labels): (Vec<_>, Vec<_>) =
            found.filter_map(|(row, labels)| Some((row, class(labels)?))).unzip();
        if rows.is_empty() {
            return Err(Error::NoLabel { label: label.to_owned(), studies: self.keys.len() });
        }
        let patients = rows.iter().map(|row| PatientId::new(patient_of(&self.keys[*row]))).collect();
        let cases =
            Cases::new(self.features.select(&rows), labels, patients).map_err(heads("making cases"))?;
        Ok((cases, rows))
    }

    /// The AUROC of `evaluation` by sex, age band, side and part of the body, as far as the shards know them. `cases`
    /// and `rows` are those of [`Studies::cases`] that were evaluated.
    ///
    /// # Errors
    ///
    /// If the evaluation is of other cases, or has no AUROC.
    pub fn audit(&self, evaluation: &Evaluation, cases: &Cases, rows: &[usize]) -> Result<Audit> {
        let text = |row: &usize, name: &str| self.meta[*row].get(name)?.as_str();
        let groups = [
            ("sex", rows.iter().map(|row| text(row, "sex")).collect()),
            ("age", rows.iter().map(|row| age_band(&self.meta[*row])).collect()),
            ("side", rows.iter().map(|row| text(row, "laterality")).collect()),
            ("body part", rows.iter().map(|row| text(row, "body_part")).collect::<Vec<_>>()),
        ];
        let attributes = groups.each_ref().map(|(name, groups)| Attribute { name, groups });
        evaluation.audit(cases, &attributes, &AuditConfig::default()).map_err(heads("auditing subgroups"))
    }
}

fn age_band(meta: &serde_json::Map<String, serde_json::Value>) -> Option<&'static str> {
    let years = meta.get("age_years")?.as_f64()?;
    let bands = [(18.0, "under 18"), (60.0, "18 to 59"), (f64::INFINITY, "60 and over")];
    bands.into_iter().find(|(below, _)| years < *below).map(|(_, band)| band)
}

/// What makes images into the tensors that an encoder takes.
pub(crate) fn pixels(encoder: &VisionModel) -> PixelCollate {
    PixelCollate::new(usize::try_from(encoder.config().num_channels()).unwrap_or(1))
}
