//! From a folder of DICOM files and reports to shards and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::archive::{Eraser, File, contents, key, write_archive};
use dicom_dictionary_std::uids;
use xray_core::{Dataset, ImageTensor, Label, PatientId, Report, ReportTransform, TextGate, TextRegion};
use xray_dataset::{
    Account, Cause, Convirt, Error, ImageFault, ImageFileDecoder, ImageFormat, ItemKind, Loader,
    LoaderConfig, Position, ShardBuilder, ShardDataset, ShardIndex, ShardReader, Split, SplitFractions,
    Views,
};

fn builder(archive: &Path) -> ShardBuilder {
    ShardBuilder::new(archive.join("pacs"), archive.join("ehr"), key())
        .report_transform(Eraser)
        .split(SplitFractions { val: 0.2, test: 0.2 })
        .samples_per_shard(8)
}

fn run(builder: &ShardBuilder, out: &Path) -> Account {
    let account = builder.run(out, |_| ()).unwrap();
    assert!(account.is_complete(), "{account}");
    account
}

#[test]
fn studies_come_back_with_report_images_labels_and_no_identifier() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 12);
    let labels = folder.path().join("labels.jsonl");
    fs::write(&labels, "{\"study\": \"ACC0031\", \"patient\": \"x\", \"labels\": {\"fracture\": true}}\n")
        .unwrap();
    let out = folder.path().join("out");
    let account = run(&builder(folder.path()).labels(labels), &out);
    assert_eq!((account.files.kept, account.studies.kept, account.reports.kept), (36, 24, 24));
    assert_eq!(account.splits.values().map(|split| split.patients).sum::<u64>(), 12);
    ShardIndex::read(&out).unwrap().verify(&out).unwrap();

    let mut labelled = 0;
    for split in Split::ALL {
        let set = ShardDataset::open(&out, split).unwrap();
        assert_eq!(set.len() as u64, account.splits.get(&split).map_or(0, |count| count.samples));
        for index in 0..set.len() {
            let sample = set.get(index).unwrap();
            assert_eq!(sample.report, "Mme X : main gauche ");
            assert_eq!(sample.key, set.key(index));
            assert_eq!(sample.images[0].data()[23], 1.0);
            assert_eq!(sample.images[0].spacing_mm(), Some([0.5, 0.25]));
            assert_eq!((&sample.meta["laterality"], &sample.meta["view"]), (&"left".into(), &"pa".into()));
            assert_eq!((&sample.meta["age_years"], &sample.meta["sex"]), (&90.into(), &"F".into()));
            // A device is a pseudonym, for its name may name a place.
            assert_eq!(sample.meta["device"].as_str().map(str::len), Some(8));
            assert_eq!(sample.meta["images"].as_array().unwrap().len(), sample.images.len());
            labelled += usize::from(sample.labels.get("fracture") == Some(&Label::Present(true)));
        }
    }
    assert_eq!(labelled, 1);
    for (path, bytes) in contents(&out) {
        for identifier in ["DUPONTEL", "PAT0", "ACC0", "20200301", "2020-03-01", "Salle 2"] {
            let found = bytes.windows(identifier.len()).any(|window| window == identifier.as_bytes());
            assert!(!found, "{identifier} in {path:?}");
        }
    }
}

#[test]
fn no_patient_is_in_two_splits_and_growth_moves_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let splits_of = |patients, out: &str| {
        write_archive(folder.path(), patients);
        let out = folder.path().join(out);
        run(&builder(folder.path()), &out);
        let mut splits = BTreeMap::<String, BTreeSet<Split>>::new();
        for split in Split::ALL {
            let set = ShardDataset::open(&out, split).unwrap();
            for index in 0..set.len() {
                let patient = set.key(index).split('_').next().unwrap().to_owned();
                splits.entry(patient).or_default().insert(split);
            }
        }
        splits
    };
    let (few, many) = (splits_of(10, "few"), splits_of(20, "many"));
    assert_eq!((few.len(), many.len()), (10, 20));
    assert!(many.values().all(|splits| splits.len() == 1));
    assert!(few.iter().all(|(patient, splits)| &many[patient] == splits));
}

