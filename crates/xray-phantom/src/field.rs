use crate::draw::Draw;
use crate::geometry::Point;

/// The detector in the plane of the patient.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) spacing: f32,
    pub(crate) mirror: f32,
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) source_mm: Option<f32>,
}

/// How far the middle of the limb is from the detector, in millimetres.
const LIFT: f32 = 35.0;

impl Field {
    /// `[column, row, depth]` of a point.
    pub(crate) fn project(&self, p: Point) -> Point {
        let flat = [(self.mirror * p[0] - self.left) / self.spacing, (-p[1] - self.top) / self.spacing];
        let Some(source) = self.source_mm else { return [flat[0], flat[1], p[2]] };
        // What is nearer to the focus is larger; the palm lies on the detector.
        let larger = source / (source - (LIFT - p[2]).max(0.0));
        let middle = [0.5 * self.width as f32, 0.5 * self.height as f32];
        let place = |axis: usize| middle[axis] + (flat[axis] - middle[axis]) * larger;
        [place(0), place(1), p[2]]
    }
}

/// The edges of the collimator, as the machine blackens what lies outside.
#[derive(Debug)]
pub(crate) struct Shutter {
    center: [f32; 2],
    half: [f32; 2],
    turn: (f32, f32),
}

impl Shutter {
    pub(crate) fn draw(field: &Field, draw: &mut Draw) -> Self {
        let size = [field.width as f32, field.height as f32];
        let closed = if draw.chance(0.5) { 0.0 } else { 0.06 };
        Self {
            center: [0.5 * size[0] * draw.range(0.98, 1.02), 0.5 * size[1] * draw.range(0.98, 1.02)],
            half: size.map(|s| s * (0.53 - closed * draw.range(0.2, 1.0))),
            turn: draw.normal(0.0, 1.5).to_radians().sin_cos(),
        }
    }

    /// 1 inside, 0 outside.
    pub(crate) fn open(&self, x: f32, y: f32) -> f32 {
        let (u, v) = (x - self.center[0], y - self.center[1]);
        let (sin, cos) = self.turn;
        let (u, v) = ((u * cos + v * sin).abs(), (v * cos - u * sin).abs());
        let inside = (self.half[0] - u).min(self.half[1] - v);
        (0.5 + 0.5 * inside).clamp(0.0, 1.0)
    }
}
