//! Tokenizers: trained, written, read, and compared with Python's (`scripts/fixtures/encoders.py`).

use std::fs;
use std::path::{Path, PathBuf};

use model_core::{Collate, write_config};
use serde_json::Value;
use tch::Device;
use text_encoder::{ReportTokenizer, TextConfig, TextFamily};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

const REPORTS: [&str; 4] = [
    "Radiographie du poignet droit. Fracture de l'extrémité distale du radius. Conclusion : fracture.",
    "Radiographie de la main gauche. Pas de fracture visible. Conclusion : ",
    "Poignet gauche de face et de profil. Fracture de l'ulna ? Non. Minéralisation normale.",
    "Contrôle du 12.03.2019 : consolidation de la fracture du radius, bascule de 3.5 mm.",
];

fn trained() -> ReportTokenizer {
    ReportTokenizer::train(REPORTS, 120).unwrap()
}

#[test]
fn special_tokens_have_the_numbers_of_xlm_r() {
    let tokenizer = trained();
    let ids = tokenizer.encode(&["Main droite. Fracture."]).unwrap().remove(0);
    assert_eq!((ids.first(), ids.last()), (Some(&0), Some(&2)));
    assert_eq!(ids.iter().filter(|&&id| id == 2).count(), 2, "one between the sentences and one at the end");
    assert_eq!(tokenizer.pad_token_id(), 1);
    assert_eq!(tokenizer.mask_token_id(), Some(tokenizer.vocab_size() - 1));
    assert!(tokenizer.vocab_size() <= 120);
}

#[test]
fn the_order_of_the_reports_and_the_run_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut reports = REPORTS;
    let mut files = Vec::new();
    for _ in 0..2 {
        ReportTokenizer::train(reports, 120).unwrap().save(folder.path()).unwrap();
        files.push(fs::read_to_string(folder.path().join("tokenizer.json")).unwrap());
        reports.reverse();
    }
    assert!(files[0] == files[1]);
}

#[test]
fn what_is_written_is_read_and_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = trained().with_max_tokens(20).unwrap();
    tokenizer.save(folder.path()).unwrap();
    let read = ReportTokenizer::from_dir(folder.path()).unwrap();
    assert_eq!(read.max_tokens(), 20);
    assert_eq!(read.encode(&REPORTS).unwrap(), tokenizer.encode(&REPORTS).unwrap());
}

#[test]
fn a_vocabulary_that_cannot_hold_the_characters_is_refused() {
    assert!(ReportTokenizer::train(REPORTS, 20).is_err());
    assert!(ReportTokenizer::train([], 100).is_err());
}

#[test]
fn texts_of_any_length_have_a_defined_result() {
    let tokenizer = trained();
    let long = "Fracture du radius. ".repeat(50_000);
    let batch = tokenizer.collate(&["", "Ok", &long], Device::Cpu).unwrap();
    assert_eq!(batch.input_ids.size(), [3, 512]);
    let lengths = batch.attention_mask.sum_dim_intlist(1, false, tch::Kind::Int64);
    assert_eq!(Vec::<i64>::try_from(lengths).unwrap(), [2, 2, 512]);
    assert_eq!(batch.input_ids.int64_value(&[2, 511]), 2, "a text that is cut still ends");
    let short = tokenizer.collate(&["", "Ok"], Device::Cpu).unwrap();
    assert_eq!(short.input_ids.size(), [2, 8]);
}

#[test]
fn a_vocabulary_larger_than_the_embedding_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = trained();
    tokenizer.save(folder.path()).unwrap();
    let config = TextConfig { vocab_size: tokenizer.vocab_size(), ..TextConfig::of(TextFamily::XlmRoberta) };
    write_config(folder.path(), &config).unwrap();
    assert!(ReportTokenizer::from_dir(folder.path()).is_ok());
    let config = TextConfig { vocab_size: tokenizer.vocab_size() - 1, ..config };
    write_config(folder.path(), &config).unwrap();
    let error = ReportTokenizer::from_dir(folder.path()).unwrap_err().to_string();
    assert!(error.contains("tokenizer.json") && error.contains("vocabulary"), "{error}");
}

#[test]
fn nothing_that_is_printed_holds_a_word_of_the_reports() {
    let printed = format!("{:?}", trained());
    assert!(!printed.contains("racture"), "{printed}");
}

fn assert_numbers(name: &str) {
    let folder = fixture(name);
    let tokenizer = ReportTokenizer::from_dir(&folder).unwrap().plain();
    let cases: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let ids: Vec<i64> = serde_json::from_value(case["ids"].clone()).unwrap();
        assert_eq!(tokenizer.encode(&[text]).unwrap()[0], ids, "{name}: {text:?}");
    }
}

#[test]
fn published_tokenizers_give_the_numbers_of_transformers() {
    for name in ["tokenizer_unigram", "tokenizer_bpe", "tokenizer_wordpiece"] {
        assert_numbers(name);
    }
}

#[test]
fn the_files_of_slow_tokenizers_give_the_numbers_of_transformers() {
    for name in ["slow_xlm_roberta", "slow_camembert", "slow_roberta", "slow_bert"] {
        assert_numbers(name);
        let folder = tempfile::tempdir().unwrap();
        let tokenizer = ReportTokenizer::from_dir(fixture(name)).unwrap();
        tokenizer.save(folder.path()).unwrap();
        let read = ReportTokenizer::from_dir(folder.path()).unwrap();
        assert_eq!(read.encode(&REPORTS).unwrap(), tokenizer.encode(&REPORTS).unwrap(), "{name}");
    }
}

#[test]
fn broken_files_of_slow_tokenizers_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |named: &str| {
        let error = ReportTokenizer::from_dir(folder.path()).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    };
    refused("sentencepiece.bpe.model");
    fs::write(folder.path().join("vocab.txt"), "[PAD]\nos\n").unwrap();
    refused("vocab.txt");
    fs::write(folder.path().join("vocab.json"), "{ \"<s>\": 0 }").unwrap();
    fs::write(folder.path().join("merges.txt"), "o s\nx\n").unwrap();
    refused("line 2");
    let pieces = fs::read(fixture("slow_camembert").join("sentencepiece.bpe.model")).unwrap();
    fs::write(folder.path().join("sentencepiece.bpe.model"), &pieces[..pieces.len() / 2]).unwrap();
    refused("sentencepiece.bpe.model");
    fs::write(folder.path().join("sentencepiece.bpe.model"), &pieces).unwrap();
    fs::write(folder.path().join("added_tokens.json"), "{ \"<ent>\": 999 }").unwrap();
    refused("added_tokens.json");
    let next = ReportTokenizer::from_dir(fixture("slow_xlm_roberta")).unwrap().vocab_size();
    fs::write(folder.path().join("added_tokens.json"), format!("{{ \"<ent>\": {next} }}")).unwrap();
    let tokenizer = ReportTokenizer::from_dir(folder.path()).unwrap().plain();
    assert!(tokenizer.encode(&["os <ent>"]).unwrap()[0].contains(&next));
}
