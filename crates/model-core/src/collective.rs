use std::fmt::Debug;

use tch::Tensor;
use torch_ext::{ProcessGroup, Reducer};

use crate::{Error, Result};

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

    /// What averages the gradients of these parameters while the backward pass still goes on. By default nothing
    /// does, and the loop averages them afterwards.
    ///
    /// # Errors
    ///
    /// If a parameter wants no gradient.
    fn reducer(&self, _parameters: &[&Tensor]) -> Result<Option<Reducer>> {
        Ok(None)
    }
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

/// PyTorch's own exchange, by gloo and NCCL; gradients go while the backward pass does.
impl Collective for ProcessGroup {
    fn shard(&self) -> Shard {
        Shard { rank: self.rank(), world_size: self.world_size() }
    }

    fn all_reduce_mean(&self, tensors: &mut [Tensor]) -> Result<()> {
        ProcessGroup::all_reduce_mean(self, &tensors.iter().collect::<Vec<_>>()).map_err(failed)
    }

    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        ProcessGroup::all_gather(self, tensor).map_err(failed)
    }

    fn broadcast(&self, tensors: &mut [Tensor]) -> Result<()> {
        ProcessGroup::broadcast(self, &tensors.iter().collect::<Vec<_>>()).map_err(failed)
    }

    fn reducer(&self, parameters: &[&Tensor]) -> Result<Option<Reducer>> {
        if parameters.is_empty() {
            return Ok(None);
        }
        Reducer::new(self, parameters).map(Some).map_err(failed)
    }
}

pub(crate) fn failed(error: torch_ext::Error) -> Error {
    Error::Collective { action: "exchange", reason: error.to_string() }
}
