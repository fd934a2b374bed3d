use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::findings::Findings;
use crate::fracture::Fracture;
use crate::geometry::{Motion, Point, add, dot, scale, sub, unit};
use crate::knee::Knee;
use crate::mesh::Mesh;
use crate::plates;
use crate::pose::Pose;
use crate::region::{MIDLINE, Region};
use crate::skeleton::{Limb, Part, Skeleton};
use crate::solid::Solid;
use crate::tissue::{skin, thickness, trunk};

/// A limb at rest, with all that is particular to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) region: &'static Region,
    pub(crate) skeleton: &'static Skeleton,
    pub(crate) anatomy: &'a Anatomy,
    pub(crate) fracture: Option<&'a Fracture>,
    pub(crate) findings: &'a Findings,
    pub(crate) knee: Option<&'a Knee>,
    /// The finger of an image of one, by its ray.
    pub(crate) finger: Option<u8>,
}

/// The surfaces of one bone, or of a part of it, in the frame of the detector, in millimetres.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) bone: Bone,
    /// The outside of the cortex.
    pub(crate) outer: Mesh,
    /// Between cortex and marrow.
    pub(crate) inner: Mesh,
}

/// A limb as the ray meets it.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) pieces: Vec<Piece>,
    /// Skin, by ray (0 for wrist and forearm): bones blown up to the thickness of the flesh around them.
    pub(crate) skin: Vec<(usize, Mesh)>,
    /// What lies next to the cut of a fracture, on both sides, where it went.
    pub(crate) cut: Vec<Point>,
    /// Where findings are that are made of bone: closed parts of its surface.
    pub(crate) places: Vec<(&'static str, Mesh)>,
    /// Metal, lesions and what else does not come with the bones.
    pub(crate) solids: Vec<Solid>,
    /// The inside and the outside of a cast, a pair a bone.
    pub(crate) cast: Vec<[Mesh; 2]>,
}

/// Up to this far from the cut, in millimetres at rest, a bone is within the box of its fracture.
const NEAR_CUT: f32 = 4.0;

impl Scene {
    pub(crate) fn new(subject: &Subject<'_>, pose: &Pose) -> Self {
        let Subject { skeleton, anatomy, fracture, findings, .. } = *subject;
        let mut scene = Self {
            pieces: Vec::new(),
            skin: Vec::new(),
            cut: Vec::new(),
            places: Vec::new(),
            solids: Vec::new(),
            cast: Vec::new(),
        };
        for (index, part) in skeleton.parts.iter().enumerate() {
            if part.bone == Bone::Sacrum && !subject.region.has_pelvis() {
                continue;
            }
            let place = |motion: &Motion, mesh: Mesh| {
                let mut mesh = mesh.moved(&motion.then(&pose.view));
                mesh.points.iter_mut().for_each(|p| *p = scale(*p, anatomy.size));
                mesh
            };
            scene.skin.push((
                usize::from(part.bone.ray().unwrap_or(0)),
                place(&pose.bones[index], skin(part, anatomy, 0.0)),
            ));
            if part.bone == Bone::Sacrum {
                scene.skin.push((0, place(&pose.bones[index], trunk(anatomy))));
            }
            if let Some((cast, [low, high])) =
                findings.cast.and_then(|cast| Some((cast, cast.covers(part.bone)?)))
            {
                let under = |p: Point| (high - p[1]).min(p[1] - low);
                scene.cast.push(
                    [cast.padding, cast.padding + cast.shell]
                        .map(|far| place(&pose.bones[index], skin(part, anatomy, far).kept(under))),
                );
            }
            let broken = fracture.filter(|f| f.bone == part.bone);
            let worn = subject.knee.map(|knee| knee.solids(part)).unwrap_or_default();
            for solid in findings.solids(part, anatomy).into_iter().chain(worn) {
                // Metal stays with the shaft, a lesion with the bone around it.
                let middle = solid.mesh.middle();
                let gone = broken.filter(|f| !solid.material.is_metal() && f.side(middle) > 0.0);
                let motion = gone.map_or(pose.bones[index], |f| f.motion().then(&pose.bones[index]));
                let mesh = broad(solid.mesh, part, index, anatomy);
                let head = findings.dislocation.filter(|_| solid.finding == "prosthesis");
                let head = head.and_then(|dislocation| dislocation.end(part, &mesh));
                scene.places.extend(head.map(|head| ("dislocation", place(&motion, head))));
                let mesh = place(&motion, mesh);
                scene.solids.push(Solid { mesh, ..solid });
            }
            let add = |scene: &mut Self, motion: &Motion, [outer, inner]: [Mesh; 2]| {
                let left = findings.dislocation.and_then(|dislocation| dislocation.end(part, &outer));
                scene.places.extend(left.map(|end| ("dislocation", place(motion, end))));
                let [outer, inner] = [outer, inner].map(|mesh| place(motion, mesh));
                scene.pieces.push(Piece { bone: part.bone, outer, inner });
            };
            for shells in grown(part, index, subject) {
                let Some(fracture) = broken else {
                    add(&mut scene, &pose.bones[index], shells);
                    continue;
                };
                let shells = shells.map(|mesh| fracture.prepared(mesh));
                let fragment = fracture.motion().then(&pose.bones[index]);
                for (sign, motion) in [(-1.0, &pose.bones[index]), (1.0, &fragment)] {
                    let [outer, inner] = [0, 1].map(|k| shells[k].kept(|p| sign * fracture.side(p)));
                    let slab = outer.kept(|p| NEAR_CUT - sign * fracture.side(p));
                    let near = |p: &Point| fracture.side(*p).abs() < NEAR_CUT;
                    let points = match part.limb {
                        Limb::Hand => outer.points.iter().copied().filter(near).collect(),
                        // The meshes of limbs are too coarse for their own corners to tell.
                        _ => slab.points.clone(),
                    };
                    scene.cut.extend(place(motion, Mesh { points, triangles: Vec::new() }).points);
                    scene.places.push(("fracture", place(motion, slab)));
                    add(&mut scene, motion, [outer, inner]);
                }
            }
        }
        scene
    }