#[test]
fn dates_move_with_the_shift_of_the_patient() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 1);
    let out = folder.path().join("out");
    let nobody = SplitFractions { val: 0.0, test: 0.0 };
    run(&builder(folder.path()).split(nobody), &out);
    let set = ShardDataset::open(&out, Split::Train).unwrap();
    let mut dates: Vec<xray_core::jiff::civil::Date> =
        (0..2).map(|index| set.get(index).unwrap().meta["date"].as_str().unwrap().parse().unwrap()).collect();
    dates.sort();
    let shift = key().date_shift_days(&PatientId::new("PAT000"));
    let days = |from: xray_core::jiff::civil::Date, to| from.until(to).unwrap().get_days();
    let first = xray_core::jiff::civil::date(2020, 3, 1);
    assert_eq!(days(first, dates[0]), shift);
    assert_eq!(days(dates[0], dates[1]), 400);
}

#[test]
fn everything_that_is_left_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 4);
    let pacs = folder.path().join("pacs");
    let cut = |name: &str| {
        let path = pacs.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 10]).unwrap();
    };
    // One image of two: the study stays. The only image: the study and its report go.
    cut("PAT000/ACC0002/0.dcm");
    cut("PAT001/ACC0011/0.dcm");
    fs::write(pacs.join("PAT001/notes.txt"), "rien").unwrap();
    File { sop_class: uids::SECONDARY_CAPTURE_IMAGE_STORAGE, ..File::default() }
        .write(&pacs.join("dose.dcm"));
    File { patient: "", ..File::default() }.write(&pacs.join("nobody.dcm"));
    File { date: "", study: "A2", ..File::default() }.write(&pacs.join("undated.dcm"));
    File { study: "A3", date: "20190101", ..File::default() }.write(&pacs.join("alone.dcm"));
    let index = folder.path().join("ehr/index.jsonl");
    let mut rows = fs::read_to_string(&index).unwrap();
    let first = rows.lines().next().unwrap().to_owned();
    rows += &format!("{{\"id\": \n{first}\n{{\"id\": \"empty\", \"text\": \"\"}}\n");
    fs::write(&index, rows).unwrap();

    let out = folder.path().join("out");
    let trace = folder.path().join("trace.tsv");
    let account = run(&builder(folder.path()).trace(&trace), &out);
    let count = |kind, cause| account.left_out.iter().filter(|i| i.kind == kind && i.cause == cause).count();
    let damaged = Cause::Image(ImageFault::DamagedDataSet);
    assert_eq!(count(ItemKind::File, damaged), 2);
    assert_eq!(count(ItemKind::File, Cause::Image(ImageFault::UnknownFormat)), 1);
    assert_eq!(count(ItemKind::File, Cause::NotAcquired), 1);
    assert_eq!(count(ItemKind::File, Cause::NoPatient), 1);
    assert_eq!(count(ItemKind::File, Cause::StudyLeftOut), 2);
    assert_eq!(count(ItemKind::Study, Cause::NoDate), 1);
    assert_eq!(count(ItemKind::Study, Cause::ImageOnly), 1);
    assert_eq!(count(ItemKind::Study, Cause::NoImageLeft), 1);
    assert_eq!(count(ItemKind::Report, Cause::NoImageLeft), 1);
    assert_eq!(count(ItemKind::Report, Cause::DamagedRow), 1);
    assert_eq!(count(ItemKind::Report, Cause::RepeatedId), 1);
    assert_eq!(count(ItemKind::Report, Cause::EmptyText), 1);
    assert_eq!((account.files.kept, account.studies.kept), (10, 7));
    // The keeper of the key can look every one up; the account itself tells nothing.
    let table = fs::read_to_string(trace).unwrap();
    assert!(table.contains("notes.txt") && table.contains("line 9"));
    let page = format!("{account}{}", serde_json::to_string(&account).unwrap());
    assert!(!page.contains("PAT0") && !page.contains("notes"));
}

struct Louder;

impl ReportTransform for Louder {
    type Error = std::convert::Infallible;

    fn apply(&self, report: Report) -> Result<Report, Self::Error> {
        Ok(Report { text: report.text.to_uppercase(), ..report })
    }
}

struct TextEverywhere;

