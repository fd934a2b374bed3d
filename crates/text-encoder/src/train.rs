use model_core::{Error, Result};
use std::collections::BTreeMap;

use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::normalizers::replace::{Replace, ReplacePattern};
use tokenizers::normalizers::unicode::NFKC;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, PreTokenizerWrapper, Tokenizer,
};

use crate::sentences::prepare_report;
use crate::tokenizer::{ReportTokenizer, SpecialTokens};

/// The first four numbers of the vocabulary, which are XLM-R's; `<mask>` is its last.
pub(crate) const FIRST: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
pub(crate) const MASK: &str = "<mask>";
pub(crate) const UNKNOWN: usize = 3;

impl ReportTokenizer {
    /// A Unigram vocabulary of at most `vocab_size` tokens, trained on `reports`, with the special tokens of
    /// XLM-R under XLM-R's numbers. The same reports give the same vocabulary, in whatever order they come.
    ///
    /// ```
    /// use text_encoder::ReportTokenizer;
    ///
    /// let reports = ["Pas de fracture visible.", "Fracture du radius droit.", "Radius et ulna sans fracture."];
    /// let tokenizer = ReportTokenizer::train(reports, 60)?;
    /// let ids = tokenizer.encode(&["Fracture du radius."])?;
    /// assert_eq!((ids[0].first(), ids[0].last()), (Some(&0), Some(&2)));
    /// # Ok::<(), model_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `vocab_size` does not hold the special tokens and every character of the reports.
    pub fn train<'a>(reports: impl IntoIterator<Item = &'a str>, vocab_size: usize) -> Result<Self> {
        let too_small = |least: usize| {
            Err(Error::config(
                "vocab_size",
                format!("{vocab_size} is too small for these reports; the least is {least}"),
            ))
        };
        let normalizer = normalizer().map_err(Error::external("training a tokenizer"))?;
        let pre_tokenizer = pre_tokenizer();
        let words =
            words(reports, &normalizer, &pre_tokenizer).map_err(Error::external("training a tokenizer"))?;
        let characters: std::collections::BTreeSet<char> =
            words.keys().flat_map(|word| word.chars()).collect();
        let least = FIRST.len() + 1 + characters.len();
        if vocab_size < least || words.is_empty() {
            return too_small(least);
        }
        let model = unigram(words, vocab_size - 1, characters.len())
            .map_err(Error::external("training a tokenizer"))?;

        let mut tokenizer = Tokenizer::new(model);
        tokenizer.with_normalizer(Some(normalizer));
        tokenizer.with_pre_tokenizer(Some(pre_tokenizer));
        tokenizer.with_decoder(Some(metaspace()));
        let frame = frame(0, 2).map_err(Error::external("training a tokenizer"))?;
        tokenizer.with_post_processor(Some(frame));
        let special: Vec<AddedToken> = FIRST.iter().map(|token| AddedToken::from(*token, true)).collect();
        tokenizer.add_special_tokens(&special);
        // A mask stands for a word with the space before it.
        tokenizer.add_special_tokens(&[AddedToken::from(MASK, true).lstrip(true)]);
        let own = |token: &str| token.to_owned();
        let special = SpecialTokens {
            bos: own("<s>"),
            eos: own("</s>"),
            pad: own("<pad>"),
            unk: own("<unk>"),
            mask: own(MASK),
            pad_id: 1,
        };
        Self::new(tokenizer, special, 512)
    }
}

/// A text between `<s>` and `</s>`, which have these numbers.
pub(crate) fn frame(begin: u32, end: u32) -> tokenizers::Result<TemplateProcessing> {
    let frame = TemplateProcessing::builder()
        .try_single("<s> $A </s>")?
        .try_pair("<s> $A </s> </s> $B </s>")?
        .special_tokens(vec![("<s>", begin), ("</s>", end)])
        .build()?;
    Ok(frame)
}

pub(crate) fn metaspace() -> Metaspace {
    Metaspace::new('▁', PrependScheme::Always, true)
}

fn normalizer() -> tokenizers::Result<NormalizerWrapper> {
    let spaces = Replace::new(ReplacePattern::Regex(r"\s+".to_owned()), " ")?;
    let parts = vec![NormalizerWrapper::NFKC(NFKC), NormalizerWrapper::Replace(spaces)];
    Ok(NormalizerWrapper::Sequence(tokenizers::normalizers::utils::Sequence::new(parts)))
}

pub(crate) fn pre_tokenizer() -> PreTokenizerWrapper {
    let parts = vec![
        PreTokenizerWrapper::WhitespaceSplit(WhitespaceSplit),
        PreTokenizerWrapper::Metaspace(metaspace()),
    ];
    PreTokenizerWrapper::Sequence(Sequence::new(parts))
}

/// How often each word occurs, in an order that does not depend on that of the reports.
fn words<'a>(
    reports: impl IntoIterator<Item = &'a str>,
    normalizer: &NormalizerWrapper,
    pre_tokenizer: &PreTokenizerWrapper,
) -> tokenizers::Result<BTreeMap<String, u32>> {
    let mut words = BTreeMap::new();
    for report in reports {
        let prepared = prepare_report(report, "\n");
        for sentence in prepared.lines() {
            let mut sentence = NormalizedString::from(sentence);
            normalizer.normalize(&mut sentence)?;
            let mut pieces = PreTokenizedString::from(sentence);
            pre_tokenizer.pre_tokenize(&mut pieces)?;
            for (word, ..) in pieces.get_splits(OffsetReferential::Original, OffsetType::Byte) {
                *words.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
    }
    Ok(words)
}

/// The model, the same on every machine: one thread, so that sums have one order, and no order or score
/// taken from a hash table.
fn unigram(
    words: BTreeMap<String, u32>,
    vocab_size: usize,
    characters: usize,
) -> tokenizers::Result<Unigram> {
    let trainer = UnigramTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab_size as u32)
        .unk_token(Some("<unk>".to_owned()))
        .special_tokens(FIRST.iter().map(|token| AddedToken::from(*token, true)).collect())
        .build()?;
    let mut model = Unigram::default();
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()?
        .install(|| trainer.do_train(words.into_iter().collect(), &mut model))?;

    let mut pieces: Vec<(String, f64)> = model.iter().skip(FIRST.len()).cloned().collect();
    let lowest = pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    // The trainer gives characters that no piece is left of scores just above the lowest, in the order of a
    // hash table. All get the same.
    let band = lowest + 1e-4 * characters as f64;
    for (piece, score) in &mut pieces {
        if *score <= band && piece.chars().nth(1).is_none() {
            *score = lowest;
        }
    }
    pieces.sort_by(|(a, a_score), (b, b_score)| b_score.total_cmp(a_score).then_with(|| a.cmp(b)));
    let special = FIRST.iter().map(|token| ((*token).to_owned(), 0.0));
    Unigram::from(special.chain(pieces).collect(), Some(UNKNOWN), false)
}
