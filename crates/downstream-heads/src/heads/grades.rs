use model_core::{Encoded, Error, Mode, Result};
use tch::{Kind, Reduction, Tensor, nn};

use super::body::Body;
use super::{Head, HeadConfig, check_targets, mean_of_known};

/// One of several classes on each side: the two 5-class heads for Kellgren-Lawrence grades (right, left)
/// of the method's released code, or one head for one image. Cross-entropy, which knows no order.
///
/// # Shapes
///
/// - logits, predictions: `[batch, sides, classes]`
/// - targets: `[batch, sides]`, int64, -1 where it is not known
#[derive(Debug)]
pub struct GradeHead {
    body: Body,
    sides: i64,
    classes: i64,
}

impl GradeHead {
    /// A head for `classes` classes on each of `sides` sides.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive or there are fewer than two classes.
    pub fn new(vs: &nn::Path<'_>, config: &HeadConfig, sides: i64, classes: i64) -> Result<Self> {
        if classes < 2 {
            return Err(Error::config("classes", format!("{classes} is fewer than two")));
        }
        Ok(Self { body: Body::new(vs, config, sides * classes)?, sides, classes })
    }
}

impl Head for GradeHead {
    fn logits(&self, features: &Encoded, mode: Mode) -> Result<Tensor> {
        Ok(self.body.forward(features, mode)?.view([-1, self.sides, self.classes]))
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        check_targets(targets, &logits.size()[..2])?;
        check_grades(targets, self.classes)?;
        let known = targets.ge(0);
        let none: Option<&Tensor> = None;
        let losses = logits.flatten(0, 1).cross_entropy_loss(
            &targets.clamp_min(0).flatten(0, 1),
            none,
            Reduction::None,
            -100,
            0.0,
        );
        Ok(mean_of_known(&losses, &known.flatten(0, 1)))
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        logits.softmax(-1, logits.kind())
    }
}

/// Grades lie in `[-1, classes)`, -1 meaning unknown.
pub(super) fn check_grades(targets: &Tensor, classes: i64) -> Result<()> {
    if targets.kind() != Kind::Int64 || targets.numel() == 0 {
        return Err(Error::config("targets", format!("grades are int64, not {:?}", targets.kind())));
    }
    let (least, most) = (targets.min().int64_value(&[]), targets.max().int64_value(&[]));
    if least < -1 || most >= classes {
        let reason = format!("grades from {least} to {most} where there are {classes}");
        return Err(Error::config("targets", reason));
    }
    Ok(())
}
