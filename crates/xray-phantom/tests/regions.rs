//! Parts of the body besides hand and wrist.

use std::collections::BTreeMap;

use rayon::prelude::*;
use xray_core::{BodyPart, Label, Laterality};
use xray_phantom::{Marker, PhantomHospital, PhantomStudy, Prevalence};

fn hospital() -> PhantomHospital {
    let mut other_parts = PhantomHospital::all_parts();
    let count = other_parts.len() as f64;
    other_parts.values_mut().for_each(|share| *share = 1.0 / count);
    PhantomHospital {
        studies: 360,
        seed: 17,
        size: 128,
        child_share: 0.0,
        other_parts,
        ..PhantomHospital::default()
    }
}

fn value(study: &PhantomStudy, name: &str) -> f64 {
    match study.labels.get(name) {
        Some(Label::Value(value)) => *value,
        other => panic!("{name} of study {} is {other:?}", study.index),
    }
}

#[test]
fn every_part_is_imaged_with_its_fractures_in_the_field() {
    let studies: Vec<PhantomStudy> = hospital().iter().map(Result::unwrap).collect();
    let mut counts = BTreeMap::<BodyPart, usize>::new();
    studies.iter().for_each(|study| *counts.entry(study.body_part).or_default() += 1);
    assert_eq!(counts.len(), 12, "{counts:?}");
    assert!(counts.values().all(|count| *count > 12), "{counts:?}");
    studies.par_iter().for_each(|study| {
        for number in 0..study.views.len() {
            let image = study.radiograph(number).unwrap();
            let most = f32::from(image.device.greatest());
            let bright = image.pixels.iter().filter(|p| f32::from(**p) > 0.5 * most).count();
            let share = bright as f32 / image.pixels.len() as f32;
            assert!((0.01..0.8).contains(&share), "{:?} {}: {share}", study.body_part, study.index);
            if let Some([left, top, right, bottom]) = study.fracture_box(number).unwrap() {
                let (x, y) = (0.5 * (left + right), 0.5 * (top + bottom));
                let inside =
                    (0.0..image.width as f32).contains(&x) && (0.0..image.height as f32).contains(&y);
                assert!(inside, "{:?} {}", study.body_part, study.index);
            }
        }
    });
    let kinds = studies.iter().filter_map(|study| study.fracture.as_ref()).map(|f| f.kind().name());
    let kinds: std::collections::BTreeSet<&str> = kinds.collect();
    assert!(kinds.len() >= 3 && kinds.contains("spiral"), "{kinds:?}");
}

#[test]
fn reports_of_knees_and_legs_say_what_the_labels_say() {
    let parts = [(BodyPart::Knee, 0.5), (BodyPart::FullLeg, 0.5)].into();
    let hospital =
        PhantomHospital { studies: 200, fracture_prevalence: 0.0, other_parts: parts, ..hospital() };
    let mut grades = [0; 5];
    for study in hospital.iter() {
        let study = study.unwrap();
        assert_eq!(study.laterality, Laterality::Both);
        let text = study.report.text.to_lowercase();
        let conclusion = &text[text.rfind("conclusion").unwrap()..];
        if study.body_part == BodyPart::Knee {
            let [right, left] = ["kl_right", "kl_left"].map(|side| value(&study, side));
            let [first, second]: [usize; 2] = ["droit", "gauche"].map(|side| conclusion.find(side).unwrap());
            assert!(first < second);
            let says = |part: &str, grade: f64| {
                let at = part.find(|c: char| c.is_ascii_digit()).unwrap();
                part[at..].starts_with(&format!("{grade:.0}"))
            };
            assert!(
                says(&conclusion[first..], right) && says(&conclusion[second..], left),
                "{}",
                study.index
            );
            grades[right as usize] += 1;
            let least = ["medial_mm_right", "lateral_mm_right"].map(|name| value(&study, name));
            let least = least[0].min(least[1]);
            assert!(if right == 4.0 { least < 1.0 } else { least > 0.8 }, "{right} {least}");
            assert_eq!(value(&study, "osteophyte_mm_right") > 0.0, right > 0.0);
        } else {
            let [right, left] = ["hka_right", "hka_left"].map(|side| value(&study, side));
            assert_eq!(conclusion.contains("varum"), right.round() <= -3.0 || left.round() <= -3.0);
            assert_eq!(conclusion.contains("valgum"), right.round() >= 3.0 || left.round() >= 3.0);
        }
    }
    assert!(grades.iter().all(|count| *count > 0), "{grades:?}");
}

