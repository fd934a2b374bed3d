use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context;
use osteon::contrastive_align::{EmbeddingIndex, PairIndex, PromptSet, Ranking, Retrieval, ZeroShot};
use osteon::downstream_heads::{Cases, EfficiencyPoint, Features, LinearProbe, label_efficiency};
use osteon::eval_metrics::{Auroc, Bootstrap, Clusters, Difference, Interval};
use osteon::model_core::{Pretrained, load_pretrained};
use osteon::vision_encoder::VisionModel;
use osteon::xray_core::{Dataset, ImageTransform, Label, Labels, PatientId, patient_of};
use osteon::xray_dataset::{EvalTransform, ShardDataset, Split};
use osteon::{Aligned, Frozen};
use serde::Serialize;
use tch::{Device, nn};

/// The finding that is measured.
const FINDING: &str = "fracture";
const FRACTIONS: [f64; 3] = [0.01, 0.1, 1.0];

/// Everything that was measured, on simulated patients of the test split.
#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) simulated: bool,
    pub(crate) studies: BTreeMap<String, usize>,
    pub(crate) retrieval: BTreeMap<String, Vec<Recall>>,
    pub(crate) zero_shot_auroc: Interval,
    /// The same for the fractures of one bone against all studies without a fracture.
    pub(crate) zero_shot_auroc_by_bone: BTreeMap<String, Interval>,
    pub(crate) probe_after_alignment: Vec<EfficiencyPoint>,
    pub(crate) probe_of_random_init: Vec<EfficiencyPoint>,
    /// Of the first image at 32 x 32 pixels: what needs no encoder.
    pub(crate) probe_of_raw_pixels: Vec<EfficiencyPoint>,
    /// The first minus the second, at each fraction that both could be fitted on.
    pub(crate) probe_gain: Vec<Option<Difference>>,
    #[serde(skip)]
    pub(crate) pairs: Option<PairIndex>,
}

/// How often the right one is among the first `k`.
#[derive(Serialize)]
pub(crate) struct Recall {
    pub(crate) k: usize,
    pub(crate) recall: Interval,
    pub(crate) chance: f64,
}

/// Retrieval, zero-shot and probes on the test split.
pub(crate) fn measure(out: &Path, shards: &Path, aligned: &Aligned, seed: u64) -> anyhow::Result<Results> {
    let bar = crate::bar("measure", 6)?;
    let bootstrap = Bootstrap { seed, ..Bootstrap::default() };
    let pairs = aligned.embed(shards, Split::Test).context("embedding the test split")?;
    bar.inc(1);
    let retrieval = Retrieval::new(&pairs)?;
    let retrieval = BTreeMap::from([
        ("image_to_report".to_owned(), recalls(&retrieval.image_to_text, &pairs.images, &bootstrap)?),
        (
            "report_to_image".to_owned(),
            recalls(&retrieval.text_to_image, &pairs.texts.distinct(), &bootstrap)?,
        ),
    ]);
    bar.inc(1);

    // A folder of the run as a user would load it, and the same encoder before any training.
    let (_weights, trained, report) =
        load_pretrained::<VisionModel>(out.join("run/vision_encoder"), Device::Cpu)?;
    anyhow::ensure!(report.missing.is_empty(), "the saved encoder lacks {:?}", report.missing);
    tch::manual_seed(seed.cast_signed());
    let fresh = nn::VarStore::new(Device::Cpu);
    let random = VisionModel::new(&fresh.root(), trained.config())?;
    let mut cases = Vec::new();
    for encoder in [trained, random] {
        let encoder = encoder.without_projection();
        let cases_of = |split| -> anyhow::Result<Cases> {
            let studies = Frozen::new(&encoder, aligned.plain, Device::Cpu)
                .encode(ShardDataset::open(shards, split)?)?;
            Ok(studies.cases(FINDING, &studies.classes(FINDING))?.0)
        };
        cases.push([cases_of(Split::Train)?, cases_of(Split::Test)?]);
        bar.inc(1);
    }
    let raw_pixels = |split| raw_pixels(aligned.plain, shards, split);
    cases.push([raw_pixels(Split::Train)?, raw_pixels(Split::Test)?]);
    bar.inc(1);
    let probe = LinearProbe { seed, ..LinearProbe::default() };
    let points =
        cases.iter().map(|[train, test]| label_efficiency(&probe, train, test, &FRACTIONS, &bootstrap));
    let points: Vec<_> = points.collect::<Result<_, _>>()?;
    let [ref after, ref random, ref raw] = points[..] else { anyhow::bail!("three probes were compared") };
    let test = &cases[0][1];
    let gain =
        after.iter().zip(random).map(|(after, random)| match (&after.evaluation, &random.evaluation) {
            (Some(after), Some(random)) => after.auroc_gain(random, test, &bootstrap).map(Some),
            _ => Ok(None),
        });
    let probe_gain = gain.collect::<Result<_, _>>()?;

    let (zero_shot_auroc, zero_shot_auroc_by_bone) = zero_shot(aligned, &pairs, shards, &bootstrap)?;
    bar.inc(1);
    bar.finish();
    let count = |split| ShardDataset::open(shards, split).map(|studies| studies.len());
    let splits = [("train", Split::Train), ("validation", Split::Val), ("test", Split::Test)];
    let studies = splits.into_iter().map(|(name, split)| Ok((name.to_owned(), count(split)?)));
    Ok(Results {
        simulated: true,
        studies: studies.collect::<anyhow::Result<_>>()?,
        retrieval,
        zero_shot_auroc,
        zero_shot_auroc_by_bone,
        probe_after_alignment: after.clone(),
        probe_of_random_init: random.clone(),
        probe_of_raw_pixels: raw.clone(),
        probe_gain,
        pairs: Some(pairs),
    })
}

