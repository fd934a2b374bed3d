use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use osteon::contrastive_align::{PretrainConfig, PromptSet, Retrieval, ZeroShot};
use osteon::downstream_heads::{LinearProbe, label_efficiency};
use osteon::eval_metrics::{Bootstrap, auroc};
use osteon::model_core::Pretrained;
use osteon::vision_encoder::VisionModel;
use osteon::xray_core::Label;
use osteon::xray_dataset::{ShardDataset, Split};
use osteon::{Aligned, Frozen, Studies};
use serde::{Deserialize, Serialize};
use tch::{Device, nn};

use crate::config::Comparison;

/// Among how many the right one must be.
pub(crate) const K: usize = 10;

/// What is measured of a run, on the test split.
pub(crate) struct Measures {
    shards: PathBuf,
    prompts: PromptSet,
    label: String,
    fractions: Vec<f64>,
}

/// The figures of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) studies: usize,
    pub(crate) image_to_report: f64,
    pub(crate) report_to_image: f64,
    /// What chance would reach at image to report.
    pub(crate) chance: f64,
    pub(crate) zero_shot: f64,
    /// At each fraction; none where the labels do not suffice.
    pub(crate) probes: Vec<Option<f64>>,
    /// The same of the encoder before training.
    pub(crate) random: Vec<Option<f64>>,
}

impl Measures {
    pub(crate) fn new(comparison: &Comparison, base: &PretrainConfig) -> anyhow::Result<Self> {
        let prompts = PromptSet::from_file(&comparison.prompts)?;
        prompts.task(&comparison.label)?;
        let fractions = comparison.fractions.clone();
        Ok(Self { shards: base.data.shards.clone(), prompts, label: comparison.label.clone(), fractions })
    }

    pub(crate) fn fractions(&self) -> &[f64] {
        &self.fractions
    }

    pub(crate) fn of(&self, aligned: &Aligned, seed: u64) -> anyhow::Result<Measured> {
        let pairs = aligned.embed(&self.shards, Split::Test)?;
        let retrieval = Retrieval::new(&pairs)?;
        let ranks = |ranking: &osteon::contrastive_align::Ranking| -> anyhow::Result<f64> {
            Ok(ranking.summary()?.recall_at_10)
        };
        let encoder = &aligned.towers.model.image;
        let trained = self.studies(encoder, aligned)?;
        tch::manual_seed(seed.cast_signed());
        let fresh = nn::VarStore::new(Device::Cpu);
        let random = self.studies(&VisionModel::new(&fresh.root(), encoder.config())?, aligned)?;

        let task = self.prompts.task(&self.label)?;
        let classes = ZeroShot::new(&aligned.towers.model, aligned.pairs.texts(), task, Device::Cpu)?;
        let scores = classes.scores(pairs.images.embeddings(), "present")?;
        let of_study: HashMap<&String, f64> = pairs.images.keys().iter().zip(scores).collect();
        let test = &trained[1];
        let known = test.keys.iter().zip(&test.labels).filter_map(|(key, labels)| {
            Some((labels.get(&self.label).and_then(Label::present)?, *of_study.get(key)?))
        });
        let (present, scores): (Vec<bool>, Vec<f64>) = known.unzip();
        ensure!(!present.is_empty(), "no study of the test split has the label {:?}", self.label);

        Ok(Measured {
            studies: pairs.images.keys().len(),
            image_to_report: ranks(&retrieval.image_to_text)?,
            report_to_image: ranks(&retrieval.text_to_image)?,
            chance: retrieval.image_to_text.chance(K),
            zero_shot: auroc(&present, &scores)?,
            probes: self.probes(&trained, seed)?,
            random: self.probes(&random, seed)?,
        })
    }

    /// Training and test split as features.
    fn studies(&self, encoder: &VisionModel, aligned: &Aligned) -> anyhow::Result<[Studies; 2]> {
        let frozen = Frozen::new(encoder, aligned.plain, Device::Cpu);
        let of = |split| -> anyhow::Result<Studies> {
            Ok(frozen.encode(ShardDataset::open(&self.shards, split)?)?)
        };
        Ok([of(Split::Train)?, of(Split::Test)?])
    }

    fn probes(&self, [train, test]: &[Studies; 2], seed: u64) -> anyhow::Result<Vec<Option<f64>>> {
        let classes = train.classes(&self.label);
        let [train, test] = [train, test].map(|studies| studies.cases(&self.label, &classes));
        let probe = LinearProbe { seed, ..LinearProbe::default() };
        let bootstrap = Bootstrap::default();
        let points = label_efficiency(&probe, &train?.0, &test?.0, &self.fractions, &bootstrap)
            .context("fitting probes")?;
        let auroc = |point: &osteon::downstream_heads::EfficiencyPoint| {
            point.evaluation.as_ref().and_then(|evaluation| evaluation.auroc()).map(|auroc| auroc.estimate)
        };
        Ok(points.iter().map(auroc).collect())
    }
}
