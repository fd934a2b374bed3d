use xray_core::Sex;

use crate::bone::{Bone, Carpal};
use crate::draw::Draw;

/// What makes the bones of one patient differ from another's.
#[derive(Debug, Clone)]
pub(crate) struct Anatomy {
    pub(crate) age_months: u32,
    pub(crate) sex: Sex,
    /// Length against the bones at rest, which are those of an adult.
    pub(crate) size: f32,
    /// Breadth of each bone on top of `size`.
    pub(crate) breadth: Vec<f32>,
    /// Thickness of the cortex against an adult's.
    pub(crate) cortex: f32,
    /// Density of the spongy bone against an adult's.
    pub(crate) density: f32,
    /// Thickness of the soft tissue against the average.
    pub(crate) flesh: f32,
}

/// Below this density of the spongy bone a report may call the bones demineralised.
const DEMINERALISED: f32 = 0.68;

impl Anatomy {
    /// The patient at `age_months`. `trait_draw` is the same in every study of the patient.
    pub(crate) fn new(age_months: u32, sex: Sex, bones: usize, trait_draw: &mut Draw) -> Self {
        let years = age_months as f32 / 12.0;
        let female = sex == Sex::F;
        let adult = if female { 0.93 } else { 1.02 };
        let grown = growth(years, female);
        let size = adult * grown * trait_draw.normal(1.0, 0.035);
        let slim = if grown < 1.0 { 0.94 } else { 1.0 };
        let breadth = (0..bones).map(|_| slim * trait_draw.normal(1.0, 0.035)).collect();
        // Bone is lost from about 50 years on, faster by women; the slopes are chosen, not measured.
        let lost = (years - 50.0).max(0.0) * if female { 0.014 } else { 0.007 };
        let cortex =
            (trait_draw.normal(1.0, 0.1) - lost).clamp(0.4, 1.3) * if grown < 1.0 { 0.8 } else { 1.0 };
        let density = (trait_draw.normal(1.0, 0.1) - 1.1 * lost).clamp(0.35, 1.3);
        let flesh = trait_draw.normal(1.0, 0.12);
        Self { age_months, sex, size, breadth, cortex, density, flesh }
    }

    pub(crate) fn years(&self) -> f32 {
        self.age_months as f32 / 12.0
    }

    pub(crate) fn is_demineralised(&self) -> bool {
        self.density < DEMINERALISED && self.years() > 45.0
    }

    /// The width of the growth plates in millimetres at rest; nothing once they are closed: at 15 years in girls and
    /// 17 in boys, a year later at the forearm.
    ///
    /// Compared with what others say in the open: the distal radius closes at 16 to 17 years (Family Practice Notebook,
    /// "Hand and wrist ossification centers", after Gray's Anatomy, 20th edition, 1918). The atlas of Greulich and Pyle
    /// (2nd edition, 1959) was not at hand. How wide a plate is, and that it narrows evenly, is chosen.
    pub(crate) fn growth_plate(&self, bone: Bone) -> Option<f32> {
        if bone.is_carpal() {
            return None;
        }
        let closing = if self.sex == Sex::F { 15.0 } else { 17.0 };
        let closing = match bone {
            Bone::Radius | Bone::Ulna => closing + 1.0,
            _ => closing,
        };
        let left = closing - self.years();
        (left > 0.0).then(|| (0.55 + 0.14 * left).min(1.9))
    }

