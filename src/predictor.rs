use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use downstream_heads::{CalibratedProbe, Evaluation, Features, LinearProbe, encode_features};
use eval_metrics::{Audit, Bootstrap, Interval};
use model_core::{Collate, load_pretrained, save_pretrained};
use serde::{Deserialize, Serialize};
use tch::{Device, nn};
use vision_encoder::VisionModel;
use xray_core::{AtomicFile, ImageTensor, ImageTransform};
use xray_dataset::{EvalTransform, ShardDataset, Split};

use crate::error::{dataset, heads, model};
use crate::preparation::save_preparation;
use crate::studies::{Frozen, pixels};
use crate::{Error, Result};

const CARD: &str = "predictor.json";
const ENCODER: &str = "encoder";

/// A frozen image encoder and a calibrated linear probe as one folder, ready to serve.
///
/// Any thread may ask it; each copy of the encoder answers one at a time.
///
/// ```no_run
/// use osteon::Predictor;
/// use tch::Device;
/// use xray_core::ImageDecoder;
///
/// let predictor = Predictor::load("fracture-predictor", Device::Cpu, 1)?;
/// let image = xray_dataset::ImageFileDecoder::default().decode("wrist.dcm".as_ref())?;
/// println!("{:?}", predictor.predict_study(&[image])?.probabilities);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Predictor {
    card: PredictorCard,
    weights: nn::VarStore,
    copies: Vec<Mutex<VisionModel>>,
    next: AtomicUsize,
    device: Device,
}

/// What a [`Predictor`] predicts, how, and what it was worth where it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictorCard {
    /// The label that is predicted.
    pub label: String,
    /// The classes, in the order of the probe's outputs.
    pub classes: Vec<String>,
    /// How an image is prepared.
    pub transform: EvalTransform,
    /// Studies that the probe was fitted on, set right on, and measured on.
    pub studies: [usize; 3],
    /// Metrics on the test split, with intervals over patients.
    pub metrics: BTreeMap<String, Interval>,
    /// AUROC in the subgroups of the test split.
    pub audit: Audit,
    probe: CalibratedProbe,
}

/// What is said of an image or a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The most probable class.
    pub class: String,
    /// The calibrated probability of each class.
    pub probabilities: BTreeMap<String, f64>,
}

impl Predictor {
    /// Fits a probe of `label` on the training split of `shards`, sets its probabilities right on the validation
    /// split and measures it on the test split. `encoder` is a Hugging Face folder; its projection is not used.
    ///
    /// # Errors
    ///
    /// If encoder or shards cannot be read, a split lacks the label, or the probe cannot be fitted.
    pub fn fit(
        encoder: impl AsRef<Path>,
        transform: EvalTransform,
        shards: impl AsRef<Path>,
        label: &str,
        device: Device,
    ) -> Result<(Self, Evaluation)> {
        let (weights, encoder) = load(encoder.as_ref(), device)?;
        let frozen = Frozen::new(&encoder, transform, device);
        let encode = |split| {
            let studies =
                ShardDataset::open(shards.as_ref(), split).map_err(dataset("opening the shards"))?;
            frozen.encode(studies)
        };
        let [train, validation, test] = [encode(Split::Train)?, encode(Split::Val)?, encode(Split::Test)?];
        let classes = train.classes(label);
        let [(train, _), (validation, _), (test_cases, rows)] =
            [train.cases(label, &classes)?, validation.cases(label, &classes)?, test.cases(label, &classes)?];
        let probe = LinearProbe { classes: classes.len(), ..LinearProbe::default() };
        let probe = probe.fit(&train).map_err(heads("fitting the probe"))?;
        let probe = CalibratedProbe::new(probe, &validation).map_err(heads("calibrating the probe"))?;
        let measure = heads("measuring the probe");
        let probabilities = probe.probabilities(test_cases.features()).map_err(&measure)?;
        let evaluation = Evaluation::new(&test_cases, probabilities, classes.len(), &Bootstrap::default());
        let evaluation = evaluation.map_err(&measure)?;
        let audit = test.audit(&evaluation, &test_cases, &rows)?;
        let studies = [&train, &validation, &test_cases].map(|cases| cases.labels().len());
        let card = PredictorCard {
            label: label.to_owned(),
            classes,
            transform,
            studies,
            metrics: evaluation.metrics.clone(),
            audit,
            probe,
        };
        Ok((Self::new(card, weights, vec![encoder], device), evaluation))
    }

