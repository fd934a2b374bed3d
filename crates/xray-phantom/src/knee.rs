use serde::Serialize;

use crate::bone::Bone;
use crate::draw::Draw;
use crate::findings::Bump;
use crate::fracture::Fracture;
use crate::geometry::{Motion, Point, add, scale};
use crate::skeleton::{Part, Skeleton};
use crate::solid::{Material, Solid, ellipsoid};

/// One knee of a bilateral image.
///
/// Grades are after Kellgren and Lawrence (Ann Rheum Dis 1957;16:494): 1 doubtful spurs, 2 definite spurs, 3 a
/// narrow space, 4 hardly a space and dense bone. How many millimetres each grade has is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Knee {
    /// Kellgren-Lawrence grade, 0 to 4.
    pub grade: u8,
    /// The joint space on the inner side, in millimetres of the patient.
    pub medial_mm: f32,
    /// The joint space on the outer side.
    pub lateral_mm: f32,
    /// Height of the spurs.
    pub osteophyte_mm: f32,
    /// By how many degrees hip, knee and ankle are off a straight line; below 0 is varus. Of a broken leg that of the
    /// leg as it lies.
    pub hka_deg: f32,
    /// The same, were nothing broken.
    #[serde(skip)]
    joint_deg: f32,
}

/// The middle of the head of the femur at rest.
pub(crate) const HIP: Point = [0.5, 423.4, -3.4];

/// Where the joint space is measured, to each side of the middle of the knee, in millimetres at rest.
const COMPARTMENT: f32 = 21.0;
/// How far in front of the middle of the knee that of the ankle lies, at rest.
const ANKLE_DEPTH: f32 = -7.8;

impl Knee {
    /// A knee without wear.
    pub(crate) const SOUND: Self =
        Self { grade: 0, medial_mm: 4.6, lateral_mm: 5.4, osteophyte_mm: 0.0, hka_deg: 0.0, joint_deg: 0.0 };

    /// `weights` of the five grades.
    pub(crate) fn draw(weights: &[f64; 5], draw: &mut Draw) -> Self {
        let grade = draw.weighted(&weights.map(|w| w as f32)) as u8;
        let (medial, lateral) = (draw.normal(4.6, 0.35), draw.normal(5.4, 0.35));
        let narrow = match grade {
            0 => draw.range(0.0, 0.4),
            1 => draw.range(0.0, 0.6),
            2 => draw.range(0.3, 1.3),
            3 => draw.range(1.9, 3.0),
            _ => 9.0,
        };
        let least = draw.range(0.2, 0.7);
        let osteophyte_mm = match grade {
            0 => 0.0,
            1 => draw.range(0.8, 1.4),
            2 => draw.range(2.2, 3.2),
            3 => draw.range(3.2, 4.6),
            _ => draw.range(4.6, 6.5),
        };
        let inner = draw.chance(0.75);
        let worn = |space: f32, worn: bool| if worn { (space - narrow).max(least) } else { space };
        let (medial_mm, lateral_mm) = (worn(medial, inner), worn(lateral, !inner));
        let tilt = (lateral_mm - lateral) - (medial_mm - medial);
        let hka_deg = draw.normal(-0.6, 2.0) - 1.1 * tilt;
        // As they are written down, so that label, report and picture have the same numbers.
        let [medial_mm, lateral_mm, osteophyte_mm, hka_deg] =
            [medial_mm, lateral_mm, osteophyte_mm, hka_deg].map(|value| (value * 10.0).round() / 10.0);
        Self { grade, medial_mm, lateral_mm, osteophyte_mm, hka_deg, joint_deg: hka_deg }
    }

    /// The knee of a leg that is broken: the axis is that of the leg as the fragment left it.
    pub(crate) fn of_broken(self, fracture: &Fracture, skeleton: &Skeleton, size: f32) -> Self {
        let [hip, ankle] = landmarks(skeleton);
        let mut shin = [ankle[0], ankle[1], ANKLE_DEPTH];
        let mut knee = [0.0; 3];
        if fracture.bone == Bone::Tibia {
            shin = fracture.motion().apply(shin);
        }
        shin = self.motion(skeleton, size, true).turn(shin);
        if fracture.bone == Bone::Femur {
            (knee, shin) = (fracture.motion().apply(knee), fracture.motion().turn(shin));
        }
        let angle = |x: f32, y: f32| x.atan2(-y).to_degrees();
        let off = angle(knee[0] - hip[0], knee[1] - hip[1]) - angle(shin[0], shin[1]);
        Self { hka_deg: (off * 10.0).round() / 10.0, ..self }
    }

