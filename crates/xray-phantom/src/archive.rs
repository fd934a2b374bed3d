use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde_json::{Value, json};
use xray_core::{AtomicFile, ReportKind};

use crate::clutter::{Document, Surroundings};
use crate::lexicon::SITES;
use crate::study::PhantomStudy;
use crate::{Error, PhantomHospital, Result, dicom, pdf};

impl PhantomHospital {
    /// Writes the archive into `dir`:
    ///
    /// | path | what |
    /// |---|---|
    /// | `pacs/<patient>/<study>/<n>.dcm` | images |
    /// | `ehr/<report>.txt`, `.pdf` | reports and notes |
    /// | `ehr/index.jsonl` | a [`Report`](xray_core::Report) a line, with `file` in place of `text` |
    /// | `truth/studies.jsonl` | study, patient, report, labels, images, boxes of findings in them |
    /// | `truth/spans.jsonl` | identifiers in the reports, in bytes |
    /// | `truth/masks/<study>/<n>.png` | bones by grey value, with [`PhantomHospital::masks`] |
    /// | `truth/masks/<study>/<n>.<finding>.png` | white where that finding is, likewise |
    /// | `truth/masks/<study>/<n>.json` | the bones' names and boxes, the findings' files and boxes |
    /// | `truth/hospital.json` | the settings |
    /// | `pacs/SANS-DOSSIER/<n>.dcm` | images of no study, with [`Clutter::orphan_share`](crate::Clutter) |
    ///
    /// Works on as many threads as rayon has; the bytes do not depend on how many. A study appears whole or
    /// not at all, and one that is there is not made again: an interrupted run continues. `progress` is told
    /// the number of studies that are there.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] before anything is written, [`Error::OtherArchive`] if `dir` holds an archive of
    /// other settings, and what keeps a file from being written.
    pub fn write(&self, dir: impl AsRef<Path>, progress: &(dyn Fn(usize) + Sync)) -> Result<()> {
        self.validate()?;
        let dir = dir.as_ref();
        self.claim(dir, "truth/hospital.json", &json!(self))?;
        let done = AtomicUsize::new(0);
        (0..self.studies).into_par_iter().try_for_each(|index| {
            self.write_study(index, dir)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        })?;
        self.write_lists(dir)
    }

    /// Writes the settings, or checks that they are those of the archive that is there.
    pub(crate) fn claim(&self, dir: &Path, file: &str, settings: &Value) -> Result<()> {
        let path = dir.join(file);
        let mut settings = settings.to_string();
        settings.push('\n');
        match fs::read_to_string(&path) {
            Ok(found) if found == settings => Ok(()),
            Ok(_) => Err(Error::OtherArchive { path }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                AtomicFile::write(&path, settings.as_bytes()).map_err(|source| Error::Archive { source })
            }
            Err(source) => Err(Error::File { action: "reading", path, source }),
        }
    }

    /// The lists over all studies, made from the numbers again, so that memory does not grow.
    fn write_lists(&self, dir: &Path) -> Result<()> {
        let names = ["ehr/index.jsonl", "truth/studies.jsonl", "truth/spans.jsonl"];
        let open =
            |name: &str| AtomicFile::create(dir.join(name)).map_err(|source| Error::Archive { source });
        let mut files = [open(names[0])?, open(names[1])?, open(names[2])?];
        for study in self.iter() {
            let study = study?;
            let lists = rows(&study, &study.surroundings(&self.clutter))?;
            for ((file, rows), name) in files.iter_mut().zip(lists).zip(names) {
                let fail = |source| Error::File { action: "writing", path: dir.join(name), source };
                rows.iter().try_for_each(|row| writeln!(file, "{row}")).map_err(fail)?;
            }
        }
        files.into_iter().try_for_each(|file| file.commit().map_err(|source| Error::Archive { source }))
    }
}

