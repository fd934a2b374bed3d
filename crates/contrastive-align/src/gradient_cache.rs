use model_core::{Encoded, Encoder, Error, Mode, Result, StepContext};
use tch::{Device, Kind, Tensor, manual_seed, no_grad};

use crate::bi_encoder::join;
use crate::{AlignmentLoss, BiEncoder, PairBatch};

/// The loss of the whole batch. Its gradient has already reached the parameters for all chunks but the last
/// one, and the returned tensor carries the rest.
pub(crate) fn loss<V: Encoder, T: Encoder, L: AlignmentLoss>(
    model: &BiEncoder<V, T>,
    alignment: &L,
    batch: &PairBatch<V::Input, T::Input>,
    cx: &StepContext<'_>,
) -> Result<Tensor> {
    // Dropout must fall alike in both runs, so each chunk starts from a seed of its own.
    let seeds = Tensor::randint(i64::MAX, [batch.chunks.len() as i64], (Kind::Int64, Device::Cpu));
    let encode = |place: usize, mode: Mode| {
        manual_seed(seeds.int64_value(&[place as i64]));
        model.encode_chunk(&batch.chunks[place], mode)
    };

    let mut images = Vec::with_capacity(batch.chunks.len());
    let mut texts = Vec::with_capacity(batch.chunks.len());
    for place in 0..batch.chunks.len() {
        let (image, text) = no_grad(|| encode(place, Mode::Rehearsal))?;
        images.push(Cached::new(image));
        texts.push(Cached::new(text));
    }
    let whole = |cached: &[Cached]| join(cached.iter().map(|cached| cached.leaf.shallow_clone()).collect());
    let pairs = model.pairs(whole(&images)?, whole(&texts)?, batch);
    let loss = alignment.loss(&pairs, cx.collective)?;
    if !loss.double_value(&[]).is_finite() {
        // The loop stops at this; no gradient must have been spoilt by then.
        return Ok(loss);
    }
    (&loss * cx.loss_scale).f_backward().map_err(Error::torch("going back through the loss"))?;

    let last = batch.chunks.len() - 1;
    for place in 0..last {
        let (image, text) = encode(place, cx.mode)?;
        if let Some(surrogate) = surrogate(&[(&images[place], &image), (&texts[place], &text)]) {
            surrogate.f_backward().map_err(Error::torch("going back through the encoders"))?;
        }
    }
    let (image, text) = encode(last, cx.mode)?;
    let value = loss.detach();
    Ok(match surrogate(&[(&images[last], &image), (&texts[last], &text)]) {
        Some(surrogate) => value + (&surrogate - surrogate.detach()) / cx.loss_scale,
        None => value,
    })
}

/// The embeddings of one side of a chunk, cut off from the encoder and open to gradients.
struct Cached {
    leaf: Encoded,
}

impl Cached {
    fn new(encoded: Encoded) -> Self {
        let open = |rows: Tensor| rows.detach().set_requires_grad(true);
        let leaf =
            Encoded { pooled: open(encoded.pooled), tokens: encoded.tokens.map(open), mask: encoded.mask };
        Self { leaf }
    }
}

/// A scalar whose gradient at the embeddings is the cached one.
fn surrogate(sides: &[(&Cached, &Encoded)]) -> Option<Tensor> {
    let product = |leaf: &Tensor, live: &Tensor| {
        let gradient = leaf.grad();
        // An encoder that is frozen, or tokens that the loss does not look at, need none.
        (gradient.defined() && live.requires_grad()).then(|| (gradient * live).sum(None))
    };
    let parts = sides.iter().flat_map(|(cached, live)| {
        let tokens = cached.leaf.tokens.as_ref().zip(live.tokens.as_ref());
        [product(&cached.leaf.pooled, &live.pooled), tokens.and_then(|(leaf, live)| product(leaf, live))]
    });
    parts.flatten().reduce(|sum, part| sum + part)
}
