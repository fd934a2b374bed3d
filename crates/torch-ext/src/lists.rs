#![allow(unsafe_code)] // Calls of csrc/tensors.cpp.

use tch::Tensor;

use crate::ffi::{
    check, osteon_adamw, osteon_clear_gradients, osteon_lion, osteon_norm, osteon_scale, pointers,
};
use crate::{Error, Result};

/// Takes the gradients away, so that their memory is free and the next backward pass need not add to
/// them. tch's `zero_grad` fills them with zeros.
///
/// # Errors
///
/// If libtorch refuses.
pub fn clear_gradients(tensors: &[&Tensor]) -> Result<()> {
    let list = pointers(tensors);
    // SAFETY: the pointers are valid tensors for the whole call.
    check("clearing gradients", unsafe { osteon_clear_gradients(list.as_ptr(), list.len()) })
}

/// The norm of all tensors together, 0 for none; waits for the device once.
///
/// # Errors
///
/// If the tensors lie on several devices.
pub fn norm(tensors: &[&Tensor]) -> Result<f64> {
    let list = pointers(tensors);
    let mut norm = 0.0;
    // SAFETY: the pointers are valid tensors for the whole call, and `norm` is written at most once.
    check("taking a norm", unsafe { osteon_norm(list.as_ptr(), list.len(), &mut norm) })?;
    Ok(norm)
}

/// Multiplies every tensor in place.
///
/// # Errors
///
/// If libtorch refuses.
pub fn scale(tensors: &[&Tensor], factor: f64) -> Result<()> {
    let list = pointers(tensors);
    // SAFETY: the pointers are valid tensors for the whole call.
    check("scaling tensors", unsafe { osteon_scale(list.as_ptr(), list.len(), factor) })
}

/// The numbers of a step of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// The learning rate.
    pub lr: f64,
    /// How much the means remember.
    pub beta1: f64,
    /// How much the means of squares remember.
    pub beta2: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Added to the denominator.
    pub eps: f64,
}

/// One step of AdamW over lists of equal lengths, in PyTorch's fused kernel. `steps` are f32 scalars that
/// count the steps of each parameter, this one included afterwards.
///
/// # Errors
///
/// If the lists differ in length, or tensors in shape, number type or device.
pub fn adamw_step(
    parameters: &[&Tensor],
    gradients: &[&Tensor],
    means: &[&Tensor],
    squares: &[&Tensor],
    steps: &[&Tensor],
    step: AdamWStep,
) -> Result<()> {
    same_length("a step of AdamW", &[parameters, gradients, means, squares, steps])?;
    let AdamWStep { lr, beta1, beta2, weight_decay, eps } = step;
    let (p, g, m, s, n) =
        (pointers(parameters), pointers(gradients), pointers(means), pointers(squares), pointers(steps));
    // SAFETY: five lists of one length, of pointers that are valid tensors for the whole call.
    check("a step of AdamW", unsafe {
        osteon_adamw(
            p.as_ptr(),
            g.as_ptr(),
            m.as_ptr(),
            s.as_ptr(),
            n.as_ptr(),
            p.len(),
            lr,
            beta1,
            beta2,
            weight_decay,
            eps,
        )
    })
}

/// The numbers of a step of Lion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LionStep {
    /// The learning rate.
    pub lr: f64,
    /// The weight of the mean in the direction.
    pub beta1: f64,
    /// How much the means remember.
    pub beta2: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// One step of Lion over lists of equal lengths.
///
/// # Errors
///
/// If the lists differ in length, or tensors in shape, number type or device.
pub fn lion_step(
    parameters: &[&Tensor],
    gradients: &[&Tensor],
    means: &[&Tensor],
    step: LionStep,
) -> Result<()> {
    same_length("a step of Lion", &[parameters, gradients, means])?;
    let LionStep { lr, beta1, beta2, weight_decay } = step;
    let (p, g, m) = (pointers(parameters), pointers(gradients), pointers(means));
    // SAFETY: three lists of one length, of pointers that are valid tensors for the whole call.
    check("a step of Lion", unsafe {
        osteon_lion(p.as_ptr(), g.as_ptr(), m.as_ptr(), p.len(), lr, beta1, beta2, weight_decay)
    })
}

fn same_length(action: &'static str, lists: &[&[&Tensor]]) -> Result<()> {
    if lists.windows(2).all(|pair| pair[0].len() == pair[1].len()) {
        return Ok(());
    }
    let lengths: Vec<usize> = lists.iter().map(|list| list.len()).collect();
    Err(Error::Torch { action, message: format!("lists of the lengths {lengths:?}") })
}
