use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bootstrap::defined;
use crate::{Bootstrap, Clusters, Interval, Metric, Result, check, normal};

/// Something that divides cases into groups: sex, age band, device, side.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a str,
    /// The group of each case; nothing where it is not known.
    pub groups: &'a [Option<&'a str>],
}

/// What [`audit`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AuditConfig {
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
    /// Groups of fewer patients get no value. Default: 10.
    pub minimum_patients: usize,
    /// The chance of flagging any gap where there is none, over all groups together. Default: 0.01.
    pub false_alarm: f64,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { bootstrap: Bootstrap::default(), minimum_patients: 10, false_alarm: 0.01 }
    }
}

/// One group of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroup {
    /// The attribute.
    pub attribute: String,
    /// The group.
    pub group: String,
    /// Its cases.
    pub cases: usize,
    /// Its patients.
    pub patients: usize,
    /// The metric in the group; nothing where it has no value there.
    pub value: Option<Interval>,
    /// The group minus the other groups of the attribute; nothing where either has no value.
    pub gap: Option<Interval>,
    /// Two-sided chance of such a gap where there is none, corrected for the number of groups looked at
    /// (Holm, Scand. J. Statist. 1979).
    pub p_value: Option<f64>,
    /// Whether the gap is more than chance makes, see [`AuditConfig::false_alarm`].
    pub flagged: bool,
    /// Why there is no value or no gap.
    pub reason: Option<String>,
}

/// The metric by subgroup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// What was measured.
    pub metric: String,
    /// Over all cases.
    pub overall: Interval,
    /// Attributes in the order given, groups by name.
    pub subgroups: Vec<Subgroup>,
}

impl Audit {
    /// The groups whose gap is more than chance makes.
    pub fn flagged(&self) -> impl Iterator<Item = &Subgroup> {
        self.subgroups.iter().filter(|subgroup| subgroup.flagged)
    }

    /// The group with the lowest value, for metrics where more is better; turn the sign of the others.
    pub fn worst(&self) -> Option<&Subgroup> {
        let valued = self.subgroups.iter().filter_map(|subgroup| Some((subgroup, subgroup.value?.estimate)));
        valued.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(subgroup, _)| subgroup)
    }
}

