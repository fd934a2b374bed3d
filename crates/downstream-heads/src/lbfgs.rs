//! Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) for smooth convex
//! functions.

use std::collections::VecDeque;

const MEMORY: usize = 10;

/// Goes from `start` downhill until no entry of the gradient is above `tolerance`, for `max_iterations`
/// at most, or until rounding lets nothing be gained. `function` writes the gradient and gives the value.
pub(crate) fn minimize(
    start: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let mut point = start;
    let mut gradient = vec![0.0; point.len()];
    let mut value = function(&point, &mut gradient);
    let mut history: VecDeque<Pair> = VecDeque::with_capacity(MEMORY + 1);
    for _ in 0..max_iterations {
        if gradient.iter().all(|entry| entry.abs() <= tolerance) {
            break;
        }
        let direction = direction(&gradient, &history);
        let first_step =
            if history.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let Some(found) = line_search(&point, value, &gradient, &direction, first_step, &mut function) else {
            break;
        };
        let step = difference(&found.point, &point);
        let change = difference(&found.gradient, &gradient);
        let curvature = dot(&step, &change);
        if curvature > 0.0 {
            history.push_back(Pair { step, change, inverse: 1.0 / curvature });
            if history.len() > MEMORY {
                history.pop_front();
            }
        }
        (point, gradient, value) = (found.point, found.gradient, found.value);
    }
    point
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

struct Found {
    point: Vec<f64>,
    gradient: Vec<f64>,
    value: f64,
}

/// Minus the gradient, bent by what the last steps taught of the curvature.
fn direction(gradient: &[f64], history: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|entry| -entry).collect();
    let mut weights = Vec::with_capacity(history.len());
    for pair in history.iter().rev() {
        let weight = pair.inverse * dot(&pair.step, &direction);
        add(&mut direction, -weight, &pair.change);
        weights.push(weight);
    }
    if let Some(last) = history.back() {
        let scale = 1.0 / (last.inverse * dot(&last.change, &last.change));
        direction.iter_mut().for_each(|entry| *entry *= scale);
    }
    for (pair, weight) in history.iter().zip(weights.iter().rev()) {
        let correction = pair.inverse * dot(&pair.change, &direction);
        add(&mut direction, weight - correction, &pair.step);
    }
    direction
}

/// A step that satisfies the weak Wolfe conditions, by bisection (Lewis and Overton, Math. Program. 2013).
fn line_search(
    point: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
    first_step: f64,
    function: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<Found> {
    let slope = dot(gradient, direction);
    if slope >= 0.0 {
        return None;
    }
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, first_step);
    let mut next_gradient = vec![0.0; point.len()];
    for _ in 0..60 {
        let mut next = point.to_vec();
        add(&mut next, step, direction);
        let next_value = function(&next, &mut next_gradient);
        if next_value.is_nan() || next_value > value + 1e-4 * step * slope {
            high = step;
        } else if dot(&next_gradient, direction) < 0.9 * slope {
            low = step;
        } else {
            return Some(Found { point: next, gradient: next_gradient, value: next_value });
        }
        step = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * low };
    }
    None
}

/// Sums in eight lanes, which the compiler can put into vector registers.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (chunks_a, chunks_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(a, b)| a * b).sum();
    let mut lanes = [0.0; 8];
    for (a, b) in chunks_a.zip(chunks_b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// `sum += factor * values`.
pub(crate) fn add(sum: &mut [f64], factor: f64, values: &[f64]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_valley_is_walked_to_its_end() {
        // Condition number 10^4, the minimum at (1, 2, .., 20).
        let scale = |i: usize| 10_f64.powf(4.0 * i as f64 / 19.0);
        let end = minimize(vec![0.0; 20], 1e-9, 2_000, |point, gradient| {
            let mut value = 0.0;
            for (i, (x, g)) in point.iter().zip(gradient).enumerate() {
                let away = x - (i + 1) as f64;
                *g = scale(i) * away;
                value += scale(i) * away * away / 2.0;
            }
            value
        });
        assert!(end.iter().enumerate().all(|(i, x)| (x - (i + 1) as f64).abs() < 1e-7), "{end:?}");
    }
}
