use eval_metrics::roc_curve;
use model_core::{Collate, Encoder, Mode};
use tch::{Device, Kind, Tensor, no_grad};

use crate::{BiEncoder, Error, PromptTask, Result};

/// Classifies images by descriptions of the classes, without a label.
///
/// A class is the mean of the vectors of its prompts, brought to length one again
/// ([Radford et al. 2021](https://arxiv.org/abs/2103.00020), 3.1.4).
#[derive(Debug)]
pub struct ZeroShot {
    classes: Vec<String>,
    weights: Tensor,
    scale: f64,
}

impl ZeroShot {
    /// Embeds the prompts of a task.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] if they cannot be tokenized or encoded.
    pub fn new<V, T, C>(
        model: &BiEncoder<V, T>,
        collate: &C,
        task: &PromptTask,
        device: Device,
    ) -> Result<Self>
    where
        V: Encoder,
        T: Encoder,
        C: Collate<str, Batch = T::Input>,
    {
        let mut rows = Vec::with_capacity(task.classes.len());
        for class in &task.classes {
            let texts = task.texts(class);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let batch = collate.collate(&texts, device).map_err(Error::model("making a batch of prompts"))?;
            let encoded = no_grad(|| model.encode_texts(&batch, Mode::Eval))
                .map_err(Error::model("embedding prompts"))?;
            let mean = encoded.pooled.mean_dim(0, false, Kind::Float).to_device(Device::Cpu);
            let length = mean.norm_scalaropt_dim(2, [0], true).clamp_min(1e-12);
            rows.push(mean / length);
        }
        Ok(Self {
            classes: task.classes.iter().map(|class| class.name.clone()).collect(),
            weights: Tensor::stack(&rows, 0),
            scale: model.logit.scale().double_value(&[]),
        })
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How much the model believes in each class: the soft-max of scaled cosines, not calibrated.
    ///
    /// # Shapes
    ///
    /// - `images`: `[images, embed_dim]`, rows of length one
    /// - result: `[images, classes]`
    pub fn probabilities(&self, images: &Tensor) -> Tensor {
        let images = images.detach().to_device(Device::Cpu).to_kind(Kind::Float);
        (images.matmul(&self.weights.tr()) * self.scale).softmax(1, None)
    }

    /// The column of [`ZeroShot::probabilities`] of one class, to be compared with a threshold.
    ///
    /// # Errors
    ///
    /// [`Error::Prompts`] if the task has no such class.
    pub fn scores(&self, images: &Tensor, class: &str) -> Result<Vec<f64>> {
        let Some(column) = self.classes.iter().position(|name| name == class) else {
            return Err(Error::Prompts { path: None, reason: format!("no class is called {class:?}") });
        };
        let scores = self.probabilities(images).select(1, column as i64).to_kind(Kind::Double);
        Ok(scores.iter::<f64>().map(Iterator::collect).unwrap_or_default())
    }
}

/// The threshold at or above which a score is called positive that gives the largest sum of sensitivity and
/// specificity (Youden's index). To be chosen on validation and used on test.
///
/// Scores of a zero-shot task are not calibrated: one half is rarely a good threshold. It lies midway
/// between the lowest score that is called positive and the next below.
///
/// # Errors
///
/// [`Error::Metric`] if one class has no case or the lengths differ.
///
/// ```
/// let labels = [false, false, true, true];
/// let threshold = contrastive_align::calibrate_threshold(&labels, &[0.61, 0.63, 0.67, 0.9])?;
/// assert!((threshold - 0.65).abs() < 1e-12);
/// # Ok::<(), contrastive_align::Error>(())
/// ```
pub fn calibrate_threshold(labels: &[bool], scores: &[f64]) -> Result<f64> {
    let curve = roc_curve(labels, scores).map_err(Error::metric("calibrating a threshold"))?;
    let youden = |place: &usize| curve[*place].true_positive_rate - curve[*place].false_positive_rate;
    // The first point calls nothing positive; of equal ones the highest threshold is taken.
    let best = (1..curve.len()).rev().max_by(|a, b| youden(a).total_cmp(&youden(b))).unwrap_or(0);
    let chosen = curve[best].threshold;
    Ok(curve.get(best + 1).map_or(chosen, |next| (chosen + next.threshold) / 2.0))
}
