mod config;
mod overlay;
mod run;

pub use config::{DataConfig, EncoderConfig, LossConfig, OptimizerConfig, PretrainConfig};
pub use run::Pretraining;