impl TextGate for TextEverywhere {
    type Error = std::convert::Infallible;

    fn regions(&self, image: &ImageTensor) -> Result<Vec<TextRegion>, Self::Error> {
        let (width, height) = (image.width(), image.height());
        Ok(vec![TextRegion { left: 0, top: 0, width, height, characters: 99 }])
    }
}

/// What cannot be listed stops no run. (An administrator lists everything.)
#[cfg(unix)]
#[test]
fn links_and_locked_folders_are_named_and_the_run_goes_on() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 3);
    let (pacs, locked) = (folder.path().join("pacs"), folder.path().join("pacs/locked"));
    symlink(pacs.join("PAT000/ACC0001/0.dcm"), pacs.join("link.dcm")).unwrap();
    symlink("nowhere", pacs.join("PAT001/dangling.dcm")).unwrap();
    fs::create_dir_all(locked.join("below")).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let is_locked = fs::read_dir(&locked).is_err();
    let account = run(&builder(folder.path()), &folder.path().join("out"));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
    let count = |cause| account.files.left_out.get(&cause).copied().unwrap_or(0);
    assert_eq!(count(Cause::NoFile), 2);
    assert_eq!(count(Cause::Image(ImageFault::Unreadable)), u64::from(is_locked));
    assert_eq!(account.files.kept, 9);
}

#[test]
fn a_run_that_was_stopped_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 20);
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let build = builder(folder.path()).longest_side(16).image_format(ImageFormat::Jpeg { quality: 90 });
    let account = run(&build, &whole);
    run(&build, &stopped);
    // As a killed run leaves it: no index, one shard without its record, one missing, one half-written.
    let names: Vec<_> = contents(&stopped).into_iter().map(|(path, _)| path).collect();
    let tars: Vec<_> = names.iter().filter(|name| name.extension().is_some_and(|e| e == "tar")).collect();
    assert!(tars.len() >= 5);
    fs::remove_file(stopped.join("index.json")).unwrap();
    fs::remove_file(stopped.join("account.json")).unwrap();
    fs::remove_file(stopped.join(tars[1]).with_extension("json")).unwrap();
    fs::remove_file(stopped.join(tars[2])).unwrap();
    fs::write(stopped.join(".partial-abc"), b"half").unwrap();
    fs::write(stopped.join(tars[3]), b"another").unwrap();
    assert_eq!(run(&build, &stopped), account);
    assert!(contents(&whole) == contents(&stopped));
    // Other settings, another transform and another gate do not go on from there.
    let build = || builder(folder.path()).longest_side(16).image_format(ImageFormat::Jpeg { quality: 90 });
    let others = [
        builder(folder.path()).longest_side(12),
        build().report_transform(Eraser.then(Louder)),
        build().gate(TextEverywhere),
    ];
    for other in others {
        let error = other.run(&stopped, |_| ()).unwrap_err();
        assert!(
            matches!(&error, Error::Shard { .. }) && error.to_string().contains("empty folder"),
            "{error}"
        );
    }
    assert!(contents(&whole) == contents(&stopped));
}

#[test]
fn what_is_not_set_or_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 1);
    let bare = ShardBuilder::new(folder.path().join("pacs"), folder.path().join("ehr"), key());
    assert!(matches!(bare.run(folder.path().join("out"), |_| ()), Err(Error::Settings(_))));
    let nowhere = ShardBuilder::new(folder.path().join("none"), folder.path().join("ehr"), key());
    let error = nowhere.report_transform(Eraser).run(folder.path().join("out"), |_| ()).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
    let labels = folder.path().join("labels.jsonl");
    fs::write(&labels, "{\"study\": \"a\", \"labels\": {}}\n{\"study\": 3}\n").unwrap();
    let error = builder(folder.path()).labels(&labels).run(folder.path().join("out"), |_| ()).unwrap_err();
    assert!(matches!(error, Error::Row { line: 2, .. }), "{error}");
}

