//! The heads and their training, as a user relies on them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use downstream_heads::{
    AttentivePooling, FeatureCache, FeatureKey, Features, FineTune, FineTuneConfig, GradeHead, Head,
    HeadConfig, LabelHead, LabelledBatch, OrdinalHead, RegressionHead, encode_features,
};
use model_core::layers::linear;
use model_core::{Encoded, Encoder, Error, Mode, StopReason, batches_from_fn};
use tch::{Device, Kind, Tensor, nn};

/// libtorch has one random generator for all threads; whoever seeds it holds this.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    tch::set_num_threads(1);
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

const CONFIG: HeadConfig = HeadConfig { features: 6, hidden_size: None, dropout: 0.0 };

fn features(batch: i64) -> Encoded {
    tch::manual_seed(5);
    Encoded::from_pooled(Tensor::randn([batch, 6], (Kind::Float, Device::Cpu)))
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).contiguous().flatten(0, -1)).unwrap()
}

/// A loss must be finite and so must the gradients it sends back.
fn value(vs: &nn::VarStore, loss: &Tensor) -> f64 {
    loss.backward();
    for tensor in vs.trainable_variables() {
        assert!(numbers(&tensor.grad()).iter().all(|gradient| gradient.is_finite()));
    }
    loss.double_value(&[])
}

#[test]
fn unknown_labels_do_not_count_and_positives_count_their_weight() {
    let _alone = alone();
    let vs = nn::VarStore::new(Device::Cpu);
    let head = LabelHead::new(&vs.root(), &CONFIG, 2).unwrap().with_positive_weight(&[3.0, 1.0]).unwrap();
    let logits = head.logits(&features(3), Mode::Train).unwrap();
    let labels = [1.0, 0.0, f64::NAN, 1.0, 0.0, f64::NAN];
    let targets = Tensor::from_slice(&labels).view([3, 2]);
    let mut expected = 0.0;
    for (i, (logit, label)) in numbers(&logits).iter().zip(labels).enumerate() {
        let probability = 1.0 / (1.0 + (-logit).exp());
        let weight = if i % 2 == 0 { 3.0 } else { 1.0 };
        expected -= match label {
            1.0 => weight * probability.ln(),
            0.0 => (1.0 - probability).ln(),
            _ => 0.0,
        };
    }
    let loss = value(&vs, &head.loss(&logits, &targets).unwrap());
    assert!((loss - expected / 4.0).abs() < 1e-6, "{loss} is not {}", expected / 4.0);
    assert!(head.with_positive_weight(&[1.0]).is_err());
}

#[test]
fn nothing_known_costs_nothing() {
    let _alone = alone();
    let vs = nn::VarStore::new(Device::Cpu);
    let root = vs.root();
    let unknown_label = Tensor::full([2, 1], f64::NAN, (Kind::Float, Device::Cpu));
    let unknown_grade = Tensor::full([2, 2], -1, (Kind::Int64, Device::Cpu));
    let label = LabelHead::new(&(&root / "a"), &CONFIG, 1).unwrap();
    let measure = RegressionHead::new(&(&root / "b"), &CONFIG, &[120.0], &[40.0]).unwrap();
    let grade = GradeHead::new(&(&root / "c"), &CONFIG, 2, 5).unwrap();
    let ordinal = OrdinalHead::new(&(&root / "d"), &CONFIG, 2, 5).unwrap();
    let heads: [(&dyn Head, &Tensor); 4] = [
        (&label, &unknown_label),
        (&measure, &unknown_label),
        (&grade, &unknown_grade),
        (&ordinal, &unknown_grade),
    ];
    let mut total = Tensor::zeros([], (Kind::Float, Device::Cpu));
    for (head, targets) in heads {
        let logits = head.logits(&features(2), Mode::Train).unwrap();
        total += head.loss(&logits, targets).unwrap();
    }
    assert_eq!(value(&vs, &total), 0.0);
}

