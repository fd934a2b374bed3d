#![allow(unsafe_code)] // Calls of csrc/distributed.cpp.

use std::ffi::{CString, c_int};
use std::ptr;

use tch::{Device, Tensor};

use crate::ffi::{
    RawGroup, check, osteon_group_all_gather, osteon_group_all_reduce_mean, osteon_group_broadcast,
    osteon_group_free, osteon_group_new, pointers,
};
use crate::{Error, Rendezvous, Result};

/// Processes that exchange tensors: PyTorch's `ProcessGroupGloo`, and `ProcessGroupNCCL` between GPUs.
///
/// Every process makes the same calls in the same order, with tensors of the same shapes. Each call waits for
/// the others. If one of them has ended, it fails at once; if one does not answer, after the rendezvous's
/// time-out.
///
/// ```no_run
/// use tch::{Device, Tensor};
/// use torch_ext::{ProcessGroup, Rendezvous};
///
/// // Started by torchrun, srun, a Kubernetes operator or the example `launch`.
/// if let Some(rendezvous) = Rendezvous::from_env()? {
///     let group = ProcessGroup::join(&rendezvous, Device::Cpu)?;
///     let mine = Tensor::from(group.rank() as f64);
///     group.all_reduce_mean(&[&mine])?;
/// }
/// # Ok::<(), torch_ext::Error>(())
/// ```
#[derive(Debug)]
pub struct ProcessGroup {
    raw: *mut RawGroup,
    rank: usize,
    world_size: usize,
}

// SAFETY: the group is used by one thread at a time, as it is not Sync, and c10d binds none of it to the
// thread that made it.
unsafe impl Send for ProcessGroup {}

impl ProcessGroup {
    /// Meets the other processes, rank 0 keeping the list of all. Tensors of the CPU go by gloo; with a GPU as
    /// `device`, those of GPUs go by NCCL.
    ///
    /// Gloo takes the loopback network where the rendezvous is there, else that of this machine's name;
    /// `GLOO_SOCKET_IFNAME` names another.
    ///
    /// # Errors
    ///
    /// If the port is busy, a process does not come in time, two have one rank, or they were told of
    /// different numbers of processes; for a GPU without the feature `nccl`.
    pub fn join(rendezvous: &Rendezvous, device: Device) -> Result<Self> {
        const ACTION: &str = "joining the other processes";
        let Rendezvous { rank, world_size, .. } = *rendezvous;
        let refuse = |message: String| Error::Torch { action: ACTION, message };
        if rank >= world_size {
            return Err(refuse(format!("rank {rank} of {world_size} processes")));
        }
        let number = |value: usize| c_int::try_from(value).map_err(|error| refuse(error.to_string()));
        let text = |value: &str| CString::new(value).map_err(|error| refuse(error.to_string()));
        let host = text(&rendezvous.host)?;
        let prefix = text(&format!("osteon/{}", rendezvous.attempt))?;
        let timeout = u64::try_from(rendezvous.timeout.as_millis()).unwrap_or(u64::MAX >> 24);
        let mut raw = ptr::null_mut();
        // SAFETY: both strings live through the call, and `raw` is written at most once.
        check(ACTION, unsafe {
            osteon_group_new(
                host.as_ptr(),
                rendezvous.port,
                rank == 0 && !rendezvous.store_elsewhere,
                prefix.as_ptr(),
                number(rank)?,
                number(world_size)?,
                timeout,
                matches!(device, Device::Cuda(_)),
                &mut raw,
            )
        })?;
        Ok(Self { raw, rank, world_size })
    }

    /// Which process this is, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many there are.
    pub fn world_size(&self) -> usize {
        self.world_size
    }

    /// Overwrites every tensor, in place, by its mean over the processes.
    ///
    /// # Errors
    ///
    /// If a process has ended or does not answer, or a tensor holds integers.
    pub fn all_reduce_mean(&self, tensors: &[&Tensor]) -> Result<()> {
        let list = pointers(tensors);
        // SAFETY: the group is alive, and the pointers are valid tensors for the whole call.
        check("averaging", unsafe { osteon_group_all_reduce_mean(self.raw, list.as_ptr(), list.len()) })
    }

    /// The tensor of every process, in order of rank, without gradients.
    ///
    /// # Errors
    ///
    /// If a process has ended or does not answer.
    pub fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        let like = (tensor.kind(), tensor.device());
        let gathered: Vec<Tensor> =
            (0..self.world_size).map(|_| Tensor::empty(tensor.size(), like)).collect();
        let list = pointers(&gathered.iter().collect::<Vec<_>>());
        // SAFETY: the group is alive, and all pointers are valid tensors for the whole call.
        check("gathering", unsafe {
            osteon_group_all_gather(self.raw, tensor.as_ptr().cast_mut(), list.as_ptr(), list.len())
        })?;
        Ok(gathered)
    }

    /// Overwrites every tensor, in place, by that of rank 0.
    ///
    /// # Errors
    ///
    /// If a process has ended or does not answer.
    pub fn broadcast(&self, tensors: &[&Tensor]) -> Result<()> {
        let list = pointers(tensors);
        // SAFETY: the group is alive, and the pointers are valid tensors for the whole call.
        check("taking over from rank 0", unsafe {
            osteon_group_broadcast(self.raw, list.as_ptr(), list.len())
        })
    }

    pub(crate) fn as_raw(&self) -> *mut RawGroup {
        self.raw
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // SAFETY: the group was made by the constructor and is freed once. Reducers share what they need of it.
        let message = unsafe { osteon_group_free(self.raw) };
        // The other processes are told by the connection's end.
        let _ = check("leaving the other processes", message);
    }
}
