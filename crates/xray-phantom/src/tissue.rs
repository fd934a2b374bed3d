//! How thick cortex and flesh are.

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::geometry::{Point, add, dot, scale};
use crate::mesh::Mesh;
use crate::region::MIDLINE;
use crate::skeleton::{Limb, Part};
use crate::solid::lathe;

/// The thickness of an adult's cortex at a point of a bone, in millimetres at rest.
pub(crate) fn thickness(part: &Part) -> impl Fn(Point) -> f32 + '_ {
    let [low, high] = part.mesh.extent(part.axis);
    let (end, shaft) = match part.bone {
        Bone::Radius => (0.75, 2.9),
        Bone::Ulna => (0.75, 2.5),
        Bone::Carpal(_) => (0.65, 0.65),
        Bone::Metacarpal(_) => (0.55, 2.1),
        Bone::ProximalPhalanx(_) => (0.5, 1.7),
        Bone::MiddlePhalanx(_) => (0.45, 1.3),
        Bone::DistalPhalanx(_) => (0.4, 0.8),
        Bone::Humerus => (1.0, 4.2),
        Bone::Femur => (1.2, 6.0),
        Bone::Tibia => (1.2, 5.0),
        Bone::Fibula => (0.8, 2.6),
        Bone::Clavicle => (1.0, 2.2),
        Bone::Scapula => (0.9, 0.9),
        Bone::HipBone | Bone::Patella => (1.2, 1.2),
        Bone::Talus | Bone::Foot => (1.0, 1.0),
        Bone::Toes => (0.7, 0.7),
        Bone::Sacrum => (0.9, 0.9),
    };
    move |p| {
        let along = dot(p, part.axis);
        let middle = match part.bone {
            _ if part.limb != Limb::Hand => (((along - low).min(high - along) - 12.0) / 55.0).clamp(0.0, 1.0),
            Bone::Radius | Bone::Ulna => ((high - along - 8.0) / 45.0).clamp(0.0, 1.0),
            _ => 1.0 - (2.0 * (along - low) / (high - low) - 1.0).powi(2),
        };
        end + (shaft - end) * middle * middle * (3.0 - 2.0 * middle)
    }
}

/// Flesh around a bone, and `more` around that.
pub(crate) fn skin(part: &Part, anatomy: &Anatomy, more: f32) -> Mesh {
    let [low, high] = part.mesh.extent(part.axis);
    // 0 at the end towards the trunk.
    let level = |p: Point| (dot(p, part.axis) - low) / (high - low);
    let bulge = |p: Point, middle: f32, wide: f32| (-((level(p) - middle) / wide).powi(2)).exp();
    let flesh = |p: Point| match part.bone {
        Bone::Radius | Bone::Ulna if part.limb == Limb::Arm => 7.0 + 15.0 * bulge(p, 0.2, 0.35),
        // Tendons alone at the wrist, muscle further up.
        Bone::Radius | Bone::Ulna => 6.5 + 7.0 * ((high - dot(p, part.axis) - 15.0) / 60.0).clamp(0.0, 1.0),
        Bone::Carpal(_) => 8.0,
        Bone::Metacarpal(_) => 9.0,
        Bone::ProximalPhalanx(_) => 5.6,
        Bone::MiddlePhalanx(_) => 4.8,
        Bone::DistalPhalanx(_) => 4.4,
        Bone::Humerus => 16.0 + 16.0 * bulge(p, 0.25, 0.4),
        Bone::Scapula => 18.0,
        Bone::Clavicle => 12.0,
        Bone::HipBone | Bone::Sacrum => 30.0,
        Bone::Femur => 15.0 + 38.0 * bulge(p, 0.25, 0.42),
        Bone::Patella => 9.0,
        Bone::Tibia => 7.0 + 20.0 * bulge(p, 0.28, 0.28),
        Bone::Fibula => 9.0 + 18.0 * bulge(p, 0.25, 0.28),
        Bone::Talus => 10.0,
        Bone::Foot => 9.0,
        Bone::Toes => 7.0,
    };
    let points = part.mesh.points.iter().zip(&part.normals);
    let points = points.map(|(p, n)| add(*p, scale(*n, anatomy.flesh * flesh(*p) + more))).collect();
    Mesh { points, triangles: part.mesh.triangles.clone() }
}

/// Flesh of the trunk around a pelvis, which its bones alone do not tell.
pub(crate) fn trunk(anatomy: &Anatomy) -> Mesh {
    // Above the crotch, and half its breadth there.
    let profile = [
        [-4.0, 8.0],
        [4.0, 45.0],
        [18.0, 84.0],
        [40.0, 118.0],
        [70.0, 146.0],
        [105.0, 160.0],
        [150.0, 160.0],
        [210.0, 148.0],
        [280.0, 140.0],
        [360.0, 142.0],
    ];
    let mut mesh = lathe([MIDLINE, 362.0, -16.0], [0.0, 1.0, 0.0], &profile);
    for p in &mut mesh.points {
        p[0] = MIDLINE + (p[0] - MIDLINE) * (0.8 + 0.2 * anatomy.flesh);
        p[2] = (p[2] + 16.0) * 0.62 * anatomy.flesh - 16.0;
    }
    mesh
}
