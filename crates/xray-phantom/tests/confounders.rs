//! What misleads a model is there when asked for, and is what was asked for.

use xray_core::Sex;
use xray_phantom::{Confounders, DEVICES, Error, Group, PhantomHospital, Prevalence};

fn plain() -> PhantomHospital {
    PhantomHospital {
        studies: 60,
        seed: 9,
        size: 96,
        child_share: 0.0,
        prevalence: Prevalence::none(),
        ..PhantomHospital::default()
    }
}

#[test]
fn a_machine_may_tell_of_the_fracture() {
    let confounders = Confounders { device_tells_fracture: 1.0, ..Confounders::default() };
    let hospital = PhantomHospital { confounders, ..plain() };
    for study in hospital.iter() {
        let study = study.unwrap();
        assert_eq!(study.device == &DEVICES[0], study.fracture.is_some(), "study {}", study.index);
    }
}

#[test]
fn a_group_may_be_imaged_with_more_noise() {
    let group = Group { sex: Some(Sex::F), from_years: 18, to_years: 120, photons: 0.05 };
    let confounders = Confounders { worse_imaged: Some(group), ..Confounders::default() };
    let (usual, worse) = (plain(), PhantomHospital { confounders, ..plain() });
    // Differences of neighbours in a row: noise makes them larger.
    let roughness = |hospital: &PhantomHospital, index: usize| {
        let image = hospital.study(index).unwrap().radiograph(0).unwrap();
        let rows = image.pixels.chunks_exact(image.width);
        rows.flat_map(|row| row.windows(2)).map(|p| f64::from(p[0].abs_diff(p[1]))).sum::<f64>()
    };
    let mut women = 0;
    for index in 0..12 {
        let study = usual.study(index).unwrap();
        let (before, after) = (roughness(&usual, index), roughness(&worse, index));
        if study.report.patient.unwrap().sex == Some(Sex::F) {
            women += 1;
            assert!(after > 1.04 * before, "study {index}: {before} {after}");
        } else {
            assert_eq!(before, after);
        }
    }
    assert!((2..11).contains(&women), "{women}");
    let group = Group { photons: 0.0, ..group };
    let confounders = Confounders { worse_imaged: Some(group), ..Confounders::default() };
    let refused = PhantomHospital { confounders, ..plain() }.validate();
    assert!(matches!(refused, Err(Error::Setting { setting: "confounders.worse_imaged", .. })));
}

#[test]
fn typing_faults_spare_the_identifiers() {
    let hospital = PhantomHospital { typing_fault_share: 0.3, missing_accents_share: 0.5, ..plain() };
    let (mut changed, mut flat) = (0, 0);
    for index in 0..hospital.studies {
        let (typed, meant) = (hospital.study(index).unwrap(), plain().study(index).unwrap());
        assert_eq!(typed.spans.len(), meant.spans.len());
        for (a, b) in typed.spans.iter().zip(&meant.spans) {
            assert_eq!(typed.report.text[a.start..a.end], meant.report.text[b.start..b.end]);
        }
        changed += usize::from(typed.report.text != meant.report.text);
        let outside = |c: char| "éèêàùç".contains(c);
        let mut rest = typed.report.text.clone();
        typed.spans.iter().rev().for_each(|span| rest.replace_range(span.start..span.end, ""));
        flat += usize::from(!rest.contains(outside));
    }
    assert!(changed > 55 && (20..50).contains(&flat), "{changed} {flat}");
}
