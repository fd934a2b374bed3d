use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// What the learning rate of a step is multiplied by: a pure function of the step.
///
/// ```
/// use model_core::Schedule;
///
/// let schedule = Schedule::Cosine { warmup_steps: 10, total_steps: Some(110), floor: 0.0 };
/// assert_eq!(schedule.factor(0), 0.1);
/// assert_eq!(schedule.factor(9), 1.0);
/// assert!((schedule.factor(60) - 0.5).abs() < 1e-12);
/// assert_eq!(schedule.factor(110), 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// 1, after a linear rise over the first `warmup_steps`.
    Constant {
        /// How many steps the rate rises.
        #[serde(default)]
        warmup_steps: u64,
    },
    /// A linear rise, then half a cosine down to `floor`.
    Cosine {
        /// How many steps the rate rises.
        #[serde(default)]
        warmup_steps: u64,
        /// At which step `floor` is reached; it stays there. Default: not known yet; until [`Schedule::over`] says it,
        /// the rate does not fall.
        #[serde(default)]
        total_steps: Option<u64>,
        /// The last factor.
        #[serde(default)]
        floor: f64,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant { warmup_steps: 0 }
    }
}

impl Schedule {
    /// The same over a run of so many steps, where it is not said how many.
    #[must_use]
    pub fn over(self, steps: u64) -> Self {
        match self {
            Self::Cosine { warmup_steps, total_steps: None, floor } => {
                Self::Cosine { warmup_steps, total_steps: Some(steps), floor }
            }
            other => other,
        }
    }

    /// The same over a run of unknown length.
    pub(crate) fn without_total(self) -> Self {
        match self {
            Self::Cosine { warmup_steps, floor, .. } => {
                Self::Cosine { warmup_steps, total_steps: None, floor }
            }
            other => other,
        }
    }

    /// The factor of a step, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        let (Self::Constant { warmup_steps } | Self::Cosine { warmup_steps, .. }) = *self;
        if step < warmup_steps {
            return (step + 1) as f64 / warmup_steps as f64;
        }
        match *self {
            Self::Constant { .. } | Self::Cosine { total_steps: None, .. } => 1.0,
            Self::Cosine { total_steps: Some(total_steps), floor, .. } => {
                let length = total_steps.saturating_sub(warmup_steps).max(1);
                let done = (step - warmup_steps).min(length) as f64 / length as f64;
                floor + (1.0 - floor) * 0.5 * (1.0 + (PI * done).cos())
            }
        }
    }
}
