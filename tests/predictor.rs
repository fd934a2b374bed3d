//! A predictor is fitted, written, read and asked on simulated studies.
#![cfg(feature = "torch")]

use std::path::Path;

use model_core::{Pretrained, save_pretrained};
use osteon::{Error, Predictor};
use report_anonymizer::Anonymizer;
use tch::{Device, nn};
use vision_encoder::{ResNet, ResNetConfig, ResNetLayer};
use xray_core::{Dataset, ImageTensor, PseudonymKey};
use xray_dataset::{EvalTransform, ShardBuilder, ShardDataset, Split, SplitFractions};
use xray_phantom::PhantomHospital;

const SIDE: usize = 32;

/// Shards of a small hospital and a fresh encoder beside them.
fn prepare(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let hospital = PhantomHospital { studies: 90, seed: 3, size: 64, ..PhantomHospital::default() };
    hospital.write(folder.join("archive"), &|_| {})?;
    let key = PseudonymKey::new(b"a key for tests");
    ShardBuilder::new(folder.join("archive/pacs"), folder.join("archive/ehr"), key.clone())
        .report_transform(Anonymizer::builder().key(key).build()?)
        .labels(folder.join("archive/truth/studies.jsonl"))
        .split(SplitFractions { val: 0.25, test: 0.25 })
        .run(folder.join("shards"), |_| {})?;
    tch::manual_seed(1);
    let weights = nn::VarStore::new(Device::Cpu);
    let config = ResNetConfig {
        num_channels: 1,
        embedding_size: 8,
        hidden_sizes: vec![8, 16],
        depths: vec![1, 1],
        layer_type: ResNetLayer::Basic,
        ..ResNetConfig::default()
    };
    ResNet::new(&weights.root(), &config)?;
    Ok(save_pretrained(folder.join("published"), &weights, &config)?)
}

fn images(folder: &Path) -> Vec<ImageTensor> {
    let studies = ShardDataset::open(folder.join("shards"), Split::Test).unwrap();
    (0..4).flat_map(|index| studies.get(index).unwrap().images).collect()
}

#[test]
fn what_is_written_says_the_same_when_read() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path()).unwrap();
    let (encoder, shards) = (folder.path().join("published"), folder.path().join("shards"));
    let transform = EvalTransform { size: SIDE, ..EvalTransform::default() };
    let fit = |label: &str| Predictor::fit(&encoder, transform, &shards, label, Device::Cpu);
    let images = images(folder.path());

    // A finding has two classes, a class as many as there are.
    for (label, classes) in [("fracture", ["absent", "present"]), ("laterality", ["left", "right"])] {
        let (predictor, evaluation) = fit(label).unwrap();
        assert_eq!(predictor.card().classes, classes);
        assert_eq!(predictor.card().studies[2], evaluation.cases);
        let audit = &predictor.card().audit;
        assert!(audit.subgroups.iter().any(|group| group.attribute == "sex" && group.group == "F"));

        let out = folder.path().join(label);
        predictor.save(&out).unwrap();
        let read = Predictor::load(&out, Device::Cpu, 2).unwrap();
        assert_eq!(read.card(), predictor.card());
        let said = predictor.predict(&images).unwrap();
        assert_eq!(read.predict(&images).unwrap(), said);
        for prediction in &said {
            assert!((prediction.probabilities.values().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(
                prediction.probabilities.values().all(|p| *p <= prediction.probabilities[&prediction.class])
            );
        }
        // Alone or among others: only the rounding of another batch size differs.
        let alone = predictor.predict_study(&images[..1]).unwrap();
        assert_eq!(alone.class, said[0].class);
        for (class, probability) in &alone.probabilities {
            assert!((probability - said[0].probabilities[class]).abs() < 1e-4);
        }

        // Any thread may ask.
        let study = predictor.predict_study(&images[..2]).unwrap();
        std::thread::scope(|scope| {
            let asked: Vec<_> =
                (0..4).map(|_| scope.spawn(|| read.predict_study(&images[..2]).unwrap())).collect();
            assert!(asked.into_iter().all(|answer| answer.join().unwrap() == study));
        });
        assert!(matches!(predictor.predict_study(&[]), Err(Error::NoImage)));
    }

    // A measurement is no class; a label that nobody has is named.
    for label in ["age_months", "no such label"] {
        assert!(matches!(fit(label), Err(Error::NoLabel { .. })), "{label}");
    }
    let card = folder.path().join("fracture/predictor.json");
    std::fs::write(&card, "{}").unwrap();
    let refused = Predictor::load(folder.path().join("fracture"), Device::Cpu, 1).unwrap_err();
    assert!(refused.to_string().contains("predictor.json"), "{refused}");
}
