//! The archive on disk: the same bytes however it is made, whole studies only, settings that can be met.

mod files;

use std::fs;
use std::path::Path;

use dicom_dictionary_std::tags;
use xray_core::{BodyPart, Report, ReportId};
use xray_phantom::{Clutter, Encoding, Error, PhantomHospital, Prevalence};

use files::contents;

fn hospital() -> PhantomHospital {
    PhantomHospital { studies: 8, seed: 7, size: 96, ..PhantomHospital::default() }
}

fn write(hospital: &PhantomHospital, dir: &Path, threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| hospital.write(dir, &|_| ())).unwrap();
}

#[test]
fn the_bytes_do_not_depend_on_threads_or_interruptions() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&hospital(), one.path(), 1);
    write(&hospital(), two.path(), 2);
    let whole = contents(one.path());
    assert!(whole == contents(two.path()), "one thread and two differ");

    // As after a cut: a study is gone, another half written under its working name, a list is missing.
    let study = hospital().study(3).unwrap();
    let patient = two.path().join("pacs").join(study.patient.as_str());
    fs::rename(patient.join(study.id.as_str()), patient.join(format!(".partial-{}", study.id.as_str())))
        .unwrap();
    fs::remove_file(two.path().join("truth/studies.jsonl")).unwrap();
    write(&hospital(), two.path(), 2);
    assert!(whole == contents(two.path()), "the continued run differs");
}

#[test]
fn the_lists_and_the_files_agree() {
    let dir = tempfile::tempdir().unwrap();
    write(&hospital(), dir.path(), 2);
    let lines = |name: &str| -> Vec<serde_json::Value> {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (index, truth, spans) =
        (lines("ehr/index.jsonl"), lines("truth/studies.jsonl"), lines("truth/spans.jsonl"));
    assert_eq!((index.len(), truth.len(), spans.len()), (8, 8, 8));
    for ((mut row, truth), spans) in index.into_iter().zip(truth).zip(spans) {
        let file = row["file"].as_str().unwrap().to_owned();
        let text = fs::read_to_string(dir.path().join("ehr").join(&file)).unwrap();
        row.as_object_mut().unwrap().remove("file");
        row["text"] = text.as_str().into();
        let report: Report = serde_json::from_value(row).unwrap();
        assert_eq!(report.id, ReportId::new(truth["report"].as_str().unwrap()));
        for span in spans["spans"].as_array().unwrap() {
            let (start, end) =
                (span["start"].as_u64().unwrap() as usize, span["end"].as_u64().unwrap() as usize);
            assert!(text.get(start..end).is_some_and(|words| words.trim() == words));
        }
        for image in truth["images"].as_array().unwrap() {
            let object = dicom_object::open_file(dir.path().join(image.as_str().unwrap())).unwrap();
            let word = |tag| object.element(tag).unwrap().to_str().unwrap().into_owned();
            assert_eq!(word(tags::ACCESSION_NUMBER), truth["study"].as_str().unwrap());
            assert_eq!(word(tags::PATIENT_ID), truth["patient"].as_str().unwrap());
            assert_eq!(word(tags::STUDY_DATE), report.date.unwrap().to_string().replace('-', ""));
            assert!(word(tags::IMAGE_TYPE).contains("SIMULATED"));
            assert!(word(tags::SERIES_DESCRIPTION).contains("SIMULATED"));
        }
    }
}

/// The grey values that a file holds, read by other programs than those that wrote them.
fn stored(object: &dicom_object::DefaultDicomObject, encoding: Encoding) -> Option<Vec<u16>> {
    let element = object.element(tags::PIXEL_DATA).unwrap();
    match encoding {
        Encoding::Raw | Encoding::Deflated => Some(element.to_multi_int().unwrap()),
        Encoding::JpegLossless => {
            let frame = &element.value().fragments().unwrap()[0];
            let bytes = jpeg_decoder::Decoder::new(frame.as_slice()).decode().unwrap();
            Some(bytes.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect())
        }
        _ => None,
    }
}

#[test]
fn bone_is_bright_once_monochrome1_is_undone_however_the_file_is_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let hospital = PhantomHospital { studies: 24, wrist_share: 0.3, size: 64, ..hospital() };
    write(&hospital, dir.path(), 2);
    let (mut inverted, mut encodings) = (0, Vec::new());
    for study in hospital.iter() {
        let study = study.unwrap();
        let folder = dir.path().join("pacs").join(study.patient.as_str()).join(study.id.as_str());
        let object = dicom_object::open_file(folder.join("0.dcm")).unwrap();
        let Some(stored) = stored(&object, study.device.encoding) else { continue };
        let image = study.radiograph(0).unwrap();
        let most = image.device.greatest();
        let first =
            object.element(tags::PHOTOMETRIC_INTERPRETATION).unwrap().to_str().unwrap() == "MONOCHROME1";
        inverted += usize::from(first);
        encodings.push(study.device.encoding);
        let bright: Vec<u16> = stored.iter().map(|v| if first { most - v } else { *v }).collect();
        assert!(bright == image.pixels, "study {}", study.index);
    }
    assert!((1..24).contains(&inverted), "both kinds are there");
    for encoding in [Encoding::Raw, Encoding::JpegLossless, Encoding::Deflated] {
        assert!(encodings.contains(&encoding), "{encodings:?}");
    }
}

