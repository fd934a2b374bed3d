use serde::{Deserialize, Serialize};
use xray_core::Sex;

use crate::anatomy::Anatomy;

/// What makes a model right, or wrong, for a bad reason, so that an audit has something true to find. Nothing by
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confounders {
    /// Share of studies whose machine tells whether there is a fracture: the first of [`DEVICES`](crate::DEVICES) if
    /// so, another if not. Default: 0.
    pub device_tells_fracture: f64,
    /// Who is imaged worse than others. Default: nobody.
    pub worse_imaged: Option<Group>,
}

/// Some patients, and what is left of their photons.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Women or men; both if not said.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// The youngest age in years.
    pub from_years: u32,
    /// The oldest.
    pub to_years: u32,
    /// Photons against those that others get, 0.01 to 1: fewer make more noise.
    pub photons: f64,
}

impl Group {
    pub(crate) fn has(&self, anatomy: &Anatomy) -> bool {
        let years = anatomy.age_months / 12;
        self.sex.is_none_or(|sex| sex == anatomy.sex) && (self.from_years..=self.to_years).contains(&years)
    }
}

impl Confounders {
    /// What is left of a patient's photons.
    pub(crate) fn photons(&self, anatomy: &Anatomy) -> f32 {
        self.worse_imaged.filter(|group| group.has(anatomy)).map_or(1.0, |group| group.photons as f32)
    }
}
