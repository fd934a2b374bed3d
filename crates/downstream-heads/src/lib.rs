//! Linear probing and fine-tuning of an image encoder, and the evaluation protocol.

mod error;
mod extract;
mod features;
mod fine_tune;
mod heads;
mod lbfgs;
mod logistic;
mod probe;
mod result;
mod sampling;

pub use error::{Error, Result};
pub use extract::encode_features;
pub use features::{Cases, Features};
pub use fine_tune::{FineTune, FineTuneConfig, LabelledBatch};
pub use heads::{
    AttentivePooling, GradeHead, Head, HeadConfig, LabelHead, OrdinalHead, RegressionHead,
};
pub use logistic::LogisticRegression;
pub use probe::{FittedProbe, LinearProbe};
pub use result::{EfficiencyPoint, Evaluation, label_efficiency};
pub use sampling::label_fraction;
