//! The files in presets/ are read, and those of the released recipe say what it says.
#![cfg(feature = "torch")]

use std::path::{Path, PathBuf};

use contrastive_align::{ClipLoss, OptimizerConfig, PretrainConfig, PromptSet};
use model_core::{DecayRule, Lion8bitConfig, PlateauConfig};
use text_encoder::TextConfig;
use vision_encoder::VisionConfig;
use xray_dataset::Convirt;
use xray_phantom::PhantomHospital;

fn preset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("presets").join(name)
}

#[test]
fn the_released_recipe_is_there_at_three_resolutions() {
    for resolution in [224, 336, 448] {
        let config = PretrainConfig::from_file(preset(&format!("paper-{resolution}.toml"))).unwrap();
        assert_eq!((config.data.resolution, config.seed), (resolution, 12345));
        let augmentation = config.data.augmentation(&Convirt::default()).unwrap();
        let released = Convirt { flip: 0.5, clip_after_normalising: true, ..Convirt::default() };
        assert_eq!(augmentation, released);
        assert!(config.data.augmented_validation);

        assert_eq!(config.loss.clip, Some(ClipLoss::released()));
        assert_eq!(config.logit.logit_scale_init_value, 2.6592);
        assert_eq!(config.logit.logit_bias_init_value, Some(-10.0));
        let lion = Lion8bitConfig { beta1: 0.9, beta2: 0.99, block_size: 2048, min_8bit_size: 4096 };
        assert_eq!(config.optimizer, OptimizerConfig::Lion8bit(lion));
        assert_eq!((config.parameters.weight_decay, config.parameters.decay), (1e-5, DecayRule::All));
        let trainer = config.trainer;
        assert_eq!((trainer.learning_rate, trainer.epochs, trainer.early_stopping), (1e-5, 50, Some(10)));
        assert_eq!(trainer.plateau, Some(PlateauConfig { factor: 0.5, patience: 3, threshold: 1e-4 }));
        assert_eq!((trainer.accumulation, trainer.max_gradient_norm), (1, None));
    }
}

#[test]
fn small_presets_build_their_encoders() {
    for name in ["demo.toml", "phantom-base.toml"] {
        let config = PretrainConfig::from_file(preset(name)).unwrap();
        config.data.augmentation(&Convirt::default()).unwrap();
        let vision: VisionConfig = config.vision.resolve().unwrap();
        let text: TextConfig = config.text.with("vocab_size", 600).resolve().unwrap();
        assert!(vision.image_size().is_none_or(|side| side as usize == config.data.resolution));
        assert_eq!(vision.projection_size(), text.projection_size);
    }
}

#[test]
fn simulated_hospitals_can_be_had() {
    for name in ["hospital-base.toml", "hospital-public.toml"] {
        let text = std::fs::read_to_string(preset(name)).unwrap();
        let hospital: PhantomHospital = toml::from_str(&text).unwrap();
        hospital.validate().unwrap();
    }
}

#[test]
fn the_french_prompts_are_read() {
    let of = |name: &str| PromptSet::from_file(preset(name)).unwrap();
    let (wrists, all) = (of("prompts-fr.toml"), of("prompts-all-parts-fr.toml"));
    for (prompts, task) in [(&wrists, "fracture"), (&wrists, "demineralised"), (&all, "fracture")] {
        assert_eq!(prompts.language, "fr");
        let classes = &prompts.task(task).unwrap().classes;
        assert_eq!(
            classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(),
            ["absent", "present"]
        );
    }
}
