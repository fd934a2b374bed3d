//! Training through the public path, with encoders, collates and a loss of a stranger.

use std::num::NonZeroUsize;

use contrastive_align::{
    Aligner, AlignmentLoss, BiEncoder, ClipLoss, EncodedPairs, LocalLoss, LogitConfig, LogitScale, PairBatch,
    PairCollate, PairIndex, Projected, ProjectedConfig, Retrieval, SiglipLoss, Towers,
};
use model_core::layers::BatchNorm;
use model_core::{
    AdamW, AdamWConfig, Collate, Collective, Encoded, Encoder, Mode, Optimizer, ParameterPolicy, Pretrained,
    Result, SingleProcess, StepContext, Task,
};
use tch::{Device, Kind, Tensor, nn};
use xray_core::{ImageTensor, Sample};

use crate::numbers::largest_difference;
use crate::toy::{Letters, Linear, LinearConfig, Pixels, model, study};

/// The distance between an image and its report: no negatives, tokens of both sides included.
#[derive(Debug)]
struct Distance;

impl AlignmentLoss for Distance {
    fn loss(&self, pairs: &EncodedPairs, _: &dyn Collective) -> Result<Tensor> {
        let distance = |a: &Tensor, b: &Tensor| (a - b.index_select(0, &pairs.study)).square().mean(None);
        let pooled = distance(&pairs.image.pooled, &pairs.text.pooled);
        match (&pairs.image.tokens, &pairs.text.tokens) {
            (Some(image), Some(text)) => Ok(pooled + distance(image, text)),
            _ => Ok(pooled),
        }
    }

    fn uses_tokens(&self) -> bool {
        true
    }
}

fn batch(samples: &[Sample], chunk: Option<usize>) -> PairBatch<Tensor, Tensor> {
    let mut collate = PairCollate::new(Pixels, Letters).with_all_images();
    if let Some(studies) = chunk.and_then(NonZeroUsize::new) {
        collate = collate.with_chunk(studies);
    }
    let samples: Vec<&Sample> = samples.iter().collect();
    collate.collate(&samples, Device::Cpu).unwrap()
}

fn gradients(vs: &nn::VarStore) -> Vec<(String, Tensor)> {
    let mut named: Vec<_> = vs.variables().into_iter().map(|(name, tensor)| (name, tensor.grad())).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named
}

/// What the loop does with a batch that is one of two of a step.
fn gradients_of_step(
    loss: impl AlignmentLoss,
    samples: &[Sample],
    chunk: Option<usize>,
) -> (f64, Vec<(String, Tensor)>) {
    let (vs, model) = model(4, LogitConfig::default());
    let aligner = Aligner::new(model, loss);
    let cx = StepContext::new(Mode::Train, &SingleProcess, 0).with_loss_scale(0.5);
    let output = aligner.step(&batch(samples, chunk), &cx).unwrap();
    assert_eq!(output.samples, samples.len() as i64);
    (&output.loss * cx.loss_scale).backward();
    (output.loss.double_value(&[]), gradients(&vs))
}

#[test]
fn cached_gradients_equal_direct_ones() {
    // Seven studies in chunks of three leave one for the last; some have two images.
    let samples: Vec<Sample> = (0..7).map(|number| study(number, number, 1 + number as usize % 2)).collect();
    let losses: [fn() -> Box<dyn AlignmentLoss>; 4] = [
        || Box::new(ClipLoss::released()),
        || Box::new(SiglipLoss::default()),
        || Box::new(LocalLoss::default()),
        || Box::new(Distance),
    ];
    for loss in losses {
        let (direct, expected) = gradients_of_step(loss(), &samples, None);
        for chunk in [1, 3, 4] {
            let (cached, got) = gradients_of_step(loss(), &samples, Some(chunk));
            assert!((direct - cached).abs() < 1e-5 * direct.abs(), "{direct} {cached}");
            for ((name, expected), (_, got)) in expected.iter().zip(&got) {
                if !expected.defined() {
                    continue;
                }
                let largest = expected.abs().max().double_value(&[]).max(1.0);
                assert!(largest_difference(got, expected) < 1e-5 * largest, "{name} in chunks of {chunk}");
            }
        }
    }
}

