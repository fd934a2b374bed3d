use std::fmt;

use xray_core::{BodyPart, Laterality, View};

use crate::anatomy::Anatomy;
use crate::device::Device;
use crate::draw::Draw;
use crate::font;
use crate::fracture::Fracture;
use crate::geometry::Point;
use crate::pose::Pose;
use crate::raster::Canvas;
use crate::scene::Scene;
use crate::skeleton::Skeleton;

/// One simulated image: grey values of a detector, bone bright.
#[derive(Clone, PartialEq)]
pub struct Radiograph {
    /// Row by row, `0..2^bits`, bone bright whatever the file's photometric interpretation says.
    pub pixels: Vec<u16>,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The machine, which sets bit depth and photometric interpretation.
    pub device: &'static Device,
    /// The size of a pixel in millimetres.
    pub spacing_mm: f32,
    /// The projection.
    pub view: View,
    /// The side shown.
    pub laterality: Laterality,
    /// The part shown.
    pub body_part: BodyPart,
    /// Center and width of the window for display, in values of `pixels`.
    pub window: [f32; 2],
}

impl fmt::Debug for Radiograph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Radiograph[{}, {}; {:?} {:?}]", self.height, self.width, self.body_part, self.view)
    }
}

/// Attenuation a millimetre, for a spectrum around 55 kV: cortex, spongy bone with its marrow, flesh. Rounded
/// values of the order that tables of mass attenuation give; only their ratios matter here.
const MU: [f32; 3] = [0.085, 0.036, 0.022];
/// Photons a pixel of 0.4 mm without an object, which sets the noise.
const PHOTONS: f32 = 2600.0;
/// What a lead letter adds to the attenuation.
const LEAD: f32 = 2.2;
/// Scatter is followed on a grid this many times coarser.
const HAZE_STEP: usize = 16;
/// The skin is drawn on a grid this many times coarser.
const SKIN_STEP: usize = 4;

/// What is to be taken of whom.
#[derive(Debug)]
pub(crate) struct Shot<'a> {
    pub(crate) skeleton: &'a Skeleton,
    pub(crate) anatomy: &'a Anatomy,
    pub(crate) fracture: Option<&'a Fracture>,
    pub(crate) body_part: BodyPart,
    pub(crate) laterality: Laterality,
    pub(crate) view: View,
    pub(crate) device: &'static Device,
    /// Rows of the image.
    pub(crate) size: usize,
    /// From the focus to the detector, in millimetres; parallel rays where there is none.
    pub(crate) source_mm: Option<f32>,
}

