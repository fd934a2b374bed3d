use std::collections::BTreeMap;

use tch::Tensor;

use crate::{Error, Result};

/// Puts saved tensors into the slots of an optimizer. All are checked before any is changed.
pub(crate) fn restore(slots: Vec<(String, Tensor)>, state: Vec<(String, Tensor)>) -> Result<()> {
    let mut state: BTreeMap<String, Tensor> = state.into_iter().collect();
    let refuse = |tensor: &str, reason: String| Error::OptimizerState { tensor: tensor.to_owned(), reason };
    let mut copies = Vec::with_capacity(slots.len());
    for (name, slot) in slots {
        let Some(value) = state.remove(&name) else {
            return Err(refuse(&name, "is missing".to_owned()));
        };
        if value.size() != slot.size() {
            let reason = format!("has shape {:?}, the optimizer needs {:?}", value.size(), slot.size());
            return Err(refuse(&name, reason));
        }
        copies.push((slot, value));
    }
    if let Some(name) = state.keys().next() {
        return Err(refuse(name, "belongs to no parameter".to_owned()));
    }
    for (mut slot, value) in copies {
        tch::no_grad(|| slot.f_copy_(&value)).map_err(Error::torch("restoring optimizer state"))?;
    }
    Ok(())
}

/// The gradient of a parameter, if the last backward pass reached it.
pub(crate) fn gradient(tensor: &Tensor) -> Option<Tensor> {
    let grad = tensor.grad();
    grad.defined().then_some(grad)
}

/// An operation on parameters that libtorch refuses only if an invariant of this crate is broken; it
/// then panics, as tch's operators do.
pub(crate) fn in_place<T>(result: torch_ext::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn beta_in_range(field: &'static str, beta: f64) -> Result<()> {
    match (0.0..1.0).contains(&beta) {
        true => Ok(()),
        false => Err(Error::config(field, format!("{beta} is not in [0, 1)"))),
    }
}
