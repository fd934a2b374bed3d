use std::collections::HashMap;

use xray_core::{PatientId, PatientIdentity, PseudonymKey, Report, ReportTransform};

use crate::detect::{Detector, detectors, evidence, propagate};
use crate::document::Document;
use crate::glued::{Tagged, is_glued};
use crate::replace::{Cast, Pool, Present, Replacer, Scope, Surrogates};
use crate::residual::residual;
use crate::resolve::resolve;
use crate::vocabulary::Vocabulary;
use crate::{Action, Audit, Category, Error, Mode, Policy, Result, Span};

/// How often at most a text with glued identifiers is read again.
const PASSES: usize = 4;

/// Finds identifiers in French reports and replaces them.
///
/// Built once, it serves any number of threads.
///
/// # Examples
///
/// ```
/// use report_anonymizer::{Anonymizer, Mode};
///
/// let anonymizer = Anonymizer::builder().mode(Mode::Tag).build()?;
/// let text = "Le Dr Dupont a vu Mme Marie Lambert le 12/03/2019 : maladie de Paget.";
/// let (text, _) = anonymizer.anonymize_text(text, None)?;
/// assert_eq!(text, "Le Dr <PERSON> a vu Mme <PERSON> le <DATE> : maladie de Paget.");
/// # Ok::<(), report_anonymizer::Error>(())
/// ```
#[derive(Debug)]
pub struct Anonymizer {
    key: Option<PseudonymKey>,
    policy: Policy,
    detectors: Vec<Box<dyn Detector>>,
    replacers: HashMap<Category, Box<dyn Replacer>>,
    vocabulary: Vocabulary,
    pool: Pool,
    hide_shift: bool,
    originals: bool,
}

/// Builds an [`Anonymizer`].
#[derive(Debug, Default)]
pub struct AnonymizerBuilder {
    key: Option<PseudonymKey>,
    policy: Policy,
    detectors: Vec<Box<dyn Detector>>,
    replacers: HashMap<Category, Box<dyn Replacer>>,
    hide_shift: bool,
    originals: bool,
}

/// A report after its identifiers were replaced.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Anonymized {
    /// The new text.
    pub text: String,
    /// What was found, in bytes of the original text.
    pub spans: Vec<Span>,
    /// What was done, without a word of the report.
    pub audit: Audit,
}

impl AnonymizerBuilder {
    /// The secret from which surrogates and shifts come (default: none; only tags and masks need none).
    #[must_use]
    pub fn key(mut self, key: PseudonymKey) -> Self {
        self.key = Some(key);
        self
    }

    /// What happens to each category (default: surrogates).
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The mode of the policy (default: surrogates).
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.policy.mode = mode;
        self
    }

    /// A further detector, beside those of this crate.
    #[must_use]
    pub fn detector(mut self, detector: impl Detector + 'static) -> Self {
        self.detectors.push(Box::new(detector));
        self
    }

    /// A replacer for one category, in the place of this crate's.
    #[must_use]
    pub fn replacer(mut self, category: Category, replacer: impl Replacer + 'static) -> Self {
        self.replacers.insert(category, Box::new(replacer));
        self
    }

    /// Whether audits leave out by how many days the dates moved (default: false).
    #[must_use]
    pub fn audit_without_shift(mut self, hide: bool) -> Self {
        self.hide_shift = hide;
        self
    }

    /// Whether audits hold what each span said (default: false). Such an audit is as secret as the reports.
    #[must_use]
    pub fn audit_originals(mut self, show: bool) -> Self {
        self.originals = show;
        self
    }

    /// The anonymizer.
    ///
    /// # Errors
    ///
    /// [`Error::MissingKey`] if the policy asks for surrogates and there is no key.
    pub fn build(self) -> Result<Anonymizer> {
        if self.key.is_none() && (self.policy.needs_key() || !self.replacers.is_empty()) {
            return Err(Error::MissingKey);
        }
        let mut all = detectors();
        all.extend(self.detectors);
        Ok(Anonymizer {
            key: self.key,
            policy: self.policy,
            detectors: all,
            replacers: self.replacers,
            vocabulary: Vocabulary::new(),
            pool: Pool::new(),
            hide_shift: self.hide_shift,
            originals: self.originals,
        })
    }
}

