use anyhow::{Context, ensure};
use osteon::Aligned;
use osteon::downstream_heads::{BoxConfig, BoxHead, FineTuneConfig, Head};
use osteon::eval_metrics::{Bootstrap, BoxPrecision, Clusters, ImageBox, Interval};
use osteon::model_core::Collate;
use osteon::model_core::{Encoder, Mode};
use osteon::vision_encoder::PixelCollate;
use osteon::xray_core::{Dataset, ImageTransform};
use osteon::xray_dataset::Split;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use crate::config::EncoderEntry;
use crate::encoder::LoadedEncoder;
use crate::learn::{Examples, Identity, encoded, fit};
use crate::places::Places;
use crate::tasks::TaskEntry;

/// How boxes are learnt, of sets that have some.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoxTask {
    /// One a class of the set, in its order: a second head calls boxes by the likeness to these, for an encoder whose run
    /// has a text encoder.
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default = "epochs")]
    epochs: u64,
}

fn epochs() -> u64 {
    60
}

/// Images a step, and images that are encoded at once.
const BATCH: usize = 64;

/// What heads find on frozen places.
#[derive(Debug, Serialize)]
pub(crate) struct Boxes {
    pub(crate) train_images: usize,
    pub(crate) test_images: usize,
    pub(crate) test_boxes: usize,
    pub(crate) found: Vec<Found>,
}

/// What one head finds: average precision as COCO defines it.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// How the head tells classes.
    pub(crate) classes: &'static str,
    /// At common parts of a half.
    pub(crate) at_half: f64,
    /// Over common parts from 0.5 to 0.95.
    pub(crate) average: Interval,
}

/// Images of a split.
struct Seen {
    /// `[images, places, embed_dim]`
    tokens: Tensor,
    boxes: Vec<Vec<(usize, [f32; 4])>>,
    patients: Vec<String>,
}

impl Boxes {
    /// Nothing for sets without boxes and where the transform cuts images.
    pub(crate) fn of(
        task: &TaskEntry,
        encoder: &LoadedEncoder,
        entry: &EncoderEntry,
        seed: u64,
    ) -> anyhow::Result<Option<Self>> {
        let (Some(settings), Some(places)) = (&task.boxes, Places::of(task)) else { return Ok(None) };
        if !encoder.transform.keeps_the_whole() {
            return Ok(None);
        }
        let count = settings.phrases.len();
        ensure!(count == 0 || count == places.classes, "{count} phrases for {} classes", places.classes);
        let [train, val, test] =
            [Split::Train, Split::Val, Split::Test].map(|split| Seen::of(task, &places, encoder, split));
        let (train, val, test) = (train?, val?, test?);
        let size = train.tokens.size();
        let side = (size[1] as f64).sqrt().round() as i64;
        ensure!(side * side == size[1], "{} places are no square", size[1]);
        let config = BoxConfig {
            features: size[2],
            grid: [side, side],
            classes: places.classes as i64,
            hidden_size: 256,
        };
        let mut found = vec![("learnt", None)];
        if let Some(run) = entry
            .run
            .as_ref()
            .filter(|_| count > 0 && entry.random_init.is_none() && entry.pretrained.is_none())
        {
            found.push(("by phrase", Some(phrases(run, &settings.phrases)?)));
        }
        let find = |(classes, prompts): (&'static str, Option<Tensor>)| -> anyhow::Result<Found> {
            let weights = nn::VarStore::new(Device::Cpu);
            tch::manual_seed(seed.cast_signed());
            let head = match prompts {
                Some(prompts) => BoxHead::with_prompts(&weights.root(), config, &prompts)?,
                None => BoxHead::new(&weights.root(), config)?,
            };
            let training = FineTuneConfig {
                frozen_steps: None,
                head_rate: 1e-3,
                epochs: settings.epochs,
                seed,
                ..FineTuneConfig::default()
            };
            let none = nn::VarStore::new(Device::Cpu);
            let fitted = fit(
                &training,
                BATCH,
                (Identity(size[2]), &none),
                (Box::new(head), &weights),
                train.examples(),
                val.examples(),
            )?;
            test.measured(classes, fitted.head(), places.classes)
        };
        Ok(Some(Self {
            train_images: train.boxes.len(),
            test_images: test.boxes.len(),
            test_boxes: test.boxes.iter().map(Vec::len).sum(),
            found: found.into_iter().map(find).collect::<anyhow::Result<_>>()?,
        }))
    }
}

