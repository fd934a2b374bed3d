//! A run, its configuration and its folder.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use contrastive_align::{EncoderConfig, Error, PairBatch, PairCollate, PretrainConfig, Pretraining, Towers};
use model_core::{BatchSource, Collate, Hook, Result, StepReport, StopReason, batches_from_fn};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use xray_core::Sample;

use crate::toy::{Letters, Linear, LinearConfig, Pixels, study};

const CONFIG: &str = r#"
seed = 3

[data]
shards = "shards"
batch = 8

[vision.config]
input = 8
size = 12

[text.config]
input = 26
size = 12

[loss.clip]
temperature = 1.0
duplicates = "ignored"

[optimizer.adamw]

[parameters]
decay = "all"
weight_decay = 1e-5

[trainer]
epochs = 4
learning_rate = 0.01
early_stopping = 3
plateau = { factor = 0.5, patience = 2 }
"#;

fn batches(numbers: std::ops::Range<u64>) -> impl BatchSource<Batch = PairBatch<Tensor, Tensor>> {
    batches_from_fn(move |_, skip| {
        let samples: Vec<Sample> = numbers.clone().map(|number| study(number, number % 5, 1)).collect();
        let batches: Vec<_> = samples.chunks(8).skip(skip as usize).map(<[Sample]>::to_vec).collect();
        Ok(batches.into_iter().map(|samples| {
            let samples: Vec<&Sample> = samples.iter().collect();
            PairCollate::new(Pixels, Letters).collate(&samples, Device::Cpu)
        }))
    })
}

fn train(run: Pretraining<'_>) -> (Towers<Linear, Linear>, StopReason, Option<f64>) {
    let vision: LinearConfig = run.config().vision.resolve().unwrap();
    let text: LinearConfig = run.config().text.resolve().unwrap();
    let towers: Towers<Linear, Linear> = run.towers(vision, text, Device::Cpu).unwrap();
    // libtorch's generator belongs to all tests that run at once, so fresh weights are not the seed's alone.
    for (name, mut tensor) in towers.weights.tensors() {
        if tensor.dim() > 0 {
            let values = crate::numbers::rows(name.len() as u64, 1, tensor.numel() as i64);
            tch::no_grad(|| tensor.copy_(&values.reshape(tensor.size())));
        }
    }
    let (towers, summary) = run.run(towers, &mut batches(0..24), &mut batches(50..66)).unwrap();
    (towers, summary.reason, summary.best_loss)
}

/// Stops a run as a scheduler would that wants its machine back.
struct StopAfter(u64);

impl Hook for StopAfter {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        Ok(if report.step + 1 == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

#[test]
fn a_run_that_is_stopped_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let config = || PretrainConfig::parse(CONFIG).unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let (expected, reason, best) = train(Pretraining::new(config(), &whole).unwrap());
    assert_eq!(reason, StopReason::Finished);

    let (_, reason, _) = train(Pretraining::new(config(), &stopped).unwrap().with_hook(StopAfter(5)));
    assert_eq!(reason, StopReason::Hook);
    let (resumed, reason, resumed_best) = train(Pretraining::resume(&stopped).unwrap());
    assert_eq!((reason, resumed_best), (StopReason::Finished, best));
    for ((name, expected), (_, got)) in expected.weights.tensors().iter().zip(resumed.weights.tensors()) {
        assert_eq!(*expected, got, "{name}");
    }
    let log = |run: &Path| {
        let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
        let step = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["kind"].clone(), line["step"].clone(), line["loss"].clone())
        };
        text.lines().map(step).collect::<Vec<_>>()
    };
    assert_eq!(log(&whole).len(), 12 + 4);
    assert_eq!(log(&whole), log(&stopped));
}

#[test]
fn the_folder_holds_all_that_a_reader_needs() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let config = PretrainConfig::parse(CONFIG).unwrap();
    let (trained, ..) = train(Pretraining::new(config.clone(), &run).unwrap());
    for name in ["versions.json", "metrics.jsonl", "summary.json", "checkpoints/best.safetensors"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    assert_eq!(PretrainConfig::from_file(run.join("config.toml")).unwrap(), config);
    let read = Towers::<Linear, Linear>::load(&run, Device::Cpu).unwrap();
    for ((name, expected), (_, got)) in trained.weights.tensors().iter().zip(read.weights.tensors()) {
        assert_eq!(*expected, got, "{name}");
    }
    let refused = Pretraining::new(config, &run).unwrap_err().to_string();
    assert!(refused.contains("holds a run"), "{refused}");
    assert!(matches!(Pretraining::resume(folder.path()), Err(Error::Read { .. })));
}

