//! Points and rigid motions, in millimetres. Frame of the hand: x to the thumb, y to the finger tips, z to
//! the palm.

pub(crate) type Point = [f32; 3];

pub(crate) fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Point, s: f32) -> Point {
    [a[0] * s, a[1] * s, a[2] * s]
}

pub(crate) fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The unit vector along `a`; x for a vector without length.
pub(crate) fn unit(a: Point) -> Point {
    let length = dot(a, a).sqrt();
    if length > 1e-9 { scale(a, 1.0 / length) } else { [1.0, 0.0, 0.0] }
}

/// A rotation followed by a translation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Motion {
    rows: [Point; 3],
    shift: Point,
}

impl Motion {
    pub(crate) const IDENTITY: Self =
        Self { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], shift: [0.0; 3] };

    pub(crate) fn translation(shift: Point) -> Self {
        Self { shift, ..Self::IDENTITY }
    }

    /// Turns by `degrees` about the line through `center` along `axis` (Rodrigues).
    pub(crate) fn rotation(axis: Point, degrees: f32, center: Point) -> Self {
        let u = unit(axis);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut rows = [[0.0; 3]; 3];
        let skew = [[0.0, -u[2], u[1]], [u[2], 0.0, -u[0]], [-u[1], u[0], 0.0]];
        for (i, row) in rows.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                let identity = if i == j { cos } else { 0.0 };
                *cell = identity + sin * skew[i][j] + (1.0 - cos) * u[i] * u[j];
            }
        }
        let turned = Self { rows, shift: [0.0; 3] };
        Self { shift: sub(center, turned.apply(center)), ..turned }
    }

    pub(crate) fn apply(&self, p: Point) -> Point {
        add(self.turn(p), self.shift)
    }

    /// The rotation alone, for directions.
    pub(crate) fn turn(&self, p: Point) -> Point {
        [dot(self.rows[0], p), dot(self.rows[1], p), dot(self.rows[2], p)]
    }

    /// First `self`, then `next`.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let column = |j: usize| next.turn([self.rows[0][j], self.rows[1][j], self.rows[2][j]]);
        let columns = [column(0), column(1), column(2)];
        let row = |i: usize| [columns[0][i], columns[1][i], columns[2][i]];
        Self { rows: [row(0), row(1), row(2)], shift: next.apply(self.shift) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_keeps_its_center_and_composes() {
        let center = [1.0, 2.0, 3.0];
        let quarter = Motion::rotation([0.0, 0.0, 2.0], 90.0, center);
        assert!(dot(sub(quarter.apply(center), center), [1.0; 3]).abs() < 1e-5);
        let moved = quarter.then(&Motion::translation([1.0, 0.0, 0.0])).apply([2.0, 2.0, 3.0]);
        assert!(sub(moved, [2.0, 3.0, 3.0]).iter().all(|d| d.abs() < 1e-5), "{moved:?}");
    }
}