    /// How the shin moves against the thigh. In the image of a whole leg the axis is what counts, in that of the
    /// knees the joint spaces.
    pub(crate) fn motion(&self, skeleton: &Skeleton, size: f32, whole: bool) -> Motion {
        let Some((femur, tibia)) = skeleton.part(Bone::Femur).zip(skeleton.part(Bone::Tibia)) else {
            return Motion::IDENTITY;
        };
        let rise = |side: f32, wanted: f32| space(femur, tibia, side * COMPARTMENT) - wanted / size;
        let (inner, outer) = (rise(1.0, self.medial_mm), rise(-1.0, self.lateral_mm));
        let degrees = if whole {
            axis_at_rest(skeleton) - self.joint_deg
        } else {
            ((inner - outer) / (2.0 * COMPARTMENT)).atan().to_degrees()
        };
        Motion::rotation([0.0, 0.0, 1.0], degrees, [0.0; 3]).then(&Motion::translation([
            0.0,
            0.5 * (inner + outer),
            0.0,
        ]))
    }

    /// Spurs at the edges of the joint.
    pub(crate) fn bumps(&self, part: &Part, size: f32) -> Vec<Bump> {
        let height = self.osteophyte_mm / size;
        let down: f32 = match part.bone {
            Bone::Femur => -6.0,
            Bone::Tibia => 1.2,
            _ => return Vec::new(),
        };
        if height <= 0.0 {
            return Vec::new();
        }
        [1.0, -1.0]
            .map(|side| {
                let push = crate::geometry::unit([side, 0.25 * down.signum(), 0.0]);
                let near = part.mesh.points.iter().filter(|p| p[1].abs() < 16.0);
                let reach = |p: &Point| side * p[0] + 0.1 * down * p[1];
                let center = near.copied().max_by(|a, b| reach(a).total_cmp(&reach(b))).unwrap_or_default();
                Bump::new(center, scale(push, height), 4.5)
            })
            .to_vec()
    }

    /// Dense bone beside the narrow space.
    pub(crate) fn solids(&self, part: &Part) -> Vec<Solid> {
        let height = match part.bone {
            Bone::Tibia => -5.0,
            Bone::Femur => 4.0,
            _ => return Vec::new(),
        };
        if self.grade < 3 {
            return Vec::new();
        }
        let side = if self.medial_mm < self.lateral_mm { 1.0 } else { -1.0 };
        let center = add([side * COMPARTMENT, height, 0.0], [0.0, 0.0, -2.0]);
        let body = ellipsoid(center, [0.0, 1.0, 0.0], [2.6, 13.0, 15.0], [1.0, 0.0, 0.0]);
        vec![Solid::new(body, Material::Dense(if self.grade > 3 { 0.02 } else { 0.012 }), "osteoarthritis")]
    }
}

/// The height of the gap between thigh and shin at rest, `x` beside the middle of the knee, where it is least.
fn space(femur: &Part, tibia: &Part, x: f32) -> f32 {
    let up = [0.0, 1.0, 0.0];
    let gap = |z: f32| {
        let [bottom, _] = femur.mesh.chord([x, 0.0, z], up)?;
        let [_, top] = tibia.mesh.chord([x, 0.0, z], up)?;
        Some(bottom - top)
    };
    let least = (-3..=3).filter_map(|k| gap(4.0 * k as f32)).fold(f32::MAX, f32::min);
    if least < f32::MAX { least } else { 0.0 }
}

/// The angle of hip, knee and ankle at rest, as [`Knee::hka_deg`] counts it.
fn axis_at_rest(skeleton: &Skeleton) -> f32 {
    let [hip, ankle] = landmarks(skeleton);
    let (thigh, shin) = ([-hip[0], -hip[1]], ankle);
    let cross = thigh[0] * shin[1] - thigh[1] * shin[0];
    let dot = thigh[0] * shin[0] + thigh[1] * shin[1];
    -cross.atan2(dot).to_degrees()
}

/// The middle of the head of the femur and the middle of the ankle, from the front, the knee at the origin.
pub(crate) fn landmarks(skeleton: &Skeleton) -> [[f32; 2]; 2] {
    let middle = |bone: Bone, keep: &dyn Fn(&Point) -> bool| {
        let points = skeleton.part(bone).map(|part| part.mesh.points.as_slice()).unwrap_or_default();
        let bounds = points.iter().filter(|p| keep(p)).fold([[f32::MAX, f32::MIN]; 2], |bounds, p| {
            [0, 1].map(|axis| [bounds[axis][0].min(p[axis]), bounds[axis][1].max(p[axis])])
        });
        bounds.map(|[least, most]| 0.5 * (least + most))
    };
    let highest = skeleton.part(Bone::Femur).map_or(0.0, |femur| femur.mesh.extent([0.0, 1.0, 0.0])[1]);
    let head = middle(Bone::Femur, &|p| p[0] > 2.0 && p[1] > highest - 46.0);
    [head, middle(Bone::Talus, &|_| true)]
}