    /// How much of a bone of the carpus, or of an epiphysis, is bone and not yet cartilage: 0 to 1. The growth between
    /// appearance and full size is chosen.
    ///
    /// The order of appearance is that of Gilsanz and Ratib (Hand Bone Age, 2005), as a public copy of its chapter on
    /// stages gives it: capitate, hamate, distal radius, triquetrum, lunate, trapezium, trapezoid, scaphoid, distal
    /// ulna, pisiform; here the boys' scaphoid comes half a year before the trapezium, and the girls' three come
    /// together. That chapter has capitate, hamate and radius in the first 10 months of girls and 14 of boys, and the
    /// epiphyses of phalanges and metacarpals from then up to 2 years in girls and 3 in boys: proximal phalanges first, then
    /// metacarpals, middle and distal phalanges, each time the middle finger first and the fifth last, and that finger's
    /// middle phalanx last of all. Here they come in that order, evenly over that time. The ages beside those of Family
    /// Practice Notebook (after Gray's Anatomy, 20th edition, 1918), in years of girls and boys:
    ///
    /// | bone | here | there |
    /// |---|---|---|
    /// | capitate, hamate | 0.3, 0.3 | 0.2, 0.3 |
    /// | distal radius | 1, 1 | 1, 1 |
    /// | triquetrum | 2, 2.5 | 2, 3 |
    /// | lunate | 3, 4 | 3, 4 |
    /// | trapezium | 4.5, 6 | not said |
    /// | trapezoid | 4.5, 6 | 4, 6 |
    /// | scaphoid | 4.5, 5.5 | 4, 6 |
    /// | distal ulna | 5.5, 6.5 | 5 to 6 |
    /// | pisiform | 8.5, 10 | 9, 12 |
    ///
    /// So no age is off by more than half a year but the boys' pisiform, which is two years early.
    pub(crate) fn ossified(&self, bone: Bone) -> f32 {
        let girl = self.sex == Sex::F;
        let (appears, full) = match bone {
            Bone::Carpal(carpal) => {
                let (girls, boys) = match carpal {
                    Carpal::Capitate | Carpal::Hamate => (0.3, 0.3),
                    Carpal::Triquetrum => (2.0, 2.5),
                    Carpal::Lunate => (3.0, 4.0),
                    Carpal::Trapezium | Carpal::Trapezoid => (4.5, 6.0),
                    Carpal::Scaphoid => (4.5, 5.5),
                    Carpal::Pisiform => (8.5, 10.0),
                };
                (if girl { girls } else { boys }, if girl { 12.5 } else { 14.0 })
            }
            Bone::Ulna => (if girl { 5.5 } else { 6.5 }, if girl { 12.0 } else { 13.5 }),
            Bone::Radius => (1.0, if girl { 10.0 } else { 11.5 }),
            _ if self.years() < first_seen(bone, girl) => return 0.0,
            _ => (1.5, if girl { 9.0 } else { 10.5 }),
        };
        let passed: f32 = (self.years() - appears) / (full - appears);
        match bone {
            Bone::Carpal(_) | Bone::Radius | Bone::Ulna if passed < 0.0 => 0.0,
            _ => (0.45 + 0.55 * passed).clamp(0.3, 1.0),
        }
    }
}

/// The years at which the epiphysis of a metacarpal or phalanx is first seen.
fn first_seen(bone: Bone, girl: bool) -> f32 {
    let kind = match bone {
        Bone::ProximalPhalanx(_) => 0.0,
        Bone::Metacarpal(_) => 1.0,
        Bone::MiddlePhalanx(_) => 2.0,
        _ => 3.0,
    };
    let finger = match bone.ray() {
        Some(3) => 0.0,
        Some(2) => 1.0,
        Some(4) => 2.0,
        Some(1) => 3.0,
        _ => 4.0,
    };
    let place = if bone == Bone::MiddlePhalanx(5) { 1.0 } else { (5.0 * kind + finger) / 20.0 };
    let [from, to] = if girl { [10.0 / 12.0, 2.0] } else { [14.0 / 12.0, 3.0] };
    from + place * (to - from)
}

/// The share of its adult length that a hand has: a smooth curve through about 0.6 at 3 years and 0.85 at 11.
fn growth(years: f32, female: bool) -> f32 {
    let grown = if female { 14.5 } else { 16.5 };
    let share = (years / grown).clamp(0.0, 1.0);
    0.48 + 0.52 * share.powf(0.95)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centres_of_small_children_come_in_the_order_of_the_table() {
        let at = |months: u32, sex: Sex| Anatomy::new(months, sex, 29, &mut Draw::new(1, &[]));
        let seen = |months: u32, sex: Sex, bone: Bone| at(months, sex).ossified(bone) > 0.0;
        let rays = |bone: fn(u8) -> Bone| (1..=5).map(bone).filter(|bone| *bone != Bone::MiddlePhalanx(1));
        let small: Vec<Bone> = rays(Bone::ProximalPhalanx)
            .chain(rays(Bone::Metacarpal))
            .chain(rays(Bone::MiddlePhalanx))
            .chain(rays(Bone::DistalPhalanx))
            .collect();
        for (sex, none, all) in [(Sex::F, 9, 24), (Sex::M, 13, 36)] {
            let count = |months: u32| small.iter().filter(|bone| seen(months, sex, **bone)).count();
            assert_eq!((count(none), count(all)), (0, small.len()));
            assert!((none..all).all(|months| count(months) <= count(months + 1)));
            assert!(!seen(all - 1, sex, Bone::MiddlePhalanx(5)), "the last");
        }
        assert!(seen(24, Sex::F, Bone::DistalPhalanx(5)) && !seen(24, Sex::M, Bone::DistalPhalanx(5)));
        assert!(seen(24, Sex::M, Bone::ProximalPhalanx(3)) && seen(24, Sex::M, Bone::Radius));
        // What there is grows, and is whole in the end.
        assert!(
            (1..200)
                .all(|m| small.iter().all(|b| at(m, Sex::M).ossified(*b) <= at(m + 1, Sex::M).ossified(*b)))
        );
        assert!(small.iter().all(|bone| at(200, Sex::M).ossified(*bone) == 1.0));
    }
}
