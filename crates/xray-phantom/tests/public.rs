//! Public sets' layouts: what the tables say is there, and the pictures are what the tables say.

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use xray_phantom::{PhantomHospital, PublicLayout};

use files::contents;

fn write(layout: PublicLayout, dir: &Path, threads: usize) {
    let hospital = PhantomHospital { studies: 36, seed: 5, size: 64, ..PhantomHospital::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| hospital.write_public(layout, dir, &|_| ())).unwrap();
}

fn rows(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Vec<String>> {
    let text = String::from_utf8(files[name].clone()).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn every_layout_is_the_same_at_any_number_of_threads_and_names_its_images() {
    let expected = [
        ("mura", "MURA-v1.1/train_image_paths.csv", None, 0),
        ("fracatlas", "dataset.csv", Some("images/"), 0),
        ("oai-kl", "kl_train.csv", Some("images/"), 3),
        ("oai-alignment", "hka_train.csv", Some("images/"), 7),
        ("rsna-bone-age", "train.csv", Some("boneage-training-dataset/"), 0),
        ("grazpedwri", "train_dataset.csv", Some("images/"), 0),
    ];
    for ((name, layout), (same, table, folder, column)) in PublicLayout::ALL.into_iter().zip(expected) {
        assert_eq!(name, same);
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(layout, one.path(), 1);
        write(layout, two.path(), 2);
        let files = contents(one.path());
        let image = files.keys().find(|name| name.ends_with("g") && !name.starts_with('.')).unwrap();
        fs::remove_file(two.path().join(image)).unwrap();
        write(layout, two.path(), 2);
        assert!(files == contents(two.path()), "{name} differs, or was not continued");

        let head = usize::from(folder.is_some());
        let named = rows(&files, table);
        assert!(named.len() > 10, "{name}");
        for row in &named[head..] {
            let image = &row[column];
            let there = files.keys().any(|file| match folder {
                Some(folder) => file.starts_with(folder) && file.contains(image.as_str()),
                None => file == image,
            });
            assert!(there, "{name}: {image}");
        }
        assert!(String::from_utf8_lossy(&files["SIMULATED.json"]).contains("\"simulated\":true"));
    }
}

#[test]
fn labels_of_the_tables_are_those_of_the_studies() {
    let dir = tempfile::tempdir().unwrap();
    write(PublicLayout::Mura, dir.path(), 2);
    let files = contents(dir.path());
    let studies = rows(&files, "MURA-v1.1/train_labeled_studies.csv");
    assert!(studies.iter().all(|row| row[0].contains("_positive/") == (row[1] == "1")));
    let parts: BTreeSet<&str> = studies.iter().filter_map(|row| row[0].split('/').nth(2)).collect();
    assert!(parts.len() >= 4 && parts.iter().all(|part| part.starts_with("XR_")), "{parts:?}");

    let dir = tempfile::tempdir().unwrap();
    write(PublicLayout::GrazPedWri, dir.path(), 2);
    let files = contents(dir.path());
    for table in ["train_dataset.csv", "val_dataset.csv", "test_dataset.csv"] {
        for row in &rows(&files, table)[1..] {
            let text = String::from_utf8(files[&format!("yolov5/labels/{}.txt", row[0])].clone()).unwrap();
            let boxes: Vec<Vec<f32>> =
                text.lines().map(|line| line.split(' ').map(|n| n.parse().unwrap()).collect()).collect();
            // Class 3 is a fracture.
            assert_eq!(boxes.iter().any(|b| b[0] == 3.0), row[1] == "1", "{}", row[0]);
            assert!(boxes.iter().flatten().skip(1).all(|n| (0.0..=8.0).contains(n)));
        }
    }

    let dir = tempfile::tempdir().unwrap();
    write(PublicLayout::RsnaBoneAge, dir.path(), 2);
    let files = contents(dir.path());
    for row in &rows(&files, "train.csv")[1..] {
        assert!((30..=240).contains(&row[1].parse::<u32>().unwrap()), "{row:?}");
    }
}

#[test]
fn bones_lie_where_the_mask_says() {
    let hospital = PhantomHospital {
        studies: 6,
        size: 128,
        other_parts: PhantomHospital::all_parts(),
        ..PhantomHospital::default()
    };
    for study in hospital.iter() {
        let study = study.unwrap();
        let (image, mask) = (study.radiograph(0).unwrap(), study.bone_mask(0).unwrap());
        assert_eq!((mask.width, mask.height), (image.width, image.height));
        assert!(mask.labels.iter().all(|label| usize::from(*label) <= mask.bones.len()));
        let mean = |bone: bool| {
            let values = image.pixels.iter().zip(&mask.labels).filter(|(_, label)| (**label > 0) == bone);
            let (sum, count) = values.fold((0.0, 0.0), |(s, n), (value, _)| (s + f64::from(*value), n + 1.0));
            sum / count
        };
        assert!(mean(true) > 1.3 * mean(false), "study {}", study.index);
    }
}
