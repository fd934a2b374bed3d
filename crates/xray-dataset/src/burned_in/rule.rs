use serde::{Deserialize, Serialize};
use xray_core::{ImageTensor, TextRegion};

use crate::Cause;

/// What is done with an image in which a [`TextGate`](xray_core::TextGate) finds text.
///
/// Lone side markers are no identity and stay in every case: see [`BurnedIn::Mask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BurnedIn {
    /// The image is left out from so many characters on, and stays as it is below. The method takes 35 and
    /// counts what its reader of text recognised; a gate that only detects text estimates them from the
    /// size of each line.
    Drop {
        /// How many are too many.
        characters: usize,
    },
    /// Every region is painted over with the mean of the pixels around it, and the image stays, except
    /// for regions that are side markers: one or two characters, by themselves, in the outer third of
    /// the image. An image of which more than a quarter is text is a document and is left out.
    Mask,
}

impl Default for BurnedIn {
    /// The method's rule: dropped from 35 characters on.
    fn default() -> Self {
        Self::Drop { characters: 35 }
    }
}

impl BurnedIn {
    /// Applies the rule; gives the regions that were painted over.
    pub(crate) fn apply(
        self,
        image: &mut ImageTensor,
        regions: Vec<TextRegion>,
    ) -> Result<Vec<TextRegion>, Cause> {
        match self {
            Self::Drop { characters } => {
                let found: usize = regions.iter().map(|region| region.characters).sum();
                if found >= characters { Err(Cause::BurnedInText) } else { Ok(Vec::new()) }
            }
            Self::Mask => {
                let (height, width) = (image.height(), image.width());
                let is_text = |region: &TextRegion| !is_side_marker(region, &regions, height, width);
                let text: Vec<TextRegion> = regions.iter().copied().filter(is_text).collect();
                if 4 * text.iter().map(TextRegion::area).sum::<usize>() > height * width {
                    return Err(Cause::BurnedInText);
                }
                text.iter().for_each(|region| paint_over(image, region));
                Ok(text)
            }
        }
    }
}

fn is_side_marker(region: &TextRegion, all: &[TextRegion], height: usize, width: usize) -> bool {
    let outer = |start: usize, length: usize, side: usize| {
        let middle = start + length / 2;
        3 * middle <= side || 3 * middle >= 2 * side
    };
    let at_border = outer(region.left, region.width, width) || outer(region.top, region.height, height);
    let reach = 2 * region.height.max(region.width);
    let apart = |start: usize, length: usize, other: usize, others: usize| {
        start + length + reach <= other || other + others + reach <= start
    };
    let alone = all.iter().filter(|other| *other != region).all(|other| {
        apart(region.left, region.width, other.left, other.width)
            || apart(region.top, region.height, other.top, other.height)
    });
    region.characters <= 2 && at_border && alone
}

/// Paints a region, and two pixels more on each side, in the mean grey of a frame of four pixels around it.
fn paint_over(image: &mut ImageTensor, region: &TextRegion) {
    const MORE: usize = 2;
    const FRAME: usize = 4;
    let (height, width, channels) = (image.height(), image.width(), image.channels());
    let grown = |start: usize, length: usize, by: usize, side: usize| {
        start.saturating_sub(by).min(side)..(start + length + by).min(side)
    };
    let rows = grown(region.top, region.height, MORE, height);
    let columns = grown(region.left, region.width, MORE, width);
    let outer_rows = grown(region.top, region.height, MORE + FRAME, height);
    let outer_columns = grown(region.left, region.width, MORE + FRAME, width);
    for plane in image.data_mut().chunks_exact_mut(height * width).take(channels) {
        let (mut sum, mut count) = (0.0, 0_u32);
        for y in outer_rows.clone() {
            for x in outer_columns.clone() {
                if !(rows.contains(&y) && columns.contains(&x)) {
                    sum += plane[y * width + x];
                    count += 1;
                }
            }
        }
        let grey = sum / count.max(1) as f32;
        for y in rows.clone() {
            plane[y * width..][columns.clone()].fill(grey);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(left: usize, top: usize, width: usize, characters: usize) -> TextRegion {
        TextRegion { left, top, width, height: 20, characters }
    }

    fn image() -> ImageTensor {
        ImageTensor::new((0..400 * 300).map(|i| (i % 300) as f32 / 300.0).collect(), 1, 400, 300).unwrap()
    }

    #[test]
    fn text_is_painted_over_and_a_side_marker_stays() {
        let (mut masked, before) = (image(), image());
        let (marker, line) = (region(20, 150, 20, 1), region(100, 380, 120, 9));
        let painted = BurnedIn::Mask.apply(&mut masked, vec![marker, line]).unwrap();
        assert_eq!(painted, [line]);
        for y in 0..400 {
            for x in 0..300 {
                let (now, then) = (masked.data()[y * 300 + x], before.data()[y * 300 + x]);
                let inside = (378..400).contains(&y) && (98..222).contains(&x);
                if inside {
                    assert!((now - 160.0 / 300.0).abs() < 0.01, "{now}");
                } else {
                    assert_eq!(now, then);
                }
            }
        }
    }

    #[test]
    fn a_mark_beside_text_or_in_the_middle_is_text() {
        let beside = [region(20, 150, 20, 1), region(60, 150, 90, 6)];
        assert_eq!(BurnedIn::Mask.apply(&mut image(), beside.to_vec()).unwrap(), beside);
        let middle = [region(140, 190, 20, 1)];
        assert_eq!(BurnedIn::Mask.apply(&mut image(), middle.to_vec()).unwrap(), middle);
    }

    #[test]
    fn documents_and_the_limit_of_characters_are_left_out() {
        let lines: Vec<_> = (0..10).map(|line| region(10, 40 * line, 250, 20)).collect();
        assert_eq!(BurnedIn::Mask.apply(&mut image(), lines), Err(Cause::BurnedInText));
        let few = vec![region(10, 10, 200, 34)];
        assert_eq!(BurnedIn::default().apply(&mut image(), few.clone()), Ok(Vec::new()));
        let more = [few, vec![region(200, 390, 10, 1)]].concat();
        assert_eq!(BurnedIn::default().apply(&mut image(), more), Err(Cause::BurnedInText));
    }
}
