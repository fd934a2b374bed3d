//! Two small encoders are aligned on simulated studies, and their folders say all that a stranger needs.
#![cfg(feature = "torch")]

use contrastive_align::{PretrainConfig, Pretraining};
use osteon::{Aligned, Alignment};
use report_anonymizer::Anonymizer;
use tch::Device;
use vision_encoder::{ImageProcessor, VisionModel};
use xray_core::{Dataset, ImageTransform, PseudonymKey};
use xray_dataset::{EvalTransform, ShardBuilder, ShardDataset, Split, SplitFractions};
use xray_phantom::PhantomHospital;

const CONFIG: &str = r#"
seed = 3

[data]
shards = "shards"
batch = 8
workers = 1
resolution = 32
vocabulary = 300

[vision.config]
model_type = "resnet"
layer_type = "basic"
num_channels = 1
embedding_size = 8
hidden_sizes = [8]
depths = [1]
projection_size = 16

[text.config]
model_type = "xlm-roberta"
pooling = "mean"
max_position_embeddings = 34
hidden_size = 16
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 32
projection_size = 16

[logit]
logit_scale_init_value = 2.6592

[loss.clip]

[optimizer.adamw]

[trainer]
epochs = 1
learning_rate = 1e-3
"#;

#[test]
fn a_run_leaves_folders_that_say_how_images_are_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let hospital = PhantomHospital { studies: 60, seed: 5, size: 64, ..PhantomHospital::default() };
    hospital.write(folder.path().join("archive"), &|_| {}).unwrap();
    let key = PseudonymKey::new(b"a key for tests");
    let shards = folder.path().join("shards");
    ShardBuilder::new(folder.path().join("archive/pacs"), folder.path().join("archive/ehr"), key.clone())
        .report_transform(Anonymizer::builder().key(key).build().unwrap())
        .split(SplitFractions { val: 0.25, test: 0.25 })
        .run(&shards, |_| {})
        .unwrap();

    let mut config = PretrainConfig::parse(CONFIG).unwrap();
    config.data.shards.clone_from(&shards);
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
