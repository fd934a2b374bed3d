use xray_core::ImageTensor;

/// Gaussian blur with a kernel of `kernel` by `kernel` pixels (made odd) and a standard deviation of `sigma`
/// pixels; the image is mirrored at its edges, the edge itself not repeated.
pub fn gaussian_blur(image: &mut ImageTensor, kernel: usize, sigma: f64) {
    let radius = kernel / 2;
    if radius == 0 || sigma <= 0.0 {
        return;
    }
    let weights = gaussian(radius, sigma);
    let (height, width) = (image.height(), image.width());
    for plane in image.data_mut().chunks_exact_mut(height * width) {
        let mut padded = vec![0.0; width.max(height) + 2 * radius];
        for row in plane.chunks_exact_mut(width) {
            blur_line(row.iter().copied(), width, radius, &mut padded);
            for (x, value) in row.iter_mut().enumerate() {
                *value = dot(&padded[x..], &weights);
            }
        }
        // Columns are blurred as sums of whole rows, which lie together in memory.
        let source = plane.to_vec();
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            row.fill(0.0);
            for (offset, weight) in weights.iter().enumerate() {
                let from = mirrored(y as isize + offset as isize - radius as isize, height);
                let line = &source[from * width..][..width];
                for (value, other) in row.iter_mut().zip(line) {
                    *value += weight * other;
                }
            }
        }
    }
}

/// The standard deviation that a truncated Gaussian kernel really has.
pub(super) fn effective_sigma(kernel: usize, sigma: f64) -> f64 {
    let radius = kernel / 2;
    let offsets = (0..=2 * radius).map(|index| index as f64 - radius as f64);
    let variance: f64 = gaussian(radius, sigma).iter().zip(offsets).map(|(w, x)| f64::from(*w) * x * x).sum();
    variance.sqrt()
}

fn gaussian(radius: usize, sigma: f64) -> Vec<f32> {
    let bell = |x: f64| (-x * x / (2.0 * sigma * sigma)).exp();
    let weights: Vec<f64> = (0..=2 * radius).map(|index| bell(index as f64 - radius as f64)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

fn blur_line(line: impl Iterator<Item = f32>, length: usize, radius: usize, padded: &mut [f32]) {
    for (slot, value) in padded[radius..].iter_mut().zip(line) {
        *slot = value;
    }
    for offset in 1..=radius {
        padded[radius - offset] = padded[radius + mirrored(-(offset as isize), length)];
        padded[radius + length - 1 + offset] =
            padded[radius + mirrored((length - 1 + offset) as isize, length)];
    }
}

/// The index within `length` that `index` mirrors to.
fn mirrored(index: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let position = index.rem_euclid(2 * last);
    position.min(2 * last - position) as usize
}

fn dot(values: &[f32], weights: &[f32]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_spreads_as_the_kernel_and_nothing_is_lost() {
        let mut data = vec![0.0; 49];
        data[24] = 1.0;
        let mut image = ImageTensor::new(data, 1, 7, 7).unwrap();
        gaussian_blur(&mut image, 5, 1.0);
        let weights = gaussian(2, 1.0);
        for (i, value) in image.data().iter().enumerate() {
            let weight =
                |position: usize| weights.get((position + 2).wrapping_sub(3)).copied().unwrap_or(0.0);
            assert!((value - weight(i / 7) * weight(i % 7)).abs() < 1e-7);
        }
    }

    #[test]
    fn a_constant_stays_and_small_images_are_taken() {
        for (height, width) in [(1, 1), (1, 5), (2, 3)] {
            let mut image = ImageTensor::new(vec![0.25; height * width], 1, height, width).unwrap();
            gaussian_blur(&mut image, 7, 2.0);
            assert!(image.data().iter().all(|value| (value - 0.25).abs() < 1e-6));
        }
    }

    #[test]
    fn a_wide_bell_in_a_small_kernel_is_a_box() {
        assert!((effective_sigma(3, 100.0) - (2.0_f64 / 3.0).sqrt()).abs() < 1e-3);
        assert!((effective_sigma(31, 2.0) - 2.0).abs() < 1e-3);
    }
}
