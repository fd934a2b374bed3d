use std::fmt::Debug;

use tch::Tensor;

use crate::Result;

/// The place of a process among those that train together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Which process this is, from 0.
    pub rank: usize,
    /// How many there are.
    pub world_size: usize,
}

/// Exchange of tensors between the processes that train together.
///
/// Every process makes the same calls in the same order with tensors of the same shapes. Nothing that is
/// exchanged carries gradients.
pub trait Collective: Debug + Send {
    /// The place of this process.
    fn shard(&self) -> Shard;

    /// Overwrites the values of every tensor, in place, by their mean over the processes.
    ///
    /// # Errors
    ///
    /// If a process cannot be reached.
    fn all_reduce_mean(&self, tensors: &mut [Tensor]) -> Result<()>;

    /// The tensor of every process, in order of rank, this process's own included.
    ///
    /// # Errors
    ///
    /// If a process cannot be reached.
    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>>;

    /// Overwrites the values of every tensor, in place, by those of rank 0.
    ///
    /// # Errors
    ///
    /// If a process cannot be reached.
    fn broadcast(&self, tensors: &mut [Tensor]) -> Result<()>;
}

/// One process alone: every exchange is the identity.
///
/// ```
/// use model_core::{Collective, Shard, SingleProcess};
///
/// assert_eq!(SingleProcess.shard(), Shard { rank: 0, world_size: 1 });
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SingleProcess;

impl Collective for SingleProcess {
    fn shard(&self) -> Shard {
        Shard { rank: 0, world_size: 1 }
    }

    fn all_reduce_mean(&self, _: &mut [Tensor]) -> Result<()> {
        Ok(())
    }

    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![tensor.detach()])
    }

    fn broadcast(&self, _: &mut [Tensor]) -> Result<()> {
        Ok(())
    }
}
