use std::collections::BTreeSet;

use model_core::{Encoder, Error, Mode, Result, StepContext, StepOutput, Task};
use tch::{Kind, Tensor, no_grad};

use crate::{AlignmentLoss, BiEncoder, EncodedPairs, PairBatch, gradient_cache};

/// Alignment as a [`Task`] of the training loop: a bi-encoder and its loss.
///
/// A batch of one chunk goes through the encoders at once. A batch of several is trained with cached
/// gradients ([Gao et al. 2021](https://arxiv.org/abs/2101.06983)): the encoders run over the chunks
/// without a graph, the loss sees the whole batch, and a second run brings its gradient into the encoders
/// chunk by chunk. The gradient is that of the whole batch; memory grows with the chunk, and the encoders run
/// forward twice.
#[derive(Debug)]
pub struct Aligner<V, T, L> {
    /// What is trained.
    pub model: BiEncoder<V, T>,
    /// What it is trained by.
    pub loss: L,
}

impl<V: Encoder, T: Encoder, L: AlignmentLoss> Aligner<V, T, L> {
    /// Trains `model` by `loss`; tokens are kept if the loss wants them.
    pub fn new(model: BiEncoder<V, T>, loss: L) -> Self {
        Self { model: model.with_tokens(loss.uses_tokens()), loss }
    }
}

impl<V: Encoder, T: Encoder, L: AlignmentLoss> Task for Aligner<V, T, L> {
    type Batch = PairBatch<V::Input, T::Input>;

    /// The loss, and as figures the scale, the bias and, in evaluation, the share of images whose own
    /// report is the nearest of the batch (`image_to_text`) and the other way (`text_to_image`).
    fn step(&self, batch: &Self::Batch, cx: &StepContext<'_>) -> Result<StepOutput> {
        let samples = batch.keys.len() as i64;
        let mut metrics = vec![("logit_scale".to_owned(), self.model.logit.scale().double_value(&[]))];
        if let Some(bias) = self.model.logit.bias() {
            metrics.push(("logit_bias".to_owned(), bias.double_value(&[])));
        }
        if cx.mode.is_train() && batch.chunks.len() > 1 {
            let loss = gradient_cache::loss(&self.model, &self.loss, batch, cx)?;
            return Ok(StepOutput { loss, metrics, samples });
        }
        let pairs = self.model.encode(batch, cx.mode)?;
        let loss = self.loss.loss(&pairs, cx.collective)?;
        if !cx.mode.is_train() {
            let (image_to_text, text_to_image) = no_grad(|| nearest(&pairs));
            metrics.push(("image_to_text".to_owned(), image_to_text));
            metrics.push(("text_to_image".to_owned(), text_to_image));
        }
        Ok(StepOutput { loss, metrics, samples })
    }

    /// The studies whose own vectors are not numbers, or all where only the loss is none.
    fn keys(&self, batch: &Self::Batch) -> Vec<String> {
        let places = no_grad(|| Ok(not_finite(&self.model.encode(batch, Mode::Eval)?)));
        let key = |place: &i64| usize::try_from(*place).ok().and_then(|place| batch.keys.get(place)).cloned();
        match places {
            Ok(places) if !places.is_empty() => places.iter().filter_map(key).collect(),
            Ok::<_, Error>(_) | Err(_) => batch.keys.clone(),
        }
    }
}

/// The places of studies with an image or a report whose vector is not a number.
fn not_finite(pairs: &EncodedPairs) -> BTreeSet<i64> {
    let rows = |pooled: &Tensor| pooled.isfinite().logical_not().any_dim(1, false).nonzero().flatten(0, -1);
    let images = pairs.study.index_select(0, &rows(&pairs.image.pooled));
    let places = Tensor::cat(&[images, rows(&pairs.text.pooled)], 0);
    places.iter::<i64>().into_iter().flatten().collect()
}

/// How often the nearest of the local batch is right. A report of the same text is right too.
fn nearest(pairs: &EncodedPairs) -> (f64, f64) {
    let similarity = pairs.image.pooled.matmul(&pairs.text.pooled.tr());
    let own = pairs.groups.index_select(0, &pairs.study);
    let right = own.unsqueeze(1).eq_tensor(&pairs.groups.unsqueeze(0));
    let share = |dim| {
        let best: Tensor = similarity.argmax(dim, true);
        right.gather(dim, &best, false).to_kind(Kind::Double).mean(None).double_value(&[])
    };
    (share(1), share(0))
}
