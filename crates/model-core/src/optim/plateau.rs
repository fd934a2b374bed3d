use serde::{Deserialize, Serialize};

/// The settings of [`Plateau`], those of the method by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauConfig {
    /// What the rate is multiplied by. Default 0.5.
    pub factor: f64,
    /// How many evaluations without improvement are borne. Default 3.
    pub patience: u64,
    /// By which part of the best loss a loss must be lower to count as an improvement. Default 1e-4.
    pub threshold: f64,
}

impl Default for PlateauConfig {
    fn default() -> Self {
        Self { factor: 0.5, patience: 3, threshold: 1e-4 }
    }
}

/// Lowers the learning rate when the validation loss no longer falls, as PyTorch's `ReduceLROnPlateau`.
///
/// ```
/// use model_core::{Plateau, PlateauConfig};
///
/// let mut plateau = Plateau::new(PlateauConfig::default());
/// for loss in [1.0, 1.1, 1.1, 1.1] {
///     plateau.observe(loss);
/// }
/// assert_eq!(plateau.factor(), 1.0);
/// plateau.observe(1.1);
/// assert_eq!(plateau.factor(), 0.5);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    config: PlateauConfig,
    best: Option<f64>,
    bad: u64,
    factor: f64,
}

impl Plateau {
    /// A plateau that has seen no loss.
    pub fn new(config: PlateauConfig) -> Self {
        Self { config, best: None, bad: 0, factor: 1.0 }
    }

    /// What the learning rate is multiplied by.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Takes the loss of an evaluation into account. One that is not a number is no improvement.
    pub fn observe(&mut self, loss: f64) {
        let improved = match self.best {
            None => loss.is_finite(),
            Some(best) => loss < best * (1.0 - self.config.threshold),
        };
        if improved {
            self.best = Some(loss);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.bad > self.config.patience {
            self.factor *= self.config.factor;
            self.bad = 0;
        }
    }
}
