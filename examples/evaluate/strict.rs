use anyhow::{Context, ensure};
use osteon::Studies;
use osteon::downstream_heads::{Cases, Error, Features, LinearProbe, Result, RidgeProbe, label_fraction};
use osteon::eval_metrics::Bootstrap;
use osteon::xray_core::{Label, PatientId, patient_of};

use crate::outcome::{Outcome, Truth};
use crate::tasks::{Answer, Splits, TaskEntry};

/// The cases of a task as one encoder sees them, and what is true of those that are tested.
pub(crate) struct Prepared {
    /// One an output.
    outputs: Vec<Output>,
    pub(crate) truth: Truth,
    pub(crate) answer: Answer,
    /// The studies of the test split that were measured; of several outputs those of the first.
    pub(crate) rows: Vec<usize>,
}

struct Output {
    train: Cases<f64>,
    test: Features,
}

/// A probe on a part of the labels.
pub(crate) struct Fitted {
    pub(crate) train_cases: usize,
    pub(crate) predicted: Vec<f64>,
}

impl Prepared {
    pub(crate) fn new(task: &TaskEntry, answer: &Answer, splits: &Splits) -> anyhow::Result<Self> {
        if let Answer::Classes(names) = answer {
            ensure!(names.len() > 1, "the training split has no two classes");
        }
        let mut outputs = Vec::new();
        let (mut truth, mut patients, mut tested, mut features) = (vec![], vec![], vec![], vec![]);
        for label in task.outputs() {
            let (train, _) = cases(task, answer, &label, &splits.train)?;
            let (test, rows) = cases(task, answer, &label, &splits.test)?;
            truth.extend_from_slice(test.labels());
            patients.extend_from_slice(test.patients());
            features.extend_from_slice(test.features().values());
            if outputs.is_empty() {
                tested = rows;
            }
            outputs.push(Output { train, test: test.features().clone() });
        }
        let embed_dim = outputs.first().context("there is nothing to learn")?.test.embed_dim();
        let whole = |truth: &[f64]| truth.iter().map(|value| *value as usize).collect::<Vec<_>>();
        let truth = match answer {
            Answer::Classes(names) => {
                let features = Features::new(features, embed_dim)?;
                Truth::Classes(Cases::new(features, whole(&truth), patients)?, names.len())
            }
            Answer::Grades(count) => Truth::Grades { grades: whole(&truth), patients, count: *count },
            Answer::Measurement(_) => {
                Truth::Measurement(Cases::new(Features::new(features, embed_dim)?, truth, patients)?)
            }
        };
        Ok(Self { outputs, truth, answer: answer.clone(), rows: tested })
    }

    pub(crate) fn train_cases(&self) -> usize {
        self.outputs.iter().map(|output| output.train.labels().len()).sum()
    }

    /// Fits a probe for each output on the part of the labels that `seed` draws, by patient.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyClass`] and [`Error::TooFewPatients`] where the part is too small for it.
    pub(crate) fn fit(&self, fraction: f64, seed: u64) -> Result<Fitted> {
        let mut fitted = Fitted { train_cases: 0, predicted: Vec::new() };
        for Output { train, test } in &self.outputs {
            let labels: Vec<usize> = match &self.answer {
                Answer::Classes(_) => train.labels().iter().map(|value| *value as usize).collect(),
                Answer::Grades(_) | Answer::Measurement(_) => vec![0; train.labels().len()],
            };
            let part = label_fraction(&labels, train.patients(), fraction, seed)?;
            fitted.train_cases += part.len();
            let train = train.select(&part);
            fitted.predicted.extend(match &self.answer {
                Answer::Classes(names) => {
                    let labels = part.iter().map(|case| labels[*case]).collect();
                    let train = Cases::new(train.features().clone(), labels, train.patients().to_vec())?;
                    let probe = LinearProbe { classes: names.len(), seed, ..LinearProbe::default() };
                    probe.fit(&train)?.probabilities(test)?
                }
                Answer::Grades(_) | Answer::Measurement(_) => {
                    RidgeProbe { seed, ..RidgeProbe::default() }.fit(&train)?.predict(test)?
                }
            });
        }
        Ok(fitted)
    }

    /// The same, measured; where the part is too small, the reason.
    pub(crate) fn measure(
        &self,
        fraction: f64,
        seed: u64,
        bootstrap: &Bootstrap,
    ) -> Result<std::result::Result<(usize, Outcome), String>> {
        let measured = self.fit(fraction, seed).and_then(|Fitted { train_cases, predicted }| {
            Ok((train_cases, self.truth.measure(predicted, bootstrap)?))
        });
        match measured {
            Ok(measured) => Ok(Ok(measured)),
            Err(error @ (Error::EmptyClass { .. } | Error::TooFewPatients { .. })) => {
                Ok(Err(error.to_string()))
            }
            // The test cases are of one class, or every target is the same.
            Err(Error::Metric { source }) if source.is_undefined() => Ok(Err(source.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// The studies that have a label (and the number beside the features where there is one), and which they are.
pub(crate) fn cases(
    task: &TaskEntry,
    answer: &Answer,
    label: &str,
    studies: &Studies,
) -> anyhow::Result<(Cases<f64>, Vec<usize>)> {
    let (mut rows, mut values, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for (row, labels) in studies.labels.iter().enumerate() {
        if let Some((value, column)) = value(answer, labels.get(label)).zip(task.column(labels)) {
            rows.push(row);
            values.push(value);
            columns.push(column);
        }
    }
    ensure!(!rows.is_empty(), "none of {} studies has the label {label:?}", studies.keys.len());
    let patients = rows.iter().map(|row| PatientId::new(patient_of(&studies.keys[*row]))).collect();
    let mut features = studies.features.select(&rows);
    if task.has_column() {
        features = features.with_column(&columns)?;
    }
    Ok((Cases::new(features, values, patients)?, rows))
}

/// A label as a number: the class's place, the grade, the measurement.
pub(crate) fn value(answer: &Answer, label: Option<&Label>) -> Option<f64> {
    let label = label?;
    match answer {
        Answer::Classes(names) => {
            let name = match label {
                Label::Present(true) => "present",
                Label::Present(false) => "absent",
                Label::Class(name) => name,
                Label::Value(_) => return None,
            };
            names.iter().position(|known| known == name).map(|place| place as f64)
        }
        Answer::Grades(count) => label.value().filter(|grade| *grade >= 0.0 && *grade < *count as f64),
        Answer::Measurement(_) => label.value(),
    }
}
