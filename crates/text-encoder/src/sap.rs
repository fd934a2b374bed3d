use std::collections::BTreeMap;

use model_core::{Collate, Encoder, Result, StepContext, StepOutput, Task};
use tch::{Device, Tensor};

use crate::batch::TokenBatch;
use crate::multi_similarity::MultiSimilarity;
use crate::synonyms::SynonymPair;
use crate::tokenizer::ReportTokenizer;

/// Names of concepts as a batch.
///
/// # Shapes
///
/// - concepts: `[names]`, i64, equal for names of one concept
#[derive(Debug)]
pub struct SapBatch {
    /// The names.
    pub names: TokenBatch,
    /// Whose names they are.
    pub concepts: Tensor,
}

/// Makes pairs into a [`SapBatch`] of twice as many names.
#[derive(Debug)]
pub struct SapCollate {
    tokenizer: ReportTokenizer,
}

impl SapCollate {
    /// Names through `tokenizer`, as they are, cut to 25 tokens as in the released code
    /// (<https://github.com/cambridgeltl/sapbert>).
    ///
    /// # Errors
    ///
    /// None that a sound tokenizer gives.
    pub fn new(tokenizer: ReportTokenizer) -> Result<Self> {
        Ok(Self { tokenizer: tokenizer.plain().with_max_tokens(25)? })
    }
}

impl Collate<SynonymPair> for SapCollate {
    type Batch = SapBatch;

    fn collate(&self, items: &[&SynonymPair], device: Device) -> Result<SapBatch> {
        let mut numbers: BTreeMap<&str, i64> = BTreeMap::new();
        let mut concepts = Vec::with_capacity(2 * items.len());
        let mut names = Vec::with_capacity(2 * items.len());
        for pair in items {
            let next = numbers.len() as i64;
            let number = *numbers.entry(&pair.concept).or_insert(next);
            concepts.extend([number; 2]);
            names.extend([pair.first.as_str(), pair.second.as_str()]);
        }
        let names = self.tokenizer.collate(&names, device)?;
        Ok(SapBatch { names, concepts: Tensor::from_slice(&concepts).to_device(device) })
    }
}

/// Self-alignment of a text encoder on names of concepts, for the training loop.
#[derive(Debug)]
pub struct SapAlignment<E> {
    encoder: E,
    loss: MultiSimilarity,
}

impl<E: Encoder<Input = TokenBatch>> SapAlignment<E> {
    /// Trains `encoder`'s pooled vectors.
    pub fn new(encoder: E, loss: MultiSimilarity) -> Self {
        Self { encoder, loss }
    }

    /// The encoder.
    pub fn encoder(&self) -> &E {
        &self.encoder
    }
}

impl<E: Encoder<Input = TokenBatch>> Task for SapAlignment<E> {
    type Batch = SapBatch;

    fn step(&self, batch: &SapBatch, cx: &StepContext<'_>) -> Result<StepOutput> {
        let pooled = self.encoder.encode(&batch.names, cx.mode)?.pooled;
        Ok(StepOutput::new(self.loss.loss(&pooled, &batch.concepts), batch.concepts.size()[0]))
    }
}
