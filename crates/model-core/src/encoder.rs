use std::fmt::Debug;

use tch::Tensor;

use crate::Result;

/// Whether a model is being trained: dropout and drop path act in [`Mode::Train`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Random layers act.
    Train,
    /// As [`Mode::Train`], but the pass leaves no trace: running statistics stay as they are. For a pass that is
    /// made once more with gradients.
    Rehearsal,
    /// The same input gives the same output.
    Eval,
}

impl Mode {
    /// Whether random layers act.
    pub fn is_train(self) -> bool {
        self != Self::Eval
    }
}

/// What an encoder makes of a batch.
///
/// # Shapes
///
/// - pooled: `[batch, embed_dim]`
/// - tokens: `[batch, tokens, embed_dim]`
/// - mask: `[batch, tokens]`, bool, true = a real token; absent where every token is real
#[derive(Debug)]
pub struct Encoded {
    /// One vector an item.
    pub pooled: Tensor,
    /// One vector a token, for encoders that have tokens.
    pub tokens: Option<Tensor>,
    /// Which tokens are real and which are padding.
    pub mask: Option<Tensor>,
}

impl Encoded {
    /// An encoding that has no tokens.
    pub fn from_pooled(pooled: Tensor) -> Self {
        Self { pooled, tokens: None, mask: None }
    }

    /// The same tensors behind a second handle; nothing is copied.
    pub fn shallow_clone(&self) -> Self {
        Self {
            pooled: self.pooled.shallow_clone(),
            tokens: self.tokens.as_ref().map(Tensor::shallow_clone),
            mask: self.mask.as_ref().map(Tensor::shallow_clone),
        }
    }
}

/// Makes a batch of images, texts, studies or anything else into vectors.
///
/// Alignment, heads, freezing and saving know encoders by this trait alone.
///
/// ```
/// use model_core::{Encoded, Encoder, Mode, Result};
/// use tch::{Kind, Tensor};
///
/// /// Every image is its mean brightness.
/// #[derive(Debug)]
/// struct Brightness;
///
/// impl Encoder for Brightness {
///     type Input = Tensor;
///
///     fn embed_dim(&self) -> i64 {
///         1
///     }
///
///     fn encode(&self, pixels: &Tensor, _: Mode) -> Result<Encoded> {
///         Ok(Encoded::from_pooled(pixels.flatten(1, -1).mean_dim(1, true, Kind::Float)))
///     }
/// }
///
/// let encoded = Brightness.encode(&Tensor::ones([4, 1, 8, 8], (Kind::Float, tch::Device::Cpu)), Mode::Eval)?;
/// assert_eq!(encoded.pooled.size(), [4, 1]);
/// # Ok::<(), model_core::Error>(())
/// ```
pub trait Encoder: Debug + Send {
    /// A batch of what is encoded.
    type Input;

    /// The length of the vectors.
    fn embed_dim(&self) -> i64;

    /// The vectors of a batch.
    ///
    /// # Errors
    ///
    /// If the input does not have the shape that the encoder needs.
    fn encode(&self, input: &Self::Input, mode: Mode) -> Result<Encoded>;
}

impl<E: Encoder + ?Sized> Encoder for Box<E> {
    type Input = E::Input;

    fn embed_dim(&self) -> i64 {
        (**self).embed_dim()
    }

    fn encode(&self, input: &Self::Input, mode: Mode) -> Result<Encoded> {
        (**self).encode(input, mode)
    }
}
