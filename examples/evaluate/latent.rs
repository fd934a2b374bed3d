use std::collections::BTreeMap;

use osteon::Studies;
use osteon::downstream_heads::{Cases, Discriminants, Features, NearestNeighbors, tsne};
use osteon::xray_core::{PatientId, patient_of};
use osteon::xray_dataset::Split;
use serde::Serialize;

use crate::picture;
use crate::strict::value;
use crate::tasks::{Answer, Splits, TaskEntry};

/// Points of a plane, each with the name of its group.
pub(crate) type Plane = Vec<(String, [f64; 2])>;

/// Test studies that are shown, at most: more would hide each other.
const SHOWN: usize = 600;
/// Queries of the gallery, and what is found for each.
const QUERIES: usize = 4;
const FOUND: usize = 5;
/// Rows and columns of a thumbnail.
const SIDE: usize = 88;

/// What the features say without a fitted head.
#[derive(Debug, Serialize)]
pub(crate) struct Latent {
    /// The share of test studies whose label is that of most of their nearest training studies, and the share of the
    /// most frequent label.
    pub(crate) neighbour_accuracy: Option<[f64; 2]>,
    #[serde(skip)]
    pub(crate) planes: Vec<(String, Plane)>,
    #[serde(skip)]
    pub(crate) gallery: Vec<Row>,
}

/// A test study and the training studies that are nearest to it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) query: Shown,
    pub(crate) found: Vec<Shown>,
}

/// A picture as a data URI, and its label.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) picture: String,
    pub(crate) label: String,
}

impl Latent {
    pub(crate) fn of(task: &TaskEntry, answer: &Answer, splits: &Splits) -> anyhow::Result<Option<Self>> {
        let Some(label) = task.outputs().first().cloned() else { return Ok(None) };
        let train = groups(answer, &label, &splits.train);
        let test = groups(answer, &label, &splits.test);
        let names: Vec<String> =
            train.iter().flatten().cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let cases = |studies: &Studies, groups: &[Option<String>]| -> anyhow::Result<Option<Cases>> {
            let place = |group: &Option<String>| names.iter().position(|name| Some(name) == group.as_ref());
            let found = groups.iter().enumerate().filter_map(|(row, group)| Some((row, place(group)?)));
            let (rows, labels): (Vec<usize>, Vec<usize>) = found.unzip();
            if rows.is_empty() {
                return Ok(None);
            }
            let patients = rows.iter().map(|row| PatientId::new(patient_of(&studies.keys[*row]))).collect();
            Ok(Some(Cases::new(studies.features.select(&rows), labels, patients)?))
        };
        let mut found = Self { neighbour_accuracy: None, planes: Vec::new(), gallery: Vec::new() };
        if let Some((train, test)) = cases(&splits.train, &train)?.zip(cases(&splits.test, &test)?) {
            let k = 20.min(train.labels().len());
            let right = NearestNeighbors { k }.accuracy(&train, &test, names.len())?;
            let mut counts = vec![0usize; names.len()];
            test.labels().iter().for_each(|label| counts[*label] += 1);
            let most = counts.into_iter().max().unwrap_or(0) as f64 / test.labels().len() as f64;
            found.neighbour_accuracy = Some([right, most]);
            if names.len() > 1 {
                let plane = Discriminants::fit(&train, names.len())?.project(test.features())?;
                let named = test.labels().iter().map(|label| names[*label].clone()).zip(plane);
                found.planes.push(("Discriminants by label, test".to_owned(), named.take(SHOWN).collect()));
            }
        }
        let shown: Vec<usize> = (0..splits.test.keys.len().min(SHOWN)).collect();
        let perplexity = 20.0_f64.min((shown.len() as f64 - 1.0) / 3.0);
        if perplexity >= 2.0 {
            let plane = tsne(&splits.test.features.select(&shown), perplexity, 1)?;
            let by = |names: Vec<Option<String>>| -> Plane {
                let named = names.into_iter().map(|name| name.unwrap_or_else(|| "not known".to_owned()));
                named.zip(plane.iter().copied()).collect()
            };
            found.planes.push(("t-SNE by label, test".to_owned(), by(test[..shown.len()].to_vec())));
            let regions: Vec<Option<String>> = shown.iter().map(|row| region(&splits.test, *row)).collect();
            if regions.iter().flatten().collect::<std::collections::BTreeSet<_>>().len() > 1 {
                found.planes.push(("t-SNE by region, test".to_owned(), by(regions)));
            }
        }
        found.gallery = gallery(task, splits, &train, &test)?;
        Ok(Some(found))
    }
}

/// The label of each study as a word: the class, the grade, or a third of the measurements.
fn groups(answer: &Answer, label: &str, studies: &Studies) -> Vec<Option<String>> {
    let values: Vec<Option<f64>> =
        studies.labels.iter().map(|labels| value(answer, labels.get(label))).collect();
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let third = |part: usize| sorted.get(part * sorted.len() / 3).copied().unwrap_or(0.0);
    let edges = [third(1), third(2)];
    let name = |value: f64| match answer {
        Answer::Classes(names) => names[value as usize].clone(),
        Answer::Grades(_) => format!("grade {value}"),
        Answer::Measurement(_) => {
            let part = edges.iter().filter(|edge| value >= **edge).count();
            ["lower third", "middle third", "upper third"][part].to_owned()
        }
    };
    values.into_iter().map(|value| value.map(name)).collect()
}

/// The part of the body: what the set says, or what MURA's folders are called.
fn region(studies: &Studies, row: usize) -> Option<String> {
    let groups = studies.groups(&[row]);
    let said = groups.iter().find(|(name, _)| *name == "body part").and_then(|(_, groups)| groups[0]);
    let of_folder = || {
        let (_, after) = studies.keys[row].split_once("XR_")?;
        Some(after.split('_').next()?.to_lowercase())
    };
    said.map(str::to_owned).or_else(of_folder)
}

/// For some test studies of different labels, the nearest training studies.
fn gallery(
    task: &TaskEntry,
    splits: &Splits,
    train: &[Option<String>],
    test: &[Option<String>],
) -> anyhow::Result<Vec<Row>> {
    let mut of_label: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, label) in test.iter().enumerate() {
        if let Some(label) = label {
            of_label.entry(label).or_default().push(row);
        }
    }
    // One of each label, then another of each.
    let turns =
        (0..QUERIES).flat_map(|turn| of_label.values().filter_map(move |rows| rows.get(turn).copied()));
    let queries: Vec<usize> = turns.take(QUERIES).collect();
    let (known, asked) = (splits.train.features.unit_rows(), splits.test.features.unit_rows());
    let show = |split, row: usize, label: &Option<String>| -> anyhow::Result<Shown> {
        let picture = picture::thumbnail(&task.first_image(split, row)?, SIDE)?;
        Ok(Shown { picture, label: label.clone().unwrap_or_else(|| "not known".to_owned()) })
    };
    let mut rows = Vec::new();
    for query in queries {
        let near = nearest(&asked, query, &known);
        let found =
            near.iter().map(|row| show(Split::Train, *row, &train[*row])).collect::<anyhow::Result<_>>()?;
        rows.push(Row { query: show(Split::Test, query, &test[query])?, found });
    }
    Ok(rows)
}

fn nearest(asked: &Features, query: usize, known: &Features) -> Vec<usize> {
    let Some(row) = asked.rows().nth(query) else { return Vec::new() };
    let similarity = |other: &[f32]| row.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    let mut order: Vec<(f32, usize)> = known.rows().map(similarity).zip(0..).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    order.into_iter().take(FOUND).map(|(_, row)| row).collect()
}
