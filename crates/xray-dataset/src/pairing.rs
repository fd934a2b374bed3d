use std::collections::BTreeMap;

use xray_core::jiff::civil::{Date, Time};
use xray_core::{PatientId, Report, ReportKind, Study};

use crate::Cause;

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
    /// Pairs by patient, day and order.
    ///
    /// One study and one radiology report of a patient on one day belong together. Several studies and as
    /// many reports of one day are paired in the order of their times. Where the numbers differ, or a
    /// time is missing or occurs twice, everything of that patient and day is left out: a wrong pair
    /// costs more than a lost one.
    ///
    /// Dates are compared as they are; they must not have been shifted yet.
    pub fn by_day(studies: &[Study], reports: &[Report]) -> Self {
        let mut pairing = Self::default();
        let mut days = BTreeMap::<(&PatientId, Date), Day>::new();
        for (index, study) in studies.iter().enumerate() {
            match study.date {
                Some(date) => days.entry((&study.patient, date)).or_default().studies.push(index),
                None => pairing.studies_left_out.push((index, Cause::NoDate)),
            }
        }
        for (index, report) in reports.iter().enumerate() {
            let patient = report.patient.as_ref().and_then(|patient| patient.id.as_ref());
            match (report.kind, patient, report.date) {
                (ReportKind::Radiology, Some(patient), Some(date)) => {
                    days.entry((patient, date)).or_default().reports.push(index);
                }
                (ReportKind::Radiology, None, _) => {
                    pairing.reports_left_out.push((index, Cause::NoPatient));
                }
                (ReportKind::Radiology, _, None) => pairing.reports_left_out.push((index, Cause::NoDate)),
                _ => pairing.reports_left_out.push((index, Cause::NotRadiology)),
            }
        }
        for day in days.into_values() {
            pairing.pair_day(studies, reports, day);
        }
        pairing.pairs.sort_unstable();
        pairing.studies_left_out.sort_unstable();
        pairing.reports_left_out.sort_unstable();
        pairing
    }

    fn pair_day(&mut self, studies: &[Study], reports: &[Report], mut day: Day) {
        let cause = if day.reports.is_empty() {
            Some(Cause::ImageOnly)
        } else if day.studies.is_empty() {
            Some(Cause::ReportOnly)
        } else if day.studies.len() != day.reports.len() {
            Some(Cause::AmbiguousCount)
        } else if day.studies.len() > 1
            && !(order_by_time(&mut day.studies, |index| studies[index].time)
                && order_by_time(&mut day.reports, |index| reports[index].time))
        {
            Some(Cause::AmbiguousOrder)
        } else {
            None
        };
        match cause {
            None => self.pairs.extend(day.studies.into_iter().zip(day.reports)),
            Some(cause) => {
                self.studies_left_out.extend(day.studies.into_iter().map(|index| (index, cause)));
                self.reports_left_out.extend(day.reports.into_iter().map(|index| (index, cause)));
            }
        }
    }
}

/// The indices of what one patient has on one day.
#[derive(Default)]
struct Day {
    studies: Vec<usize>,
    reports: Vec<usize>,
}

/// Sorts by time; `false` if a time is missing or occurs twice.
fn order_by_time(indices: &mut [usize], time: impl Fn(usize) -> Option<Time>) -> bool {
    indices.sort_by_key(|index| time(*index));
    indices.iter().all(|index| time(*index).is_some())
        && indices.windows(2).all(|pair| time(pair[0]) < time(pair[1]))
}

#[cfg(test)]
mod tests {
    use xray_core::{PatientIdentity, ReportId, StudyId};

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
