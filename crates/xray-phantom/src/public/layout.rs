//! Where a study goes in each set. Names of folders, files and columns are those of the real sets.

use xray_core::{BodyPart, Sex, View};

use super::{Entry, Part, PublicLayout, abnormal};
use crate::Result;
use crate::skeleton::{Limb, Skeleton};
use crate::study::PhantomStudy;

/// The classes of GRAZPEDWRI-DX, in the order of its `meta.yaml`.
const GRAZ: [&str; 9] = [
    "boneanomaly",
    "bonelesion",
    "foreignbody",
    "fracture",
    "metal",
    "periostealreaction",
    "pronatorsign",
    "softtissue",
    "text",
];

/// The tables of a set with their first lines.
pub(super) fn tables(set: PublicLayout) -> Vec<(&'static str, String)> {
    let same =
        |names: &[&'static str], head: &str| names.iter().map(|name| (*name, head.to_owned())).collect();
    match set {
        PublicLayout::Mura => same(
            &[
                "MURA-v1.1/train_labeled_studies.csv",
                "MURA-v1.1/valid_labeled_studies.csv",
                "MURA-v1.1/train_image_paths.csv",
                "MURA-v1.1/valid_image_paths.csv",
            ],
            "",
        ),
        PublicLayout::FracAtlas => {
            let mut tables: Vec<(&'static str, String)> =
                same(&["train.csv", "val.csv", "test.csv"], "image_id,fractured\n");
            let columns = "image_id,hand,leg,hip,shoulder,mixed,hardware,multiscan,fractured,fracture_count,frontal,\
                           lateral,oblique\n";
            tables.push(("dataset.csv", columns.to_owned()));
            tables
        }
        PublicLayout::OaiKl => same(&["kl_train.csv", "kl_val.csv", "kl_test.csv"], "ID,RXRKL,LXRKL,file\n"),
        PublicLayout::OaiAlignment => same(
            &["hka_train.csv", "hka_val.csv", "hka_test.csv"],
            "ID,RHKA,LHKA,Rfemlen,Lfemlen,Rtiblen,Ltiblen,file\n",
        ),
        PublicLayout::RsnaBoneAge => vec![
            ("train.csv", "id,boneage,male\n".to_owned()),
            ("Validation Dataset.csv", "Image ID,male,Bone Age (months)\n".to_owned()),
        ],
        PublicLayout::GrazPedWri => {
            let mut tables: Vec<(&'static str, String)> = same(
                &["train_dataset.csv", "val_dataset.csv", "test_dataset.csv"],
                "filestem,fracture_visible\n",
            );
            let names = GRAZ.map(|name| format!("'{name}'")).join(", ");
            tables.push(("yolov5/meta.yaml", format!("nc: {}\nnames: [{names}]\n", GRAZ.len())));
            tables
        }
    }
}

pub(super) fn entry(set: PublicLayout, study: &PhantomStudy) -> Result<Entry> {
    match set {
        PublicLayout::Mura => Ok(mura(study)),
        PublicLayout::FracAtlas => fracatlas(study),
        PublicLayout::OaiKl => Ok(oai_kl(study)),
        PublicLayout::OaiAlignment => oai_alignment(study),
        PublicLayout::RsnaBoneAge => Ok(rsna(study)),
        PublicLayout::GrazPedWri => graz(study),
    }
}

fn mura(study: &PhantomStudy) -> Entry {
    let split = if Part::of(study.index) == Part::Test { "valid" } else { "train" };
    let part = match study.body_part {
        BodyPart::Finger => "XR_FINGER",
        BodyPart::Hand => "XR_HAND",
        BodyPart::Forearm => "XR_FOREARM",
        BodyPart::Elbow => "XR_ELBOW",
        BodyPart::Humerus => "XR_HUMERUS",
        BodyPart::Shoulder => "XR_SHOULDER",
        _ => "XR_WRIST",
    };
    let positive = abnormal(study);
    let word = if positive { "positive" } else { "negative" };
    // The study's number is unique in the archive and so under each patient.
    let folder =
        format!("MURA-v1.1/{split}/{part}/patient{}/study{}_{word}/", number(study), study.index + 1);
    let images: Vec<(String, usize)> =
        (0..study.views.len()).map(|n| (format!("{folder}image{}.png", n + 1), n)).collect();
    let mut lines =
        vec![(format!("MURA-v1.1/{split}_labeled_studies.csv"), format!("{folder},{}", u8::from(positive)))];
    let paths = images.iter().map(|(path, _)| (format!("MURA-v1.1/{split}_image_paths.csv"), path.clone()));
    lines.extend(paths);
    Entry { images, lines, ..Entry::default() }
}

fn fracatlas(study: &PhantomStudy) -> Result<Entry> {
    let mut entry = Entry::default();
    let fractured = study.fracture.is_some();
    let folder = if fractured { "Fractured" } else { "Non_fractured" };
    let flag = u8::from;
    for (number, view) in study.views.iter().enumerate() {
        let stem = format!("IMG{:07}", 4 * study.index + number);
        entry.images.push((format!("images/{folder}/{stem}.jpg"), number));
        entry.lines.push((
            format!("{}.csv", Part::of(study.index).name()),
            format!("{stem}.jpg,{}", flag(fractured)),
        ));
        let is = |parts: &[BodyPart]| flag(parts.contains(&study.body_part));
        entry.lines.push((
            "dataset.csv".to_owned(),
            format!(
                "{stem}.jpg,{},{},{},{},0,{},0,{},{},{},{},{}",
                is(&[BodyPart::Hand, BodyPart::Wrist]),
                is(&[BodyPart::LowerLeg, BodyPart::Ankle]),
                is(&[BodyPart::Hip]),
                is(&[BodyPart::Shoulder]),
                flag(study.findings.osteosynthesis.is_some()),
                flag(fractured),
                flag(fractured),
                flag(matches!(view, View::Ap | View::Pa)),
                flag(*view == View::Lateral),
                flag(*view == View::Oblique),
            ),
        ));
        let boxes = study.boxes(number)?;
        let lines: Vec<String> = boxes.iter().filter(|b| b.name == "fracture").map(|b| b.yolo(0)).collect();
        entry.files.push((format!("Annotations/YOLO/{stem}.txt"), lines.concat()));
    }
    Ok(entry)
}

/// The patient's number and the name of the image.
fn oai_names(study: &PhantomStudy) -> (String, String) {
    let number = number(study);
    (format!("9{number}"), format!("9{number}_{:07}.png", study.index))
}

/// The digits of the patient's number.
fn number(study: &PhantomStudy) -> &str {
    study.patient.as_str().trim_start_matches("SIM")
}

fn oai_kl(study: &PhantomStudy) -> Entry {
    let (id, file) = oai_names(study);
    let grades = study.knees.map(|knees| knees.map(|knee| knee.grade)).unwrap_or_default();
    let line = format!("{id},{},{},{file}", grades[0], grades[1]);
    Entry {
        images: vec![(format!("images/{file}"), 0)],
        lines: vec![(format!("kl_{}.csv", Part::of(study.index).name()), line)],
        ..Entry::default()
    }
}

fn oai_alignment(study: &PhantomStudy) -> Result<Entry> {
    let (id, file) = oai_names(study);
    let axes = study.knees.map(|knees| knees.map(|knee| knee.hka_deg)).unwrap_or_default();
    // Both legs of a patient are as long.
    let [thigh, shin] = crate::knee::landmarks(Skeleton::of(Limb::Leg)?)
        .map(|[x, y]| (x * x + y * y).sqrt() * study.size_of_patient());
    let line = format!("{id},{:.1},{:.1},{thigh:.1},{thigh:.1},{shin:.1},{shin:.1},{file}", axes[0], axes[1]);
    Ok(Entry {
        images: vec![(format!("images/{file}"), 0)],
        lines: vec![(format!("hka_{}.csv", Part::of(study.index).name()), line)],
        ..Entry::default()
    })
}

fn rsna(study: &PhantomStudy) -> Entry {
    let id = 1000 + study.index;
    let male = if study.person.sex == Sex::M { "True" } else { "False" };
    let age = study.age_months();
    let (folder, table, line) = match Part::of(study.index) {
        Part::Test => {
            let half = 1 + study.index % 2;
            (
                format!("boneage-validation-dataset-{half}"),
                "Validation Dataset.csv",
                format!("{id},{male},{age}"),
            )
        }
        _ => ("boneage-training-dataset".to_owned(), "train.csv", format!("{id},{age},{male}")),
    };
    Entry {
        images: vec![(format!("{folder}/{id}.png"), 0)],
        lines: vec![(table.to_owned(), line)],
        ..Entry::default()
    }
}

fn graz(study: &PhantomStudy) -> Result<Entry> {
    let mut entry = Entry::default();
    for number in 0..study.views.len() {
        let stem = format!("{}_{:010}_{:02}", self::number(study), study.index, number + 1);
        let boxes = study.boxes(number)?;
        let lines: Vec<String> = boxes
            .iter()
            .filter_map(|found| {
                let class = match found.name {
                    "fracture" => "fracture",
                    "osteosynthesis" => "metal",
                    "lytic_lesion" | "sclerotic_lesion" => "bonelesion",
                    "foreign_body" => "foreignbody",
                    _ => return None,
                };
                GRAZ.iter().position(|name| *name == class).map(|class| found.yolo(class))
            })
            .collect();
        entry.images.push((format!("images/{stem}.png"), number));
        entry.files.push((format!("yolov5/labels/{stem}.txt"), lines.concat()));
        // The real table leaves the cell blank where there is none.
        let visible = if study.fracture.is_some() { "1" } else { "" };
        entry
            .lines
            .push((format!("{}_dataset.csv", Part::of(study.index).name()), format!("{stem},{visible}")));
    }
    Ok(entry)
}
