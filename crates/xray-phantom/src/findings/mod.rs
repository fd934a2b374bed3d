//! What is to be seen besides a fracture.

mod cast;
mod foreign;
mod hardware;
mod lesion;
mod osteoarthritis;

use serde::{Deserialize, Serialize};
use xray_core::{BodyPart, Label, Labels};

pub use cast::Cast;
pub use foreign::ForeignBody;
pub use hardware::{Hardware, Osteosynthesis};
pub use lesion::Lesion;
pub(crate) use osteoarthritis::Bump;
pub use osteoarthritis::{Joint, Osteoarthritis};

use crate::anatomy::Anatomy;
use crate::bone::Bone;
use crate::draw::Draw;
use crate::fracture::Fracture;
use crate::geometry::Point;
use crate::region::{Aim, Region};
use crate::skeleton::{Limb, Part, Skeleton};
use crate::solid::Solid;

/// How often each finding is drawn, as a share of studies from 0 to 1. Findings are drawn apart from the fracture
/// and from each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prevalence {
    /// A plate with screws, or wires; below 14 years always wires. Default: 0.1.
    pub osteosynthesis: f64,
    /// A cast. Default: 0.1.
    pub cast: f64,
    /// A lytic lesion. Default: 0.06.
    pub lytic_lesion: f64,
    /// A sclerotic lesion. Default: 0.06.
    pub sclerotic_lesion: f64,
    /// Osteoarthritis, as a share of the patients from 45 years on; there is none before. Default: 0.25.
    pub osteoarthritis: f64,
    /// A splinter in the flesh. Default: 0.03.
    pub foreign_body: f64,
    /// A ring on a finger, as a share of the hands. Default: 0.08.
    pub ring: f64,
}

impl Default for Prevalence {
    fn default() -> Self {
        Self {
            osteosynthesis: 0.1,
            cast: 0.1,
            lytic_lesion: 0.06,
            sclerotic_lesion: 0.06,
            osteoarthritis: 0.25,
            foreign_body: 0.03,
            ring: 0.08,
        }
    }
}

impl Prevalence {
    /// Nothing but fractures.
    pub fn none() -> Self {
        Self {
            osteosynthesis: 0.0,
            cast: 0.0,
            lytic_lesion: 0.0,
            sclerotic_lesion: 0.0,
            osteoarthritis: 0.0,
            foreign_body: 0.0,
            ring: 0.0,
        }
    }

    /// The settings by name.
    pub(crate) fn shares(&self) -> [(&'static str, f64); 7] {
        [
            ("prevalence.osteosynthesis", self.osteosynthesis),
            ("prevalence.cast", self.cast),
            ("prevalence.lytic_lesion", self.lytic_lesion),
            ("prevalence.sclerotic_lesion", self.sclerotic_lesion),
            ("prevalence.osteoarthritis", self.osteoarthritis),
            ("prevalence.foreign_body", self.foreign_body),
            ("prevalence.ring", self.ring),
        ]
    }
}

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
}

impl Findings {
    pub(crate) fn draw(
        prevalence: &Prevalence,
        region: &Region,
        skeleton: &Skeleton,
        anatomy: &Anatomy,
        draw: &mut Draw,
    ) -> Self {
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
                    let (bone, levels) = Fracture::draw_bone(region, anatomy, &mut own);
                    Some(Lesion::draw(sclerotic, on(bone)?, levels, anatomy, &mut own))
                })
            };
            let (lytic_lesion, sclerotic_lesion) =
                (lesion(prevalence.lytic_lesion, false), lesion(prevalence.sclerotic_lesion, true));
            let osteosynthesis = kind(prevalence.osteosynthesis)
                .filter(|_| matches!(region.aim, Aim::Bones(_)))
                .map(|mut own| {
                    Osteosynthesis::of_shaft(Fracture::draw_bone(region, anatomy, &mut own).0, &mut own)
                });
            return Self { lytic_lesion, sclerotic_lesion, osteosynthesis, ..Self::default() };
        }
        let old = anatomy.age_months >= 45 * 12;
        Self {
            osteosynthesis: kind(prevalence.osteosynthesis)
                .map(|mut own| Osteosynthesis::draw(part, anatomy, &mut own)),
            cast: kind(prevalence.cast).map(|mut own| Cast::draw(&mut own)),
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
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether metal or glass lies in the picture.
    pub(crate) fn foreign(&self) -> bool {
        self.osteosynthesis.is_some() || self.foreign_body.is_some() || self.ring.is_some()
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

    pub(crate) fn label(&self, labels: &mut Labels) {
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
    }
}