#[test]
fn grades_of_two_sides_are_cross_entropy_over_those_known() {
    let _alone = alone();
    let vs = nn::VarStore::new(Device::Cpu);
    let head = GradeHead::new(&vs.root(), &CONFIG, 2, 5).unwrap();
    let logits = head.logits(&features(2), Mode::Train).unwrap();
    assert_eq!(logits.size(), [2, 2, 5]);
    let probabilities = numbers(&head.predictions(&logits));
    let grades = [4_i64, -1, 0, 2];
    let known = [(0, 4), (2, 0), (3, 2)];
    let expected = -known.iter().map(|(row, grade)| probabilities[row * 5 + grade].ln()).sum::<f64>() / 3.0;
    let loss = head.loss(&logits, &Tensor::from_slice(&grades).view([2, 2])).unwrap();
    assert!((value(&vs, &loss) - expected).abs() < 1e-6);
    let outside = Tensor::from_slice(&[5_i64, 0, 0, 0]).view([2, 2]);
    assert!(head.loss(&logits, &outside).unwrap_err().to_string().contains("grades from 0 to 5"));
}

#[test]
fn ordinal_grades_have_probabilities_and_are_learned_in_order() {
    let _alone = alone();
    tch::manual_seed(1);
    let vs = nn::VarStore::new(Device::Cpu);
    let head = OrdinalHead::new(&vs.root(), &CONFIG, 1, 5).unwrap();
    let features = features(200);
    // The grade follows the first feature.
    let grade = (features.pooled.narrow(1, 0, 1) * 1.2 + 2.0).round().clamp(0, 4).to_kind(Kind::Int64);
    let mut optimizer = nn::OptimizerConfig::build(nn::Adam::default(), &vs, 0.05).unwrap();
    for _ in 0..300 {
        let logits = head.logits(&features, Mode::Train).unwrap();
        optimizer.backward_step(&head.loss(&logits, &grade).unwrap());
    }
    let probabilities = head.predictions(&head.logits(&features, Mode::Eval).unwrap());
    assert!(probabilities.min().double_value(&[]) >= 0.0);
    assert!(
        (probabilities.sum_dim_intlist(-1, false, Kind::Float) - 1.0).abs().max().double_value(&[]) < 1e-5
    );
    let right = probabilities.argmax(-1, false).eq_tensor(&grade).to_kind(Kind::Float);
    assert!(right.mean(Kind::Float).double_value(&[]) > 0.9);
}

#[test]
fn measurements_start_at_the_training_mean_in_their_unit() {
    let _alone = alone();
    tch::manual_seed(2);
    let vs = nn::VarStore::new(Device::Cpu);
    let head = RegressionHead::new(&vs.root(), &CONFIG, &[127.3, -1.5], &[41.2, 3.0]).unwrap();
    let logits = head.logits(&features(400), Mode::Eval).unwrap();
    let mean = numbers(&logits.mean_dim(0, false, Kind::Float));
    assert!((mean[0] - 127.3).abs() < 1.0 && (mean[1] + 1.5).abs() < 0.1, "{mean:?}");
    assert_eq!(vs.variables()["scale"].size(), [2]);
    // SmoothL1, beta 1: |d| - 0.5 beyond 1, d^2 / 2 within.
    let targets = logits.detach() + Tensor::from_slice(&[3.0f32, -0.5]);
    let loss = value(&vs, &head.loss(&logits, &targets).unwrap());
    assert!((loss - (2.5 + 0.125) / 2.0).abs() < 1e-4, "{loss}");
    assert!(RegressionHead::new(&vs.root(), &CONFIG, &[1.0], &[0.0]).is_err());
}

#[test]
fn padding_gets_no_attention_and_order_does_not_count() {
    let _alone = alone();
    tch::manual_seed(3);
    let vs = nn::VarStore::new(Device::Cpu);
    let inner = LabelHead::new(&(vs.root() / "head"), &CONFIG, 1).unwrap();
    let head = AttentivePooling::new(&vs.root(), 6, 4, inner).unwrap();
    let tokens = Tensor::randn([1, 3, 6], (Kind::Float, Device::Cpu));
    let study = |tokens: Tensor, mask: Tensor| Encoded {
        pooled: tokens.select(1, 0),
        tokens: Some(tokens),
        mask: Some(mask),
    };
    let two = study(tokens.narrow(1, 0, 2), Tensor::from_slice2(&[[true, true]]));
    let padded = study(tokens.shallow_clone(), Tensor::from_slice2(&[[true, true, false]]));
    let turned = study(tokens.narrow(1, 0, 2).flip([1]), Tensor::from_slice2(&[[true, true]]));
    let logit = |encoded: &Encoded| head.logits(encoded, Mode::Eval).unwrap().double_value(&[0, 0]);
    assert!((logit(&two) - logit(&padded)).abs() < 1e-6);
    assert!((logit(&two) - logit(&turned)).abs() < 1e-6);
    assert_eq!(numbers(&head.weights(&padded).unwrap())[2], 0.0);
    let none = study(tokens, Tensor::from_slice2(&[[false, false, false]]));
    assert!(logit(&none).is_finite());
    assert!(head.logits(&features(1), Mode::Eval).is_err());
}

