//! What an encoder's features are worth: linear probes, heads and fine-tuning, measured with intervals.
//!
//! # Overview
//!
//! * [`encode_features`] runs a frozen encoder once; [`Features`] and [`Cases`] hold what it made,
//!   [`FeatureCache`] keeps it on disk by weights, transform and images;
//! * [`LinearProbe`] fits a logistic regression on them in seconds, its regularisation chosen by
//!   cross-validation over patients, never on the cases it is measured on;
//! * [`label_efficiency`] does so on parts of the labels, drawn by patient ([`label_fraction`]);
//! * [`CalibratedProbe`] sets a probe's probabilities right on validation cases;
//! * [`RidgeProbe`] is the same for measurements, [`NearestNeighbors`] needs no fitting at all;
//! * [`Evaluation`] and [`MeasurementEvaluation`] hold the metrics with their intervals and compare two
//!   encoders by paired bootstrap;
//! * [`GradeEvaluation`] is the same for grades;
//! * [`tsne`] and [`Discriminants`] lay features in a plane;
//! * [`Head`]: [`LabelHead`], [`GradeHead`], [`OrdinalHead`], [`RegressionHead`], [`AttentivePooling`], and on patches
//!   [`DenseHead`] (areas) and [`BoxHead`] (boxes, matched by [`assign`]);
//! * [`FineTune`] is a head on an encoder as a task of the training loop, [`FineTuneConfig`] how the method
//!   trains it: the head alone first, then both;
//! * [`paper`] is the protocol of the method's released code, [`Strict`] the one to believe.
//!
//! # Example
//!
//! ```
//! use downstream_heads::{Cases, Evaluation, Features, LinearProbe};
//! use eval_metrics::Bootstrap;
//! use xray_core::PatientId;
//!
//! // Simulated features of 40 patients; the first number leans towards the class.
//! let cases = |seed: usize| {
//!     let values = (0..40).flat_map(|i| [(i % 2) as f32 + ((i * 7 + seed) % 5) as f32 / 3.0, (i % 3) as f32]);
//!     let patients = (0..40).map(|i| PatientId::new(format!("{seed}-{i}"))).collect();
//!     Cases::new(Features::new(values.collect(), 2)?, (0..40).map(|i| i % 2).collect(), patients)
//! };
//! let (train, test) = (cases(0)?, cases(1)?);
//! let probe = LinearProbe::default().fit(&train)?;
//! let probabilities = probe.probabilities(test.features())?;
//! let evaluation = Evaluation::new(&test, probabilities, 2, &Bootstrap::default())?;
//! assert!(evaluation.auroc().is_some_and(|auroc| auroc.low > 0.5));
//! # Ok::<(), downstream_heads::Error>(())
//! ```
//!
//! # Extending
//!
//! A head of your own implements [`Head`]; it then trains with [`FineTune`] and any encoder.

mod cache;
mod calibrated;
mod cases;
mod discriminants;
mod error;
mod extract;
mod features;
mod fine_tune;
mod graded;
mod heads;
mod knn;
mod lbfgs;
mod logistic;
mod matching;
mod measurement;
mod presets;
mod probe;
mod result;
mod ridge;
mod sampling;
mod tsne;

pub use cache::{FeatureCache, FeatureKey};
pub use calibrated::CalibratedProbe;
pub use cases::Cases;
pub use discriminants::Discriminants;
pub use error::{Error, Result};
pub use extract::encode_features;
pub use features::Features;
pub use fine_tune::{FineTune, FineTuneConfig, LabelledBatch};
pub use graded::GradeEvaluation;
pub use heads::{
    AttentivePooling, BoxConfig, BoxHead, DenseConfig, DenseHead, GradeHead, Head, HeadConfig, LabelHead,
    OrdinalHead, RegressionHead,
};
pub use knn::NearestNeighbors;
pub use logistic::LogisticRegression;
pub use matching::assign;
pub use measurement::MeasurementEvaluation;
pub use presets::{PaperSetting, Strict, StrictRun, TaskKind, paper, positive_weight};
pub use probe::{FittedProbe, LinearProbe};
pub use result::{EfficiencyPoint, Evaluation, label_efficiency};
pub use ridge::{RidgeProbe, RidgeRegression};
pub use sampling::{case_fraction, label_fraction};
pub use tsne::tsne;
