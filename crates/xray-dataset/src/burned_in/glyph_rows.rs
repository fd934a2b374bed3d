use std::collections::HashSet;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use xray_core::{ImageTensor, TextGate, TextRegion};

use super::components::{Component, components};
use super::strokes::{Plane, Stroke};

/// The longest side on which glyphs are looked for: letters of eight pixels in an image of 4000 still count
/// four here.
const LONGEST: usize = 2048;

/// Finds lines of printed text without a model: at least three marks of thin, bright or dark strokes, equally
/// high, standing on one line close to each other. Below five marks, and where strokes hardly stand out, they must
/// be like letters in every one of these; a line that was found reaches as far as anything stands out on it.
///
/// It knows horizontal text as machines print it, from about six pixels in height to a fourteenth of the
/// longest side. Handwriting, vertical text and lone letters, such as side markers, it does not see; a
/// screw's thread it may take for text. Where the model can be had, `TextDetector` (feature `ocr`) sees more.
///
/// ```
/// use xray_core::{ImageTensor, TextGate};
/// use xray_dataset::GlyphRows;
///
/// let empty = ImageTensor::new(vec![0.5; 300 * 200], 1, 300, 200)?;
/// assert!(GlyphRows::default().regions(&empty)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GlyphRows {
    /// By how much strokes must stand out from what is around them, of a range of 1 (default: 0.3; bone and
    /// its edges stand out by less over so short a distance).
    pub contrast: f32,
}

impl Default for GlyphRows {
    fn default() -> Self {
        Self { contrast: 0.3 }
    }
}

impl TextGate for GlyphRows {
    type Error = Infallible;

    fn regions(&self, image: &ImageTensor) -> Result<Vec<TextRegion>, Infallible> {
        let contrast = (self.contrast.clamp(0.0, 1.0) * 255.0) as u8;
        let mut regions = Vec::new();
        for stroke in [Stroke::Bright, Stroke::Dark] {
            let plane = Plane::new(image, stroke, LONGEST);
            let longest = plane.height.max(plane.width);
            // A stroke is about a sixth as thick as its letter is high.
            let greatest = (longest / 14).max(MIN_HEIGHT + 1);
            let standing_out = plane.standing_out(greatest / 5 + 3);
            let marks = components(&mut plane.strokes(&standing_out, contrast), plane.width);
            let marks: Vec<Component> = marks.into_iter().filter(|mark| mark.pixels >= SPECK).collect();
            let glyphs = marks.iter().copied().filter(|glyph| is_glyph(glyph, greatest)).collect();
            let faint = Faint { standing_out: &standing_out, width: plane.width, contrast: contrast / 3 };
            let stands_out = |glyph: &Component| faint.reaches(glyph, contrast);
            let mut lines = rows(glyphs);
            lines.retain(|row| is_line(row, stands_out));
            let others = others(&marks, &lines);
            for row in lines.iter().filter(|row| is_apart(row, &others)) {
                let (left, right) = faint.ends(row);
                add(&mut regions, region(row, (left, right), image, plane.step));
            }
        }
        Ok(regions)
    }
}

const MIN_HEIGHT: usize = 5;
/// Marks of fewer pixels are dots and noise.
const SPECK: usize = 4;

/// Adds a region, or widens one that it mostly lies on: what is inside of letters is a row of marks as well.
fn add(regions: &mut Vec<TextRegion>, new: TextRegion) {
    let shared =
        |a: (usize, usize), b: (usize, usize)| (a.0 + a.1).min(b.0 + b.1).saturating_sub(a.0.max(b.0));
    let same = regions.iter_mut().find(|old| {
        let across = shared((old.left, old.width), (new.left, new.width));
        let down = shared((old.top, old.height), (new.top, new.height));
        2 * across * down > old.area().min(new.area())
    });
    let Some(old) = same else { return regions.push(new) };
    let (right, bottom) =
        ((old.left + old.width).max(new.left + new.width), (old.top + old.height).max(new.top + new.height));
    (old.left, old.top) = (old.left.min(new.left), old.top.min(new.top));
    (old.width, old.height) = (right - old.left, bottom - old.top);
    old.characters = old.characters.max(new.characters);
}

