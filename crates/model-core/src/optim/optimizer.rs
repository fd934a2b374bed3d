use std::fmt::Debug;

use tch::Tensor;

use crate::Result;
use crate::optim::state::in_place;

/// A trainable tensor with what the optimizer does to it.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in the variable store.
    pub name: String,
    /// The tensor itself; changing it changes the model.
    pub tensor: Tensor,
    /// What its learning rate is multiplied by.
    pub rate: f64,
    /// Its weight decay.
    pub weight_decay: f64,
}

/// Moves parameters along their gradients, with a state that can be saved.
pub trait Optimizer: Debug + Send {
    /// What is trained, sorted by name, so that every process has the same order.
    fn parameters(&self) -> &[Parameter];

    /// Moves every parameter that has a gradient.
    ///
    /// # Panics
    ///
    /// If libtorch itself fails.
    fn step(&mut self, lr: f64);

    /// Takes the gradients away: a parameter that the next backward pass does not reach has none.
    ///
    /// # Panics
    ///
    /// If libtorch itself fails.
    fn zero_grad(&mut self) {
        let tensors: Vec<&Tensor> = self.parameters().iter().map(|parameter| &parameter.tensor).collect();
        in_place(torch_ext::clear_gradients(&tensors));
    }

    /// Everything that [`Optimizer::step`] remembers from one call to the next, by name.
    fn state(&self) -> Vec<(String, Tensor)>;

    /// Takes back what [`Optimizer::state`] gave.
    ///
    /// # Errors
    ///
    /// If a tensor is missing, is one too many or has another shape; the state is then as it was.
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()>;
}
