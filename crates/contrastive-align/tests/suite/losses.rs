//! The losses against open_clip's numbers, plain nested loops, and themselves over several ranks.

use contrastive_align::{
    AlignmentLoss, ClipLoss, Duplicates, EncodedPairs, LocalLoss, SiglipLoss, SoftTargets, SumLoss,
};
use model_core::{Collective, Encoded, SingleProcess};
use serde::Deserialize;
use tch::{Kind, Tensor};

use crate::numbers::{largest_difference, rows, unit_rows};
use crate::ranks::on_ranks;

#[derive(Deserialize)]
struct Fixture {
    image: Vec<Vec<f64>>,
    text: Vec<Vec<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    temperature: f64,
    log_scale: f64,
    bias: f64,
    loss: f64,
    grad_image: Vec<Vec<f64>>,
    grad_text: Vec<Vec<f64>>,
    grad_log_scale: f64,
    grad_bias: f64,
}

fn matrix(rows: &[Vec<f64>]) -> Tensor {
    Tensor::from_slice(&rows.concat()).reshape([rows.len() as i64, -1])
}

fn pairs(
    image: Tensor,
    text: Tensor,
    study: &[i64],
    groups: &[i64],
    scale: Tensor,
    bias: Tensor,
) -> EncodedPairs {
    EncodedPairs {
        image: Encoded::from_pooled(image),
        text: Encoded::from_pooled(text),
        study: Tensor::from_slice(study),
        groups: Tensor::from_slice(groups),
        scale,
        bias: Some(bias),
    }
}

#[test]
fn losses_and_gradients_equal_open_clip() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/losses.json")).unwrap();
    assert_eq!(fixture.cases.len(), 4);
    for (kind, tolerance) in [(Kind::Double, 1e-12), (Kind::Float, 1e-6)] {
        for case in &fixture.cases {
            let loss: Box<dyn AlignmentLoss> = if case.name.starts_with("clip") {
                Box::new(ClipLoss { temperature: case.temperature, ..ClipLoss::default() })
            } else {
                Box::new(SiglipLoss::default())
            };
            let live = |tensor: Tensor| tensor.to_kind(kind).set_requires_grad(true);
            let (image, text) = (live(matrix(&fixture.image)), live(matrix(&fixture.text)));
            let log_scale = live(Tensor::from(case.log_scale));
            let bias = live(Tensor::from(case.bias));
            let numbers: Vec<i64> = (0..6).collect();
            let pairs = pairs(
                image.shallow_clone(),
                text.shallow_clone(),
                &numbers,
                &numbers,
                log_scale.exp(),
                bias.shallow_clone(),
            );
            let value = loss.loss(&pairs, &SingleProcess).unwrap();
            value.backward();
            let near = |got: f64, expected: f64, what: &str| {
                let error = (got - expected).abs() / expected.abs().max(1.0);
                assert!(error < tolerance, "{} {what}: {got} against {expected} in {kind:?}", case.name);
            };
            near(value.double_value(&[]), case.loss, "loss");
            near(log_scale.grad().double_value(&[]), case.grad_log_scale, "gradient of the scale");
            // The bias cancels in a soft-max: open_clip's gradient is rounding noise, and so is ours.
            near(bias.grad().double_value(&[]), case.grad_bias, "gradient of the bias");
            for (got, expected) in [(&image, &case.grad_image), (&text, &case.grad_text)] {
                let expected = matrix(expected);
                let largest = expected.abs().max().double_value(&[]).max(1.0);
                assert!(largest_difference(&got.grad(), &expected) < tolerance * largest, "{}", case.name);
            }
        }
    }
}

/// Two images of the first study; the first and the third report say the same.
const STUDY: [i64; 5] = [0, 0, 1, 2, 3];
const GROUPS: [i64; 4] = [70, 80, 70, 90];

fn irregular(scale: f64, bias: f64) -> EncodedPairs {
    let (image, text) = (unit_rows(1, 5, 8), unit_rows(2, 4, 8));
    pairs(image, text, &STUDY, &GROUPS, Tensor::from(scale), Tensor::from(bias))
}