fn is_glyph(component: &Component, greatest: usize) -> bool {
    let (width, height) = (component.width(), component.height());
    // Two or three letters may touch each other.
    (MIN_HEIGHT..=greatest).contains(&height) && width <= 3 * height && component.pixels * 8 >= width * height
}

/// Glyphs that stand on one line, at least three.
fn rows(mut glyphs: Vec<Component>) -> Vec<Vec<Component>> {
    glyphs.sort_by_key(|glyph| (glyph.left, glyph.top));
    let mut row_of: Vec<usize> = (0..glyphs.len()).collect();
    let widest = glyphs.iter().map(Component::width).max().unwrap_or(0);
    for (second, b) in glyphs.iter().enumerate() {
        // Sorted by their left ends: further away than this, none reaches near.
        let begin =
            glyphs[..second].partition_point(|a| a.left + widest + 2 * b.height().max(widest) < b.left);
        for (first, a) in glyphs.iter().enumerate().take(second).skip(begin) {
            if are_neighbours(a, b) {
                let (a, b) = (root(&mut row_of, first), root(&mut row_of, second));
                row_of[a] = b;
            }
        }
    }
    let mut rows: Vec<Vec<Component>> = vec![Vec::new(); glyphs.len()];
    for (index, glyph) in glyphs.iter().enumerate() {
        rows[root(&mut row_of, index)].push(*glyph);
    }
    rows.retain(|row| row.len() >= 3);
    rows
}

fn root(row_of: &mut [usize], mut index: usize) -> usize {
    while row_of[index] != index {
        row_of[index] = row_of[row_of[index]];
        index = row_of[index];
    }
    index
}

fn are_neighbours(a: &Component, b: &Component) -> bool {
    let (low, high) = (a.height().min(b.height()), a.height().max(b.height()));
    let shared = a.bottom.min(b.bottom).saturating_sub(a.top.max(b.top));
    let gap = b.left.saturating_sub(a.right);
    2 * low >= high && 5 * shared >= 3 * low && gap <= high
}

/// Whether the marks end where text does: on its base line, as high as each other. What a few marks are is told less
/// surely than what many are, and so is what hardly stands out, as noise in bone that the window made white.
fn is_line(row: &[Component], stands_out: impl Fn(&Component) -> bool) -> bool {
    let middle = |mut values: Vec<usize>| {
        values.sort_unstable();
        values[values.len() / 2]
    };
    let height = middle(row.iter().map(Component::height).collect());
    let base = middle(row.iter().map(|glyph| glyph.bottom).collect());
    let slack = height / 10 + 1;
    let on_base = row.iter().filter(|glyph| glyph.bottom.abs_diff(base) <= slack).count();
    let is_alike = |glyph: &&Component| 5 * glyph.height() >= 3 * height && 3 * glyph.height() <= 5 * height;
    let clear = row.iter().filter(|glyph| stands_out(glyph)).count();
    if 2 * clear < row.len() {
        return row.len() >= 5
            && 4 * on_base >= 3 * row.len()
            && 5 * row.iter().filter(is_alike).count() >= 4 * row.len();
    }
    if row.len() < 5 {
        let (low, high) = (row.iter().map(Component::height).min(), row.iter().map(Component::height).max());
        return on_base == row.len() && low.zip(high).is_some_and(|(low, high)| 2 * high <= 3 * low);
    }
    3 * on_base >= 2 * row.len()
}

