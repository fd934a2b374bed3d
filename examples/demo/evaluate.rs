use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Context;
use osteon::contrastive_align::{EmbeddingIndex, PairIndex, PromptSet, Ranking, Retrieval, ZeroShot};
use osteon::downstream_heads::{Cases, EfficiencyPoint, LinearProbe, label_efficiency};
use osteon::eval_metrics::{Auroc, Bootstrap, Clusters, Difference, Interval};
use osteon::model_core::{Pretrained, load_pretrained};
use osteon::vision_encoder::VisionModel;
use osteon::xray_core::{Dataset, Labels, patient_of};
use osteon::xray_dataset::{ShardDataset, Split};
use osteon::{Aligned, Studies};
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
    pub(crate) probe_after_alignment: Vec<EfficiencyPoint>,
    pub(crate) probe_of_random_init: Vec<EfficiencyPoint>,
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
    let bar = crate::bar("measure", 5)?;
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
            let studies = Studies::encode(&encoder, aligned.plain, shards, split, Device::Cpu)?;
            Ok(studies.cases(FINDING, &studies.classes(FINDING))?.0)
        };
        cases.push([cases_of(Split::Train)?, cases_of(Split::Test)?]);
        bar.inc(1);
    }
    let probe = LinearProbe { seed, ..LinearProbe::default() };
    let points =
        cases.iter().map(|[train, test]| label_efficiency(&probe, train, test, &FRACTIONS, &bootstrap));
    let points: Vec<_> = points.collect::<Result<_, _>>()?;
    let [ref after, ref random] = points[..] else { anyhow::bail!("two encoders were compared") };
    let test = &cases[0][1];
    let gain =
        after.iter().zip(random).map(|(after, random)| match (&after.evaluation, &random.evaluation) {
            (Some(after), Some(random)) => after.auroc_gain(random, test, &bootstrap).map(Some),
            _ => Ok(None),
        });
    let probe_gain = gain.collect::<Result<_, _>>()?;

    let zero_shot_auroc = zero_shot(aligned, &pairs, test, shards, &bootstrap)?;
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
        probe_after_alignment: points[0].clone(),
        probe_of_random_init: points[1].clone(),
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

/// How much more a study is like one French description than like the other.
fn zero_shot(
    aligned: &Aligned,
    pairs: &PairIndex,
    test: &Cases,
    shards: &Path,
    bootstrap: &Bootstrap,
) -> anyhow::Result<Interval> {
    let prompts = PromptSet::parse(include_str!("../../presets/prompts-fr.toml"))?;
    let task = prompts.task(FINDING)?;
    let classes = ZeroShot::new(&aligned.towers.model, aligned.pairs.texts(), task, Device::Cpu)?;
    let scores = classes.scores(pairs.images.embeddings(), "present")?;
    let of_study: HashMap<&String, f64> = pairs.images.keys().iter().zip(scores).collect();
    let dataset = ShardDataset::open(shards, Split::Test)?;
    let score =
        |index| of_study.get(&dataset.key(index).to_owned()).copied().context("a study was not embedded");
    let scores: Vec<f64> = (0..dataset.len()).map(score).collect::<anyhow::Result<_>>()?;
    let labels: Vec<bool> = test.labels().iter().map(|label| *label == 1).collect();
    Ok(bootstrap.interval(&Auroc::new(&labels, &scores)?, &Clusters::by(test.patients()))?)
}

/// Whether the finding is there.
pub(crate) fn present(labels: &Labels) -> bool {
    labels.get(FINDING).and_then(|label| label.present()).unwrap_or(false)
}
