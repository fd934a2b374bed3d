use std::fmt;

use xray_core::jiff::ToSpan;
use xray_core::jiff::civil::{Date, Time, date};
use xray_core::{BodyPart, Labels, Laterality, PatientId, Report, ReportId, ReportKind, Sex, StudyId, View};

use crate::anatomy::Anatomy;
use crate::deal;
use crate::device::Device;
use crate::draw::Draw;
use crate::findings::{Case, Findings};
use crate::fracture::Fracture;
use crate::knee::Knee;
use crate::labels;
use crate::marker::Marker;
use crate::mask::FindingMask;
use crate::patient::Patient;
use crate::place::{BoneMask, FindingBox};
use crate::plates;
use crate::radiograph::{Radiograph, Shot};
use crate::region::Region;
use crate::report::{self, Facts, Faults};
use crate::scene::Subject;
use crate::skeleton::{Limb, Skeleton};
use crate::spans::Span;
use crate::{Error, PhantomHospital, Result};

/// What a seed is derived for.
pub(crate) mod domain {
    pub(crate) const DEAL: u64 = 1;
    pub(crate) const PATIENT: u64 = 2;
    pub(crate) const BODY: u64 = 3;
    pub(crate) const STUDY: u64 = 4;
    pub(crate) const REPORT: u64 = 5;
    pub(crate) const IMAGE: u64 = 6;
    pub(crate) const DAY: u64 = 7;
    pub(crate) const CLUTTER: u64 = 8;
    pub(crate) const FINDINGS: u64 = 9;
    pub(crate) const REGION: u64 = 10;
    pub(crate) const KNEES: u64 = 11;
    pub(crate) const MARKER: u64 = 12;
    pub(crate) const FAULTS: u64 = 13;
    pub(crate) const CONFOUNDERS: u64 = 14;
    pub(crate) const DISLOCATION: u64 = 15;
    pub(crate) const PROSTHESIS: u64 = 16;
    pub(crate) const FINGER: u64 = 17;
    pub(crate) const BONE_AGE: u64 = 18;
}

/// One examination of a simulated patient: its report and labels, and the means to render its images.
#[derive(Clone)]
pub struct PhantomStudy {
    /// Its place in the hospital.
    pub index: usize,
    /// The accession number.
    pub id: StudyId,
    /// Whose study it is.
    pub patient: PatientId,
    /// The report, with what the archive knows of the patient.
    pub report: Report,
    /// The identifiers in the report, in order.
    pub spans: Vec<Span>,
    /// What is true of the picture: `fracture`, `fractured_bone`, `displacement_mm`, `angle_deg`, `fracture_kind` (the last
    /// four only with a fracture), `fracture_side` in an image of both sides, `fracture_site` of a pelvis, those of [`Findings`], `demineralised`, `growth_plates`, `laterality`, `view` (of the first
    /// image), `body_part`, `age_months`, `sex`; of both knees `kl_right`, `medial_mm_right` and so on, of full legs
    /// `hka_right` and `hka_left`, degrees off a straight line, below 0 varus.
    pub labels: Labels,
    /// The fracture, where there is one.
    pub fracture: Option<Fracture>,
    /// What else there is.
    pub findings: Findings,
    /// The right and the left knee of a bilateral image.
    pub knees: Option<[Knee; 2]>,
    /// The part of the body.
    pub body_part: BodyPart,
    /// The side, the same in all images.
    pub laterality: Laterality,
    /// The projections, one an image.
    pub views: Vec<View>,
    /// The machine.
    pub device: &'static Device,
    pub(crate) person: Patient,
    pub(crate) date: Date,
    pub(crate) time: Time,
    pub(crate) seed: u64,
    pub(crate) site: usize,
    pub(crate) radiologist: usize,
    pub(crate) region: &'static Region,
    /// Of the fracture and the findings.
    pub(crate) side: Laterality,
    /// The finger of an image of one, by its ray.
    finger: Option<u8>,
    size: usize,
    source_mm: Option<f32>,
    marker_shares: [f64; 2],
    photons: f32,
    anatomy: Anatomy,
}

impl fmt::Debug for PhantomStudy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhantomStudy")
            .field("index", &self.index)
            .field("views", &self.views)
            .finish_non_exhaustive()
    }
}

