use std::fs;
use std::path::{Path, PathBuf};

use xray_core::{Label, Labels};

use super::set::{Given, PublicSet};
use super::table::{Row, Table};
use crate::{Result, Split};

const SPLITS: [Split; 3] = Split::ALL;

impl PublicSet {
    /// MURA 1.1: `train_labeled_studies.csv`, `valid_labeled_studies.csv` (folder, label) in the folder
    /// `MURA-v1.1` or `dir` itself.
    ///
    /// One item is one study; its label is `abnormal`. The official validation set is [`Split::Test`].
    ///
    /// # Errors
    ///
    /// [`Error::File`](crate::Error::File) or [`Error::Row`](crate::Error::Row) if the lists are not there or not what they should be; an image that
    /// is not there is in [`PublicSet::missing`].
    pub fn mura(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let inner = dir.join("MURA-v1.1");
        let folder = if inner.is_dir() { inner } else { dir.to_owned() };
        let mut given = Vec::new();
        for (list, split) in
            [("train_labeled_studies.csv", None), ("valid_labeled_studies.csv", Some(Split::Test))]
        {
            let table = Table::without_names(&folder.join(list), &["folder", "label"])?;
            for row in table.rows(1) {
                let study = row.need("folder", "no folder of a study")?.trim_end_matches('/');
                let study = study.strip_prefix("MURA-v1.1/").unwrap_or(study);
                let label = row.number("label")?.map(|label| Label::Present(label > 0.5));
                let patient = study.split('/').find(|part| part.starts_with("patient"));
                given.push(Given {
                    key: study.replace('/', "_"),
                    patient: patient.unwrap_or(study).to_owned(),
                    images: images_in(&folder.join(study)),
                    labels: labels([("abnormal", label)]),
                    split,
                });
            }
        }
        Ok(Self::new(given, true))
    }

    /// FracAtlas: `train.csv`, `val.csv` and `test.csv` where there are such, else `dataset.csv` (image_id,
    /// fractured); images anywhere below `images`.
    ///
    /// The label is `fracture`. The set does not tell patients.
    ///
    /// # Errors
    ///
    /// As [`PublicSet::mura`].
    pub fn fracatlas(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let folders = [vec![dir.join("images")], folders_in(&dir.join("images"))].concat();
        read_lists(dir, ["train.csv", "val.csv", "test.csv"], Some("dataset.csv"), |row| {
            let name = row.need("image_id", "no image_id")?;
            let fracture = row.number("fractured")?.map(|value| Label::Present(value > 0.5));
            Ok(one_image(name, name, &folders, [("fracture", fracture)]))
        })
    }

    /// OAI, Kellgren-Lawrence grades: `kl_train.csv`, `kl_val.csv`, `kl_test.csv` (ID, RXRKL, LXRKL, file),
    /// images of both knees below `images`.
    ///
    /// The labels are `kl_right` and `kl_left`, grades from 0 to 4; a missing grade is no label.
    ///
    /// # Errors
    ///
    /// As [`PublicSet::mura`].
    pub fn oai_kl(dir: impl AsRef<Path>) -> Result<Self> {
        oai(dir.as_ref(), "kl", &[("RXRKL", "kl_right"), ("LXRKL", "kl_left")])
    }

    /// OAI, alignment of the leg: `hka_train.csv`, `hka_val.csv`, `hka_test.csv` (ID, RHKA, LHKA, Rfemlen,
    /// Lfemlen, Rtiblen, Ltiblen, file), images of both legs below `images`.
    ///
    /// The labels are `hka_right`, `hka_left` in degrees, and `femur_right`, `femur_left`, `tibia_right`,
    /// `tibia_left`, lengths in the unit of the set.
    ///
    /// # Errors
    ///
    /// As [`PublicSet::mura`].
    pub fn oai_alignment(dir: impl AsRef<Path>) -> Result<Self> {
        let columns = [
            ("RHKA", "hka_right"),
            ("LHKA", "hka_left"),
            ("Rfemlen", "femur_right"),
            ("Lfemlen", "femur_left"),
            ("Rtiblen", "tibia_right"),
            ("Ltiblen", "tibia_left"),
        ];
        oai(dir.as_ref(), "hka", &columns)
    }

