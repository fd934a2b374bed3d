use std::fmt;

use xray_core::{BodyPart, Laterality, View};

use crate::device::Device;
use crate::draw::Draw;
use crate::field::{Field, Shutter};
use crate::findings::Findings;
use crate::flesh::{self, STEP};
use crate::geometry::{Motion, Point};
use crate::grain::Grain;
use crate::knee::Knee;
use crate::marker::{self, Marker};
use crate::mesh::Mesh;
use crate::pose::Pose;
use crate::raster::Canvas;
use crate::region::MIDLINE;
use crate::scene::{Scene, Subject};
use crate::solid::Material;

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
/// Scatter is followed on a grid this many times coarser.
const HAZE_STEP: usize = 16;
/// What adds more than this to the attenuation is metal, which a machine leaves out when it sets grey values.
const METAL: f32 = 0.6;

/// A lytic lesion takes a share of the bone on the way of the ray, at most this one.
const MOST_LOST: f32 = 0.92;

/// What is to be taken of whom.
#[derive(Debug)]
pub(crate) struct Shot<'a> {
    pub(crate) subject: Subject<'a>,
    /// The left knee of a bilateral image; the right one is the subject's.
    pub(crate) left: Option<&'a Knee>,
    pub(crate) laterality: Laterality,
    /// The side of the fracture and the findings; of both in no other image than a pelvis.
    pub(crate) side: Laterality,
    pub(crate) marker: Marker,
    /// Photons against those of other patients.
    pub(crate) photons: f32,
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
        let sign = field.sign();
        let mut add = |canvas: &mut Canvas, mesh: &Mesh, weight: f32| {
            let points: Vec<Point> = mesh.points.iter().map(|p| field.project(*p)).collect();
            canvas.add_depth(&points, &mesh.triangles, sign * weight);
        };
        for piece in &scene.pieces {
            add(&mut bone, &piece.outer, 1.0);
            add(&mut marrow, &piece.inner, 1.0);
        }
        let added = self.canvas_of(&scene, &field, |m| m != Material::Void, &mut add);
        let void = self.canvas_of(&scene, &field, |m| m == Material::Void, &mut add);
        let flesh = flesh::flesh(&scene, &field, 1.6 * self.subject.anatomy.size);
        let shell = flesh::cast(&scene, &field);
        let bodies = Bodies { bone, marrow, added, void, shell, flesh };
        let signal = self.attenuation(&bodies, &field, draw);
        self.develop(signal, &bodies, &field, draw)
    }

    /// The attenuation, or for voids the length, of some of the bodies; nothing if there are none.
    fn canvas_of(
        &self,
        scene: &Scene,
        field: &Field,
        wanted: impl Fn(Material) -> bool,
        add: &mut impl FnMut(&mut Canvas, &Mesh, f32),
    ) -> Option<Canvas> {
        let mut canvas = None;
        for solid in scene.solids.iter().filter(|solid| wanted(solid.material)) {
            let canvas = canvas.get_or_insert_with(|| Canvas::filled(field.width, field.height, 0.0));
            add(canvas, &solid.mesh, solid.material.weight());
        }
        canvas
    }

    pub(crate) fn aim(&self, draw: &mut Draw) -> (Scene, Field) {
        // Of two legs one is broken.
        let broken = |side| self.subject.fracture.filter(|_| self.left.is_none() || self.side == side);
        let subject = Subject { fracture: broken(Laterality::Right), ..self.subject };
        let pose = Pose::draw(&subject, self.view, draw);
        let mut scene = if self.subject.region.has_pelvis() {
            self.both_halves(pose, draw.clone())
        } else {
            Scene::new(&subject, &pose)
        };
        if let Some(knee) = self.left {
            let subject = Subject { knee: Some(knee), fracture: broken(Laterality::Left), ..subject };
            let other = Scene::new(&subject, &Pose::draw(&subject, self.view, draw));
            let apart = self.subject.anatomy.size * draw.range(86.0, 104.0);
            scene = scene.shifted(-apart).joined(other.mirrored().shifted(apart));
        }
        let field = Field::draw(self, &scene, draw);
        (scene, field)
    }

    /// With the other half of the pelvis, which has no findings.
    fn both_halves(&self, pose: Pose, mut other_draw: Draw) -> Scene {
        let nothing = Findings::default();
        let sound = Subject { fracture: None, findings: &nothing, ..self.subject };
        let other = Pose::draw(&sound, self.view, &mut other_draw);
        let facing = |subject: &Subject<'_>, bones: Vec<Motion>| {
            Scene::new(subject, &Pose { bones, view: Motion::IDENTITY })
        };
        let size = self.subject.anatomy.size;
        let mirrored = facing(&sound, other.bones).mirrored().shifted(2.0 * MIDLINE * size);
        facing(&self.subject, pose.bones).joined(mirrored).turned(&pose.view, size)
    }

    /// The line integral of attenuation.
    fn attenuation(&self, bodies: &Bodies, field: &Field, draw: &mut Draw) -> Canvas {
        let coarse = Grain::new(field.spacing / 2.3, draw);
        let fine = Grain::new(field.spacing / 0.95, draw);
        let mut signal = Canvas::filled(field.width, field.height, 0.0);
        let [cortical, spongy, flesh] = MU.map(|mu| mu * self.subject.region.hardness);
        for y in 0..field.height {
            for x in 0..field.width {
                let at = y * field.width + x;
                let mut value = flesh * bodies.flesh.sample(x as f32 / STEP as f32, y as f32 / STEP as f32);
                let outer = bodies.bone.data[at];
                if outer > 0.02 {
                    let inner = bodies.marrow.data[at].clamp(0.0, outer);
                    let texture = 1.0 + 0.16 * coarse.at(x, y) + 0.24 * fine.at(x, y);
                    let spongy = (spongy - flesh) * self.subject.anatomy.density * texture;
                    let lost = bodies
                        .void
                        .as_ref()
                        .map_or(0.0, |void| (void.data[at] / outer).clamp(0.0, MOST_LOST));
                    value += (1.0 - lost) * ((cortical - flesh) * (outer - inner) + spongy * inner);
                }
                if let Some(added) = &bodies.added {
                    value += added.data[at];
                }
                signal.data[at] = value;
            }
        }
        if let Some((shell, cast)) = bodies.shell.as_ref().zip(self.subject.findings.cast) {
            cast.cover(&mut signal, shell, field, self.subject.region.hardness);
        }
        signal
    }

    /// Photons, noise, grey values, collimation.
    fn develop(&self, mut signal: Canvas, bodies: &Bodies, field: &Field, draw: &mut Draw) -> Radiograph {
        marker::mark(&mut signal, &bodies.cover(), field, self.laterality, self.device, self.marker, draw);
        let scatter = draw.range(0.04, 0.14);
        let blur = draw.range(0.12, 0.24) / field.spacing;
        signal.data.iter_mut().for_each(|v| *v = (-*v).exp());
        let haze = signal.thinned(HAZE_STEP).blurred(18.0 / (field.spacing * HAZE_STEP as f32));
        let mut photons = signal.blurred(blur);
        let dose = PHOTONS
            * self.subject.region.dose
            * self.photons
            * (field.spacing / 0.4).powi(2)
            * draw.range(0.6, 1.6);
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
        let metal = |at: usize| bodies.added.as_ref().is_some_and(|added| added.data[at] > METAL);
        let tried = photons.data.iter().copied().enumerate().step_by(17);
        let mut sorted: Vec<f32> = tried.filter(|(at, _)| !metal(*at)).map(|(_, value)| value).collect();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f32| {
            let place = (sorted.len().saturating_sub(1) as f32 * share) as usize;
            sorted.get(place).copied().unwrap_or(0.0)
        };
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
            body_part: self.subject.region.part,
            window: [0.5 * most, most],
        }
    }
}

/// What lies in the way of the rays, in millimetres by pixel.
#[derive(Debug)]
struct Bodies {
    bone: Canvas,
    /// Inside the cortex.
    marrow: Canvas,
    /// Attenuation of what does not belong to bone or flesh.
    added: Option<Canvas>,
    /// Holes in the bone.
    void: Option<Canvas>,
    /// The shell of a cast, on the coarse grid.
    shell: Option<Canvas>,
    /// Flesh and bone, on the coarse grid.
    flesh: Canvas,
}

impl Bodies {
    /// Flesh and cast together.
    fn cover(&self) -> Canvas {
        let mut cover = self.flesh.clone();
        if let Some(shell) = &self.shell {
            cover.data.iter_mut().zip(&shell.data).for_each(|(cover, shell)| *cover += shell);
        }
        cover
    }
}
