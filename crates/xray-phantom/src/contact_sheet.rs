use std::path::Path;

use rayon::prelude::*;
use xray_core::{BodyPart, ImageTensor, Label, Laterality, View};

use crate::study::PhantomStudy;
use crate::{ContactSheet, Error, PhantomHospital, Radiograph, Result};

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
        let tiles: Vec<(ImageTensor, [String; 2])> = wanted
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

/// What is true of the image, in two lines.
fn caption(study: &PhantomStudy, number: usize) -> [String; 2] {
    let part = if study.body_part == BodyPart::Wrist { "WRIST" } else { "HAND" };
    let side = if study.laterality == Laterality::Left { "LEFT" } else { "RIGHT" };
    let view = match study.views.get(number) {
        Some(View::Lateral) => "LATERAL",
        Some(View::Oblique) => "OBLIQUE",
        _ => "PA",
    };
    let sex = match study.labels.get("sex") {
        Some(Label::Class(sex)) => sex.as_str(),
        _ => "",
    };
    let who = format!("{} {part} {side} {view} {sex} {} Y", study.index, study.age_months() / 12);
    let finding = study.fracture.as_ref().map_or("NO FRACTURE".to_owned(), |f| {
        format!("{} {:.1} MM {:.0} DEG", f.bone, f.displacement_mm, f.angle_deg)
    });
    [who, finding]
}

/// The picture over the whole range of its detector.
fn display(image: &Radiograph) -> Result<ImageTensor> {
    let greatest = f32::from(image.device.greatest());
    let data = image.pixels.iter().map(|value| f32::from(*value) / greatest).collect();
    ImageTensor::new(data, 1, image.height, image.width).map_err(|source| Error::Archive { source })
}
