use std::path::Path;

use osteon::Aligned;
use osteon::downstream_heads::{Cases, LinearProbe};
use osteon::eval_metrics::{Bootstrap, Clusters, Interval, Mean};
use osteon::model_core::{Collate, Mode, load_pretrained};
use osteon::vision_encoder::{PixelCollate, VisionModel};
use osteon::xray_core::{Dataset, ImageTensor, ImageTransform};
use osteon::xray_dataset::Split;
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::config::EncoderEntry;
use crate::encoder::LoadedEncoder;
use crate::picture;
use crate::places::Places;
use crate::strict::cases;
use crate::tasks::{Answer, Splits, TaskEntry};

/// Images that are looked at, at most.
const LOOKED_AT: usize = 200;
/// Images that are shown, and their longer side in pixels.
const SHOWN: usize = 4;
const SIDE: usize = 200;

/// Where an encoder looks in images of a finding whose boxes the set has.
#[derive(Debug, Serialize)]
pub(crate) struct Maps {
    pub(crate) images: usize,
    /// How often the highest place lies in a box (the pointing game of Zhang et al., ECCV 2016), by what was asked.
    pub(crate) pointing: Vec<Pointing>,
    /// The mean share of the image that boxes cover: what a place at random would reach.
    pub(crate) chance: f64,
    #[serde(skip)]
    pub(crate) pictures: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Pointing {
    /// The label, the phrase, or the attention.
    pub(crate) asked: String,
    pub(crate) hits: Interval,
}

/// An image of the finding, as the encoder takes it and as it is.
struct Looked {
    prepared: ImageTensor,
    original: ImageTensor,
    boxes: Vec<[f32; 4]>,
    patient: String,
}

impl Maps {
    /// Nothing for sets without boxes, for more than two classes, and where the transform cuts images.
    pub(crate) fn of(
        task: &TaskEntry,
        answer: &Answer,
        splits: &Splits,
        encoder: &LoadedEncoder,
        entry: &EncoderEntry,
    ) -> anyhow::Result<Option<Self>> {
        if !encoder.transform.keeps_the_whole()
            || !matches!(answer, Answer::Classes(names) if names.len() == 2)
        {
            return Ok(None);
        }
        let looked = looked_at(task, encoder)?;
        if looked.is_empty() {
            return Ok(None);
        }
        let channels = usize::try_from(encoder.model.config().num_channels())?;
        let images: Vec<&ImageTensor> = looked.iter().map(|image| &image.prepared).collect();
        let pixels = PixelCollate::new(channels).collate(&images, Device::Cpu)?;
        let label = task.outputs().swap_remove(0);
        let mut asked = vec![(format!("label: {label}"), label_map(task, answer, splits, encoder, &pixels)?)];
        if let Some((phrase, run)) = task.phrase.as_ref().zip(entry.run.as_ref())
            && entry.pretrained.is_none()
            && entry.random_init.is_none()
        {
            asked.push((format!("phrase: {phrase}"), phrase_map(phrase, run, &pixels)?));
        }
        // A residual network has no attention.
        if let Ok(rollout) = encoder.model.attention_rollout(&pixels) {
            asked.push(("attention".to_owned(), rollout));
        }
        let area = |boxes: &[[f32; 4]]| -> f64 {
            boxes.iter().map(|[left, top, right, bottom]| f64::from((right - left) * (bottom - top))).sum()
        };
        let chance =
            looked.iter().map(|image| area(&image.boxes).min(1.0)).sum::<f64>() / looked.len() as f64;
        let mut found = Self { images: looked.len(), pointing: Vec::new(), chance, pictures: Vec::new() };
        let clusters = Clusters::by(&looked.iter().map(|image| image.patient.as_str()).collect::<Vec<_>>());
        for (name, map) in asked {
            let [rows, columns] = [1, 2].map(|axis| map.size()[axis] as usize);
            let values: Vec<f32> = Vec::try_from(map.to_kind(Kind::Float).contiguous().flatten(0, -1))?;
            let maps: Vec<&[f32]> = values.chunks_exact(rows * columns).collect();
            let hits = maps
                .iter()
                .zip(&looked)
                .map(|(map, image)| f64::from(u8::from(hit(map, columns, rows, &image.boxes))));
            let hits = Mean::new("pointing", hits.collect())?;
            found.pointing.push(Pointing {
                asked: name.clone(),
                hits: Bootstrap::default().interval(&hits, &clusters)?,
            });
            for (map, image) in maps.iter().zip(&looked).take(SHOWN) {
                let picture = picture::with_map(&image.original, SIDE, map, [rows, columns], &image.boxes)?;
                found.pictures.push((name.clone(), picture));
            }
        }
        Ok(Some(found))
    }
}

/// Where the probe's logit of the finding rises.
fn label_map(
    task: &TaskEntry,
    answer: &Answer,
    splits: &Splits,
    encoder: &LoadedEncoder,
    pixels: &Tensor,
) -> anyhow::Result<Tensor> {
    let label = task.outputs().swap_remove(0);
    let (train, _) = cases(task, answer, &label, &splits.train)?;
    let labels = train.labels().iter().map(|value| *value as usize).collect();
    let train = Cases::new(train.features().clone(), labels, train.patients().to_vec())?;
    let (weights, _) = LinearProbe::default().fit(&train)?.model.linear();
    let weights = Tensor::from_slice(&weights.iter().map(|weight| *weight as f32).collect::<Vec<_>>());
    Ok(encoder.model.gradient_map(pixels, |encoded| Ok(encoded.pooled.mv(&weights)))?)
}

/// Where the similarity of image and phrase rises.
fn phrase_map(phrase: &str, run: &Path, pixels: &Tensor) -> anyhow::Result<Tensor> {
    let aligned = Aligned::load(run, Device::Cpu)?;
    let (_weights, image, _) = load_pretrained::<VisionModel>(run.join("vision_encoder"), Device::Cpu)?;
    let tokens = aligned.pairs.texts().collate(&[phrase], Device::Cpu)?;
    let text = tch::no_grad(|| aligned.towers.model.encode_texts(&tokens, Mode::Eval))?;
    let text = unit(&text.pooled).squeeze_dim(0).detach();
    Ok(image.gradient_map(pixels, |encoded| Ok(unit(&encoded.pooled).mv(&text)))?)
}

fn unit(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2, [-1], true).clamp_min(1e-9)
}

