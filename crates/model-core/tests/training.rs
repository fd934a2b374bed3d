//! The training loop, driven by a task, an encoder and hooks from outside the crate.

use std::cell::RefCell;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model_core::layers::{Activation, Mlp, dropout};
use model_core::{
    AdamW, AdamWConfig, BatchSource, Checkpoint, Collective, Encoded, Encoder, Error, EvalReport, Hook,
    JsonLines, Lion, LionConfig, Mode, Optimizer, ParameterPolicy, PlateauConfig, Precision, Result,
    Schedule, Shard, StepContext, StepOutput, StepReport, StopReason, Summary, Task, TensorBoard, Trainer,
    TrainerConfig, batches_from_fn, named_tensors,
};
use tch::{Device, Kind, Reduction, Tensor, nn};

/// Vectors into vectors, with dropout, so that training draws random numbers.
#[derive(Debug)]
struct VectorEncoder(Mlp);

impl Encoder for VectorEncoder {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        3
    }

    fn encode(&self, input: &Tensor, mode: Mode) -> Result<Encoded> {
        Ok(Encoded::from_pooled(self.0.forward(&dropout(input, 0.2, mode), 0.0, mode)))
    }
}

#[derive(Debug)]
struct Regression {
    encoder: Box<dyn Encoder<Input = Tensor>>,
    nan_at: Option<u64>,
}

struct Batch {
    x: Tensor,
    y: Tensor,
    key: String,
}

impl Task for Regression {
    type Batch = Batch;

    fn step(&self, batch: &Batch, cx: &StepContext<'_>) -> Result<StepOutput> {
        let predicted = self.encoder.encode(&batch.x, cx.mode)?.pooled;
        let mut loss = predicted.mse_loss(&batch.y, Reduction::Mean);
        if cx.mode.is_train() && self.nan_at == Some(cx.step) {
            loss *= f64::NAN;
        }
        let error = (predicted - &batch.y).abs().mean(Kind::Double).double_value(&[]);
        let samples = batch.x.size()[0];
        Ok(StepOutput {
            metrics: vec![("absolute_error".to_owned(), error)],
            ..StepOutput::new(loss, samples)
        })
    }

    fn keys(&self, batch: &Batch) -> Vec<String> {
        vec![batch.key.clone()]
    }
}

const BATCHES: u64 = 8;

fn batch(epoch: u64, index: u64) -> Batch {
    let x = Tensor::from_slice(
        &(0..12u64).map(|i| ((i * 7 + epoch * 3 + index) as f32).sin()).collect::<Vec<_>>(),
    );
    let x = x.view([4, 3]);
    Batch { y: &x * 2.0 + 1.0, x, key: format!("{epoch}-{index}") }
}

fn source() -> impl BatchSource<Batch = Batch> {
    batches_from_fn(|epoch, skip| Ok((skip..BATCHES).map(move |index| Ok(batch(epoch, index)))))
}

/// libtorch's random generator belongs to the process: one test at a time draws from it.
fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Run {
    vs: nn::VarStore,
    task: Regression,
}

impl Run {
    fn new() -> Self {
        tch::set_num_threads(1);
        tch::manual_seed(7);
        let vs = nn::VarStore::new(Device::Cpu);
        let root = vs.root();
        let mlp = Mlp::new(&(&root / "fc1"), &(&root / "fc2"), 3, 16, Activation::Gelu);
        Self { task: Regression { encoder: Box::new(VectorEncoder(mlp)), nan_at: None }, vs }
    }

    fn trainer<'a>(&self, config: TrainerConfig) -> Trainer<'a> {
        let parameters = ParameterPolicy::default().parameters("", &self.vs);
        let optimizer = AdamW::new(parameters, AdamWConfig::default()).unwrap();
        Trainer::new(config, named_tensors("", &self.vs), Box::new(optimizer)).unwrap()
    }

    fn train(&self, trainer: &mut Trainer<'_>) -> Result<Summary> {
        trainer.run(&self.task, &mut source(), Some(&mut source()))
    }

    fn weights(&self) -> Vec<(String, Tensor)> {
        named_tensors("", &self.vs).into_iter().map(|(name, tensor)| (name, tensor.copy())).collect()
    }
}