/// Weights are brought to bf16 once in a step, and the first pass over the chunks, without a graph, comes first.
#[test]
fn cached_gradients_equal_direct_ones_in_mixed_precision() {
    let samples: Vec<Sample> = (0..6).map(|number| study(number, number, 1)).collect();
    let mixed = |chunk| {
        torch_ext::autocast(Device::Cpu, Kind::BFloat16, || {
            gradients_of_step(ClipLoss::default(), &samples, chunk)
        })
        .unwrap()
    };
    let ((_, expected), (_, got)) = (mixed(None), mixed(Some(2)));
    for ((name, expected), (_, got)) in
        expected.iter().zip(&got).filter(|((_, expected), _)| expected.defined())
    {
        assert!(got.defined(), "{name} has no gradient");
        let largest = expected.abs().max().double_value(&[]);
        assert!(largest_difference(got, expected) < 0.05 * largest, "{name}");
    }
}

#[test]
fn a_frozen_encoder_gets_no_gradient_from_the_cache() {
    let samples: Vec<Sample> = (0..4).map(|number| study(number, number, 1)).collect();
    let (vs, model) = model(4, LogitConfig::default());
    model_core::freeze(&vs, "text.");
    let aligner = Aligner::new(model, ClipLoss::default());
    let cx = StepContext::new(Mode::Train, &SingleProcess, 0);
    aligner.step(&batch(&samples, Some(1)), &cx).unwrap().loss.backward();
    for (name, gradient) in gradients(&vs) {
        assert_eq!(gradient.defined(), !name.starts_with("text."), "{name}");
    }
}

#[test]
fn alignment_learns_to_find_reports_of_studies_never_seen() {
    let kinds = 8;
    let train: Vec<Sample> = (0..64).map(|number| study(number, number % kinds, 1)).collect();
    let test: Vec<Sample> = (100..132).map(|number| study(number, number % kinds, 1)).collect();
    let (vs, model) = model(4, LogitConfig { logit_bias_init_value: None, ..LogitConfig::default() });
    let duplicates = contrastive_align::Duplicates::Ignored;
    let aligner = Aligner::new(model, ClipLoss { duplicates, ..ClipLoss::default() });
    let parameters = ParameterPolicy::default().parameters("", &vs);
    let mut optimizer = AdamW::new(parameters, AdamWConfig::default()).unwrap();
    let recall = |aligner: &Aligner<_, _, _>| {
        let collate = PairCollate::new(Pixels, Letters);
        let index = PairIndex::embed(&aligner.model, &collate, test.iter().cloned().map(Ok), 10, Device::Cpu)
            .unwrap();
        Retrieval::new(&index).unwrap().image_to_text.summary().unwrap()
    };
    let before = recall(&aligner);
    assert_eq!((before.queries, before.items), (32, 8));
    for step in 0..60 {
        let first = (step as usize % 4) * 16;
        let cx = StepContext::new(Mode::Train, &SingleProcess, step);
        let output = aligner.step(&batch(&train[first..first + 16], None), &cx).unwrap();
        optimizer.zero_grad();
        output.loss.backward();
        optimizer.step(1e-2);
    }
    let after = recall(&aligner);
    assert!(after.recall_at_1 > 0.9, "{before:?} {after:?}");

    let cx = StepContext::new(Mode::Eval, &SingleProcess, 60);
    let output = tch::no_grad(|| aligner.step(&batch(&test, Some(8)), &cx)).unwrap();
    let nearest = output.metrics.iter().find(|(name, _)| name == "image_to_text").unwrap().1;
    assert!(nearest > 0.9, "{nearest}");
}

