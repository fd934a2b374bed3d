//! What is there besides fractures: the report names it, the label knows it, the picture shows it.

use xray_core::Label;
use xray_phantom::{PhantomHospital, PhantomStudy, Prevalence};

/// A finding, and the words that stand for it without accents.
const WORDS: [(&str, &[&str]); 7] = [
    ("plate", &["plaque"]),
    ("wires", &["broche", "embrochage"]),
    ("cast", &["platre", "resine"]),
    ("lytic_lesion", &["lytique", "lacune"]),
    ("sclerotic_lesion", &["condensante", "sclerotique", "ilot condensant"]),
    ("osteoarthritis", &["arthrose", "degenerati", "osteophyt", "pincement"]),
    ("foreign_body", &["corps etranger"]),
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
        Some(label) => label.present().unwrap(),
        None => study.labels["osteosynthesis"] == Label::Class(finding.to_owned()),
    }
}

#[test]
fn a_report_names_what_is_there_in_its_conclusion_and_nothing_else() {
    let hospital = PhantomHospital { studies: 1500, seed: 13, ..PhantomHospital::default() };
    let mut counts = [0; WORDS.len()];
    for study in hospital.iter() {
        let study = study.unwrap();
        let text = plain(&study.report.text);
        let conclusion = &text[text.rfind("conclusion").unwrap()..];
        for ((finding, words), count) in WORDS.iter().zip(&mut counts) {
            if has(&study, finding) {
                *count += 1;
                let named = words.iter().any(|word| conclusion.contains(word));
                assert!(named, "the conclusion of study {} leaves out {finding}", study.index);
            } else {
                let claims = |s: &str| !s.contains("pas de") && words.iter().any(|word| s.contains(word));
                let claimed = text.split(['.', '\n', ';']).find(|s| claims(s));
                assert_eq!(claimed, None, "study {} has no {finding}", study.index);
            }
        }
    }
    // Plates and wires together a tenth; worn joints a quarter of those past 45.
    let [plates, wires, casts, lytic, sclerotic, worn, splinters] = counts;
    assert!((110..190).contains(&(plates + wires)) && plates > 50 && wires > 50, "{counts:?}");
    assert!((110..190).contains(&casts) && (60..120).contains(&lytic), "{counts:?}");
    assert!((60..120).contains(&sclerotic) && (80..220).contains(&worn), "{counts:?}");
    assert!((25..70).contains(&splinters), "{counts:?}");
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