#[test]
fn impossible_settings_are_refused_by_name_before_anything_is_written() {
    let default = PhantomHospital::default;
    let cases = [
        (PhantomHospital { studies: 0, ..default() }, "studies"),
        (PhantomHospital { size: 8, ..default() }, "size"),
        (PhantomHospital { source_mm: Some(10.0), ..default() }, "source_mm"),
        (PhantomHospital { fracture_prevalence: 1.5, ..default() }, "fracture_prevalence"),
        (PhantomHospital { difficulty: -0.1, ..default() }, "difficulty"),
        (PhantomHospital { wrist_share: f64::NAN, ..default() }, "wrist_share"),
        (
            PhantomHospital { clutter: Clutter { pdf_share: -0.1, ..Clutter::default() }, ..default() },
            "clutter.pdf_share",
        ),
        (
            PhantomHospital { prevalence: Prevalence { cast: 2.0, ..Prevalence::none() }, ..default() },
            "prevalence.cast",
        ),
        (PhantomHospital { other_parts: [(BodyPart::Chest, 0.1)].into(), ..default() }, "other_parts"),
        (PhantomHospital { other_parts: [(BodyPart::Hand, 0.1)].into(), ..default() }, "other_parts"),
        (
            PhantomHospital {
                other_parts: [(BodyPart::Knee, 0.7), (BodyPart::Hip, 0.7)].into(),
                ..default()
            },
            "other_parts",
        ),
        (PhantomHospital { knee_grades: [0.0; 5], ..default() }, "knee_grades"),
        (PhantomHospital { one_knee_share: 1.2, ..default() }, "one_knee_share"),
        (PhantomHospital { youngest_child: 1, ..default() }, "youngest_child"),
        (
            PhantomHospital {
                prevalence: Prevalence { dislocation: -0.5, ..Prevalence::none() },
                ..default()
            },
            "prevalence.dislocation",
        ),
        (
            PhantomHospital { prevalence: Prevalence { prosthesis: 1.5, ..Prevalence::none() }, ..default() },
            "prevalence.prosthesis",
        ),
        (PhantomHospital { marker_absent_share: 2.0, ..default() }, "marker_absent_share"),
        (
            PhantomHospital { child_share: 0.7, elderly_share: 0.7, ..default() },
            "child_share + elderly_share",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (hospital, name) in cases {
        let error = hospital.write(dir.path(), &|_| ()).unwrap_err();
        assert!(matches!(error, Error::Setting { setting, .. } if setting == name), "{name}");
        assert!(error.to_string().contains(name));
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(matches!(hospital().study(8), Err(Error::NoSuchStudy { index: 8, studies: 8 })));
}

#[test]
fn an_archive_of_other_settings_is_not_mixed_with() {
    let dir = tempfile::tempdir().unwrap();
    let small = PhantomHospital { studies: 1, ..hospital() };
    write(&small, dir.path(), 1);
    let before = contents(dir.path());
    let error = PhantomHospital { seed: 8, ..small }.write(dir.path(), &|_| ()).unwrap_err();
    assert!(matches!(error, Error::OtherArchive { .. }));
    assert!(before == contents(dir.path()));
}

#[test]
fn a_messy_archive_has_what_its_settings_say_and_its_truth_knows() {
    let clutter = Clutter {
        orphan_share: 0.2,
        dose_report_share: 0.3,
        missing_report_share: 0.2,
        ..Clutter::realistic()
    };
    let messy = PhantomHospital { studies: 30, size: 64, clutter, ..hospital() };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&messy, one.path(), 1);
    write(&messy, two.path(), 2);
    let files = contents(one.path());
    assert!(files == contents(two.path()));

    let rows = |name: &str| -> Vec<serde_json::Value> {
        let text = String::from_utf8(files[name].clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (index, truth) = (rows("ehr/index.jsonl"), rows("truth/studies.jsonl"));
    for row in &index {
        let bytes = &files[&format!("ehr/{}", row["file"].as_str().unwrap())];
        assert_eq!(bytes.starts_with(b"%PDF"), row["file"].as_str().unwrap().ends_with(".pdf"));
    }
    let kinds: Vec<&str> = index.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"consultation") || kinds.contains(&"operation"));
    let missing = truth.iter().filter(|row| row["report"].is_null()).count();
    let twice = truth.iter().filter(|row| row["duplicates"].is_array()).count();
    let reports = kinds.iter().filter(|kind| **kind == "radiology").count();
    assert!(missing > 0);
    assert_eq!(reports, truth.len() - missing + twice);

    let doses: Vec<&str> = truth.iter().filter_map(|row| row["dose_report"].as_str()).collect();
    assert!(!doses.is_empty());
    for path in doses {
        let object = dicom_object::open_file(one.path().join(path)).unwrap();
        let most = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap().iter().copied().max();
        assert_eq!(most, Some(255), "the name is burned in");
    }
    let strays: Vec<&String> = files.keys().filter(|name| name.contains("SANS-DOSSIER")).collect();
    assert!(!strays.is_empty());
    for path in strays {
        let object = dicom_object::open_file(one.path().join(path)).unwrap();
        assert_eq!(object.element(tags::PATIENT_ID).unwrap().to_str().unwrap(), "");
    }
    assert_eq!(files.keys().filter(|name| name.ends_with(".dcm")).count(), {
        let images: usize = truth.iter().map(|row| row["images"].as_array().unwrap().len()).sum();
        images
            + truth.iter().filter(|row| row["dose_report"].is_string()).count()
            + files.keys().filter(|name| name.contains("SANS-DOSSIER")).count()
    });
}

#[test]
fn an_archive_with_masks_has_a_picture_of_each_finding() {
    let dir = tempfile::tempdir().unwrap();
    let masked = PhantomHospital { studies: 6, masks: true, fracture_prevalence: 1.0, ..hospital() };
    write(&masked, dir.path(), 2);
    let mut pictures = 0;
    for study in masked.iter() {
        let study = study.unwrap();
        let folder = dir.path().join("truth/masks").join(study.id.as_str());
        for number in 0..study.views.len() {
            let list = fs::read(folder.join(format!("{number}.json"))).unwrap();
            let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
            let bones = list["bones"].as_array().unwrap();
            assert_eq!(bones.len(), list["bone_boxes"].as_array().unwrap().len());
            let masks = study.finding_masks(number).unwrap();
            let listed = list["findings"].as_array().unwrap();
            assert_eq!(listed.len(), masks.len());
            assert!(listed.iter().any(|finding| finding["name"] == "fracture"), "{}", study.index);
            for (finding, mask) in listed.iter().zip(masks) {
                assert_eq!(finding["name"], mask.name);
                assert_eq!(finding["box"], serde_json::json!(mask.corners()));
                let picture =
                    image::open(folder.join(finding["file"].as_str().unwrap())).unwrap().into_luma8();
                assert_eq!((picture.width() as usize, picture.height() as usize), (mask.width, mask.height));
                assert!(picture.pixels().zip(&mask.pixels).all(|(grey, set)| (grey.0[0] == 255) == *set));
                pictures += 1;
            }
        }
    }
    assert!(pictures > 6, "{pictures}");
}
