use std::path::PathBuf;

use anyhow::{Context, ensure};
use osteon::xray_core::{Dataset, ImageTensor, ImageTransform, Label, Labels, Sample};
use osteon::xray_dataset::{PublicSet, ShardDataset, Split};
use osteon::{Frozen, Studies};
use serde::{Deserialize, Serialize};

use crate::boxes::BoxTask;

/// What is learnt, and from which set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskEntry {
    pub(crate) set: Set,
    /// The unpacked set.
    pub(crate) path: PathBuf,
    /// The finding or class, of shards.
    #[serde(default)]
    pub(crate) label: Option<String>,
    /// A French phrase whose place in images is looked for too; needs an encoder with a run.
    #[serde(default)]
    pub(crate) phrase: Option<String>,
    /// Whether boxes are learnt too, of FracAtlas and GRAZPEDWRI-DX; only in `strict`.
    #[serde(default)]
    pub(crate) boxes: Option<BoxTask>,
    /// What the label itself leaves open, where that is known.
    #[serde(default)]
    pub(crate) floor: Option<Floor>,
}

/// How well the truth itself could be told: no encoder can be asked for more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Floor {
    pub(crate) metric: String,
    pub(crate) value: f64,
    /// Where the number comes from.
    pub(crate) why: String,
}

/// A layout on disk and the question that is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Set {
    Mura,
    Fracatlas,
    OaiKl,
    OaiAlignment,
    RsnaBoneAge,
    /// With the sex beside the features.
    RsnaBoneAgeSex,
    Grazpedwri,
    /// Shards of one's own.
    Shards,
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Classes(Vec<String>),
    /// Grades from 0 on, so many.
    Grades(usize),
    /// A number of this unit.
    Measurement(&'static str),
}

/// Studies of one split, as one encoder sees them.
pub(crate) struct Splits {
    pub(crate) train: Studies,
    pub(crate) val: Option<Studies>,
    pub(crate) test: Studies,
    /// Of the lists of the set, those that have no image.
    pub(crate) missing: Vec<String>,
}