impl PhantomStudy {
    pub(crate) fn new(hospital: &PhantomHospital, index: usize) -> Result<Self> {
        let seed = hospital.seed;
        let (patient_number, visit) = deal::deal(seed, index);
        let mut draw = Draw::new(seed, &[domain::PATIENT, patient_number]);
        let sex = if draw.chance(0.5) { Sex::F } else { Sex::M };
        let age = deal::first_age(hospital, &mut draw);
        let first_day = date(2018, 1, 1).saturating_add((draw.below(6 * 365) as i64).days());
        let birth = first_day.saturating_sub((draw.below(365) as i64).days()).saturating_sub(age.years());
        let person = Patient::draw(patient_number, sex, birth, &mut draw);
        let visits = deal::visits(hospital, patient_number, visit, first_day);
        let (date, time) = visits.last().copied().unwrap_or((first_day, Time::midnight()));
        let previous = visits.len().checked_sub(2).and_then(|before| visits.get(before)).map(|(day, _)| *day);
        let age_months = deal::months_between(birth, date);
        let mut draw = Draw::new(seed, &[domain::STUDY, index as u64]);
        let usual = if draw.chance(hospital.wrist_share) { BodyPart::Wrist } else { BodyPart::Hand };
        let region = deal::region(hospital, index, age_months, usual)?;
        let (skeleton, body_part) = (Skeleton::of(region.limb)?, region.part);
        let mut body_draw = Draw::new(seed, &[domain::BODY, patient_number]);
        let anatomy = Anatomy::new(age_months, sex, skeleton.parts.len(), &mut body_draw);
        let laterality = if draw.chance(0.5) { Laterality::Left } else { Laterality::Right };
        let broken = draw.chance(hospital.fracture_prevalence);
        let bilateral = region.aim.is_bilateral();
        let side = laterality;
        let laterality = if region.shows_both() { Laterality::Both } else { side };
        let views = deal::draw_views(region, draw.chance(hospital.two_view_share), &mut draw);
        let devices = deal::devices(region);
        let device = &devices[draw.below(devices.len())];
        let fracture = if broken {
            let (bone, levels) = Fracture::draw_bone(region, &anatomy, &mut draw);
            let part = skeleton.part(bone).ok_or(Error::Asset)?;
            Some(Fracture::draw(region, part, levels, &anatomy, hospital.difficulty, &mut draw))
        } else {
            None
        };
        let device = deal::telling_device(hospital, region, index, fracture.is_some()).unwrap_or(device);
        let mut own = Draw::new(seed, &[domain::KNEES, index as u64]);
        // No joint of a child is worn.
        let grades = if age_months < 18 * 12 { [1.0, 0.0, 0.0, 0.0, 0.0] } else { hospital.knee_grades };
        let mut knees = bilateral.then(|| [(); 2].map(|()| Knee::draw(&grades, &mut own)));
        if let Some((fracture, [right, left])) = fracture.as_ref().zip(knees.as_mut()) {
            let knee = if side == Laterality::Left { left } else { right };
            *knee = knee.of_broken(fracture, skeleton, anatomy.size);
        }
        let mut own = Draw::new(seed, &[domain::FINDINGS, index as u64]);
        let finger = deal::finger(hospital, region, index, fracture.as_ref());
        let [mut off, mut replaced] =
            [domain::DISLOCATION, domain::PROSTHESIS].map(|kind| Draw::new(seed, &[kind, index as u64]));
        let case = Case { region, finger, skeleton, anatomy: &anatomy, fracture: fracture.as_ref() };
        let findings = Findings::draw(&hospital.prevalence, &case, &mut own).with_joints(
            &hospital.prevalence,
            &case,
            [&mut off, &mut replaced],
        );
        let accession = format!("{:02}X{index:07}", date.year() % 100);
        let (site, radiologist) = (draw.below(3), draw.below(8));
        let growing = match region.limb {
            Limb::Hand => anatomy.growth_plate(crate::Bone::Radius).is_some(),
            _ => plates::seen_open(region.part, &anatomy),
        };
        let for_growth = growing
            && region.part == BodyPart::Hand
            && fracture.is_none()
            && findings.is_empty()
            && Draw::new(seed, &[domain::BONE_AGE, index as u64]).chance(hospital.bone_age_share);
        let facts = Facts {
            patient: &person,
            site,
            radiologist,
            accession: &accession,
            date,
            time,
            previous,
            region,
            laterality,
            side,
            views: &views,
            fracture: fracture.as_ref(),
            findings: &findings,
            knees: knees.as_ref(),
            age_months,
            demineralised: anatomy.is_demineralised(),
            growing,
            for_growth,
        };
        let faults = Faults::new(
            hospital.typing_fault_share,
            hospital.missing_accents_share,
            Draw::new(seed, &[domain::FAULTS, index as u64]),
        );
        let tagged = report::write(&facts, faults, &mut Draw::new(seed, &[domain::REPORT, index as u64]));
        let labels = labels::of(&facts, sex);
        let report = Report {
            kind: ReportKind::Radiology,
            patient: Some(person.identity.clone()),
            date: Some(date),
            time: Some(time.saturating_add((20 + draw.below(90) as i64).minutes())),
            ..Report::new(ReportId::new(format!("rep{index:07}")), tagged.text)
        };
        Ok(Self {
            index,
            id: StudyId::new(accession),
            patient: PatientId::new(person.number.clone()),
            report,
            spans: tagged.spans,
            labels,
            fracture,
            findings,
            knees,
            body_part,
            region,
            laterality,
            side,
            finger,
            views,
            device,
            person,
            date,
            time,
            seed,
            site,
            radiologist,
            size: hospital.size,
            source_mm: hospital.source_mm.map(|mm| mm as f32),
            photons: hospital.confounders.photons(&anatomy),
            marker_shares: [hospital.marker_absent_share, hospital.marker_mirrored_share],
            anatomy,
        })
    }

