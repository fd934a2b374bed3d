use serde::Serialize;
use xray_core::BodyPart;

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::geometry::{Point, add, dot, scale, sub, unit};
use crate::skeleton::{Limb, Part};
use crate::solid::{Material, Solid, outwards, rod, skin_of};

/// Metal that holds a bone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Osteosynthesis {
    /// The bone.
    pub bone: Bone,
    /// What it is.
    pub kind: Hardware,
    /// Shape, from 0 to 1: length, place across, slant.
    #[serde(skip)]
    shape: [f32; 3],
}

/// A kind of osteosynthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hardware {
    /// A plate with screws.
    Plate {
        /// On the palm's side; on the back otherwise.
        palmar: bool,
    },
    /// Wires through the bone.
    Wires {
        /// How many.
        count: u8,
    },
}

impl Hardware {
    /// As labels say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plate { .. } => "plate",
            Self::Wires { .. } => "wires",
        }
    }
}

/// A plate: half breadth and thickness, and of its screws the radius.
struct Gauge {
    head: f32,
    shaft: f32,
    thick: f32,
    screw: f32,
}

impl Osteosynthesis {
    pub(crate) fn draw(part: BodyPart, anatomy: &Anatomy, draw: &mut Draw) -> Self {
        let ray = [1u8, 2, 3, 4, 5][draw.weighted(&[0.2, 0.12, 0.12, 0.2, 0.36])];
        let (plate, palmar) = (draw.chance(0.6), draw.chance(0.85));
        let count = 2 + draw.below(2) as u8;
        let bone = match part {
            BodyPart::Wrist => Bone::Radius,
            _ if plate || draw.chance(0.6) => Bone::Metacarpal(ray),
            _ => Bone::ProximalPhalanx(ray),
        };
        let plate = plate && anatomy.age_months >= 14 * 12;
        // On a metacarpal a plate lies on the back.
        let palmar = palmar && bone == Bone::Radius;
        let kind = if plate { Hardware::Plate { palmar } } else { Hardware::Wires { count } };
        Self { bone, kind, shape: [(); 3].map(|()| draw.range(0.0, 1.0)) }
    }

    /// Wires through the first bone of a finger.
    pub(crate) fn of_phalanx(ray: u8, draw: &mut Draw) -> Self {
        let kind = Hardware::Wires { count: 2 + draw.below(2) as u8 };
        Self { bone: Bone::ProximalPhalanx(ray), kind, shape: [(); 3].map(|()| draw.range(0.0, 1.0)) }
    }

    /// A plate on the shaft of a long bone.
    pub(crate) fn of_shaft(bone: Bone, draw: &mut Draw) -> Self {
        let kind = Hardware::Plate { palmar: false };
        Self { bone, kind, shape: [(); 3].map(|()| draw.range(0.0, 1.0)) }
    }

    pub(crate) fn solids(&self, part: &Part, anatomy: &Anatomy) -> Vec<Solid> {
        // Metal does not grow with the patient.
        let real = 1.0 / anatomy.size;
        match self.kind {
            Hardware::Plate { palmar } => self.plate(part, palmar, real),
            Hardware::Wires { count } => self.wires(part, count, real),
        }
    }

