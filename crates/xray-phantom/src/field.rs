use xray_core::{BodyPart, Laterality, View};

use crate::bone::Bone;
use crate::draw::Draw;
use crate::geometry::Point;
use crate::radiograph::Shot;
use crate::region::Aim;
use crate::scene::Scene;
use crate::skeleton::Limb;

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
    pub(crate) fn draw(shot: &Shot<'_>, scene: &Scene, draw: &mut Draw) -> Self {
        let region = shot.subject.region;
        let drawn = if region.limb == Limb::Hand { Laterality::Left } else { Laterality::Right };
        let mirror = if shot.side == drawn || region.aim.is_bilateral() { 1.0 } else { -1.0 };
        let mut corners = [[f32::MAX, f32::MIN]; 2];
        let mut include = |p: Point| {
            for (bound, value) in corners.iter_mut().zip([mirror * p[0], -p[1]]) {
                *bound = [bound[0].min(value), bound[1].max(value)];
            }
        };
        let mut bones = |wanted: &dyn Fn(Bone) -> bool| {
            scene.pieces.iter().filter(|p| wanted(p.bone)).for_each(|piece| {
                piece.outer.points.iter().step_by(7).for_each(|p| include(*p));
            });
        };
        let size = shot.subject.anatomy.size;
        let margin = match region.aim {
            Aim::Around { breadth, above, below, .. } => {
                let breadth = size * draw.range(breadth[0], breadth[1]);
                let (above, below) =
                    (size * draw.range(above[0], above[1]), size * draw.range(below[0], below[1]));
                // Seen from the front a foot is thick: the field ends below the ankle.
                let short = region.part == BodyPart::Ankle && shot.view != View::Lateral;
                let below = if short { 0.6 * below } else { below };
                include([-breadth, above, 0.0]);
                include([breadth, -below, 0.0]);
                None
            }
            Aim::Hand => {
                bones(&|bone| bone.ray().is_some() || bone.is_carpal());
                include([0.0, -size * draw.range(18.0, 40.0), 0.0]);
                Some([5.0, 14.0])
            }
            Aim::Finger => {
                bones(&|bone| bone.ray() == shot.subject.finger && !matches!(bone, Bone::Metacarpal(_)));
                Some([10.0, 18.0])
            }
            Aim::Bones(wanted) => {
                bones(&|bone| wanted.contains(&bone));
                Some([18.0, 34.0])
            }
            Aim::BothKnees => {
                let breadth = size * draw.range(165.0, 185.0);
                include([-breadth, size * draw.range(85.0, 115.0), 0.0]);
                include([breadth, -size * draw.range(85.0, 115.0), 0.0]);
                None
            }
            Aim::BothLegs => {
                bones(&|bone| matches!(bone, Bone::Femur | Bone::Talus));
                Some([40.0, 60.0])
            }
        };
        if let Some([least, most]) = margin {
            for bound in &mut corners {
                *bound = [bound[0] - draw.range(least, most), bound[1] + draw.range(least, most)];
            }
        }
        let [across, down] = corners;
        let tall = (down[1] - down[0]).max(1.0);
        let spacing = tall / shot.size as f32;
        let widest = match region.part {
            _ if region.aim.is_bilateral() => 1.9,
            BodyPart::Pelvis => 1.4,
            _ => 1.1,
        };
        let width =
            ((across[1] - across[0]) / spacing).clamp(0.55 * shot.size as f32, widest * shot.size as f32);
        let width = (width as usize / 8 * 8).max(16);
        let left = 0.5 * (across[0] + across[1]) - 0.5 * spacing * width as f32;
        Self { width, height: shot.size, spacing, mirror, left, top: down[0], source_mm: shot.source_mm }
    }

    /// The sign that makes depths of surfaces positive lengths.
    pub(crate) fn sign(&self) -> f32 {
        if self.mirror > 0.0 { -1.0 } else { 1.0 }
    }

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
