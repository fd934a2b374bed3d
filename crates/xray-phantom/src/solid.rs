//! Closed surfaces of simple bodies, and what they are made of.

use std::f32::consts::TAU;

use crate::geometry::{Point, add, cross, dot, scale, sub, unit};
use crate::mesh::Mesh;

/// What a body is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Material {
    /// Of wires, screws and rings.
    Steel,
    /// Of plates.
    Titanium,
    /// Of a splinter.
    Glass,
    /// More bone than there was; the number is added.
    Dense(f32),
    /// Takes bone away.
    Void,
}

impl Material {
    /// What a millimetre adds to the attenuation that is there already; for voids, to their length. For the
    /// spectrum of the bones: steel of the order of 2.5 a millimetre, titanium of 0.6 to 1, glass of 0.15 (rounded from
    /// tables of mass attenuation at 40 keV and the densities).
    pub(crate) fn weight(self) -> f32 {
        match self {
            Self::Steel => 2.4,
            Self::Titanium => 0.6,
            Self::Glass => 0.15,
            Self::Dense(added) => added,
            Self::Void => 1.0,
        }
    }

    pub(crate) fn is_metal(self) -> bool {
        matches!(self, Self::Steel | Self::Titanium)
    }
}

/// A body in the frame of the bone that it lies on, at rest.
#[derive(Debug, Clone)]
pub(crate) struct Solid {
    pub(crate) mesh: Mesh,
    pub(crate) material: Material,
    /// The label of what it belongs to.
    pub(crate) finding: &'static str,
}

impl Solid {
    pub(crate) fn new(mesh: Mesh, material: Material, finding: &'static str) -> Self {
        Self { mesh, material, finding }
    }
}

/// A body through rings of points, closed at both ends. Each ring has as many points, counted the same way
/// round; seen from the first ring's outside they run clockwise.
pub(crate) fn skin_of(rings: &[Vec<Point>]) -> Mesh {
    let count = rings.first().map_or(0, Vec::len);
    let mut points: Vec<Point> = rings.iter().flatten().copied().collect();
    let mut triangles = Vec::new();
    let number = |ring: usize, k: usize| (ring * count + k % count) as u16;
    for ring in 1..rings.len() {
        for k in 0..count {
            let [a, b] = [number(ring - 1, k), number(ring - 1, k + 1)];
            let [c, d] = [number(ring, k), number(ring, k + 1)];
            triangles.extend([[a, b, d], [a, d, c]]);
        }
    }
    for (ring, turned) in [(0, true), (rings.len().saturating_sub(1), false)] {
        let sum = rings.get(ring).into_iter().flatten().fold([0.0; 3], |sum, p| add(sum, *p));
        let middle = points.len() as u16;
        points.push(scale(sum, 1.0 / count.max(1) as f32));
        for k in 0..count {
            let [a, b] = if turned { [k + 1, k] } else { [k, k + 1] };
            triangles.push([number(ring, a), number(ring, b), middle]);
        }
    }
    Mesh { points, triangles }
}

/// Two directions across `axis`, right-handed with it.
fn across(axis: Point) -> [Point; 2] {
    let helper = if axis[0].abs() < 0.8 { [1.0, 0.0, 0.0] } else { [0.0, 1.0, 0.0] };
    let u = unit(cross(helper, axis));
    [u, cross(axis, u)]
}

/// A round rod.
pub(crate) fn rod(from: Point, to: Point, radius: f32) -> Mesh {
    tapered(from, to, radius, radius)
}

/// A rod whose radius changes from one end to the other.
pub(crate) fn tapered(from: Point, to: Point, first: f32, last: f32) -> Mesh {
    const SIDES: usize = 10;
    let [u, v] = across(unit(sub(to, from)));
    skin_of(&[circle(from, [u, v], first, SIDES), circle(to, [u, v], last, SIDES)])
}

/// A round body along a path, with a radius at each of its points.
pub(crate) fn tube(path: &[(Point, f32)]) -> Mesh {
    const SIDES: usize = 12;
    let last = path.len().saturating_sub(1);
    let rings: Vec<Vec<Point>> = (0..path.len())
        .map(|at| {
            let (before, after) = (path[at.saturating_sub(1)].0, path[(at + 1).min(last)].0);
            let along = unit(sub(after, before));
            let u = unit(cross([0.0, 0.0, 1.0], along));
            circle(path[at].0, [u, cross(along, u)], path[at].1, SIDES)
        })
        .collect();
    outwards(skin_of(&rings))
}

