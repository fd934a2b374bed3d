use serde::Serialize;

use crate::bone::Bone;
use crate::draw::Draw;
use crate::field::Field;
use crate::geometry::Point;
use crate::mask;
use crate::radiograph::Shot;
use crate::raster::Canvas;
use crate::scene::Scene;

/// Where a finding is in an image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FindingBox {
    /// `fracture`, or the name of the label.
    pub name: &'static str,
    /// Left, top, right and bottom in pixels, inside the image.
    pub corners: [f32; 4],
    /// Columns and rows of the image.
    pub size: [usize; 2],
}

impl FindingBox {
    /// As YOLO writes it: class, middle and size as shares of the image.
    pub(crate) fn yolo(&self, class: usize) -> String {
        let [left, top, right, bottom] = self.corners;
        let [width, height] = self.size.map(|size| size as f32);
        format!(
            "{class} {:.6} {:.6} {:.6} {:.6}\n",
            0.5 * (left + right) / width,
            0.5 * (top + bottom) / height,
            (right - left) / width,
            (bottom - top) / height
        )
    }
}

/// Which bone lies where: a label a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoneMask {
    /// Row by row: 0 for no bone, otherwise one more than the place in `bones`. Where bones overlap, the one with the
    /// longest way of the ray in it.
    pub labels: Vec<u8>,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The bones by label. In an image of both sides a bone's label stands for both.
    pub bones: Vec<Bone>,
}

impl BoneMask {
    /// The least box around each of `bones`, as [`FindingMask::corners`](crate::FindingMask::corners) gives it; nothing
    /// for one that others hide.
    pub fn corners(&self) -> Vec<Option<[usize; 4]>> {
        let label = |place: usize| place as u8 + 1;
        let labelled = |place: usize| self.labels.iter().map(move |found| *found == label(place));
        (0..self.bones.len()).map(|place| mask::corners(labelled(place), self.width)).collect()
    }
}

/// A ray that is in a bone for less than this, in millimetres, passes by it.
const GRAZES: f32 = 0.3;

impl Shot<'_> {
    /// The boxes of the fracture and of the other findings.
    pub(crate) fn boxes(&self, draw: &mut Draw) -> Vec<FindingBox> {
        let (scene, field) = self.aim(draw);
        let size = [field.width, field.height];
        let mut named: Vec<(&'static str, Vec<Point>)> = Vec::new();
        if !scene.cut.is_empty() {
            named.push(("fracture", scene.cut.clone()));
        }
        let places = scene.places.iter().filter(|(name, _)| *name != "fracture");
        let places = places.map(|(name, mesh)| (*name, mesh));
        let bodies = scene.solids.iter().map(|solid| (solid.finding, &solid.mesh));
        for (finding, mesh) in places.chain(bodies) {
            let points = mesh.points.iter().copied();
            match named.iter_mut().find(|(name, _)| *name == finding) {
                Some((_, known)) => known.extend(points),
                None => named.push((finding, points.collect())),
            }
        }
        let boxes = named.into_iter().filter_map(|(name, points)| {
            let corners = bounds(&points, &field)?;
            let most = [field.width as f32, field.height as f32];
            let [left, top, right, bottom] = corners;
            let corners = [left.max(0.0), top.max(0.0), right.min(most[0]), bottom.min(most[1])];
            // What lies outside the field is not in the image.
            (corners[0] < corners[2] && corners[1] < corners[3]).then_some(FindingBox { name, corners, size })
        });
        boxes.collect()
    }

    /// The box of the fracture, also where it leaves the image.
    pub(crate) fn fracture_box(&self, draw: &mut Draw) -> Option<[f32; 4]> {
        let (scene, field) = self.aim(draw);
        bounds(&scene.cut, &field)
    }

    pub(crate) fn bone_mask(&self, draw: &mut Draw) -> BoneMask {
        let (scene, field) = self.aim(draw);
        let mut bones: Vec<Bone> = scene.pieces.iter().map(|piece| piece.bone).collect();
        bones.sort();
        bones.dedup();
        let mut labels = vec![0u8; field.width * field.height];
        let mut longest = vec![GRAZES; labels.len()];
        for (place, bone) in bones.iter().enumerate() {
            let lengths = lengths(&scene, &field, *bone);
            for ((label, longest), length) in labels.iter_mut().zip(&mut longest).zip(&lengths.data) {
                if *length > *longest {
                    (*label, *longest) = (place as u8 + 1, *length);
                }
            }
        }
        BoneMask { labels, width: field.width, height: field.height, bones }
    }
}

/// The way of each ray in a bone.
fn lengths(scene: &Scene, field: &Field, bone: Bone) -> Canvas {
    let mut canvas = Canvas::filled(field.width, field.height, 0.0);
    let pieces = scene.pieces.iter().filter(|piece| piece.bone == bone);
    pieces.for_each(|piece| mask::add(&mut canvas, &piece.outer, field));
    canvas
}

fn bounds(points: &[Point], field: &Field) -> Option<[f32; 4]> {
    points.iter().map(|p| field.project(*p)).fold(None, |found, [x, y, _]| {
        let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}
