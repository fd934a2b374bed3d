use serde::{Deserialize, Serialize};

use crate::study::PhantomStudy;
use crate::{Clutter, Error, Prevalence, Result};

/// A simulated hospital: how many studies it has, and of what. The same settings give the same bytes.
///
/// ```
/// use xray_phantom::PhantomHospital;
///
/// let hospital = PhantomHospital { studies: 3, size: 128, ..PhantomHospital::default() };
/// let study = hospital.study(0)?;
/// let image = study.radiograph(0)?;
/// assert_eq!(image.height, 128);
/// # Ok::<(), xray_phantom::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhantomHospital {
    /// Number of studies. Default: 100.
    pub studies: usize,
    /// Where all randomness comes from. Default: 0.
    pub seed: u64,
    /// Rows of an image, 64 to 4096. Default: 512.
    pub size: usize,
    /// Share of studies with a fracture. Default: 0.4.
    pub fracture_prevalence: f64,
    /// Share of wrists; the rest are hands. Default: 0.55.
    pub wrist_share: f64,
    /// Share of patients from 3 to 17 years. Default: 0.25.
    pub child_share: f64,
    /// Share of patients from 60 to 92 years. Default: 0.3.
    pub elderly_share: f64,
    /// Share of studies with a second view. Default: 0.7.
    pub two_view_share: f64,
    /// From the focus to the detector in millimetres, 500 to 5000; rays are then divergent, and what is far from
    /// the detector is larger than the spacing says. Default: none, which gives parallel rays.
    pub source_mm: Option<f64>,
    /// How often there is something besides a fracture. Default: that of [`Prevalence`].
    pub prevalence: Prevalence,
    /// What makes the archive hard to pair. Default: nothing.
    pub clutter: Clutter,
}

impl Default for PhantomHospital {
    fn default() -> Self {
        Self {
            studies: 100,
            seed: 0,
            size: 512,
            fracture_prevalence: 0.4,
            wrist_share: 0.55,
            child_share: 0.25,
            elderly_share: 0.3,
            two_view_share: 0.7,
            source_mm: None,
            prevalence: Prevalence::default(),
            clutter: Clutter::default(),
        }
    }
}

impl PhantomHospital {
    /// Checks that the settings can be met.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] names the first that cannot.
    pub fn validate(&self) -> Result<()> {
        let refuse = |setting, value: String, allowed| Err(Error::Setting { setting, value, allowed });
        if self.studies == 0 {
            return refuse("studies", self.studies.to_string(), "at least 1");
        }
        if !(64..=4096).contains(&self.size) {
            return refuse("size", self.size.to_string(), "64 to 4096 rows");
        }
        if let Some(source) = self.source_mm.filter(|mm| !(500.0..=5000.0).contains(mm)) {
            return refuse("source_mm", source.to_string(), "500 to 5000 mm, or none");
        }
        let shares = [
            ("fracture_prevalence", self.fracture_prevalence),
            ("wrist_share", self.wrist_share),
            ("child_share", self.child_share),
            ("elderly_share", self.elderly_share),
            ("two_view_share", self.two_view_share),
        ];
        for (setting, value) in
            shares.into_iter().chain(self.prevalence.shares()).chain(self.clutter.shares())
        {
            if !(0.0..=1.0).contains(&value) {
                return refuse(setting, value.to_string(), "a share from 0 to 1");
            }
        }
        if self.child_share + self.elderly_share > 1.0 {
            let sum = self.child_share + self.elderly_share;
            return refuse("child_share + elderly_share", sum.to_string(), "at most 1");
        }
        Ok(())
    }

    /// The study at `index`: report, labels, and what it takes to render its images.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`], [`Error::Setting`].
    pub fn study(&self, index: usize) -> Result<PhantomStudy> {
        self.validate()?;
        if index >= self.studies {
            return Err(Error::NoSuchStudy { index, studies: self.studies });
        }
        PhantomStudy::new(self, index)
    }

    /// All studies in order, made when they are asked for.
    pub fn iter(&self) -> impl Iterator<Item = Result<PhantomStudy>> + '_ {
        (0..self.studies).map(|index| self.study(index))
    }
}
