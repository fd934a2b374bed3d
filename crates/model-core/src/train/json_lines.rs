use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::{Error, EvalReport, Hook, Result, StepReport};

/// Writes a line of JSON for each step and each evaluation: `{"kind": "step", ..}`, `{"kind":
/// "evaluation", ..}` with the fields of [`StepReport`] and [`EvalReport`].
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    Step(&'a StepReport),
    Evaluation(&'a EvalReport),
}

impl JsonLines {
    /// Starts the file anew.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::create(path).map_err(|source| Error::file("writing", path, source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Goes on with the file of a run that is resumed after `steps` steps: what it says of later steps,
    /// taken before the run was killed, is dropped. A file that is not there is started.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written.
    pub fn resume(path: impl AsRef<Path>, steps: u64) -> Result<Self> {
        let path = path.as_ref();
        let old = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::create(path),
            Err(source) => return Err(Error::file("reading", path, source)),
        };
        let kept: String = old.split_inclusive('\n').filter(|line| is_before(line, steps)).collect();
        xray_core::AtomicFile::write(path, kept.as_bytes()).map_err(Error::external("writing a log"))?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|source| Error::file("writing", path, source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn write(&mut self, line: &Line<'_>) -> Result<ControlFlow<()>> {
        let mut text =
            serde_json::to_vec(line).map_err(|error| Error::format(&self.path, error.to_string()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|source| Error::file("writing", &self.path, source))?;
        Ok(ControlFlow::Continue(()))
    }
}

impl Hook for JsonLines {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        self.write(&Line::Step(report))
    }

    fn on_evaluation(&mut self, report: &EvalReport) -> Result<ControlFlow<()>> {
        self.write(&Line::Evaluation(report))
    }
}

/// Whether a line speaks of one of the first `steps` steps. A line that was cut off does not.
fn is_before(line: &str, steps: u64) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(line) else { return false };
    let step = value.get("step").and_then(Value::as_u64);
    match value.get("kind").and_then(Value::as_str) {
        Some("step") => step.is_some_and(|step| step < steps),
        Some("evaluation") => step.is_some_and(|step| step <= steps),
        _ => false,
    }
}