/// `image · textᵀ` by hand.
fn cosines(image: &[Vec<f64>], text: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    image.iter().map(|image| text.iter().map(|text| dot(image, text)).collect()).collect()
}

fn vectors(rows: &Tensor) -> Vec<Vec<f64>> {
    Vec::<Vec<f64>>::try_from(rows).unwrap()
}

/// -1: not there, 0: wrong, 1: right.
fn role(duplicates: Duplicates, image: usize, text: usize) -> i32 {
    let own = STUDY[image] as usize;
    if own == text {
        1
    } else if GROUPS[own] == GROUPS[text] {
        match duplicates {
            Duplicates::Negative => 0,
            Duplicates::Ignored => -1,
            Duplicates::Positive => 1,
        }
    } else {
        0
    }
}

const ALL: [Duplicates; 3] = [Duplicates::Negative, Duplicates::Ignored, Duplicates::Positive];

/// Mean cross-entropy of lists of (logit, role, logit of the softer target).
fn cross_entropy(lists: Vec<Vec<(f64, i32, f64)>>, weight: f64) -> f64 {
    let mut sum = 0.0;
    for list in &lists {
        let there: Vec<_> = list.iter().filter(|(_, role, _)| *role >= 0).collect();
        let partition: f64 = there.iter().map(|(logit, _, _)| logit.exp()).sum();
        let alike: f64 = there.iter().map(|(_, _, alike)| alike.exp()).sum();
        let right = there.iter().filter(|(_, role, _)| *role == 1).count() as f64;
        for (logit, role, soft) in there {
            let hard = if *role == 1 { 1.0 / right } else { 0.0 };
            let target = hard * (1.0 - weight) + soft.exp() / alike * weight;
            sum -= target * (logit.exp() / partition).ln();
        }
    }
    sum / lists.len() as f64
}

#[test]
fn clip_equals_nested_loops() {
    let pairs = irregular(9.0, -3.0);
    let (image, text) = (vectors(&pairs.image.pooled), vectors(&pairs.text.pooled));
    let (similarity, of_reports) = (cosines(&image, &text), cosines(&text, &text));
    for duplicates in ALL {
        for soft in [None, Some(SoftTargets { weight: 0.3, temperature: 0.2 })] {
            let entry = |i: usize, j: usize| {
                let alike = of_reports[STUDY[i] as usize][j] / soft.map_or(1.0, |soft| soft.temperature);
                ((similarity[i][j] * 9.0 - 3.0) / 0.1, role(duplicates, i, j), alike)
            };
            let by_image = (0..5).map(|i| (0..4).map(|j| entry(i, j)).collect()).collect();
            let by_text = (0..4).map(|j| (0..5).map(|i| entry(i, j)).collect()).collect();
            let weight = soft.map_or(0.0, |soft| soft.weight);
            let expected = (cross_entropy(by_image, weight) + cross_entropy(by_text, weight)) / 2.0;

            let loss = ClipLoss { duplicates, soft_targets: soft, ..ClipLoss::released() };
            let got = loss.loss(&pairs, &SingleProcess).unwrap().double_value(&[]);
            assert!((got - expected).abs() < 1e-9, "{duplicates:?} {soft:?}: {got} against {expected}");
        }
    }
}

#[test]
fn siglip_equals_nested_loops() {
    let pairs = irregular(9.0, -3.0);
    let similarity = cosines(&vectors(&pairs.image.pooled), &vectors(&pairs.text.pooled));
    for duplicates in ALL {
        let mut expected = 0.0;
        for (i, row) in similarity.iter().enumerate() {
            for (j, cosine) in row.iter().enumerate() {
                let logit = cosine * 9.0 - 3.0;
                expected += match role(duplicates, i, j) {
                    -1 => 0.0,
                    0 => logit.exp().ln_1p(),
                    _ => (-logit).exp().ln_1p(),
                } / 5.0;
            }
        }
        let got = SiglipLoss { duplicates }.loss(&pairs, &SingleProcess).unwrap().double_value(&[]);
        assert!((got - expected).abs() < 1e-12, "{duplicates:?}: {got} against {expected}");
    }
}

