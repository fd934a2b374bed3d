use crate::lbfgs::{add, dot, minimize};
use crate::{Cases, Error, Features, Result};

/// Logistic regression on standardised features, with L2 on the weights and none on the intercept: the
/// objective of scikit-learn's `make_pipeline(StandardScaler(), LogisticRegression(C=c))`.
///
/// # Shapes
///
/// - weights: `[outputs, embed_dim]`; two classes have one output, more have one each
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LogisticRegression {
    classes: usize,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    weights: Vec<f64>,
    intercept: Vec<f64>,
}

impl LogisticRegression {
    /// Fits the cases. A small `c` keeps the weights small.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownClass`]; [`Error::Config`] if there are fewer than two classes or `c` is not
    /// positive.
    pub fn fit(cases: &Cases, classes: usize, c: f64) -> Result<Self> {
        Problem::new(cases, classes)?.fit(c, None)
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What each feature as it is adds to the logits, and what they are where every feature is 0: a linear layer.
    ///
    /// # Shapes
    ///
    /// - results: weights `[outputs, embed_dim]`, row-major, and intercepts `[outputs]`; two classes have one output
    pub fn linear(&self) -> (Vec<f64>, Vec<f64>) {
        let embed_dim = self.mean.len();
        let (mut weights, mut intercepts) = (Vec::with_capacity(self.weights.len()), Vec::new());
        for (row, intercept) in self.weights.chunks_exact(embed_dim).zip(&self.intercept) {
            let raw: Vec<f64> = row.iter().zip(&self.deviation).map(|(w, deviation)| w / deviation).collect();
            intercepts.push(intercept - dot(&raw, &self.mean));
            weights.extend(raw);
        }
        (weights, intercepts)
    }

    /// The probability of each class.
    ///
    /// # Shapes
    ///
    /// - result: `[cases, classes]`, row-major
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the features have another length than those fitted.
    pub fn probabilities(&self, features: &Features) -> Result<Vec<f64>> {
        let embed_dim = self.mean.len();
        Error::length("features of a case", features.embed_dim(), embed_dim)?;
        let mut probabilities = Vec::with_capacity(features.cases() * self.classes);
        for row in features.rows() {
            let row = standardized(row, &self.mean, &self.deviation);
            let weights = self.weights.chunks_exact(embed_dim).zip(&self.intercept);
            let mut logits: Vec<f64> = weights.map(|(weights, bias)| dot(weights, &row) + bias).collect();
            if self.classes == 2 {
                logits.insert(0, 0.0);
            }
            softmax(&mut logits);
            probabilities.extend(logits);
        }
        Ok(probabilities)
    }
}

/// The cases of one fit, made ready once for every regularisation that is tried.
pub(crate) struct Problem {
    classes: usize,
    rows: Vec<f64>,
    labels: Vec<usize>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Problem {
    pub(crate) fn new(cases: &Cases, classes: usize) -> Result<Self> {
        if classes < 2 {
            return Err(Error::config("classes", format!("{classes} is fewer than two")));
        }
        cases.check_classes(classes)?;
        let (mean, deviation) = moments(cases.features());
        let rows = cases.features().rows().flat_map(|row| standardized(row, &mean, &deviation)).collect();
        Ok(Self { classes, rows, labels: cases.labels().to_vec(), mean, deviation })
    }

    /// Fits with `c`, starting from another fit of the same problem where there is one.
    pub(crate) fn fit(&self, c: f64, start: Option<&LogisticRegression>) -> Result<LogisticRegression> {
        if !(c > 0.0 && c.is_finite()) {
            return Err(Error::config("c", format!("{c} is not a positive number")));
        }
        let outputs = if self.classes == 2 { 1 } else { self.classes };
        let size = outputs * self.mean.len();
        let start = match start {
            Some(fit) => [&fit.weights[..], &fit.intercept].concat(),
            None => vec![0.0; size + outputs],
        };
        let mut weights =
            minimize(start, 1e-8, 2_000, |point, gradient| self.loss(c, outputs, point, gradient));
        let intercept = weights.split_off(size);
        Ok(LogisticRegression {
            classes: self.classes,
            mean: self.mean.clone(),
            deviation: self.deviation.clone(),
            weights,
            intercept,
        })
    }

    /// Mean cross-entropy plus the penalty, as scikit-learn scales it: `|w|^2 / (2 c cases)`.
    fn loss(&self, c: f64, outputs: usize, point: &[f64], gradient: &mut [f64]) -> f64 {
        let embed_dim = self.mean.len();
        let (weights, intercept) = point.split_at(outputs * embed_dim);
        let (weight_gradient, intercept_gradient) = gradient.split_at_mut(outputs * embed_dim);
        let cases = self.labels.len() as f64;
        let penalty = 1.0 / (c * cases);
        weight_gradient.iter_mut().zip(weights).for_each(|(gradient, weight)| *gradient = penalty * weight);
        intercept_gradient.fill(0.0);
        let mut sum = 0.0;
        let mut probabilities = vec![0.0; self.classes];
        let first = self.classes - outputs;
        for (row, label) in self.rows.chunks_exact(embed_dim).zip(&self.labels) {
            probabilities[0] = 0.0;
            for output in 0..outputs {
                let weights = &weights[output * embed_dim..(output + 1) * embed_dim];
                probabilities[first + output] = dot(weights, row) + intercept[output];
            }
            let logit = probabilities[*label];
            sum += softmax(&mut probabilities) - logit;
            for output in 0..outputs {
                let class = first + output;
                let error = (probabilities[class] - f64::from(u8::from(class == *label))) / cases;
                add(&mut weight_gradient[output * embed_dim..(output + 1) * embed_dim], error, row);
                intercept_gradient[output] += error;
            }
        }
        sum / cases + penalty * dot(weights, weights) / 2.0
    }
}

/// Makes logits into probabilities and gives the logarithm of the sum of their exponentials.
fn softmax(logits: &mut [f64]) -> f64 {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - highest).exp());
    let sum: f64 = logits.iter().sum();
    logits.iter_mut().for_each(|value| *value /= sum);
    highest + sum.ln()
}

/// Mean and deviation of each column; a column that does not vary keeps its unit, as in scikit-learn's
/// `StandardScaler`.
pub(crate) fn moments(features: &Features) -> (Vec<f64>, Vec<f64>) {
    let cases = features.cases() as f64;
    let mut mean = vec![0.0; features.embed_dim()];
    for row in features.rows() {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / cases);
    }
    let mut variance = vec![0.0; features.embed_dim()];
    for row in features.rows() {
        for ((variance, mean), value) in variance.iter_mut().zip(&mean).zip(row) {
            *variance += (f64::from(*value) - mean).powi(2) / cases;
        }
    }
    let deviation = variance.iter().zip(&mean).map(|(variance, mean)| {
        let deviation = variance.sqrt();
        if deviation <= 1e-7 * mean.abs() || deviation == 0.0 { 1.0 } else { deviation }
    });
    let deviation = deviation.collect();
    (mean, deviation)
}

pub(crate) fn standardized(row: &[f32], mean: &[f64], deviation: &[f64]) -> Vec<f64> {
    let columns = row.iter().zip(mean).zip(deviation);
    columns.map(|((value, mean), deviation)| (f64::from(*value) - mean) / deviation).collect()
}
