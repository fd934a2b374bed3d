//! How much flesh, and how much of a cast, a ray meets.

use crate::field::Field;
use crate::geometry::Point;
use crate::mesh::Mesh;
use crate::raster::Canvas;
use crate::scene::Scene;

/// Flesh and casts are drawn on a grid this many times coarser than the image.
pub(crate) const STEP: usize = 4;
/// Groups of fingers and of the rest; flesh between two groups counts once.
const GROUPS: usize = 6;
/// The most of a shell that a ray meets, in millimetres.
const MOST_SHELL: f32 = 14.0;

/// Millimetres of flesh and bone on the way of the ray; edges softened by `soft` millimetres.
pub(crate) fn flesh(scene: &Scene, field: &Field, soft: f32) -> Canvas {
    let spans = spans(scene.skin.iter().map(|(group, mesh)| (*group, mesh)), GROUPS, field);
    let (width, height) = shape(field);
    let data = (0..width * height).map(|at| {
        let mut hull = [f32::MAX, f32::MIN];
        let mut sum = 0.0;
        for group in spans[at..].iter().step_by(width * height).filter(|g| g[1] > g[0]) {
            sum += group[1] - group[0];
            hull = [hull[0].min(group[0]), hull[1].max(group[1])];
        }
        sum.min((hull[1] - hull[0]).max(0.0))
    });
    let canvas = Canvas { width, height, data: data.collect() };
    canvas.blurred(soft / (field.spacing * STEP as f32))
}

/// Millimetres of the shell of the cast, where there is one.
pub(crate) fn cast(scene: &Scene, field: &Field) -> Option<Canvas> {
    if scene.cast.is_empty() {
        return None;
    }
    let (width, height) = shape(field);
    let [within, whole] =
        [0, 1].map(|side| spans(scene.cast.iter().map(|shells| (0, &shells[side])), 1, field));
    let data = whole.iter().zip(&within).map(|(whole, within)| {
        // Where a ray grazes the shell, or crosses it between thumb and palm, the spans say too much.
        (whole[1] - whole[0] - (within[1] - within[0]).max(0.0)).clamp(0.0, MOST_SHELL)
    });
    let canvas = Canvas { width, height, data: data.collect() };
    Some(canvas.blurred(0.8 / (field.spacing * STEP as f32)))
}

/// Columns and rows of the coarse grid.
fn shape(field: &Field) -> (usize, usize) {
    (field.width.div_ceil(STEP) + 1, field.height.div_ceil(STEP) + 1)
}

/// The nearest and the farthest depth of the surfaces of each group, one grid after the other.
fn spans<'a>(meshes: impl Iterator<Item = (usize, &'a Mesh)>, groups: usize, field: &Field) -> Vec<[f32; 2]> {
    let (width, height) = shape(field);
    let mut spans = vec![[f32::MAX, f32::MIN]; groups * width * height];
    for (group, mesh) in meshes {
        let group = &mut spans[group * width * height..(group + 1) * width * height];
        let points: Vec<Point> = mesh
            .points
            .iter()
            .map(|p| {
                let [x, y, z] = field.project(*p);
                [x / STEP as f32, y / STEP as f32, z]
            })
            .collect();
        for corners in &mesh.triangles {
            splat(corners.map(|i| points[usize::from(i)]), width, height, group);
        }
    }
    spans
}

/// Widens the depth range of the pixels that a triangle covers.
fn splat(corners: [Point; 3], width: usize, height: usize, spans: &mut [[f32; 2]]) {
    let [a, b, c] = corners;
    let bound = |axis: usize, size: usize| {
        let (low, high) = (a[axis].min(b[axis]).min(c[axis]), a[axis].max(b[axis]).max(c[axis]));
        (low.floor().max(0.0) as usize, high.ceil().min(size as f32 - 1.0))
    };
    let ((x0, x1), (y0, y1)) = (bound(0, width), bound(1, height));
    if x1 < 0.0 || y1 < 0.0 {
        return;
    }
    let area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
    if area.abs() < 1e-6 {
        return;
    }
    for y in y0..=y1 as usize {
        for x in x0..=x1 as usize {
            let (px, py) = (x as f32, y as f32);
            let v = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / area;
            let w = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / area;
            if v >= 0.0 && w >= 0.0 && v + w <= 1.0 {
                let z = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2]);
                let span = &mut spans[y * width + x];
                *span = [span[0].min(z), span[1].max(z)];
            }
        }
    }
}