    /// The same on the other side of the body.
    pub(crate) fn mirrored(mut self) -> Self {
        let flip = |mesh: &mut Mesh| {
            mesh.points.iter_mut().for_each(|p| p[0] = -p[0]);
            mesh.triangles.iter_mut().for_each(|t| t.swap(1, 2));
        };
        self.each(flip);
        self.cut.iter_mut().for_each(|p| p[0] = -p[0]);
        self
    }

    /// The whole turned to a view, of which `view` tells for a body as large as that of the meshes.
    pub(crate) fn turned(mut self, view: &Motion, size: f32) -> Self {
        let turn = |p: &mut Point| *p = scale(view.apply(scale(*p, 1.0 / size)), size);
        self.each(|mesh| mesh.points.iter_mut().for_each(turn));
        self.cut.iter_mut().for_each(turn);
        self
    }

    pub(crate) fn shifted(mut self, x: f32) -> Self {
        self.each(|mesh| mesh.points.iter_mut().for_each(|p| p[0] += x));
        self.cut.iter_mut().for_each(|p| p[0] += x);
        self
    }

    /// Both sides in one scene.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self.skin.extend(other.skin.into_iter().map(|(group, mesh)| (group + 1, mesh)));
        self.cut.extend(other.cut);
        self.places.extend(other.places);
        self.solids.extend(other.solids);
        self.cast.extend(other.cast);
        self
    }

    fn each(&mut self, mut change: impl FnMut(&mut Mesh)) {
        for piece in &mut self.pieces {
            change(&mut piece.outer);
            change(&mut piece.inner);
        }
        self.skin.iter_mut().for_each(|(_, mesh)| change(mesh));
        self.places.iter_mut().for_each(|(_, mesh)| change(mesh));
        self.solids.iter_mut().for_each(|solid| change(&mut solid.mesh));
        self.cast.iter_mut().flatten().for_each(change);
    }
}