#[test]
fn an_identical_report_is_not_pushed_away_when_ignored() {
    for (duplicates, pushed) in [(Duplicates::Negative, true), (Duplicates::Ignored, false)] {
        for siglip in [false, true] {
            let text = unit_rows(2, 4, 8).set_requires_grad(true);
            let pairs = EncodedPairs {
                image: Encoded::from_pooled(unit_rows(1, 5, 8).narrow(0, 0, 1)),
                study: Tensor::from_slice(&[0_i64]),
                text: Encoded::from_pooled(text.shallow_clone()),
                ..irregular(9.0, -3.0)
            };
            // A report without an image has no target in the soft-max over images; only rows count here.
            let value = if siglip {
                SiglipLoss { duplicates }.loss(&pairs, &SingleProcess)
            } else {
                ClipLoss { duplicates, ..ClipLoss::default() }.loss(&pairs, &SingleProcess)
            };
            value.unwrap().backward();
            let moved = text.grad().select(0, 2).abs().max().double_value(&[]) > 0.0;
            assert_eq!(moved, pushed, "{duplicates:?}, siglip: {siglip}");
        }
    }
}

#[test]
fn a_batch_of_one_is_finite() {
    for loss in [&ClipLoss::released() as &dyn AlignmentLoss, &SiglipLoss::default()] {
        let image = unit_rows(1, 1, 8).set_requires_grad(true);
        let scalar = |value: f64| Tensor::from(value);
        let pairs = pairs(image.shallow_clone(), unit_rows(2, 1, 8), &[0], &[1], scalar(14.3), scalar(-10.0));
        let value = loss.loss(&pairs, &SingleProcess).unwrap();
        value.backward();
        assert!(value.double_value(&[]).is_finite());
        assert!(image.grad().sum(Kind::Double).double_value(&[]).is_finite());
    }
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let mut pairs = irregular(9.0, -3.0);
    pairs.groups = Tensor::from_slice(&[1_i64, 2]);
    let error = ClipLoss::default().loss(&pairs, &SingleProcess).unwrap_err();
    assert!(error.to_string().contains("group of each report"), "{error}");
}

/// Each report has one word less than the one before, beginning with four.
fn words(from: usize, to: usize) -> Tensor {
    let lengths: Vec<i64> = (from..to).map(|text| 4 - text as i64).collect();
    Tensor::arange(4, (Kind::Int64, tch::Device::Cpu))
        .unsqueeze(0)
        .lt_tensor(&Tensor::from_slice(&lengths).unsqueeze(1))
}

/// The gradients of a tiny bi-encoder (two matrices, a scale and a bias) for some of the studies.
fn gradients(loss: &dyn AlignmentLoss, from: usize, to: usize, collective: &dyn Collective) -> Vec<Tensor> {
    let live = |tensor: Tensor| tensor.set_requires_grad(true);
    let parameters =
        [live(rows(10, 6, 8)), live(rows(11, 7, 8)), live(Tensor::from(2.0)), live(Tensor::from(-3.0))];
    let images: Vec<usize> = (0..5).filter(|image| (from..to).contains(&(STUDY[*image] as usize))).collect();
    let (first, count) = (images[0] as i64, images.len() as i64);
    let unit = |rows: Tensor| &rows / rows.norm_scalaropt_dim(2, [-1], true);
    let image = unit(rows(1, 5, 6).narrow(0, first, count).matmul(&parameters[0]));
    let text = unit(rows(2, 4, 7).narrow(0, from as i64, (to - from) as i64).matmul(&parameters[1]));
    let study: Vec<i64> = images.iter().map(|image| STUDY[*image] - from as i64).collect();
    let (scale, bias) = (parameters[2].exp(), parameters[3].shallow_clone());
    let mut pairs = pairs(image, text, &study, &GROUPS[from..to], scale, bias);
    let (image, text) = (&pairs.image.pooled, &pairs.text.pooled);
    pairs.image.tokens = Some(unit(Tensor::stack(&[image, &(image * image), &image.exp()], 1)));
    pairs.text.tokens = Some(unit(Tensor::stack(&[text, &text.tanh(), &text.cos(), &(text * text)], 1)));
    pairs.text.mask = Some(words(from, to));
    let value = loss.loss(&pairs, collective).unwrap();
    value.backward();
    let mut all: Vec<Tensor> = parameters.iter().map(Tensor::grad).collect();
    all.push(value.detach());
    all
}