impl TaskEntry {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let needs_label = self.set == Set::Shards;
        ensure!(
            needs_label == self.label.is_some(),
            "{:?}: label is for shards, and shards need one",
            self.path
        );
        let has_boxes = matches!(self.set, Set::Fracatlas | Set::Grazpedwri);
        ensure!(self.boxes.is_none() || has_boxes, "{:?}: this set has no boxes", self.path);
        Ok(())
    }

    pub(crate) fn name(&self) -> String {
        match self.set {
            Set::Mura => "MURA, abnormality".to_owned(),
            Set::Fracatlas => "FracAtlas, fracture".to_owned(),
            Set::OaiKl => "OAI, Kellgren-Lawrence grade".to_owned(),
            Set::OaiAlignment => "OAI, hip-knee-ankle angle".to_owned(),
            Set::RsnaBoneAge => "RSNA, bone age".to_owned(),
            Set::RsnaBoneAgeSex => "RSNA, bone age, sex given".to_owned(),
            Set::Grazpedwri => "GRAZPEDWRI-DX, fracture".to_owned(),
            Set::Shards => self.label.clone().unwrap_or_default(),
        }
    }

    /// The labels that are learnt, one output each.
    pub(crate) fn outputs(&self) -> Vec<String> {
        let names: &[&str] = match self.set {
            Set::Mura => &["abnormal"],
            Set::Fracatlas | Set::Grazpedwri => &["fracture"],
            Set::OaiKl => &["kl_right", "kl_left"],
            Set::OaiAlignment => &["hka_right", "hka_left"],
            Set::RsnaBoneAge | Set::RsnaBoneAgeSex => &["bone_age_months"],
            Set::Shards => return self.label.iter().cloned().collect(),
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// What an answer is; of shards, the classes that the training split has.
    pub(crate) fn answer(&self, train: &Studies) -> Answer {
        match self.set {
            Set::OaiKl => Answer::Grades(5),
            Set::OaiAlignment => Answer::Measurement("degrees"),
            Set::RsnaBoneAge | Set::RsnaBoneAgeSex => Answer::Measurement("months"),
            Set::Mura | Set::Fracatlas | Set::Grazpedwri | Set::Shards => {
                Answer::Classes(self.outputs().first().map(|label| train.classes(label)).unwrap_or_default())
            }
        }
    }

    /// The number that goes beside the features.
    pub(crate) fn column(&self, labels: &Labels) -> Option<f32> {
        match self.set {
            Set::RsnaBoneAgeSex => labels.get("male").and_then(Label::value).map(|male| male as f32),
            _ => Some(0.0),
        }
    }

    pub(crate) fn has_column(&self) -> bool {
        self.set == Set::RsnaBoneAgeSex
    }

    /// Whether the released code splits training and validation by image.
    pub(crate) fn is_split_by_image(&self) -> bool {
        matches!(self.set, Set::Mura | Set::RsnaBoneAge | Set::RsnaBoneAgeSex)
    }

    /// The set as its own layout has it; nothing of shards.
    pub(crate) fn open(&self) -> anyhow::Result<Option<PublicSet>> {
        let path = &self.path;
        let set = match self.set {
            Set::Mura => PublicSet::mura(path),
            Set::Fracatlas => PublicSet::fracatlas(path),
            Set::OaiKl => PublicSet::oai_kl(path),
            Set::OaiAlignment => PublicSet::oai_alignment(path),
            Set::RsnaBoneAge | Set::RsnaBoneAgeSex => PublicSet::rsna_bone_age(path),
            Set::Grazpedwri => PublicSet::grazpedwri(path),
            Set::Shards => return Ok(None),
        };
        set.map(Some).with_context(|| format!("reading {path:?}"))
    }

    /// The first image of a study as it is.
    pub(crate) fn first_image(&self, split: Split, study: usize) -> anyhow::Result<ImageTensor> {
        let sample = match self.open()? {
            Some(set) => set.split(split).get(study)?,
            None => ShardDataset::open(&self.path, split)?.get(study)?,
        };
        sample.images.into_iter().next().context("a study without an image")
    }

    /// The images of a split, study after study, as an encoder takes them.
    pub(crate) fn images(
        &self,
        split: Split,
        transform: &dyn ImageTransform,
    ) -> anyhow::Result<Vec<ImageTensor>> {
        let prepared = |sample: Sample| sample.images.into_iter().map(|image| transform.apply(image, 0));
        let mut images = Vec::new();
        match self.open()?.map(|set| set.split(split)) {
            Some(set) => {
                for index in 0..set.len() {
                    images.extend(prepared(set.get(index)?));
                }
            }
            None => {
                let set = ShardDataset::open(&self.path, split)?;
                for index in 0..set.len() {
                    images.extend(prepared(set.get(index)?));
                }
            }
        }
        Ok(images)
    }

    /// What an encoder makes of the splits.
    pub(crate) fn encode<T: ImageTransform + Clone + 'static>(
        &self,
        frozen: &Frozen<'_, T>,
        with_val: bool,
    ) -> anyhow::Result<Splits> {
        let set = self.open()?;
        let encode = |split: Split| -> anyhow::Result<Studies> {
            Ok(match &set {
                Some(set) => frozen.encode(set.split(split))?,
                None => frozen.encode(ShardDataset::open(&self.path, split)?)?,
            })
        };
        let of = |split: Split| {
            encode(split).with_context(|| format!("encoding the {split} split of {:?}", self.path))
        };
        Ok(Splits {
            train: of(Split::Train)?,
            val: if with_val { Some(of(Split::Val)?) } else { None },
            test: of(Split::Test)?,
            missing: set.map(|set| set.missing().to_vec()).unwrap_or_default(),
        })
    }
}
