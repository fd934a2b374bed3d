use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use memchr::memchr;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xray_core::{AtomicFile, PatientIdentity, Report, ReportId};

use crate::{Anonymizer, Audit, Error, Result, Span};

/// How many rows a thread takes at a time.
const ROWS: usize = 16;

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
    while !batch.rows.is_empty() {
        // While a batch is worked on, the one before is written and the next one is read.
        let (rendered, next) = rayon::join(
            || render_lines(anonymizer, &batch, input, audit.is_some()),
            || sink.write(std::mem::take(&mut done), &mut summary).and_then(|()| lines.batch()),
        );
        (done, batch) = (rendered, next?);
    }
    sink.write(done, &mut summary)?;
    sink.finish()?;
    Ok(summary)
}

/// The lines of a file, with their numbers, some megabytes at a time.
struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    line: usize,
}

/// Some whole lines of a file: their bytes, and the number and the place of each.
struct Batch {
    bytes: Vec<u8>,
    rows: Vec<(usize, Range<usize>)>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| reading(path, source))?;
        Ok(Self { reader: BufReader::new(file), path: path.to_owned(), line: 0 })
    }

    /// The next lines, none at the end.
    fn batch(&mut self) -> Result<Batch> {
        let (mut bytes, mut rows) = (Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 8), Vec::new());
        let read = (&mut self.reader).take(BATCH_BYTES as u64).read_to_end(&mut bytes);
        read.and_then(|_| match bytes.last() {
            Some(b'\n') | None => Ok(0),
            Some(_) => self.reader.read_until(b'\n', &mut bytes),
        })
        .map_err(|source| reading(&self.path, source))?;
        let mut start = 0;
        while start < bytes.len() {
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length + 1);
            self.line += 1;
            rows.push((self.line, start..end));
            start = end;
        }
        Ok(Batch { bytes, rows })
    }
}

/// What became of some rows of the input, in their order.
#[derive(Default)]
struct Rendered {
    /// The lines of the output.
    rows: Vec<u8>,
    /// The lines of the audit, if there is one.
    records: Vec<u8>,
    written: usize,
    failures: Vec<String>,
}

impl Rendered {
    /// Anonymizes `reports`, each with the name under which its failure is reported.
    fn new<N: FnOnce() -> String>(
        anonymizer: &Anonymizer,
        reports: impl Iterator<Item = (N, Result<Report, String>)>,
        audit: bool,
    ) -> Self {
        let mut rendered = Self::default();
        for (name, report) in reports {
            match report.and_then(|report| rendered.add(anonymizer, &report, audit)) {
                Ok(()) => rendered.written += 1,
                Err(cause) => rendered.failures.push(format!("{}: {cause}", name())),
            }
        }
        rendered
    }

    /// Adds the output row of a report, and its audit record if one is asked for.
    fn add(&mut self, anonymizer: &Anonymizer, report: &Report, audit: bool) -> Result<(), String> {
        let json = |error: serde_json::Error| error.to_string();
        let (text, spans, record) = if audit {
            let done = anonymizer.anonymize(report).map_err(|error| error.to_string())?;
            (done.text, done.spans, Some(serde_json::to_vec::<Audit>(&done.audit).map_err(json)?))
        } else {
            let (text, spans) = anonymizer.replace_report(report).map_err(|error| error.to_string())?;
            (text, spans, None)
        };
        let spans = spans.iter().map(OutputSpan::from).collect();
        let row = OutputRow { id: report.id.as_str(), text: &text, spans };
        let whole = self.rows.len();
        if let Err(error) = serde_json::to_writer(&mut self.rows, &row) {
            self.rows.truncate(whole);
            return Err(json(error));
        }
        self.rows.push(b'\n');
        if let Some(record) = record {
            self.records.extend(record);
            self.records.push(b'\n');
        }
        Ok(())
    }
}

fn render_lines(anonymizer: &Anonymizer, batch: &Batch, input: &Path, audit: bool) -> Vec<Rendered> {
    let rendered = |rows: &[(usize, Range<usize>)]| {
        let rows = rows.iter().map(|(line, range)| (line, &batch.bytes[range.clone()]));
        let rows = rows.filter(|(_, row)| !row.trim_ascii().is_empty());
        let reports = rows.map(|(line, row)| (move || format!("{}:{line}", input.display()), parse(row)));
        Rendered::new(anonymizer, reports, audit)
    };
    batch.rows.par_chunks(ROWS).map(rendered).collect()
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
        let rendered = |paths: &[PathBuf]| {
            let reports = paths.iter().map(|path| (|| path.display().to_string(), read(path, input)));
            Rendered::new(anonymizer, reports, audit.is_some())
        };
        sink.write(batch.par_chunks(ROWS).map(rendered).collect(), &mut summary)?;
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

    fn write(&mut self, rendered: Vec<Rendered>, summary: &mut Summary) -> Result<()> {
        for some in rendered {
            let written = self.output.write_all(&some.rows).and_then(|()| match &mut self.audit {
                Some(audit) => audit.write_all(&some.records),
                None => Ok(()),
            });
            let writing = |source| Error::File { action: "writing", path: self.path.clone(), source };
            written.map_err(writing)?;
            summary.written += some.written;
            summary.failures.extend(some.failures);
        }
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