    fn plate(&self, part: &Part, palmar: bool, real: f32) -> Vec<Solid> {
        let [low, high] = part.mesh.extent(part.axis);
        let length = high - low;
        let [long, place, _] = self.shape;
        let long_bone = part.limb != Limb::Hand;
        let radius = part.bone == Bone::Radius && !long_bone;
        let gauge = if long_bone {
            let heavy = matches!(part.bone, Bone::Femur | Bone::Tibia | Bone::Humerus);
            let half = if heavy { 7.0 } else { 5.0 } * real;
            Gauge { head: half, shaft: half, thick: 3.2 * real, screw: if heavy { 2.2 } else { 1.6 } * real }
        } else if radius {
            Gauge { head: 10.5 * real, shaft: 4.2 * real, thick: 2.0 * real, screw: 1.25 * real }
        } else {
            Gauge { head: 2.7 * real, shaft: 2.4 * real, thick: 1.2 * real, screw: 0.9 * real }
        };
        let (from, to) = if long_bone {
            let middle = 0.45 + 0.15 * place;
            (low + (middle - 0.13 - 0.06 * long) * length, low + (middle + 0.13 + 0.06 * long) * length)
        } else if radius {
            (high - (48.0 + 16.0 * long) * real, high - (8.0 + 2.5 * place) * real)
        } else {
            (low + (0.14 + 0.1 * place) * length, low + (0.72 + 0.12 * long) * length)
        };
        // On a shaft between side and front, so that it shows in both views.
        let toward = match (long_bone, palmar) {
            (true, _) => 40.0,
            (_, true) => 90.0,
            _ => -90.0,
        };
        let out = part.around(toward);
        let side = if long_bone { part.around(toward - 90.0) } else { part.around(0.0) };
        let stations = 9;
        let mut spine: Vec<(Point, f32)> = Vec::new();
        for k in 0..stations {
            let share = k as f32 / (stations - 1) as f32;
            let along = from + share * (to - from);
            let (middle, _) = part.section((along - low) / length);
            let Some([_, top]) = part.mesh.chord(middle, out) else { continue };
            // The head of a plate of the radius is broad.
            let flare = ((along - (to - 13.0 * real)) / (5.0 * real)).clamp(0.0, 1.0);
            let half = gauge.shaft + flare * (gauge.head - gauge.shaft);
            spine.push((add(middle, scale(out, top + 0.3)), half));
        }
        let mut solids = Vec::new();
        let Some((first, last)) = spine.first().zip(spine.last()) else { return solids };
        // The shaft of a plate is straight: points are drawn to the line between three of them.
        let knee = spine[spine.len() * 2 / 3].0;
        let (start, end) = (first.0, last.0);
        let straight = |p: Point| {
            let (a, b) = if dot(sub(p, knee), part.axis) < 0.0 { (start, knee) } else { (knee, end) };
            let span = dot(sub(b, a), part.axis).max(1e-3);
            let t = dot(sub(p, a), part.axis) / span;
            add(a, scale(sub(b, a), t))
        };
        let rings: Vec<Vec<Point>> = spine
            .iter()
            .map(|(p, half)| {
                let p = straight(*p);
                let corner = |s: f32, t: f32| add(p, add(scale(side, s * half), scale(out, t * gauge.thick)));
                let ring = [corner(-1.0, 0.0), corner(1.0, 0.0), corner(0.8, 1.0), corner(-0.8, 1.0)];
                // Counted so that the surface faces outwards on either side of the bone.
                if palmar { ring.to_vec() } else { ring.into_iter().rev().collect() }
            })
            .collect();
        solids.push(Solid::new(outwards(skin_of(&rings)), Material::Titanium, "osteosynthesis"));
        let mut screw = |at: f32, shift: f32, share: f32| {
            let (middle, _) = part.section((at - low) / length);
            let entry = add(straight(middle), scale(side, shift));
            let Some([bottom, top]) = part.mesh.chord(entry, out) else { return };
            let head = add(entry, scale(out, gauge.thick + 0.4 * real));
            let tip = add(entry, scale(out, top + (bottom - top) * share));
            solids.push(Solid::new(
                outwards(rod(tip, head, gauge.screw)),
                Material::Titanium,
                "osteosynthesis",
            ));
            let under = add(head, scale(out, -1.6 * real));
            solids.push(Solid::new(
                outwards(rod(under, head, 1.9 * gauge.screw)),
                Material::Titanium,
                "osteosynthesis",
            ));
        };
        let shaft_end = if radius { to - 16.0 * real } else { to - 3.0 * real };
        let count = if radius { 3 } else { 5 };
        for k in 0..count {
            let at = from + 4.0 * real + (shaft_end - from - 4.0 * real) * k as f32 / (count - 1) as f32;
            screw(at, 0.0, 1.03);
        }
        if radius {
            for (row, shifts) in [(3.0, [-7.5, -2.5, 2.5, 7.5].as_slice()), (8.5, &[-4.0, 1.0, 5.5])] {
                for shift in shifts {
                    screw(to - row * real, shift * real, 0.86);
                }
            }
        }
        solids
    }

    fn wires(&self, part: &Part, count: u8, real: f32) -> Vec<Solid> {
        let [low, high] = part.mesh.extent(part.axis);
        let length = high - low;
        let [long, place, slant] = self.shape;
        let thick = if part.bone == Bone::Radius { 0.85 } else { 0.6 } * real;
        let mut solids = Vec::new();
        for wire in 0..count {
            let k = f32::from(wire);
            let (enter, leave) = if part.bone == Bone::Radius {
                // From the styloid across the shaft; the second and third from the back.
                let tip = part.farthest(add(part.around(0.0), scale(part.axis, 0.9)));
                let start = add(tip, scale(part.axis, -2.5 - 1.6 * k));
                let along = high - (38.0 + 9.0 * long + 7.0 * k) * real;
                let (middle, breadth) = part.section((along - low) / length);
                let across = add(
                    scale(part.around(180.0), breadth * (0.95 - 0.25 * k)),
                    scale(part.around(90.0), (slant - 0.5) * 4.0 + 2.0 * k - 2.0),
                );
                (add(start, scale(part.around(-90.0), 2.4 * k)), add(middle, across))
            } else {
                let level = if wire == 1 { 0.12 } else { 0.2 + 0.05 * place };
                let (bottom, narrow) = part.section(level);
                let (top, wide) = part.section(0.93);
                let side = if wire.is_multiple_of(2) { 1.0 } else { -1.0 };
                let shift = |breadth: f32, sign: f32| {
                    add(
                        scale(part.around(0.0), 0.8 * sign * breadth),
                        scale(part.around(90.0), (k - 1.0) * 0.9 + (slant - 0.5)),
                    )
                };
                (add(top, shift(wide, side)), add(bottom, shift(narrow, -side)))
            };
            let direction = unit(sub(enter, leave));
            let outside = add(enter, scale(direction, (5.0 + 5.0 * place) * real));
            solids.push(Solid::new(outwards(rod(leave, outside, thick)), Material::Steel, "osteosynthesis"));
            // The end outside the bone is bent.
            let bend = unit(add(scale(direction, 0.25), part.around(if wire == 1 { -60.0 } else { 20.0 })));
            let end = add(outside, scale(bend, 5.0 * real));
            solids.push(Solid::new(outwards(rod(outside, end, thick)), Material::Steel, "osteosynthesis"));
        }
        solids
    }
}
