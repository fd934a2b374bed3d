use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xray_core::derive_seed;

/// Random draws for one item; ChaCha8, so that the same seed draws the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, parts: &[u64]) -> Self {
        Self(ChaCha8Rng::seed_from_u64(derive_seed(seed, parts)))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// Uniform among `0..end`; 0 for an empty range.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// -1 or 1.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// One of `choices`, each as likely.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// The index of one of `weights`, as likely as it weighs.
    pub(crate) fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut left = self.range(0.0, weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Two independent standard normal values (Box and Muller).
    pub(crate) fn normals(&mut self) -> [f32; 2] {
        let radius = (-2.0 * self.range(1e-7, 1.0).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * self.0.random::<f32>()).sin_cos();
        [radius * cos, radius * sin]
    }

    /// Normal around `mean`, cut off at two and a half deviations.
    pub(crate) fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        mean + deviation * self.normals()[0].clamp(-2.5, 2.5)
    }
}
