//! Two small encoders are aligned on simulated studies, and their folders say all that a stranger needs.
#![cfg(feature = "torch")]

mod processes;
mod small;

use contrastive_align::Pretraining;
use osteon::{Aligned, Alignment};
use tch::Device;
use vision_encoder::{ImageProcessor, VisionModel};
use xray_core::{Dataset, ImageTransform};
use xray_dataset::{EvalTransform, ShardDataset, Split};

use crate::small::{config, shards};

#[test]
fn a_run_leaves_folders_that_say_how_images_are_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let shards = shards(folder.path());
    let config = config(&shards);
    let run = folder.path().join("run");
    let alignment = Alignment::open(Pretraining::new(config, &run).unwrap(), Device::Cpu).unwrap();
    let (aligned, _) = alignment.run().unwrap();

    // The run's folder gives the same embeddings.
    let read = Aligned::load(&run, Device::Cpu).unwrap();
    let vectors = |aligned: &Aligned| aligned.embed(&shards, Split::Val).unwrap().images.embeddings().copy();
    assert_eq!(vectors(&read), vectors(&aligned));

    // The encoder's own folder prepares an image nearly as the run did: published processors shrink with Pillow's
    // filters and round to 8 bits. Grey stays grey.
    let (.., report) = VisionModel::from_dir(run.join("vision_encoder"), Device::Cpu).unwrap();
    assert!(report.is_complete(), "{report:?}");
    let processor = ImageProcessor::from_dir(run.join("vision_encoder")).unwrap();
    let plain = EvalTransform { size: 32, ..EvalTransform::default() };
    let image = ShardDataset::open(&shards, Split::Val).unwrap().get(0).unwrap().images.remove(0);
    let (ours, theirs) = (plain.apply(image.clone(), 0), processor.apply(image, 0));
    assert_eq!((theirs.channels(), theirs.height(), theirs.width()), (1, 32, 32));
    let pairs = ours.data().iter().zip(theirs.data());
    let difference =
        pairs.map(|(ours, theirs)| (ours - theirs).abs()).sum::<f32>() / ours.data().len() as f32;
    let level = 1.0 / 255.0 / plain.std;
    assert!(difference < 2.0 * level, "{} grey levels", difference / level);
}
