//! A small archive, and what it takes to align two small encoders on it.

use std::path::{Path, PathBuf};

use contrastive_align::PretrainConfig;
use report_anonymizer::Anonymizer;
use xray_core::PseudonymKey;
use xray_dataset::{ShardBuilder, SplitFractions};
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

/// The shards of a simulated archive, below `folder`.
pub(crate) fn shards(folder: &Path) -> PathBuf {
    let hospital = PhantomHospital { studies: 60, seed: 5, size: 64, ..PhantomHospital::default() };
    hospital.write(folder.join("archive"), &|_| {}).unwrap();
    let key = PseudonymKey::new(b"a key for tests");
    let shards = folder.join("shards");
    ShardBuilder::new(folder.join("archive/pacs"), folder.join("archive/ehr"), key.clone())
        .report_transform(Anonymizer::builder().key(key).build().unwrap())
        .split(SplitFractions { val: 0.25, test: 0.25 })
        .run(&shards, |_| {})
        .unwrap();
    shards
}

/// A run over these shards.
pub(crate) fn config(shards: &Path) -> PretrainConfig {
    let mut config = PretrainConfig::parse(CONFIG).unwrap();
    config.data.shards = shards.to_owned();
    config
}
