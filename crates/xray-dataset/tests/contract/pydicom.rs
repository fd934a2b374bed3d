//! The files of PyPI's pydicom 3.0.2 and pydicom-data 1.0.0 are read as pydicom reads them.
//!
//! `tests/fixtures/pydicom_table.tsv` says what pydicom shows of each (`scripts/fixtures/pydicom_table.py`), and what
//! this crate makes of it: `equal`, or the cause for which it gives no image. The files of pydicom-data are
//! in `samples/` once `scripts/samples.sh` has run; those of pydicom are compared where the variable
//! OSTEON_PYDICOM names the folder of its unpacked wheel.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use xray_core::{ImageDecoder, ImageTensor};
use xray_dataset::{DicomDecoder, Error};

fn files_below(folder: &Path, files: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, files);
        } else if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            files.insert(name.to_owned(), path.clone());
        }
    }
}

/// How far the image is from a row's mean and values; nothing where it has another size.
fn distance(image: &ImageTensor, row: &[&str]) -> Option<f32> {
    let [rows, columns, mean, values] = row else { return None };
    let values: Vec<f32> = values.split(' ').map(|value| value.parse().unwrap()).collect();
    let data = image.data();
    if (rows.parse(), columns.parse()) != (Ok(image.height()), Ok(image.width())) {
        return None;
    }
    let at = |i: usize| data[i * (data.len() - 1) / 15];
    let own_mean = data.iter().map(|value| f64::from(*value)).sum::<f64>() / data.len() as f64;
    let of_mean = (own_mean as f32 - mean.parse::<f32>().unwrap()).abs();
    Some(values.iter().enumerate().map(|(i, value)| (at(i) - value).abs()).fold(of_mean, f32::max))
}

fn outcome(path: &Path, row: &[&str]) -> String {
    match DicomDecoder::default().decode(path) {
        Err(Error::Image { reason, .. }) => {
            serde_json::to_value(reason).unwrap().as_str().unwrap().to_owned()
        }
        Err(error) => error.to_string(),
        Ok(image) => match distance(&image, row) {
            // Two grey levels of 256: lossy decoders round differently.
            Some(distance) if distance < 2.0 / 255.0 => "equal".to_owned(),
            Some(_) => "differs".to_owned(),
            None => "image".to_owned(),
        },
    }
}

#[test]
fn every_file_is_shown_as_pydicom_shows_it_or_has_its_cause() {
    let mut folders: BTreeMap<&str, BTreeMap<String, PathBuf>> = BTreeMap::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    files_below(&samples, folders.entry("pydicom-data").or_default());
    if let Some(folder) = std::env::var_os("OSTEON_PYDICOM") {
        files_below(Path::new(&folder), folders.entry("pydicom").or_default());
    }
    let table = include_str!("../fixtures/pydicom_table.tsv");
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [package, name, expected, row @ ..] = &fields[..] else { panic!("{line}") };
        let Some(path) = folders.get(package).and_then(|files| files.get(*name)) else { continue };
        let outcome = outcome(path, row);
        compared += 1;
        if outcome != *expected {
            wrong.push(format!("{package}\t{name}\t{outcome}\t{row:?}"));
        }
    }
    if compared == 0 {
        eprintln!("skipped: samples/ is missing; scripts/samples.sh fetches it");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
