use xray_core::derive_seed;

/// Numbers drawn one after the other from a seed.
pub(super) struct Draw {
    seed: u64,
    count: u64,
}

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        self.count += 1;
        // The 53 bits of a double's fraction.
        (derive_seed(self.seed, &[self.count]) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `[low, high)`; `low` if the range is empty.
    pub(super) fn within(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + (high - low).max(0.0) * self.unit()
    }

    /// A number below `count`, which is not 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}