/// A body turned about `axis`: of each ring how far it lies along the axis from `origin`, and its radius. A ring may lie
/// before the one it follows, which makes a shell.
pub(crate) fn lathe(origin: Point, axis: Point, profile: &[[f32; 2]]) -> Mesh {
    const SIDES: usize = 24;
    let frame = across(axis);
    let ring = |[along, radius]: &[f32; 2]| circle(add(origin, scale(axis, *along)), frame, *radius, SIDES);
    outwards(skin_of(&profile.iter().map(ring).collect::<Vec<_>>()))
}

/// Points around `center`, counted from the first direction to the second.
fn circle(center: Point, [u, v]: [Point; 2], radius: f32, sides: usize) -> Vec<Point> {
    let point = |k: usize| {
        let (sin, cos) = (TAU * k as f32 / sides as f32).sin_cos();
        add(center, add(scale(u, radius * cos), scale(v, radius * sin)))
    };
    (0..sides).map(point).collect()
}

/// The mesh with its faces turned so that its volume is positive.
pub(crate) fn outwards(mut mesh: Mesh) -> Mesh {
    if mesh.volume() < 0.0 {
        mesh.triangles.iter_mut().for_each(|t| t.swap(1, 2));
    }
    mesh
}

/// An ellipsoid about `center`, whose half axes run along `axis` and two directions across it.
pub(crate) fn ellipsoid(center: Point, axis: Point, [along, side, other]: [f32; 3], first: Point) -> Mesh {
    const RINGS: usize = 9;
    const SIDES: usize = 14;
    let axis = unit(axis);
    let u = unit(sub(first, scale(axis, dot(first, axis))));
    let v = cross(axis, u);
    let rings: Vec<Vec<Point>> = (1..=RINGS)
        .map(|ring| {
            let (sin, cos) = (0.5 * TAU * ring as f32 / (RINGS + 1) as f32).sin_cos();
            (0..SIDES)
                .map(|k| {
                    let (s, c) = (TAU * k as f32 / SIDES as f32).sin_cos();
                    let flat = add(scale(u, side * sin * c), scale(v, other * sin * s));
                    add(center, add(scale(axis, -along * cos), flat))
                })
                .collect()
        })
        .collect();
    skin_of(&rings)
}

/// A band around `axis`, as a ring on a finger.
pub(crate) fn band(center: Point, axis: Point, radius: f32, [wide, thick]: [f32; 2]) -> Mesh {
    const AROUND: usize = 32;
    let [u, v] = across(unit(axis));
    let corners = [(-0.5, 0.0), (0.5, 0.0), (0.5, 1.0), (-0.5, 1.0)];
    let mut mesh = Mesh::default();
    for k in 0..AROUND {
        let (sin, cos) = (TAU * k as f32 / AROUND as f32).sin_cos();
        let out = add(scale(u, cos), scale(v, sin));
        for (along, far) in corners {
            let place = add(scale(unit(axis), along * wide), scale(out, radius + far * thick));
            mesh.points.push(add(center, place));
        }
    }
    let number = |k: usize, corner: usize| (4 * (k % AROUND) + corner % 4) as u16;
    for k in 0..AROUND {
        for c in 0..4 {
            let [a, b] = [number(k, c), number(k, c + 1)];
            let [d, e] = [number(k + 1, c), number(k + 1, c + 1)];
            mesh.triangles.extend([[a, b, e], [a, e, d]]);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_closed_and_as_large_as_they_should_be() {
        let close = |mesh: Mesh, expected: f32| {
            let volume = mesh.volume();
            assert!((volume / expected - 1.0).abs() < 0.12, "{volume} for {expected}");
        };
        close(rod([1.0, 2.0, 3.0], [1.0, 12.0, 3.0], 2.0), 0.5 * TAU * 4.0 * 10.0);
        let half = [6.0, 4.0, 3.0];
        close(
            ellipsoid([0.0; 3], [0.0, 1.0, 0.0], half, [1.0, 0.0, 0.0]),
            2.0 / 3.0 * TAU * half.iter().product::<f32>(),
        );
        close(band([5.0; 3], [0.0, 1.0, 0.0], 9.0, [3.0, 1.0]), 0.5 * TAU * (100.0 - 81.0) * 3.0);
    }
}
