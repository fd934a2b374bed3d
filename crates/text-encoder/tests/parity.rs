//! The same numbers as transformers, on tiny random checkpoints (`scripts/fixtures/encoders.py`).

use std::path::{Path, PathBuf};

use model_core::{Encoder, Mode, Pretrained, Weights, load_pretrained, read_config};
use tch::{Device, Tensor, nn};
use text_encoder::{EntityBatch, Luke, MaskedLm, TextModel, TokenBatch};

/// The largest difference that is allowed between two numbers.
const TOLERANCE: f64 = 1e-5;

const FAMILIES: [&str; 5] = ["xlm_roberta", "roberta", "camembert", "bert", "luke"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

struct Expected(Vec<(String, Tensor)>);

impl Expected {
    fn of(name: &str) -> Self {
        Self(Tensor::read_safetensors(fixture(name).join("expected.safetensors")).unwrap())
    }

    fn get(&self, name: &str) -> Tensor {
        self.0.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name}")).1.shallow_clone()
    }

    fn batch(&self) -> TokenBatch {
        TokenBatch { input_ids: self.get("input_ids"), attention_mask: self.get("attention_mask") }
    }
}

/// Between the real tokens; what stands at padding means nothing.
#[track_caller]
fn assert_close(got: &Tensor, expected: &Tensor, mask: &Tensor) {
    assert_eq!(got.size(), expected.size());
    let difference = ((got - expected) * mask.unsqueeze(-1)).abs().max().double_value(&[]);
    assert!(difference < TOLERANCE, "{difference}");
}

#[test]
fn every_family_gives_the_hidden_states_of_transformers() {
    for name in FAMILIES {
        let (_vs, model, report) = load_pretrained::<TextModel>(fixture(name), Device::Cpu).unwrap();
        assert!(report.is_complete(), "{name}: {report:?}");
        let (expected, batch) = (Expected::of(name), Expected::of(name).batch());
        let hidden = model.last_hidden_state(&batch, Mode::Eval).unwrap();
        assert_close(&hidden, &expected.get("hidden"), &batch.attention_mask);
        let encoded = model.encode(&batch, Mode::Eval).unwrap();
        assert_eq!(encoded.pooled, hidden.select(1, 0), "{name}");
    }
}

#[test]
fn the_head_of_masked_tokens_gives_the_logits_of_transformers() {
    for name in ["xlm_roberta", "camembert", "bert"] {
        let config = read_config(fixture(name)).unwrap();
        let vs = nn::VarStore::new(Device::Cpu);
        let model = MaskedLm::new(&vs.root(), &config).unwrap();
        let report = Weights::open(fixture(name)).unwrap().load_into(&vs, |_| None).unwrap();
        assert!(report.is_complete(), "{name}: {report:?}");
        let (expected, batch) = (Expected::of(name), Expected::of(name).batch());
        let logits = model.logits(&batch, Mode::Eval).unwrap();
        assert_close(&logits, &expected.get("logits"), &batch.attention_mask);
    }
}

#[test]
fn luke_reads_entities_as_transformers_does_and_texts_alone_as_without_them() {
    let (_vs, luke, report) = load_pretrained::<Luke>(fixture("luke"), Device::Cpu).unwrap();
    assert!(report.is_complete(), "{report:?}");
    let expected = Expected::of("luke");
    let batch = EntityBatch {
        words: expected.batch(),
        entity_ids: expected.get("entity_ids"),
        entity_attention_mask: expected.get("entity_attention_mask"),
        entity_position_ids: expected.get("entity_position_ids"),
    };
    let hidden = luke.last_hidden_state(&batch, Mode::Eval).unwrap();
    assert_close(&hidden.words, &expected.get("hidden_with_entities"), &batch.words.attention_mask);
    assert_close(&hidden.entities, &expected.get("entity_hidden"), &batch.entity_attention_mask);
    assert_eq!(luke.encode(&batch, Mode::Eval).unwrap().pooled, hidden.words.select(1, 0));

    let none = |tensor: &Tensor| tensor.narrow(1, 0, 0);
    let alone = EntityBatch {
        words: expected.batch(),
        entity_ids: none(&batch.entity_ids),
        entity_attention_mask: none(&batch.entity_attention_mask),
        entity_position_ids: none(&batch.entity_position_ids),
    };
    let hidden = luke.last_hidden_state(&alone, Mode::Eval).unwrap();
    assert_close(&hidden.words, &expected.get("hidden"), &batch.words.attention_mask);
    let wrong = EntityBatch { entity_ids: batch.entity_ids.narrow(0, 0, 1), ..batch };
    assert!(luke.last_hidden_state(&wrong, Mode::Eval).unwrap_err().to_string().contains("entity_ids"));
}
