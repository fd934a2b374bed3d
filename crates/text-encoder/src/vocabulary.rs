use std::fs;
use std::path::{Path, PathBuf};

use model_core::{Error, Result};
use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, Precompiled};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::sentencepiece::SentencePiece;
use crate::train::{FIRST, MASK, UNKNOWN, frame, metaspace, pre_tokenizer};

const PIECES: &str = "sentencepiece.bpe.model";

/// The tokenizer of a folder that ships the files of Python's slow tokenizers and no `tokenizer.json`, put
/// together as transformers does it, and the file that errors are to name: a SentencePiece model of XLM-R's or of
/// CamemBERT's kind, `vocab.json` with `merges.txt`, or `vocab.txt`.
pub(crate) fn open(folder: &Path, settings: &Value, model_type: &str) -> Result<(PathBuf, Tokenizer)> {
    let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let (path, made) = if let Some(path) = file(PIECES) {
        let class = settings["tokenizer_class"].as_str().unwrap_or(model_type).to_lowercase();
        let pieces = SentencePiece::parse(&read(&path)?).map_err(|reason| Error::format(&path, reason))?;
        let made = if class.starts_with("camembert") { camembert(pieces) } else { xlm_r(pieces) };
        (path, made)
    } else if let (Some(path), Some(merges)) = (file("vocab.json"), file("merges.txt")) {
        let made = byte_level(&read(&path)?, &read(&merges)?, settings);
        (path, made)
    } else if let Some(path) = file("vocab.txt") {
        let made = word_piece(&read(&path)?, settings);
        (path, made)
    } else {
        let reason = format!(
            "the folder has neither tokenizer.json nor {PIECES}, vocab.json with merges.txt, or vocab.txt"
        );
        return Err(Error::format(folder, reason));
    };
    let mut tokenizer = made.map_err(|error| Error::format(&path, error.to_string()))?;
    if let Some(added) = file("added_tokens.json") {
        add_tokens(&mut tokenizer, &added)?;
    }
    Ok((path, tokenizer))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::file("reading", path, source))
}

/// fairseq's four tokens stand where SentencePiece has three, and a mask comes last.
fn xlm_r(model: SentencePiece) -> tokenizers::Result<Tokenizer> {
    let mut pieces: Vec<(String, f64)> = FIRST.iter().map(|token| ((*token).to_owned(), 0.0)).collect();
    pieces.extend(model.pieces.into_iter().skip(3));
    sentence_piece(pieces, &model.charsmap, &[])
}

/// Five tokens stand before the pieces, of which three are never used.
fn camembert(model: SentencePiece) -> tokenizers::Result<Tokenizer> {
    let unused = ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"];
    let first = [(unused[0], 0.0), ("<pad>", 0.0), (unused[1], 0.0), ("<unk>", 0.0), (unused[2], -100.0)];
    let mut pieces: Vec<(String, f64)> =
        first.iter().map(|(token, score)| ((*token).to_owned(), *score)).collect();
    pieces.extend(model.pieces.into_iter().skip(1));
    sentence_piece(pieces, &model.charsmap, &unused)
}

fn sentence_piece(
    mut pieces: Vec<(String, f64)>,
    charsmap: &[u8],
    unused: &[&str],
) -> tokenizers::Result<Tokenizer> {
    pieces.push((MASK.to_owned(), 0.0));
    let mut tokenizer = Tokenizer::new(Unigram::from(pieces, Some(UNKNOWN), false)?);
    if !charsmap.is_empty() {
        tokenizer.with_normalizer(Some(Precompiled::from(charsmap)?));
    }
    tokenizer.with_pre_tokenizer(Some(pre_tokenizer()));
    tokenizer.with_decoder(Some(metaspace()));
    let id = |token: &str| number(&tokenizer, token);
    let framed = frame(id("<s>")?, id("</s>")?)?;
    tokenizer.with_post_processor(Some(framed));
    add_special(&mut tokenizer, FIRST.iter().chain(unused).copied());
    tokenizer.add_special_tokens(&[AddedToken::from(MASK, true).lstrip(true)]);
    Ok(tokenizer)
}