/// The mesh of a bone as broad as the patient's.
fn broad(mesh: Mesh, part: &Part, index: usize, anatomy: &Anatomy) -> Mesh {
    let breadth = anatomy.breadth.get(index).copied().unwrap_or(1.0);
    let points = mesh.points.iter().map(|p| broaden(*p, part, breadth)).collect();
    Mesh { points, ..mesh }
}

/// The ossified pieces of a bone: outer and inner surface each.
fn grown(part: &Part, index: usize, subject: &Subject<'_>) -> Vec<[Mesh; 2]> {
    let Subject { anatomy, findings, .. } = *subject;
    let (shell, bump) = (thickness(part), findings.bump(part));
    let spurs = subject.knee.map(|knee| knee.bumps(part, anatomy.size)).unwrap_or_default();
    let bump = |p: Point| spurs.iter().fold(bump(p), |p, spur| spur.apply(p));
    let cortex = |p: Point| anatomy.cortex * shell(p) * findings.thinned(part.bone, p);
    let inner = part.mesh.points.iter().zip(&part.normals);
    let inner = inner.map(|(p, n)| sub(bump(*p), scale(inwards(part.bone, *p, *n), cortex(*p)))).collect();
    let outer = part.mesh.points.iter().map(|p| bump(*p)).collect();
    let [outer, inner] = [outer, inner].map(|points| {
        let mesh = Mesh { points, triangles: part.mesh.triangles.clone() };
        broad(mesh, part, index, anatomy)
    });
    if part.limb != Limb::Hand {
        let left = findings.prosthesis.and_then(|prosthesis| prosthesis.left(part.bone));
        let shells = match left {
            Some(left) => [outer.kept(left), inner.kept(left)],
            None => [outer, inner],
        };
        return plates::divided(part.bone, shells, anatomy);
    }
    let share = anatomy.ossified(part.bone);
    if part.bone.is_carpal() {
        return if share > 0.0 { vec![[shrunk(outer, share), shrunk(inner, share)]] } else { Vec::new() };
    }
    let Some(gap) = anatomy.growth_plate(part.bone) else { return vec![[outer, inner]] };
    let [low, high] = part.mesh.extent(part.axis);
    let (level, epiphysis) = match part.bone {
        Bone::Radius => (high - 8.0, 1.0),
        Bone::Ulna => (high - 6.5, 1.0),
        Bone::Metacarpal(ray) if ray > 1 => (high - 0.19 * (high - low), 1.0),
        Bone::Metacarpal(_) => (low + 0.17 * (high - low), -1.0),
        _ => (low + 0.15 * (high - low), -1.0),
    };
    // The plate is a little wavy, as in life.
    let height = |p: Point| epiphysis * (dot(p, part.axis) - level) + 0.25 * (0.8 * p[0]).sin();
    let cut = |mesh: &Mesh, sign: f32| mesh.kept(|p| sign * height(p) - 0.5 * gap);
    let mut pieces = vec![[cut(&outer, -1.0), cut(&inner, -1.0)]];
    if share > 0.0 {
        pieces.push([shrunk(cut(&outer, 1.0), share), shrunk(cut(&inner, 1.0), share)]);
    }
    pieces
}

/// The direction across the cortex, outwards; none where the two halves of the sacrum meet.
fn inwards(bone: Bone, p: Point, normal: Point) -> Point {
    if bone != Bone::Sacrum || p[0] < MIDLINE - 0.05 {
        return normal;
    }
    let [_, y, z] = normal;
    if y.hypot(z) > 0.05 { unit([0.0, y, z]) } else { [0.0; 3] }
}

/// The mesh made smaller about the middle of its points.
fn shrunk(mut mesh: Mesh, share: f32) -> Mesh {
    if share < 1.0 && !mesh.points.is_empty() {
        let middle = mesh.middle();
        mesh.points.iter_mut().for_each(|p| *p = add(middle, scale(sub(*p, middle), share)));
    }
    mesh
}

/// Makes a bone broader or slimmer about its own long axis.
fn broaden(point: Point, part: &Part, factor: f32) -> Point {
    let from = sub(point, part.joint);
    let along = scale(part.axis, dot(from, part.axis));
    add(part.joint, add(along, scale(sub(from, along), factor)))
}
