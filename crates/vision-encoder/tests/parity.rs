//! The same numbers as transformers, on tiny random checkpoints (`scripts/fixtures/encoders.py`).

use std::path::{Path, PathBuf};

use model_core::{Encoder, Mode, Pretrained, Weights, load_pretrained, read_config};
use tch::{Device, Tensor, nn};
use vision_encoder::{Dinov2, Mae, MaeConfig, ResNet, Vit, resize_patch_kernel};

/// The largest difference that is allowed between two numbers.
const TOLERANCE: f64 = 1e-5;

/// The size that the models were made for, a larger one that is no square, and a smaller one.
const SIZES: [&str; 3] = ["16x16", "24x20", "8x12"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

struct Expected(Vec<(String, Tensor)>);

impl Expected {
    fn of(name: &str) -> Self {
        Self(Tensor::read_safetensors(fixture(name).join("expected.safetensors")).unwrap())
    }

    fn get(&self, name: &str) -> &Tensor {
        &self.0.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name}")).1
    }
}

#[track_caller]
fn assert_close(got: &Tensor, expected: &Tensor) {
    assert_eq!(got.size(), expected.size());
    let difference = (got - expected).abs().max().double_value(&[]);
    assert!(difference < TOLERANCE, "{difference}");
}

fn load<M: Pretrained>(name: &str) -> M {
    let (_, model, report) = load_pretrained(fixture(name), Device::Cpu).unwrap();
    assert!(report.is_complete(), "{report:?}");
    model
}

#[test]
fn vit_gives_the_hidden_states_of_transformers_at_every_size() {
    for name in ["vit", "vit_no_bias", "vit_mae"] {
        let (vit, expected) = (load::<Vit>(name), Expected::of(name));
        for size in SIZES {
            let hidden = vit.last_hidden_state(expected.get(&format!("pixels.{size}")), Mode::Eval).unwrap();
            assert_close(&hidden, expected.get(&format!("hidden.{size}")));
        }
    }
}

#[test]
fn dinov2_gives_the_hidden_states_of_transformers_at_every_size() {
    for name in ["dinov2", "dinov2_swiglu", "dinov2_registers"] {
        let (dinov2, expected) = (load::<Dinov2>(name), Expected::of(name));
        for size in SIZES {
            let hidden =
                dinov2.last_hidden_state(expected.get(&format!("pixels.{size}")), Mode::Eval).unwrap();
            assert_close(&hidden, expected.get(&format!("hidden.{size}")));
        }
    }
}

#[test]
fn layers_below_the_last_are_given_through_the_last_norm() {
    let (vit, expected) = (load::<Vit>("vit"), Expected::of("vit"));
    let pixels = expected.get("pixels.16x16");
    let layers = vit.intermediate_layers(pixels, 2, Mode::Eval).unwrap();
    assert_close(&layers[0], expected.get("intermediate.16x16"));
    assert_close(&layers[1], expected.get("hidden.16x16"));
    let dinov2 = load::<Dinov2>("dinov2_registers");
    let expected = Expected::of("dinov2_registers");
    let layers = dinov2.intermediate_layers(expected.get("pixels.16x16"), 2, Mode::Eval).unwrap();
    assert_close(&layers[0], expected.get("intermediate.16x16"));
}

#[test]
fn patch_tokens_come_in_their_true_order_and_without_registers() {
    let (dinov2, expected) = (load::<Dinov2>("dinov2_registers"), Expected::of("dinov2_registers"));
    let encoded = dinov2.encode(expected.get("pixels.24x20"), Mode::Eval).unwrap();
    let hidden = expected.get("hidden.24x20");
    assert_close(&encoded.pooled, &hidden.select(1, 0));
    assert_close(&encoded.tokens.unwrap(), &hidden.slice(1, 5, None, 1));
    assert!(encoded.mask.is_none());
}

