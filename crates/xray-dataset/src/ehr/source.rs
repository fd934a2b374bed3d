use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;
use xray_core::{Report, ReportKind};

use super::bands::{PageTemplate, cut_by_templates, cut_repeated};
use super::pages::{self, Page};
use super::{pdf, text};
use crate::{Cause, Error, Result, files};

/// The reports of a folder with an `index.jsonl`, or of a `.jsonl` file itself.
///
/// A row is a [`Report`] as serde writes it; instead of `text` it may give `file`, the path below the
/// folder of a PDF, or of a text in UTF-8, in UTF-16 with a byte order mark or, where it is neither, in Windows-1252,
/// which the rows themselves may be in as well. The header and footer of PDF
/// pages, in which hospitals print who and where, are cut: those that repeat themselves are found, or
/// [`ReportSource::page_templates`] says where they are.
///
/// Text is taken from PDF in the order of the page, a line for a line; a scanned page has none.
///
/// ```no_run
/// use xray_core::ReportKind;
/// use xray_dataset::ReportSource;
///
/// for row in ReportSource::new("archive/ehr").kinds([ReportKind::Radiology]).read()? {
///     match row.report {
///         Ok(report) => println!("{} bytes", report.text.len()),
///         Err(cause) => println!("line {}: {cause}", row.line),
///     }
/// }
/// # Ok::<(), xray_dataset::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReportSource {
    place: PathBuf,
    kinds: Option<Vec<ReportKind>>,
    templates: Option<Vec<PageTemplate>>,
}

/// One line of the list.
#[derive(Debug)]
pub struct ReportRow {
    /// The number of the line, from 1.
    pub line: usize,
    /// The report, or why there is none.
    pub report: Result<Report, Cause>,
}

/// A row whose text is still to come, or has come.
enum Content {
    Text(String),
    Pages(Vec<Page>),
}

impl ReportSource {
    /// The reports of `place`, a folder or a file.
    pub fn new(place: impl Into<PathBuf>) -> Self {
        Self { place: place.into(), kinds: None, templates: None }
    }

    /// Which kinds of document are read (default: all; only [`ReportKind::Radiology`] is paired with images).
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = ReportKind>) -> Self {
        self.kinds = Some(kinds.into_iter().collect());
        self
    }

    /// Where the bands of PDF pages are (default: they are found by themselves). The first template that fits
    /// a page counts; with templates, nothing else is cut.
    #[must_use]
    pub fn page_templates(mut self, templates: impl IntoIterator<Item = PageTemplate>) -> Self {
        self.templates = Some(templates.into_iter().collect());
        self
    }

    /// Reads every row.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the list itself cannot be read; a row that is no report says so.
    pub fn read(&self) -> Result<Vec<ReportRow>> {
        let place = &self.place;
        let index = if place.is_dir() { place.join("index.jsonl") } else { place.clone() };
        let folder = index.parent().unwrap_or(Path::new("."));
        let fail = |source| Error::file("reading", &index, source);
        let file = files::open(&index).map_err(fail)?;
        let lines: Vec<Vec<u8>> =
            BufReader::new(file).split(b'\n').collect::<Result<_, _>>().map_err(fail)?;
        let lines = lines.into_par_iter().enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
        let rows: Vec<_> = lines.map(|(number, line)| (number + 1, self.row(&line, folder))).collect();
        Ok(self.with_texts(rows))
    }

    /// The report of a line, still without its text if that is in a file.
    fn row(&self, line: &[u8], folder: &Path) -> ReadRow {
        let line = text::decode(line).map_err(|_| Cause::DamagedRow)?;
        let mut value: Value = serde_json::from_str(&line).map_err(|_| Cause::DamagedRow)?;
        let row = value.as_object_mut().ok_or(Cause::DamagedRow)?;
        let file = row.remove("file");
        if file.is_some() {
            row.insert("text".to_owned(), Value::String(String::new()));
        }
        let mut report: Report = serde_json::from_value(value).map_err(|_| Cause::DamagedRow)?;
        if self.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&report.kind)) {
            return Err(Cause::OtherKind);
        }
        let Some(file) = file else {
            let text = text::refuse_zeros(std::mem::take(&mut report.text))?;
            return Ok((report, Content::Text(text)));
        };
        let path = folder.join(file.as_str().ok_or(Cause::DamagedRow)?);
        let bytes = files::read(&path).map_err(|_| Cause::NoText)?;
        let content = match bytes.starts_with(b"%PDF") {
            true => Content::Pages(pdf::read_pages(&bytes)?),
            false => Content::Text(text::decode(&bytes)?),
        };
        Ok((report, content))
    }

    /// Cuts the bands, which only all pages together show, and puts each text into its report.
    fn with_texts(&self, rows: Vec<(usize, ReadRow)>) -> Vec<ReportRow> {
        let mut documents: Vec<Vec<Page>> = Vec::new();
        let mut place = |content| match content {
            Content::Text(text) => Ok(text),
            Content::Pages(pages) => {
                documents.push(pages);
                Err(documents.len() - 1)
            }
        };
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(line, row)| (line, row.map(|(report, content)| (report, place(content)))))
            .collect();
        match &self.templates {
            Some(templates) => cut_by_templates(&mut documents, templates),
            None => cut_repeated(&mut documents),
        }
        let finish = |(mut report, text): (Report, Result<String, usize>)| {
            report.text = text.unwrap_or_else(|document| pages::text(&documents[document]));
            if report.text.trim().is_empty() { Err(Cause::EmptyText) } else { Ok(report) }
        };
        rows.into_iter().map(|(line, row)| ReportRow { line, report: row.and_then(finish) }).collect()
    }
}

