//! What must hold for every text: no panic, spans disjoint and on character boundaries, nothing outside them
//! changed, and a second run that finds nothing more.

pub mod mutation;

use std::sync::LazyLock;

use report_anonymizer::{Anonymizer, Category, Mode, Span};
use xray_core::{PatientId, PatientIdentity, PseudonymKey};

static SURROGATE: LazyLock<Anonymizer> = LazyLock::new(|| build(Mode::Surrogate));
static TAG: LazyLock<Anonymizer> = LazyLock::new(|| build(Mode::Tag));

fn build(mode: Mode) -> Anonymizer {
    let builder = Anonymizer::builder().key(PseudonymKey::new(b"0123456789abcdef")).mode(mode);
    builder.build().expect("a key is given")
}

/// Runs one text through everything; the first line is also taken for the patient's surname.
pub fn check(text: &str) {
    let patient = text.split_once('\n').map(|(head, _)| PatientIdentity {
        id: Some(PatientId::new("P1")),
        last_name: Some(head.to_owned()),
        ..PatientIdentity::default()
    });
    for patient in [None, patient.as_ref()] {
        let spans = TAG.detect(text, patient).expect("own rules give spans");
        let mut end = 0;
        for span in &spans {
            assert!(span.start >= end && span.end > span.start && text.get(span.range()).is_some());
            end = span.end;
        }
        if let Ok((out, found)) = TAG.anonymize_text(text, patient) {
            assert_eq!(found, spans);
            assert_eq!(out, tagged(text, &spans));
        }
        // A refusal is as good: nothing is passed on.
        let _ = SURROGATE.anonymize_text(text, patient);
    }
}

fn tagged(text: &str, spans: &[Span]) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for span in spans {
        let category: Category = span.category;
        out += &format!("{}<{category}>", &text[at..span.start]);
        at = span.end;
    }
    out + &text[at..]
}
