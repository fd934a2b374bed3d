use std::fmt;

use serde::{Deserialize, Serialize};
use xray_core::{PatientId, PseudonymKey};

use crate::{Error, Result};

/// The parts of a data set that no patient is shared between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To train on.
    Train,
    /// To choose settings and stop by.
    Val,
    /// To report figures on.
    Test,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];

    /// The name, as shards have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Sends every patient to one split by a keyed hash of the patient alone, so that a patient stays where
/// he is when the archive grows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitFractions {
    /// The expected fraction of patients in [`Split::Val`] (default: 0.1).
    pub val: f64,
    /// The expected fraction of patients in [`Split::Test`] (default: 0.1).
    pub test: f64,
}

impl Default for SplitFractions {
    fn default() -> Self {
        Self { val: 0.1, test: 0.1 }
    }
}

impl SplitFractions {
    /// The split of `patient`.
    pub fn split_of(&self, key: &PseudonymKey, patient: &PatientId) -> Split {
        let hash = key.derive_u64("split", &[patient.as_str().as_bytes()]);
        let position = hash as f64 / 2_f64.powi(64);
        if position < self.test {
            Split::Test
        } else if position < self.test + self.val {
            Split::Val
        } else {
            Split::Train
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let parts = [self.val, self.test, 1.0 - self.val - self.test];
        if parts.iter().all(|part| (0.0..=1.0).contains(part)) {
            Ok(())
        } else {
            Err(Error::Settings("the fractions of the splits must lie in [0, 1] and not exceed 1 together"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_spread_as_asked_and_depend_on_the_key() {
        let (a, b) = (PseudonymKey::new(b"0123456789abcdef"), PseudonymKey::new(b"another key 1234"));
        let fractions = SplitFractions { val: 0.2, test: 0.1 };
        let patients: Vec<PatientId> = (0..10_000).map(|i| PatientId::new(i.to_string())).collect();
        let count = |split| patients.iter().filter(|p| fractions.split_of(&a, p) == split).count();
        assert!((900..1100).contains(&count(Split::Test)));
        assert!((1850..2150).contains(&count(Split::Val)));
        assert!(patients.iter().any(|p| fractions.split_of(&a, p) != fractions.split_of(&b, p)));
    }

    #[test]
    fn fractions_beyond_one_are_refused() {
        assert!(SplitFractions { val: 0.7, test: 0.4 }.validate().is_err());
        assert!(SplitFractions { val: f64::NAN, test: 0.4 }.validate().is_err());
        assert!(SplitFractions::default().validate().is_ok());
    }
}
