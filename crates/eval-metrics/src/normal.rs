//! The normal distribution, as far as intervals and tests need it.

use std::f64::consts::{PI, SQRT_2};

/// The chance that a standard normal lies at least as far from 0 as `z`.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2)
}

/// How many deviations from 0 hold the share `confidence` of a standard normal.
pub(crate) fn half_width(confidence: f64) -> f64 {
    // Newton from 0: the tail falls and is convex, so the steps grow towards the root and never pass it.
    let tail = 1.0 - confidence;
    let mut z = 0.0_f64;
    for _ in 0..100 {
        let density = (-z * z / 2.0).exp() * (2.0 / PI).sqrt();
        let step = (two_sided_p(z) - tail) / density;
        z += step;
        if step.abs() <= 1e-15 * z.abs() {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats.norm.ppf((1 + c) / 2)
        for (confidence, z) in [
            (0.01, 0.012533469508069274),
            (0.5, 0.6744897501960817),
            (0.95, 1.959963984540054),
            (0.999, 3.2905267314918945),
        ] {
            assert!((half_width(confidence) - z).abs() < 1e-12, "{confidence}");
        }
    }
}