/// The lines of one study in the three lists.
fn rows(study: &PhantomStudy, around: &Surroundings) -> Result<[Vec<Value>; 3]> {
    let index = around.documents.iter().map(|document| {
        let mut row = json!(document.report);
        if let Some(fields) = row.as_object_mut() {
            fields.remove("text");
            fields.insert("file".into(), json!(file_name(document)));
        }
        row
    });
    let image = |n: usize| format!("{}/{n}.dcm", folder(study).display());
    let reports = around.documents.iter().filter(|d| d.report.kind == ReportKind::Radiology);
    let reports: Vec<_> = reports.map(|d| &d.report.id).collect();
    let mut truth = json!({
        "study": study.id,
        "patient": study.patient,
        "report": reports.first(),
        "labels": study.labels,
        "images": (0..study.views.len()).map(image).collect::<Vec<_>>(),
    });
    if let Some(fields) = truth.as_object_mut() {
        if !study.findings.is_empty() || study.fracture.is_some() {
            let boxes = (0..study.views.len()).map(|n| study.boxes(n)).collect::<Result<Vec<_>>>()?;
            fields.insert("boxes".into(), json!(boxes));
        }
        if study.fracture.is_some() {
            let boxes = (0..study.views.len()).map(|n| study.fracture_box(n)).collect::<Result<Vec<_>>>()?;
            fields.insert("fracture_boxes".into(), json!(boxes));
        }
        if reports.len() > 1 {
            fields.insert("duplicates".into(), json!(reports[1..]));
        }
        if around.dose_report {
            fields.insert("dose_report".into(), json!(image(study.views.len())));
        }
    }
    let spans = around.documents.iter().map(|d| json!({ "id": d.report.id, "spans": d.spans }));
    Ok([index.collect(), vec![truth], spans.collect()])
}

fn file_name(document: &Document) -> String {
    format!("{}.{}", document.report.id.as_str(), if document.pdf { "pdf" } else { "txt" })
}

/// Where the images lie, below the archive.
fn folder(study: &PhantomStudy) -> PathBuf {
    Path::new("pacs").join(study.patient.as_str()).join(study.id.as_str())
}

impl PhantomHospital {
    fn write_study(&self, index: usize, dir: &Path) -> Result<()> {
        let study = self.study(index)?;
        let folder = dir.join(folder(&study));
        if folder.exists() {
            return Ok(());
        }
        let around = study.surroundings(&self.clutter);
        let ehr = dir.join("ehr");
        make_folder(&ehr)?;
        for document in &around.documents {
            let text = &document.report.text;
            let bytes = if document.pdf {
                pdf::encode(text, SITES[study.site % SITES.len()][0])
            } else {
                text.as_bytes().to_vec()
            };
            put(ehr.join(file_name(document)), &bytes)?;
        }
        if around.orphan {
            // Of a patient whom the archive does not have otherwise.
            let stray = PhantomStudy::new(self, self.studies + 12 + index)?;
            let lost = dir.join("pacs/SANS-DOSSIER");
            make_folder(&lost)?;
            let path = lost.join(format!("{index:07}.dcm"));
            put(path.clone(), &dicom::encode(&stray, 0, false, &path)?)?;
        }
        if self.masks {
            let masks = dir.join("truth/masks").join(study.id.as_str());
            make_folder(&masks)?;
            for number in 0..study.views.len() {
                put_masks(&study, number, &masks)?;
            }
        }
        // Written under another name and renamed, so that a study is whole or absent.
        let partial = folder.with_file_name(format!(".partial-{}", study.id.as_str()));
        make_folder(&partial)?;
        for number in 0..study.views.len() {
            let path = partial.join(format!("{number}.dcm"));
            put(path.clone(), &dicom::encode(&study, number, true, &path)?)?;
        }
        if around.dose_report {
            let number = study.views.len();
            let path = partial.join(format!("{number}.dcm"));
            put(path.clone(), &dicom::encode_dose_report(&study, number, &path)?)?;
        }
        fs::rename(&partial, &folder).map_err(|source| Error::File {
            action: "writing",
            path: folder,
            source,
        })
    }
}

/// The masks of one image, and what they show.
fn put_masks(study: &PhantomStudy, number: usize, folder: &Path) -> Result<()> {
    let bones = study.bone_mask(number)?;
    let size = [bones.width, bones.height];
    put(folder.join(format!("{number}.png")), &png_of(&bones.labels, size, folder)?)?;
    let mut findings = Vec::new();
    for mask in study.finding_masks(number)? {
        let file = format!("{number}.{}.png", mask.name);
        let grey: Vec<u8> = mask.pixels.iter().map(|set| if *set { u8::MAX } else { 0 }).collect();
        put(folder.join(&file), &png_of(&grey, size, folder)?)?;
        findings.push(json!({ "name": mask.name, "file": file, "box": mask.corners() }));
    }
    let list = json!({ "bones": bones.bones, "bone_boxes": bones.corners(), "findings": findings });
    put(folder.join(format!("{number}.json")), list.to_string().as_bytes())
}

/// Labels as grey values.
fn png_of(labels: &[u8], [width, height]: [usize; 2], path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(labels))
        .map_err(|source| Error::Png { path: path.to_owned(), source })?;
    Ok(bytes)
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| Error::File {
        action: "writing",
        path: path.to_owned(),
        source,
    })
}

fn put(path: PathBuf, bytes: &[u8]) -> Result<()> {
    fs::write(&path, bytes).map_err(|source| Error::File { action: "writing", path, source })
}
