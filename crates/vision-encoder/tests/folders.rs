//! Folders that are written, read again, or broken.

use std::fs;
use std::path::Path;

use model_core::layers::Pooling;
use model_core::{
    AdamW, AdamWConfig, Encoder, Mode, ParameterPolicy, Pretrained, PretrainedConfig, Result, StepContext,
    StepOutput, Task, Trainer, TrainerConfig, batches_from_fn, freeze, freeze_layers, load_pretrained,
    named_tensors, save_pretrained,
};
use tch::{Device, Kind, Tensor, nn};
use vision_encoder::{
    ResNet, ResNetConfig, ResNetLayer, VisionConfig, VisionModel, Vit, VitConfig, resize_patches,
};

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

fn small_resnet() -> ResNetConfig {
    ResNetConfig {
        num_channels: 1,
        embedding_size: 4,
        hidden_sizes: vec![4, 8],
        depths: vec![1, 1],
        layer_type: ResNetLayer::Basic,
        ..ResNetConfig::default()
    }
}

fn written(folder: &Path, config: impl Into<VisionConfig>) -> (nn::VarStore, VisionModel) {
    let config = config.into();
    let vs = nn::VarStore::new(Device::Cpu);
    let model = VisionModel::new(&vs.root(), &config).unwrap();
    save_pretrained(folder, &vs, &config).unwrap();
    (vs, model)
}

fn pixels(height: i64, width: i64) -> Tensor {
    Tensor::randn([2, 1, height, width], (Kind::Float, Device::Cpu))
}

#[test]
fn what_is_written_is_read_and_gives_the_same() {
    tch::manual_seed(1);
    let stem = small().with_conv_stem(vec![4, 8, 8]);
    let vits = [small(), VitConfig { projection_size: Some(6), ..small() }, stem].map(VisionConfig::from);
    let resnet = ResNetConfig { pooling: Pooling::Max, projection_size: Some(6), ..small_resnet() };
    let sides = ResNetConfig { pool_sides: true, ..resnet.clone() };
    for config in vits.into_iter().chain([resnet.into(), sides.into(), small_resnet().into()]) {
        let folder = tempfile::tempdir().unwrap();
        let (_vs, model) = written(folder.path(), config.clone());
        let (_vs, read, report) = VisionModel::from_dir(folder.path(), Device::Cpu).unwrap();
        assert!(report.is_complete() && report.unexpected.is_empty(), "{report:?}");
        assert_eq!(read.config(), &config);
        for (height, width) in [(32, 32), (40, 24), (36, 50)] {
            let pixels = pixels(height, width);
            let before = model.encode(&pixels, Mode::Eval).unwrap();
            let after = read.encode(&pixels, Mode::Eval).unwrap();
            assert_eq!(before.pooled, after.pooled);
            assert_eq!(after.pooled.size(), [2, read.embed_dim()]);
        }
    }
}

#[test]
fn a_published_model_gets_a_fresh_projection() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), small());
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
    written(folder.path(), small());
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
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    for shape in [vec![2, 3, 32, 32], vec![1, 1, 7, 32], vec![1, 32, 32]] {
        let error = vit.encode(&zeros(&shape), Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("pixels"), "{error}");
    }
    let vs = nn::VarStore::new(Device::Cpu);
    let resnet = ResNet::new(&vs.root(), &small_resnet()).unwrap();
    for shape in [[2, 3, 32, 32], [0, 1, 32, 32], [1, 1, 0, 32]] {
        assert!(resnet.encode(&zeros(&shape), Mode::Eval).is_err(), "{shape:?}");
    }
    assert!(resnet.encode(&zeros(&[1, 1, 1, 1]), Mode::Eval).is_ok(), "one pixel has a vector");
    let error = resnet.encode(&zeros(&[1, 1, 8, 8]), Mode::Train).unwrap_err().to_string();
    assert!(error.contains("batch norms"), "one place has no variance: {error}");
    assert!(resnet.encode(&zeros(&[1, 1, 9, 8]), Mode::Train).is_ok());
}

#[test]
fn a_step_of_training_moves_every_weight() {
    tch::manual_seed(2);
    let vit = VitConfig { projection_size: Some(6), ..small() }.with_conv_stem(vec![4, 8, 8]);
    let resnet = ResNetConfig { projection_size: Some(6), ..small_resnet() };
    for config in [VisionConfig::from(vit), resnet.into()] {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = VisionModel::new(&vs.root(), &config).unwrap();
        let loss = model.encode(&pixels(32, 32), Mode::Train).unwrap().pooled.square().sum(Kind::Float);
        loss.backward();
        for (name, tensor) in vs.variables() {
            // A constant added to every key changes no softmax.
            if !name.ends_with("key.bias") && tensor.requires_grad() {
                let grad = tensor.grad();
                assert!(grad.defined() && grad.abs().max().double_value(&[]) > 0.0, "{name}");
            }
        }
    }
}

/// The mean square of what a model makes of images.
struct MeanSquare(VisionModel);

impl Task for MeanSquare {
    type Batch = Tensor;