/// A report still without its text, and where that is.
type ReadRow = Result<(Report, Content), Cause>;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn reports_in_any_encoding_keep_their_accents_and_every_failure_has_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), b"\x8cd\xe8me \x96 pas de l\xe9sion").unwrap();
        fs::write(folder.path().join("broken.pdf"), b"%PDF-1.7\nnothing").unwrap();
        let utf_16 =
            |order: fn(u16) -> [u8; 2]| "\u{feff}Œdème".encode_utf16().flat_map(order).collect::<Vec<_>>();
        fs::write(folder.path().join("le.txt"), utf_16(u16::to_le_bytes)).unwrap();
        fs::write(folder.path().join("be.txt"), utf_16(u16::to_be_bytes)).unwrap();
        fs::write(folder.path().join("unmarked.txt"), &utf_16(u16::to_le_bytes)[2..]).unwrap();
        fs::create_dir(folder.path().join("folder.txt")).unwrap();
        let rows = [
            r#"{"id": "r1", "file": "a.txt", "date": "2020-03-01"}"#,
            r#"{"id": "r2", "text": " "}"#,
            r#"{"id": "r3", "file": "missing.txt"}"#,
            "{broken",
            "",
            r#"{"id": "r4", "text": "Normal."}"#,
            r#"{"id": "r5", "file": "broken.pdf"}"#,
            r#"{"id": "r6", "text": "Note.", "kind": "consultation"}"#,
            r#"{"id": "r7", "file": "le.txt"}"#,
            r#"{"id": "r8", "file": "be.txt"}"#,
            r#"{"id": "r9", "file": "unmarked.txt"}"#,
            r#"{"id": "r10", "file": "folder.txt"}"#,
            r#"{"id": "r11", "text": "D\u0000U\u0000P\u0000O\u0000N\u0000T\u0000"}"#,
        ];
        let mut list = rows.join("\n").into_bytes();
        list.extend(b"\n{\"id\": \"r12\", \"text\": \"L\xe9sion\"}");
        fs::write(folder.path().join("index.jsonl"), list).unwrap();
        let read = ReportSource::new(folder.path()).kinds([ReportKind::Radiology]).read().unwrap();
        let causes: Vec<_> = read.iter().map(|row| (row.line, row.report.as_ref().err().copied())).collect();
        assert_eq!(
            causes,
            [
                (1, None),
                (2, Some(Cause::EmptyText)),
                (3, Some(Cause::NoText)),
                (4, Some(Cause::DamagedRow)),
                (6, None),
                (7, Some(Cause::NoText)),
                (8, Some(Cause::OtherKind)),
                (9, None),
                (10, None),
                (11, Some(Cause::NoText)),
                (12, Some(Cause::NoText)),
                (13, Some(Cause::NoText)),
                (14, None),
            ]
        );
        let text = |row: usize| read[row].report.as_ref().unwrap().text.as_str();
        assert_eq!([text(7), text(8), text(12)], ["Œdème", "Œdème", "Lésion"]);
        assert_eq!(read[0].report.as_ref().unwrap().text, "Œdème – pas de lésion");
    }

    #[cfg(unix)]
    #[test]
    fn an_index_that_is_a_pipe_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index.jsonl");
        assert!(std::process::Command::new("mkfifo").arg(&index).status().unwrap().success());
        for place in [folder.path(), &index] {
            assert!(matches!(ReportSource::new(place).read(), Err(Error::File { .. })));
        }
    }
}