fn config(folder: &Path) -> TrainerConfig {
    TrainerConfig {
        epochs: 5,
        learning_rate: 0.01,
        accumulation: 2,
        max_gradient_norm: Some(1.0),
        schedule: Schedule::Cosine { warmup_steps: 3, total_steps: Some(20), floor: 0.1 },
        plateau: Some(PlateauConfig { patience: 0, ..PlateauConfig::default() }),
        checkpoints: Some(folder.to_owned()),
        seed: 11,
        ..TrainerConfig::default()
    }
}

/// Stops after a step, as a killed process does: nothing is saved any more.
struct Kill(u64);

impl Hook for Kill {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        match report.step + 1 == self.0 {
            true => Err(Error::external("running")("killed")),
            false => Ok(ControlFlow::Continue(())),
        }
    }
}

fn same(a: &[(String, Tensor)], b: &[(String, Tensor)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.equal(&b.1))
}

#[test]
fn a_killed_run_resumes_bit_for_bit() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let whole = Run::new();
    let log = folder.path().join("whole.jsonl");
    let mut trainer =
        whole.trainer(config(&folder.path().join("whole"))).with_hook(JsonLines::create(&log).unwrap());
    assert_eq!(whole.train(&mut trainer).unwrap().steps, 20);

    let checkpoints = folder.path().join("killed");
    let killed_log = folder.path().join("killed.jsonl");
    let config = TrainerConfig { checkpoint_every: Some(5), ..config(&checkpoints) };
    let first = Run::new();
    let mut trainer =
        first.trainer(config.clone()).with_hook(JsonLines::create(&killed_log).unwrap()).with_hook(Kill(12));
    assert!(matches!(first.train(&mut trainer), Err(Error::External { .. })));

    let second = Run::new();
    let mut trainer = second.trainer(config);
    trainer.resume(checkpoints.join("last.safetensors")).unwrap();
    let steps = trainer.progress().step;
    let progress = trainer.progress();
    assert_eq!((steps, progress.epoch, progress.batch), (10, 2, 4));
    let mut trainer = trainer.with_hook(JsonLines::resume(&killed_log, steps).unwrap());
    let summary = second.train(&mut trainer).unwrap();
    assert_eq!((summary.steps, summary.reason), (20, StopReason::Finished));
    assert!(same(&whole.weights(), &second.weights()));

    let without_time = |path: &Path| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(path).unwrap();
        let mut lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &mut lines {
            line.as_object_mut().unwrap().remove("seconds");
        }
        lines
    };
    assert_eq!(without_time(&log), without_time(&killed_log));
    assert_eq!(without_time(&log).len(), 25);
}

#[test]
fn accumulated_batches_equal_one_large_batch() {
    let _alone = alone();
    let step = |accumulation: u64| {
        let mut run = Run::new();
        // A layer without dropout, whose random numbers would depend on the cut.
        let linear = model_core::layers::linear(&(run.vs.root() / "linear"), 3, 3, true);
        run.task.encoder = Box::new(Linear(linear));
        let mut trainer =
            run.trainer(TrainerConfig { accumulation, learning_rate: 0.1, ..Default::default() });
        let mut source = batches_from_fn(|_, skip| {
            let (a, b) = (batch(0, 0), batch(0, 1));
            let all = match accumulation {
                2 => vec![a, b],
                _ => {
                    vec![Batch { x: Tensor::cat(&[a.x, b.x], 0), y: Tensor::cat(&[a.y, b.y], 0), key: a.key }]
                }
            };
            Ok(all.into_iter().skip(skip as usize).map(Ok))
        });
        trainer.run(&run.task, &mut source, None).unwrap();
        run.weights()
    };
    for ((name, a), (_, b)) in step(2).iter().zip(&step(1)) {
        assert!(a.allclose(b, 0.0, 1e-6, false), "{name}");
    }
}

#[derive(Debug)]
struct Linear(nn::Linear);

impl Encoder for Linear {
    type Input = Tensor;

    fn embed_dim(&self) -> i64 {
        3
    }

    fn encode(&self, input: &Tensor, _: Mode) -> Result<Encoded> {
        Ok(Encoded::from_pooled(input.apply(&self.0)))
    }
}

