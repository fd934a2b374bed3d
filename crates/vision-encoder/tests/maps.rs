//! Where an encoder looks.

use model_core::{Error, Pretrained};
use tch::{Device, Kind, Tensor, nn};
use vision_encoder::{ResNetConfig, ResNetLayer, VisionConfig, VisionModel, VitConfig};

fn vit() -> VisionConfig {
    VitConfig {
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        intermediate_size: 32,
        image_size: 64,
        num_channels: 1,
        projection_size: Some(8),
        ..VitConfig::default()
    }
    .into()
}

fn resnet() -> VisionConfig {
    ResNetConfig {
        num_channels: 1,
        embedding_size: 8,
        hidden_sizes: vec![8, 16],
        depths: vec![1, 1],
        layer_type: ResNetLayer::Basic,
        ..ResNetConfig::default()
    }
    .into()
}

fn model(config: &VisionConfig) -> VisionModel {
    tch::manual_seed(4);
    VisionModel::new(&nn::VarStore::new(Device::Cpu).root(), config).unwrap()
}

/// Black images with a textured square in the upper left, or nothing.
fn pixels(height: i64, width: i64) -> Tensor {
    tch::manual_seed(5);
    let pixels = Tensor::zeros([2, 1, height, width], (Kind::Float, Device::Cpu));
    let square = Tensor::rand([1, 16, 16], (Kind::Float, Device::Cpu));
    pixels.get(0).narrow(1, 0, 16).narrow(2, 0, 16).copy_(&square);
    pixels
}

#[test]
fn rollout_has_the_shape_of_the_patches_and_sums_to_one() {
    let rollout = model(&vit()).attention_rollout(&pixels(64, 48)).unwrap();
    assert_eq!(rollout.size(), [2, 4, 3]);
    let sums = rollout.sum_dim_intlist([1, 2].as_slice(), false, Kind::Float);
    assert!(sums.allclose(&Tensor::ones([2], (Kind::Float, Device::Cpu)), 1e-5, 1e-5, false));
    let refused = model(&resnet()).attention_rollout(&pixels(64, 64));
    assert!(matches!(refused, Err(Error::Config { .. })));
}

#[test]
fn gradients_are_those_of_each_image_alone() {
    for config in [vit(), resnet()] {
        let model = model(&config);
        let both = pixels(64, 48);
        let score = |encoded: &model_core::Encoded| Ok(encoded.pooled.select(1, 3));
        let map = model.gradient_map(&both, score).unwrap();
        assert!(map.min().double_value(&[]) >= 0.0 && map.size()[0] == 2);
        let first = model.gradient_map(&both.narrow(0, 0, 1), score).unwrap();
        assert!(map.narrow(0, 0, 1).allclose(&first, 1e-5, 1e-6, false));
        let wrong = model.gradient_map(&both, |encoded| Ok(encoded.pooled.shallow_clone()));
        assert!(wrong.unwrap_err().to_string().contains("score"));
    }
}

#[test]
fn a_residual_network_looks_where_something_is() {
    // The score is what the last map holds of the square against its surroundings: the map must be highest near it.
    let model = model(&resnet());
    let map = model
        .gradient_map(&pixels(64, 64), |encoded| {
            Ok(encoded.pooled.square().sum_dim_intlist(1, false, Kind::Float))
        })
        .unwrap();
    let map = map.get(0);
    let side = map.size()[1];
    let highest = map.flatten(0, 1).argmax(0, false).int64_value(&[]);
    assert!(highest / side <= side / 2 && highest % side <= side / 2, "{highest} of a side of {side}");
}
