//! What is to be seen besides a fracture.

mod cast;
mod dislocation;
mod foreign;
mod hardware;
mod lesion;
mod osteoarthritis;
mod prevalence;
mod prosthesis;

use serde::Serialize;
use xray_core::{BodyPart, Label, Labels};

pub use cast::Cast;
pub use dislocation::{Direction, DislocatedJoint, Dislocation};
pub use foreign::ForeignBody;
pub use hardware::{Hardware, Osteosynthesis};
pub use lesion::Lesion;
pub(crate) use osteoarthritis::Bump;
pub use osteoarthritis::{Joint, Osteoarthritis};
pub use prevalence::Prevalence;
pub(crate) use prosthesis::toward_head;
pub use prosthesis::{Prosthesis, ReplacedJoint};

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::fracture::Fracture;
use crate::geometry::Point;
use crate::region::{Aim, Region};
use crate::skeleton::{Limb, Part, Skeleton};
use crate::solid::Solid;

/// What is to be seen in a study besides a fracture; the same in all its images.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Findings {
    /// Metal that holds a bone.
    pub osteosynthesis: Option<Osteosynthesis>,
    /// A shell around the limb.
    pub cast: Option<Cast>,
    /// Where bone is missing.
    pub lytic_lesion: Option<Lesion>,
    /// Where there is too much bone.
    pub sclerotic_lesion: Option<Lesion>,
    /// A worn joint.
    pub osteoarthritis: Option<Osteoarthritis>,
    /// A splinter in the flesh.
    pub foreign_body: Option<ForeignBody>,
    /// The finger that wears a ring.
    pub ring: Option<u8>,
    /// A joint whose bones no longer meet.
    pub dislocation: Option<Dislocation>,
    /// A joint that was replaced.
    pub prosthesis: Option<Prosthesis>,
}

/// Whom findings are drawn for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) region: &'static Region,
    /// The finger of an image of one.
    pub(crate) finger: Option<u8>,
    pub(crate) skeleton: &'static Skeleton,
    pub(crate) anatomy: &'a Anatomy,
    pub(crate) fracture: Option<&'a Fracture>,
}