    /// The predictor of a folder that [`Predictor::save`] wrote, with so many copies of its encoder (at least one):
    /// as many studies are then answered at once.
    ///
    /// # Errors
    ///
    /// If the folder lacks a file or holds what does not fit together.
    pub fn load(folder: impl AsRef<Path>, device: Device, copies: usize) -> Result<Self> {
        let path = folder.as_ref().join(CARD);
        let read = |reason: String| Error::Predictor { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| read(error.to_string()))?;
        let card: PredictorCard = serde_json::from_str(&text).map_err(|error| read(error.to_string()))?;
        if card.classes.len() != card.probe.classes() {
            let (names, classes) = (card.classes.len(), card.probe.classes());
            return Err(read(format!("{names} names for {classes} classes")));
        }
        let folder = folder.as_ref().join(ENCODER);
        let (weights, first) = load(&folder, device)?;
        let mut encoders = vec![first];
        while encoders.len() < copies {
            encoders.push(load(&folder, device)?.1);
        }
        Ok(Self::new(card, weights, encoders, device))
    }

    /// Writes the encoder and the probe into `folder`, the card last.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        let path = folder.as_ref().join(CARD);
        let failed = |reason: String| Error::Predictor { path: path.clone(), reason };
        let config = self.encoder().config().clone();
        let encoder = folder.as_ref().join(ENCODER);
        save_pretrained(&encoder, &self.weights, &config).map_err(model("writing the encoder"))?;
        save_preparation(&self.card.transform, &config, &encoder)?;
        let card = serde_json::to_vec_pretty(&self.card).map_err(|error| failed(error.to_string()))?;
        AtomicFile::write(&path, &card).map_err(|error| failed(error.to_string()))
    }

    /// What is predicted, and what that was worth.
    pub fn card(&self) -> &PredictorCard {
        &self.card
    }

    /// What is said of a study: of the mean of its images, as the probe was fitted.
    ///
    /// # Errors
    ///
    /// If there is no image, or one cannot be encoded.
    pub fn predict_study(&self, images: &[ImageTensor]) -> Result<Prediction> {
        let features = self.features(images)?;
        let (study, _) = features
            .mean_by(&vec![0; images.len()], usize::MAX)
            .map_err(heads("averaging the images of a study"))?;
        self.say(&study)?.pop().ok_or(Error::NoImage)
    }

    /// What is said of each image alone.
    ///
    /// # Errors
    ///
    /// As [`Predictor::predict_study`].
    pub fn predict(&self, images: &[ImageTensor]) -> Result<Vec<Prediction>> {
        self.say(&self.features(images)?)
    }

    fn new(card: PredictorCard, weights: nn::VarStore, encoders: Vec<VisionModel>, device: Device) -> Self {
        let copies = encoders.into_iter().map(Mutex::new).collect();
        Self { card, weights, copies, next: AtomicUsize::new(0), device }
    }

    /// A copy that is free, or the next in turn.
    fn encoder(&self) -> MutexGuard<'_, VisionModel> {
        let free = self.copies.iter().find_map(|copy| copy.try_lock().ok());
        free.unwrap_or_else(|| {
            let next = self.next.fetch_add(1, Ordering::Relaxed) % self.copies.len();
            // A thread that panicked cannot have changed an encoder.
            self.copies[next].lock().unwrap_or_else(PoisonError::into_inner)
        })
    }

    fn features(&self, images: &[ImageTensor]) -> Result<Features> {
        if images.is_empty() {
            return Err(Error::NoImage);
        }
        let prepared: Vec<_> =
            images.iter().map(|image| self.card.transform.apply(image.clone(), 0)).collect();
        let encoder = self.encoder();
        let batch = pixels(&encoder).collate(&prepared.iter().collect::<Vec<_>>(), self.device);
        encode_features(&*encoder, [batch]).map_err(heads("encoding the images"))
    }

    fn say(&self, features: &Features) -> Result<Vec<Prediction>> {
        let classes = &self.card.classes;
        let probabilities = self.card.probe.probabilities(features).map_err(heads("applying the probe"))?;
        let rows = probabilities.chunks_exact(classes.len());
        let say = |row: &[f64]| {
            let best = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
            let probabilities = classes.iter().cloned().zip(row.iter().copied()).collect();
            Prediction { class: classes[best].clone(), probabilities }
        };
        Ok(rows.map(say).collect())
    }
}

/// The encoder of a folder, without its projection.
fn load(folder: &Path, device: Device) -> Result<(nn::VarStore, VisionModel)> {
    // A published encoder has no projection, and none is used.
    let (weights, encoder, _) =
        load_pretrained::<VisionModel>(folder, device).map_err(model("reading the encoder"))?;
    Ok((weights, encoder.without_projection()))
}
