use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;
use xray_core::Report;

use crate::{Cause, Error, Result};

/// The reports of `folder/index.jsonl`, or of a `.jsonl` file itself.
///
/// A row is a [`Report`] as serde writes it; instead of `text` it may give `file`, the path below the
/// folder of a text file in UTF-8 or, where it is not, in Windows-1252.
pub(crate) fn read_reports(place: &Path) -> Result<Vec<Row>> {
    let index = if place.is_dir() { place.join("index.jsonl") } else { place.to_owned() };
    let folder = index.parent().unwrap_or(Path::new("."));
    let file = fs::File::open(&index).map_err(|source| Error::file("reading", &index, source))?;
    let mut rows = Vec::new();
    for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(|source| Error::file("reading", &index, source))?;
        if !line.trim_ascii().is_empty() {
            rows.push(Row { line: number + 1, report: read_row(&line, folder) });
        }
    }
    Ok(rows)
}

/// One line of the list: a report, or why it is none.
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) report: Result<Report, Cause>,
}

fn read_row(line: &[u8], folder: &Path) -> Result<Report, Cause> {
    let mut value: Value = serde_json::from_slice(line).map_err(|_| Cause::DamagedRow)?;
    let row = value.as_object_mut().ok_or(Cause::DamagedRow)?;
    if let Some(file) = row.remove("file") {
        let path = folder.join(file.as_str().ok_or(Cause::DamagedRow)?);
        row.insert("text".to_owned(), Value::String(read_text(&path)?));
    }
    let report: Report = serde_json::from_value(value).map_err(|_| Cause::DamagedRow)?;
    if report.text.trim().is_empty() { Err(Cause::EmptyText) } else { Ok(report) }
}

fn read_text(path: &PathBuf) -> Result<String, Cause> {
    let bytes = fs::read(path).map_err(|_| Cause::NoText)?;
    if bytes.starts_with(b"%PDF") {
        return Err(Cause::NoText);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    })
}

/// Latin-1, with the letters and quotes that Windows keeps where Latin-1 has control codes.
fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_in_windows_1252_keeps_its_accents() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), b"\x8cd\xe8me \x96 pas de l\xe9sion").unwrap();
        let rows = [
            r#"{"id": "r1", "file": "a.txt", "date": "2020-03-01"}"#,
            r#"{"id": "r2", "text": " "}"#,
            r#"{"id": "r3", "file": "missing.txt"}"#,
            "{broken",
            "",
            r#"{"id": "r4", "text": "Normal."}"#,
        ];
        fs::write(folder.path().join("index.jsonl"), rows.join("\n")).unwrap();
        let read = read_reports(folder.path()).unwrap();
        let causes: Vec<_> = read.iter().map(|row| (row.line, row.report.as_ref().err().copied())).collect();
        assert_eq!(
            causes,
            [
                (1, None),
                (2, Some(Cause::EmptyText)),
                (3, Some(Cause::NoText)),
                (4, Some(Cause::DamagedRow)),
                (6, None)
            ]
        );
        assert_eq!(read[0].report.as_ref().unwrap().text, "Œdème – pas de lésion");
    }
}
