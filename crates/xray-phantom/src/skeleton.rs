use std::sync::LazyLock;

use crate::geometry::{Point, add, cross, dot, scale, unit};
use crate::mesh::Mesh;
use crate::{Bone, Error, Result};

/// A chain of bones of the right side, as `scripts/phantom_meshes.py` wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limb {
    /// Hand, carpus and distal forearm.
    Hand,
    /// Shoulder to carpus.
    Arm,
    /// Sacrum to toes.
    Leg,
}

static HAND: LazyLock<Option<Skeleton>> =
    LazyLock::new(|| Skeleton::read(include_bytes!("../assets/hand.bones"), Limb::Hand));
static ARM: LazyLock<Option<Skeleton>> =
    LazyLock::new(|| Skeleton::read(include_bytes!("../assets/arm.bones"), Limb::Arm));
static LEG: LazyLock<Option<Skeleton>> =
    LazyLock::new(|| Skeleton::read(include_bytes!("../assets/leg.bones"), Limb::Leg));

/// One bone at rest.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) bone: Bone,
    pub(crate) limb: Limb,
    /// Index of the bone that carries it.
    pub(crate) parent: Option<usize>,
    /// About which it turns against its parent.
    pub(crate) joint: Point,
    /// Its long axis, distal.
    pub(crate) axis: Point,
    pub(crate) mesh: Mesh,
    pub(crate) normals: Vec<Point>,
}

impl Part {
    /// A direction across the long axis: 0 to the thumb's side, away from the body, 90 to the palm or front.
    pub(crate) fn around(&self, degrees: f32) -> Point {
        let side = unit(cross(self.axis, [0.0, 0.0, 1.0]));
        let (sin, cos) = degrees.to_radians().sin_cos();
        add(scale(side, cos), scale(cross(side, self.axis), sin))
    }

    /// The middle of the bone at a level from 0 (proximal) to 1 (distal), and half its breadth there.
    pub(crate) fn section(&self, level: f32) -> (Point, f32) {
        let [low, high] = self.mesh.extent(self.axis);
        let along = low + level * (high - low);
        // Meshes of hands are fine enough that points lie everywhere; those of limbs are cut.
        let near: Vec<Point> = if self.limb == Limb::Hand {
            self.mesh.points.iter().filter(|p| (dot(**p, self.axis) - along).abs() < 2.5).copied().collect()
        } else {
            self.mesh.outline(self.axis, along)
        };
        let mut middle = scale(self.axis, along);
        let mut breadth = 0.0;
        for direction in [self.around(0.0), self.around(90.0)] {
            let [least, most] = near.iter().fold([f32::MAX, f32::MIN], |[least, most], p| {
                let at = dot(*p, direction);
                [least.min(at), most.max(at)]
            });
            middle = add(middle, scale(direction, 0.5 * (least + most)));
            breadth += 0.25 * (most - least);
        }
        (middle, breadth)
    }

    /// The point of the surface that lies farthest in a direction.
    pub(crate) fn farthest(&self, direction: Point) -> Point {
        let most = self.mesh.points.iter().max_by(|a, b| dot(**a, direction).total_cmp(&dot(**b, direction)));
        most.copied().unwrap_or(self.joint)
    }
}

/// All bones, parents before children.
#[derive(Debug)]
pub(crate) struct Skeleton {
    pub(crate) parts: Vec<Part>,
}

impl Skeleton {
    /// The bones of a limb.
    ///
    /// # Errors
    ///
    /// [`Error::Asset`] if the asset is not what the script writes.
    pub(crate) fn of(limb: Limb) -> Result<&'static Self> {
        let skeleton = match limb {
            Limb::Hand => &HAND,
            Limb::Arm => &ARM,
            Limb::Leg => &LEG,
        };
        skeleton.as_ref().ok_or(Error::Asset)
    }

    fn read(asset: &[u8], limb: Limb) -> Option<Self> {
        let mut bytes = Reader(asset.strip_prefix(b"OSBM\x01")?);
        let count = bytes.u8()?;
        let parts = (0..count).map(|_| bytes.part(limb)).collect::<Option<Vec<_>>>()?;
        Some(Self { parts })
    }

    /// A bone.
    pub(crate) fn part(&self, bone: Bone) -> Option<&Part> {
        self.index(bone).map(|index| &self.parts[index])
    }

    /// Where `bone` is in the list.
    pub(crate) fn index(&self, bone: Bone) -> Option<usize> {
        self.parts.iter().position(|part| part.bone == bone)
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn point(&mut self) -> Option<Point> {
        let mut value = || self.take().map(f32::from_le_bytes);
        Some([value()?, value()?, value()?])
    }

    fn triple(&mut self) -> Option<[u16; 3]> {
        Some([self.u16()?, self.u16()?, self.u16()?])
    }

    fn part(&mut self, limb: Limb) -> Option<Part> {
        let length = usize::from(self.u8()?);
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let bone = Bone::from_name(std::str::from_utf8(name).ok()?)?;
        let parent = Some(self.u8()?).filter(|p| *p != u8::MAX).map(usize::from);
        let (joint, axis, low, high) = (self.point()?, self.point()?, self.point()?, self.point()?);
        let (points, triangles) = (self.u16()?, self.u16()?);
        let place = |q: [u16; 3]| -> Point {
            std::array::from_fn(|i| low[i] + (high[i] - low[i]) * f32::from(q[i]) / 65535.0)
        };
        let mesh = Mesh {
            points: (0..points).map(|_| self.triple().map(place)).collect::<Option<_>>()?,
            triangles: (0..triangles).map(|_| self.triple()).collect::<Option<_>>()?,
        };
        let normals = mesh.normals();
        Some(Part { bone, limb, parent, joint, axis, mesh, normals })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assets_have_all_bones_and_each_is_closed() {
        for (limb, count) in [(Limb::Hand, 29), (Limb::Arm, 13), (Limb::Leg, 9)] {
            let skeleton = Skeleton::of(limb).unwrap();
            assert_eq!(skeleton.parts.len(), count);
            for (index, part) in skeleton.parts.iter().enumerate() {
                assert!(part.parent.is_none_or(|p| p < index), "{}", part.bone);
                assert_eq!(Bone::from_name(&part.bone.to_string()), Some(part.bone));
                let mut balance = std::collections::HashMap::new();
                for t in &part.mesh.triangles {
                    for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
                        *balance.entry((a.min(b), a.max(b))).or_insert(0) += if a < b { 1 } else { -1 };
                    }
                }
                assert!(balance.values().all(|n| *n == 0), "{} is open", part.bone);
                assert!(part.mesh.volume() > 100.0, "{}", part.bone);
            }
        }
    }

    #[test]
    fn what_is_cut_keeps_its_volume() {
        let skeleton = Skeleton::of(Limb::Hand).unwrap();
        let mesh = &skeleton.parts[0].mesh;
        let side = |p: Point| p[1] + 25.0 + (0.4 * p[0]).sin();
        let (near, far) = (mesh.kept(|p| -side(p)), mesh.kept(side));
        assert!((near.volume() + far.volume() - mesh.volume()).abs() < 1e-3 * mesh.volume());
        assert!(far.volume() > 1000.0);
    }
}
