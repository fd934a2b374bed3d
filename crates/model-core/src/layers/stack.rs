use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tch::Tensor;

use crate::{Error, Mode, Result};

/// A layer of a [`Stack`].
pub trait Block: Debug + Send + 'static {
    /// # Shapes
    ///
    /// - hidden, result: `[batch, tokens, hidden_size]`
    /// - mask: `[batch, tokens]`, bool, true = a real token; none = all are real
    fn forward(&self, hidden: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Tensor;
}

/// Layers one after the other, whose activations may be recomputed in the backward pass instead of being kept
/// ([`torch_ext::recomputed`]): training then holds one tensor a layer, and runs each layer forward twice.
#[derive(Debug)]
pub struct Stack<L> {
    // The backward pass holds on to the layers, and on a GPU runs on a thread of its own.
    layers: Vec<Arc<Mutex<L>>>,
    gradient_checkpointing: bool,
}

impl<L: Block> Stack<L> {
    /// The layers, from below; `gradient_checkpointing`, in Hugging Face's word, if they are to be recomputed.
    ///
    /// # Errors
    ///
    /// If a layer could not be built.
    pub fn new(layers: impl Iterator<Item = Result<L>>, gradient_checkpointing: bool) -> Result<Self> {
        let layers = layers.map(|layer| Ok(Arc::new(Mutex::new(layer?)))).collect::<Result<_>>()?;
        Ok(Self { layers, gradient_checkpointing })
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// A layer by itself, counted from below. While it is held, nothing else can run it.
    ///
    /// # Panics
    ///
    /// If there are no more than `index` layers.
    pub fn layer(&self, index: usize) -> MutexGuard<'_, L> {
        lock(&self.layers[index])
    }

    /// What all layers make of the tokens, one after the other.
    ///
    /// # Shapes
    ///
    /// As [`Block::forward`].
    ///
    /// # Errors
    ///
    /// If libtorch refuses an operation of a layer that is recomputed.
    pub fn forward(&self, hidden: Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Tensor> {
        (0..self.len()).try_fold(hidden, |hidden, index| self.run(index, &hidden, mask, mode))
    }

    /// What one layer makes of the tokens.
    ///
    /// # Shapes
    ///
    /// As [`Block::forward`].
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    ///
    /// # Panics
    ///
    /// If there are no more than `index` layers.
    pub fn run(&self, index: usize, hidden: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Tensor> {
        if !(self.gradient_checkpointing && mode.is_train()) {
            return Ok(self.layer(index).forward(hidden, mask, mode));
        }
        let (layer, mask) = (Arc::clone(&self.layers[index]), mask.map(Tensor::shallow_clone));
        torch_ext::recomputed(hidden, move |hidden| lock(&layer).forward(hidden, mask.as_ref(), mode))
            .map_err(Error::external("running a layer that is recomputed"))
    }
}

/// A layer has no state that a panic could leave half changed.
fn lock<L>(layer: &Mutex<L>) -> MutexGuard<'_, L> {
    layer.lock().unwrap_or_else(PoisonError::into_inner)
}
