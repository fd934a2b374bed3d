//! Prompt sets and the classifier made from them.

use contrastive_align::{
    Error, LogitConfig, PairCollate, PairIndex, PromptSet, ZeroShot, calibrate_threshold,
};
use model_core::{Collate, Mode};
use tch::{Device, Kind};
use xray_core::Sample;

use crate::toy::{Letters, Pixels, model, study};

const PROMPTS: &str = r#"
language = "fr"

[[task]]
name = "fracture"
templates = ["{}", "radiographie du poignet. {}"]

[[task.class]]
name = "absent"
prompts = ["pas de fracture.", "squelette intact."]

[[task.class]]
name = "present"
prompts = ["fracture du radius."]
"#;

#[test]
fn a_class_is_the_mean_of_its_prompts() {
    let set = PromptSet::parse(PROMPTS).unwrap();
    let task = set.task("fracture").unwrap();
    let (_, model) = model(1, LogitConfig::default());
    let samples: Vec<Sample> = (0..5).map(|number| study(number, number, 1)).collect();
    let pairs = PairCollate::new(Pixels, Letters);
    let index = PairIndex::embed(&model, &pairs, samples.into_iter().map(Ok), 2, Device::Cpu).unwrap();
    let images = index.images.embeddings();

    let zero_shot = ZeroShot::new(&model, &Letters, task, Device::Cpu).unwrap();
    assert_eq!(zero_shot.classes(), ["absent", "present"]);
    let texts = [
        vec![
            "pas de fracture.",
            "squelette intact.",
            "radiographie du poignet. pas de fracture.",
            "radiographie du poignet. squelette intact.",
        ],
        vec!["fracture du radius.", "radiographie du poignet. fracture du radius."],
    ];
    let mut logits = Vec::new();
    for texts in &texts {
        let batch = Letters.collate(texts, Device::Cpu).unwrap();
        let rows = model.encode_texts(&batch, Mode::Eval).unwrap().pooled;
        let mean = rows.sum_dim_intlist(0, false, Kind::Float) / texts.len() as f64;
        let mean = &mean / mean.square().sum(None).sqrt();
        logits.push(images.matmul(&mean) * 2.6592_f64.exp());
    }
    let probabilities = zero_shot.probabilities(images);
    for image in 0..5 {
        let [absent, present] = [0, 1].map(|class: usize| logits[class].double_value(&[image]));
        let expected = 1.0 / (1.0 + (absent - present).exp());
        assert!((probabilities.double_value(&[image, 1]) - expected).abs() < 1e-5);
        assert!((zero_shot.scores(images, "present").unwrap()[image as usize] - expected).abs() < 1e-5);
    }
    assert!(matches!(zero_shot.scores(images, "maybe"), Err(Error::Prompts { .. })));
}

#[test]
fn the_threshold_maximises_sensitivity_and_specificity() {
    let labels = [true, false, true, false, false, true];
    let scores = [0.51, 0.50, 0.53, 0.52, 0.45, 0.60];
    let threshold = calibrate_threshold(&labels, &scores).unwrap();
    let sum = |threshold: f64| {
        let rate = |label| {
            let of = labels.iter().zip(scores).filter(|(l, _)| **l == label);
            let called = of.clone().filter(|(_, score)| (*score >= threshold) == label).count();
            called as f64 / of.count() as f64
        };
        rate(true) + rate(false)
    };
    assert!((0..=100).all(|step| sum(f64::from(step) / 100.0) <= sum(threshold)));
    assert!(calibrate_threshold(&[true, true], &[0.1, 0.2]).is_err());
    // Scores that say nothing: all positive or all negative are equally good.
    assert!(calibrate_threshold(&[true, false], &[0.3, 0.3]).unwrap().is_finite());
}

#[test]
fn a_broken_prompt_set_is_refused_with_its_line() {
    let cases = [
        (PROMPTS.replace("prompts = [\"fracture du radius.\"]", "prompt = []"), "line 14"),
        (PROMPTS.replace("language = \"fr\"", ""), "language"),
        (PROMPTS.replace("\"{}\", ", "\"sans trou\", "), "template without {}"),
        (PROMPTS.replace("\"fracture du radius.\"", ""), "class \"present\""),
        ("language = \"fr\"\n[[task]]\nname = \"t\"\nclass = []\n".to_owned(), "fewer than two classes"),
    ];
    for (text, part) in cases {
        let error = PromptSet::parse(&text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prompts.toml");
    assert!(matches!(PromptSet::from_file(&path), Err(Error::Read { .. })));
    std::fs::write(&path, "language = 3").unwrap();
    assert!(PromptSet::from_file(&path).unwrap_err().to_string().contains("prompts.toml"));
    let set = PromptSet::parse(PROMPTS).unwrap();
    assert_eq!(PromptSet::parse(&toml::to_string(&set).unwrap()).unwrap(), set);
}
