//! Metrics with intervals for classification, regression and retrieval, so that a table can be believed.
//!
//! Plain slices go in, a `Result` comes out. A metric that these cases leave without a value (one class
//! only, a constant target) is an error that says so, never NaN. Nothing here needs libtorch.
//!
//! # Overview
//!
//! | for | functions |
//! |---|---|
//! | ranking | [`auroc`], [`auroc_macro_ovr`], [`average_precision`], [`roc_curve`] |
//! | decisions | [`ConfusionMatrix`]: accuracy, balanced accuracy, F1 (binary, micro, macro), sensitivity, specificity, quadratic-weighted kappa; [`argmax`] |
//! | probabilities | [`brier`], [`expected_calibration_error`], [`reliability_curve`] |
//! | measurements | [`mae`], [`rmse`], [`r2`], [`pearson`], [`bland_altman`] |
//! | retrieval | [`ranks`], [`recall_at`], [`median_rank`], [`chance_recall`] |
//! | places | [`BoxPrecision`]: COCO's average precision of boxes; [`Overlap`]: Dice and IoU of areas |
//! | intervals | [`Bootstrap`] by patient, [`auroc_delong`], [`wilson`] |
//! | comparison | [`Bootstrap::difference`] for any metric, [`delong`] for two AUROCs |
//! | fairness | [`audit`]: value, interval, gap and worst group by sex, age band, device, side; [`audit_classifier`], which finds confounders too |
//! | pictures | [`plot::LineChart`], [`plot::ScatterChart`] |
//!
//! Names and definitions are those of scikit-learn, and so are the values.
//!
//! # Example
//!
//! ```
//! use eval_metrics::{Auroc, Bootstrap, Clusters, auroc, delong};
//!
//! let fractured = [true, false, true, false, true, false, false, true];
//! let aligned = [0.9, 0.2, 0.6, 0.7, 0.8, 0.1, 0.3, 0.7];
//! let random_init = [0.4, 0.5, 0.6, 0.7, 0.5, 0.1, 0.6, 0.3];
//! let patients = ["a", "a", "b", "c", "d", "e", "e", "f"];
//!
//! assert_eq!(auroc(&fractured, &aligned)?, 0.90625);
//! let (first, second) = (Auroc::new(&fractured, &aligned)?, Auroc::new(&fractured, &random_init)?);
//! let gain = Bootstrap::default().difference(&first, &second, &Clusters::by(&patients))?;
//! assert!(gain.interval.estimate > 0.0);
//! assert!(delong(&fractured, &aligned, &random_init)?.p_value > 0.01);
//! # Ok::<(), eval_metrics::Error>(())
//! ```
//!
//! # Extending
//!
//! A number of your own gets intervals, comparisons and audits as soon as it is a [`Metric`]; any function
//! of case indices becomes one through [`FromCases`].

mod audit;
mod bootstrap;
mod calibration;
mod check;
mod classifier_audit;
mod confusion;
mod delong;
mod detection;
mod error;
mod metric;
mod normal;
mod overlap;
pub mod plot;
mod proportion;
mod ranking;
mod regression;
mod retrieval;

pub use audit::{Attribute, Audit, AuditConfig, Subgroup, audit};
pub use bootstrap::{Bootstrap, Clusters, Difference, Interval};
pub use calibration::{Binning, ReliabilityBin, brier, expected_calibration_error, reliability_curve};
pub use classifier_audit::audit_classifier;
pub use confusion::{ConfusionMatrix, argmax};
pub use delong::{DeLong, auroc_delong, delong};
pub use detection::{BoxPrecision, ImageBox};
pub use error::{Error, Result};
pub use metric::{FromCases, Mean, Metric};
pub use overlap::Overlap;
pub use proportion::wilson;
pub use ranking::{
    Auroc, AurocMacroOvr, AveragePrecision, RocPoint, auroc, auroc_macro_ovr, average_precision, roc_curve,
};
pub use regression::{BlandAltman, bland_altman, mae, pearson, r2, rmse};
pub use retrieval::{Rank, chance_recall, median_rank, ranks, recall_at, recall_metric};