/// The marks that are in no line, by their upper edges.
fn others(marks: &[Component], lines: &[Vec<Component>]) -> Vec<Component> {
    let place = |mark: &Component| (mark.top, mark.left, mark.bottom, mark.right);
    let in_lines: HashSet<_> = lines.iter().flatten().map(place).collect();
    let mut others: Vec<Component> =
        marks.iter().copied().filter(|mark| !in_lines.contains(&place(mark))).collect();
    others.sort_unstable_by_key(|mark| mark.top);
    others
}

/// Whether there are fewer other marks around a line than in it. In noise, some marks always happen to stand in a row.
fn is_apart(row: &[Component], others: &[Component]) -> bool {
    let (top, bottom) = (least(row, |g| g.top), most(row, |g| g.bottom));
    let (left, right) = (least(row, |g| g.left), most(row, |g| g.right));
    let height = bottom - top;
    let end = others.partition_point(|mark| mark.top < bottom + height);
    let near = others[..end].iter().filter(|mark| {
        mark.bottom + height > top && mark.left < right + height && mark.right + height > left
    });
    near.take(row.len()).count() < row.len()
}

/// What stands out too little to be taken for text by itself.
struct Faint<'a> {
    standing_out: &'a [u8],
    width: usize,
    contrast: u8,
}

impl Faint<'_> {
    /// Whether some pixel of a mark's box stands out by `contrast`.
    fn reaches(&self, glyph: &Component, contrast: u8) -> bool {
        let mut rows = glyph.top..glyph.bottom;
        rows.any(|y| {
            self.standing_out[y * self.width..][glyph.left..glyph.right].iter().any(|by| *by >= contrast)
        })
    }

    /// The first column of a line and one more than its last: letters that were missed count as long as the gaps
    /// between them are those of words, up to as many to each side as were found.
    fn ends(&self, row: &[Component]) -> (usize, usize) {
        let (top, bottom) = (least(row, |g| g.top), most(row, |g| g.bottom));
        let (mut left, mut right) = (least(row, |g| g.left), most(row, |g| g.right));
        let gap = 7 * (bottom - top) / 10 + 1;
        let (first, end) = (left.saturating_sub(right - left), (2 * right - left).min(self.width));
        let is_marked =
            |x: &usize| (top..bottom).any(|y| self.standing_out[y * self.width + x] >= self.contrast.max(1));
        while let Some(further) = (right..(right + gap).min(end)).rev().find(is_marked) {
            right = further + 1;
        }
        while let Some(further) = (left.saturating_sub(gap).max(first)..left).find(is_marked) {
            left = further;
        }
        (left, right)
    }
}

fn least(row: &[Component], side: fn(&Component) -> usize) -> usize {
    row.iter().map(side).min().unwrap_or(0)
}

fn most(row: &[Component], side: fn(&Component) -> usize) -> usize {
    row.iter().map(side).max().unwrap_or(0)
}

/// The region of a line from one end to the other in the image, wider by a quarter of its height above and below for
/// accents and by half of it left and right for dots and letters that were cut off.
fn region(row: &[Component], (left, right): (usize, usize), image: &ImageTensor, step: usize) -> TextRegion {
    let (top, bottom) = (least(row, |g| g.top), most(row, |g| g.bottom));
    let margin = (bottom - top).div_ceil(4);
    let place = |side: usize, end: usize| (side * step).min(end);
    // A letter and the gap behind it are about three quarters as wide as a line is high.
    let beyond = (right - left).saturating_sub(most(row, |g| g.right) - least(row, |g| g.left));
    let missed = 4 * beyond / (3 * (bottom - top).max(1));
    let end = place(right + 2 * margin, image.width());
    let left = place(left.saturating_sub(2 * margin), image.width());
    let upper = place(top.saturating_sub(margin), image.height());
    // A letter is about two thirds as wide as it is high; touching ones count by their width.
    let letters = |glyph: &Component| (3 * glyph.width() / (2 * glyph.height())).max(1);
    TextRegion {
        left,
        top: upper,
        width: end - left,
        height: place(bottom + margin, image.height()) - upper,
        characters: row.iter().map(letters).sum::<usize>() + missed,
    }
}