#[test]
fn in_an_image_of_both_sides_the_broken_one_is_where_label_and_report_say() {
    let parts = [(BodyPart::Knee, 0.3), (BodyPart::FullLeg, 0.4), (BodyPart::Pelvis, 0.3)].into();
    let broken = PhantomHospital { studies: 80, fracture_prevalence: 1.0, other_parts: parts, ..hospital() };
    let mut seen = BTreeMap::<String, usize>::new();
    for study in broken.iter() {
        let study = study.unwrap();
        let fracture = study.fracture.as_ref().unwrap();
        *seen.entry(fracture.site().map_or(fracture.bone.to_string(), str::to_owned)).or_default() += 1;
        let right = study.labels["fracture_side"] == Label::Class("right".into());
        let text = study.report.text.to_lowercase();
        let conclusion = &text[text.rfind("conclusion").unwrap()..];
        let named = conclusion.split('.').find(|s| s.contains("fracture")).unwrap();
        assert_eq!([named.contains("droit"), named.contains("gauche")], [right, !right], "{}", study.index);

        let image = study.radiograph(0).unwrap();
        let [left, top, edge, bottom] = study.fracture_box(0).unwrap().unwrap();
        // As one looks at a patient, whose right is on the left of the image.
        assert_eq!(left + edge < image.width as f32, right, "study {} {}", study.index, fracture.bone);
        let masks = study.finding_masks(0).unwrap();
        let mask = masks.iter().find(|mask| mask.name == "fracture").unwrap().corners().unwrap();
        assert!(mask[0] as f32 + 1.0 >= left && mask[2] as f32 <= edge + 1.0, "study {}", study.index);
        assert!(mask[1] as f32 + 1.0 >= top && mask[3] as f32 <= bottom + 1.0, "study {}", study.index);
    }
    for bone in ["femur", "tibia", "fibula", "patella", "acetabulum", "pubic_rami", "sacral_ala"] {
        assert!(seen.contains_key(bone), "{bone}: {seen:?}");
    }
}

#[test]
fn hands_and_wrists_stay_what_they_are_when_other_parts_come() {
    let alone = PhantomHospital { studies: 40, size: 64, seed: 3, ..PhantomHospital::default() };
    let among = PhantomHospital { other_parts: [(BodyPart::Hip, 0.5)].into(), ..alone.clone() };
    let mut same = 0;
    for index in 0..alone.studies {
        let (a, b) = (alone.study(index).unwrap(), among.study(index).unwrap());
        if a.body_part == b.body_part {
            same += 1;
            assert_eq!(a.report.text, b.report.text);
            assert!(a.radiograph(0).unwrap() == b.radiograph(0).unwrap());
        }
    }
    assert!((10..35).contains(&same), "{same}");
}

#[test]
fn a_lead_letter_may_be_forgotten_or_mirrored() {
    let usual = PhantomHospital {
        studies: 6,
        other_parts: BTreeMap::new(),
        prevalence: Prevalence::none(),
        ..hospital()
    };
    for (share, marker) in [([1.0, 0.0], Marker::Absent), ([0.0, 1.0], Marker::Mirrored)] {
        let other = PhantomHospital {
            marker_absent_share: share[0],
            marker_mirrored_share: share[1],
            ..usual.clone()
        };
        let mut seen = 0;
        for index in 0..usual.studies {
            let (a, b) = (usual.study(index).unwrap(), other.study(index).unwrap());
            assert_eq!((a.marker(0), b.marker(0)), (Marker::Usual, marker));
            let [a, b] = [&a, &b].map(|study| study.radiograph(0).unwrap().pixels);
            let changed = a.iter().zip(&b).filter(|(a, b)| a.abs_diff(**b) > 200).count();
            seen += usize::from(changed > 0);
        }
        // A letter may lie outside the collimation.
        assert!(seen >= 4, "{marker:?}: {seen}");
    }
}

#[test]
fn children_have_open_growth_plates_wherever_they_are_imaged() {
    let children = PhantomHospital {
        studies: 120,
        size: 96,
        child_share: 1.0,
        elderly_share: 0.0,
        fracture_prevalence: 0.0,
        children_everywhere: true,
        one_knee_share: 0.5,
        prevalence: Prevalence::none(),
        ..hospital()
    };
    let (mut open, mut closed) = (0, 0);
    for study in children.iter() {
        let study = study.unwrap();
        let growing = study.labels["growth_plates"].present().unwrap();
        (open, closed) = (open + usize::from(growing), closed + usize::from(!growing));
        let years = value(&study, "age_months") / 12.0;
        assert!(years > 12.0 || growing, "study {} {:?} at {years}", study.index, study.body_part);
        assert!(years < 18.5 || !growing, "study {} {:?} at {years}", study.index, study.body_part);
        let text = study.report.text.to_lowercase();
        let says = ["physes ouvertes", "cartilages de", "noyaux d"].iter().any(|words| text.contains(words));
        assert!(growing || !says, "study {}", study.index);
        study.radiograph(0).unwrap();
    }
    assert!(open > 60 && closed > 5, "{open} {closed}");
}