/// Whether the middle of the highest place lies in a box.
fn hit(map: &[f32], columns: usize, rows: usize, boxes: &[[f32; 4]]) -> bool {
    let highest = (0..map.len()).max_by(|a, b| map[*a].total_cmp(&map[*b])).unwrap_or(0);
    let x = (highest % columns) as f32 + 0.5;
    let y = (highest / columns) as f32 + 0.5;
    let (x, y) = (x / columns as f32, y / rows as f32);
    boxes
        .iter()
        .any(|[left, top, right, bottom]| (*left..=*right).contains(&x) && (*top..=*bottom).contains(&y))
}

/// The test images of the finding with its boxes.
fn looked_at(task: &TaskEntry, encoder: &LoadedEncoder) -> anyhow::Result<Vec<Looked>> {
    let Some(places) = Places::of(task) else { return Ok(Vec::new()) };
    let Some(set) = task.open()?.map(|set| set.split(Split::Test)) else { return Ok(Vec::new()) };
    let mut looked = Vec::new();
    for (index, item) in set.items().iter().enumerate() {
        if looked.len() == LOOKED_AT {
            break;
        }
        let Some(image) = item.images.first() else { continue };
        let boxes: Vec<[f32; 4]> = places
            .read(image)?
            .into_iter()
            .filter(|(class, _)| *class == places.finding)
            .map(|(_, place)| place)
            .collect();
        if !boxes.is_empty() {
            let original = set.get(index)?.images.swap_remove(0);
            let prepared = encoder.transform.apply(original.clone(), 0);
            looked.push(Looked { prepared, original, boxes, patient: item.patient.clone() });
        }
    }
    Ok(looked)
}