impl Shot<'_> {
    pub(crate) fn take(&self, draw: &mut Draw) -> Radiograph {
        let (scene, field) = self.aim(draw);
        let [mut bone, mut marrow] = [(); 2].map(|()| Canvas::filled(field.width, field.height, 0.0));
        let sign = if field.mirror > 0.0 { -1.0 } else { 1.0 };
        for piece in &scene.pieces {
            for (canvas, mesh) in [(&mut bone, &piece.outer), (&mut marrow, &piece.inner)] {
                let points: Vec<Point> = mesh.points.iter().map(|p| field.project(*p)).collect();
                canvas.add_depth(&points, &mesh.triangles, sign);
            }
        }
        let skin = self.skin(&scene, &field);
        let signal = self.attenuation(&bone, &marrow, &skin, &field, draw);
        self.develop(signal, &skin, &field, draw)
    }

    /// The box of the fracture in pixels: left, top, right, bottom.
    pub(crate) fn fracture_box(&self, draw: &mut Draw) -> Option<[f32; 4]> {
        let (scene, field) = self.aim(draw);
        let places = scene.cut.iter().map(|p| field.project(*p));
        places.fold(None, |found, [x, y, _]| {
            let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
            Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
        })
    }

    fn aim(&self, draw: &mut Draw) -> (Scene, Field) {
        let pose = Pose::draw(self.skeleton, self.body_part, self.view, self.fracture, draw);
        let scene = Scene::new(self.skeleton, self.anatomy, &pose, self.fracture);
        let field = self.field(&scene, draw);
        (scene, field)
    }

    /// What the detector covers.
    fn field(&self, scene: &Scene, draw: &mut Draw) -> Field {
        let mirror = if self.laterality == Laterality::Left { 1.0 } else { -1.0 };
        let mut corners = [[f32::MAX, f32::MIN]; 2];
        let mut include = |p: Point| {
            for (bound, value) in corners.iter_mut().zip([mirror * p[0], -p[1]]) {
                *bound = [bound[0].min(value), bound[1].max(value)];
            }
        };
        let size = self.anatomy.size;
        if self.body_part == BodyPart::Wrist {
            let breadth = size * draw.range(36.0, 44.0);
            let (above, below) = (size * draw.range(36.0, 62.0), size * draw.range(42.0, 70.0));
            include([-breadth, above, 0.0]);
            include([breadth, -below, 0.0]);
        } else {
            scene.pieces.iter().filter(|p| p.bone.ray().is_some() || p.bone.is_carpal()).for_each(|piece| {
                piece.outer.points.iter().step_by(7).for_each(|p| include(*p));
            });
            include([0.0, -size * draw.range(18.0, 40.0), 0.0]);
            for bound in &mut corners {
                *bound = [bound[0] - draw.range(5.0, 14.0), bound[1] + draw.range(5.0, 14.0)];
            }
        }
        let [across, down] = corners;
        let tall = (down[1] - down[0]).max(1.0);
        let spacing = tall / self.size as f32;
        let width =
            ((across[1] - across[0]) / spacing).clamp(0.55 * self.size as f32, 1.1 * self.size as f32);
        let width = (width as usize / 8 * 8).max(16);
        let left = 0.5 * (across[0] + across[1]) - 0.5 * spacing * width as f32;
        Field { width, height: self.size, spacing, mirror, left, top: down[0], source_mm: self.source_mm }
    }

    /// Millimetres of flesh and bone on the way of the ray, on a coarse grid.
    fn skin(&self, scene: &Scene, field: &Field) -> Canvas {
        let (width, height) = (field.width.div_ceil(SKIN_STEP) + 1, field.height.div_ceil(SKIN_STEP) + 1);
        let mut spans = vec![[f32::MAX, f32::MIN]; 6 * width * height];
        for (ray, mesh) in &scene.skin {
            let group = &mut spans[ray * width * height..(ray + 1) * width * height];
            let points: Vec<Point> = mesh
                .points
                .iter()
                .map(|p| {
                    let [x, y, z] = field.project(*p);
                    [x / SKIN_STEP as f32, y / SKIN_STEP as f32, z]
                })
                .collect();
            for corners in &mesh.triangles {
                splat(corners.map(|i| points[usize::from(i)]), width, height, group);
            }
        }
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
        canvas.blurred(self.anatomy.size * 1.6 / (field.spacing * SKIN_STEP as f32))
    }

    /// The line integral of attenuation, with the lead letter.
    fn attenuation(
        &self,
        bone: &Canvas,
        marrow: &Canvas,
        skin: &Canvas,
        field: &Field,
        draw: &mut Draw,
    ) -> Canvas {
        let coarse = Grain::new(field.spacing / 2.3, draw);
        let fine = Grain::new(field.spacing / 0.95, draw);
        let mut signal = Canvas::filled(field.width, field.height, 0.0);
        let [cortical, spongy, flesh] = MU;
        for y in 0..field.height {
            for x in 0..field.width {
                let at = y * field.width + x;
                let whole = skin.sample(x as f32 / SKIN_STEP as f32, y as f32 / SKIN_STEP as f32);
                let mut value = flesh * whole;
                let outer = bone.data[at];
                if outer > 0.02 {
                    let inner = marrow.data[at].clamp(0.0, outer);
                    let texture = 1.0 + 0.16 * coarse.at(x, y) + 0.24 * fine.at(x, y);
                    let spongy = (spongy - flesh) * self.anatomy.density * texture;
                    value += (cortical - flesh) * (outer - inner) + spongy * inner;
                }
                signal.data[at] = value;
            }
        }
        signal
    }

    /// Photons, noise, grey values, collimation.
    fn develop(&self, mut signal: Canvas, skin: &Canvas, field: &Field, draw: &mut Draw) -> Radiograph {
        self.mark(&mut signal, skin, field, draw);
        let scatter = draw.range(0.04, 0.14);
        let blur = draw.range(0.12, 0.24) / field.spacing;
        signal.data.iter_mut().for_each(|v| *v = (-*v).exp());
        let haze = signal.thinned(HAZE_STEP).blurred(18.0 / (field.spacing * HAZE_STEP as f32));
        let mut photons = signal.blurred(blur);
        let dose = PHOTONS * (field.spacing / 0.4).powi(2) * draw.range(0.6, 1.6);
        let mut spare = None;
        for (at, value) in photons.data.iter_mut().enumerate() {
            let noise = spare.take().unwrap_or_else(|| {
                let [now, later] = draw.normals();
                spare = Some(later);
                now
            });
            // Scattered photons come from some centimetres around.
            let place = [at % field.width, at / field.width].map(|p| p as f32 / HAZE_STEP as f32 - 0.5);
            let arrived = *value * (1.0 - scatter) + scatter * haze.sample(place[0], place[1]);
            let counted = arrived + noise * (arrived / dose + 4e-6).sqrt();
            *value = -counted.max(1e-3).ln();
        }
        let edges = Shutter::draw(field, draw);
        let mut sorted: Vec<f32> = photons.data.iter().copied().step_by(17).collect();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f32| sorted[((sorted.len() - 1) as f32 * share) as usize];
        let low = at(0.01) - 0.02;
        let high = at(0.985).max(low + 0.5) * draw.range(1.02, 1.25);
        let most = f32::from(self.device.greatest());
        let pixels = photons
            .data
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let level = 0.04 + 0.9 * (value - low) / (high - low);
                let open = edges.open((i % field.width) as f32, (i / field.width) as f32);
                (level.clamp(0.0, 1.0) * open * most) as u16
            })
            .collect();
        Radiograph {
            pixels,
            width: field.width,
            height: field.height,
            device: self.device,
            spacing_mm: field.spacing,
            view: self.view,
            laterality: self.laterality,
            body_part: self.body_part,
            window: [0.5 * most, most],
        }
    }

    /// Puts the lead letter of the side where least of the patient is.
    fn mark(&self, signal: &mut Canvas, skin: &Canvas, field: &Field, draw: &mut Draw) {
        let right = self.laterality == Laterality::Right;
        let letter = match (self.device.french_marker, right) {
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
            let step = SKIN_STEP as f32;
            let flesh: f32 = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5)]
                .iter()
                .map(|(u, v)| skin.sample((place[0] + u * wide) / step, (place[1] + v * tall) / step))
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
}

