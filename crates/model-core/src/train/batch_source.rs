use std::fmt;
use std::marker::PhantomData;

use crate::Result;

/// The batches of every epoch, in an order that depends on the epoch alone, so that training can go on
/// in the middle of one.
///
/// ```
/// use model_core::{BatchSource, batches_from_fn};
///
/// let mut source = batches_from_fn(|epoch, skip| Ok((skip..3).map(move |batch| Ok(10 * epoch + batch))));
/// let rest: model_core::Result<Vec<u64>> = source.batches(2, 1)?.collect();
/// assert_eq!(rest?, [21, 22]);
/// # Ok::<(), model_core::Error>(())
/// ```
pub trait BatchSource {
    /// What a task takes.
    type Batch;

    /// The batches of `epoch`, without the first `skip`. Where processes train together, each gets its
    /// own part, and all get the same number.
    ///
    /// # Errors
    ///
    /// If the epoch cannot be started. The iterator yields an error for a batch that cannot be had.
    fn batches(
        &mut self,
        epoch: u64,
        skip: u64,
    ) -> Result<Box<dyn Iterator<Item = Result<Self::Batch>> + '_>>;
}

/// Makes a function of the epoch and of the number of batches to skip a [`BatchSource`].
pub fn batches_from_fn<F, I, B>(function: F) -> BatchesFromFn<F, I>
where
    F: FnMut(u64, u64) -> Result<I>,
    I: Iterator<Item = Result<B>>,
{
    BatchesFromFn { function, batches: PhantomData }
}

/// What [`batches_from_fn`] makes.
pub struct BatchesFromFn<F, I> {
    function: F,
    batches: PhantomData<I>,
}

impl<F, I, B> BatchSource for BatchesFromFn<F, I>
where
    F: FnMut(u64, u64) -> Result<I>,
    I: Iterator<Item = Result<B>>,
{
    type Batch = B;

    fn batches(&mut self, epoch: u64, skip: u64) -> Result<Box<dyn Iterator<Item = Result<B>> + '_>> {
        Ok(Box::new((self.function)(epoch, skip)?))
    }
}

impl<F, I> fmt::Debug for BatchesFromFn<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchesFromFn").finish_non_exhaustive()
    }
}