/// RoBERTa's pairs of bytes.
fn byte_level(vocabulary: &[u8], merges: &[u8], settings: &Value) -> tokenizers::Result<Tokenizer> {
    let vocabulary: std::collections::HashMap<String, u32> = serde_json::from_slice(vocabulary)?;
    let pair = |(number, line): (usize, &str)| match line.split_once(' ') {
        Some((first, second)) => Ok((first.to_owned(), second.to_owned())),
        None => Err(format!("merges.txt, line {}: no pair", number + 1)),
    };
    let merges = std::str::from_utf8(merges)?;
    let lines =
        merges.lines().enumerate().filter(|(_, line)| !line.starts_with("#version") && !line.is_empty());
    let merges = lines.map(pair).collect::<Result<Vec<_>, String>>()?;
    let model = BPE::builder()
        .vocab_and_merges(vocabulary.into_iter().collect::<tokenizers::models::bpe::Vocab>(), merges)
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    let add_prefix_space = settings["add_prefix_space"].as_bool().unwrap_or(false);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(add_prefix_space, true, true)));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    let id = |token: &str| Ok::<_, tokenizers::Error>((token.to_owned(), number(&tokenizer, token)?));
    let framed = RobertaProcessing::new(id("</s>")?, id("<s>")?).add_prefix_space(add_prefix_space);
    tokenizer.with_post_processor(Some(framed));
    add_special(&mut tokenizer, FIRST.iter().copied());
    tokenizer.add_special_tokens(&[AddedToken::from(MASK, true).lstrip(true)]);
    Ok(tokenizer)
}

/// BERT's pieces of words.
fn word_piece(vocabulary: &[u8], settings: &Value) -> tokenizers::Result<Tokenizer> {
    let model = WordPiece::builder()
        .vocab(WordPiece::read_bytes(vocabulary)?)
        .unk_token("[UNK]".to_owned())
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(BertNormalizer::new(
        true,
        settings["tokenize_chinese_chars"].as_bool().unwrap_or(true),
        settings["strip_accents"].as_bool(),
        settings["do_lower_case"].as_bool().unwrap_or(true),
    )));
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_decoder(Some(tokenizers::decoders::wordpiece::WordPiece::default()));
    let id = |token: &str| Ok::<_, tokenizers::Error>((token.to_owned(), number(&tokenizer, token)?));
    let framed = BertProcessing::new(id("[SEP]")?, id("[CLS]")?);
    tokenizer.with_post_processor(Some(framed));
    add_special(&mut tokenizer, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
    Ok(tokenizer)
}

fn number(tokenizer: &Tokenizer, token: &str) -> tokenizers::Result<u32> {
    tokenizer.token_to_id(token).ok_or_else(|| format!("the vocabulary has no {token}").into())
}

fn add_special<'a>(tokenizer: &mut Tokenizer, tokens: impl IntoIterator<Item = &'a str>) {
    let tokens: Vec<AddedToken> = tokens.into_iter().map(|token| AddedToken::from(token, true)).collect();
    tokenizer.add_special_tokens(&tokens);
}

/// Tokens beyond the vocabulary, as mLUKE's `<ent>`, in the order of their numbers.
fn add_tokens(tokenizer: &mut Tokenizer, path: &Path) -> Result<()> {
    let tokens: std::collections::BTreeMap<String, u32> =
        serde_json::from_slice(&read(path)?).map_err(|error| Error::format(path, error.to_string()))?;
    let mut tokens: Vec<(u32, String)> = tokens.into_iter().map(|(token, number)| (number, token)).collect();
    tokens.sort();
    for (number, token) in tokens {
        add_special(tokenizer, [token.as_str()]);
        if tokenizer.token_to_id(&token) != Some(number) {
            return Err(Error::format(
                path,
                format!("the number {number} is not the next of the vocabulary"),
            ));
        }
    }
    Ok(())
}
