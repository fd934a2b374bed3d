//! Files in, files out.

use std::fs;

use report_anonymizer::{Anonymizer, Mode, anonymize_folder, anonymize_lines};
use xray_core::PseudonymKey;

fn anonymizer() -> Anonymizer {
    Anonymizer::builder().key(PseudonymKey::new(b"0123456789abcdef")).mode(Mode::Tag).build().unwrap()
}

#[test]
fn bad_rows_are_named_and_the_others_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output, audit) =
        (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"), folder.path().join("audit.jsonl"));
    let mut bytes = br#"{"id": "a", "text": "Dr Dupont, le 12/03/2019", "patient": {"id": "P1", "last_name": "Durand", "sex": "F"}}"#.to_vec();
    bytes.extend_from_slice(b"\n{\"id\": \"b\", \"text\": \"Mme Secretan\"\n\n\xff\xfe\n{\"id\": \"c\"}\n{\"id\": \"d\", \"text\": \"Rien.\"}\n");
    fs::write(&input, bytes).unwrap();
    let summary = anonymize_lines(&anonymizer(), &input, &output, Some(&audit)).unwrap();
    assert_eq!(summary.written, 2);
    let lines: Vec<&str> = summary
        .failures
        .iter()
        .map(|failure| failure.rsplit("in.jsonl:").next().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(lines, ["2", "4", "5"]);
    assert!(!summary.failures.concat().contains("Secretan"));
    let rows = fs::read_to_string(&output).unwrap();
    let first: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(first["text"], "Dr <PERSON>, le <DATE>");
    assert_eq!((&first["spans"][0]["start"], &first["spans"][0]["category"]), (&3.into(), &"PERSON".into()));
    let audit = fs::read_to_string(&audit).unwrap();
    assert!(audit.contains("\"rule\":\"title\"") && !audit.contains("Dupont") && !audit.contains("2019"));
}

#[test]
fn a_folder_of_texts_becomes_rows_named_by_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/one.txt"), "Mme Lambert").unwrap();
    fs::write(folder.path().join("two.txt"), [0xff, 0xfe]).unwrap();
    let output = folder.path().join("out.jsonl");
    let summary = anonymize_folder(&anonymizer(), folder.path(), &output, None).unwrap();
    assert_eq!((summary.written, summary.failures.len()), (1, 1));
    assert!(fs::read_to_string(&output).unwrap().contains("sub/one.txt"));
}