#[test]
fn a_loss_that_is_not_a_number_stops_at_its_step_and_spares_the_checkpoint() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::new();
    run.task.nan_at = Some(9);
    let error = run.train(&mut run.trainer(config(folder.path()))).unwrap_err();
    let Error::NotFinite { step: 9, samples, .. } = &error else { panic!("{error}") };
    assert_eq!(samples, &["2-2"]);
    let checkpoint = Checkpoint::open(folder.path().join("last.safetensors")).unwrap();
    assert_eq!((checkpoint.progress().step, checkpoint.progress().epoch), (8, 2));
    let fresh = Run::new();
    checkpoint.restore_weights(&named_tensors("", &fresh.vs)).unwrap();
    assert!(fresh.weights().iter().all(|(_, t)| t.isfinite().all().int64_value(&[]) == 1));
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    run.train(&mut run.trainer(config(folder.path()))).unwrap();
    let last = folder.path().join("last.safetensors");

    let other = TrainerConfig { seed: 12, ..config(folder.path()) };
    assert!(matches!(Run::new().trainer(other).resume(&last), Err(Error::Checkpoint { .. })));

    let vs = nn::VarStore::new(Device::Cpu);
    let _ = model_core::layers::linear(&(vs.root() / "fc1"), 3, 15, true);
    let parameters = ParameterPolicy::default().parameters("", &vs);
    let optimizer = Box::new(AdamW::new(parameters, AdamWConfig::default()).unwrap());
    let mut trainer = Trainer::new(config(folder.path()), named_tensors("", &vs), optimizer).unwrap();
    assert!(matches!(trainer.resume(&last), Err(Error::Checkpoint { .. })));

    let parameters = ParameterPolicy::default().parameters("", &run.vs);
    let lion: Box<dyn Optimizer> = Box::new(Lion::new(parameters, LionConfig::default()).unwrap());
    let mut trainer = Trainer::new(config(folder.path()), named_tensors("", &run.vs), lion).unwrap();
    assert!(matches!(trainer.resume(&last), Err(Error::OptimizerState { .. })));
}

/// The first of two processes; the other one does the same.
#[derive(Debug)]
struct Twin;

impl Collective for Twin {
    fn shard(&self) -> Shard {
        Shard { rank: 0, world_size: 2 }
    }

    fn all_reduce_mean(&self, _: &mut [Tensor]) -> Result<()> {
        Ok(())
    }

    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![tensor.shallow_clone(), tensor.shallow_clone()])
    }

    fn broadcast(&self, _: &mut [Tensor]) -> Result<()> {
        Ok(())
    }
}

#[test]
fn the_learning_rate_goes_on_where_another_number_of_processes_or_epochs_left_it() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let over = |epochs: u64, steps: u64| TrainerConfig {
        epochs,
        learning_rate: 1.0,
        accumulation: 1,
        plateau: None,
        schedule: Schedule::Cosine { warmup_steps: 0, total_steps: Some(steps), floor: 0.0 },
        ..config(folder.path())
    };
    let run = Run::new();
    run.train(&mut run.trainer(over(1, 2 * BATCHES))).unwrap();
    let first_rate = |config: TrainerConfig, together: bool| {
        let rates = Mutex::new(Vec::new());
        let run = Run::new();
        let mut trainer = run.trainer(config).with_hook(|report: &StepReport| {
            rates.lock().unwrap().push(report.learning_rate);
        });
        if together {
            trainer = trainer.with_collective(Box::new(Twin));
        }
        trainer.resume(folder.path().join("last.safetensors")).unwrap();
        run.train(&mut trainer).unwrap();
        drop(trainer);
        rates.into_inner().unwrap()[0]
    };
    // Half of the run is done, by whatever number of processes.
    assert!((first_rate(over(2, BATCHES), true) - 0.5).abs() < 1e-12);
    // A third of the longer run is.
    run.train(&mut run.trainer(over(1, 2 * BATCHES))).unwrap();
    assert!((first_rate(over(3, 3 * BATCHES), false) - 0.75).abs() < 1e-12);
}

/// Records what a run tells, and answers evaluations with `Break` after the second.
struct Onlooker<'a> {
    seen: &'a RefCell<Vec<EvalReport>>,
    most: usize,
}

