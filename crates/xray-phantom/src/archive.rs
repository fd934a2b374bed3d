use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde_json::json;
use xray_core::AtomicFile;

use crate::study::PhantomStudy;
use crate::{Error, PhantomHospital, Result, dicom};

impl PhantomHospital {
    /// Writes the archive into `dir`:
    ///
    /// | path | what |
    /// |---|---|
    /// | `pacs/<patient>/<study>/<n>.dcm` | images |
    /// | `ehr/<report>.txt` | reports |
    /// | `ehr/index.jsonl` | a [`Report`](xray_core::Report) a line, with `file` in place of `text` |
    /// | `truth/studies.jsonl` | study, patient, report, labels, images |
    /// | `truth/spans.jsonl` | identifiers in the reports, in bytes |
    /// | `truth/hospital.json` | the settings |
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
        self.claim(dir)?;
        let done = AtomicUsize::new(0);
        (0..self.studies).into_par_iter().try_for_each(|index| {
            write_study(&self.study(index)?, dir)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        })?;
        self.write_lists(dir)
    }

    /// Writes the settings, or checks that they are those of the archive that is there.
    fn claim(&self, dir: &Path) -> Result<()> {
        let path = dir.join("truth/hospital.json");
        let mut settings = json!(self).to_string();
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
            for ((file, row), name) in files.iter_mut().zip(rows(&study)).zip(names) {
                let path = || dir.join(name);
                writeln!(file, "{row}").map_err(|source| Error::File {
                    action: "writing",
                    path: path(),
                    source,
                })?;
            }
        }
        files.into_iter().try_for_each(|file| file.commit().map_err(|source| Error::Archive { source }))
    }
}

/// The lines of one study in the three lists.
fn rows(study: &PhantomStudy) -> [serde_json::Value; 3] {
    let mut report = json!(study.report);
    if let Some(fields) = report.as_object_mut() {
        fields.remove("text");
        fields.insert("file".into(), json!(report_name(study)));
    }
    let images: Vec<String> =
        (0..study.views.len()).map(|n| format!("{}/{n}.dcm", folder(study).display())).collect();
    let truth = json!({
        "study": study.id,
        "patient": study.patient,
        "report": study.report.id,
        "labels": study.labels,
        "images": images,
    });
    let spans = json!({ "id": study.report.id, "spans": study.spans });
    [report, truth, spans]
}

fn report_name(study: &PhantomStudy) -> String {
    format!("{}.txt", study.report.id.as_str())
}

/// Where the images lie, below the archive.
fn folder(study: &PhantomStudy) -> PathBuf {
    Path::new("pacs").join(study.patient.as_str()).join(study.id.as_str())
}

fn write_study(study: &PhantomStudy, dir: &Path) -> Result<()> {
    let folder = dir.join(folder(study));
    if folder.exists() {
        return Ok(());
    }
    let put = |path: PathBuf, bytes: &[u8]| {
        fs::write(&path, bytes).map_err(|source| Error::File { action: "writing", path, source })
    };
    // Written under another name and renamed, so that a study is whole or absent.
    let partial = folder.with_file_name(format!(".partial-{}", study.id.as_str()));
    fs::create_dir_all(&partial).map_err(|source| Error::File {
        action: "writing",
        path: partial.clone(),
        source,
    })?;
    let ehr = dir.join("ehr");
    fs::create_dir_all(&ehr).map_err(|source| Error::File {
        action: "writing",
        path: ehr.clone(),
        source,
    })?;
    put(ehr.join(report_name(study)), study.report.text.as_bytes())?;
    for number in 0..study.views.len() {
        let path = partial.join(format!("{number}.dcm"));
        let bytes = dicom::encode(study, number, &path)?;
        put(path, &bytes)?;
    }
    fs::rename(&partial, &folder).map_err(|source| Error::File { action: "writing", path: folder, source })
}