/// Measures `metric` in each group of each attribute and compares the group with the others of its
/// attribute on the same resamples of patients.
///
/// A group that is too small, or of one class, gets no value and a reason, never a number that means
/// nothing. The p-value of a gap comes from its bootstrap deviation.
///
/// # Errors
///
/// As [`Bootstrap::interval`] for all cases together; [`Length`](crate::Error::Length) if an attribute is of other
/// cases; [`Argument`](crate::Error::Argument) if `false_alarm` is not between 0 and 1.
///
/// # Examples
///
/// ```
/// use eval_metrics::{Attribute, AuditConfig, Clusters, Mean, audit};
///
/// let hits = Mean::new("accuracy", vec![1.0, 1.0, 0.0, 1.0].repeat(20))?;
/// let sex = [Some("F"), Some("F"), Some("M"), Some("M")].repeat(20);
/// let attributes = [Attribute { name: "sex", groups: &sex }];
/// let audit = audit(&hits, &attributes, &Clusters::single(80), &AuditConfig::default())?;
/// let worst = audit.worst().map(|subgroup| subgroup.group.as_str());
/// assert_eq!(worst, Some("M"));
/// # Ok::<(), eval_metrics::Error>(())
/// ```
pub fn audit(
    metric: &(impl Metric + ?Sized),
    attributes: &[Attribute<'_>],
    clusters: &Clusters,
    config: &AuditConfig,
) -> Result<Audit> {
    check::open_unit("false_alarm", config.false_alarm)?;
    let overall = config.bootstrap.interval(metric, clusters)?;
    let mut splits = Vec::new();
    for attribute in attributes {
        check::same_length("groups", attribute.groups.len(), metric.cases())?;
        splits.extend(Split::of(attribute, clusters));
    }
    let mut subgroups = Vec::with_capacity(splits.len());
    let measured: Vec<&Split> =
        splits.iter().filter(|split| split.patients >= config.minimum_patients).collect();
    let draws = config.bootstrap.resample(clusters, |counts| {
        measured.iter().map(|split| split.measure(metric, counts)).collect::<Result<Vec<_>>>()
    })?;
    let mut draws_of = (0..measured.len()).map(|i| draws.iter().map(|draw| draw[i]).collect::<Vec<_>>());
    for split in &splits {
        let mut subgroup = split.subgroup();
        if split.patients < config.minimum_patients {
            subgroup.reason = Some(format!("fewer than {} patients", config.minimum_patients));
        } else if let Some(draws) = draws_of.next() {
            split.fill(&mut subgroup, metric, &draws, &config.bootstrap)?;
        }
        subgroups.push(subgroup);
    }
    correct(&mut subgroups, config.false_alarm);
    Ok(Audit { metric: metric.name().to_owned(), overall, subgroups })
}

/// The value in a group and among the others of its attribute, where there is one.
type Pair = (Option<f64>, Option<f64>);

struct Split {
    attribute: String,
    group: String,
    /// Whether a case is in the group; nothing where that is not known.
    inside: Vec<Option<bool>>,
    patients: usize,
}

impl Split {
    fn of(attribute: &Attribute<'_>, clusters: &Clusters) -> Vec<Self> {
        let names: BTreeSet<&str> = attribute.groups.iter().flatten().copied().collect();
        let split = |name: &str| {
            let inside: Vec<_> =
                attribute.groups.iter().map(|group| group.map(|group| group == name)).collect();
            let patients = clusters.count(|case| inside[case] == Some(true));
            Self { attribute: attribute.name.to_owned(), group: name.to_owned(), inside, patients }
        };
        names.into_iter().map(split).collect()
    }

    fn measure(&self, metric: &(impl Metric + ?Sized), counts: &[u32]) -> Result<Pair> {
        let only = |side: bool| -> Vec<u32> {
            counts
                .iter()
                .zip(&self.inside)
                .map(|(n, inside)| if *inside == Some(side) { *n } else { 0 })
                .collect()
        };
        Ok((defined(metric.weighted(&only(true)))?, defined(metric.weighted(&only(false)))?))
    }

    fn subgroup(&self) -> Subgroup {
        Subgroup {
            attribute: self.attribute.clone(),
            group: self.group.clone(),
            cases: self.inside.iter().filter(|inside| **inside == Some(true)).count(),
            patients: self.patients,
            value: None,
            gap: None,
            p_value: None,
            flagged: false,
            reason: None,
        }
    }

    fn fill(
        &self,
        subgroup: &mut Subgroup,
        metric: &(impl Metric + ?Sized),
        draws: &[Pair],
        bootstrap: &Bootstrap,
    ) -> Result<()> {
        let (inside, others) = self.measure(metric, &vec![1; metric.cases()])?;
        let Some(inside) = inside else {
            subgroup.reason = Some(format!("{} has no value on these cases", metric.name()));
            return Ok(());
        };
        match bootstrap.summary(metric.name(), inside, draws.iter().map(|draw| draw.0).collect()) {
            Ok((interval, _)) => subgroup.value = Some(interval),
            Err(error) => {
                subgroup.reason = Some(error.to_string());
                return Ok(());
            }
        }
        let Some(others) = others else {
            subgroup.reason = Some("nothing to compare with: no value on the other groups".to_owned());
            return Ok(());
        };
        let gaps =
            draws.iter().map(|draw| draw.0.zip(draw.1).map(|(inside, others)| inside - others)).collect();
        match bootstrap.summary(metric.name(), inside - others, gaps) {
            Ok((interval, gaps)) => {
                subgroup.gap = Some(interval);
                subgroup.p_value = Some(p_value(interval.estimate, &gaps));
            }
            Err(error) => subgroup.reason = Some(error.to_string()),
        }
        Ok(())
    }
}

/// How likely a gap of that size is with the deviation that the resamples show, if there is none.
fn p_value(gap: f64, draws: &[f64]) -> f64 {
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / draws.len() as f64;
    if gap == 0.0 { 1.0 } else { normal::two_sided_p(gap / variance.sqrt()) }
}

/// Holm's correction, and the flags that follow from it.
fn correct(subgroups: &mut [Subgroup], false_alarm: f64) {
    let mut order: Vec<usize> = (0..subgroups.len()).filter(|i| subgroups[*i].p_value.is_some()).collect();
    order.sort_by(|a, b| {
        subgroups[*a].p_value.unwrap_or(1.0).total_cmp(&subgroups[*b].p_value.unwrap_or(1.0))
    });
    let mut at_least: f64 = 0.0;
    for (smaller, index) in order.iter().enumerate() {
        let subgroup = &mut subgroups[*index];
        let corrected = subgroup.p_value.unwrap_or(1.0) * (order.len() - smaller) as f64;
        at_least = at_least.max(corrected.min(1.0));
        subgroup.p_value = Some(at_least);
        subgroup.flagged = at_least < false_alarm;
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::Auroc;

    struct Simulated {
        labels: Vec<bool>,
        scores: Vec<f64>,
        patients: Vec<usize>,
        sex: Vec<Option<&'static str>>,
        device: Vec<Option<&'static str>>,
    }

    /// Two studies a patient; where `unfair`, the scores of device C say little.
    fn simulated(seed: u64, unfair: bool) -> Simulated {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut all =
            Simulated { labels: vec![], scores: vec![], patients: vec![], sex: vec![], device: vec![] };
        for patient in 0..160 {
            let sex = ["F", "M"][rng.random_range(0..2)];
            let device = ["A", "B", "C"][rng.random_range(0..3)];
            for _ in 0..2 {
                let label = rng.random_bool(0.4);
                let effect = if unfair && device == "C" { 0.2 } else { 1.5 };
                let noise = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
                all.labels.push(label);
                all.scores.push(noise + if label { effect } else { 0.0 });
                all.patients.push(patient);
                all.sex.push(Some(sex));
                all.device.push(Some(device));
            }
        }
        all
    }

    fn audited(simulated: &Simulated) -> Audit {
        let metric = Auroc::new(&simulated.labels, &simulated.scores).unwrap();
        let attributes = [
            Attribute { name: "sex", groups: &simulated.sex },
            Attribute { name: "device", groups: &simulated.device },
        ];
        let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
        let config = AuditConfig { bootstrap, ..AuditConfig::default() };
        audit(&metric, &attributes, &Clusters::by(&simulated.patients), &config).unwrap()
    }

    #[test]
    fn a_planted_gap_is_found_and_named() {
        let audit = audited(&simulated(1, true));
        assert_eq!(audit.worst().map(|worst| worst.group.as_str()), Some("C"));
        assert!(audit.flagged().any(|subgroup| subgroup.group == "C"));
        assert!(audit.flagged().all(|subgroup| subgroup.attribute == "device"), "{audit:#?}");
    }

    #[test]
    fn without_a_gap_at_most_one_seed_in_twenty_is_flagged() {
        let flagged =
            (0..20).filter(|seed| audited(&simulated(100 + seed, false)).flagged().next().is_some());
        assert!(flagged.count() <= 1);
    }

    #[test]
    fn a_group_of_one_class_gives_none_and_a_reason() {
        let labels: Vec<bool> = (0..60).map(|case| case < 30 && case % 2 == 0).collect();
        let scores: Vec<f64> = (0..60).map(|case| f64::from((case * 7) % 13)).collect();
        let groups: Vec<_> = (0..60).map(|case| Some(if case < 30 { "left" } else { "right" })).collect();
        let metric = Auroc::new(&labels, &scores).unwrap();
        let attributes = [Attribute { name: "side", groups: &groups }];
        let audit = audit(&metric, &attributes, &Clusters::single(60), &AuditConfig::default()).unwrap();
        let [left, right] = &audit.subgroups[..] else { panic!("two groups") };
        assert!(left.value.is_some() && left.gap.is_none());
        assert!(right.value.is_none() && right.reason.as_deref().unwrap().contains("auroc"));
        assert!(audit.flagged().next().is_none());
    }
}