impl Findings {
    pub(crate) fn draw(prevalence: &Prevalence, case: &Case<'_>, draw: &mut Draw) -> Self {
        let Case { region, finger, skeleton, anatomy, .. } = *case;
        let on = |bone: Bone| skeleton.index(bone).map(|index| &skeleton.parts[index]);
        // Every kind is drawn from numbers of its own, so that its prevalence changes nothing else.
        let mut kind = |share: f64| {
            let mut own = Draw::new(draw.bits(), &[]);
            own.chance(share).then_some(own)
        };
        if region.aim.is_bilateral() {
            return Self::default();
        }
        let part = region.part;
        if region.limb != Limb::Hand {
            let mut lesion = |share: f64, sclerotic: bool| {
                kind(share).and_then(|mut own| {
                    let (bone, levels) = Fracture::draw_limb_bone(region, &mut own);
                    Some(Lesion::draw(sclerotic, on(bone)?, levels, anatomy, &mut own))
                })
            };
            let (lytic_lesion, sclerotic_lesion) =
                (lesion(prevalence.lytic_lesion, false), lesion(prevalence.sclerotic_lesion, true));
            let osteosynthesis = kind(prevalence.osteosynthesis)
                .filter(|_| matches!(region.aim, Aim::Bones(_)))
                .map(|mut own| {
                    Osteosynthesis::of_shaft(Fracture::draw_limb_bone(region, &mut own).0, &mut own)
                });
            let cast = kind(prevalence.cast)
                .filter(|_| Cast::is_of(region))
                .map(|mut own| Cast::draw(region, &mut own));
            return Self { lytic_lesion, sclerotic_lesion, osteosynthesis, cast, ..Self::default() };
        }
        if let Some(ray) = finger {
            let phalanx = on(Bone::ProximalPhalanx(ray));
            let mut lesion = |share: f64, sclerotic: bool| {
                kind(share).and_then(|mut own| {
                    let bone = [Bone::ProximalPhalanx(ray), Bone::MiddlePhalanx(ray)][own.below(2)];
                    Some(Lesion::draw(sclerotic, on(bone)?, None, anatomy, &mut own))
                })
            };
            let (lytic_lesion, sclerotic_lesion) =
                (lesion(prevalence.lytic_lesion, false), lesion(prevalence.sclerotic_lesion, true));
            return Self {
                lytic_lesion,
                sclerotic_lesion,
                osteosynthesis: kind(prevalence.osteosynthesis)
                    .map(|mut own| Osteosynthesis::of_phalanx(ray, &mut own)),
                foreign_body: kind(prevalence.foreign_body)
                    .and_then(|mut own| Some(ForeignBody::draw(phalanx?, anatomy, &mut own))),
                ..Self::default()
            };
        }
        let old = anatomy.age_months >= 45 * 12;
        Self {
            osteosynthesis: kind(prevalence.osteosynthesis)
                .map(|mut own| Osteosynthesis::draw(part, anatomy, &mut own)),
            cast: kind(prevalence.cast).map(|mut own| Cast::draw(region, &mut own)),
            lytic_lesion: kind(prevalence.lytic_lesion).and_then(|mut own| {
                Some(Lesion::draw(false, on(Lesion::bone(part, anatomy, &mut own))?, None, anatomy, &mut own))
            }),
            sclerotic_lesion: kind(prevalence.sclerotic_lesion).and_then(|mut own| {
                Some(Lesion::draw(true, on(Lesion::bone(part, anatomy, &mut own))?, None, anatomy, &mut own))
            }),
            osteoarthritis: kind(prevalence.osteoarthritis)
                .filter(|_| old)
                .map(|mut own| Osteoarthritis::draw(part, anatomy, &mut own)),
            foreign_body: kind(prevalence.foreign_body).and_then(|mut own| {
                Some(ForeignBody::draw(on(ForeignBody::bone(part, &mut own))?, anatomy, &mut own))
            }),
            ring: kind(prevalence.ring)
                .filter(|_| part == BodyPart::Hand && anatomy.age_months >= 14 * 12)
                .map(|mut own| [4, 4, 3, 2, 5][own.below(5)]),
            ..Self::default()
        }
    }