#[test]
fn ranks_together_have_the_gradient_of_one_process() {
    let losses: [fn() -> Box<dyn AlignmentLoss>; 5] = [
        || Box::new(ClipLoss::default()),
        || {
            let soft_targets = Some(SoftTargets { weight: 0.3, temperature: 0.2 });
            Box::new(ClipLoss { duplicates: Duplicates::Ignored, soft_targets, ..ClipLoss::released() })
        },
        || Box::new(SiglipLoss::default()),
        || Box::new(SiglipLoss { duplicates: Duplicates::Positive }),
        || {
            let local: (f64, Box<dyn AlignmentLoss>) = (0.5, Box::new(LocalLoss::default()));
            Box::new(SumLoss::new(vec![(1.0, Box::new(ClipLoss::default())), local]).unwrap())
        },
    ];
    // Three images and two images, then one study a rank with two images on the first.
    for bounds in [vec![0, 2, 4], vec![0, 1, 2, 3, 4]] {
        for make in losses {
            let loss = make();
            let alone = gradients(&loss, 0, 4, &SingleProcess);
            let ranks = on_ranks(bounds.len() - 1, |rank| {
                let loss = make();
                let place = rank.shard().rank;
                let mut gradients = gradients(&loss, bounds[place], bounds[place + 1], rank);
                rank.all_reduce_mean(&mut gradients).unwrap();
                gradients
            });
            for rank in &ranks {
                for (together, alone) in rank.iter().zip(&alone) {
                    assert!(largest_difference(together, alone) < 1e-12, "{loss:?} {together} {alone}");
                }
            }
        }
    }
}

/// Words find back what they have seen, by hand.
#[test]
fn the_local_loss_equals_nested_loops() {
    let mut pairs = irregular(9.0, -3.0);
    let (patches, tokens) = (unit_rows(3, 5 * 6, 8), unit_rows(4, 4 * 4, 8));
    pairs.image.tokens = Some(patches.reshape([5, 6, 8]));
    pairs.text.tokens = Some(tokens.reshape([4, 4, 8]));
    pairs.text.mask = Some(words(0, 4));
    let (patches, tokens) = (vectors(&patches), vectors(&tokens));
    let loss = LocalLoss { attention_temperature: 0.3, temperature: 0.2 };
    let mut expected = 0.0;
    for (image, study) in STUDY.iter().enumerate() {
        let patches = &patches[image * 6..][..6];
        let words = &tokens[*study as usize * 4..][..4 - *study as usize];
        let mut seen = Vec::new();
        for cosines in cosines(words, patches) {
            let weights: Vec<f64> = cosines.iter().map(|cosine| (cosine / 0.3).exp()).collect();
            let sum = |at: usize| (0..6).map(|patch| weights[patch] * patches[patch][at]).sum::<f64>();
            let mean: Vec<f64> = (0..8).map(sum).collect();
            let length = mean.iter().map(|value| value * value).sum::<f64>().sqrt();
            seen.push(mean.iter().map(|value| value / length).collect::<Vec<f64>>());
        }
        let found = cosines(words, &seen);
        for (word, row) in found.iter().enumerate() {
            let of_word: f64 = row.iter().map(|cosine| (cosine / 0.2).exp()).sum();
            let of_seen: f64 = found.iter().map(|row| (row[word] / 0.2).exp()).sum();
            let right = row[word] / 0.2;
            expected += ((of_word.ln() - right) + (of_seen.ln() - right)) / 2.0 / words.len() as f64 / 5.0;
        }
    }
    let got = loss.loss(&pairs, &SingleProcess).unwrap().double_value(&[]);
    assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    pairs.text.tokens = None;
    assert!(loss.loss(&pairs, &SingleProcess).is_err());
    assert!(SumLoss::new(Vec::new()).is_err());
}
