use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{Error, Features, Result};

/// Features in a plane where what is near stays near: t-SNE (van der Maaten and Hinton, JMLR 2008) of rows at length 1,
/// every pair counted, begun from points that `seed` draws. Distances between groups say nothing.
///
/// Time and memory grow with the square of the cases: made for some hundred.
///
/// # Errors
///
/// [`Error::Config`] if there are not more cases than three times the `perplexity`, or it is not at least 2.
///
/// # Examples
///
/// ```
/// use downstream_heads::{Features, tsne};
///
/// // Simulated: two directions, and a little beside each.
/// let values = (0..40).flat_map(|i| [(i % 2) as f32, (1 - i % 2) as f32, (i % 5) as f32 / 50.0]);
/// let plane = tsne(&Features::new(values.collect(), 3)?, 5.0, 1)?;
/// let apart = |a: usize, b: usize| (plane[a][0] - plane[b][0]).hypot(plane[a][1] - plane[b][1]);
/// let near: f64 = (2..40).step_by(2).map(|other| apart(0, other)).sum();
/// let far: f64 = (1..40).step_by(2).map(|other| apart(0, other)).sum();
/// assert!(near < far);
/// # Ok::<(), downstream_heads::Error>(())
/// ```
pub fn tsne(features: &Features, perplexity: f64, seed: u64) -> Result<Vec<[f64; 2]>> {
    let cases = features.cases();
    if !(perplexity >= 2.0 && cases as f64 > 3.0 * perplexity) {
        return Err(Error::config("perplexity", format!("{perplexity} for {cases} cases")));
    }
    let wanted = neighbourhood(&features.unit_rows(), perplexity);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut start = || 1e-4 * (rng.random::<f64>() - 0.5);
    let mut plane: Vec<[f64; 2]> = (0..cases).map(|_| [start(), start()]).collect();
    let mut speed = vec![[0.0; 2]; cases];
    let mut gain = vec![[1.0_f64; 2]; cases];
    let rate = (cases as f64 / EXAGGERATION / 4.0).max(50.0);
    for step in 0..STEPS {
        let early = step < EARLY;
        let (exaggeration, momentum) = if early { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        let slopes = slopes(&wanted, &plane, exaggeration);
        for ((point, slope), (speed, gain)) in
            plane.iter_mut().zip(&slopes).zip(speed.iter_mut().zip(&mut gain))
        {
            for axis in 0..2 {
                let turned = (slope[axis] > 0.0) == (speed[axis] > 0.0);
                gain[axis] = if turned { (gain[axis] * 0.8).max(0.01) } else { gain[axis] + 0.2 };
                speed[axis] = momentum * speed[axis] - rate * gain[axis] * slope[axis];
                point[axis] += speed[axis];
            }
        }
    }
    Ok(plane)
}

/// The settings of scikit-learn's `TSNE`, apart from fewer steps.
const STEPS: usize = 600;
const EARLY: usize = 250;
const EXAGGERATION: f64 = 12.0;

/// How probable each pair is, `[cases, cases]`, over all pairs summing to 1.
fn neighbourhood(features: &Features, perplexity: f64) -> Vec<f64> {
    let rows: Vec<&[f32]> = features.rows().collect();
    let cases = rows.len();
    let of_row = |at: usize| {
        let squared =
            |other: &&[f32]| rows[at].iter().zip(*other).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let distances: Vec<f64> = rows.iter().map(squared).collect();
        let nearest = (0..cases).filter(|other| *other != at).map(|other| distances[other]);
        let nearest = nearest.fold(f64::INFINITY, f64::min);
        let (mut low, mut high, mut beta) = (0.0, f64::INFINITY, 1.0);
        let mut shares = vec![0.0; cases];
        for _ in 0..64 {
            for (other, share) in shares.iter_mut().enumerate() {
                *share = if other == at { 0.0 } else { (-(distances[other] - nearest) * beta).exp() };
            }
            let total: f64 = shares.iter().sum();
            shares.iter_mut().for_each(|share| *share /= total);
            let entropy: f64 =
                shares.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum();
            if (entropy - perplexity.ln()).abs() < 1e-5 {
                break;
            }
            // More neighbours than wanted: the slope is too flat.
            if entropy > perplexity.ln() {
                low = beta
            } else {
                high = beta
            }
            beta = if high.is_finite() { (low + high) / 2.0 } else { beta * 2.0 };
        }
        shares
    };
    let given: Vec<f64> = (0..cases).into_par_iter().flat_map_iter(of_row).collect();
    let both = |pair: usize| {
        let (row, column) = (pair / cases, pair % cases);
        ((given[pair] + given[column * cases + row]) / (2.0 * cases as f64)).max(1e-12)
    };
    (0..cases * cases).map(both).collect()
}

fn slopes(wanted: &[f64], plane: &[[f64; 2]], exaggeration: f64) -> Vec<[f64; 2]> {
    let near = |a: &[f64; 2], b: &[f64; 2]| 1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2));
    // Summed row by row, so that the number of threads changes nothing.
    let of_row = |at: &[f64; 2]| plane.iter().map(|other| near(at, other)).sum::<f64>() - 1.0;
    let rows: Vec<f64> = plane.par_iter().map(of_row).collect();
    let total: f64 = rows.iter().sum();
    let slope = |(row, at): (usize, &[f64; 2])| {
        let wanted = &wanted[row * plane.len()..(row + 1) * plane.len()];
        let mut slope = [0.0; 2];
        for (other, wanted) in plane.iter().zip(wanted) {
            let near = near(at, other);
            let pull = 4.0 * (exaggeration * wanted - near / total) * near;
            slope[0] += pull * (at[0] - other[0]);
            slope[1] += pull * (at[1] - other[1]);
        }
        slope
    };
    plane.par_iter().enumerate().map(slope).collect()
}
