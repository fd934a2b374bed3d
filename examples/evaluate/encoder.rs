use std::path::PathBuf;

use anyhow::Context;
use osteon::downstream_heads::{FeatureCache, FeatureKey};
use osteon::model_core::{Pretrained, load_pretrained};
use osteon::vision_encoder::{ImageProcessor, Size, VisionModel};
use osteon::xray_core::{ImageTensor, ImageTransform};
use osteon::xray_dataset::{EvalTransform, Fit};
use osteon::{Aligned, Frozen};
use tch::{Device, nn};

use crate::config::EncoderEntry;

/// An encoder of the comparison, without its projection.
pub(crate) struct LoadedEncoder {
    pub(crate) weights: nn::VarStore,
    pub(crate) model: VisionModel,
    pub(crate) transform: Prepare,
    key: FeatureKey,
}

/// How images are prepared.
#[derive(Debug, Clone)]
pub(crate) enum Prepare {
    /// As in the run, without what is drawn there.
    Plain(EvalTransform),
    /// As the folder says.
    Processor(ImageProcessor),
}

impl Prepare {
    /// Whether what is a share of the image's sides is the same share of what the encoder sees.
    pub(crate) fn keeps_the_whole(&self) -> bool {
        match self {
            Self::Plain(plain) => plain.fit == Fit::Stretch,
            Self::Processor(processor) => {
                matches!(processor.size, Size::Exact { .. }) && !processor.do_center_crop
            }
        }
    }
}

impl ImageTransform for Prepare {
    fn apply(&self, image: ImageTensor, seed: u64) -> ImageTensor {
        match self {
            Self::Plain(plain) => plain.apply(image, seed),
            Self::Processor(processor) => processor.apply(image, seed),
        }
    }
}

impl LoadedEncoder {
    pub(crate) fn load(entry: &EncoderEntry) -> anyhow::Result<Self> {
        let transform = match (&entry.run, &entry.pretrained) {
            (Some(run), _) => Prepare::Plain(Aligned::load(run, Device::Cpu)?.plain),
            (None, Some(folder)) => Prepare::Processor(ImageProcessor::from_dir(folder)?),
            (None, None) => anyhow::bail!("neither run nor pretrained"),
        };
        let of_run = || entry.run.as_ref().map(|run| run.join("vision_encoder"));
        let folder = entry.pretrained.clone().or_else(of_run).unwrap_or_default();
        let (mut weights, mut model, _) = load_pretrained::<VisionModel>(&folder, Device::Cpu)?;
        let mut key = FeatureKey::new().with_text(&format!("{transform:?}"));
        key = key.with_file(folder.join("config.json"))?;
        if let Some(seed) = entry.random_init {
            tch::manual_seed(seed.cast_signed());
            weights = nn::VarStore::new(Device::Cpu);
            model = VisionModel::new(&weights.root(), model.config())?;
            key = key.with_text(&format!("random weights of seed {seed}"));
        } else {
            key = key.with_file(
                weights_file(&folder).with_context(|| format!("looking for weights in {folder:?}"))?,
            )?;
        }
        Ok(Self { weights, model: model.without_projection(), transform, key })
    }

    /// Names its weights and its transform.
    pub(crate) fn key(&self) -> FeatureKey {
        self.key.clone()
    }

    pub(crate) fn frozen<'a>(&'a self, cache: Option<&'a FeatureCache>) -> Frozen<'a, Prepare> {
        let frozen = Frozen::new(&self.model, self.transform.clone(), Device::Cpu);
        Frozen { cache: cache.map(|cache| (cache, self.key.clone())), ..frozen }
    }
}

fn weights_file(folder: &std::path::Path) -> Option<PathBuf> {
    let names = ["model.safetensors", "pytorch_model.bin"];
    names.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}
