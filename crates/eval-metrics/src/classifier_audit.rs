use std::hash::Hash;

use crate::{Attribute, Audit, AuditConfig, Auroc, Clusters, Mean, Result, audit, check};

/// Audits the scores of a classifier three times: how well they tell the classes apart (AUROC), and how high they are for
/// cases without and with the finding (`score_of_negatives`, `score_of_positives`).
///
/// A model that has learnt the device, the side or the sex in place of the finding scores the cases of one group higher
/// whatever is true of them: the second and third find such a confounder where the first may see no gap. The chance of a
/// false alarm is divided among the three.
///
/// # Errors
///
/// As [`audit`]; [`OneClass`](crate::Error::OneClass) if all cases are of one class.
///
/// # Examples
///
/// ```
/// use eval_metrics::{Attribute, AuditConfig, audit_classifier};
///
/// // Simulated: cases of device B get higher scores, fractured or not.
/// let fractured: Vec<bool> = (0..200).map(|case| case % 2 == 0).collect();
/// let device: Vec<_> = (0..200).map(|case| Some(["A", "B"][case / 2 % 2])).collect();
/// let score = |case: usize| 0.2 * (case % 7) as f64 + if device[case] == Some("B") { 1.0 } else { 0.0 };
/// let scores: Vec<f64> = (0..200).map(score).collect();
/// let attributes = [Attribute { name: "device", groups: &device }];
/// let patients: Vec<usize> = (0..200).collect();
/// let audits = audit_classifier(&fractured, &scores, &attributes, &patients, &AuditConfig::default())?;
/// assert!(audits[1].flagged().any(|group| group.group == "B"));
/// # Ok::<(), eval_metrics::Error>(())
/// ```
pub fn audit_classifier<T: Eq + Hash>(
    labels: &[bool],
    scores: &[f64],
    attributes: &[Attribute<'_>],
    patients: &[T],
    config: &AuditConfig,
) -> Result<Vec<Audit>> {
    let config = AuditConfig { false_alarm: config.false_alarm / 3.0, ..*config };
    check::same_length("patients", patients.len(), labels.len())?;
    for attribute in attributes {
        check::same_length("groups", attribute.groups.len(), labels.len())?;
    }
    let mut audits = vec![audit(&Auroc::new(labels, scores)?, attributes, &Clusters::by(patients), &config)?];
    for (present, name) in [(false, "score_of_negatives"), (true, "score_of_positives")] {
        let cases: Vec<usize> = (0..labels.len()).filter(|case| labels[*case] == present).collect();
        let groups: Vec<Vec<Option<&str>>> =
            attributes.iter().map(|of| cases.iter().map(|case| of.groups[*case]).collect()).collect();
        let attributes: Vec<_> =
            attributes.iter().zip(&groups).map(|(of, groups)| Attribute { name: of.name, groups }).collect();
        let patients: Vec<&T> = cases.iter().map(|case| &patients[*case]).collect();
        let metric = Mean::new(name, cases.iter().map(|case| scores[*case]).collect())?;
        audits.push(audit(&metric, &attributes, &Clusters::by(&patients), &config)?);
    }
    Ok(audits)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::Bootstrap;

    /// What is wrong with the simulated scores.
    #[derive(Clone, Copy, PartialEq)]
    enum Planted {
        Nothing,
        /// Scores follow the device, which goes with the finding in nine of ten cases.
        Confounder,
        /// The scores of old people say less.
        Gap,
    }

    fn flagged(seed: u64, planted: Planted) -> Vec<String> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut labels, mut scores, mut patients) = (vec![], vec![], vec![]);
        let (mut sexes, mut ages, mut devices) = (vec![], vec![], vec![]);
        for patient in 0..250 {
            let sex = ["F", "M"][rng.random_range(0..2)];
            let age = ["under 18", "18 to 59", "60 and over"][rng.random_range(0..3)];
            for _ in 0..2 {
                let label = rng.random_bool(0.4);
                let tells = planted == Planted::Confounder && rng.random_bool(0.9);
                let device = if tells { usize::from(label) } else { rng.random_range(0..2) };
                let noise = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
                let finding = f64::from(u8::from(label));
                let score = match planted {
                    Planted::Confounder => 0.5 * finding + 1.5 * device as f64,
                    Planted::Gap if age == "60 and over" => 0.2 * finding,
                    _ => 1.5 * finding,
                };
                labels.push(label);
                scores.push(score + noise);
                patients.push(patient);
                sexes.push(Some(sex));
                ages.push(Some(age));
                devices.push(Some(["A", "B"][device]));
            }
        }
        let attributes = [("sex", &sexes), ("age", &ages), ("device", &devices)];
        let attributes = attributes.map(|(name, groups)| Attribute { name, groups });
        let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
        let config = AuditConfig { bootstrap, ..AuditConfig::default() };
        let audits = audit_classifier(&labels, &scores, &attributes, &patients, &config).unwrap();
        audits
            .iter()
            .flat_map(Audit::flagged)
            .map(|group| format!("{} {}", group.attribute, group.group))
            .collect()
    }

    #[test]
    fn a_planted_confounder_is_found_and_named() {
        let found = flagged(1, Planted::Confounder);
        assert!(found.iter().any(|group| group == "device A"), "{found:?}");
        assert!(found.iter().all(|group| group.starts_with("device")), "{found:?}");
    }

    #[test]
    fn a_planted_gap_is_found_and_named() {
        let found = flagged(1, Planted::Gap);
        assert!(found.iter().any(|group| group == "age 60 and over"), "{found:?}");
        assert!(found.iter().all(|group| group.starts_with("age")), "{found:?}");
    }

    #[test]
    fn where_nothing_is_planted_at_most_one_seed_in_twenty_is_flagged() {
        let seeds = (100..120).filter(|seed| !flagged(*seed, Planted::Nothing).is_empty());
        assert!(seeds.count() <= 1);
    }
}