fn recalls(
    ranking: &Ranking,
    queries: &EmbeddingIndex,
    bootstrap: &Bootstrap,
) -> anyhow::Result<Vec<Recall>> {
    let patients: Vec<&str> = queries.keys().iter().map(|key| patient_of(key)).collect();
    let clusters = Clusters::by(&patients);
    let recall = |k| {
        let recall = bootstrap.interval(&ranking.recall(k)?, &clusters)?;
        Ok(Recall { k, recall, chance: ranking.chance(k) })
    };
    [1, 5, 10].into_iter().map(recall).collect()
}

/// The first image of each study at 32 x 32 pixels. What a probe finds there, no encoder had to learn.
fn raw_pixels(plain: EvalTransform, shards: &Path, split: Split) -> anyhow::Result<Cases> {
    let transform = EvalTransform { size: 32, ..plain };
    let dataset = ShardDataset::open(shards, split)?;
    let (mut values, mut labels, mut patients) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..dataset.len() {
        let sample = dataset.get(index)?;
        let first = sample.images.into_iter().next().context("a study has no image")?;
        values.extend_from_slice(transform.apply(first, 0).data());
        labels.push(usize::from(present(&sample.labels)));
        patients.push(PatientId::new(patient_of(&sample.key)));
    }
    Ok(Cases::new(Features::new(values, transform.size * transform.size)?, labels, patients)?)
}

/// How much more a study is like one French description than like the other: over all studies, and bone by bone.
fn zero_shot(
    aligned: &Aligned,
    pairs: &PairIndex,
    shards: &Path,
    bootstrap: &Bootstrap,
) -> anyhow::Result<(Interval, BTreeMap<String, Interval>)> {
    let prompts = PromptSet::parse(include_str!("../../presets/prompts-fr.toml"))?;
    let task = prompts.task(FINDING)?;
    let classes = ZeroShot::new(&aligned.towers.model, aligned.pairs.texts(), task, Device::Cpu)?;
    let scores = classes.scores(pairs.images.embeddings(), "present")?;
    let of_study: HashMap<&String, f64> = pairs.images.keys().iter().zip(scores).collect();
    let dataset = ShardDataset::open(shards, Split::Test)?;
    let mut cases = Vec::new();
    for index in 0..dataset.len() {
        let key = dataset.key(index).to_owned();
        let score = *of_study.get(&key).context("a study was not embedded")?;
        cases.push((key, score, dataset.encoded(index)?.labels));
    }
    let auroc = |bone: Option<&str>| -> anyhow::Result<Interval> {
        let of_bone = |labels: &Labels| bone.is_none() || !present(labels) || broken(labels) == bone;
        let cases: Vec<_> = cases.iter().filter(|(_, _, labels)| of_bone(labels)).collect();
        let labels: Vec<bool> = cases.iter().map(|(_, _, labels)| present(labels)).collect();
        let scores: Vec<f64> = cases.iter().map(|(_, score, _)| *score).collect();
        let patients: Vec<&str> = cases.iter().map(|(key, _, _)| patient_of(key)).collect();
        Ok(bootstrap.interval(&Auroc::new(&labels, &scores)?, &Clusters::by(&patients))?)
    };
    let bones: BTreeSet<&str> = cases.iter().filter_map(|(_, _, labels)| broken(labels)).collect();
    let by_bone = bones.into_iter().map(|bone| Ok((bone.to_owned(), auroc(Some(bone))?)));
    Ok((auroc(None)?, by_bone.collect::<anyhow::Result<_>>()?))
}

/// The bone that is broken, if any is.
fn broken(labels: &Labels) -> Option<&str> {
    match labels.get("fractured_bone")? {
        Label::Class(bone) => Some(bone),
        _ => None,
    }
}

/// Whether the finding is there.
pub(crate) fn present(labels: &Labels) -> bool {
    labels.get(FINDING).and_then(|label| label.present()).unwrap_or(false)
}
