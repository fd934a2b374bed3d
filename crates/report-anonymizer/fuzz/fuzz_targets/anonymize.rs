#![no_main]
//! Any text, with and without a known identity: no panic, spans disjoint and on boundaries.
//!
//! `cargo fuzz run anonymize -- -max_total_time=600`

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use report_anonymizer::{Anonymizer, Mode};
use xray_core::{PatientId, PatientIdentity, PseudonymKey};

static ANONYMIZER: LazyLock<Anonymizer> = LazyLock::new(|| {
    let builder = Anonymizer::builder().key(PseudonymKey::new(b"0123456789abcdef")).mode(Mode::Surrogate);
    builder.build().expect("a key is given")
});

fuzz_target!(|text: &str| {
    let patient = text.split_once('\n').map(|(head, _)| PatientIdentity {
        id: Some(PatientId::new("P1")),
        last_name: Some(head.to_owned()),
        ..PatientIdentity::default()
    });
    let mut end = 0;
    for span in ANONYMIZER.detect(text, patient.as_ref()).expect("own rules give spans") {
        assert!(span.start >= end && text.get(span.range()).is_some());
        end = span.end;
    }
    let _ = ANONYMIZER.anonymize_text(text, patient.as_ref());
});