#[cfg(test)]
mod tests {
    use xray_core::{BodyPart, Sex, View};

    use super::*;
    use crate::anatomy::Anatomy;
    use crate::findings::Findings;
    use crate::geometry::dot;
    use crate::pose::Pose;
    use crate::region::Region;
    use crate::scene::{Scene, Subject};
    use crate::skeleton::Limb;

    /// The angle of hip, knee and ankle, from where the bones of a scene are; the knee is where `whole`, which is not
    /// broken, is nearest to it at rest.
    fn measured(subject: &Subject<'_>, whole: Bone) -> f32 {
        let pose = Pose::draw(subject, View::Ap, &mut Draw::new(1, &[]));
        let scene = Scene::new(subject, &Pose { view: Motion::IDENTITY, ..pose });
        let points = |bone: Bone| &scene.pieces.iter().find(|piece| piece.bone == bone).unwrap().outer.points;
        let far = |p: &Point| dot(*p, *p);
        let rest = subject.skeleton.part(whole).unwrap().mesh.points.iter().enumerate();
        let (nearest, _) = rest.min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b))).unwrap();
        let knee = points(whole)[nearest];
        let talus = points(Bone::Talus);
        let ankle = scale(talus.iter().fold([0.0; 3], |sum, p| add(sum, *p)), 1.0 / talus.len() as f32);
        let [hip, _] = landmarks(subject.skeleton);
        let angle = |from: [f32; 2], to: Point| (to[0] - from[0]).atan2(from[1] - to[1]).to_degrees();
        angle(hip, knee) - angle([knee[0], knee[1]], ankle)
    }

    #[test]
    fn the_axis_of_a_broken_leg_is_the_one_that_is_seen() {
        let skeleton = Skeleton::of(Limb::Leg).unwrap();
        let region = Region::of(BodyPart::FullLeg).unwrap();
        let mut draw = Draw::new(6, &[]);
        let anatomy = Anatomy::new(480, Sex::F, skeleton.parts.len(), &mut draw);
        let anatomy = Anatomy { size: 1.0, ..anatomy };
        let findings = Findings::default();
        let mut most: f32 = 0.0;
        for _ in 0..24 {
            let knee = Knee::draw(&[1.0, 0.0, 0.0, 0.0, 0.0], &mut draw);
            let (bone, levels) = Fracture::draw_bone(region, &anatomy, &mut draw);
            let part = skeleton.part(bone).unwrap();
            let fracture = Fracture::draw(region, part, levels, &anatomy, 0.0, &mut draw);
            let broken = knee.of_broken(&fracture, skeleton, 1.0);
            let sound = Subject {
                region,
                skeleton,
                anatomy: &anatomy,
                fracture: None,
                findings: &findings,
                knee: Some(&knee),
                finger: None,
            };
            let subject = Subject { fracture: Some(&fracture), knee: Some(&broken), ..sound };
            let whole = if bone == Bone::Tibia { Bone::Femur } else { Bone::Tibia };
            let seen = measured(&subject, whole) - measured(&sound, whole);
            let said = broken.hka_deg - knee.hka_deg;
            assert!((seen - said).abs() < 0.5, "{bone}: {seen} for {said}");
            most = most.max(said.abs());
        }
        assert!(most > 1.0, "{most}");
    }

    #[test]
    fn the_shin_goes_where_the_numbers_say() {
        let skeleton = Skeleton::of(Limb::Leg).unwrap();
        let [hip, ankle] = landmarks(skeleton);
        let mut draw = Draw::new(4, &[]);
        for _ in 0..20 {
            let knee = Knee::draw(&[1.0; 5], &mut draw);
            assert!(knee.medial_mm > 0.0 && knee.lateral_mm > 0.0);
            let motion = knee.motion(skeleton, 1.0, true);
            let moved = motion.turn([ankle[0], ankle[1], 0.0]);
            let angle = |v: [f32; 2]| v[0].atan2(-v[1]).to_degrees();
            let off = angle([-hip[0], -hip[1]]) - angle([moved[0], moved[1]]);
            assert!((off - knee.hka_deg).abs() < 0.05, "{off} for {}", knee.hka_deg);

            let (femur, tibia) = (skeleton.part(Bone::Femur).unwrap(), skeleton.part(Bone::Tibia).unwrap());
            let motion = knee.motion(skeleton, 1.0, false);
            let shin = Part {
                mesh: tibia.mesh.clone().moved(&motion),
                normals: Vec::new(),
                ..Skeleton::of(Limb::Leg).unwrap().part(Bone::Tibia).unwrap().clone()
            };
            for (side, wanted) in [(1.0, knee.medial_mm), (-1.0, knee.lateral_mm)] {
                let found = space(femur, &shin, side * COMPARTMENT);
                assert!((found - wanted).abs() < 0.35, "{found} for {wanted}");
            }
        }
    }
}
