mod batch_source;
mod checkpoint;
mod config;
mod hook;
mod json_lines;
mod precision;
mod progress;
mod task;
mod trainer;

pub use batch_source::{BatchSource, BatchesFromFn, batches_from_fn};
pub use checkpoint::Checkpoint;
pub use config::TrainerConfig;
pub use hook::{EvalReport, Hook, StepReport};
pub use json_lines::JsonLines;
pub use precision::{LossScale, Precision};
pub use progress::Progress;
pub use task::{StepContext, StepOutput, Task};
pub use trainer::{StopReason, Summary, Trainer};
