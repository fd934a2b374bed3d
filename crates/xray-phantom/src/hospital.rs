use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xray_core::BodyPart;

use crate::region::{REGIONS, Region};
use crate::study::PhantomStudy;
use crate::{Clutter, Confounders, Error, Prevalence, Result};

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
    /// How hard fractures are to see, from 0 to 1: at 0 none is undisplaced and all have moved by at least half of
    /// what is possible, at 1 a fifth is undisplaced and none moves by more than half of it. Default: 0.5.
    pub difficulty: f64,
    /// Share of wrists among hands and wrists. Default: 0.55.
    pub wrist_share: f64,
    /// Shares of other parts of the body, on top of which hands and wrists divide the rest; of adults only unless
    /// `children_everywhere` is set. Finger, forearm, elbow, humerus, shoulder, pelvis, hip, femur, knee (both in one
    /// image), lower leg, ankle and full leg (both). Default: none.
    pub other_parts: BTreeMap<BodyPart, f64>,
    /// Whether children are imaged at the other parts too, with growth plates; at hand and wrist alone otherwise. Default:
    /// no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub children_everywhere: bool,
    /// Share of the knee studies that show one knee from the front and the side, as after an accident, in place of both
    /// from the front. Default: 0.
    #[serde(skip_serializing_if = "is_none")]
    pub one_knee_share: f64,
    /// Share of the growing hands without a finding that were imaged for their growth: the report tells the bone age, to
    /// half a year. Default: 0.
    #[serde(skip_serializing_if = "is_none")]
    pub bone_age_share: f64,
    /// Weights of the Kellgren-Lawrence grades 0 to 4 of a knee. Default: 0.35, 0.2, 0.22, 0.15, 0.08.
    pub knee_grades: [f64; 5],
    /// Share of patients from `youngest_child` to 17 years. Default: 0.25.
    pub child_share: f64,
    /// The age in years of the youngest children, 2 to 17. Default: 3.
    #[serde(skip_serializing_if = "is_three")]
    pub youngest_child: u8,
    /// Share of patients from 60 to 92 years. Default: 0.3.
    pub elderly_share: f64,
    /// Share of studies with a second view. Default: 0.7.
    pub two_view_share: f64,
    /// Share of images without a lead letter. Default: 0.
    pub marker_absent_share: f64,
    /// Share of images whose lead letter reads mirrored. Default: 0.
    pub marker_mirrored_share: f64,
    /// From the focus to the detector in millimetres, 500 to 5000; rays are then divergent, and what is far from
    /// the detector is larger than the spacing says. Default: none, which gives parallel rays.
    pub source_mm: Option<f64>,
    /// How often there is something besides a fracture. Default: that of [`Prevalence`].
    pub prevalence: Prevalence,
    /// What makes a model right for a bad reason. Default: nothing.
    pub confounders: Confounders,
    /// Share of the longer words of reports with a typing fault. Default: 0.
    pub typing_fault_share: f64,
    /// Share of reports typed without accents, besides those of doctors who never type any. Default: 0.
    pub missing_accents_share: f64,
    /// Whether the archive has masks of the bones and of each finding for each image. Default: no.
    pub masks: bool,
    /// What makes the archive hard to pair. Default: nothing.
    pub clutter: Clutter,
}

/// As in [`Prevalence`]: what is nothing by default is not written down.
fn is_none(share: &f64) -> bool {
    *share == 0.0
}

fn is_three(years: &u8) -> bool {
    *years == 3
}

impl Default for PhantomHospital {
    fn default() -> Self {
        Self {
            studies: 100,
            seed: 0,
            size: 512,
            fracture_prevalence: 0.4,
            difficulty: 0.5,
            wrist_share: 0.55,
            other_parts: BTreeMap::new(),
            children_everywhere: false,
            one_knee_share: 0.0,
            bone_age_share: 0.0,
            knee_grades: [0.35, 0.2, 0.22, 0.15, 0.08],
            child_share: 0.25,
            youngest_child: 3,
            elderly_share: 0.3,
            two_view_share: 0.7,
            marker_absent_share: 0.0,
            marker_mirrored_share: 0.0,
            source_mm: None,
            prevalence: Prevalence::default(),
            confounders: Confounders::default(),
            typing_fault_share: 0.0,
            missing_accents_share: 0.0,
            masks: false,
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
        if !(2..=17).contains(&self.youngest_child) {
            return refuse("youngest_child", self.youngest_child.to_string(), "2 to 17 years");
        }
        let shares = [
            ("fracture_prevalence", self.fracture_prevalence),
            ("difficulty", self.difficulty),
            ("wrist_share", self.wrist_share),
            ("one_knee_share", self.one_knee_share),
            ("bone_age_share", self.bone_age_share),
            ("child_share", self.child_share),
            ("elderly_share", self.elderly_share),
            ("two_view_share", self.two_view_share),
            ("confounders.device_tells_fracture", self.confounders.device_tells_fracture),
            ("typing_fault_share", self.typing_fault_share),
            ("missing_accents_share", self.missing_accents_share),
            ("marker_absent_share", self.marker_absent_share),
            ("marker_mirrored_share", self.marker_mirrored_share),
        ];
        for (setting, value) in
            shares.into_iter().chain(self.prevalence.shares()).chain(self.clutter.shares())
        {
            if !(0.0..=1.0).contains(&value) {
                return refuse(setting, value.to_string(), "a share from 0 to 1");
            }
        }
        if let Some(group) = self.confounders.worse_imaged
            && (!(0.01..=1.0).contains(&group.photons) || group.from_years > group.to_years)
        {
            let allowed = "0.01 to 1 of the photons, from an age to a later one";
            return refuse("confounders.worse_imaged", format!("{group:?}"), allowed);
        }
        for (part, share) in &self.other_parts {
            let usual = Region::of(*part).is_none_or(Region::is_usual);
            if usual || !(0.0..=1.0).contains(share) {
                let allowed = "shares from 0 to 1 of parts other than hand and wrist that can be imaged";
                return refuse("other_parts", format!("{part:?} {share}"), allowed);
            }
        }
        let others: f64 = self.other_parts.values().sum();
        if others > 1.0 + 1e-9 {
            return refuse("other_parts", others.to_string(), "shares of at most 1 together");
        }
        let grades = self.knee_grades;
        if grades.iter().any(|w| !w.is_finite() || *w < 0.0) || grades.iter().sum::<f64>() <= 0.0 {
            return refuse("knee_grades", format!("{grades:?}"), "weights of at least 0, not all of them 0");
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

    /// All parts that can be imaged, in equal shares.
    pub fn all_parts() -> BTreeMap<BodyPart, f64> {
        let others = REGIONS.iter().filter(|region| !region.is_usual());
        others.map(|region| (region.part, 1.0 / REGIONS.len() as f64)).collect()
    }

    /// All studies in order, made when they are asked for.
    pub fn iter(&self) -> impl Iterator<Item = Result<PhantomStudy>> + '_ {
        (0..self.studies).map(|index| self.study(index))
    }
}
