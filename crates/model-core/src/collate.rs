use tch::Device;

use crate::Result;

/// Makes items of the data side into a batch of tensors: the one crossing between the two.
///
/// Loader threads hand over plain values; the tensors are born here, on the thread that trains.
pub trait Collate<I: ?Sized> {
    /// What a model takes.
    type Batch;

    /// The batch of `items`, on `device`.
    ///
    /// # Errors
    ///
    /// If the items do not fit together, as images of several sizes.
    fn collate(&self, items: &[&I], device: Device) -> Result<Self::Batch>;
}

impl<I: ?Sized, C: Collate<I> + ?Sized> Collate<I> for &C {
    type Batch = C::Batch;

    fn collate(&self, items: &[&I], device: Device) -> Result<Self::Batch> {
        (**self).collate(items, device)
    }
}
