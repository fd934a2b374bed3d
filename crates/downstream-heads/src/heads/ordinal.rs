use model_core::{Encoded, Error, Mode, Result};
use tch::{Kind, Reduction, Tensor, nn};

use super::body::Body;
use super::grades::check_grades;
use super::{Head, HeadConfig, check_targets, mean_of_known};

/// Grades in their order: one score a side, and thresholds that it passes (proportional odds, McCullagh
/// 1980; trained on "above grade k?" as CORAL, Cao et al. 2020). The thresholds are in order by
/// construction, so that no grade has a negative probability.
///
/// # Shapes
///
/// - logits: `[batch, sides, grades - 1]`, of being above each grade but the last
/// - predictions: `[batch, sides, grades]`
/// - targets: `[batch, sides]`, int64, -1 where it is not known
#[derive(Debug)]
pub struct OrdinalHead {
    body: Body,
    grades: i64,
    threshold: Tensor,
    distance: Tensor,
}

impl OrdinalHead {
    /// A head for `grades` grades on each of `sides` sides.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive or there are fewer than three grades.
    pub fn new(vs: &nn::Path<'_>, config: &HeadConfig, sides: i64, grades: i64) -> Result<Self> {
        if grades < 3 {
            return Err(Error::config("grades", format!("{grades} is fewer than three")));
        }
        let body = Body::new(vs, config, sides)?;
        // Thresholds at equal distances around 0: softplus(0.5413) = 1.
        let threshold = vs.var("threshold", &[sides, 1], nn::Init::Const((grades - 2) as f64 / 2.0));
        let distance = vs.var("distance", &[sides, grades - 2], nn::Init::Const(0.5413));
        Ok(Self { body, grades, threshold, distance })
    }
}

impl Head for OrdinalHead {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        let score = self.body.forward(features, mode)?;
        let later = &self.threshold - self.distance.softplus().cumsum(-1, Kind::Float);
        let thresholds = Tensor::cat(&[&self.threshold, &later], -1);
        Ok(score.unsqueeze(-1) + thresholds)
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        check_targets(targets, &logits.size()[..2])?;
        check_grades(targets, self.grades)?;
        let grades = Tensor::arange(self.grades - 1, (Kind::Int64, targets.device()));
        let above = targets.unsqueeze(-1).gt_tensor(&grades).to_kind(logits.kind());
        let none: Option<&Tensor> = None;
        let losses = logits.binary_cross_entropy_with_logits(&above, none, none, Reduction::None);
        Ok(mean_of_known(&losses.sum_dim_intlist(-1, false, logits.kind()), &targets.ge(0)))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        let above = logits.sigmoid();
        let edge = above.narrow(-1, 0, 1);
        let at_least = Tensor::cat(&[&edge.ones_like(), &above], -1);
        let beyond = Tensor::cat(&[&above, &edge.zeros_like()], -1);
        at_least - beyond
    }
}
