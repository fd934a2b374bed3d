use std::collections::BTreeSet;

use downstream_heads::{Cases, Evaluation, FeatureCache, FeatureKey, Features, encode_features};
use eval_metrics::{Attribute, Audit, AuditConfig};
use model_core::Collate;
use tch::{Device, Tensor};
use vision_encoder::{PixelCollate, VisionModel};
use xray_core::{ImageTransform, Label, Labels, PatientId, patient_of};
use xray_dataset::{Loader, LoaderConfig, Position};

use crate::error::heads;
use crate::labelled_set::{LabelledSet, Part};
use crate::{Error, Result};

/// Studies in a batch of the frozen encoder.
const BATCH: usize = 64;

/// What a frozen encoder makes of the studies of a split, each the mean over its images, with what else the set
/// says of them.
#[derive(Debug)]
pub struct Studies {
    /// One row a study.
    pub features: Features,
    /// One row an image, study after study.
    pub images: Features,
    /// The study that an image is of.
    pub study_of: Vec<usize>,
    /// The name of what is in the file of an image: equal files have equal names.
    pub contents: Vec<[u8; 32]>,
    /// The key of each study.
    pub keys: Vec<String>,
    /// The labels of each study.
    pub labels: Vec<Labels>,
    meta: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// A frozen encoder with the transform of its images.
#[derive(Debug)]
pub struct Frozen<'a, T> {
    /// The encoder.
    pub encoder: &'a VisionModel,
    /// How an image is prepared.
    pub transform: T,
    /// Where it runs.
    pub device: Device,
    /// Where what it makes of an image is kept, by the key of its weights and its transform. Without it every image
    /// is encoded.
    pub cache: Option<(&'a FeatureCache, FeatureKey)>,
}

impl<'a, T: ImageTransform + Clone + 'static> Frozen<'a, T> {
    /// An encoder whose features are not kept.
    pub fn new(encoder: &'a VisionModel, transform: T, device: Device) -> Self {
        Self { encoder, transform, device, cache: None }
    }

    /// Runs the encoder over all studies of a set.
    ///
    /// # Errors
    ///
    /// If a study cannot be read or encoded, or there is none.
    pub fn encode<D: LabelledSet>(&self, set: D) -> Result<Studies> {
        let (mut keys, mut labels, mut meta) = (Vec::new(), Vec::new(), Vec::new());
        let (mut study_of, mut contents) = (Vec::new(), Vec::new());
        for index in 0..set.len() {
            let study = set.study(index)?;
            study_of.extend(std::iter::repeat_n(index, study.contents.len()));
            contents.extend(study.contents);
            keys.push(study.key);
            labels.push(study.labels);
            meta.push(study.meta);
        }
        let encode = |missing: &[usize]| self.encode_images(set, &study_of, missing);
        let images = match &self.cache {
            Some((cache, key)) => cache.get_or_encode(key, &contents, encode),
            None => encode(&(0..contents.len()).collect::<Vec<_>>()),
        };
        let images = images.map_err(heads("encoding the studies"))?;
        let (features, _) = images.mean_by(&study_of, usize::MAX).map_err(heads("averaging views"))?;
        Ok(Studies { features, images, study_of, contents, keys, labels, meta })
    }

    /// The images at the places `missing`, of the studies that have them.
    fn encode_images<D: LabelledSet>(
        &self,
        set: D,
        study_of: &[usize],
        missing: &[usize],
    ) -> downstream_heads::Result<Features> {
        let failed = |source| downstream_heads::Error::Model { action: "reading the studies", source };
        let chosen: BTreeSet<usize> = missing.iter().map(|image| study_of[*image]).collect();
        let all: Vec<usize> =
            (0..study_of.len()).filter(|image| chosen.contains(&study_of[*image])).collect();
        let part = Part::new(set, chosen.into_iter().collect());
        let loader = Loader::new(part, self.transform.clone(), LoaderConfig::sequential(BATCH))
            .map_err(model_core::Error::external("setting up the loader"))
            .map_err(failed)?;
        let collate = pixels(self.encoder);
        let batches = loader.batches(Position::start_of(0)).map(|samples| {
            let samples = samples.map_err(model_core::Error::external("reading studies"))?;
            let views: Vec<_> = samples.iter().flat_map(|sample| &sample.images).collect();
            let pixels: model_core::Result<Tensor> = collate.collate(&views, self.device);
            pixels
        });
        let features = encode_features(self.encoder, batches)?;
        let rows: Vec<usize> = missing.iter().filter_map(|image| all.binary_search(image).ok()).collect();
        Ok(features.select(&rows))
    }
}

impl Studies {
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

    /// The AUROC of `evaluation` by sex, age band, side, device and part of the body, as far as the set knows them.
    /// `cases` and `rows` are those of [`Studies::cases`] that were evaluated.
    ///
    /// # Errors
    ///
    /// If the evaluation is of other cases, or has no AUROC.
    pub fn audit(&self, evaluation: &Evaluation, cases: &Cases, rows: &[usize]) -> Result<Audit> {
        let groups = self.groups(rows);
        let attributes: Vec<_> =
            groups.iter().map(|(name, groups)| Attribute { name, groups: groups.as_slice() }).collect();
        evaluation.audit(cases, &attributes, &AuditConfig::default()).map_err(heads("auditing subgroups"))
    }

    /// The sex, age band, side, device and part of the body of some studies, nothing where the set does not say.
    ///
    /// # Panics
    ///
    /// If one of `rows` is no study.
    pub fn groups(&self, rows: &[usize]) -> Vec<(&'static str, Vec<Option<&str>>)> {
        let text = |row: &usize, name: &str| match self.labels[*row].get(name) {
            Some(Label::Class(class)) => Some(class.as_str()),
            _ => self.meta[*row].get(name)?.as_str(),
        };
        let sex = |row: &usize| match self.labels[*row].get("male").and_then(Label::present) {
            Some(male) => Some(if male { "M" } else { "F" }),
            None => text(row, "sex"),
        };
        vec![
            ("sex", rows.iter().map(sex).collect()),
            ("age", rows.iter().map(|row| age_band(&self.meta[*row])).collect()),
            ("side", rows.iter().map(|row| text(row, "laterality")).collect()),
            ("device", rows.iter().map(|row| text(row, "device")).collect()),
            ("body part", rows.iter().map(|row| text(row, "body_part")).collect()),
        ]
    }

    /// The studies that have an image of which `other` has the very same file: of the test split and the training split,
    /// those whose answer was in the training data.
    pub fn shared_with(&self, other: &Self) -> Vec<&str> {
        let theirs: BTreeSet<_> = other.contents.iter().collect();
        let images = self.contents.iter().zip(&self.study_of);
        let shared: BTreeSet<usize> =
            images.filter(|(content, _)| theirs.contains(content)).map(|(_, study)| *study).collect();
        shared.into_iter().map(|study| self.keys[study].as_str()).collect()
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
