use xray_core::Laterality;

use crate::device::Device;
use crate::draw::Draw;
use crate::field::Field;
use crate::flesh::STEP;
use crate::font;
use crate::raster::Canvas;

/// What a lead letter adds to the attenuation.
const LEAD: f32 = 2.2;

/// Puts the lead letter of the side where least of the patient is.
pub(crate) fn mark(
    signal: &mut Canvas,
    cover: &Canvas,
    field: &Field,
    laterality: Laterality,
    device: &Device,
    draw: &mut Draw,
) {
    let right = laterality == Laterality::Right;
    let letter = match (device.french_marker, right) {
        (true, true) => 'D',
        (true, false) => 'G',
        (false, true) => 'R',
        (false, false) => 'L',
    };
    let dot = draw.range(0.9, 1.5) / field.spacing;
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
    let rows = font::rows(letter);
    let (sin, cos) = draw.normal(0.0, 6.0).to_radians().sin_cos();
    let [left, top] = best.1;
    for y in top as usize..((top + tall * 1.2) as usize).min(field.height) {
        for x in left as usize..((left + wide * 1.2) as usize).min(field.width) {
            let (u, v) = (x as f32 - left, y as f32 - top);
            let (column, row) = ((u * cos + v * sin) / dot, (v * cos - u * sin) / dot);
            let inside = (0.0..5.0).contains(&column) && (0.0..7.0).contains(&row);
            if inside && rows[row as usize] >> (4 - column as usize) & 1 == 1 {
                signal.data[y * field.width + x] += LEAD;
            }
        }
    }
}
