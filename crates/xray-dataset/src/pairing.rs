use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use xray_core::jiff::civil::{Date, Time};
use xray_core::{PatientId, Report, ReportKind, Study};

use crate::Cause;
use crate::examination::Examination;

/// Which report belongs to which study, and why the others belong to none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairing {
    /// Indices of a study and of its report, by study.
    pub pairs: Vec<(usize, usize)>,
    /// Studies without a report.
    pub studies_left_out: Vec<(usize, Cause)>,
    /// Reports without a study.
    pub reports_left_out: Vec<(usize, Cause)>,
}

impl Pairing {
    /// Pairs by patient, day and order: [`Pairing::within_days`] of 0 days.
    pub fn by_day<S: Borrow<Study>>(studies: &[S], reports: &[Report]) -> Self {
        Self::within_days(studies, reports, 0)
    }

    /// Pairs by patient, day and order, where a report may be dated up to `days` days after its study.
    ///
    /// One study and one radiology report of a patient that are near enough to each other, and to no other,
    /// belong together. Several studies and as many reports are paired in the order of their days and times,
    /// if each report is known to precede the next study: as no report precedes its own, no other order is
    /// possible. Where the numbers differ, a time that is needed for the order is missing, two studies
    /// were made before either was reported, or the order would pair what is too far apart, all of them are left
    /// out: a wrong pair costs more than a lost one.
    ///
    /// Dates are compared as they are; they must not have been shifted yet.
    pub fn within_days<S: Borrow<Study>>(studies: &[S], reports: &[Report], days: u32) -> Self {
        let mut pairing = Self::default();
        let mut patients = BTreeMap::<&PatientId, Group>::new();
        for (index, study) in studies.iter().map(Borrow::borrow).enumerate() {
            match study.date {
                Some(date) => {
                    let moment = Moment { date, time: study.time, index };
                    patients.entry(&study.patient).or_default().studies.push(moment);
                }
                None => pairing.studies_left_out.push((index, Cause::NoDate)),
            }
        }
        for (index, report) in reports.iter().enumerate() {
            let patient = report.patient.as_ref().and_then(|patient| patient.id.as_ref());
            match (report.kind, patient, report.date) {
                (ReportKind::Radiology, Some(patient), Some(date)) => {
                    let moment = Moment { date, time: report.time, index };
                    patients.entry(patient).or_default().reports.push(moment);
                }
                (ReportKind::Radiology, None, _) => {
                    pairing.reports_left_out.push((index, Cause::NoPatient));
                }
                (ReportKind::Radiology, _, None) => pairing.reports_left_out.push((index, Cause::NoDate)),
                _ => pairing.reports_left_out.push((index, Cause::NotRadiology)),
            }
        }
        for patient in patients.into_values() {
            patient.connected(days).into_iter().for_each(|group| pairing.pair(group, days));
        }
        pairing.pairs.sort_unstable();
        pairing.studies_left_out.sort_unstable();
        pairing.reports_left_out.sort_unstable();
        pairing
    }

