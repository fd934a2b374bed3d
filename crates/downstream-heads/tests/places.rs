//! Heads that answer for places: what they learn on simulated tokens, and what they refuse.

use downstream_heads::{BoxConfig, BoxHead, DenseConfig, DenseHead, Head};
use eval_metrics::{BoxPrecision, ImageBox, Overlap};
use model_core::{AdamW, AdamWConfig, Encoded, Mode, Optimizer, ParameterPolicy};
use tch::{Device, Kind, Tensor, nn};

const GRID: [i64; 2] = [6, 5];
const IMAGES: i64 = 24;

fn encoded(tokens: Tensor) -> Encoded {
    Encoded { pooled: tokens.mean_dim(1, false, Kind::Float), tokens: Some(tokens), mask: None }
}

fn train(vs: &nn::VarStore, steps: usize, rate: f64, loss: impl Fn() -> Tensor) {
    let parameters = ParameterPolicy::default().parameters("", vs);
    let mut optimizer = AdamW::new(parameters, AdamWConfig::default()).unwrap();
    for _ in 0..steps {
        optimizer.zero_grad();
        loss().backward();
        optimizer.step(rate);
    }
}

/// Tokens whose second number says whether the patch is bone, beside noise, and the mask at twice the grid.
fn areas(seed: i64) -> (Encoded, Tensor) {
    tch::manual_seed(seed);
    let bone = Tensor::rand([IMAGES, GRID[0], GRID[1]], (Kind::Float, Device::Cpu)).gt(0.6);
    let noise = Tensor::randn([IMAGES, GRID[0] * GRID[1], 3], (Kind::Float, Device::Cpu)) * 0.3;
    let said = bone.to_kind(Kind::Float).view([IMAGES, -1, 1]);
    let tokens = Tensor::cat(&[noise.narrow(2, 0, 1), said, noise.narrow(2, 1, 2)], 2);
    let mask = bone
        .to_kind(Kind::Int64)
        .repeat_interleave_self_int(2, 1, None)
        .repeat_interleave_self_int(2, 2, None);
    (encoded(tokens), mask)
}

fn dice(head: &DenseHead) -> f64 {
    let (features, mask) = areas(2);
    let said = head.predictions(&head.logits(&features, Mode::Eval).unwrap());
    let said = said.upsample_bilinear2d([2 * GRID[0], 2 * GRID[1]], false, None, None).argmax(1, false);
    let flat = |tensor: Tensor| Vec::<bool>::try_from(tensor.eq(1).flatten(0, -1)).unwrap();
    Overlap::of(&flat(mask), &flat(said)).unwrap().dice().unwrap()
}

#[test]
fn areas_are_learnt_from_patches_in_their_order() {
    for decoder in [None, Some(12)] {
        tch::manual_seed(1);
        let vs = nn::VarStore::new(Device::Cpu);
        let config = DenseConfig { features: 4, grid: GRID, classes: 2, decoder, dropout: 0.0 };
        let head = DenseHead::new(&vs.root(), config).unwrap();
        let (features, mask) = areas(1);
        let before = dice(&head);
        train(&vs, 150, 0.03, || head.loss(&head.logits(&features, Mode::Train).unwrap(), &mask).unwrap());
        let after = dice(&head);
        assert!(after > 0.9 && after > before, "{decoder:?}: {before} became {after}");

        // A pixel that nobody knows changes nothing.
        let logits = head.logits(&features, Mode::Eval).unwrap();
        let unknown = Tensor::full_like(&mask, -1);
        assert_eq!(head.loss(&logits, &unknown).unwrap().double_value(&[]), 0.0);
        assert!(head.loss(&logits, &(&mask + 2)).is_err());
        let shuffled = encoded(features.tokens.unwrap().narrow(1, 0, 20));
        assert!(head.logits(&shuffled, Mode::Eval).unwrap_err().to_string().contains("tokens"));
    }
}