#[test]
fn features_of_another_length_are_refused() {
    let _alone = alone();
    let vs = nn::VarStore::new(Device::Cpu);
    let head = LabelHead::new(&vs.root(), &HeadConfig { features: 7, ..CONFIG }, 1).unwrap();
    assert!(matches!(head.logits(&features(2), Mode::Eval), Err(Error::Shape { .. })));
}

#[derive(Debug)]
struct Tiny(nn::Linear);

impl Encoder for Tiny {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        5
    }

    fn encode(&self, input: &Tensor, _: Mode) -> model_core::Result<Encoded> {
        Ok(Encoded::from_pooled(input.apply(&self.0).tanh()))
    }
}

/// Simulated: what is to be measured is in the input and, for one part, in the column beside it.
fn batch(seed: i64) -> LabelledBatch<Tensor> {
    tch::manual_seed(seed);
    let input = Tensor::randn([32, 3], (Kind::Float, Device::Cpu));
    let sex = Tensor::rand([32, 1], (Kind::Float, Device::Cpu)).round();
    let targets = input.narrow(1, 0, 1) * 10.0 + &sex * 20.0 + 100.0;
    LabelledBatch { input, columns: Some(sex), targets }
}

fn train(config: &FineTuneConfig) -> (f64, f64, u64, StopReason) {
    tch::manual_seed(9);
    let (encoder, head) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
    let tiny = Tiny(linear(&encoder.root(), 3, 5, true));
    let before = tiny.0.ws.copy();
    let head_config = HeadConfig { features: 6, ..CONFIG };
    let regression = RegressionHead::new(&head.root(), &head_config, &[110.0], &[14.0]).unwrap();
    let mut task = FineTune::new(tiny, regression);
    let source =
        |from: i64| batches_from_fn(move |_, skip| Ok((skip..4).map(move |i| Ok(batch(from + i as i64)))));
    let (mut training, mut validation) = (source(0), source(100));
    let summary = config.run(&mut task, &encoder, &head, &mut training, &mut validation).unwrap();
    let moved = (&task.encoder().0.ws - before).abs().max().double_value(&[]);
    let test = batch(200);
    let predicted = task.predict(&test.input, test.columns.as_ref()).unwrap();
    let error = (predicted - &test.targets).abs().mean(Kind::Float).double_value(&[]);
    (moved, error, summary.steps, summary.reason)
}

#[test]
fn the_encoder_is_frozen_first_and_learns_then() {
    let _alone = alone();
    let probe = FineTuneConfig { head_rate: 0.05, frozen_steps: None, epochs: 20, ..Default::default() };
    let (moved, probe_error, steps, reason) = train(&probe);
    assert_eq!((moved, steps, reason), (0.0, 80, StopReason::Finished));
    let tuned = FineTuneConfig { joint_rate: 0.01, frozen_steps: Some(10), ..probe };
    let (moved, error, steps, _) = train(&tuned);
    assert!(moved > 0.01 && steps == 90, "{moved} {steps}");
    assert!(error < probe_error && error < 4.0, "{error} {probe_error}");
}

#[test]
fn the_best_weights_are_put_back() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let wild = FineTuneConfig {
        head_rate: 0.05,
        joint_rate: 3.0,
        frozen_steps: Some(60),
        early_stopping: 3,
        epochs: 20,
        checkpoints: Some(folder.path().to_owned()),
        ..Default::default()
    };
    let (_, error, _, _) = train(&wild);
    let (_, last, _, _) = train(&FineTuneConfig { checkpoints: None, ..wild });
    assert!(error < last, "{error} {last}");
}