#[test]
fn a_shard_that_is_cut_names_itself() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 6);
    let out = folder.path().join("out");
    run(&builder(folder.path()), &out);
    let path = ShardIndex::read(&out).unwrap().paths(&out, Split::Train).remove(0);
    let bytes = fs::read(&path).unwrap();
    for length in (1..bytes.len()).step_by(211) {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = ShardDataset::open(&out, Split::Train).unwrap_err();
        assert!(error.to_string().contains("train-000000.tar"), "{error}");
        // Without the index there are samples or an error, and never a panic.
        if let Ok(reader) = ShardReader::open(&path) {
            reader.for_each(|sample| {
                drop(sample.map(|sample| sample.decode(&ImageFileDecoder::default(), &path)))
            });
        }
    }
}

#[test]
fn batches_of_shards_are_the_same_on_every_run() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 20);
    let out = folder.path().join("out");
    run(&builder(folder.path()), &out);
    let batches = |workers, views| {
        let set = ShardDataset::open(&out, Split::Train).unwrap();
        let config = LoaderConfig { batch: 5, workers, views, ..LoaderConfig::default() };
        let recipe = Convirt { size: 16, ..Convirt::default() };
        let loader = Loader::new(set, recipe, config).unwrap();
        loader.batches(Position::default()).collect::<Result<Vec<_>, _>>().unwrap()
    };
    let one = batches(1, Views::ONE);
    assert_eq!(one, batches(3, Views::ONE));
    assert!(one.iter().flatten().all(|sample| sample.images.len() == 1 && sample.images[0].width() == 16));
    let all: usize = batches(2, Views::All).iter().flatten().map(|sample| sample.images.len()).sum();
    assert!(all > one.iter().flatten().count());
}

/// `tests/fixtures/webdataset.tar` was written by Python's webdataset (`scripts/fixtures/webdataset_shards.py`).
#[test]
fn shards_of_python_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webdataset.tar");
    let set = ShardDataset::from_paths([&path]).unwrap();
    assert_eq!(set.len(), 3);
    for index in 0..3 {
        let sample = set.get(index).unwrap();
        assert_eq!(sample.key, format!("patient{index}_study1"));
        assert_eq!(sample.report, format!("Compte rendu n° {index} : pas de lésion."));
        assert_eq!(sample.images.len(), index + 1);
        for (view, image) in sample.images.iter().enumerate() {
            assert_eq!((image.channels(), image.height(), image.width()), (1, 4, 5));
            let grey = 50.0 * (view as f32 + 1.0) / 255.0;
            assert!(image.data().iter().all(|value| (value - grey).abs() < 1e-5));
        }
        assert_eq!(sample.labels["fracture"], Label::Present(index == 1));
        assert_eq!(sample.labels["age"], Label::Value(40.5));
        assert_eq!(sample.labels["site"], Label::Class("poignet".to_owned()));
        assert_eq!(sample.meta["laterality"], "left");
    }
    let one_after_the_other: Vec<_> =
        ShardReader::open(&path).unwrap().map(|sample| sample.unwrap().key).collect();
    assert_eq!(one_after_the_other, (0..3).map(|index| set.key(index)).collect::<Vec<_>>());
}

#[test]
fn a_reduced_decode_keeps_the_size_in_millimetres() {
    let folder = tempfile::tempdir().unwrap();
    File { patient: "PAT000", study: "ACC0001", side: 64, ..File::default() }
        .write(&folder.path().join("pacs/0.dcm"));
    let row = r#"{"id": "r", "text": "t ACC", "date": "2020-03-01", "patient": {"id": "PAT000"}}"#;
    fs::create_dir_all(folder.path().join("ehr")).unwrap();
    fs::write(folder.path().join("ehr/index.jsonl"), row).unwrap();
    let out = folder.path().join("out");
    let everybody = SplitFractions { val: 0.0, test: 0.0 };
    run(&builder(folder.path()).split(everybody).image_format(ImageFormat::Jpeg { quality: 95 }), &out);
    let set = ShardDataset::open(&out, Split::Train).unwrap();
    let whole = set.get(0).unwrap().images.remove(0);
    let set = set.with_decoder(ImageFileDecoder::default().reduced_to(30));
    let half = set.get(0).unwrap().images.remove(0);
    assert_eq!((whole.height(), whole.spacing_mm()), (64, Some([0.5, 0.25])));
    assert_eq!((half.height(), half.spacing_mm()), (32, Some([1.0, 0.5])));
}
