use std::collections::HashMap;

use crate::geometry::{Motion, Point, add, cross, dot, scale, sub, unit};

/// A closed surface. What is cut from it is closed again, so that the sum of signed depths over its
/// triangles is the length of a ray inside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mesh {
    pub(crate) points: Vec<Point>,
    pub(crate) triangles: Vec<[u16; 3]>,
}

impl Mesh {
    /// Outward unit normals, one a point, weighted by the area of the triangles around it.
    pub(crate) fn normals(&self) -> Vec<Point> {
        let mut normals = vec![[0.0; 3]; self.points.len()];
        for corners in &self.triangles {
            let [a, b, c] = corners.map(|i| self.points[usize::from(i)]);
            let area = cross(sub(b, a), sub(c, a));
            for i in corners {
                normals[usize::from(*i)] = add(normals[usize::from(*i)], area);
            }
        }
        normals.into_iter().map(unit).collect()
    }

    pub(crate) fn moved(mut self, motion: &Motion) -> Self {
        for point in &mut self.points {
            *point = motion.apply(*point);
        }
        self
    }

    /// The same surface with no edge longer than `longest` among those whose middle is `near`.
    pub(crate) fn refined(&self, longest: f32, near: impl Fn(Point) -> bool) -> Self {
        let mut mesh = self.clone();
        loop {
            let mut middles = HashMap::new();
            let Self { points, triangles } = mesh;
            let mut out = Self { points, triangles: Vec::with_capacity(triangles.len()) };
            for corners in triangles {
                let edges = [0, 1, 2].map(|k| (corners[k], corners[(k + 1) % 3]));
                let middle = edges.map(|(i, j)| {
                    // Neighbours ask for the same edge, so that the surface stays closed.
                    *middles.entry((i.min(j), i.max(j))).or_insert_with(|| {
                        let [a, b] = [i, j].map(|corner| out.points[usize::from(corner)]);
                        let (middle, along) = (scale(add(a, b), 0.5), sub(b, a));
                        (dot(along, along) > longest * longest && near(middle)).then(|| out.push(middle))
                    })
                });
                out.split(corners, middle);
            }
            if middles.values().all(Option::is_none) {
                return out;
            }
            mesh = out;
        }
    }

    /// Adds a triangle, cut at the middles of some of its edges.
    fn split(&mut self, corners: [u16; 3], middle: [Option<u16>; 3]) {
        // Turned so that the first edge is cut, and the last is not unless all are.
        let turn = (0..3).find(|k| middle[*k].is_some() && middle[(k + 2) % 3].is_none()).unwrap_or(0);
        let [a, b, c] = [0, 1, 2].map(|k| corners[(turn + k) % 3]);
        match [0, 1, 2].map(|k| middle[(turn + k) % 3]) {
            [Some(m), Some(n), Some(o)] => {
                self.triangles.extend([[a, m, o], [m, b, n], [o, n, c], [m, n, o]])
            }
            [Some(m), Some(n), None] => self.triangles.extend([[a, m, n], [m, b, n], [a, n, c]]),
            [Some(m), None, _] => self.triangles.extend([[a, m, c], [m, b, c]]),
            _ => self.triangles.push([a, b, c]),
        }
    }

    /// The part where `side` is positive, closed by a fan. `side` gives a signed distance from the cut.
    pub(crate) fn kept(&self, side: impl Fn(Point) -> f32) -> Self {
        let distance: Vec<f32> = self.points.iter().map(|p| side(*p)).collect();
        let mut out = Self::default();
        let mut renumbered = vec![u16::MAX; self.points.len()];
        let mut cut: Vec<[Point; 2]> = Vec::new();
        for corners in &self.triangles {
            let inside = corners.map(|i| distance[usize::from(i)] > 0.0);
            if inside == [true; 3] {
                let triangle = corners.map(|i| {
                    let place = &mut renumbered[usize::from(i)];
                    if *place == u16::MAX {
                        *place = out.push(self.points[usize::from(i)]);
                    }
                    *place
                });
                out.triangles.push(triangle);
            } else if inside != [false; 3] {
                self.clip(corners, &distance, &mut out, &mut cut);
            }
        }
        if !cut.is_empty() {
            let sum = cut.iter().fold([0.0; 3], |sum, edge| add(sum, add(edge[0], edge[1])));
            let middle = out.push(scale(sum, 0.5 / cut.len() as f32));
            for [a, b] in cut {
                let (a, b) = (out.push(a), out.push(b));
                out.triangles.push([b, a, middle]);
            }
        }
        out
    }

