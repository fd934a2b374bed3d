//! The published checkpoints have the tensors that the models ask for: their names and shapes are listed in
//! `fixtures/names` (`scripts/fixtures/encoders.py`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use model_core::{Pretrained, load_pretrained, save_tensors, write_config};
use tch::{Device, Kind, Tensor, nn};
use text_encoder::{Luke, LukeConfig, TextConfig, TextFamily, TextModel};

fn published(name: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/names").join(name);
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, shape)| (name.into(), shape.into()))
        .collect()
}

fn shapes<M: Pretrained>(config: &M::Config) -> HashMap<String, Vec<i64>> {
    let vs = nn::VarStore::new(Device::Cpu);
    M::new(&vs.root(), config).unwrap();
    vs.variables().into_iter().map(|(name, tensor)| (name, tensor.size())).collect()
}

/// A model as deep as the published one, but narrow, loads a file with the published names whole; one of
/// the published width, but of one layer and few words, has the published shapes.
fn assert_loads(list: &str, prefix: &str, base: TextConfig, heads: &[&str]) {
    let published = published(list);
    let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    let wide = TextConfig { num_hidden_layers: 1, vocab_size: 10, ..base.clone() };
    for (name, shape) in shapes::<TextModel>(&wide) {
        let found = published.iter().find(|(published, _)| bare(published) == name);
        let found = found.unwrap_or_else(|| panic!("{list} lacks {name}")).1.clone();
        if name == "embeddings.word_embeddings.weight" {
            assert_eq!(found, format!("[{}, 768]", base.vocab_size));
        } else {
            assert_eq!(found, format!("{shape:?}"), "{list}: {name}");
        }
    }

    let narrow =
        TextConfig { hidden_size: 4, num_attention_heads: 2, intermediate_size: 4, vocab_size: 10, ..base };
    assert_whole::<TextModel>(list, prefix, &narrow, heads);
}

fn assert_whole<M: Pretrained>(list: &str, prefix: &str, narrow: &M::Config, heads: &[&str]) {
    let narrow_shapes = shapes::<M>(narrow);
    let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    let tensors: Vec<(String, Tensor)> = published(list)
        .into_keys()
        .map(|name| {
            let shape = narrow_shapes.get(&bare(&name)).cloned().unwrap_or(vec![1]);
            (name, Tensor::ones(shape, (Kind::Float, Device::Cpu)))
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    save_tensors(folder.path().join("model.safetensors"), named, &BTreeMap::new()).unwrap();
    write_config(folder.path(), narrow).unwrap();
    let (_vs, _, report) = load_pretrained::<M>(folder.path(), Device::Cpu).unwrap();
    assert!(report.is_complete(), "{list}: {:?}", report.missing);
    for name in &report.unexpected {
        assert!(heads.iter().any(|head| name.contains(head)), "{list}: {name}");
    }
}

fn xlm_roberta() -> TextConfig {
    TextConfig {
        vocab_size: 250002,
        max_position_embeddings: 514,
        type_vocab_size: 1,
        layer_norm_eps: 1e-5,
        ..TextConfig::of(TextFamily::XlmRoberta)
    }
}

#[test]
fn xlm_roberta_base_and_sapbert_from_it_are_loaded_whole() {
    assert_loads("xlm-roberta-base.txt", "roberta.", xlm_roberta(), &["lm_head."]);
    assert_loads("SapBERT-UMLS-2020AB-all-lang-from-XLMR.txt", "", xlm_roberta(), &["pooler."]);
}

#[test]
fn drbert_is_loaded_whole() {
    let config = TextConfig { model_type: TextFamily::Camembert, vocab_size: 32005, ..xlm_roberta() };
    assert_loads("DrBERT-4GB.txt", "roberta.", config, &["lm_head."]);
}

#[test]
fn mluke_base_is_loaded_whole_with_its_entities_or_without() {
    let list = "mluke-base.txt";
    let config = TextConfig { model_type: TextFamily::Luke, vocab_size: 250004, ..xlm_roberta() };
    let left_out = ["entity_", "w2e_query", "e2w_query", "e2e_query", "pooler.", "lm_head."];
    assert_loads(list, "luke.", config.clone(), &left_out);
    let narrow = LukeConfig {
        words: TextConfig {
            hidden_size: 4,
            num_attention_heads: 2,
            intermediate_size: 4,
            vocab_size: 10,
            ..config
        },
        entity_vocab_size: 3,
        entity_emb_size: 2,
        use_entity_aware_attention: true,
    };
    assert_whole::<Luke>(list, "luke.", &narrow, &["entity_predictions", "pooler.", "lm_head."]);
}

#[test]
fn sapbert_from_pubmedbert_is_loaded_whole() {
    let config = TextConfig::of(TextFamily::Bert);
    assert_loads("SapBERT-from-PubMedBERT-fulltext.txt", "", config, &["pooler."]);
}
