use xray_core::{BodyPart, ImageRef, Laterality, Report};

use crate::sections::{Section, fold, sections};

/// Parts of the body and sides, as far as a title or headers name them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Examination {
    parts: Vec<BodyPart>,
    sides: Vec<Laterality>,
}

/// From the hand to the shoulder, and from the foot to the hip.
const LIMBS: [&[BodyPart]; 2] = [
    &[
        BodyPart::Finger,
        BodyPart::Hand,
        BodyPart::Wrist,
        BodyPart::Forearm,
        BodyPart::Elbow,
        BodyPart::Humerus,
        BodyPart::Shoulder,
    ],
    &[
        BodyPart::Foot,
        BodyPart::Ankle,
        BodyPart::LowerLeg,
        BodyPart::Knee,
        BodyPart::Femur,
        BodyPart::Hip,
        BodyPart::Pelvis,
    ],
];

/// Words of French titles, singular, without accents.
const WORDS: &[(&str, BodyPart)] = &[
    ("doigt", BodyPart::Finger),
    ("pouce", BodyPart::Finger),
    ("index", BodyPart::Finger),
    ("auriculaire", BodyPart::Finger),
    ("main", BodyPart::Hand),
    ("poignet", BodyPart::Wrist),
    ("scaphoide", BodyPart::Wrist),
    ("avant-bras", BodyPart::Forearm),
    ("coude", BodyPart::Elbow),
    ("humeru", BodyPart::Humerus),
    ("bra", BodyPart::Humerus),
    ("epaule", BodyPart::Shoulder),
    ("clavicule", BodyPart::Shoulder),
    ("omoplate", BodyPart::Shoulder),
    ("rachi", BodyPart::Spine),
    ("colonne", BodyPart::Spine),
    ("bassin", BodyPart::Pelvis),
    ("hanche", BodyPart::Hip),
    ("femur", BodyPart::Femur),
    ("cuisse", BodyPart::Femur),
    ("genou", BodyPart::Knee),
    ("rotule", BodyPart::Knee),
    ("jambe", BodyPart::LowerLeg),
    ("tibia", BodyPart::LowerLeg),
    ("cheville", BodyPart::Ankle),
    ("pied", BodyPart::Foot),
    ("orteil", BodyPart::Foot),
    ("calcaneum", BodyPart::Foot),
    ("pangonogramme", BodyPart::FullLeg),
    ("inferieur", BodyPart::FullLeg),
    ("thorax", BodyPart::Chest),
];

impl Examination {
    /// What the title of a French report names.
    pub(crate) fn of_report(report: &Report) -> Self {
        let mut named = Self::default();
        for (section, range) in sections(&report.text) {
            if section == Section::Title {
                named.read(&fold(&report.text[range]));
            }
        }
        named
    }

    fn read(&mut self, title: &str) {
        let title = title.replace("avant bras", "avant-bras");
        for word in title.split(|letter: char| !letter.is_alphanumeric() && letter != '-') {
            let singular = word.trim_end_matches(['s', 'x']);
            let part = WORDS.iter().find(|(known, _)| *known == word || *known == singular);
            self.parts.extend(part.map(|(_, part)| *part));
            self.sides.extend(match singular {
                "gauche" => Some(Laterality::Left),
                "droit" | "droite" => Some(Laterality::Right),
                // Endings of the plural are cut: "deux", "bilatéraux".
                "deu" | "bilateral" | "bilaterale" | "bilaterau" | "comparatif" => Some(Laterality::Both),
                _ => None,
            });
        }
    }

    /// What the headers of a study's images name; a part or side that is not in all of them is not known.
    pub(crate) fn of_images(images: &[ImageRef]) -> Self {
        let mut named = Self::default();
        if images.iter().all(|image| image.body_part.is_some()) {
            named.parts.extend(images.iter().filter_map(|image| image.body_part));
        }
        if images.iter().all(|image| image.laterality.is_some()) {
            named.sides.extend(images.iter().filter_map(|image| image.laterality));
        }
        named
    }

    /// Whether both may be of one examination: no part or side that one names rules out all of the other's.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        let any = |parts: &[BodyPart], others: &[BodyPart]| {
            parts.is_empty()
                || others.is_empty()
                || parts.iter().any(|part| others.iter().any(|other| is_near(*part, *other)))
        };
        let sides = |side: Laterality| {
            self.sides.contains(&side) || self.sides.contains(&Laterality::Both) || self.sides.is_empty()
        };
        let other_sides = &other.sides;
        let one_side = other_sides.is_empty()
            || other_sides.iter().any(|side| *side == Laterality::Both || sides(*side));
        any(&self.parts, &other.parts) && one_side
    }
}

/// Whether one image may be called either: neighbours along a limb may, and whole legs have all of it.
fn is_near(a: BodyPart, b: BodyPart) -> bool {
    let place = |part| {
        let limb = LIMBS.iter().position(|limb| limb.contains(&part))?;
        Some((limb, LIMBS[limb].iter().position(|other| *other == part)?))
    };
    let whole_leg =
        |part, other| part == BodyPart::FullLeg && place(other).is_some_and(|(limb, _)| limb == 1);
    let neighbours = place(a)
        .zip(place(b))
        .is_some_and(|((limb, at), (other_limb, other_at))| limb == other_limb && at.abs_diff(other_at) <= 1);
    let trunk = |part, other| match part {
        BodyPart::Spine => matches!(other, BodyPart::Pelvis | BodyPart::Chest),
        BodyPart::Chest => other == BodyPart::Shoulder,
        _ => false,
    };
    a == b || neighbours || [(a, b), (b, a)].iter().any(|(a, b)| whole_leg(*a, *b) || trunk(*a, *b))
}

#[cfg(test)]
mod tests {
    use xray_core::ReportId;

    use super::*;

    fn title(text: &str) -> Examination {
        Examination::of_report(&Report::new(
            ReportId::new("r"),
            format!("CHU\n{text}\nMotif : main droite.\n"),
        ))
    }

    #[test]
    fn a_title_names_parts_and_sides_and_the_rest_of_a_report_does_not() {
        let wrist = title("Rx du poignet gauche, face et profil");
        assert_eq!(wrist, Examination { parts: vec![BodyPart::Wrist], sides: vec![Laterality::Left] });
        let both = title("Radiographie des deux genoux : face");
        assert_eq!(both, Examination { parts: vec![BodyPart::Knee], sides: vec![Laterality::Both] });
        assert_eq!(title("Rx de l'avant bras droit").parts, [BodyPart::Forearm]);
        assert_eq!(title("Scanner"), Examination::default());
    }

    #[test]
    fn only_what_cannot_be_one_is_told_apart() {
        let may = |a: &str, b: &str| title(a).may_be(&title(b)) && title(b).may_be(&title(a));
        assert!(may("Rx du poignet gauche", "Rx de la main gauche"));
        assert!(may("Rx du poignet", "Rx du poignet gauche"));
        assert!(may("Rx des deux genoux", "Rx du genou droit"));
        assert!(may("Rx", "Rx du pied droit"));
        assert!(may("Pangonogramme, Rx des membres inférieurs", "Rx du genou droit"));
        assert!(!may("Rx du poignet droit", "Rx du poignet gauche"));
        assert!(!may("Rx du genou droit", "Rx du poignet droit"));
        assert!(!may("Rx du doigt", "Rx du poignet"));
    }
}
