mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde_json::json;
use xray_core::{AtomicFile, BodyPart};

use crate::study::PhantomStudy;
use crate::{Error, PhantomHospital, Prevalence, Radiograph, Result};

/// A public set of real radiographs whose folders and tables the phantom can imitate, so that what is written for
/// the one reads the other. Nothing of the real sets is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicLayout {
    /// MURA v1.1: seven parts of the arm, a study normal or not.
    Mura,
    /// FracAtlas: images with and without fracture, with boxes.
    FracAtlas,
    /// The Osteoarthritis Initiative: both knees, their Kellgren-Lawrence grades.
    OaiKl,
    /// The Osteoarthritis Initiative: both legs, their axes and lengths.
    OaiAlignment,
    /// RSNA bone age: children's hands, age in months.
    RsnaBoneAge,
    /// GRAZPEDWRI-DX: children's wrists with boxes.
    GrazPedWri,
}

impl PublicLayout {
    /// All, with the names that a command line uses.
    pub const ALL: [(&'static str, Self); 6] = [
        ("mura", Self::Mura),
        ("fracatlas", Self::FracAtlas),
        ("oai-kl", Self::OaiKl),
        ("oai-alignment", Self::OaiAlignment),
        ("rsna-bone-age", Self::RsnaBoneAge),
        ("grazpedwri", Self::GrazPedWri),
    ];

    /// The hospital whose studies are such a set: of `hospital`, with the parts, ages and findings of the set.
    pub fn hospital(self, hospital: &PhantomHospital) -> PhantomHospital {
        let adults = PhantomHospital { child_share: 0.0, ..hospital.clone() };
        let children = PhantomHospital { child_share: 1.0, elderly_share: 0.0, ..hospital.clone() };
        let parts =
            |parts: &[(BodyPart, f64)]| -> BTreeMap<BodyPart, f64> { parts.iter().copied().collect() };
        match self {
            Self::Mura => PhantomHospital {
                other_parts: parts(&[
                    (BodyPart::Finger, 0.14),
                    (BodyPart::Elbow, 0.14),
                    (BodyPart::Forearm, 0.06),
                    (BodyPart::Humerus, 0.05),
                    (BodyPart::Shoulder, 0.22),
                ]),
                ..hospital.clone()
            },
            Self::FracAtlas => PhantomHospital {
                other_parts: parts(&[
                    (BodyPart::LowerLeg, 0.2),
                    (BodyPart::Ankle, 0.15),
                    (BodyPart::Hip, 0.1),
                    (BodyPart::Shoulder, 0.1),
                ]),
                ..hospital.clone()
            },
            Self::OaiKl => PhantomHospital {
                other_parts: parts(&[(BodyPart::Knee, 1.0)]),
                one_knee_share: 0.0,
                fracture_prevalence: 0.0,
                ..adults
            },
            Self::OaiAlignment => PhantomHospital {
                other_parts: parts(&[(BodyPart::FullLeg, 1.0)]),
                fracture_prevalence: 0.0,
                ..adults
            },
            Self::RsnaBoneAge => PhantomHospital {
                wrist_share: 0.0,
                two_view_share: 0.0,
                fracture_prevalence: 0.0,
                prevalence: Prevalence::none(),
                ..children
            },
            Self::GrazPedWri => PhantomHospital { wrist_share: 1.0, ..children },
        }
    }
}

/// A part of a set; patients are never in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Val,
    Test,
}

impl Part {
    /// Studies of one patient stand in one block of twelve. Of ten blocks one is for testing, one for validation.
    fn of(index: usize) -> Self {
        match index / 12 % 10 {
            1 => Self::Val,
            2 => Self::Test,
            _ => Self::Train,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// What one study adds: images with their paths, small files, and lines of tables.
#[derive(Debug, Default)]
struct Entry {
    images: Vec<(String, usize)>,
    files: Vec<(String, String)>,
    lines: Vec<(String, String)>,
}

impl PhantomHospital {
    /// Writes a set in the layout of `set` into `dir`: its folders, its tables and its label files, and
    /// `SIMULATED.json`, which says what it is and with which settings it was made. The settings of this hospital
    /// are changed to those of [`PublicLayout::hospital`]. Same settings, same bytes, at any number of threads; images
    /// that are there are not made again.
    ///
    /// # Errors
    ///
    /// As [`PhantomHospital::write`].
    pub fn write_public(
        &self,
        set: PublicLayout,
        dir: impl AsRef<Path>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<()> {
        let (hospital, dir) = (set.hospital(self), dir.as_ref());
        hospital.validate()?;
        hospital.claim(dir, "SIMULATED.json", &json!({ "simulated": true, "settings": hospital }))?;
        let done = AtomicUsize::new(0);
        (0..hospital.studies).into_par_iter().try_for_each(|index| {
            let study = hospital.study(index)?;
            let entry = layout::entry(set, &study)?;
            for (name, number) in &entry.images {
                let path = dir.join(name);
                if !path.exists() {
                    put(&path, &encoded(&study.radiograph(*number)?, name, &path)?)?;
                }
            }
            for (name, text) in &entry.files {
                put(&dir.join(name), text.as_bytes())?;
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        })?;
        hospital.write_tables(set, dir)
    }

    /// The tables over all studies, made from the numbers again, so that memory does not grow.
    fn write_tables(&self, set: PublicLayout, dir: &Path) -> Result<()> {
        let archive = |source| Error::Archive { source };
        let mut tables: BTreeMap<String, AtomicFile> = BTreeMap::new();
        for (name, head) in layout::tables(set) {
            let mut file = AtomicFile::create(dir.join(name)).map_err(archive)?;
            let fail = |source| Error::File { action: "writing", path: dir.join(name), source };
            file.write_all(head.as_bytes()).map_err(fail)?;
            tables.insert(name.to_owned(), file);
        }
        for study in self.iter() {
            for (name, line) in layout::entry(set, &study?)?.lines {
                let fail = |source| Error::File { action: "writing", path: dir.join(&name), source };
                if let Some(file) = tables.get_mut(&name) {
                    writeln!(file, "{line}").map_err(fail)?;
                }
            }
        }
        tables.into_values().try_for_each(|file| file.commit().map_err(archive))
    }
}

/// Writes a file whole or not at all, under another name first.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |source| Error::File { action: "writing", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, bytes).map_err(fail)?;
    fs::rename(&partial, path).map_err(fail)
}

/// Eight bits a pixel, as PNG or JPEG by the ending of the name.
fn encoded(image: &Radiograph, name: &str, path: &Path) -> Result<Vec<u8>> {
    let most = u32::from(image.device.greatest());
    let grey: Vec<u8> = image.pixels.iter().map(|p| (u32::from(*p) * 255 / most) as u8).collect();
    let mut bytes = Vec::new();
    if name.ends_with(".png") {
        let mut encoder = png::Encoder::new(&mut bytes, image.width as u32, image.height as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&grey))
            .map_err(|source| Error::Png { path: path.to_owned(), source })?;
    } else {
        let (width, height) = (image.width as u32, image.height as u32);
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92)
            .encode(&grey, width, height, image::ExtendedColorType::L8)
            .map_err(|source| Error::Jpeg { path: path.to_owned(), source })?;
    }
    Ok(bytes)
}

/// Whether a reader would call the study anything but normal.
fn abnormal(study: &PhantomStudy) -> bool {
    let found = &study.findings;
    let rest = crate::Findings { ring: None, ..found.clone() };
    study.fracture.is_some() || !rest.is_empty()
}
