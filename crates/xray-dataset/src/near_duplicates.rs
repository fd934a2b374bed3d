use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xray_core::ImageTensor;

use crate::Split;

/// Cells each way, one more across: every bit compares two that lie side by side.
const CELLS: usize = 16;

/// Pairs with at most so many of 256 bits unequal look the same. Copies of one image in another size or
/// encoding differ by a few bits.
const DISTANCE: u32 = 10;

/// An image with fewer set bits is nearly uniform, and like every other such image.
const LEAST_SET: u32 = 16;

/// Values that more images have than this say nothing: the upper rows of most radiographs are black.
const CROWD: usize = 200;

/// By how much the right cell must be brighter, of a range of 1: more than the noise of an encoding.
const STEP: f32 = 1.0 / 128.0;

/// What an image looks like, in 256 bits: where it becomes brighter from left to right (a difference hash).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Look([u64; 4]);

impl Look {
    pub(crate) fn of(image: &ImageTensor) -> Self {
        let means = cells(image);
        let mut bits = [0_u64; 4];
        for (row, means) in means.chunks_exact(CELLS + 1).enumerate() {
            for (column, pair) in means.windows(2).enumerate() {
                let bit = row * CELLS + column;
                bits[bit / 64] |= u64::from(pair[1] > pair[0] + STEP) << (bit % 64);
            }
        }
        Self(bits)
    }

    fn distance(&self, other: &Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// Sixteen parts. Two looks with fewer than sixteen unequal bits have one in common.
    fn parts(&self) -> impl Iterator<Item = (usize, u16)> + '_ {
        (0..16).map(|part| (part, (self.0[part / 4] >> (16 * (part % 4))) as u16))
    }
}

fn cells(image: &ImageTensor) -> Vec<f32> {
    let (height, width) = (image.height(), image.width());
    let range = |at: usize, count: usize, of: usize| {
        let start = at * of / count;
        start..((at + 1) * of / count).max(start + 1).min(of)
    };
    let mut means = Vec::with_capacity(CELLS * (CELLS + 1));
    for row in 0..CELLS {
        for column in 0..=CELLS {
            let (rows, columns) = (range(row, CELLS, height), range(column, CELLS + 1, width));
            let count = (rows.len() * columns.len()) as f32;
            let of_row = |y: usize| image.data()[y * width..][columns.clone()].iter().sum::<f32>();
            means.push(rows.map(of_row).sum::<f32>() / count);
        }
    }
    means
}

/// Two images of different splits that look the same: one patient under two numbers, or one image twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NearDuplicate {
    /// The pseudonyms of the two files; of training, validation and test the earlier split first.
    pub files: [String; 2],
    /// The splits they are in.
    pub splits: [Split; 2],
    /// How many bits of 256 their difference hashes differ by.
    pub distance: u32,
}

/// An image as [`across_splits`] compares it.
pub(crate) struct Seen<'a> {
    pub(crate) file: &'a str,
    pub(crate) split: Split,
    pub(crate) look: Look,
}

/// Images of which another split holds one that looks the same, each with the one nearest to it in a split before its own:
/// at most one pair for an image, however many copies there are. In the order of the files.
pub(crate) fn across_splits(images: &[Seen<'_>]) -> Vec<NearDuplicate> {
    let mut buckets: HashMap<(usize, u16), Vec<usize>> = HashMap::new();
    for (index, image) in images.iter().enumerate() {
        let set: u32 = image.look.0.iter().map(|word| word.count_ones()).sum();
        if set >= LEAST_SET {
            image.look.parts().for_each(|part| buckets.entry(part).or_default().push(index));
        }
    }
    let mut nearest: HashMap<usize, (u32, &Seen<'_>)> = HashMap::new();
    for bucket in buckets.into_values().filter(|bucket| bucket.len() <= CROWD) {
        for (place, first) in bucket.iter().enumerate() {
            for second in &bucket[place + 1..] {
                let (a, b) = (&images[*first], &images[*second]);
                let distance = a.look.distance(&b.look);
                if a.split == b.split || distance > DISTANCE {
                    continue;
                }
                let (held_back, other) = if a.split > b.split { (*first, b) } else { (*second, a) };
                let nearest = nearest.entry(held_back).or_insert((distance, other));
                if (distance, other.file) < (nearest.0, nearest.1.file) {
                    *nearest = (distance, other);
                }
            }
        }
    }
    let pair = |(index, (distance, other)): (usize, (u32, &Seen<'_>))| NearDuplicate {
        files: [other.file.to_owned(), images[index].file.to_owned()],
        splits: [other.split, images[index].split],
        distance,
    };
    let mut found: Vec<_> = nearest.into_iter().map(pair).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(height: usize, width: usize, seed: usize) -> ImageTensor {
        let value = |i: usize| {
            let (y, x) = ((i / width) as f32 / height as f32, (i % width) as f32 / width as f32);
            let wave =
                (seed as f32 + 9.0 * x + 4.0 * y * (seed % 7) as f32).sin() * (11.0 * y + seed as f32).cos();
            0.5 + 0.4 * wave
        };
        ImageTensor::new((0..height * width).map(value).collect(), 1, height, width).unwrap()
    }

    #[test]
    fn a_copy_in_another_size_and_brightness_is_found_only_across_splits() {
        let mut looks: Vec<Look> = (0..60).map(|seed| Look::of(&picture(200, 160, seed))).collect();
        let mut copy = picture(400, 320, 7);
        copy.data_mut()
            .iter_mut()
            .enumerate()
            .for_each(|(i, v)| *v = 0.9 * *v + 0.05 + (i % 3) as f32 * 0.004);
        looks.push(Look::of(&copy));
        // One pair for the held-back image, however many it resembles.
        looks.push(looks[7]);
        let names: Vec<String> = (0..looks.len()).map(|i| format!("f{i:02}")).collect();
        let seen = |split_of: fn(usize) -> Split| -> Vec<NearDuplicate> {
            let all = looks.iter().zip(&names).enumerate();
            let all: Vec<_> =
                all.map(|(i, (look, file))| Seen { file, split: split_of(i), look: *look }).collect();
            across_splits(&all)
        };
        let pairs = seen(|i| if i == 60 { Split::Test } else { Split::Train });
        assert_eq!(pairs.len(), 1);
        assert_eq!((&pairs[0].files[0], pairs[0].splits), (&names[7], [Split::Train, Split::Test]));
        assert!(seen(|_| Split::Train).is_empty());
    }

    #[test]
    fn uniform_images_are_not_compared() {
        let black = Look::of(&ImageTensor::new(vec![0.0; 100], 1, 10, 10).unwrap());
        let seen = |split| Seen { file: "f", split, look: black };
        assert!(across_splits(&[seen(Split::Train), seen(Split::Val)]).is_empty());
    }
}