#[test]
fn mae_draws_what_transformers_draws_from_the_same_noise() {
    let expected = Expected::of("vit_mae");
    for norm_pix_loss in [false, true] {
        let config = MaeConfig { norm_pix_loss, ..read_config(fixture("vit_mae")).unwrap() };
        let vs = nn::VarStore::new(Device::Cpu);
        let mae = Mae::new(&vs.root(), &config).unwrap();
        let weights = Weights::open(fixture("vit_mae")).unwrap();
        let report = weights.load_into(&vs, |name| Mae::rename(&config, name)).unwrap();
        assert!(report.is_complete() && report.unexpected.is_empty(), "{report:?}");
        for size in SIZES {
            let get = |what: &str| expected.get(&format!("{what}.{size}"));
            let drawn = mae.reconstruct(get("pixels"), Some(get("noise")), Mode::Eval).unwrap();
            assert_close(&drawn.logits, get("logits"));
            assert_close(&drawn.loss.view([1]), expected.get(&format!("loss.{size}.{norm_pix_loss}")));
            assert_eq!(&drawn.mask, get("mask"));
            assert_eq!(&drawn.ids_restore, get("ids_restore"));
        }
    }
}

#[test]
fn an_image_too_small_to_hide_a_part_of_is_refused() {
    let mae = load::<Mae>("vit_mae");
    let pixels = |side: i64| Tensor::zeros([1, 3, side, side], (tch::Kind::Float, Device::Cpu));
    for side in [1, 4, 18] {
        assert!(mae.reconstruct(&pixels(side), None, Mode::Eval).is_err(), "{side}");
    }
    assert!(mae.reconstruct(&pixels(8), None, Mode::Eval).is_ok());
    assert!(mae.encoder().last_hidden_state(&pixels(1), Mode::Eval).is_err());
}

#[test]
fn resnet_gives_the_maps_of_transformers_at_every_size() {
    for name in ["resnet", "resnet_bottleneck", "resnet_downsample"] {
        let (resnet, expected) = (load::<ResNet>(name), Expected::of(name));
        for size in ["32x32", "48x40", "17x9"] {
            let get = |what: &str| expected.get(&format!("{what}.{size}"));
            assert_close(&resnet.last_hidden_state(get("pixels"), Mode::Eval).unwrap(), get("hidden"));
            let encoded = resnet.encode(get("pixels"), Mode::Eval).unwrap();
            assert_close(&encoded.pooled, get("pooled"));
            let places = get("hidden").flatten(2, 3).transpose(1, 2);
            assert_close(&encoded.tokens.unwrap(), &places);
        }
    }
}

#[test]
fn a_step_of_training_leaves_the_batch_statistics_of_transformers() {
    for name in ["resnet", "resnet_bottleneck", "resnet_downsample"] {
        let (vs, resnet, _) = load_pretrained::<ResNet>(fixture(name), Device::Cpu).unwrap();
        let expected = Expected::of(name);
        let hidden = resnet.last_hidden_state(expected.get("pixels.32x32"), Mode::Train).unwrap();
        // Small variances make rounding ten times larger here than with the running statistics.
        let difference = (hidden - expected.get("trained.hidden")).abs().max().double_value(&[]);
        assert!(difference < 10.0 * TOLERANCE, "{name}: {difference}");
        let buffers = vs.variables().into_iter().filter(|(_, tensor)| !tensor.requires_grad());
        let mut compared = 0;
        for (name, buffer) in buffers {
            let expected = expected.get(&format!("trained.{name}"));
            assert_eq!(buffer.kind(), expected.kind(), "{name}");
            assert_close(&buffer, expected);
            compared += 1;
        }
        assert!(compared > 0 && compared % 3 == 0, "{compared}");
    }
}

#[test]
fn patch_kernels_are_resized_as_by_timm() {
    let kernels = Tensor::read_safetensors(fixture("patch_kernels.safetensors")).unwrap();
    let get = |name: &str| &kernels.iter().find(|(found, _)| found == name).unwrap().1;
    for size in [2, 4, 6, 8] {
        assert_close(&resize_patch_kernel(get("4"), size).unwrap(), get(&size.to_string()));
    }
}
