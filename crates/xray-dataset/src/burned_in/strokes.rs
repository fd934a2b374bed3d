use xray_core::ImageTensor;

/// Grey values of eight bits, small enough to search.
pub(super) struct Plane {
    pub(super) grey: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// How many pixels of the image, each way, one of the plane stands for.
    pub(super) step: usize,
}

/// From here on a value is white, whatever a lossy encoding has done to it.
const WHITE: u8 = 250;

/// Which of two kinds of stroke is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Brighter than what is around it.
    Bright,
    /// Darker than what is around it.
    Dark,
}

impl Plane {
    /// The first channel, with the longest side at most `longest`. Of the pixels that one pixel stands for
    /// the greatest counts for bright strokes, so that thin ones stay; for dark strokes the image is turned
    /// into its negative, and bright ones are looked for.
    pub(super) fn new(image: &ImageTensor, stroke: Stroke, longest: usize) -> Self {
        let step = image.height().max(image.width()).div_ceil(longest).max(1);
        let (height, width) = (image.height().div_ceil(step), image.width().div_ceil(step));
        let mut grey = vec![0_u8; height * width];
        let byte = |value: f32| {
            let byte = (value.clamp(0.0, 1.0) * 255.0) as u8;
            if stroke == Stroke::Bright { byte } else { 255 - byte }
        };
        let rows = image.data().chunks_exact(image.width()).take(image.height());
        for (y, row) in rows.enumerate() {
            let target = &mut grey[y / step * width..][..width];
            for (of_target, values) in target.iter_mut().zip(row.chunks(step)) {
                let greatest = values.iter().map(|value| byte(*value)).max().unwrap_or(0);
                *of_target = (*of_target).max(greatest);
            }
        }
        Self { grey, width, height, step }
    }

    /// By how much every pixel stands out from what remains of the picture when everything thinner than
    /// `thickness` is taken away: a white top-hat.
    pub(super) fn standing_out(&self, thickness: usize) -> Vec<u8> {
        let mut opened = self.grey.clone();
        along_rows(&mut opened, self.width, thickness, Direction::Forward, u8::min);
        along_columns(&mut opened, self.width, thickness, Direction::Forward, u8::min);
        along_rows(&mut opened, self.width, thickness, Direction::Backward, u8::max);
        along_columns(&mut opened, self.width, thickness, Direction::Backward, u8::max);
        self.grey.iter().zip(opened).map(|(grey, opened)| grey - opened).collect()
    }

    /// Marks every pixel that stands out by `contrast`. A quarter of it is enough for white itself, in which machines
    /// write, so that text on bright bone is seen.
    pub(super) fn strokes(&self, standing_out: &[u8], contrast: u8) -> Vec<u8> {
        let is_stroke = |(grey, by): (&u8, &u8)| {
            let enough = if *grey >= WHITE { contrast / 4 } else { contrast };
            u8::from(*by >= enough.max(1))
        };
        self.grey.iter().zip(standing_out).map(is_stroke).collect()
    }
}

/// Whether a window lies after or before the pixel that it is for: one of each, and nothing has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// The steps by which a window of one pixel grows to `length` pixels, at most twofold each time.
fn steps(length: usize) -> impl Iterator<Item = usize> {
    let mut reached = 1;
    std::iter::from_fn(move || {
        let step = reached.min(length.saturating_sub(reached));
        reached += step;
        (step > 0).then_some(step)
    })
}

fn along_rows(
    grey: &mut [u8],
    width: usize,
    length: usize,
    direction: Direction,
    pick: impl Fn(u8, u8) -> u8,
) {
    let mut before = vec![0; width];
    for row in grey.chunks_exact_mut(width.max(1)) {
        for step in steps(length).filter(|step| *step < width) {
            before.copy_from_slice(row);
            let (target, source) = match direction {
                Direction::Forward => (&mut row[..width - step], &before[step..]),
                Direction::Backward => (&mut row[step..], &before[..width - step]),
            };
            for (value, other) in target.iter_mut().zip(source) {
                *value = pick(*value, *other);
            }
        }
    }
}

fn along_columns(
    grey: &mut [u8],
    width: usize,
    length: usize,
    direction: Direction,
    pick: impl Fn(u8, u8) -> u8,
) {
    let all = grey.len();
    for step in steps(length).map(|step| step * width).filter(|step| *step < all) {
        let before = grey.to_vec();
        let rest = before.len() - step;
        let (target, source) = match direction {
            Direction::Forward => (&mut grey[..rest], &before[step..]),
            Direction::Backward => (&mut grey[step..], &before[..rest]),
        };
        for (value, other) in target.iter_mut().zip(source) {
            *value = pick(*value, *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_lines_stay_and_broad_areas_go() {
        let (height, width) = (40, 60);
        let value = |y: usize, x: usize| match (y, x) {
            (5..20, 10..13) => 1.0,
            (25..40, 30..60) => 0.9,
            _ => 0.3,
        };
        let data = (0..height * width).map(|i| value(i / width, i % width)).collect();
        let image = ImageTensor::new(data, 1, height, width).unwrap();
        let plane = Plane::new(&image, Stroke::Bright, 100);
        let strokes = |plane: &Plane| plane.strokes(&plane.standing_out(7), 60);
        let marked = strokes(&plane);
        for (i, mark) in marked.iter().enumerate() {
            assert_eq!(*mark == 1, matches!((i / width, i % width), (5..20, 10..13)), "{i}");
        }
        // A plane of half the size keeps a line of one pixel.
        let small = Plane::new(&image, Stroke::Bright, 30);
        assert_eq!((small.step, small.height, small.width), (2, 20, 30));
        assert_eq!(small.grey[5 * 30 + 6], 255);
        let negative = image.data().iter().map(|value| 1.0 - value).collect();
        let negative = ImageTensor::new(negative, 1, height, width).unwrap();
        assert_eq!(strokes(&Plane::new(&negative, Stroke::Dark, 100)), marked);
    }

    #[test]
    fn a_window_grows_to_any_length() {
        for length in 1..40 {
            assert_eq!(steps(length).sum::<usize>(), length - 1);
        }
    }
}
