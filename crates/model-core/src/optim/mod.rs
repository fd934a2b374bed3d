mod adamw;
mod clip;
mod lion;
mod lion8bit;
mod optimizer;
mod parameters;
mod plateau;
mod schedule;
mod state;

pub use adamw::{AdamW, AdamWConfig};
pub use clip::{clip_gradients, gradient_norm};
pub use lion::{Lion, LionConfig};
pub use lion8bit::{Lion8bit, Lion8bitConfig};
pub use optimizer::{Optimizer, Parameter};
pub use parameters::{DecayRule, ParameterPolicy, freeze, freeze_layers, named_tensors};
pub use plateau::{Plateau, PlateauConfig};
pub use schedule::Schedule;

pub(crate) use clip::scale_gradients;
pub(crate) use state::gradient;
