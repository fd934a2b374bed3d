//! Linear probing and fine-tuning of an image encoder, and the evaluation protocol.

mod error;
mod features;
mod lbfgs;
mod logistic;
mod probe;
mod result;
mod sampling;

pub use error::{Error, Result};
pub use features::{Cases, Features};
pub use logistic::LogisticRegression;
pub use probe::{FittedProbe, LinearProbe};
pub use result::{EfficiencyPoint, Evaluation, label_efficiency};
pub use sampling::label_fraction;
