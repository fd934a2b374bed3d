//! Folders that are written, read again, or broken.

use std::fs;
use std::path::Path;

use model_core::{Encoder, Mode, Pretrained, load_pretrained, save_pretrained};
use tch::{Device, Kind, Tensor, nn};
use vision_encoder::{VisionModel, Vit, VitConfig};

fn small() -> VitConfig {
    VitConfig {
        hidden_size: 16,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 32,
        image_size: 32,
        patch_size: 8,
        num_channels: 1,
        ..VitConfig::default()
    }
}

fn written(folder: &Path, config: &VitConfig) -> (nn::VarStore, Vit) {
    let vs = nn::VarStore::new(Device::Cpu);
    let vit = Vit::new(&vs.root(), config).unwrap();
    save_pretrained(folder, &vs, config).unwrap();
    (vs, vit)
}

fn pixels(height: i64, width: i64) -> Tensor {
    Tensor::randn([2, 1, height, width], (Kind::Float, Device::Cpu))
}

#[test]
fn what_is_written_is_read_and_gives_the_same() {
    tch::manual_seed(1);
    let stem = small().with_conv_stem(vec![4, 8, 8]);
    for config in [small(), VitConfig { projection_size: Some(6), ..small() }, stem] {
        let folder = tempfile::tempdir().unwrap();
        let (_vs, vit) = written(folder.path(), &config);
        let (_vs, read, report) = VisionModel::from_dir(folder.path(), Device::Cpu).unwrap();
        assert!(report.is_complete() && report.unexpected.is_empty(), "{report:?}");
        for (height, width) in [(32, 32), (40, 24), (36, 50)] {
            let pixels = pixels(height, width);
            let before = vit.encode(&pixels, Mode::Eval).unwrap();
            let after = read.encode(&pixels, Mode::Eval).unwrap();
            assert_eq!(before.pooled, after.pooled);
            assert_eq!(after.pooled.size(), [2, read.embed_dim()]);
        }
    }
}

#[test]
fn a_published_model_gets_a_fresh_projection() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &small());
    let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
    let config = config.replacen('{', "{ \"projection_size\": 6, ", 1);
    fs::write(folder.path().join("config.json"), config).unwrap();
    let (_vs, vit, report) = load_pretrained::<Vit>(folder.path(), Device::Cpu).unwrap();
    assert_eq!(report.missing, ["projection.bias", "projection.weight"]);
    assert_eq!(vit.encode(&pixels(32, 32), Mode::Eval).unwrap().pooled.size(), [2, 6]);
    let hidden = vit.last_hidden_state(&pixels(32, 32), Mode::Eval).unwrap();
    assert_eq!(hidden.size(), [2, 17, 16]);
    assert_eq!(vit.without_projection().embed_dim(), 16);
}

#[test]
fn folders_that_do_not_fit_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &small());
    let path = folder.path().join("config.json");
    let config = fs::read_to_string(&path).unwrap();
    for (from, to, named) in [
        ("\"vit\"", "\"swin\"", "swin"),
        ("\"intermediate_size\": 32", "\"intermediate_size\": 40", "intermediate.dense"),
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "encoder.layer.2"),
        ("\"hidden_size\": 16", "\"hidden_size\": 15", "num_attention_heads"),
    ] {
        assert!(config.contains(from), "{from}");
        fs::write(&path, config.replace(from, to)).unwrap();
        let error = VisionModel::from_dir(folder.path(), Device::Cpu).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn images_that_the_model_cannot_take_are_refused() {
    let vs = nn::VarStore::new(Device::Cpu);
    let vit = Vit::new(&vs.root(), &small()).unwrap();
    for shape in [vec![2, 3, 32, 32], vec![1, 1, 7, 32], vec![1, 32, 32]] {
        let pixels = Tensor::zeros(shape.as_slice(), (Kind::Float, Device::Cpu));
        let error = vit.encode(&pixels, Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("pixels"), "{error}");
    }
}

#[test]
fn a_step_of_training_moves_every_weight() {
    tch::manual_seed(2);
    let vs = nn::VarStore::new(Device::Cpu);
    let config = VitConfig { projection_size: Some(6), ..small() }.with_conv_stem(vec![4, 8, 8]);
    let vit = Vit::new(&vs.root(), &config).unwrap();
    let loss = vit.encode(&pixels(32, 32), Mode::Train).unwrap().pooled.square().sum(Kind::Float);
    loss.backward();
    for (name, tensor) in vs.variables() {
        // A constant added to every key changes no softmax.
        if !name.ends_with("key.bias") {
            assert!(tensor.grad().defined() && tensor.grad().abs().max().double_value(&[]) > 0.0, "{name}");
        }
    }
}
