use model_core::{Encoder, Mode};
use tch::{Device, Kind, Tensor};

use crate::{Error, Features, Result};

/// What a frozen encoder makes of all batches, for probes.
///
/// # Errors
///
/// [`Error::Model`] if a batch cannot be had or encoded; [`Error::Length`] if there is none;
/// [`Error::NotFinite`] if the encoder gives what is not a number.
pub fn encode_features<E: Encoder>(
    encoder: &E,
    batches: impl IntoIterator<Item = model_core::Result<E::Input>>,
) -> Result<Features> {
    let _no_grad = tch::no_grad_guard();
    let mut values = Vec::new();
    for batch in batches {
        let encoded = batch.and_then(|input| encoder.encode(&input, Mode::Eval));
        let encoded = encoded.map_err(|source| Error::Model { action: "encoding the images", source })?;
        values.extend(rows(&encoded.pooled)?);
    }
    Features::new(values, usize::try_from(encoder.embed_dim()).unwrap_or(0))
}

/// The numbers of a tensor, row after row.
pub(crate) fn rows(pooled: &Tensor) -> Result<Vec<f32>> {
    let flat = pooled.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().flatten(0, -1);
    Vec::<f32>::try_from(flat).map_err(|source| Error::Model {
        action: "reading the features",
        source: model_core::Error::Torch { action: "copying a tensor", source },
    })
}