    /// As [`Pairing::within_days`]; then, among what is left out as ambiguous, pairs a study and a report whose headers and
    /// title (of a French report) name parts of the body and sides that fit each other and nothing else of the days in
    /// question. Of reports with the same text one is taken, the others are [`Cause::RepeatedText`]. What a title or a
    /// header does not name fits everything.
    ///
    /// This trusts what was typed at the device and goes beyond the method, which pairs by order alone.
    pub fn by_examination<S: Borrow<Study>>(studies: &[S], reports: &[Report], days: u32) -> Self {
        let mut pairing = Self::within_days(studies, reports, days);
        let is_open = |cause: Cause| matches!(cause, Cause::AmbiguousCount | Cause::AmbiguousOrder);
        let mut patients = BTreeMap::<&PatientId, Open<'_>>::new();
        for (index, _) in pairing.studies_left_out.iter().filter(|(_, cause)| is_open(*cause)) {
            let study = studies[*index].borrow();
            let shown = Examination::of_images(&study.images);
            patients.entry(&study.patient).or_default().studies.push((*index, study, shown));
        }
        for (index, cause) in pairing.reports_left_out.iter_mut().filter(|(_, cause)| is_open(*cause)) {
            let report = &reports[*index];
            let patient = report.patient.as_ref().and_then(|patient| patient.id.as_ref());
            let Some(open) = patient.and_then(|patient| patients.get_mut(patient)) else { continue };
            let is_same = |other: &Report| other.date == report.date && other.text == report.text;
            if open.reports.iter().any(|(_, other, _)| is_same(other)) {
                *cause = Cause::RepeatedText;
            } else {
                open.reports.push((*index, report, Examination::of_report(report)));
            }
        }
        let settled: Vec<(usize, usize)> = patients.values().flat_map(|open| open.settled(days)).collect();
        let (of_studies, of_reports): (BTreeSet<_>, BTreeSet<_>) = settled.iter().copied().unzip();
        pairing.pairs.extend(settled);
        pairing.pairs.sort_unstable();
        pairing.studies_left_out.retain(|(index, _)| !of_studies.contains(index));
        pairing.reports_left_out.retain(|(index, _)| !of_reports.contains(index));
        pairing
    }

    fn pair(&mut self, group: Group, days: u32) {
        let Group { studies, reports } = &group;
        let cause = if reports.is_empty() {
            Some(Cause::ImageOnly)
        } else if studies.is_empty() {
            Some(Cause::ReportOnly)
        } else if studies.len() != reports.len() {
            Some(Cause::AmbiguousCount)
        } else if !only_one_order_is_possible(studies, reports)
            || studies.iter().zip(reports).any(|(study, report)| !are_near(study, report, days))
        {
            Some(Cause::AmbiguousOrder)
        } else {
            None
        };
        let (studies, reports) = (indices(studies), indices(reports));
        match cause {
            None => self.pairs.extend(studies.zip(reports)),
            Some(cause) => {
                self.studies_left_out.extend(studies.map(|index| (index, cause)));
                self.reports_left_out.extend(reports.map(|index| (index, cause)));
            }
        }
    }
}

/// What of one patient is ambiguous, with indices and what is examined.
#[derive(Default)]
struct Open<'a> {
    studies: Vec<(usize, &'a Study, Examination)>,
    reports: Vec<(usize, &'a Report, Examination)>,
}

impl Open<'_> {
    /// The pairs of which neither fits anything else.
    fn settled(&self, days: u32) -> Vec<(usize, usize)> {
        let mut fitting = Vec::new();
        for (study_at, study, shown) in &self.studies {
            for (report_at, report, told) in &self.reports {
                let between = study.date.zip(report.date).map(|(study, report)| days_between(study, report));
                let is_near = between.is_some_and(|between| (0..=i64::from(days)).contains(&between));
                if is_near && shown.may_be(told) {
                    fitting.push((*study_at, *report_at));
                }
            }
        }
        let alone = |(study, report): &(usize, usize)| {
            fitting.iter().filter(|(other, _)| other == study).count() == 1
                && fitting.iter().filter(|(_, other)| other == report).count() == 1
        };
        fitting.iter().copied().filter(alone).collect()
    }
}

/// When something of a patient was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    date: Date,
    time: Option<Time>,
    index: usize,
}

/// What may belong together.
#[derive(Default)]
struct Group {
    studies: Vec<Moment>,
    reports: Vec<Moment>,
}

impl Group {
    /// Its parts, of which no study is near to a report of another, each in the order of time.
    fn connected(mut self, days: u32) -> Vec<Self> {
        self.studies.sort_unstable();
        self.reports.sort_unstable();
        // A patient has few studies; every one is compared with every report.
        let mut groups: Vec<Self> = self
            .studies
            .into_iter()
            .map(|study| Self { studies: vec![study], reports: Vec::new() })
            .collect();
        for report in self.reports {
            let reaches = |group: &Self| group.studies.iter().any(|study| are_near(study, &report, days));
            let (near, far): (Vec<Self>, Vec<Self>) = groups.into_iter().partition(reaches);
            let mut joined = Self::default();
            for group in near {
                joined.studies.extend(group.studies);
                joined.reports.extend(group.reports);
            }
            joined.reports.push(report);
            joined.studies.sort_unstable();
            joined.reports.sort_unstable();
            groups = far;
            groups.push(joined);
        }
        groups
    }
}

