use serde::{Deserialize, Serialize};
use xray_core::jiff::ToSpan;
use xray_core::{Report, ReportId, ReportKind};

use crate::draw::Draw;
use crate::report;
use crate::spans::Span;
use crate::study::{PhantomStudy, domain};

/// What makes a real archive hard to pair. All shares are 0 by default; [`Clutter::realistic`] gives some of
/// each. Shares are of studies.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clutter {
    /// Share of a patient's later visits that fall on the day of the one before, minutes after it; their reports
    /// may then be written in the other order. Default: 0.
    pub same_day_share: f64,
    /// Share without a report. Default: 0.
    pub missing_report_share: f64,
    /// Share whose report was exported twice, under two identifiers. Default: 0.
    pub duplicate_report_share: f64,
    /// Share with a note of a consultation or an operation on the same day, which is no report. Default: 0.
    pub note_share: f64,
    /// Images that belong to no study and name no patient, per study. Default: 0.
    pub orphan_share: f64,
    /// Share with a table of doses stored as one more image, the patient's name burned in. Default: 0.
    pub dose_report_share: f64,
    /// Share of texts that are PDF files. Default: 0.
    pub pdf_share: f64,
}

impl Clutter {
    /// Some of everything, in proportions that are chosen, not counted anywhere.
    pub fn realistic() -> Self {
        Self {
            same_day_share: 0.15,
            missing_report_share: 0.04,
            duplicate_report_share: 0.03,
            note_share: 0.2,
            orphan_share: 0.02,
            dose_report_share: 0.06,
            pdf_share: 0.3,
        }
    }

    /// The settings by name.
    pub(crate) fn shares(&self) -> [(&'static str, f64); 7] {
        [
            ("clutter.same_day_share", self.same_day_share),
            ("clutter.missing_report_share", self.missing_report_share),
            ("clutter.duplicate_report_share", self.duplicate_report_share),
            ("clutter.note_share", self.note_share),
            ("clutter.orphan_share", self.orphan_share),
            ("clutter.dose_report_share", self.dose_report_share),
            ("clutter.pdf_share", self.pdf_share),
        ]
    }
}

/// A text of the archive.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) report: Report,
    pub(crate) spans: Vec<Span>,
    pub(crate) pdf: bool,
}

/// What the archive holds around one study.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Its report, perhaps twice or not at all, and notes.
    pub(crate) documents: Vec<Document>,
    /// Whether there is a table of doses among its images.
    pub(crate) dose_report: bool,
    /// Whether a stray image lies elsewhere.
    pub(crate) orphan: bool,
}

impl PhantomStudy {
    pub(crate) fn surroundings(&self, clutter: &Clutter) -> Surroundings {
        let mut draw = Draw::new(self.seed, &[domain::CLUTTER, self.index as u64]);
        let mut documents = Vec::new();
        let pdf = draw.chance(clutter.pdf_share);
        let missing = draw.chance(clutter.missing_report_share);
        let twice = draw.chance(clutter.duplicate_report_share);
        if !missing {
            documents.push(Document { report: self.report.clone(), spans: self.spans.clone(), pdf });
            if twice {
                let id = ReportId::new(format!("{}b", self.report.id.as_str()));
                let report = Report { id, ..self.report.clone() };
                documents.push(Document {
                    report,
                    spans: self.spans.clone(),
                    pdf: !pdf && clutter.pdf_share > 0.0,
                });
            }
        }
        if draw.chance(clutter.note_share) {
            let operation = self.fracture.is_some() && draw.chance(0.4);
            let tagged = report::note(&self.person, self.date, self.site, operation, &mut draw);
            let kind = if operation { ReportKind::Operation } else { ReportKind::Consultation };
            let time = self.time.saturating_add((30 + draw.below(240) as i64).minutes());
            let report = Report {
                kind,
                patient: Some(self.person.identity.clone()),
                date: Some(self.date),
                time: Some(time),
                ..Report::new(ReportId::new(format!("note{:07}", self.index)), tagged.text)
            };
            documents.push(Document { report, spans: tagged.spans, pdf: draw.chance(clutter.pdf_share) });
        }
        let dose_report = draw.chance(clutter.dose_report_share);
        Surroundings { documents, dose_report, orphan: draw.chance(clutter.orphan_share) }
    }
}
