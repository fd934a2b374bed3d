//! The phantom's copies of the public layouts are read whole, with the labels that the studies have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use xray_core::{Dataset, Label};
use xray_dataset::{PublicItem, PublicSet, Result, Split};
use xray_phantom::{PhantomHospital, PhantomStudy, PublicLayout};

/// Patients stand in blocks of twelve: the first is to train, the second for validation, the third the test.
const STUDIES: usize = 36;
const BLOCK: usize = 12;

/// Writes a layout, reads it, and holds every item against its study. `studies_of` says which study an item is
/// of, `labels` which labels it must have; an item is one image, or a whole study where `whole`.
fn check(
    layout: PublicLayout,
    read: impl Fn(&Path) -> Result<PublicSet>,
    index_of: impl Fn(&PublicItem) -> usize,
    labels: impl Fn(&PhantomStudy) -> Vec<(&'static str, Label)>,
) -> PublicSet {
    let folder = tempfile::tempdir().unwrap();
    let hospital = PhantomHospital { studies: STUDIES, seed: 5, size: 64, ..PhantomHospital::default() };
    hospital.write_public(layout, folder.path(), &|_| ()).unwrap();
    let set = read(folder.path()).unwrap();
    assert_eq!(set.missing(), [""; 0], "{layout:?}");
    let studies: Vec<PhantomStudy> = layout.hospital(&hospital).iter().map(|study| study.unwrap()).collect();
    let mut images_of = BTreeMap::<usize, usize>::new();
    let mut keys = BTreeSet::new();
    for (place, item) in set.items().iter().enumerate() {
        let index = index_of(item);
        let study = &studies[index];
        let expected = labels(study).into_iter().map(|(name, label)| (name.to_owned(), label)).collect();
        assert_eq!(item.labels, expected, "{layout:?}: {}", item.key);
        assert!(keys.insert(&item.key), "{layout:?}: {} twice", item.key);
        let sample = set.get(place).unwrap();
        assert_eq!(sample.images.len(), item.images.len());
        for image in &sample.images {
            let number = *images_of.entry(index).and_modify(|number| *number += 1).or_insert(1) - 1;
            let truth = study.radiograph(number).unwrap();
            assert_eq!((image.height(), image.width()), (truth.height, truth.width), "{}", item.key);
            let most = f32::from(truth.device.greatest());
            let mean =
                |values: &mut dyn Iterator<Item = f32>| values.sum::<f32>() / truth.pixels.len() as f32;
            let expected = mean(&mut truth.pixels.iter().map(|value| f32::from(*value) / most));
            assert!((mean(&mut image.data().iter().copied()) - expected).abs() < 0.01, "{}", item.key);
        }
    }
    let images: BTreeMap<usize, usize> = match layout {
        // The set has one image of a hand, and knows nothing of a second.
        PublicLayout::RsnaBoneAge => (0..STUDIES).map(|index| (index, 1)).collect(),
        _ => studies.iter().map(|study| (study.index, study.views.len())).collect(),
    };
    assert_eq!(images_of, images, "{layout:?}");
    let mut splits = BTreeMap::<&str, BTreeSet<Split>>::new();
    for item in set.items() {
        splits.entry(&item.patient).or_default().insert(item.split);
    }
    assert!(splits.values().all(|splits| splits.len() == 1), "{layout:?}");
    set
}

/// Whether the items are in the splits of the lists that they were read from.
fn splits_are_those_of_the_lists(set: &PublicSet, index_of: impl Fn(&PublicItem) -> usize) {
    for item in set.items() {
        assert_eq!(
            item.split,
            [Split::Train, Split::Val, Split::Test][index_of(item) / BLOCK],
            "{}",
            item.key
        );
    }
}

fn only_the_official_test_is_tested(set: &PublicSet, index_of: impl Fn(&PublicItem) -> usize) {
    for item in set.items() {
        assert_eq!(item.split == Split::Test, index_of(item) / BLOCK == 2, "{}", item.key);
    }
}

/// The number at the end of a key's part.
fn number(item: &PublicItem, part: usize) -> usize {
    item.key.split('_').nth(part).unwrap().trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

fn fracture(study: &PhantomStudy) -> Vec<(&'static str, Label)> {
    vec![("fracture", study.labels["fracture"].clone())]
}

/// Labels of a study, some under another name.
fn named(study: &PhantomStudy, names: &[(&'static str, &'static str)]) -> Vec<(&'static str, Label)> {
    names.iter().map(|(name, of_study)| (*name, study.labels[*of_study].clone())).collect()
}

#[test]
fn mura() {
    // patient.., train or valid, XR, part, patient.., study<index + 1>, positive or negative.
    let index_of = |item: &PublicItem| {
        let study = item.key.split('_').find_map(|part| part.strip_prefix("study")).unwrap();
        study.parse::<usize>().unwrap() - 1
    };
    let set = check(
        PublicLayout::Mura,
        |dir| PublicSet::mura(dir),
        index_of,
        |study| {
            let mut findings = study.findings.clone();
            findings.ring = None;
            vec![("abnormal", Label::Present(study.fracture.is_some() || !findings.is_empty()))]
        },
    );
    assert_eq!(set.len(), STUDIES);
    only_the_official_test_is_tested(&set, index_of);
}

#[test]
fn fracatlas() {
    let index_of = |item: &PublicItem| {
        let name = item.images[0].file_stem().unwrap().to_str().unwrap();
        name.trim_start_matches("IMG").parse::<usize>().unwrap() / 4
    };
    let set = check(PublicLayout::FracAtlas, |dir| PublicSet::fracatlas(dir), index_of, fracture);
    splits_are_those_of_the_lists(&set, index_of);
}

#[test]
fn oai_grades() {
    let index_of = |item: &PublicItem| number(item, 1);
    let set = check(
        PublicLayout::OaiKl,
        |dir| PublicSet::oai_kl(dir),
        index_of,
        |study| named(study, &[("kl_right", "kl_right"), ("kl_left", "kl_left")]),
    );
    splits_are_those_of_the_lists(&set, index_of);
}

#[test]
fn oai_axes() {
    let index_of = |item: &PublicItem| number(item, 1);
    let folder = tempfile::tempdir().unwrap();
    let hospital = PhantomHospital { studies: STUDIES, seed: 5, size: 64, ..PhantomHospital::default() };
    hospital.write_public(PublicLayout::OaiAlignment, folder.path(), &|_| ()).unwrap();
    let set = PublicSet::oai_alignment(folder.path()).unwrap();
    assert_eq!((set.len(), set.missing().len()), (STUDIES, 0));
    for item in set.items() {
        let study = PublicLayout::OaiAlignment.hospital(&hospital).study(index_of(item)).unwrap();
        for side in ["hka_right", "hka_left"] {
            assert_eq!(item.labels[side], study.labels[side], "{}", item.key);
        }
        for bone in ["femur", "tibia"] {
            let sides = ["right", "left"].map(|side| item.labels[&format!("{bone}_{side}")].clone());
            let Label::Value(millimetres) = sides[0] else { panic!("{sides:?}") };
            assert!(sides[0] == sides[1] && (250.0..550.0).contains(&millimetres), "{bone}: {millimetres}");
        }
    }
    splits_are_those_of_the_lists(&set, index_of);
}

#[test]
fn rsna_bone_age() {
    let index_of = |item: &PublicItem| number(item, 0) - 1000;
    let set = check(
        PublicLayout::RsnaBoneAge,
        |dir| PublicSet::rsna_bone_age(dir),
        index_of,
        |study| {
            let male = Label::Present(study.labels["sex"] == Label::Class("M".into()));
            vec![("bone_age_months", study.labels["age_months"].clone()), ("male", male)]
        },
    );
    only_the_official_test_is_tested(&set, index_of);
}

#[test]
fn grazpedwri() {
    let index_of = |item: &PublicItem| number(item, 1);
    let set = check(PublicLayout::GrazPedWri, |dir| PublicSet::grazpedwri(dir), index_of, fracture);
    splits_are_those_of_the_lists(&set, index_of);
}
