//! The optimizers and the plateau schedule against PyTorch and lion-pytorch
//! (scripts/fixtures/optim.py).

use std::path::Path;

use model_core::{
    AdamW, AdamWConfig, Error, Lion, Lion8bit, Lion8bitConfig, LionConfig, Optimizer, Parameter, Plateau,
    PlateauConfig, Weights,
};
use tch::{Device, Kind, Tensor};

const STEPS: i64 = 50;

fn fixture() -> Weights {
    Weights::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/optim.safetensors")).unwrap()
}

fn parameters(fixture: &Weights) -> Vec<Parameter> {
    let parameter = |name: &str, weight_decay| Parameter {
        name: name.to_owned(),
        tensor: fixture.read(&format!("start.{name}")).unwrap().set_requires_grad(true),
        rate: 1.0,
        weight_decay,
    };
    vec![parameter("weight", 0.1), parameter("bias", 0.0)]
}

/// Gives each parameter the gradient of the fixture's step; the bias has none in every fifth.
fn set_gradients(optimizer: &mut dyn Optimizer, fixture: &Weights, step: i64) {
    for parameter in optimizer.parameters() {
        if parameter.name == "bias" && step % 5 == 3 {
            continue;
        }
        let grad = fixture.read(&format!("grads.{}", parameter.name)).unwrap().get(step);
        (&parameter.tensor * grad).sum(Kind::Float).backward();
    }
}

fn follows_the_fixture(mut optimizer: Box<dyn Optimizer>, name: &str) {
    let fixture = fixture();
    for step in 0..STEPS {
        optimizer.zero_grad();
        assert!(optimizer.parameters().iter().all(|p| !p.tensor.grad().defined()));
        set_gradients(optimizer.as_mut(), &fixture, step);
        optimizer.step(1e-2);
        for parameter in optimizer.parameters() {
            let expected = fixture.read(&format!("{name}.{}", parameter.name)).unwrap().get(step);
            let distance = (&parameter.tensor - expected).abs().max().double_value(&[]);
            assert!(distance < 1e-6, "step {step}: {} is off by {distance}", parameter.name);
        }
    }
}

#[test]
fn adamw_equals_pytorch_over_50_steps() {
    let optimizer = AdamW::new(parameters(&fixture()), AdamWConfig::default()).unwrap();
    follows_the_fixture(Box::new(optimizer), "adamw");
}

#[test]
fn lion_equals_lion_pytorch_over_50_steps() {
    let optimizer = Lion::new(parameters(&fixture()), LionConfig::default()).unwrap();
    follows_the_fixture(Box::new(optimizer), "lion");
}

/// Numbers that the fixture's script makes alike, to the last bit.
fn drawn(shape: [i64; 2], step: i64) -> Tensor {
    let places = Tensor::arange(shape[0] * shape[1], (Kind::Int64, Device::Cpu));
    let drawn: Tensor = (places * 7919 + step * 104_729).remainder(2003) - 1001;
    (drawn.to_kind(Kind::Float) / 1001.0).view(shape)
}

#[test]
fn eight_bit_lion_follows_bitsandbytes() {
    let fixture =
        Weights::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lion8bit.safetensors"))
            .unwrap();
    let parameter = |name: &str, shape, weight_decay| Parameter {
        name: name.to_owned(),
        tensor: drawn(shape, -1).set_requires_grad(true),
        rate: 1.0,
        weight_decay,
    };
    // The second has a last block that is not full, the third is too small for bytes.
    let shapes = [("even", [64, 64]), ("odd", [65, 65]), ("small", [10, 10])];
    let parameters = shapes.map(|(name, shape)| parameter(name, shape, 0.1)).into();
    let config = Lion8bitConfig { block_size: 256, ..Default::default() };
    let mut optimizer = Lion8bit::new(parameters, config).unwrap();
    for step in 0..20 {
        optimizer.zero_grad();
        for (parameter, (_, shape)) in optimizer.parameters().iter().zip(shapes) {
            (&parameter.tensor * drawn(shape, step)).sum(Kind::Float).backward();
        }
        optimizer.step(1e-2);
    }
    let share = |same: Tensor| same.to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
    for parameter in optimizer.parameters() {
        let expected = fixture.read(&parameter.name).unwrap();
        // Where a momentum is all but nought, a last bit decides the direction.
        let near = (&parameter.tensor - expected).abs().lt(1e-5);
        assert!(share(near) > 0.999, "{}", parameter.name);
    }
    for (name, state) in optimizer.state() {
        let expected = fixture.read(&name).unwrap();
        let difference = (state.to_kind(Kind::Float) - expected.to_kind(Kind::Float)).abs();
        assert!(share(difference.lt(1e-5)) > 0.99, "{name}");
    }
}

#[test]
fn plateau_equals_pytorch_over_50_evaluations() {
    let fixture = fixture();
    let values = |name: &str| Vec::<f64>::try_from(fixture.read(name).unwrap()).unwrap();
    let mut plateau = Plateau::new(PlateauConfig::default());
    let rates: Vec<f64> = values("plateau.losses")
        .into_iter()
        .map(|loss| {
            plateau.observe(loss);
            plateau.factor()
        })
        .collect();
    assert_eq!(rates, values("plateau.rates"));
    assert!(rates[STEPS as usize - 1] < 1.0, "the fixture never lowers the rate");
}

#[test]
fn a_restored_optimizer_goes_on_with_the_same_bits() {
    let fixture = fixture();
    let make = || AdamW::new(parameters(&fixture), AdamWConfig::default()).unwrap();
    let mut whole = make();
    let mut first = make();
    for step in 0..7 {
        for optimizer in [&mut whole, &mut first] {
            optimizer.zero_grad();
            set_gradients(optimizer, &fixture, step);
            optimizer.step(1e-2);
        }
    }
    let mut second = make();
    for (to, from) in second.parameters().iter().zip(first.parameters()) {
        tch::no_grad(|| to.tensor.shallow_clone().copy_(&from.tensor));
    }
    second.load_state(first.state()).unwrap();
    for optimizer in [&mut whole, &mut second] {
        optimizer.zero_grad();
        set_gradients(optimizer, &fixture, 7);
        optimizer.step(1e-2);
    }
    for (a, b) in whole.parameters().iter().zip(second.parameters()) {
        assert!(a.tensor.equal(&b.tensor), "{}", a.name);
    }
}

#[test]
fn the_state_of_another_optimizer_is_refused_and_changes_nothing() {
    let fixture = fixture();
    let mut adamw = AdamW::new(parameters(&fixture), AdamWConfig::default()).unwrap();
    set_gradients(&mut adamw, &fixture, 0);
    adamw.step(1e-2);
    let mean = adamw.state()[1].1.copy();
    let lion = Lion::new(parameters(&fixture), LionConfig::default()).unwrap();
    let error = adamw.load_state(lion.state()).unwrap_err();
    assert!(matches!(error, Error::OptimizerState { .. }), "{error}");
    assert!(adamw.state()[1].1.equal(&mean));
}

#[test]
fn two_parameters_of_one_name_are_refused() {
    let fixture = fixture();
    let mut twice = parameters(&fixture);
    twice.extend(parameters(&fixture));
    assert!(Lion::new(twice, LionConfig::default()).unwrap_err().to_string().contains("bias"));
}