impl Anonymizer {
    /// Begins a new anonymizer.
    pub fn builder() -> AnonymizerBuilder {
        AnonymizerBuilder::default()
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The identifiers of `text`, disjoint and in order, in bytes of it.
    ///
    /// # Errors
    ///
    /// [`Error::Span`] if a user's detector gives a span that is not one.
    pub fn detect(&self, text: &str, patient: Option<&PatientIdentity>) -> Result<Vec<Span>> {
        self.find(&Document::prepared(text, patient, &self.vocabulary))
    }

    fn find(&self, document: &Document<'_>) -> Result<Vec<Span>> {
        let mut spans = self.pass(document)?;
        // What was glued to an identifier, or hidden by its case, shows only once that is out of the way.
        for _ in 0..PASSES {
            if !is_glued(document.text(), &spans) && !document.is_recased(&spans) {
                break;
            }
            let tagged = Tagged::new(document.text(), &spans);
            let again =
                self.pass(&Document::prepared(tagged.text(), document.patient(), &self.vocabulary))?;
            if tagged.add(&again, &mut spans) == 0 {
                break;
            }
        }
        Ok(spans)
    }

    /// One pass of all detectors.
    fn pass(&self, document: &Document<'_>) -> Result<Vec<Span>> {
        let text = document.text();
        let mut spans = Vec::with_capacity(32);
        for detector in &self.detectors {
            detector.detect(document, &mut spans);
        }
        for span in &spans {
            if span.start >= span.end || text.get(span.range()).is_none() {
                return Err(Error::Span { rule: span.rule, start: span.start, end: span.end });
            }
        }
        let mut again = Vec::new();
        propagate(document, &spans, &mut again);
        spans.append(&mut again);
        // Twice, since a name that was found so speaks for what stands beside it.
        for _ in 0..2 {
            evidence(document, &spans, &mut again);
            if again.is_empty() {
                break;
            }
            spans.append(&mut again);
            propagate(document, &spans, &mut again);
            spans.append(&mut again);
        }
        Ok(resolve(document, spans))
    }

    /// The text with its identifiers replaced, and what they were found to be. `patient` is what the
    /// archive knows of the person.
    ///
    /// # Errors
    ///
    /// As [`Anonymizer::anonymize`].
    pub fn anonymize_text(
        &self,
        text: &str,
        patient: Option<&PatientIdentity>,
    ) -> Result<(String, Vec<Span>)> {
        self.replace(text, patient, "", None)
    }

    /// The report with its identifiers replaced, the spans and the audit.
    ///
    /// # Errors
    ///
    /// [`Error::Residual`] if something of the known identity, a number or an address is left: such a
    /// report is refused. [`Error::Span`] if a user's detector gives a span that is not one.
    pub fn anonymize(&self, report: &Report) -> Result<Anonymized> {
        let (text, spans) = self.replace_report(report)?;
        let moved = !self.hide_shift
            && self.policy.action(Category::Date) == Action::Surrogate
            && spans.iter().any(|span| span.category == Category::Date);
        let shift = if moved { self.shift_days(report) } else { None };
        let original = self.originals.then_some(report.text.as_str());
        let audit = Audit::new(report.id.as_str(), &spans, shift, original);
        Ok(Anonymized { text, spans, audit })
    }

    /// By how many days the dates of `report` move, if the anonymizer has a key.
    pub fn shift_days(&self, report: &Report) -> Option<i32> {
        self.key
            .as_ref()
            .map(|key| key.date_shift_days(&scope_name(report.patient.as_ref(), report.id.as_str())))
    }

    /// [`Anonymizer::anonymize`] without the audit.
    pub(crate) fn replace_report(&self, report: &Report) -> Result<(String, Vec<Span>)> {
        let year = report.date.map(|date| date.year());
        self.replace(&report.text, report.patient.as_ref(), report.id.as_str(), year)
    }

    fn replace(
        &self,
        text: &str,
        patient: Option<&PatientIdentity>,
        id: &str,
        year: Option<i16>,
    ) -> Result<(String, Vec<Span>)> {
        let document = Document::prepared(text, patient, &self.vocabulary);
        let spans = self.find(&document)?;
        let scope = self.key.as_ref().map(|key| {
            let name = scope_name(patient, id);
            let shift = key.date_shift_days(&name);
            Scope {
                key,
                name,
                shift,
                patient,
                present: Present::new(&document),
                plain: text.is_ascii(),
                year: year.unwrap_or(2020),
            }
        });
        let surrogates = Surrogates {
            document: &document,
            spans: &spans,
            pool: &self.pool,
            vocabulary: &self.vocabulary,
            cast: Cast::new(&document, &spans),
        };
        let ellipsis = if text.is_ascii() { "..." } else { "…" };
        let (mut out, mut at) = (String::with_capacity(text.len() + 64), 0);
        for (index, span) in spans.iter().enumerate() {
            out.push_str(&text[at..span.start]);
            let original = &text[span.range()];
            match (self.policy.action(span.category), &scope, self.replacers.get(&span.category)) {
                (Action::Keep, ..) => out.push_str(original),
                (_, Some(scope), Some(replacer)) => replacer.replace(original, span, scope, &mut out),
                (Action::Surrogate, Some(scope), None) => surrogates.write(index, scope, &mut out),
                // A mark stays, so that "joignable au …" can still be read.
                (Action::Remove, ..) => out.push_str(ellipsis),
                (Action::Mask, ..) => {
                    out.extend(original.chars().map(|c| if c.is_alphanumeric() { '*' } else { c }))
                }
                (Action::Tag | Action::Surrogate, ..) => {
                    out.push('<');
                    out.push_str(span.category.name());
                    out.push('>');
                }
            }
            at = span.end;
        }
        out.push_str(&text[at..]);
        if self.policy.residual_check
            && let Some((category, count)) =
                residual(text, &spans, &out, patient, &self.policy, &self.vocabulary)
        {
            return Err(Error::Residual { report: id.to_owned(), category, count });
        }
        Ok((out, spans))
    }
}

/// Whose surrogates and shift a report gets: the patient's, or its own where the patient is not known.
fn scope_name(patient: Option<&PatientIdentity>, id: &str) -> PatientId {
    patient.and_then(|patient| patient.id.clone()).unwrap_or_else(|| PatientId::new(id))
}

/// Replaces the text and takes away the known names, birth date and national number. What pairs the
/// report with a study (its id, its day, the patient's number) stays, to be replaced when it is written.
impl ReportTransform for Anonymizer {
    type Error = Error;

    fn apply(&self, mut report: Report) -> Result<Report> {
        report.text = self.anonymize(&report)?.text;
        if let Some(patient) = &mut report.patient {
            *patient =
                PatientIdentity { id: patient.id.take(), sex: patient.sex, ..PatientIdentity::default() };
        }
        Ok(report)
    }
}
