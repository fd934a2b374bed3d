//! The table of cases: every row names what must be found, and nothing else may be.

use report_anonymizer::{Anonymizer, Mode};
use xray_core::PatientIdentity;

/// The plain text of a row, and the spans marked in it.
fn unmark(row: &str) -> (String, Vec<(usize, usize, String)>) {
    let (mut text, mut spans, mut rest) = (String::new(), Vec::new(), row);
    while let Some(open) = rest.find('[') {
        let (category, tail) = rest[open + 1..].split_once(':').unwrap();
        let (words, tail) = tail.split_once(']').unwrap();
        text.push_str(&rest[..open]);
        spans.push((text.len(), text.len() + words.len(), category.to_owned()));
        text.push_str(words);
        rest = tail;
    }
    text.push_str(rest);
    (text, spans)
}

/// What the row says is known of the patient.
fn patient(case: &toml::Value) -> Option<PatientIdentity> {
    let text = |key: &str| case.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    Some(PatientIdentity {
        last_name: Some(text("last_name")?),
        first_names: case["first_names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect(),
        birth_date: text("birth_date").map(|date| date.parse().unwrap()),
        national_id: text("national_id"),
        ..PatientIdentity::default()
    })
}

#[test]
fn every_case_of_the_table_is_found_as_it_is_marked() {
    let table: toml::Table = include_str!("cases.toml").parse().unwrap();
    let anonymizer = Anonymizer::builder().mode(Mode::Tag).build().unwrap();
    let mut failures = Vec::new();
    let cases = table["case"].as_array().unwrap();
    for case in cases {
        let (text, wanted) = unmark(case["text"].as_str().unwrap());
        let found: Vec<_> = anonymizer
            .detect(&text, patient(case).as_ref())
            .unwrap()
            .into_iter()
            .map(|span| (span.start, span.end, span.category.name().to_owned()))
            .collect();
        if found != wanted {
            let show = |spans: &[(usize, usize, String)]| -> Vec<String> {
                spans
                    .iter()
                    .map(|(start, end, category)| format!("{category}:{}", &text[*start..*end]))
                    .collect()
            };
            failures.push(format!("{text}\n  wanted {:?}\n  found  {:?}", show(&wanted), show(&found)));
        }
    }
    assert!(cases.len() > 100);
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