impl Hook for Onlooker<'_> {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        assert!(report.loss > 0.0 && report.gradient_norm > 0.0 && report.samples == 8);
        Ok(ControlFlow::Continue(()))
    }

    fn on_evaluation(&mut self, report: &EvalReport) -> Result<ControlFlow<()>> {
        self.seen.borrow_mut().push(report.clone());
        let enough = self.seen.borrow().len() == self.most;
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

#[test]
fn a_hook_sees_evaluations_without_dropout_and_can_stop() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    let seen = RefCell::new(Vec::new());
    let steps = RefCell::new(0);
    let mut trainer = run
        .trainer(config(folder.path()))
        .with_hook(|_: &StepReport| *steps.borrow_mut() += 1)
        .with_hook(Onlooker { seen: &seen, most: 2 });
    let summary = run.train(&mut trainer).unwrap();
    assert_eq!((summary.reason, summary.steps), (StopReason::Hook, 8));
    assert_eq!(*steps.borrow(), 8);
    let last = &seen.borrow()[1];
    assert_eq!((last.epoch, last.step, last.samples), (1, 8, 32));
    assert_eq!(summary.best_loss, Some(last.loss));
    let cx = StepContext::new(Mode::Eval, &model_core::SingleProcess, 0);
    let losses: Vec<f64> =
        (0..BATCHES).map(|i| run.task.step(&batch(0, i), &cx).unwrap().loss.double_value(&[])).collect();
    assert!((losses.iter().sum::<f64>() / 8.0 - last.loss).abs() < 1e-9);
    assert_eq!(last.metrics[0].0, "absolute_error");
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    let config = TrainerConfig {
        epochs: 50,
        learning_rate: 3.0,
        early_stopping: Some(2),
        plateau: None,
        schedule: Schedule::default(),
        ..config(folder.path())
    };
    let seen = RefCell::new(Vec::new());
    let mut trainer = run.trainer(config).with_hook(Onlooker { seen: &seen, most: 100 });
    let summary = run.train(&mut trainer).unwrap();
    assert_eq!(summary.reason, StopReason::EarlyStopping);
    assert!(summary.steps < 200);
    trainer.restore_best().unwrap();
    let cx = StepContext::new(Mode::Eval, &model_core::SingleProcess, 0);
    let losses: Vec<f64> =
        (0..BATCHES).map(|i| run.task.step(&batch(0, i), &cx).unwrap().loss.double_value(&[])).collect();
    assert!((losses.iter().sum::<f64>() / 8.0 - summary.best_loss.unwrap()).abs() < 1e-9);
    assert!(!seen.borrow().last().unwrap().best);
}

#[test]
fn mixed_precision_trains_to_nearly_the_same_loss() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let loss = |precision| {
        let run = Run::new();
        let config = TrainerConfig { precision, checkpoints: None, ..config(folder.path()) };
        run.train(&mut run.trainer(config)).unwrap().best_loss.unwrap()
    };
    let exact = loss(Precision::F32);
    for precision in [Precision::Bf16, Precision::F16] {
        let mixed = loss(precision);
        assert!(mixed != exact && (mixed / exact - 1.0).abs() < 0.05, "{precision:?}: {mixed}, {exact}");
    }
}

#[test]
fn an_event_file_begins_with_its_version() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new();
    let config = TrainerConfig { checkpoints: None, ..config(folder.path()) };
    run.train(&mut run.trainer(config).with_hook(TensorBoard::create(folder.path()).unwrap())).unwrap();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let events = fs::read(file).unwrap();
    let holds = |text: &[u8]| events.windows(text.len()).filter(|window| *window == text).count();
    assert_eq!((holds(b"brain.Event:2"), holds(b"train/loss"), holds(b"validation/loss")), (1, 20, 5));
}

#[test]
fn impossible_settings_are_refused_by_name() {
    for (config, field) in [
        (TrainerConfig { accumulation: 0, ..Default::default() }, "accumulation"),
        (TrainerConfig { learning_rate: f64::NAN, ..Default::default() }, "learning_rate"),
        (TrainerConfig { max_gradient_norm: Some(0.0), ..Default::default() }, "max_gradient_norm"),
        (TrainerConfig { checkpoint_every: Some(0), ..Default::default() }, "checkpoint_every"),
    ] {
        assert!(config.validate().unwrap_err().to_string().starts_with(field));
    }
    assert!(serde_json::from_str::<TrainerConfig>(r#"{"epoch": 3}"#).is_err());
}
