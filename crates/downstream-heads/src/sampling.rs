use std::collections::{BTreeMap, HashMap};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use xray_core::PatientId;

use crate::{Error, Result};

/// The cases of a part of the patients, for an experiment with few labels.
///
/// Patients are drawn by class, so that the part has the classes of the whole, and always all cases of a
/// patient. A smaller part lies within a larger one of the same seed.
///
/// # Errors
///
/// [`Error::EmptyClass`] if the part would leave a class without a patient; [`Error::Config`] if
/// `fraction` is not in `(0, 1]`; [`Error::Length`] if there is not one patient a label.
///
/// # Examples
///
/// ```
/// use downstream_heads::label_fraction;
/// use xray_core::PatientId;
///
/// let patients: Vec<_> = (0..100).map(|case| PatientId::new((case / 2).to_string())).collect();
/// let labels: Vec<_> = (0..100).map(|case| usize::from(case < 40)).collect();
/// assert_eq!(label_fraction(&labels, &patients, 0.1, 1)?.len(), 10);
/// assert!(label_fraction(&labels, &patients, 0.01, 1).is_err());
/// # Ok::<(), downstream_heads::Error>(())
/// ```
pub fn label_fraction(
    labels: &[usize],
    patients: &[PatientId],
    fraction: f64,
    seed: u64,
) -> Result<Vec<usize>> {
    check_fraction(fraction)?;
    let mut cases = Vec::new();
    let strata = strata(labels, patients, seed)?;
    for patients in strata.values() {
        let count = (patients.len() as f64 * fraction).round() as usize;
        cases.extend(patients[..count].iter().flatten());
    }
    cases.sort_unstable();
    for class in 0..=labels.iter().copied().max().unwrap_or(0) {
        let has = |case: &usize| labels[*case] == class;
        if (0..labels.len()).any(|case| has(&case)) && !cases.iter().any(has) {
            let patients = patients_of(labels, patients, class);
            return Err(Error::EmptyClass { percent: 100.0 * fraction, class, patients });
        }
    }
    Ok(cases)
}

/// A part of the cases at random, whatever their patients and classes: how the method's released code draws
/// it. For comparison with that code alone.
///
/// # Errors
///
/// [`Error::Config`] if `fraction` is not in `(0, 1]` or the part has no case.
pub fn case_fraction(cases: usize, fraction: f64, seed: u64) -> Result<Vec<usize>> {
    check_fraction(fraction)?;
    let count = (cases as f64 * fraction).floor() as usize;
    if count == 0 {
        return Err(Error::config("fraction", format!("{fraction} of {cases} cases is none")));
    }
    let mut order: Vec<usize> = (0..cases).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.truncate(count);
    order.sort_unstable();
    Ok(order)
}

fn check_fraction(fraction: f64) -> Result<()> {
    if fraction > 0.0 && fraction <= 1.0 {
        return Ok(());
    }
    Err(Error::config("fraction", format!("{fraction} is not in (0, 1]")))
}

/// Deals patients to parts, whatever their labels. Gives the fold of each case and the number of folds.
pub(crate) fn plain_folds(patients: &[PatientId], count: usize, seed: u64) -> Result<(Vec<usize>, usize)> {
    folds(&vec![0; patients.len()], patients, count, seed)
}

/// Deals the patients of each class to `folds` parts, or to as many as the rarest class allows. Gives the
/// fold of each case and the number of folds.
pub(crate) fn folds(
    labels: &[usize],
    patients: &[PatientId],
    folds: usize,
    seed: u64,
) -> Result<(Vec<usize>, usize)> {
    let strata = strata(labels, patients, seed)?;
    let mut count = folds;
    for class in strata.keys() {
        let patients = patients_of(labels, patients, *class);
        if patients < 2 {
            return Err(Error::TooFewPatients { class: *class, patients });
        }
        count = count.min(patients);
    }
    let mut fold_of = vec![0; labels.len()];
    for (turn, patient) in strata.values().flatten().enumerate() {
        for case in patient {
            fold_of[*case] = turn % count;
        }
    }
    Ok((fold_of, count))
}

/// The cases of each patient in random order, by the class of the patient: the rarest that it has.
fn strata(labels: &[usize], patients: &[PatientId], seed: u64) -> Result<BTreeMap<usize, Vec<Vec<usize>>>> {
    Error::length("patients", patients.len(), labels.len())?;
    let mut cases_of_class: HashMap<usize, usize> = HashMap::new();
    let mut index: HashMap<&PatientId, usize> = HashMap::new();
    let mut by_patient: Vec<Vec<usize>> = Vec::new();
    for (case, (label, patient)) in labels.iter().zip(patients).enumerate() {
        *cases_of_class.entry(*label).or_default() += 1;
        let next = by_patient.len();
        let place = *index.entry(patient).or_insert(next);
        if place == next {
            by_patient.push(Vec::new());
        }
        by_patient[place].push(case);
    }
    by_patient.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut strata: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
    for cases in by_patient {
        let rarest =
            cases.iter().map(|case| labels[*case]).min_by_key(|label| (cases_of_class[label], *label));
        if let Some(class) = rarest {
            strata.entry(class).or_default().push(cases);
        }
    }
    Ok(strata)
}

fn patients_of(labels: &[usize], patients: &[PatientId], class: usize) -> usize {
    let of_class = labels.iter().zip(patients).filter(|(label, _)| **label == class);
    of_class.map(|(_, patient)| patient).collect::<std::collections::HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patients(cases: usize, each: usize) -> Vec<PatientId> {
        (0..cases).map(|case| PatientId::new((case / each).to_string())).collect()
    }

    #[test]
    fn parts_hold_whole_patients_and_lie_within_each_other() {
        let patients = patients(600, 3);
        let labels: Vec<usize> = (0..600).map(|case| usize::from(case % 10 == 0)).collect();
        let small = label_fraction(&labels, &patients, 0.05, 3).unwrap();
        let large = label_fraction(&labels, &patients, 0.2, 3).unwrap();
        assert!(small.iter().all(|case| large.contains(case)));
        for case in &small {
            assert!((case / 3 * 3..case / 3 * 3 + 3).all(|other| small.contains(&other)));
        }
        assert_ne!(small, label_fraction(&labels, &patients, 0.05, 4).unwrap());
        assert_eq!(label_fraction(&labels, &patients, 1.0, 3).unwrap(), (0..600).collect::<Vec<_>>());
    }

    #[test]
    fn a_class_that_would_vanish_is_refused_by_name() {
        let labels: Vec<usize> = (0..200).map(|case| usize::from(case < 6)).collect();
        let error = label_fraction(&labels, &patients(200, 2), 0.01, 1).unwrap_err();
        assert_eq!(error.to_string(), "1 % of the labels holds no patient of class 1, of whom there are 3");
    }

    #[test]
    fn no_patient_is_in_two_folds() {
        let patients = patients(90, 3);
        let labels: Vec<usize> = (0..90).map(|case| case / 3 % 3).collect();
        let (fold_of, count) = folds(&labels, &patients, 5, 1).unwrap();
        assert_eq!(count, 5);
        for cases in fold_of.chunks(3) {
            assert!(cases.iter().all(|fold| *fold == cases[0]));
        }
        for fold in 0..count {
            for class in 0..3 {
                assert!((0..90).any(|case| fold_of[case] == fold && labels[case] == class));
            }
        }
    }
}