impl Seen {
    fn of(task: &TaskEntry, places: &Places, encoder: &LoadedEncoder, split: Split) -> anyhow::Result<Self> {
        let set = task.open()?.context("shards have no boxes")?.split(split);
        let channels = usize::try_from(encoder.model.config().num_channels())?;
        let (mut tokens, mut boxes, mut patients, mut pixels) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, item) in set.items().iter().enumerate() {
            for (file, image) in item.images.iter().zip(set.get(index)?.images) {
                boxes.push(places.read(file)?);
                patients.push(item.patient.clone());
                pixels.push(encoder.transform.apply(image, 0));
            }
            if pixels.len() >= BATCH || index + 1 == set.len() {
                let batch =
                    PixelCollate::new(channels).collate(&pixels.iter().collect::<Vec<_>>(), Device::Cpu)?;
                let encoded = tch::no_grad(|| encoder.model.encode(&batch, Mode::Eval))?;
                tokens.push(encoded.tokens.context("the encoder gives no places")?);
                pixels.clear();
            }
        }
        ensure!(!boxes.is_empty(), "the {split} split of {:?} has no image", task.path);
        Ok(Self { tokens: Tensor::cat(&tokens, 0), boxes, patients })
    }

    /// Targets as [`BoxHead`] takes them.
    fn examples(&self) -> Examples {
        let most = self.boxes.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut targets = Vec::with_capacity(self.boxes.len() * most * 5);
        for boxes in &self.boxes {
            for (class, [left, top, right, bottom]) in boxes {
                let middle = [(left + right) / 2.0, (top + bottom) / 2.0];
                let [x, y, width, height] =
                    [middle[0], middle[1], right - left, bottom - top].map(|share| share.clamp(0.0, 1.0));
                targets.extend([*class as f32, x, y, width, height]);
            }
            targets.extend([-1.0, 0.0, 0.0, 0.0, 0.0].repeat(most - boxes.len()));
        }
        let targets = Tensor::from_slice(&targets).view([-1, most as i64, 5]);
        let study_of = (0..self.boxes.len()).collect();
        Examples { inputs: self.tokens.shallow_clone(), columns: None, targets, study_of }
    }

    fn measured(&self, how: &'static str, head: &dyn Head, classes: usize) -> anyhow::Result<Found> {
        let encoded = encoded(&self.tokens);
        let said = tch::no_grad(|| head.logits(&encoded, Mode::Eval))?;
        let said = head.predictions(&said);
        let per_image = said.size()[1] as usize;
        let said: Vec<f32> = Vec::try_from(said.to_kind(Kind::Float).contiguous().flatten(0, -1))?;
        let (mut found, mut scores) = (Vec::new(), Vec::new());
        for (row, place) in said.chunks_exact(4 + classes).enumerate() {
            let corners = [0, 1, 2, 3].map(|side| f64::from(place[side]));
            for (class, score) in place[4..].iter().enumerate().filter(|(_, score)| **score > LEAST) {
                found.push(ImageBox { image: row / per_image, class, corners });
                scores.push(f64::from(*score));
            }
        }
        let of = |(image, boxes): (usize, &Vec<(usize, [f32; 4])>)| -> Vec<ImageBox> {
            boxes
                .iter()
                .map(|(class, corners)| ImageBox { image, class: *class, corners: corners.map(f64::from) })
                .collect()
        };
        let truth: Vec<ImageBox> = self.boxes.iter().enumerate().flat_map(of).collect();
        let precision = BoxPrecision::new(&truth, &found, &scores, self.boxes.len(), classes)?;
        let bootstrap = Bootstrap { resamples: 500, ..Bootstrap::default() };
        let average = bootstrap.interval(&precision, &Clusters::by(&self.patients))?;
        Ok(Found { classes: how, at_half: precision.at(0.5)?, average })
    }
}

/// Less sure boxes change no precision that can be seen.
const LEAST: f32 = 1e-3;

/// The phrases as the run's text encoder puts them beside its images, `[phrases, projection_size]`.
fn phrases(run: &std::path::Path, phrases: &[String]) -> anyhow::Result<Tensor> {
    let aligned = Aligned::load(run, Device::Cpu)?;
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
    let tokens = aligned.pairs.texts().collate(&phrases, Device::Cpu)?;
    Ok(tch::no_grad(|| aligned.towers.model.encode_texts(&tokens, Mode::Eval))?.pooled)
}