/// One box of class 0 or 1 an image, two patches wide and high; its patches say the class. And a row that fills up.
fn boxes(seed: u64) -> (Encoded, Tensor, Vec<ImageBox>) {
    let (mut tokens, mut targets, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for image in 0..IMAGES as u64 {
        let draw = xray_core::derive_seed(seed, &[image]);
        let (row, column, class) = ((draw % 5) as i64, (draw / 5 % 4) as i64, draw / 20 % 2);
        for patch in 0..GRID[0] * GRID[1] {
            let (y, x) = (patch / GRID[1] - row, patch % GRID[1] - column);
            let inside = (0..2).contains(&y) && (0..2).contains(&x);
            let sign = if class == 0 { 1.0 } else { -1.0 };
            // Which corner of the box a patch is, as an encoder that sees its neighbours would know.
            tokens.extend(if inside { [sign, y as f32 - 0.5, x as f32 - 0.5, 1.0] } else { [0.0; 4] });
        }
        let middle = [(column as f32 + 1.0) / GRID[1] as f32, (row as f32 + 1.0) / GRID[0] as f32];
        let size = [2.0 / GRID[1] as f32, 2.0 / GRID[0] as f32];
        targets.extend([class as f32, middle[0], middle[1], size[0], size[1], -1.0, 0.0, 0.0, 0.0, 0.0]);
        let corner = |at: usize, side: f32| f64::from(middle[at] + side * size[at] / 2.0);
        let corners = [corner(0, -1.0), corner(1, -1.0), corner(0, 1.0), corner(1, 1.0)];
        truth.push(ImageBox { image: image as usize, class: class as usize, corners });
    }
    let tokens = Tensor::from_slice(&tokens).view([IMAGES, -1, 4]);
    (encoded(tokens), Tensor::from_slice(&targets).view([IMAGES, 2, 5]), truth)
}

fn precision(head: &BoxHead) -> f64 {
    let (features, _, truth) = boxes(2);
    let said = head.predictions(&head.logits(&features, Mode::Eval).unwrap());
    let said: Vec<f32> = Vec::try_from(said.contiguous().flatten(0, -1)).unwrap();
    let (mut found, mut scores) = (Vec::new(), Vec::new());
    for (index, row) in said.chunks_exact(6).enumerate() {
        let image = index / (GRID[0] * GRID[1]) as usize;
        for class in 0..2 {
            let corners = [0, 1, 2, 3].map(|place| f64::from(row[place]));
            found.push(ImageBox { image, class, corners });
            scores.push(f64::from(row[4 + class]));
        }
    }
    BoxPrecision::new(&truth, &found, &scores, IMAGES as usize, 2).unwrap().at(0.5).unwrap()
}

#[test]
fn boxes_are_learnt_with_classes_of_their_own_or_phrases() {
    let config = BoxConfig { features: 4, grid: GRID, classes: 2, hidden_size: 24 };
    let prompts = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 0.0, 1.0, 0.0]).view([2, 3]);
    for open in [false, true] {
        tch::manual_seed(3);
        let vs = nn::VarStore::new(Device::Cpu);
        let head = match open {
            true => BoxHead::with_prompts(&vs.root(), config, &prompts).unwrap(),
            false => BoxHead::new(&vs.root(), config).unwrap(),
        };
        let (features, targets, _) = boxes(1);
        let before = precision(&head);
        train(&vs, 120, 0.01, || head.loss(&head.logits(&features, Mode::Train).unwrap(), &targets).unwrap());
        let after = precision(&head);
        assert!(after > 0.8 && before < 0.3, "{open}: {before} became {after}");
    }
}

#[test]
fn an_image_without_a_box_has_a_loss_and_what_is_no_box_is_refused() {
    let vs = nn::VarStore::new(Device::Cpu);
    let config = BoxConfig { features: 4, grid: GRID, classes: 2, hidden_size: 8 };
    let head = BoxHead::new(&vs.root(), config).unwrap();
    let (features, targets, _) = boxes(1);
    let logits = head.logits(&features, Mode::Eval).unwrap();
    let nothing = Tensor::full_like(&targets, -1.0);
    assert!(head.loss(&logits, &nothing).unwrap().double_value(&[]).is_finite());
    assert!(head.loss(&logits, &(&targets + 3.0)).is_err());
    assert!(head.loss(&logits, &targets.narrow(2, 0, 4)).is_err());
    assert!(
        BoxHead::with_prompts(&vs.root(), config, &Tensor::zeros([3, 4], (Kind::Float, Device::Cpu)))
            .is_err()
    );
}