    /// RSNA bone age: `train.csv` (id, boneage, male) with `boneage-training-dataset`, `Validation Dataset.csv`
    /// (Image ID, male, Bone Age (months)) with `boneage-validation-dataset-1` and `-2`.
    ///
    /// The labels are `bone_age_months` and `male`. The official validation set is [`Split::Test`]. The set
    /// does not tell patients.
    ///
    /// # Errors
    ///
    /// As [`PublicSet::mura`].
    pub fn rsna_bone_age(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let lists = [
            ("train.csv", "id", "boneage", None, vec!["boneage-training-dataset"]),
            (
                "Validation Dataset.csv",
                "Image ID",
                "Bone Age (months)",
                Some(Split::Test),
                vec!["boneage-validation-dataset-1", "boneage-validation-dataset-2"],
            ),
        ];
        let mut given = Vec::new();
        for (list, id, age, split, folders) in lists {
            // Unpacked, each archive is a folder of its own name within another.
            let folders: Vec<_> = folders.iter().flat_map(|f| [dir.join(f), dir.join(f).join(f)]).collect();
            for row in Table::with_names(&dir.join(list))?.rows(2) {
                let name = row.need(id, "no image")?;
                let male = match row.get("male").map(str::to_ascii_lowercase).as_deref() {
                    Some("true" | "1" | "1.0") => Some(Label::Present(true)),
                    Some("false" | "0" | "0.0") => Some(Label::Present(false)),
                    _ => None,
                };
                let months = row.number(age)?.map(Label::Value);
                let item = one_image(name, name, &folders, [("bone_age_months", months), ("male", male)]);
                given.push(Given { split, ..item });
            }
        }
        Ok(Self::new(given, true))
    }

    /// GRAZPEDWRI-DX: `train_dataset.csv`, `val_dataset.csv`, `test_dataset.csv` where there are such, else
    /// `dataset.csv` (filestem, fracture_visible; blank is no); `images/<stem>.png`.
    ///
    /// The label is `fracture`. The number before the first underscore of a stem is the patient.
    ///
    /// # Errors
    ///
    /// As [`PublicSet::mura`].
    pub fn grazpedwri(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let folders = [dir.join("images")];
        let lists = ["train_dataset.csv", "val_dataset.csv", "test_dataset.csv"];
        read_lists(dir, lists, Some("dataset.csv"), |row| {
            let stem = row.need("filestem", "no filestem")?;
            let patient = stem.split('_').next().unwrap_or(stem);
            let fracture = row.number("fracture_visible")?.is_some_and(|value| value > 0.5);
            Ok(one_image(stem, patient, &folders, [("fracture", Some(Label::Present(fracture)))]))
        })
    }
}

fn oai(dir: &Path, task: &str, columns: &[(&str, &'static str)]) -> Result<PublicSet> {
    let folders = [dir.join("images"), dir.to_owned()];
    let lists = SPLITS.map(|split| format!("{task}_{split}.csv"));
    read_lists(dir, lists.each_ref().map(String::as_str), None, |row| {
        let patient = row.need("ID", "no ID")?;
        let file = row.need("file", "no file")?;
        let mut values = Vec::new();
        for (column, label) in columns {
            values.push((*label, row.number(column)?.map(Label::Value)));
        }
        Ok(one_image(file, patient, &folders, values))
    })
}

/// The items of a list for each split; if there is none, of one list of all.
fn read_lists(
    dir: &Path,
    lists: [&str; 3],
    all: Option<&str>,
    item: impl Fn(Row<'_>) -> Result<Given>,
) -> Result<PublicSet> {
    let of_splits = lists.into_iter().zip(SPLITS.map(Some));
    let lists: Vec<(&str, Option<Split>)> = match all {
        Some(all) if !dir.join(lists[0]).exists() => vec![(all, None)],
        _ => of_splits.collect(),
    };
    let mut given = Vec::new();
    for (list, split) in lists {
        for row in Table::with_names(&dir.join(list))?.rows(2) {
            given.push(Given { split, ..item(row)? });
        }
    }
    Ok(PublicSet::new(given, false))
}

/// An item of one image, in the first folder that has it, with or without its extension in the name.
fn one_image(
    name: &str,
    patient: &str,
    folders: &[PathBuf],
    known: impl IntoIterator<Item = (&'static str, Option<Label>)>,
) -> Given {
    let extensions = ["", ".png", ".jpg", ".jpeg"];
    let names = extensions.map(|extension| format!("{name}{extension}"));
    let found = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
    Given {
        key: Path::new(name).with_extension("").to_string_lossy().replace('/', "_"),
        patient: patient.to_owned(),
        images: found.into_iter().find(|path| path.is_file()).into_iter().collect(),
        labels: labels(known),
        split: None,
    }
}

fn labels(known: impl IntoIterator<Item = (&'static str, Option<Label>)>) -> Labels {
    known.into_iter().filter_map(|(name, label)| Some((name.to_owned(), label?))).collect()
}

/// The images of a folder in the order of their names. Names that begin with a dot are not images.
fn images_in(folder: &Path) -> Vec<PathBuf> {
    let is_image = |path: &PathBuf| {
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        !hidden && extension.is_some_and(|e| e == "png" || e == "jpg" || e == "jpeg")
    };
    let mut paths: Vec<PathBuf> = entries(folder).filter(is_image).collect();
    paths.sort_unstable();
    paths
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = entries(folder).filter(|path| path.is_dir()).collect();
    paths.sort_unstable();
    paths
}

/// What is in a folder; nothing if there is none, which then misses its images.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
