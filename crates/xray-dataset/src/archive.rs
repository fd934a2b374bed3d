use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use xray_core::jiff::civil::Time;
use xray_core::{ImageRef, Labels, PatientId, PatientIdentity, Study, StudyId, StudySource};

use crate::dicom::{DicomHeader, Extent, read_dicom};
use crate::{Cause, Error, ImageFault, Result};

/// The studies of a folder of DICOM files, however its folders are nested.
///
/// Files are put together by what their headers say: PatientID, and AccessionNumber or, without one,
/// StudyInstanceUID. The images of a study are in the order of series number, instance number and
/// path. Secondary captures (which is what screen shots and dose reports are stored as) and objects that
/// are no images are left out by SOP class. Links are not followed.
///
/// ```no_run
/// use xray_core::StudySource;
/// use xray_dataset::ArchiveSource;
///
/// for study in ArchiveSource::new("archive/pacs").studies()? {
///     println!("{} images", study.images.len());
/// }
/// # Ok::<(), xray_dataset::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArchiveSource {
    folder: PathBuf,
    keep_secondary_captures: bool,
}

impl ArchiveSource {
    /// The studies below `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), keep_secondary_captures: false }
    }

    /// Whether secondary captures are taken as images too (default: no).
    #[must_use]
    pub fn keep_secondary_captures(mut self, keep: bool) -> Self {
        self.keep_secondary_captures = keep;
        self
    }

    /// Reads every header. `progress` is called with the files done and the files there are.
    pub(crate) fn scan(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Scan> {
        let Listing { paths, left_out } = files_below(&self.folder)?;
        let total = paths.len() as u64;
        let mut headers = Vec::with_capacity(paths.len());
        // In portions, so that the caller hears of the progress and nothing is held twice.
        for portion in paths.chunks(256) {
            headers.par_extend(portion.par_iter().map(|path| self.header(path)));
            progress(headers.len() as u64, total);
        }
        let mut scan = Scan { files: total + left_out.len() as u64, left_out, ..Scan::default() };
        let mut groups: BTreeMap<(PatientId, StudyId), Vec<(PathBuf, DicomHeader)>> = BTreeMap::new();
        for (path, header) in paths.into_iter().zip(headers) {
            match header {
                Ok((patient, study, header)) => {
                    groups.entry((patient, study)).or_default().push((path, header));
                }
                Err(cause) => scan.left_out.push((path, cause)),
            }
        }
        scan.studies =
            groups.into_iter().map(|((patient, id), files)| ArchiveStudy::new(patient, id, files)).collect();
        Ok(scan)
    }

    fn header(&self, path: &Path) -> Result<(PatientId, StudyId, DicomHeader), Cause> {
        let object = read_dicom(path, Extent::Header)?;
        let header = DicomHeader::from_object(&object);
        if !self.keep_secondary_captures && is_secondary_capture(&header.sop_class) {
            return Err(Cause::NotAcquired);
        }
        if !header.has_pixels {
            return Err(ImageFault::NoPixelData.into());
        }
        let patient = header.patient.clone().ok_or(Cause::NoPatient)?;
        let study = header.study.clone().ok_or(Cause::NoStudy)?;
        Ok((patient, study, header))
    }
}

impl StudySource for ArchiveSource {
    type Error = Error;

    fn studies(&self) -> Result<Vec<Study>> {
        Ok(self.scan(&|_, _| ())?.studies.into_iter().map(|found| found.study).collect())
    }
}

/// Everything that was found in a folder.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) files: u64,
    pub(crate) studies: Vec<ArchiveStudy>,
    pub(crate) left_out: Vec<(PathBuf, Cause)>,
}

/// A study with what its headers say of the patient.
pub(crate) struct ArchiveStudy {
    pub(crate) study: Study,
    pub(crate) identity: PatientIdentity,
    pub(crate) age_years: Option<u32>,
    pub(crate) further_frames: u64,
}

impl Borrow<Study> for ArchiveStudy {
    fn borrow(&self) -> &Study {
        &self.study
    }
}

impl ArchiveStudy {
    fn new(patient: PatientId, id: StudyId, mut files: Vec<(PathBuf, DicomHeader)>) -> Self {
        files.sort_by(|(a_path, a), (b_path, b)| {
            (a.series_number, a.instance_number, a_path).cmp(&(b.series_number, b.instance_number, b_path))
        });
        let date = files.iter().filter_map(|(_, header)| header.date).min();
        let time: Option<Time> = files.iter().filter_map(|(_, header)| header.time).min();
        let first = |pick: &dyn Fn(&DicomHeader) -> Option<u32>| files.iter().find_map(|(_, h)| pick(h));
        let age_years = first(&|header| header.age_years);
        let named = files.iter().map(|(_, header)| header).find(|header| header.last_name.is_some());
        let identity = PatientIdentity {
            id: Some(patient.clone()),
            last_name: named.and_then(|header| header.last_name.clone()),
            first_names: named.map(|header| header.first_names.clone()).unwrap_or_default(),
            birth_date: files.iter().find_map(|(_, header)| header.birth_date),
            sex: files.iter().find_map(|(_, header)| header.sex),
            national_id: None,
        };
        let further_frames = files.iter().map(|(_, header)| u64::from(header.frames - 1)).sum();
        let images = files
            .into_iter()
            .map(|(path, header)| ImageRef {
                path,
                laterality: header.laterality,
                view: header.view,
                body_part: header.body_part,
                device: header.device,
            })
            .collect();
        let study = Study { id, patient, date, time, images, labels: Labels::new() };
        Self { study, identity, age_years, further_frames }
    }
}

/// Secondary Capture Image Storage and its multi-frame kinds (PS3.4 B.5).
fn is_secondary_capture(sop_class: &str) -> bool {
    const FAMILY: &str = "1.2.840.10008.5.1.4.1.1.7";
    sop_class == FAMILY || sop_class.strip_prefix(FAMILY).is_some_and(|rest| rest.starts_with('.'))
}

/// What lies below a folder.
#[derive(Default)]
struct Listing {
    /// The files, in the order of the paths.
    paths: Vec<PathBuf>,
    /// What is no file, and the folders that cannot be listed.
    left_out: Vec<(PathBuf, Cause)>,
}

/// Everything below `folder`; links are not followed. Only `folder` itself must be there.
fn files_below(folder: &Path) -> Result<Listing> {
    let mut found = Listing::default();
    let mut folders = Vec::new();
    list(folder, &mut folders, &mut found).map_err(|source| Error::file("reading", folder, source))?;
    while let Some(below) = folders.pop() {
        if list(&below, &mut folders, &mut found).is_err() {
            found.left_out.push((below, ImageFault::Unreadable.into()));
        }
    }
    found.paths.sort_unstable();
    found.left_out.sort_unstable();
    Ok(found)
}

fn list(folder: &Path, folders: &mut Vec<PathBuf>, found: &mut Listing) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_file() {
            found.paths.push(path);
        } else {
            found.left_out.push((path, Cause::NoFile));
        }
    }
    Ok(())
}