    /// Renders image `number`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`] if the study has no such image.
    pub fn radiograph(&self, number: usize) -> Result<Radiograph> {
        let (shot, mut draw) = self.shot(number)?;
        Ok(shot.take(&mut draw))
    }

    /// Where the fracture is in image `number`: left, top, right and bottom in pixels, around the bone up to
    /// 4 mm from the cut. Nothing without a fracture. Costs a part of what rendering costs.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`] if the study has no such image.
    pub fn fracture_box(&self, number: usize) -> Result<Option<[f32; 4]>> {
        let (shot, mut draw) = self.shot(number)?;
        Ok(self.fracture.as_ref().and_then(|_| shot.fracture_box(&mut draw)))
    }

    /// Where the fracture and the other findings are in image `number`, inside the image. What a cast covers has no
    /// box, nor have bones that are dense at a joint but their dense part.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`] if the study has no such image.
    pub fn boxes(&self, number: usize) -> Result<Vec<FindingBox>> {
        let (shot, mut draw) = self.shot(number)?;
        Ok(shot.boxes(&mut draw))
    }

    /// Which bone lies where in image `number`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`] if the study has no such image.
    pub fn bone_mask(&self, number: usize) -> Result<BoneMask> {
        let (shot, mut draw) = self.shot(number)?;
        Ok(shot.bone_mask(&mut draw))
    }

    /// Which pixels the fracture and the other findings cover in image `number`; a ring and a worn joint too. Of worn
    /// joints only the dense bone counts.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchStudy`] if the study has no such image.
    pub fn finding_masks(&self, number: usize) -> Result<Vec<FindingMask>> {
        let (shot, mut draw) = self.shot(number)?;
        Ok(shot.finding_masks(&mut draw))
    }

    fn shot(&self, number: usize) -> Result<(Shot<'_>, Draw)> {
        let view =
            *self.views.get(number).ok_or(Error::NoSuchStudy { index: number, studies: self.views.len() })?;
        let subject = Subject {
            region: self.region,
            skeleton: Skeleton::of(self.region.limb)?,
            anatomy: &self.anatomy,
            fracture: self.fracture.as_ref(),
            findings: &self.findings,
            knee: self.knees.as_ref().map(|knees| &knees[0]),
            finger: self.finger,
        };
        let shot = Shot {
            subject,
            left: self.knees.as_ref().map(|knees| &knees[1]),
            laterality: self.laterality,
            side: self.side,
            marker: self.marker(number),
            photons: self.photons,
            view,
            device: self.device,
            size: self.size,
            source_mm: self.source_mm,
        };
        Ok((shot, Draw::new(self.seed, &[domain::IMAGE, self.index as u64, number as u64])))
    }

    /// How the lead letter of image `number` lies.
    pub fn marker(&self, number: usize) -> Marker {
        let mut draw = Draw::new(self.seed, &[domain::MARKER, self.index as u64, number as u64]);
        Marker::draw(self.marker_shares, &mut draw)
    }

    /// The patient's length against that of the meshes.
    pub(crate) fn size_of_patient(&self) -> f32 {
        self.anatomy.size
    }

    /// The age on the day of the study, in months.
    pub fn age_months(&self) -> u32 {
        self.anatomy.age_months
    }
}
