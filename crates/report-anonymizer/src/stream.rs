use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xray_core::{AtomicFile, PatientIdentity, Report, ReportId};

use crate::{Anonymizer, Audit, Error, Result, Span};

/// How many bytes of input are worked on at a time.
const BATCH_BYTES: usize = 4 << 20;

/// What became of the rows of a run.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Reports written.
    pub written: usize,
    /// Rows that were not, each named by file, line and cause, without their text.
    pub failures: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    text: String,
    #[serde(default)]
    patient: Option<PatientIdentity>,
    #[serde(default)]
    date: Option<xray_core::jiff::civil::Date>,
}

#[derive(Serialize)]
struct OutputRow<'a> {
    id: &'a str,
    text: &'a str,
    spans: Vec<OutputSpan>,
}

#[derive(Serialize)]
struct OutputSpan {
    start: usize,
    end: usize,
    category: crate::Category,
    rule: &'static str,
}

impl From<&Span> for OutputSpan {
    fn from(span: &Span) -> Self {
        Self { start: span.start, end: span.end, category: span.category, rule: span.rule }
    }
}

/// Anonymizes the JSON lines of `input` into `output`, in order, on rayon's threads.
///
/// Input rows are `{"id", "text", "patient"}`, output rows `{"id", "text", "spans"}`. A row that cannot be
/// read, or whose output is refused, is named in the summary; the others are done. `output` and `audit`
/// appear when they are whole.
///
/// # Errors
///
/// [`Error::File`] if a file cannot be read or written.
pub fn anonymize_lines(
    anonymizer: &Anonymizer,
    input: &Path,
    output: &Path,
    audit: Option<&Path>,
) -> Result<Summary> {
    let mut lines = Lines::open(input)?;
    let mut sink = Sink::new(output, audit)?;
    let mut summary = Summary::default();
    let (mut batch, mut done) = (lines.batch()?, Vec::new());
    while !batch.is_empty() {
        // While a batch is worked on, the one before is written and the next one is read.
        let (rendered, next) = rayon::join(
            || render_lines(anonymizer, &batch, audit.is_some()),
            || sink.write_lines(std::mem::take(&mut done), input, &mut summary).and_then(|()| lines.batch()),
        );
        (done, batch) = (rendered, next?);
    }
    sink.write_lines(done, input, &mut summary)?;
    sink.finish()?;
    Ok(summary)
}

/// The lines of a file, with their numbers, some megabytes at a time.
struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    line: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| reading(path, source))?;
        Ok(Self { reader: BufReader::with_capacity(1 << 20, file), path: path.to_owned(), line: 0 })
    }

    /// The next lines, none at the end.
    fn batch(&mut self) -> Result<Vec<(usize, Vec<u8>)>> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES {
            let mut row = Vec::with_capacity(2048);
            let read = self.reader.read_until(b'\n', &mut row);
            if read.map_err(|source| reading(&self.path, source))? == 0 {
                break;
            }
            self.line += 1;
            bytes += row.len();
            batch.push((self.line, row));
        }
        Ok(batch)
    }
}

/// A line's number, and its output row and audit record or why there are none.
type Rendered = (usize, Result<(Vec<u8>, Option<String>), String>);

fn render_lines(anonymizer: &Anonymizer, batch: &[(usize, Vec<u8>)], audit: bool) -> Vec<Rendered> {
    batch
        .par_iter()
        .filter(|(_, row)| !row.trim_ascii().is_empty())
        .map(|(line, row)| (*line, parse(row).and_then(|report| render(anonymizer, &report, audit))))
        .collect()
}

fn reading(path: &Path, source: std::io::Error) -> Error {
    Error::File { action: "reading", path: path.to_owned(), source }
}

