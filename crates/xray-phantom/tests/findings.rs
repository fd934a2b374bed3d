//! What is there besides fractures: the report names it, the label knows it, the picture shows it.

use std::collections::BTreeMap;

use xray_core::Label;
use xray_phantom::{PhantomHospital, PhantomStudy, Prevalence};

/// A finding, and the words that stand for it without accents.
const WORDS: [(&str, &[&str]); 9] = [
    ("plate", &["plaque"]),
    ("wires", &["broche", "embrochage"]),
    ("cast", &["platre", "resine"]),
    ("lytic_lesion", &["lytique", "lacune"]),
    ("sclerotic_lesion", &["condensante", "sclerotique", "ilot condensant"]),
    ("osteoarthritis", &["arthrose", "degenerati", "osteophyt", "pincement"]),
    ("foreign_body", &["corps etranger"]),
    ("dislocation", &["luxation"]),
    ("prosthesis", &["prothese", "pth ", "ptg "]),
];

fn plain(text: &str) -> String {
    let fold = |c: char| match c.to_lowercase().next().unwrap_or(c) {
        'é' | 'è' | 'ê' => 'e',
        'à' | 'â' => 'a',
        'î' | 'ï' => 'i',
        'ô' => 'o',
        c => c,
    };
    text.chars().map(fold).collect()
}

fn has(study: &PhantomStudy, finding: &str) -> bool {
    match study.labels.get(finding) {
        Some(Label::Class(class)) => class != "none",
        Some(label) => label.present().unwrap(),
        None => study.labels["osteosynthesis"] == Label::Class(finding.to_owned()),
    }
}

/// How often each finding is there; fails where a report leaves one out or names one that is not there.
fn counted(hospital: &PhantomHospital) -> [usize; WORDS.len()] {
    let mut counts = [0; WORDS.len()];
    for study in hospital.iter() {
        let study = study.unwrap();
        let text = plain(&study.report.text);
        let conclusion = &text[text.rfind("conclusion").unwrap()..];
        for ((finding, words), count) in WORDS.iter().zip(&mut counts) {
            // Of both knees the grades tell.
            if *finding == "osteoarthritis" && study.knees.is_some() {
                continue;
            }
            if has(&study, finding) {
                *count += 1;
                let named = words.iter().any(|word| conclusion.contains(word));
                assert!(named, "the conclusion of study {} leaves out {finding}", study.index);
            } else {
                let asks = |s: &str| {
                    ["pas de", "pas d'image", "exclure", "suspicion", "?"].iter().any(|w| s.contains(w))
                };
                let claims = |s: &str| !asks(s) && words.iter().any(|word| s.contains(word));
                let claimed = text.split(['.', '\n', ';']).find(|s| claims(s));
                assert_eq!(claimed, None, "study {} has no {finding}", study.index);
            }
        }
    }
    counts
}

#[test]
fn a_report_names_what_is_there_in_its_conclusion_and_nothing_else() {
    let hospital = PhantomHospital { studies: 1500, seed: 13, ..PhantomHospital::default() };
    let counts = counted(&hospital);
    // Plates and wires together a tenth; worn joints a quarter of those past 45.
    let [plates, wires, casts, lytic, sclerotic, worn, splinters, dislocated, replaced] = counts;
    assert_eq!((dislocated, replaced), (0, 0), "none by default");
    assert!((110..190).contains(&(plates + wires)) && plates > 50 && wires > 50, "{counts:?}");
    assert!((110..190).contains(&casts) && (60..120).contains(&lytic), "{counts:?}");
    assert!((60..120).contains(&sclerotic) && (80..220).contains(&worn), "{counts:?}");
    assert!((25..70).contains(&splinters), "{counts:?}");
}

/// All parts of the body, with all that can be there.
fn everything() -> PhantomHospital {
    let mut other_parts = PhantomHospital::all_parts();
    let count = other_parts.len() as f64;
    other_parts.values_mut().for_each(|share| *share = 1.0 / count);
    let prevalence = Prevalence { dislocation: 0.3, prosthesis: 0.5, ..Prevalence::default() };
    PhantomHospital {
        studies: 600,
        seed: 19,
        size: 96,
        child_share: 0.1,
        elderly_share: 0.6,
        one_knee_share: 0.7,
        other_parts,
        prevalence,
        ..PhantomHospital::default()
    }
}

#[test]
fn dislocated_and_replaced_joints_are_named_and_never_denied() {
    let [.., dislocated, replaced] = counted(&everything());
    assert!(dislocated > 60 && replaced > 25, "{dislocated} {replaced}");
    for study in everything().iter() {
        let study = study.unwrap();
        let text = plain(&study.report.text);
        if study.findings.dislocation.is_some() {
            for denial in
                ["pas de luxation", "ni de luxation", "congruence conserv", "conserves", "lesion traumatique"]
            {
                assert!(!text.contains(denial), "study {} is dislocated: {denial}", study.index);
            }
        }
        // What was replaced is neither broken nor diseased.
        if study.findings.prosthesis.is_some() {
            assert!(study.fracture.is_none(), "{}", study.index);
        }
    }
}