#[test]
fn a_frozen_encoder_is_read_once_for_all_probes() {
    let _alone = alone();
    let vs = nn::VarStore::new(Device::Cpu);
    let tiny = Tiny(linear(&vs.root(), 3, 5, true));
    let features = encode_features(&tiny, (0..3).map(|seed| Ok(batch(seed).input))).unwrap();
    assert_eq!((features.cases(), features.embed_dim()), (96, 5));
    let second = tiny.encode(&batch(1).input, Mode::Eval).unwrap().pooled;
    let row: Vec<f32> = features.rows().nth(32).unwrap().to_vec();
    assert_eq!(row, Vec::<f32>::try_from(second.get(0)).unwrap());
    let broken = encode_features(&tiny, [Ok(Tensor::from_slice(&[f32::NAN; 3]).view([1, 3]))]);
    assert!(matches!(broken, Err(downstream_heads::Error::NotFinite { .. })));
}

#[test]
fn features_are_kept_by_what_made_them() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let (weights, cache) = (folder.path().join("weights"), FeatureCache::new(folder.path().join("cache")));
    std::fs::write(&weights, "first").unwrap();
    let key = || FeatureKey::new().with_text("resize 224").with_file(&weights).unwrap();
    let image = |name: &str| FeatureKey::new().with_content(name.as_bytes()).name();
    let items = [image("a"), image("b"), image("a")];
    let encode = |key: &FeatureKey, items: &[[u8; 32]]| {
        let mut asked = Vec::new();
        let features = cache.get_or_encode(key, items, |missing| {
            asked = missing.to_vec();
            Features::new(missing.iter().flat_map(|place| [*place as f32, 7.5]).collect(), 2)
        });
        (features.unwrap().values().to_vec(), asked)
    };
    // An image that stands twice is encoded once, and what is known is not encoded again.
    assert_eq!(encode(&key(), &items), (vec![0.0, 7.5, 1.0, 7.5, 0.0, 7.5], vec![0, 1]));
    assert_eq!(encode(&key(), &[image("c"), image("b")]), (vec![0.0, 7.5, 1.0, 7.5], vec![0]));
    assert_eq!(encode(&key(), &items[1..]), (vec![1.0, 7.5, 0.0, 7.5], vec![]));
    assert_eq!(encode(&key().with_text("other transform"), &items[..1]).1, [0]);
    for file in std::fs::read_dir(folder.path().join("cache")).unwrap() {
        std::fs::write(file.unwrap().path(), "cut").unwrap();
    }
    assert_eq!(encode(&key(), &items).1, [0, 1]);
    std::fs::write(&weights, "second").unwrap();
    assert_eq!(encode(&key(), &items).1, [0, 1]);
    let missing = FeatureKey::new().with_file(folder.path().join("missing")).unwrap_err();
    let source = std::error::Error::source(&missing).unwrap().to_string();
    assert!(source.contains("missing"), "{source}");
}

/// A head from outside the crate: the answer is one learned number, whatever the image.
#[derive(Debug)]
struct Guess(Tensor);

impl Head for Guess {
    fn logits(&self, features: &Encoded, _: Mode) -> model_core::Result<Tensor> {
        Ok(self.0.expand([features.pooled.size()[0], 1], false))
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> model_core::Result<Tensor> {
        Ok((logits - targets).abs().mean(Kind::Float))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        logits.shallow_clone()
    }
}

#[test]
fn a_head_from_outside_trains_as_ours_do() {
    let _alone = alone();
    let (encoder, head) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
    let tiny = Tiny(linear(&encoder.root(), 3, 5, true));
    let guess = Guess(head.root().var("guess", &[1, 1], nn::Init::Const(100.0)));
    let mut task = FineTune::new(tiny, Box::new(guess) as Box<dyn Head>);
    let mut batches = batches_from_fn(|_, skip| Ok((skip..4).map(|seed| Ok(batch(seed as i64)))));
    let mut held_out = batches_from_fn(|_, skip| Ok((skip..1).map(|_| Ok(batch(50)))));
    let config = FineTuneConfig { head_rate: 0.5, frozen_steps: None, epochs: 15, ..Default::default() };
    config.run(&mut task, &encoder, &head, &mut batches, &mut held_out).unwrap();
    let learned = numbers(&task.predict(&batch(60).input, None).unwrap())[0];
    assert!((learned - 110.0).abs() < 4.0, "{learned}");
}
