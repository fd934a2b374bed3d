use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use xray_core::jiff::ToSpan;
use xray_core::{
    ImageDecoder, ImageRef, ImageTensor, Labels, PatientIdentity, PseudonymKey, Report, StudyId, TextRegion,
};

use super::index::ShardEntry;
use super::input::Input;
use super::plan::{Names, PlannedSample, PlannedShard};
use super::record::ShardRecord;
use super::settings::{AnyGate, AnyTransform, Settings};
use super::store::shrink;
use super::writer::ShardWriter;
use crate::archive::ArchiveStudy;
use crate::near_duplicates::Look;
use crate::{Cause, Error, ImageFault, ImageFileDecoder, ItemKind, LeftOut, Masked, Result};

/// How many studies are in memory at once: encoded, they are small beside one decoded image.
const PORTION: usize = 64;

/// How many studies of a run tell it apart from one with another transform, gate or decoder.
const TRIED: usize = 8;

/// The age that stands for all higher ones, since few people reach them (as HIPAA has it).
const OLDEST: u32 = 90;

/// Makes studies and reports into the members of a shard.
pub(super) struct SampleMaker<'a> {
    pub(super) key: &'a PseudonymKey,
    pub(super) names: &'a Names<'a>,
    pub(super) transform: &'a AnyTransform,
    pub(super) gate: Option<&'a AnyGate>,
    pub(super) decoder: &'a ImageFileDecoder,
    pub(super) settings: &'a Settings,
    pub(super) labels: &'a HashMap<StudyId, Labels>,
}

/// A sample in its encoded form, or nothing, and what was left out on the way.
#[derive(Default)]
struct Made {
    members: Vec<(String, Vec<u8>)>,
    images: u64,
    left_out: Vec<LeftOut>,
    masked: Vec<Masked>,
    looks: Vec<(String, Look)>,
}