/// Anonymizes every `.txt` file of the folder `input` into a row of `output`, named by its path.
///
/// # Errors
///
/// [`Error::File`] if the folder cannot be read or a file not be written.
pub fn anonymize_folder(
    anonymizer: &Anonymizer,
    input: &Path,
    output: &Path,
    audit: Option<&Path>,
) -> Result<Summary> {
    let mut paths = Vec::new();
    text_files(input, &mut paths)?;
    paths.sort();
    let mut sink = Sink::new(output, audit)?;
    let mut summary = Summary::default();
    for batch in paths.chunks(512) {
        let done: Vec<_> = batch
            .par_iter()
            .map(|path| {
                (path, read(path, input).and_then(|report| render(anonymizer, &report, audit.is_some())))
            })
            .collect();
        for (path, row) in done {
            match row {
                Ok(row) => sink.write(&row, &mut summary)?,
                Err(cause) => summary.failures.push(format!("{}: {cause}", path.display())),
            }
        }
    }
    sink.finish()?;
    Ok(summary)
}

/// The output and the audit, which appear together or not at all.
struct Sink {
    output: AtomicFile,
    audit: Option<AtomicFile>,
    path: PathBuf,
}

impl Sink {
    fn new(output: &Path, audit: Option<&Path>) -> Result<Self> {
        Ok(Self { output: create(output)?, audit: audit.map(create).transpose()?, path: output.to_owned() })
    }

    fn write_lines(&mut self, rows: Vec<Rendered>, input: &Path, summary: &mut Summary) -> Result<()> {
        for (line, row) in rows {
            match row {
                Ok(row) => self.write(&row, summary)?,
                Err(cause) => summary.failures.push(format!("{}:{line}: {cause}", input.display())),
            }
        }
        Ok(())
    }

    fn write(&mut self, (row, record): &(Vec<u8>, Option<String>), summary: &mut Summary) -> Result<()> {
        let writing = |source| Error::File { action: "writing", path: self.path.clone(), source };
        self.output.write_all(row).and_then(|()| self.output.write_all(b"\n")).map_err(writing)?;
        if let (Some(audit), Some(record)) = (&mut self.audit, record) {
            writeln!(audit, "{record}").map_err(writing)?;
        }
        summary.written += 1;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        self.output.commit().map_err(core)?;
        self.audit.map_or(Ok(()), |audit| audit.commit().map_err(core))
    }
}

fn create(path: &Path) -> Result<AtomicFile> {
    AtomicFile::create(path).map_err(core)
}

fn core(error: xray_core::Error) -> Error {
    match error {
        xray_core::Error::File { action, path, source } => Error::File { action, path, source },
        other => {
            Error::File { action: "writing", path: PathBuf::new(), source: std::io::Error::other(other) }
        }
    }
}

/// A row as a report. The cause of a failure names a place in the row, never what stands there.
fn parse(row: &[u8]) -> Result<Report, String> {
    let text = std::str::from_utf8(row)
        .map_err(|error| format!("invalid UTF-8 after byte {}", error.valid_up_to()))?;
    let row: Row = serde_json::from_str(text).map_err(|error| {
        let kind = if error.is_data() { "a field is missing or of the wrong kind" } else { "invalid JSON" };
        format!("{kind} at column {}", error.column())
    })?;
    let mut report = Report::new(ReportId::new(row.id), row.text);
    (report.patient, report.date) = (row.patient, row.date);
    Ok(report)
}

fn read(path: &Path, root: &Path) -> Result<Report, String> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("invalid UTF-8 after byte {}", error.utf8_error().valid_up_to()))?;
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    Ok(Report::new(ReportId::new(name), text))
}

/// The output row of a report, and its audit record if one is asked for.
fn render(
    anonymizer: &Anonymizer,
    report: &Report,
    audit: bool,
) -> Result<(Vec<u8>, Option<String>), String> {
    let done = anonymizer.anonymize(report).map_err(|error| error.to_string())?;
    let row = OutputRow {
        id: report.id.as_str(),
        text: &done.text,
        spans: done.spans.iter().map(OutputSpan::from).collect(),
    };
    let json = |error: serde_json::Error| error.to_string();
    let record = audit.then(|| serde_json::to_string::<Audit>(&done.audit)).transpose().map_err(json)?;
    let mut line = Vec::with_capacity(done.text.len() + done.text.len() / 2 + 256);
    serde_json::to_writer(&mut line, &row).map_err(json)?;
    Ok((line, record))
}

fn text_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |source| reading(folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            text_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            found.push(path);
        }
    }
    Ok(())
}