    /// Adds what is left of one triangle to `out` and its new edge to `cut`.
    fn clip(&self, corners: &[u16; 3], distance: &[f32], out: &mut Self, cut: &mut Vec<[Point; 2]>) {
        let mut polygon: Vec<Point> = Vec::with_capacity(4);
        let mut edge = [None; 2];
        for k in 0..3 {
            let (i, j) = (usize::from(corners[k]), usize::from(corners[(k + 1) % 3]));
            if distance[i] > 0.0 {
                polygon.push(self.points[i]);
            }
            if (distance[i] > 0.0) != (distance[j] > 0.0) {
                // The same arithmetic from either side, so that neighbours share the point.
                let (low, high) = if i < j { (i, j) } else { (j, i) };
                let t = distance[low] / (distance[low] - distance[high]);
                let p = add(self.points[low], scale(sub(self.points[high], self.points[low]), t));
                polygon.push(p);
                edge[usize::from(distance[i] <= 0.0)] = Some(p);
            }
        }
        if let [Some(leaving), Some(entering)] = edge {
            cut.push([leaving, entering]);
        }
        let numbers: Vec<u16> = polygon.into_iter().map(|p| out.push(p)).collect();
        for pair in numbers.get(1..).unwrap_or_default().windows(2) {
            out.triangles.push([numbers[0], pair[0], pair[1]]);
        }
    }

    /// Adds a point. Meshes here stay far below 65,536 points.
    fn push(&mut self, point: Point) -> u16 {
        self.points.push(point);
        (self.points.len() - 1).min(usize::from(u16::MAX)) as u16
    }

    /// The mean of the points.
    pub(crate) fn middle(&self) -> Point {
        let sum = self.points.iter().fold([0.0; 3], |sum, p| add(sum, *p));
        scale(sum, 1.0 / self.points.len().max(1) as f32)
    }

    /// Least and greatest value along `axis`.
    pub(crate) fn extent(&self, axis: Point) -> [f32; 2] {
        self.points.iter().fold([f32::MAX, f32::MIN], |[low, high], p| {
            let along = dot(*p, axis);
            [low.min(along), high.max(along)]
        })
    }

    /// Points of the surface that lie so far along `axis`.
    pub(crate) fn outline(&self, axis: Point, along: f32) -> Vec<Point> {
        let edges = self.triangles.iter().flat_map(|t| [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])]);
        let crossing = edges.filter_map(|(i, j)| {
            let [a, b] = [i, j].map(|corner| self.points[usize::from(corner)]);
            let [low, high] = [a, b].map(|p| dot(p, axis) - along);
            ((low > 0.0) != (high > 0.0)).then(|| add(a, scale(sub(b, a), low / (low - high))))
        });
        crossing.collect()
    }

    /// Where the line through `from` along the unit vector `along` enters and leaves, as distances from `from`;
    /// nothing if it passes by.
    pub(crate) fn chord(&self, from: Point, along: Point) -> Option<[f32; 2]> {
        let mut found = [f32::MAX, f32::MIN];
        for corners in &self.triangles {
            let [a, b, c] = corners.map(|i| sub(self.points[usize::from(i)], from));
            let (u, v) = (sub(b, a), sub(c, a));
            let h = cross(along, v);
            let det = dot(u, h);
            if det.abs() < 1e-9 {
                continue;
            }
            let s = -dot(a, h) / det;
            let q = cross(scale(a, -1.0), u);
            let t = dot(along, q) / det;
            if s >= 0.0 && t >= 0.0 && s + t <= 1.0 {
                let at = dot(v, q) / det;
                found = [found[0].min(at), found[1].max(at)];
            }
        }
        (found[0] < found[1]).then_some(found)
    }

    /// The volume inside; negative if the faces look inwards.
    pub(crate) fn volume(&self) -> f32 {
        let sum = |corners: &[u16; 3]| {
            let [a, b, c] = corners.map(|i| self.points[usize::from(i)]);
            dot(a, cross(b, c))
        };
        self.triangles.iter().map(sum).sum::<f32>() / 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid::rod;

    #[test]
    fn what_is_refined_stays_closed_and_as_large() {
        let coarse = rod([0.0, 0.0, 0.0], [3.0, 80.0, 5.0], 9.0);
        let fine = coarse.refined(6.0, |p| p[1] > 30.0);
        assert!(fine.triangles.len() > 5 * coarse.triangles.len());
        assert!((fine.volume() / coarse.volume() - 1.0).abs() < 1e-4);
        let mut balance = HashMap::new();
        for t in &fine.triangles {
            for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
                *balance.entry((a.min(b), a.max(b))).or_insert(0) += if a < b { 1 } else { -1 };
            }
        }
        assert!(balance.values().all(|n| *n == 0));
    }
}
