//! Public sets are read as they are laid out, and no patient is in two splits.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use image::{GrayImage, Luma};
use xray_core::{Dataset, Label};
use xray_dataset::{Error, PublicSet, Split, StudyDataset, Views};

fn picture(path: &Path, grey: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(8, 8, Luma([grey])).save(path).unwrap();
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn splits_of_patients(set: &PublicSet) -> BTreeMap<&str, BTreeSet<Split>> {
    let mut splits = BTreeMap::<&str, BTreeSet<Split>>::new();
    for item in set.items() {
        splits.entry(&item.patient).or_default().insert(item.split);
    }
    splits
}

#[test]
fn mura_is_read_by_study_and_its_validation_set_is_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("MURA-v1.1");
    let (mut train, mut valid) = (String::new(), String::new());
    for patient in 0..30 {
        // Patient 29 is in both lists.
        for (part, chosen) in [("train", patient < 20 || patient == 29), ("valid", patient >= 20)] {
            if !chosen {
                continue;
            }
            let study = format!(
                "{part}/XR_WRIST/patient{patient:05}/study1_{}",
                ["negative", "positive"][patient % 2]
            );
            (1..=3).for_each(|n| picture(&root.join(&study).join(format!("image{n}.png")), 10 * n));
            picture(&root.join(&study).join("._image1.png"), 0);
            let list = if part == "train" { &mut train } else { &mut valid };
            *list += &format!("MURA-v1.1/{study}/,{}\n", patient % 2);
        }
    }
    train += "MURA-v1.1/train/XR_HAND/patient00099/study1_negative/,0\n";
    put(&root.join("train_labeled_studies.csv"), &train);
    put(&root.join("valid_labeled_studies.csv"), &valid);
    let set = PublicSet::mura(folder.path()).unwrap();
    assert_eq!(set.items().len(), 30);
    assert_eq!(set.missing(), ["train_XR_HAND_patient00099_study1_negative"]);
    assert!(splits_of_patients(&set).values().all(|splits| splits.len() == 1));
    let test = set.split(Split::Test);
    assert_eq!(test.len(), 10);
    let sample = test.get(1).unwrap();
    assert_eq!((sample.images.len(), &sample.labels["abnormal"]), (3, &Label::Present(true)));
    assert_eq!(test.get_views(1, Views::ONE, 4).unwrap().images.len(), 1);
}

#[test]
fn images_of_one_patient_are_brought_together_and_the_splits_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut lists = [(); 3].map(|()| String::from("filestem,fracture_visible\n"));
    for patient in 0..60 {
        for image in 0..2 {
            let stem = format!("{patient:04}_0297860{image}_01_WRI-L1_M010");
            picture(&folder.path().join(format!("images/{stem}.png")), 40);
            lists[(patient + image) % 3] +=
                &format!("{stem},{}\n", if patient % 4 == 0 { "1.0" } else { "" });
        }
    }
    for (name, list) in ["train", "val", "test"].iter().zip(&lists) {
        put(&folder.path().join(format!("{name}_dataset.csv")), list);
    }
    let set = PublicSet::grazpedwri(folder.path()).unwrap();
    assert_eq!((set.len(), set.missing().len()), (120, 0));
    let splits = splits_of_patients(&set);
    assert!(splits.len() == 60 && splits.values().all(|splits| splits.len() == 1));
    assert!(Split::ALL.iter().all(|split| !set.split(*split).is_empty()));
    let fractured = set.items().iter().filter(|item| item.labels["fracture"] == Label::Present(true));
    assert_eq!(fractured.count(), 30);
    let written = folder.path().join("splits.csv");
    set.write_splits(&written).unwrap();
    assert_eq!(fs::read_to_string(&written).unwrap().lines().count(), 121);
    // The same on every machine.
    let again = PublicSet::grazpedwri(folder.path()).unwrap();
    assert_eq!(again.items(), set.items());
}

#[test]
fn splits_that_share_nobody_stay_and_missing_grades_are_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    for (name, rows) in
        [("train", "1,0,3,a.png\n2,4,,b.png\n"), ("val", "3,1,1,c.png\n"), ("test", "4,2,2,d.png\n")]
    {
        put(&folder.path().join(format!("kl_{name}.csv")), &format!("ID,RXRKL,LXRKL,file\n{rows}"));
    }
    put(
        &folder.path().join("hka_train.csv"),
        "ID,RHKA,LHKA,Rfemlen,Lfemlen,Rtiblen,Ltiblen,file\n1,-1.5,2,440,441,360,361,\"a.png\"\n",
    );
    put(&folder.path().join("hka_val.csv"), "ID,file\n");
    put(&folder.path().join("hka_test.csv"), "ID,RHKA,file\n2,none,b.png\n");
    ["a", "b", "c", "d"]
        .iter()
        .for_each(|name| picture(&folder.path().join(format!("images/{name}.png")), 90));
    let set = PublicSet::oai_kl(folder.path()).unwrap();
    let splits: Vec<Split> = set.items().iter().map(|item| item.split).collect();
    assert_eq!(splits, [Split::Train, Split::Train, Split::Val, Split::Test]);
    assert_eq!(set.items()[0].labels["kl_left"], Label::Value(3.0));
    assert!(!set.items()[1].labels.contains_key("kl_left"));
    // A value that is no number is named with its line.
    let error = PublicSet::oai_alignment(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::Row { line: 2, .. }) && error.to_string().contains("hka_test"),
        "{error}"
    );
    put(&folder.path().join("hka_test.csv"), "ID,RHKA,file\n2,1.25,b.png\n");
    let set = PublicSet::oai_alignment(folder.path()).unwrap();
    assert_eq!(set.items()[0].labels["hka_right"], Label::Value(-1.5));
    assert_eq!(set.items()[0].labels["tibia_left"], Label::Value(361.0));
}

#[test]
fn fracatlas_and_bone_age_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (frac, age) = (folder.path().join("FracAtlas"), folder.path().join("rsna"));
    put(&frac.join("dataset.csv"), "image_id,hand,fractured\nIMG1.jpg,1,1\nIMG2.jpg,0,0\n");
    picture(&frac.join("images/Fractured/IMG1.jpg"), 50);
    picture(&frac.join("images/Non_fractured/IMG2.jpg"), 60);
    let set = PublicSet::fracatlas(&frac).unwrap();
    let fractures: Vec<_> = set.items().iter().map(|item| item.labels["fracture"].present()).collect();
    assert_eq!(fractures, [Some(true), Some(false)]);
    put(&age.join("train.csv"), "id,boneage,male\n1377,180,False\n1378,12,True\n");
    put(&age.join("Validation Dataset.csv"), "Image ID,male,Bone Age (months)\n1386,TRUE,30.126\n");
    picture(&age.join("boneage-training-dataset/boneage-training-dataset/1377.png"), 50);
    picture(&age.join("boneage-training-dataset/1378.png"), 50);
    picture(&age.join("boneage-validation-dataset-2/boneage-validation-dataset-2/1386.png"), 50);
    let set = PublicSet::rsna_bone_age(&age).unwrap();
    assert_eq!((set.len(), set.split(Split::Test).len()), (3, 1));
    assert_eq!(set.items()[2].labels["bone_age_months"], Label::Value(30.126));
    assert_eq!(set.items()[0].labels["male"], Label::Present(false));
    assert!(matches!(PublicSet::mura(&age), Err(Error::File { .. })));
}
