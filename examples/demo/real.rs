use std::path::Path;

use anyhow::Context;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use osteon::Aligned;
use osteon::model_core::{Collate, Mode};
use osteon::xray_core::{AtomicFile, Dataset, ImageDecoder, ImageTensor, ImageTransform};
use osteon::xray_dataset::{ImageFileDecoder, ShardDataset, Split};
use serde::Serialize;
use tch::{Device, no_grad};

/// Two real radiographs of pydicom-data 1.0.0, each raw and as lossless JPEG 2000, and two as lossy JPEG 2000.
const FILES: [(&str, &str); 2] = [("RG3", "distal tibia, non-ossifying fibroma"), ("RG1", "chest")];
const RAW: &str = "UNCR";
const LOSSLESS: &str = "J2KR";
const OTHERS: [&str; 2] = ["UNCI", "J2KI"];

/// What became of one real radiograph.
#[derive(Serialize)]
pub(crate) struct Radiograph {
    pub(crate) name: String,
    pub(crate) shows: String,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) encodings: Vec<String>,
    pub(crate) lossless_equals_raw: bool,
    pub(crate) embedding_is_finite: bool,
    /// Simulated reports of the test split, the nearest first: cosine and the first line of the conclusion.
    pub(crate) nearest_reports: Vec<(f64, String)>,
}

/// What became of the real radiographs, or why they were left out.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Real {
    Read(Vec<Radiograph>),
    Skipped { skipped: String },
}

/// Takes the real radiographs through the reader and the aligned encoder. They show what the simulated
/// hospital lacks (a tibia, a chest): the nearest reports show that everything runs, no more.
pub(crate) fn read(out: &Path, samples: &Path, shards: &Path, aligned: &Aligned) -> anyhow::Result<Real> {
    let name = |radiograph: &str, encoding: &str| samples.join(format!("{radiograph}_{encoding}.dcm"));
    if !name(FILES[0].0, RAW).is_file() {
        let skipped = format!("{samples:?} holds no RG3_{RAW}.dcm; scripts/samples.sh fetches it");
        return Ok(Real::Skipped { skipped });
    }
    let reports = aligned.embed(shards, Split::Test)?.texts;
    let studies = ShardDataset::open(shards, Split::Test)?;
    let decoder = ImageFileDecoder::default();
    let read = FILES.iter().map(|(radiograph, shows)| {
        let decode =
            |encoding: &str| decoder.decode(&name(radiograph, encoding)).context("reading a real radiograph");
        let raw = decode(RAW)?;
        let lossless_equals_raw = decode(LOSSLESS)?.data() == raw.data();
        for encoding in OTHERS {
            decode(encoding)?;
        }
        write_png(&out.join(format!("{radiograph}.png")), &raw)?;

        let pixels = embed(aligned, &raw)?;
        let mut nearest_reports = Vec::new();
        for neighbour in reports.nearest(&pixels, 3)?.concat() {
            let key = &reports.keys()[neighbour.row];
            let Some(index) = (0..studies.len()).find(|index| studies.key(*index) == key) else { continue };
            nearest_reports.push((neighbour.similarity, conclusion(&studies.encoded(index)?.report)));
        }
        Ok(Radiograph {
            name: (*radiograph).to_owned(),
            shows: (*shows).to_owned(),
            height: raw.height(),
            width: raw.width(),
            encodings: [RAW, LOSSLESS].iter().chain(&OTHERS).map(|name| (*name).to_owned()).collect(),
            lossless_equals_raw,
            embedding_is_finite: pixels.isfinite().all().int64_value(&[]) == 1,
            nearest_reports,
        })
    });
    Ok(Real::Read(read.collect::<anyhow::Result<_>>()?))
}

fn embed(aligned: &Aligned, radiograph: &ImageTensor) -> anyhow::Result<tch::Tensor> {
    let image = aligned.plain.apply(radiograph.clone(), 0);
    let pixels = aligned.pairs.images().collate(&[&image], Device::Cpu)?;
    Ok(no_grad(|| aligned.towers.model.encode_images(&pixels, Mode::Eval))?.pooled)
}

/// The line of a report that says what was found.
fn conclusion(report: &str) -> String {
    let lines = report.lines().map(str::trim);
    let found =
        lines.clone().find(|line| line.to_lowercase().contains("conclusion")).filter(|l| l.len() > 14);
    found.or_else(|| lines.rev().find(|line| line.len() > 20)).unwrap_or("").to_owned()
}

/// The pixels alone: nothing of the header goes along.
fn write_png(path: &Path, radiograph: &ImageTensor) -> anyhow::Result<()> {
    let grey: Vec<u8> = radiograph.data().iter().map(|value| (value * 255.0).round() as u8).collect();
    let (width, height) = (u32::try_from(radiograph.width())?, u32::try_from(radiograph.height())?);
    let mut file = AtomicFile::create(path)?;
    PngEncoder::new(&mut file).write_image(&grey, width, height, ExtendedColorType::L8)?;
    Ok(file.commit()?)
}