    fn step(&self, pixels: &Tensor, cx: &StepContext<'_>) -> Result<StepOutput> {
        let pooled = self.0.encode(pixels, cx.mode)?.pooled;
        Ok(StepOutput::new(pooled.square().mean(Kind::Float), pixels.size()[0]))
    }
}

#[test]
fn running_statistics_survive_a_resume() {
    let folder = tempfile::tempdir().unwrap();
    let train = |epochs: u64, resume: bool| {
        tch::manual_seed(7);
        let vs = nn::VarStore::new(Device::Cpu);
        let model = VisionModel::new(&vs.root(), &small_resnet().into()).unwrap();
        let parameters = ParameterPolicy::default().parameters("", &vs);
        let optimizer = AdamW::new(parameters, AdamWConfig::default()).unwrap();
        let checkpoints = folder.path().join(if resume { "resumed" } else { "whole" });
        let config = TrainerConfig { epochs, checkpoints: Some(checkpoints), ..Default::default() };
        let mut trainer = Trainer::new(config, named_tensors("", &vs), Box::new(optimizer)).unwrap();
        if resume && epochs > 1 {
            trainer.resume(folder.path().join("resumed/last.safetensors")).unwrap();
        }
        let mut batches = batches_from_fn(|epoch, skip| {
            tch::manual_seed(epoch as i64);
            let images: Vec<Tensor> = (0..3).map(|_| pixels(16, 16)).collect();
            Ok(images.into_iter().skip(skip as usize).map(Ok))
        });
        trainer.run(&MeanSquare(model), &mut batches, None).unwrap();
        named_tensors("", &vs)
    };
    let whole = train(2, false);
    train(1, true);
    let resumed = train(2, true);
    assert_eq!(whole.len(), resumed.len());
    for ((name, whole), (_, resumed)) in whole.iter().zip(&resumed) {
        assert_eq!(whole, resumed, "{name}");
    }
    let counted = whole.iter().filter(|(name, _)| name.ends_with("num_batches_tracked"));
    assert!(counted.map(|(_, count)| count.int64_value(&[])).eq([6; 6]));
}

#[test]
fn a_family_refuses_the_keys_of_another() {
    let read = |json: &str| VisionConfig::from_json(serde_json::from_str(json).unwrap());
    let (config, unread) =
        read(r#"{ "model_type": "resnet", "patch_size": 16, "depths": [3, 4, 6, 3] }"#).unwrap();
    assert_eq!((config, unread), (ResNetConfig::default().into(), vec!["patch_size".to_owned()]));
    assert!(matches!(read("{}"), Ok((VisionConfig::Vit(_), _))));
    for (json, named) in [
        (r#"{ "model_type": "swin" }"#, "swin"),
        (r#"{ "model_type": 3 }"#, "3"),
        (r#"{ "model_type": "resnet", "layer_type": "wide" }"#, "wide"),
    ] {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains(named), "{json}: {error}");
    }
}

#[test]
fn a_vit_for_larger_patches_sees_a_larger_image_as_it_saw_the_smaller() {
    tch::manual_seed(8);
    let (small_folder, large_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_vs, vit) = written(small_folder.path(), small());
    resize_patches(small_folder.path(), large_folder.path(), 16).unwrap();
    let (_vs, large, report) = VisionModel::from_dir(large_folder.path(), Device::Cpu).unwrap();
    assert!(report.is_complete());
    assert_eq!(large.config().image_size(), Some(64));
    let image = pixels(32, 32);
    let patches = image.unfold(2, 8, 8).unfold(3, 8, 8).reshape([2 * 16, 1, 8, 8]);
    let patches = patches.internal_upsample_bicubic2d_aa([16, 16], false, None, None);
    let enlarged = patches.view([2, 1, 4, 4, 16, 16]).permute([0, 1, 2, 4, 3, 5]).reshape([2, 1, 64, 64]);
    let before = vit.encode(&image, Mode::Eval).unwrap().pooled;
    let after = large.encode(&enlarged, Mode::Eval).unwrap().pooled;
    assert!(after.allclose(&before, 1e-4, 1e-4, false), "{}", (after - before).abs().max());
    assert!(resize_patches(small_folder.path(), large_folder.path(), 0).is_err());
}

#[test]
fn frozen_layers_stay_and_the_others_move() {
    let resnet = ResNetConfig { depths: vec![2, 1], ..small_resnet() };
    for (config, layers) in [(VisionConfig::from(small()), 1), (resnet.into(), 1)] {
        let vs = nn::VarStore::new(Device::Cpu);
        let model = VisionModel::new(&vs.root(), &config).unwrap();
        assert!(freeze_layers(&vs, layers) > 0);
        let parameters = ParameterPolicy::default().parameters("", &vs);
        for parameter in &parameters {
            let below = ["embeddings.", "embedder.", "encoder.layer.0.", "encoder.stages.0."];
            assert!(!below.iter().any(|prefix| parameter.name.starts_with(prefix)), "{}", parameter.name);
        }
        let before: Vec<Tensor> = vs.variables().values().map(Tensor::copy).collect();
        assert!(!parameters.is_empty() && !before.is_empty());
        assert!(freeze(&vs, "") >= parameters.len());
        assert!(ParameterPolicy::default().parameters("", &vs).is_empty());
        drop(model);
    }
}