fn indices(moments: &[Moment]) -> impl Iterator<Item = usize> + '_ {
    moments.iter().map(|moment| moment.index)
}

fn days_between(earlier: Date, later: Date) -> i64 {
    later.since(earlier).map_or(i64::MAX, |span| i64::from(span.get_days()))
}

fn are_near(study: &Moment, report: &Moment, days: u32) -> bool {
    (0..=i64::from(days)).contains(&days_between(study.date, report.date))
}

/// Whether studies and reports alternate: no report precedes its study, and each is known to precede the next one.
fn only_one_order_is_possible(studies: &[Moment], reports: &[Moment]) -> bool {
    let precedes = |(first, second): (&Moment, &Moment)| {
        let on_one_day = || first.time.zip(second.time).is_some_and(|(first, second)| first < second);
        first.date < second.date || (first.date == second.date && on_one_day())
    };
    studies.len() == 1
        || (reports.iter().zip(&studies[1..]).all(precedes) && !reports.iter().zip(studies).any(precedes))
}

#[cfg(test)]
mod tests {
    use xray_core::{BodyPart, ImageRef, Laterality, PatientIdentity, ReportId, StudyId};

    use super::*;

    fn study(patient: &str, day: i8, hour: Option<i8>) -> Study {
        Study {
            id: StudyId::new("s"),
            patient: PatientId::new(patient),
            date: Some(Date::constant(2020, 3, day)),
            time: hour.map(|hour| Time::constant(hour, 0, 0, 0)),
            images: Vec::new(),
            labels: Default::default(),
        }
    }

    fn report(patient: &str, day: i8, hour: Option<i8>) -> Report {
        let mut report = Report::new(ReportId::new("r"), "texte");
        report.patient =
            Some(PatientIdentity { id: Some(PatientId::new(patient)), ..PatientIdentity::default() });
        report.date = Some(Date::constant(2020, 3, day));
        report.time = hour.map(|hour| Time::constant(hour, 0, 0, 0));
        report
    }

    #[test]
    fn one_and_one_of_a_day_belong_together_without_times() {
        let pairing = Pairing::by_day(
            &[study("a", 1, None), study("a", 2, None), study("b", 1, None)],
            &[report("b", 1, None), report("a", 1, None), report("a", 3, None)],
        );
        assert_eq!(pairing.pairs, [(0, 1), (2, 0)]);
        assert_eq!(pairing.studies_left_out, [(1, Cause::ImageOnly)]);
        assert_eq!(pairing.reports_left_out, [(2, Cause::ReportOnly)]);
    }

    #[test]
    fn several_of_a_day_are_paired_in_their_order() {
        let pairing = Pairing::by_day(
            &[study("a", 1, Some(16)), study("a", 1, Some(9))],
            &[report("a", 1, Some(10)), report("a", 1, Some(17))],
        );
        assert_eq!(pairing.pairs, [(0, 1), (1, 0)]);
    }

    #[test]
    fn what_may_belong_together_in_two_ways_is_left_out() {
        // Both studies were made before the first report: which of them it is of, nothing tells.
        let studies = [study("a", 1, Some(9)), study("a", 1, Some(10))];
        let reports = [report("a", 1, Some(11)), report("a", 1, Some(12))];
        let pairing = Pairing::by_day(&studies, &reports);
        assert_eq!((pairing.pairs.len(), pairing.studies_left_out[1].1), (0, Cause::AmbiguousOrder));
        // A report before its study.
        let early = [report("a", 1, Some(8)), report("a", 1, Some(11))];
        assert!(Pairing::by_day(&studies, &early).pairs.is_empty());
        // One and one need no time.
        assert_eq!(Pairing::by_day(&studies[..1], &early[..1]).pairs, [(0, 0)]);
    }

