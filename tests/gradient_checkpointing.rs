//! Layers that are run again in the backward pass give the gradients of layers that keep what they computed.
#![cfg(feature = "torch")]

use contrastive_align::{Aligner, ClipLoss, LogitConfig, PairBatch, PairChunk, Towers};
use model_core::{Mode, Pretrained, SingleProcess, StepContext, Task};
use tch::{Device, Kind, Tensor};
use text_encoder::{TextConfig, TextFamily, TextModel, TokenBatch};
use vision_encoder::{Dinov2Config, Dinov2Type, VisionConfig, VisionModel, VitConfig};

const STUDIES: i64 = 6;

fn vit(gradient_checkpointing: bool) -> VisionConfig {
    let config = VitConfig {
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        intermediate_size: 32,
        hidden_dropout_prob: 0.1,
        image_size: 32,
        projection_size: Some(8),
        gradient_checkpointing,
        ..VitConfig::default()
    };
    config.into()
}

fn dinov2(gradient_checkpointing: bool) -> VisionConfig {
    let config = Dinov2Config {
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        drop_path_rate: 0.3,
        image_size: 28,
        patch_size: 14,
        projection_size: Some(8),
        gradient_checkpointing,
        ..Dinov2Config::of(Dinov2Type::Plain)
    };
    config.into()
}

fn text(gradient_checkpointing: bool) -> TextConfig {
    TextConfig {
        vocab_size: 64,
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        intermediate_size: 32,
        max_position_embeddings: 20,
        projection_size: Some(8),
        gradient_checkpointing,
        ..TextConfig::of(TextFamily::XlmRoberta)
    }
}

fn batch(side: i64, chunk: i64) -> PairBatch<Tensor, TokenBatch> {
    tch::manual_seed(2);
    let pixels = Tensor::randn([STUDIES, 3, side, side], (Kind::Float, Device::Cpu));
    let chunks = (0..STUDIES).step_by(chunk as usize).map(|first| {
        // Texts of several lengths, so that there is padding.
        let texts: Vec<Vec<i64>> = (first..first + chunk)
            .map(|text| (0..4 + text).map(|word| 5 + word * (text + 1)).collect())
            .collect();
        PairChunk {
            images: pixels.narrow(0, first, chunk),
            texts: TokenBatch::pad(&texts, 1, 1, Device::Cpu).unwrap(),
        }
    });
    let study = Tensor::arange(STUDIES, (Kind::Int64, Device::Cpu));
    let keys = (0..STUDIES).map(|study| study.to_string()).collect();
    PairBatch { chunks: chunks.collect(), groups: study.copy(), study, keys }
}

/// The loss and the gradient of every parameter.
fn step(vision: VisionConfig, text: TextConfig, chunk: i64, mixed: bool) -> (f64, Vec<(String, Tensor)>) {
    tch::manual_seed(1);
    let side = vision.image_size().unwrap();
    let towers: Towers<VisionModel, TextModel> =
        Towers::new(vision, text, &LogitConfig::default(), Device::Cpu).unwrap();
    let aligner = Aligner::new(towers.model, ClipLoss::default());
    let batch = batch(side, chunk);
    tch::manual_seed(3);
    let cx = StepContext::new(Mode::Train, &SingleProcess, 0);
    let run = || aligner.step(&batch, &cx).unwrap().loss;
    let loss = if mixed { torch_ext::autocast(Device::Cpu, Kind::BFloat16, run).unwrap() } else { run() };
    loss.backward();
    let gradients = towers.weights.tensors().into_iter().map(|(name, tensor)| (name, tensor.grad()));
    (loss.double_value(&[]), gradients.filter(|(_, gradient)| gradient.defined()).collect())
}

#[test]
fn gradients_are_the_same_with_dropout_gradient_caching_and_mixed_precision() {
    for vision in [vit, dinov2] {
        for (chunk, mixed) in [(STUDIES, false), (2, false), (STUDIES, true)] {
            let (loss, kept) = step(vision(false), text(false), chunk, mixed);
            let (again_loss, again) = step(vision(true), text(true), chunk, mixed);
            assert_eq!(loss, again_loss);
            assert_eq!(kept.len(), again.len());
            for ((name, kept), (_, again)) in kept.iter().zip(&again) {
                // The parts of a gradient may be added in another order, which bf16 shows.
                let rounding = if mixed { 0.01 } else { 1e-6 };
                let largest = kept.abs().max().double_value(&[]).max(1e-3);
                let difference = (kept - again).abs().max().double_value(&[]);
                assert!(
                    difference <= rounding * largest,
                    "{name}: {difference} of {largest}, chunks of {chunk}"
                );
            }
        }
    }
}

#[test]
fn it_is_read_from_a_configuration_and_not_written() {
    let config: TextConfig =
        serde_json::from_str(r#"{ "model_type": "bert", "gradient_checkpointing": true }"#).unwrap();
    assert!(config.gradient_checkpointing);
    assert!(!serde_json::to_string(&config).unwrap().contains("gradient_checkpointing"));
    let config: <VisionModel as Pretrained>::Config =
        serde_json::from_str(r#"{ "model_type": "dinov2", "gradient_checkpointing": true }"#).unwrap();
    assert!(!serde_json::to_string(&config).unwrap().contains("gradient_checkpointing"));
}
