use crate::{Error, Interval, Result, check, normal};

/// A share of independent cases with its interval by Wilson's score, which holds for few cases and for
/// shares near 0 and 1: sensitivity, specificity, accuracy.
///
/// # Errors
///
/// [`Error::Empty`] if there is no case; [`Error::Argument`] if there are more successes than cases, or
/// `confidence` is not between 0 and 1.
pub fn wilson(successes: u64, cases: u64, confidence: f64) -> Result<Interval> {
    check::open_unit("confidence", confidence)?;
    if cases == 0 {
        return Err(Error::Empty { what: "cases" });
    }
    if successes > cases {
        return Err(Error::Argument { name: "successes", why: "more than cases" });
    }
    let (n, z) = (cases as f64, normal::half_width(confidence));
    let estimate = successes as f64 / n;
    let scale = 1.0 + z * z / n;
    let center = (estimate + z * z / (2.0 * n)) / scale;
    let half = z / scale * (estimate * (1.0 - estimate) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(Interval { estimate, low: (center - half).max(0.0), high: (center + half).min(1.0), confidence })
}