    #[test]
    fn a_day_without_order_or_number_is_left_out_whole() {
        let same_time = Pairing::by_day(
            &[study("a", 1, Some(9)), study("a", 1, Some(9))],
            &[report("a", 1, Some(10)), report("a", 1, Some(17))],
        );
        assert!(same_time.pairs.is_empty());
        assert_eq!(same_time.studies_left_out.len(), 2);
        assert!(same_time.reports_left_out.iter().all(|(_, cause)| *cause == Cause::AmbiguousOrder));
        let number =
            Pairing::by_day(&[study("a", 1, Some(9)), study("a", 1, Some(11))], &[report("a", 1, Some(10))]);
        assert_eq!(number.studies_left_out, [(0, Cause::AmbiguousCount), (1, Cause::AmbiguousCount)]);
    }

    #[test]
    fn a_report_of_the_next_day_is_paired_within_a_window() {
        let studies = [study("a", 1, Some(16)), study("a", 5, Some(9)), study("b", 1, None)];
        let reports = [report("a", 2, Some(8)), report("a", 5, Some(10)), report("b", 4, None)];
        assert_eq!(Pairing::by_day(&studies, &reports).pairs, [(1, 1)]);
        let pairing = Pairing::within_days(&studies, &reports, 2);
        assert_eq!(pairing.pairs, [(0, 0), (1, 1)]);
        assert_eq!(pairing.studies_left_out, [(2, Cause::ImageOnly)]);
        // One report, two studies that it may be of.
        let near = [study("a", 1, Some(16)), study("a", 2, Some(9))];
        let pairing = Pairing::within_days(&near, &reports[..1], 2);
        assert_eq!(pairing.studies_left_out, [(0, Cause::AmbiguousCount), (1, Cause::AmbiguousCount)]);
        // A report never precedes its study.
        assert!(Pairing::within_days(&studies[1..2], &[report("a", 4, None)], 2).pairs.is_empty());
    }

    #[test]
    fn titles_and_headers_settle_a_day_whose_order_does_not() {
        let of = |side| ImageRef {
            path: "i".into(),
            laterality: Some(side),
            view: None,
            body_part: Some(BodyPart::Wrist),
            device: None,
        };
        let with_image = |side| Study { images: vec![of(side)], ..study("a", 1, Some(9)) };
        let titled = |text: &str| Report { text: text.to_owned(), ..report("a", 1, Some(10)) };
        let studies = [with_image(Laterality::Left), with_image(Laterality::Right)];
        let right = titled("Rx du poignet droit\nNormal.");
        let left = titled("Rx du poignet gauche\nNormal.");
        let reports = [right.clone(), left, right.clone()];
        assert!(Pairing::by_day(&studies, &reports).pairs.is_empty());
        let pairing = Pairing::by_examination(&studies, &reports, 0);
        assert_eq!(pairing.pairs, [(0, 1), (1, 0)]);
        assert_eq!(pairing.reports_left_out, [(2, Cause::RepeatedText)]);
        // A side that is not told fits both, and two studies of one side fit one report.
        let untold = Pairing::by_examination(&studies, &[right.clone(), titled("Rx du poignet\nNormal.")], 0);
        assert_eq!(untold.pairs, []);
        let same = [with_image(Laterality::Right), with_image(Laterality::Right)];
        assert!(Pairing::by_examination(&same, &[right], 0).pairs.is_empty());
    }

    #[test]
    fn other_documents_and_unknown_days_are_named() {
        let mut letter = report("a", 1, None);
        letter.kind = ReportKind::Operation;
        let mut undated = report("a", 1, None);
        undated.date = None;
        let mut unknown = report("a", 1, None);
        unknown.patient = None;
        let mut image = study("a", 1, None);
        image.date = None;
        let pairing = Pairing::by_day(&[image], &[letter, undated, unknown]);
        assert_eq!(pairing.studies_left_out, [(0, Cause::NoDate)]);
        assert_eq!(
            pairing.reports_left_out,
            [(0, Cause::NotRadiology), (1, Cause::NoDate), (2, Cause::NoPatient)]
        );
    }
}
