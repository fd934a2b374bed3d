use serde::Serialize;
use xray_core::Laterality;

use crate::device::Device;
use crate::draw::Draw;
use crate::field::Field;
use crate::flesh::STEP;
use crate::font;
use crate::raster::Canvas;

/// What a lead letter adds to the attenuation.
const LEAD: f32 = 2.2;

/// How the lead letter lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Marker {
    /// To be read.
    #[default]
    Usual,
    /// It was forgotten.
    Absent,
    /// It lies upside down and reads mirrored.
    Mirrored,
}

impl Marker {
    /// Of images, by the shares of those without a letter and with a mirrored one.
    pub(crate) fn draw([absent, mirrored]: [f64; 2], draw: &mut Draw) -> Self {
        let at = f64::from(draw.range(0.0, 1.0));
        if at < absent {
            Self::Absent
        } else if at < absent + mirrored {
            Self::Mirrored
        } else {
            Self::Usual
        }
    }
}

/// Puts the lead letter of the side where least of the patient is.
pub(crate) fn mark(
    signal: &mut Canvas,
    cover: &Canvas,
    field: &Field,
    laterality: Laterality,
    device: &Device,
    marker: Marker,
    draw: &mut Draw,
) {
    // Letters for the image of both legs are larger.
    let large = if field.spacing * field.height as f32 > 700.0 { 2.2 } else { 1.0 };
    let dot = large * draw.range(0.9, 1.5) / field.spacing;
    let (tall, wide) = (7.0 * dot, 5.0 * dot);
    let margin = 0.06 * field.height as f32;
    let mut best = (f32::MAX, [margin, margin]);
    for _ in 0..12 {
        let place = [
            draw.range(margin, (field.width as f32 - wide - margin).max(margin + 1.0)),
            draw.range(margin, (field.height as f32 - tall - margin).max(margin + 1.0)),
        ];
        let step = STEP as f32;
        let flesh: f32 = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5)]
            .iter()
            .map(|(u, v)| cover.sample((place[0] + u * wide) / step, (place[1] + v * tall) / step))
            .sum();
        if flesh < best.0 {
            best = (flesh, place);
        }
    }
    // In an image of both sides the letter says on which half it lies; the patient's right is to the left.
    let right = match laterality {
        Laterality::Both => best.1[0] < 0.5 * field.width as f32,
        side => side == Laterality::Right,
    };
    let letter = match (device.french_marker, right) {
        (true, true) => 'D',
        (true, false) => 'G',
        (false, true) => 'R',
        (false, false) => 'L',
    };
    let rows = font::rows(letter);
    let (sin, cos) = draw.normal(0.0, 6.0).to_radians().sin_cos();
    if marker == Marker::Absent {
        return;
    }
    let [left, top] = best.1;
    for y in top as usize..((top + tall * 1.2) as usize).min(field.height) {
        for x in left as usize..((left + wide * 1.2) as usize).min(field.width) {
            let (u, v) = (x as f32 - left, y as f32 - top);
            let (column, row) = ((u * cos + v * sin) / dot, (v * cos - u * sin) / dot);
            let column = if marker == Marker::Mirrored { 5.0 - column } else { column };
            let inside = (0.0..5.0).contains(&column) && (0.0..7.0).contains(&row);
            if inside && rows[row as usize] >> (4 - column as usize) & 1 == 1 {
                signal.data[y * field.width + x] += LEAD;
            }
        }
    }
}
