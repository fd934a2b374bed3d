use crate::draw::Draw;
use crate::field::Field;
use crate::flesh::{self, STEP};
use crate::geometry::Point;
use crate::mesh::Mesh;
use crate::radiograph::Shot;
use crate::raster::Canvas;
use crate::scene::Scene;
use crate::solid::Material;

/// Which pixels a finding covers in an image, from the projection that made the image. A fracture covers its bone up
/// to 4 mm from the cut, on both sides; a dislocation covers the end of the bone that left its joint; a lytic lesion
/// covers what it takes of the bone. The edges of the collimator are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingMask {
    /// `fracture`, or the name of the label.
    pub name: &'static str,
    /// Row by row, whether the finding is there.
    pub pixels: Vec<bool>,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl FindingMask {
    /// The least box around it, in whole pixels: left, top, and one past right and bottom.
    pub fn corners(&self) -> Option<[usize; 4]> {
        corners(self.pixels.iter().copied(), self.width)
    }
}

/// The least box around what is set.
pub(crate) fn corners(set: impl Iterator<Item = bool>, width: usize) -> Option<[usize; 4]> {
    set.enumerate().filter(|(_, set)| *set).fold(None, |found, (at, _)| {
        let (x, y) = (at % width, at / width);
        let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)])
    })
}

/// A ray that is in a body for less than this, in millimetres, passes by it.
const GRAZES: f32 = 0.05;

impl Shot<'_> {
    /// The masks of all findings that are in the image.
    pub(crate) fn finding_masks(&self, draw: &mut Draw) -> Vec<FindingMask> {
        let (scene, field) = self.aim(draw);
        let mut masks: Vec<FindingMask> = Vec::new();
        let mut cover = |name: &'static str, covered: &dyn Fn(usize) -> bool| {
            let at = masks.iter().position(|mask| mask.name == name).unwrap_or_else(|| {
                let pixels = vec![false; field.width * field.height];
                masks.push(FindingMask { name, pixels, width: field.width, height: field.height });
                masks.len() - 1
            });
            masks[at].pixels.iter_mut().enumerate().for_each(|(pixel, set)| *set |= covered(pixel));
        };
        for (name, mesh) in &scene.places {
            let lengths = lengths(mesh, &field);
            cover(name, &|pixel| lengths.data[pixel] > GRAZES);
        }
        let bone = scene.solids.iter().any(|solid| solid.material == Material::Void).then(|| {
            let mut canvas = Canvas::filled(field.width, field.height, 0.0);
            scene.pieces.iter().for_each(|piece| add(&mut canvas, &piece.outer, &field));
            canvas
        });
        for solid in &scene.solids {
            let lengths = lengths(&solid.mesh, &field);
            let void = bone.as_ref().filter(|_| solid.material == Material::Void);
            // A hole takes nothing where there is no bone.
            let there = |pixel: usize| void.is_none_or(|bone| bone.data[pixel] > GRAZES);
            cover(solid.finding, &|pixel| lengths.data[pixel] > GRAZES && there(pixel));
        }
        if let Some(shell) = shell(&scene, &field) {
            cover("cast", &|pixel| shell.data[pixel] > GRAZES);
        }
        masks.retain(|mask| mask.pixels.contains(&true));
        masks
    }
}

/// The shell of a cast on the grid of the image.
fn shell(scene: &Scene, field: &Field) -> Option<Canvas> {
    let coarse = flesh::cast(scene, field)?;
    let mut canvas = Canvas::filled(field.width, field.height, 0.0);
    for (at, value) in canvas.data.iter_mut().enumerate() {
        let place = [at % field.width, at / field.width].map(|p| p as f32 / STEP as f32);
        *value = coarse.sample(place[0], place[1]);
    }
    Some(canvas)
}

/// The way of each ray in a body.
fn lengths(mesh: &Mesh, field: &Field) -> Canvas {
    let mut canvas = Canvas::filled(field.width, field.height, 0.0);
    add(&mut canvas, mesh, field);
    canvas
}

/// Adds the way of each ray in a body.
pub(crate) fn add(canvas: &mut Canvas, mesh: &Mesh, field: &Field) {
    let points: Vec<Point> = mesh.points.iter().map(|p| field.project(*p)).collect();
    canvas.add_depth(&points, &mesh.triangles, field.sign());
}