#[test]
fn every_finding_has_a_mask_where_its_box_is() {
    let everything = everything();
    let hands =
        Prevalence { cast: 0.3, foreign_body: 0.3, ring: 0.3, osteoarthritis: 0.6, ..everything.prevalence };
    let hands = PhantomHospital { prevalence: hands, other_parts: [].into(), ..everything.clone() };
    let mut seen = BTreeMap::<&str, usize>::new();
    for study in everything.iter().step_by(4).chain(hands.iter().step_by(10)) {
        let study = study.unwrap();
        let image = study.radiograph(0).unwrap();
        let masks = study.finding_masks(0).unwrap();
        let boxes = study.boxes(0).unwrap();
        for mask in &masks {
            *seen.entry(mask.name).or_default() += 1;
            assert_eq!((mask.width, mask.height), (image.width, image.height));
            let corners = mask.corners().unwrap().map(|corner| corner as f32);
            match boxes.iter().find(|found| found.name == mask.name) {
                Some(found) => {
                    let [left, top, right, bottom] = found.corners;
                    // The box is that of corners of surfaces, the mask that of middles of pixels.
                    let inside = corners[0] + 1.0 >= left
                        && corners[1] + 1.0 >= top
                        && corners[2] <= right + 1.0
                        && corners[3] <= bottom + 1.0;
                    assert!(inside, "study {} {}: {corners:?} {found:?}", study.index, mask.name);
                }
                None => assert_eq!(mask.name, "cast", "study {}", study.index),
            }
            let most = f32::from(image.device.greatest());
            let covered = mask.pixels.iter().zip(&image.pixels).filter(|(set, _)| **set);
            let (sum, count) = covered.fold((0.0, 0.0), |(s, n), (_, v)| (s + f32::from(*v) / most, n + 1.0));
            if mask.name == "prosthesis" {
                assert!(sum / count > 0.75, "study {}: {}", study.index, sum / count);
            }
        }
        let found = &study.findings;
        let named = [
            ("fracture", study.fracture.is_some()),
            ("prosthesis", found.prosthesis.is_some()),
            ("dislocation", found.dislocation.is_some()),
            ("cast", found.cast.is_some()),
            ("osteosynthesis", found.osteosynthesis.is_some()),
            ("lytic_lesion", found.lytic_lesion.is_some()),
            ("sclerotic_lesion", found.sclerotic_lesion.is_some()),
            ("osteoarthritis", found.osteoarthritis.is_some()),
            ("foreign_body", found.foreign_body.is_some()),
            ("ring", found.ring.is_some()),
        ];
        for (name, named) in named {
            let there = masks.iter().any(|mask| mask.name == name);
            // Of knees the dense bone is called osteoarthritis too.
            let worn = name == "osteoarthritis" && study.knees.is_some();
            // A splinter may lie between the middles of pixels.
            let tiny = boxes.iter().find(|found| found.name == name).is_some_and(|found| {
                let [left, top, right, bottom] = found.corners;
                (right - left).min(bottom - top) < 1.5
            });
            assert!(worn || tiny || named == there, "study {} {:?} {name}", study.index, study.body_part);
        }
    }
    for name in [
        "fracture",
        "osteosynthesis",
        "cast",
        "lytic_lesion",
        "sclerotic_lesion",
        "dislocation",
        "prosthesis",
        "foreign_body",
        "osteoarthritis",
        "ring",
    ] {
        assert!(seen.get(name).is_some_and(|count| *count > 2), "{name}: {seen:?}");
    }
}

/// Shares of the pixels that are brighter and darker by a fifteenth of the range than without the finding.
fn change(prevalence: Prevalence, index: usize) -> Option<[f32; 2]> {
    let plain = PhantomHospital {
        studies: 100,
        seed: 3,
        size: 256,
        child_share: 0.0,
        elderly_share: 1.0,
        prevalence: Prevalence::none(),
        ..PhantomHospital::default()
    };
    let study = PhantomHospital { prevalence, ..plain.clone() }.study(index).unwrap();
    let before = plain.study(index).unwrap().radiograph(0).unwrap();
    let after = study.radiograph(0).unwrap();
    if (before.width, before.height) != (after.width, after.height) {
        return None;
    }
    let step = i32::from(before.device.greatest()) / 15;
    let differences = after.pixels.iter().zip(&before.pixels).map(|(a, b)| i32::from(*a) - i32::from(*b));
    let differences: Vec<i32> = differences.collect();
    let share = |sign: i32| {
        differences.iter().filter(|d| sign * **d > step).count() as f32 / differences.len() as f32
    };
    Some([share(1), share(-1)])
}

#[test]
fn the_picture_shows_each_finding() {
    let none = Prevalence::none();
    let cases = [
        ("osteosynthesis", Prevalence { osteosynthesis: 1.0, ..none }, 0, 0.003),
        ("cast", Prevalence { cast: 1.0, ..none }, 0, 0.05),
        ("lytic_lesion", Prevalence { lytic_lesion: 1.0, ..none }, 1, 0.0003),
        ("sclerotic_lesion", Prevalence { sclerotic_lesion: 1.0, ..none }, 0, 0.0001),
        ("osteoarthritis", Prevalence { osteoarthritis: 1.0, ..none }, 0, 0.0005),
        ("foreign_body", Prevalence { foreign_body: 1.0, ..none }, 0, 0.00005),
    ];
    for (name, prevalence, way, least) in cases {
        let shares: Vec<f32> = (0..8).filter_map(|index| Some(change(prevalence, index)?[way])).collect();
        let shown = shares.iter().filter(|share| **share > least).count();
        assert!(shares.len() >= 6 && shown + 2 >= shares.len(), "{name}: {shares:?}");
    }
}