#[test]
fn encoders_of_different_lengths_are_joined_by_projections_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let config = |input, size| ProjectedConfig { encoder: LinearConfig { input, size }, projection_size: 6 };
    let logit = LogitConfig { logit_scale_init_value: 1.5, logit_bias_init_value: Some(-2.0) };
    let towers = Towers::<Projected<Linear>, Projected<Linear>>::new(
        config(8, 12),
        config(26, 10),
        &logit,
        Device::Cpu,
    )
    .unwrap();
    towers.weights.save(folder.path()).unwrap();
    let names: Vec<String> =
        towers.weights.parameters(&ParameterPolicy::default()).into_iter().map(|p| p.name).collect();
    assert!(names.contains(&"vision.logit_scale".to_owned()), "{names:?}");
    assert!(names.contains(&"text.projection.weight".to_owned()), "{names:?}");

    let read = Towers::<Projected<Linear>, Projected<Linear>>::load(folder.path(), Device::Cpu).unwrap();
    let samples: Vec<Sample> = (0..3).map(|number| study(number, number, 1)).collect();
    let encode = |towers: &Towers<Projected<Linear>, Projected<Linear>>| {
        towers.model.encode(&batch(&samples, None), Mode::Eval).unwrap()
    };
    let (first, second) = (encode(&towers), encode(&read));
    assert_eq!(first.image.pooled.size(), [3, 6]);
    assert_eq!(largest_difference(&first.image.pooled, &second.image.pooled), 0.0);
    assert_eq!(largest_difference(&first.text.pooled, &second.text.pooled), 0.0);
    assert_eq!(second.scale.double_value(&[]), first.scale.double_value(&[]));
    assert_eq!(second.bias.unwrap().double_value(&[]), -2.0);
    assert!(
        largest_difference(
            &first.image.pooled.square().sum_dim_intlist(1, false, None),
            &Tensor::from_slice(&[1.0_f32; 3])
        ) < 1e-6
    );
}

#[test]
fn encoders_that_do_not_fit_are_refused() {
    let config = |input, size, projection_size| ProjectedConfig {
        encoder: LinearConfig { input, size },
        projection_size,
    };
    let logit = LogitConfig::default();
    let refused = |a, b| {
        Towers::<Projected<Linear>, Projected<Linear>>::new(a, b, &logit, Device::Cpu)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(config(8, 12, 6), config(26, 12, 7)).contains("6 for images and 7"));
    assert!(refused(config(8, 12, 0), config(26, 12, 0)).contains("projection_size"));
    let infinite = LogitConfig { logit_scale_init_value: f64::INFINITY, ..logit };
    let error = Towers::<Projected<Linear>, Projected<Linear>>::new(
        config(8, 12, 6),
        config(26, 12, 6),
        &infinite,
        Device::Cpu,
    );
    assert!(error.unwrap_err().to_string().contains("logit_scale_init_value"));
}

#[test]
fn a_loss_that_is_no_number_names_its_study() {
    let mut samples: Vec<Sample> = (0..6).map(|number| study(number, number, 2)).collect();
    samples[4].images[1] = ImageTensor::new(vec![f32::NAN; 16], 1, 4, 4).unwrap();
    let (_vs, model) = model(4, LogitConfig::default());
    let aligner = Aligner::new(model, ClipLoss::default());
    assert_eq!(aligner.keys(&batch(&samples, Some(2))), ["s0004"]);
    assert_eq!(aligner.keys(&batch(&samples[..4], None)).len(), 4);
}

/// Eight numbers of the input, normalised by the batch.
#[derive(Debug)]
struct Normed(BatchNorm);

impl Encoder for Normed {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        8
    }

    fn encode(&self, input: &Tensor, mode: Mode) -> Result<Encoded> {
        Ok(Encoded::from_pooled(self.0.forward(&input.narrow(1, 0, 8), mode)))
    }
}

#[test]
fn caching_gradients_moves_running_statistics_once_a_chunk() {
    let vs = nn::VarStore::new(Device::Cpu);
    let root = vs.root();
    let logit = LogitScale::new(&root, &LogitConfig::default()).unwrap();
    let [image, text] = ["image", "text"].map(|side| Normed(BatchNorm::new(&(&root / side), 8, 1e-5)));
    let aligner = Aligner::new(BiEncoder::new(image, text, logit).unwrap(), ClipLoss::default());
    let samples: Vec<Sample> = (0..6).map(|number| study(number, number, 1)).collect();
    let cx = StepContext::new(Mode::Train, &SingleProcess, 0);
    aligner.step(&batch(&samples, Some(2)), &cx).unwrap().loss.backward();
    let variables = vs.variables();
    for side in ["image", "text"] {
        assert_eq!(variables[&format!("{side}.num_batches_tracked")].int64_value(&[]), 3);
    }
}
