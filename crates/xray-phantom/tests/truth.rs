//! What report, picture and labels say must agree, and the picture must not give the answer away.

use rayon::prelude::*;
use xray_core::{Label, Laterality};
use xray_phantom::{PhantomHospital, PhantomStudy, Prevalence, Radiograph};

/// What a sentence says when it takes a finding back, or asks for it.
const NEGATIONS: &[&str] =
    &["pas ", "pas d", "absence", "aucun", "sans ", "exclure", "suspicion", "?", "recherche", "ni "];

fn plain(text: &str) -> String {
    let fold = |c: char| match c {
        'é' | 'è' | 'ê' | 'É' | 'È' | 'Ê' => 'e',
        'à' | 'â' | 'À' | 'Â' => 'a',
        'ï' | 'î' => 'i',
        c => c.to_ascii_lowercase(),
    };
    text.chars().map(fold).collect()
}

fn sentences(study: &PhantomStudy) -> Vec<String> {
    let text = plain(&study.report.text);
    text.split(['.', '\n', ';', ':']).map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

fn is(study: &PhantomStudy, label: &str) -> bool {
    study.labels.get(label).and_then(Label::present).unwrap_or(false)
}

/// A part of a bone's name, and what reports call it or a place in it.
const BONES: [(&str, &[&str]); 13] = [
    ("radius", &["radius", "radiale"]),
    ("ulna", &["uln", "olecran"]),
    ("scaph", &["scaph"]),
    ("metacarp", &["metacarp"]),
    ("phalan", &["phalan"]),
    ("humerus", &["humer"]),
    ("clavicle", &["clavicule"]),
    ("femur", &["femur"]),
    ("patella", &["patella"]),
    ("tibia", &["tibia"]),
    ("fibula", &["fibula", "malleole externe"]),
    ("hip_bone", &["acetabulum", "ilio- et ischio-pubiennes"]),
    ("sacrum", &["aileron sacre"]),
];

#[test]
fn a_report_never_names_a_finding_that_the_picture_lacks() {
    let hospital = PhantomHospital { studies: 1500, seed: 11, ..PhantomHospital::default() };
    let broken = assert_reports_are_true(&hospital);
    assert!((450..750).contains(&broken), "{broken}");
    let broken = assert_reports_are_true(&PhantomHospital { studies: 600, ..everywhere(&hospital) });
    assert!((120..300).contains(&broken), "{broken}");
}

/// Reads every report against the labels; the number of fractures.
fn assert_reports_are_true(hospital: &PhantomHospital) -> usize {
    let (mut broken, mut with_words) = (0, 0);
    for study in hospital.iter() {
        let study = study.unwrap();
        for sentence in sentences(&study) {
            let affirms = !NEGATIONS.iter().any(|n| sentence.contains(n));
            let finding = |words: &[&str]| affirms && words.iter().any(|w| sentence.contains(w));
            if !is(&study, "fracture") {
                let words =
                    ["fractur", "deplace", "angulation", "bascule", "tassement", "impaction", "rupture"];
                // A dislocated joint is displaced too.
                let joint = study.findings.dislocation.is_some() && sentence.contains("luxation");
                assert!(joint || !finding(&words), "study {} is intact: {sentence}", study.index);
                let angle =
                    sentence.split('°').next().is_some_and(|s| s.ends_with(|c: char| c.is_ascii_digit()));
                // The axis of a leg is an angle too.
                let axis = study.knees.is_some() && (sentence.contains("hka") || sentence.contains("genu"));
                assert!(axis || !angle || !sentence.contains('°'), "study {} is intact", study.index);
            }
            if !is(&study, "demineralised") {
                assert!(!finding(&["deminerali", "osteopenie", "rarefiee"]), "study {}", study.index);
            }
            if !is(&study, "growth_plates") {
                assert!(!finding(&["cartilage", "ossification", "immature"]), "study {}", study.index);
            }
        }
        let text = plain(&study.report.text);
        let other =
            if study.laterality == Laterality::Left { [" droit", " D\n"] } else { [" gauche", " G\n"] };
        assert!(
            study.laterality == Laterality::Both || other.iter().all(|side| !text.contains(&plain(side))),
            "study {} names the other side",
            study.index
        );
        if let Some(fracture) = &study.fracture {
            broken += 1;
            with_words += usize::from(text.contains("fracture"));
            let bone = fracture.bone.to_string();
            let (_, words) = BONES.iter().find(|(name, _)| bone.contains(name)).unwrap();
            let short = fracture.bone.ray().map_or("-".to_owned(), |ray| format!("de m{ray}"));
            let phalanx = ["de p1", "de p2", "de p3"].iter().any(|p| text.contains(p));
            let named = words.iter().any(|word| text.contains(word)) || text.contains(&short) || phalanx;
            assert!(named, "study {} does not name {bone}", study.index);
            assert_eq!(study.labels.get("fractured_bone"), Some(&Label::Class(bone)));
        }
    }
    assert_eq!(broken, with_words);
    broken
}

#[test]
fn a_bone_age_is_told_to_half_a_year_where_it_was_asked_for() {
    let hospital = PhantomHospital { studies: 300, seed: 3, child_share: 0.7, ..PhantomHospital::default() };
    let told = |hospital: &PhantomHospital| -> Vec<f64> {
        let tell = |study: xray_phantom::Result<PhantomStudy>| {
            let study = study.unwrap();
            let text = plain(&study.report.text);
            let (_, age) = text.rsplit_once("age osseux de ")?;
            assert!(is(&study, "growth_plates") && !is(&study, "fracture"));
            let numbers: Vec<f64> =
                age.split('.').next()?.split(' ').filter_map(|w| w.parse().ok()).collect();
            Some(12.0 * numbers[0] + numbers.get(1).unwrap_or(&0.0) - f64::from(study.age_months()))
        };
        hospital.iter().filter_map(tell).collect()
    };
    assert!(told(&hospital).is_empty());
    let off = told(&PhantomHospital { bone_age_share: 1.0, ..hospital });
    assert!(off.len() > 15, "{}", off.len());
    assert!(off.iter().all(|months| months.abs() <= 3.0), "{off:?}");
}

#[test]
fn every_fracture_lies_in_the_field_of_its_images() {
    let hospital = PhantomHospital { studies: 120, seed: 5, size: 128, ..PhantomHospital::default() };
    let small = PhantomHospital {
        studies: 60,
        child_share: 1.0,
        elderly_share: 0.0,
        youngest_child: 2,
        ..hospital.clone()
    };
    let (mut boxes, mut cut_off) = (0, 0);
    for study in hospital.iter().chain(small.iter()) {
        let study = study.unwrap();
        for number in 0..study.views.len() {
            let Some([left, top, right, bottom]) = study.fracture_box(number).unwrap() else {
                assert!(!is(&study, "fracture"));
                continue;
            };
            let image = study.radiograph(number).unwrap();
            let (x, y) = (0.5 * (left + right), 0.5 * (top + bottom));
            assert!(right > left + 2.0 && bottom > top + 2.0, "study {}", study.index);
            boxes += 1;
            let inside = (0.0..image.width as f32).contains(&x) && (0.0..image.height as f32).contains(&y);
            cut_off += usize::from(!inside);
        }
    }
    assert!(boxes > 50 && cut_off == 0, "{cut_off} of {boxes}");
}

#[test]
fn spans_hold_the_identifiers_and_the_rest_holds_none() {
    let hospital = PhantomHospital { studies: 300, seed: 4, ..PhantomHospital::default() };
    for study in hospital.iter() {
        let study = study.unwrap();
        let text = &study.report.text;
        let mut rest = String::new();
        let mut at = 0;
        for span in &study.spans {
            assert!(span.start >= at && span.start < span.end, "spans are in order and apart");
            rest.push_str(&text[at..span.start]);
            rest.push('#');
            at = span.end;
        }
        rest.push_str(&text[at..]);
        let patient = study.report.patient.as_ref().unwrap();
        let known = [patient.last_name.as_deref(), Some(study.id.as_str()), Some(study.patient.as_str())];
        assert!(study.spans.len() >= 4);
        for word in known.into_iter().flatten() {
            assert!(!rest.contains(word) && !rest.contains(&word.to_uppercase()), "study {}", study.index);
        }
        assert!(!rest.contains('@'));
    }
}

#[test]
fn difficulty_says_how_far_fractures_moved() {
    let mean_displacement = |difficulty| {
        let hospital = PhantomHospital {
            studies: 300,
            seed: 6,
            fracture_prevalence: 1.0,
            difficulty,
            ..PhantomHospital::default()
        };
        let moved: Vec<_> = hospital.iter().filter_map(|study| study.unwrap().fracture).collect();
        let hidden = moved.iter().filter(|fracture| fracture.is_undisplaced()).count() as f64;
        let sum: f64 = moved.iter().map(|fracture| f64::from(fracture.displacement_mm)).sum();
        (hidden / moved.len() as f64, sum / moved.len() as f64)
    };
    let [(none, far), (tenth, middle), (fifth, near)] = [0.0, 0.5, 1.0].map(mean_displacement);
    assert!(
        none == 0.0 && (tenth - 0.1).abs() < 0.05 && (fifth - 0.2).abs() < 0.07,
        "{none} {tenth} {fifth}"
    );
    assert!(far > 1.3 * middle && middle > 1.3 * near, "{far} {middle} {near} mm");
}

#[test]
fn a_linear_model_of_raw_pixels_does_not_find_fractures() {
    let hands = PhantomHospital {
        studies: 600,
        seed: 21,
        size: 64,
        two_view_share: 0.0,
        ..PhantomHospital::default()
    };
    assert_no_shortcut("hands and wrists", &hands);
    // Of every part that can be broken, with all that can be there.
    let everywhere = everywhere(&hands);
    assert_no_shortcut("everywhere", &everywhere);
}

/// The same of all parts in equal shares.
fn everywhere(hospital: &PhantomHospital) -> PhantomHospital {
    PhantomHospital {
        other_parts: PhantomHospital::all_parts(),
        one_knee_share: 0.5,
        prevalence: Prevalence::every_finding(),
        ..hospital.clone()
    }
}

fn assert_no_shortcut(name: &str, hospital: &PhantomHospital) {
    let rows: Vec<Row> = (0..hospital.studies)
        .into_par_iter()
        .map(|index| {
            let study = hospital.study(index).unwrap();
            (thumbnail(&study.radiograph(0).unwrap()), study.patient.clone(), is(&study, "fracture"))
        })
        .collect();
    // Blocks of twelve studies share patients.
    let (train, test) = rows.split_at(hospital.studies * 2 / 3 / 12 * 12);
    assert!(train.iter().all(|a| test.iter().all(|b| a.1 != b.1)), "a patient is in both parts");
    // Little and strong regularisation: a shortcut shows with one of them.
    for decay in [1e-3, 3e-2] {
        let score = auroc(&logistic(train.iter().map(|(x, _, y)| (x.as_slice(), *y)).collect(), decay), test);
        eprintln!("AUROC of raw pixels, {name}, decay {decay}: {score:.3}");
        assert!(score < 0.70, "AUROC {score} of {name} with decay {decay}");
    }
}

/// The mean of every cell of a 32 by 32 grid.
fn thumbnail(image: &Radiograph) -> Vec<f32> {
    let most = f32::from(image.device.greatest());
    let cell = |size: usize, at: usize| at * size / 32..((at + 1) * size / 32).max(at * size / 32 + 1);
    let mean = |y: usize, x: usize| {
        let places =
            cell(image.height, y).flat_map(|row| cell(image.width, x).map(move |c| row * image.width + c));
        let (sum, count) = places.fold((0.0, 0.0), |(s, n), i| (s + f32::from(image.pixels[i]), n + 1.0));
        sum / count / most
    };
    (0..32 * 32).map(|i| mean(i / 32, i % 32)).collect()
}

type Row = (Vec<f32>, xray_core::PatientId, bool);

/// Full-batch logistic regression on standardised pixels.
fn logistic(rows: Vec<(&[f32], bool)>, decay: f32) -> impl Fn(&[f32]) -> f32 {
    let width = rows[0].0.len();
    let n = rows.len() as f32;
    let mean: Vec<f32> = (0..width).map(|i| rows.iter().map(|r| r.0[i]).sum::<f32>() / n).collect();
    let spread: Vec<f32> = (0..width)
        .map(|i| (rows.iter().map(|r| (r.0[i] - mean[i]).powi(2)).sum::<f32>() / n).sqrt().max(1e-3))
        .collect();
    let scaled = move |x: &[f32]| -> Vec<f32> { (0..width).map(|i| (x[i] - mean[i]) / spread[i]).collect() };
    let inputs: Vec<(Vec<f32>, f32)> =
        rows.iter().map(|(x, y)| (scaled(x), f32::from(u8::from(*y)))).collect();
    let (mut weights, mut bias) = (vec![0.0f32; width], 0.0f32);
    for _ in 0..300 {
        let mut slope = vec![0.0; width];
        let mut slope_bias = 0.0;
        for (x, y) in &inputs {
            let logit = bias + x.iter().zip(&weights).map(|(a, b)| a * b).sum::<f32>();
            let error = 1.0 / (1.0 + (-logit).exp()) - y;
            slope.iter_mut().zip(x).for_each(|(s, a)| *s += error * a / n);
            slope_bias += error / n;
        }
        for (w, s) in weights.iter_mut().zip(&slope) {
            *w -= 0.01 * (s + decay * *w);
        }
        bias -= 0.1 * slope_bias;
    }
    move |x| scaled(x).iter().zip(&weights).map(|(a, b)| a * b).sum()
}

fn auroc(score: &impl Fn(&[f32]) -> f32, rows: &[Row]) -> f64 {
    let scores: Vec<(f32, bool)> = rows.iter().map(|(x, _, y)| (score(x), *y)).collect();
    let (mut above, mut pairs) = (0.0, 0.0);
    for (a, _) in scores.iter().filter(|s| s.1) {
        for (b, _) in scores.iter().filter(|s| !s.1) {
            pairs += 1.0;
            above += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    above / pairs
}