    /// Adds what may become of joints, drawn from numbers of its own.
    pub(crate) fn with_joints(
        mut self,
        prevalence: &Prevalence,
        case: &Case<'_>,
        [dislocated, replaced]: [&mut Draw; 2],
    ) -> Self {
        let Case { region, finger, skeleton, anatomy, fracture } = *case;
        if dislocated.chance(prevalence.dislocation) {
            let ray = finger.or(fracture.and_then(|fracture| fracture.bone.ray()));
            self.dislocation = Dislocation::draw(region, ray, skeleton, anatomy, dislocated);
        }
        let joint = ReplacedJoint::of(region).filter(|_| fracture.is_none());
        if replaced.chance(prevalence.prosthesis) {
            self.prosthesis = joint.and_then(|joint| Prosthesis::draw(joint, anatomy, replaced));
        }
        if let Some(prosthesis) = self.prosthesis {
            // What was replaced has no lesion any more.
            for lesion in [&mut self.lytic_lesion, &mut self.sclerotic_lesion] {
                lesion.take_if(|lesion| prosthesis.joint.takes(lesion.bone));
            }
        }
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether metal or glass lies in the picture.
    pub(crate) fn foreign(&self) -> bool {
        self.osteosynthesis.is_some()
            || self.foreign_body.is_some()
            || self.ring.is_some()
            || self.prosthesis.is_some()
    }

    pub(crate) fn lesions(&self) -> impl Iterator<Item = &Lesion> {
        self.lytic_lesion.iter().chain(&self.sclerotic_lesion)
    }

    /// Bodies that lie on or in a bone, in its frame at rest.
    pub(crate) fn solids(&self, part: &Part, anatomy: &Anatomy) -> Vec<Solid> {
        let mut solids = Vec::new();
        if let Some(metal) = self.osteosynthesis.as_ref().filter(|metal| metal.bone == part.bone) {
            solids.extend(metal.solids(part, anatomy));
        }
        for lesion in self.lesions().filter(|lesion| lesion.bone == part.bone) {
            solids.extend(lesion.solids());
        }
        if let Some(worn) = &self.osteoarthritis {
            solids.extend(worn.solids(part));
        }
        if let Some(splinter) = self.foreign_body.as_ref().filter(|s| s.bone == part.bone) {
            solids.push(splinter.solid());
        }
        if self.ring.is_some_and(|ray| part.bone == Bone::ProximalPhalanx(ray)) {
            solids.push(foreign::ring(part, anatomy));
        }
        // Metal does not grow with the patient.
        let replaced = self.prosthesis.map(|prosthesis| prosthesis.solids(part, 1.0 / anatomy.size));
        solids.extend(replaced.unwrap_or_default());
        solids
    }

    /// How a point of the surface of a bone moves: osteophytes.
    pub(crate) fn bump(&self, part: &Part) -> impl Fn(Point) -> Point + use<> {
        let bumps = self.osteoarthritis.as_ref().map(|worn| worn.bumps(part)).unwrap_or_default();
        move |p| bumps.iter().fold(p, |p, bump| bump.apply(p))
    }

    /// The thickness of the cortex at a point of a bone, against what it would be without lesions.
    pub(crate) fn thinned(&self, bone: Bone, p: Point) -> f32 {
        let lesion = self.lytic_lesion.as_ref().filter(|lesion| lesion.bone == bone);
        lesion.map_or(1.0, |lesion| lesion.thinned(p))
    }

    pub(crate) fn label(&self, region: &Region, labels: &mut Labels) {
        let mut put = |name: &str, label: Label| {
            labels.insert(name.into(), label);
        };
        let class = |word: &dyn ToString| Label::Class(word.to_string());
        let rounded = |value: f32| Label::Value((f64::from(value) * 10.0).round() / 10.0);
        let hardware = self.osteosynthesis.as_ref().map_or("none", |metal| metal.kind.name());
        put("osteosynthesis", class(&hardware));
        if let Some(metal) = &self.osteosynthesis {
            put("osteosynthesis_bone", class(&metal.bone));
        }
        put("cast", Label::Present(self.cast.is_some()));
        for (name, lesion) in
            [("lytic_lesion", &self.lytic_lesion), ("sclerotic_lesion", &self.sclerotic_lesion)]
        {
            put(name, Label::Present(lesion.is_some()));
            if let Some(lesion) = lesion {
                put(&format!("{name}_bone"), class(&lesion.bone));
                put(&format!("{name}_mm"), rounded(lesion.size_mm));
            }
        }
        put("osteoarthritis", Label::Present(self.osteoarthritis.is_some()));
        if let Some(worn) = &self.osteoarthritis {
            put("osteoarthritis_joint", class(&worn.joint.name()));
            put("joint_narrowing_mm", rounded(worn.narrowing_mm));
        }
        put("foreign_body", Label::Present(self.foreign_body.is_some()));
        put("ring", Label::Present(self.ring.is_some()));
        if Dislocation::is_of(region) {
            put("dislocation", Label::Present(self.dislocation.is_some()));
        }
        if let Some(dislocation) = &self.dislocation {
            put("dislocated_joint", class(&dislocation.joint.name()));
            put("dislocation_direction", class(&dislocation.direction.name()));
            put("dislocation_mm", rounded(dislocation.displacement_mm));
        }
        if ReplacedJoint::of(region).is_some() {
            put("prosthesis", class(&self.prosthesis.map_or("none", |metal| metal.joint.name())));
        }
    }
}
