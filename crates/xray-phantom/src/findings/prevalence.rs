use serde::{Deserialize, Serialize};

/// How often each finding is drawn, as a share of studies from 0 to 1. Findings are drawn apart from the fracture
/// and from each other; a joint is replaced only where nothing is broken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prevalence {
    /// A plate with screws, or wires; below 14 years always wires. Default: 0.1.
    pub osteosynthesis: f64,
    /// A cast. Default: 0.1.
    pub cast: f64,
    /// A lytic lesion. Default: 0.06.
    pub lytic_lesion: f64,
    /// A sclerotic lesion. Default: 0.06.
    pub sclerotic_lesion: f64,
    /// Osteoarthritis, as a share of the patients from 45 years on; there is none before. Default: 0.25.
    pub osteoarthritis: f64,
    /// A splinter in the flesh. Default: 0.03.
    pub foreign_body: f64,
    /// A ring on a finger, as a share of the hands. Default: 0.08.
    pub ring: f64,
    /// A dislocation, as a share of the shoulders, elbows, hands, fingers, hips and pelves. Default: 0.
    #[serde(skip_serializing_if = "is_none")]
    pub dislocation: f64,
    /// A replaced joint, as a share of the shoulders, hips, pelves and single knees of patients from 50 years on; there
    /// is none before. Default: 0.
    #[serde(skip_serializing_if = "is_none")]
    pub prosthesis: f64,
}

/// Shares that are nothing by default are not written down, so that older archives have the settings of newer ones.
fn is_none(share: &f64) -> bool {
    *share == 0.0
}

impl Default for Prevalence {
    fn default() -> Self {
        Self {
            osteosynthesis: 0.1,
            cast: 0.1,
            lytic_lesion: 0.06,
            sclerotic_lesion: 0.06,
            osteoarthritis: 0.25,
            foreign_body: 0.03,
            ring: 0.08,
            dislocation: 0.0,
            prosthesis: 0.0,
        }
    }
}

impl Prevalence {
    /// Nothing but fractures.
    pub fn none() -> Self {
        Self {
            osteosynthesis: 0.0,
            cast: 0.0,
            lytic_lesion: 0.0,
            sclerotic_lesion: 0.0,
            osteoarthritis: 0.0,
            foreign_body: 0.0,
            ring: 0.0,
            dislocation: 0.0,
            prosthesis: 0.0,
        }
    }

    /// The default, and a tenth of dislocations and a fifth of replaced joints where there can be some.
    pub fn every_finding() -> Self {
        Self { dislocation: 0.1, prosthesis: 0.2, ..Self::default() }
    }

    /// The settings by name.
    pub(crate) fn shares(&self) -> [(&'static str, f64); 9] {
        [
            ("prevalence.osteosynthesis", self.osteosynthesis),
            ("prevalence.cast", self.cast),
            ("prevalence.lytic_lesion", self.lytic_lesion),
            ("prevalence.sclerotic_lesion", self.sclerotic_lesion),
            ("prevalence.osteoarthritis", self.osteoarthritis),
            ("prevalence.foreign_body", self.foreign_body),
            ("prevalence.ring", self.ring),
            ("prevalence.dislocation", self.dislocation),
            ("prevalence.prosthesis", self.prosthesis),
        ]
    }
}