/// The detector in the plane of the patient.
#[derive(Debug)]
struct Field {
    width: usize,
    height: usize,
    spacing: f32,
    mirror: f32,
    left: f32,
    top: f32,
    source_mm: Option<f32>,
}

/// How far the middle of the limb is from the detector, in millimetres.
const LIFT: f32 = 35.0;

impl Field {
    /// `[column, row, depth]` of a point.
    fn project(&self, p: Point) -> Point {
        let flat = [(self.mirror * p[0] - self.left) / self.spacing, (-p[1] - self.top) / self.spacing];
        let Some(source) = self.source_mm else { return [flat[0], flat[1], p[2]] };
        // What is nearer to the focus is larger; the palm lies on the detector.
        let larger = source / (source - (LIFT - p[2]).max(0.0));
        let middle = [0.5 * self.width as f32, 0.5 * self.height as f32];
        let place = |axis: usize| middle[axis] + (flat[axis] - middle[axis]) * larger;
        [place(0), place(1), p[2]]
    }
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

/// Smooth noise in [-1, 1] that stands for trabeculae.
#[derive(Debug)]
struct Grain {
    values: Vec<f32>,
    step: f32,
}

const GRAIN: usize = 256;

impl Grain {
    /// `step` is a pixel in widths of a grain.
    fn new(step: f32, draw: &mut Draw) -> Self {
        let mut values = Vec::with_capacity(GRAIN * GRAIN);
        while values.len() < GRAIN * GRAIN {
            values.extend(draw.bits().to_le_bytes().map(|byte| f32::from(byte) / 127.5 - 1.0));
        }
        Self { values, step }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        // Turned against the rows, so that no grid shows.
        let (u, v) = (x as f32 * self.step, y as f32 * self.step);
        let (u, v) = (0.87 * u + 0.5 * v + 300.0, 0.87 * v - 0.5 * u + 600.0);
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f32, v - j as f32);
        let value = |i: usize, j: usize| self.values[(j % GRAIN) * GRAIN + i % GRAIN];
        let top = value(i, j) + fu * (value(i + 1, j) - value(i, j));
        let bottom = value(i, j + 1) + fu * (value(i + 1, j + 1) - value(i, j + 1));
        top + fv * (bottom - top)
    }
}

/// The edges of the collimator, as the machine blackens what lies outside.
#[derive(Debug)]
struct Shutter {
    center: [f32; 2],
    half: [f32; 2],
    turn: (f32, f32),
}

impl Shutter {
    fn draw(field: &Field, draw: &mut Draw) -> Self {
        let size = [field.width as f32, field.height as f32];
        let closed = if draw.chance(0.5) { 0.0 } else { 0.06 };
        Self {
            center: [0.5 * size[0] * draw.range(0.98, 1.02), 0.5 * size[1] * draw.range(0.98, 1.02)],
            half: size.map(|s| s * (0.53 - closed * draw.range(0.2, 1.0))),
            turn: draw.normal(0.0, 1.5).to_radians().sin_cos(),
        }
    }

    /// 1 inside, 0 outside.
    fn open(&self, x: f32, y: f32) -> f32 {
        let (u, v) = (x - self.center[0], y - self.center[1]);
        let (sin, cos) = self.turn;
        let (u, v) = ((u * cos + v * sin).abs(), (v * cos - u * sin).abs());
        let inside = (self.half[0] - u).min(self.half[1] - v);
        (0.5 + 0.5 * inside).clamp(0.0, 1.0)
    }
}