impl SampleMaker<'_> {
    pub(super) fn write_shard(
        &self,
        out: &Path,
        shard: &PlannedShard,
        input: &Input,
        fingerprint: &str,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<ShardRecord> {
        let file = format!("{}.tar", shard.name);
        let path = out.join(&file);
        let mut writer = ShardWriter::create(&path)?;
        let mut record = ShardRecord {
            fingerprint: fingerprint.to_owned(),
            entry: ShardEntry {
                file,
                split: shard.split,
                samples: 0,
                images: 0,
                bytes: 0,
                sha256: String::new(),
            },
            patients: Vec::new(),
            left_out: Vec::new(),
            masked: Vec::new(),
            looks: Vec::new(),
        };
        let done = AtomicU64::new(0);
        for portion in shard.samples.chunks(PORTION) {
            let made: Vec<Made> = portion
                .par_iter()
                .map(|sample| {
                    let made = self.make(sample, input);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1);
                    made
                })
                .collect();
            for (sample, made) in portion.iter().zip(made) {
                for (name, bytes) in &made.members {
                    writer.append(name, bytes).map_err(|source| Error::file("writing", &path, source))?;
                }
                if !made.members.is_empty() {
                    record.entry.samples += 1;
                    record.entry.images += made.images;
                    record.patients.extend(sample.key.split('_').next().map(str::to_owned));
                }
                record.left_out.extend(made.left_out);
                record.masked.extend(made.masked);
                record.looks.extend(made.looks);
            }
        }
        record.patients.dedup();
        (record.entry.bytes, record.entry.sha256) = writer.commit(&path)?;
        record.write(out, &shard.name)?;
        Ok(record)
    }

    /// What this run makes of some of its studies.
    pub(super) fn trial(&self, plan: &[PlannedShard], input: &Input) -> Vec<(String, Vec<u8>)> {
        let samples: Vec<&PlannedSample> = plan.iter().flat_map(|shard| &shard.samples).collect();
        let spread = samples.len().div_ceil(TRIED).max(1);
        let tried: Vec<&PlannedSample> = samples.into_iter().step_by(spread).collect();
        tried.into_par_iter().flat_map_iter(|sample| self.make(sample, input).members).collect()
    }

    fn make(&self, sample: &PlannedSample, input: &Input) -> Made {
        let found = &input.studies[sample.study];
        let report = &input.reports[sample.report];
        let mut made = Made::default();
        let mut stored = Vec::new();
        for image in &found.study.images {
            match self.image(&image.path) {
                Ok((bytes, facts, painted)) => {
                    stored.push((image, bytes, facts));
                    if !painted.is_empty() {
                        made.masked.push(Masked {
                            id: self.names.file(&image.path),
                            regions: painted.len() as u64,
                            characters: painted.iter().map(|region| region.characters as u64).sum(),
                        });
                    }
                }
                Err(cause) => made.left_out.push(self.file_left_out(image, cause)),
            }
        }
        let text = self.report(report, found);
        let cause = match &text {
            Err(cause) => Some(*cause),
            Ok(_) if stored.is_empty() => Some(Cause::NoImageLeft),
            Ok(_) => None,
        };
        let (text, cause) = (text.unwrap_or_default(), cause);
        if let Some(cause) = cause {
            let of_study = stored.iter().map(|(image, ..)| self.file_left_out(image, Cause::StudyLeftOut));
            made.left_out.extend(of_study);
            made.masked.clear();
            made.left_out.push(LeftOut { kind: ItemKind::Study, id: sample.key.clone(), cause });
            made.left_out.push(LeftOut { kind: ItemKind::Report, id: self.names.report(report), cause });
            return made;
        }
        let look = |(image, _, pixels): &(&ImageRef, _, ImageTensor)| {
            (self.names.file(&image.path), Look::of(pixels))
        };
        made.looks = stored.iter().map(look).collect();
        let meta = self.meta(found, &stored);
        let key = &sample.key;
        made.images = stored.len() as u64;
        made.members.push((format!("{key}.txt"), text.into_bytes()));
        for (number, (_, bytes, _)) in stored.into_iter().enumerate() {
            made.members.push((format!("{key}.{number}.{}", self.settings.format.extension()), bytes));
        }
        made.members.push((format!("{key}.json"), Value::Object(meta).to_string().into_bytes()));
        made
    }

    fn file_left_out(&self, image: &ImageRef, cause: Cause) -> LeftOut {
        LeftOut { kind: ItemKind::File, id: self.names.file(&image.path), cause }
    }

    /// The image as it is stored, its pixels, and the regions of text that were painted over.
    fn image(&self, path: &Path) -> Result<(Vec<u8>, ImageTensor, Vec<TextRegion>), Cause> {
        let mut image = self.decoder.decode(path).map_err(|error| match error {
            Error::Image { reason, .. } => Cause::Image(reason),
            _ => Cause::Image(ImageFault::Unreadable),
        })?;
        let painted = match self.gate {
            Some(gate) => {
                let regions = gate(&image).map_err(|_| Cause::GateFailed)?;
                self.settings.burned_in.apply(&mut image, regions)?
            }
            None => Vec::new(),
        };
        let image = match self.settings.longest_side {
            Some(longest) => shrink(image, longest),
            None => image,
        };
        let bytes = self.settings.format.encode(&image).map_err(|_| ImageFault::UnsupportedPixels)?;
        Ok((bytes, image, painted))
    }

    /// The transformed text. What the image headers know of the patient goes along where the report's row
    /// does not say it, so that a name that only the archive of images knows is found as well.
    fn report(&self, report: &Report, found: &ArchiveStudy) -> Result<String, Cause> {
        let mut report = report.clone();
        let known = &found.identity;
        let patient = report.patient.get_or_insert_with(PatientIdentity::default);
        if patient.last_name.is_none() && patient.first_names.is_empty() {
            patient.last_name.clone_from(&known.last_name);
            patient.first_names.clone_from(&known.first_names);
        }
        patient.birth_date = patient.birth_date.or(known.birth_date);
        patient.sex = patient.sex.or(known.sex);
        let report = (self.transform)(report).map_err(|_| Cause::Refused)?;
        if report.text.trim().is_empty() { Err(Cause::EmptyText) } else { Ok(report.text) }
    }

    fn meta(&self, found: &ArchiveStudy, stored: &[(&ImageRef, Vec<u8>, ImageTensor)]) -> Map<String, Value> {
        let study = &found.study;
        let images: Vec<Value> = stored
            .iter()
            .map(|(image, _, pixels)| {
                json!({
                    "laterality": image.laterality,
                    "view": image.view,
                    "body_part": image.body_part,
                    "device": image.device.as_ref().map(|device| self.key.pseudonym("device", device, 8)),
                    "spacing_mm": pixels.spacing_mm(),
                    "height": pixels.height(),
                    "width": pixels.width(),
                })
            })
            .collect();
        let shift = self.key.date_shift_days(&study.patient);
        let date = study.date.and_then(|date| date.checked_add(shift.days()).ok());
        let mut meta = Map::new();
        meta.insert("labels".to_owned(), to_value(&self.labels.get(&study.id).cloned().unwrap_or_default()));
        meta.insert("date".to_owned(), to_value(&date));
        meta.insert("sex".to_owned(), to_value(&found.identity.sex));
        meta.insert("age_years".to_owned(), to_value(&found.age_years.map(|age| age.min(OLDEST))));
        for field in ["laterality", "view", "body_part", "device", "spacing_mm"] {
            let first = images.first().map_or(&Value::Null, |image| &image[field]);
            let agreed = images.iter().all(|image| &image[field] == first);
            meta.insert(field.to_owned(), if agreed { first.clone() } else { Value::Null });
        }
        meta.insert("images".to_owned(), Value::Array(images));
        meta
    }
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
