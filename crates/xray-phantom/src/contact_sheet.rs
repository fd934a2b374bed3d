use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use xray_core::{BodyPart, ImageTensor, Label, Laterality, View};

use crate::study::PhantomStudy;
use crate::{ContactSheet, Error, Fracture, Knee, PhantomHospital, Radiograph, Result};

const COLUMNS: usize = 6;

impl PhantomHospital {
    /// Writes a PNG of the first `images` images with their labels, under a line that says SIMULATED.
    ///
    /// # Errors
    ///
    /// As [`PhantomHospital::study`]; [`Error::Png`] and [`Error::Archive`] if the file cannot be written.
    pub fn contact_sheet(&self, path: impl AsRef<Path>, images: usize) -> Result<()> {
        let path = path.as_ref();
        let mut wanted = Vec::new();
        for study in self.iter() {
            let study = study?;
            let room = images.saturating_sub(wanted.len());
            wanted.extend((0..study.views.len()).take(room).map(|number| (study.clone(), number)));
            if wanted.len() == images {
                break;
            }
        }
        self.save_sheet(wanted, path)
    }

    /// Writes a PNG of one image of each part of the body, view and finding that the hospital has, with its labels, under
    /// a line that says SIMULATED.
    ///
    /// # Errors
    ///
    /// As [`PhantomHospital::contact_sheet`].
    pub fn overview(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut shown = BTreeSet::new();
        let mut wanted = Vec::new();
        for study in self.iter() {
            let study = study?;
            for number in 0..study.views.len() {
                let new: Vec<String> = kinds(&study, number).filter(|kind| !shown.contains(kind)).collect();
                if !new.is_empty() {
                    shown.extend(new);
                    wanted.push((study.clone(), number));
                }
            }
        }
        wanted.sort_by_key(|(study, number)| (study.body_part, study.index, *number));
        self.save_sheet(wanted, path.as_ref())
    }

    fn save_sheet(&self, wanted: Vec<(PhantomStudy, usize)>, path: &Path) -> Result<()> {
        let tiles: Vec<(ImageTensor, [String; 3])> = wanted
            .par_iter()
            .map(|(study, number)| Ok((display(&study.radiograph(*number)?)?, caption(study, *number))))
            .collect::<Result<_>>()?;
        let title = format!("SIMULATED RADIOGRAPHS, NOT OF PATIENTS (XRAY-PHANTOM, SEED {})", self.seed);
        let mut sheet = ContactSheet::new(title, COLUMNS);
        for (image, caption) in tiles {
            sheet.add(&image, caption);
        }
        sheet.save(path)
    }
}

/// What an image is an example of: part and view, the fracture, the findings, each with the part.
fn kinds(study: &PhantomStudy, number: usize) -> impl Iterator<Item = String> {
    let part = format!("{:?} {}", study.body_part, study.region.aim.is_bilateral());
    let view = format!("{part} {:?}", study.views.get(number));
    let knees = study.knees.iter().flatten().map(|knee| format!("grade {}", knee.grade));
    let both = if study.knees.is_some() { part.as_str() } else { "" };
    let fracture =
        study.fracture.as_ref().map(|fracture| format!("{both} {} {:?}", place(fracture), fracture.kind()));
    let found = seen(study).into_iter().map(|finding| format!("{part} {finding}"));
    std::iter::once(view).chain(knees).chain(fracture).chain(found).collect::<Vec<_>>().into_iter()
}

/// What is true of the image, in three lines.
fn caption(study: &PhantomStudy, number: usize) -> [String; 3] {
    let part = if study.body_part == BodyPart::FullLeg { "FULL LEG" } else { study.region.dicom };
    let side = match study.laterality {
        Laterality::Left => "LEFT",
        Laterality::Right => "RIGHT",
        Laterality::Both => "BOTH",
    };
    let view = match study.views.get(number) {
        Some(View::Lateral) => "LATERAL",
        Some(View::Oblique) => "OBLIQUE",
        Some(View::Ap) => "AP",
        _ => "PA",
    };
    let sex = match study.labels.get("sex") {
        Some(Label::Class(sex)) => sex.as_str(),
        _ => "",
    };
    let who = format!("{} {part} {side} {view} {sex} {} Y", study.index, study.age_months() / 12);
    let [fracture, others] = findings(study);
    [who, fracture, others]
}

/// What is to be seen, in two lines.
fn findings(study: &PhantomStudy) -> [String; 2] {
    let lines = |words: [Option<String>; 2]| words.map(Option::unwrap_or_default);
    if let Some(knees) = &study.knees {
        let broken = |name: &str| {
            let side = if study.side == Laterality::Left { "LEFT" } else { "RIGHT" };
            let fracture = study.fracture.as_ref().filter(|_| side == name);
            fracture.map_or(String::new(), |f| format!(" {} FRACTURE", f.bone))
        };
        let side = |name: &str, knee: &Knee| {
            let measured = if study.body_part == BodyPart::FullLeg {
                format!("{name} HKA {:.1} DEG", knee.hka_deg)
            } else {
                format!("{name} KL {} {:.1} / {:.1} MM", knee.grade, knee.medial_mm, knee.lateral_mm)
            };
            Some(measured + &broken(name))
        };
        return lines([side("RIGHT", &knees[0]), side("LEFT", &knees[1])]);
    }
    let fracture = study.fracture.as_ref().map(|f| {
        format!("{} {} {:.1}MM {:.0}DEG", place(f), f.kind().name(), f.displacement_mm, f.angle_deg)
    });
    lines([fracture.or(Some("no fracture".into())), Some(seen(study).join(", "))])
}

/// What is broken.
fn place(fracture: &Fracture) -> String {
    fracture.site().map_or_else(|| fracture.bone.to_string(), str::to_owned)
}

/// The names of the findings besides a fracture.
fn seen(study: &PhantomStudy) -> Vec<String> {
    let found = &study.findings;
    let off = found.dislocation.map(|off| format!("{} dislocation", off.direction.name()));
    let others = [
        found.osteosynthesis.as_ref().map(|metal| metal.kind.name()),
        found.cast.map(|_| "cast"),
        found.lytic_lesion.map(|_| "lytic"),
        found.sclerotic_lesion.map(|_| "sclerotic"),
        found.osteoarthritis.map(|worn| worn.joint.name()),
        found.foreign_body.map(|_| "splinter"),
        found.ring.map(|_| "ring"),
        found.prosthesis.map(|_| "prosthesis"),
    ];
    off.into_iter().chain(others.into_iter().flatten().map(str::to_owned)).collect()
}

/// The picture over the whole range of its detector.
fn display(image: &Radiograph) -> Result<ImageTensor> {
    let greatest = f32::from(image.device.greatest());
    let data = image.pixels.iter().map(|value| f32::from(*value) / greatest).collect();
    ImageTensor::new(data, 1, image.height, image.width).map_err(|source| Error::Archive { source })
}
