use anyhow::{Context, Result};
use clap::ValueEnum;
use tch::Device;

/// Where a model runs.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum On {
    Cpu,
    Cuda,
}

impl On {
    pub(crate) fn device(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda => torch_ext::cuda_device().context("this libtorch sees no GPU"),
        }
    }
}