#[test]
fn a_run_starts_from_published_encoders() {
    let folder = tempfile::tempdir().unwrap();
    let config = PretrainConfig::parse(CONFIG).unwrap();
    train(Pretraining::new(config.clone(), folder.path().join("first")).unwrap())
        .0
        .weights
        .save(folder.path().join("published"))
        .unwrap();

    let mut config = config;
    config.vision.pretrained = Some(folder.path().join("published/vision_encoder"));
    config.vision.config = toml::Table::new();
    let run = Pretraining::new(config.clone(), folder.path().join("second")).unwrap();
    let vision: LinearConfig = run.config().vision.resolve().unwrap();
    assert_eq!(vision, LinearConfig { input: 8, size: 12 });
    let published = Towers::<Linear, Linear>::load(folder.path().join("published"), Device::Cpu).unwrap();
    let weight = |towers: &Towers<Linear, Linear>| towers.weights.vision.variables()["layer.weight"].copy();
    // A run that was killed before its first checkpoint starts from them again.
    for run in [run, Pretraining::resume(folder.path().join("second")).unwrap()] {
        let text = run.config().text.resolve().unwrap();
        assert_eq!(weight(&run.towers(vision, text, Device::Cpu).unwrap()), weight(&published));
    }

    config.vision.pretrained = Some(folder.path().join("nowhere"));
    assert!(config.vision.resolve::<LinearConfig>().unwrap_err().to_string().contains("nowhere"));
}

#[test]
fn a_key_that_nothing_reads_is_refused() {
    let cases = [
        (CONFIG.replace("early_stopping", "early_stoping"), "early_stoping"),
        (CONFIG.replace("[optimizer.adamw]", "[optimizer.adamw]\nbeta3 = 0.1"), "optimizer.beta3"),
        (CONFIG.replace("decay = \"all\"", "decay = \"all\"\nlayer_deca = 0.5"), "parameters.layer_deca"),
        (CONFIG.replace("batch = 8", "batch = 8\nbatches = 9"), "batches"),
        (CONFIG.replace("batch = 8", "batch = 0"), "data.batch"),
        (CONFIG.replace("batch = 8", "batch = \"many\""), "line 6"),
        (CONFIG.replace("temperature = 1.0", "temprature = 1.0"), "temprature"),
        (
            CONFIG.replace("[loss.clip]\ntemperature = 1.0\nduplicates = \"ignored\"", "[loss]"),
            "clip, siglip and local",
        ),
        (CONFIG.replace("epochs = 4", "epochs = 4\nseed = 4"), "trainer.seed"),
        (CONFIG.replace("learning_rate = 0.01", "learning_rate = -1.0"), "learning_rate"),
    ];
    for (text, part) in cases {
        let error = PretrainConfig::parse(&text).unwrap_err().to_string();
        assert!(error.contains(part) && !error.contains('\n'), "{part}: {error}");
    }
    let unknown = EncoderConfig::default().with("input", 8).with("size", 12).with("sise", 12);
    assert!(unknown.resolve::<LinearConfig>().unwrap_err().to_string().contains("unknown key sise"));
}

#[test]
fn an_augmentation_keeps_what_the_file_does_not_name() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flip {
        probability: f64,
        axis: usize,
    }
    let with = |text: &str| {
        let config =
            CONFIG.replace("[vision.config]", &format!("[data.augmentation]\n{text}\n[vision.config]"));
        PretrainConfig::parse(&config).unwrap().data.augmentation(&Flip { probability: 0.5, axis: 1 })
    };
    assert_eq!(with("probability = 0.1").unwrap(), Flip { probability: 0.1, axis: 1 });
    assert!(with("probabilty = 0.1").unwrap_err().to_string().contains("unknown key probabilty"));
    assert!(with("axis = -1").unwrap_err().to_string().contains("data.augmentation"));
}
