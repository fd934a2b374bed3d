use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Error, EvalReport, Hook, Result, StepReport};

/// Writes an event file that TensorBoard shows: `train/loss`, `train/learning_rate`,
/// `train/gradient_norm`, `validation/loss` and the task's further figures.
///
/// Started again in the same folder, as after a resume, it adds a file; TensorBoard joins them.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: File,
}

impl TensorBoard {
    /// Starts an event file in `folder`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|source| Error::file("writing", folder, source))?;
        let (seconds, process) = (now(), std::process::id());
        let path = folder.join(format!("events.out.tfevents.{seconds:.6}.{process}"));
        let file = File::create_new(&path).map_err(|source| Error::file("writing", &path, source))?;
        let mut board = Self { path, file };
        let mut event = Message::default();
        event.double(1, seconds);
        event.bytes(3, b"brain.Event:2");
        board.record(&event.0)?;
        Ok(board)
    }

    fn scalars(
        &mut self,
        step: u64,
        scalars: impl IntoIterator<Item = (String, f64)>,
    ) -> Result<ControlFlow<()>> {
        let mut summary = Message::default();
        for (tag, scalar) in scalars {
            let mut value = Message::default();
            value.bytes(1, tag.as_bytes());
            value.float(2, scalar as f32);
            summary.bytes(1, &value.0);
        }
        let mut event = Message::default();
        event.double(1, now());
        event.varint(2, step);
        event.bytes(5, &summary.0);
        self.record(&event.0)?;
        Ok(ControlFlow::Continue(()))
    }

    /// A record of the TFRecord format: length, its checksum, data, its checksum.
    fn record(&mut self, data: &[u8]) -> Result<()> {
        let length = (data.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked_checksum(&length).to_le_bytes());
        record.extend(data);
        record.extend(masked_checksum(data).to_le_bytes());
        self.file.write_all(&record).map_err(|source| Error::file("writing", &self.path, source))
    }
}

impl Hook for TensorBoard {
    fn on_step(&mut self, report: &StepReport) -> Result<ControlFlow<()>> {
        let own = [
            ("loss", report.loss),
            ("learning_rate", report.learning_rate),
            ("gradient_norm", report.gradient_norm),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let all = own.chain(report.metrics.iter().cloned());
        self.scalars(report.step, all.map(|(name, value)| (format!("train/{name}"), value)))
    }

    fn on_evaluation(&mut self, report: &EvalReport) -> Result<ControlFlow<()>> {
        let all = std::iter::once(("loss".to_owned(), report.loss)).chain(report.metrics.iter().cloned());
        self.scalars(report.step, all.map(|(name, value)| (format!("validation/{name}"), value)))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// A protocol buffer message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u64, wire_type: u64) {
        self.raw_varint(field << 3 | wire_type);
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.raw_varint(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, 2);
        self.raw_varint(value.len() as u64);
        self.0.extend(value);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

/// CRC-32C, rotated and shifted as TFRecord wants it.
fn masked_checksum(data: &[u8]) -> u32 {
    checksum(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit: events are short.
fn checksum(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |state, byte| {
        (0..8).fold(state ^ u32::from(*byte), |state, _| {
            (state >> 1) ^ if state & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        // The check value of the CRC catalogue.
        assert_eq!(checksum(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_record_is_as_tensorboard_writes_it() {
        // Made with Python: tensorboard's RecordWriter over Event(step=300, summary=Summary(value=[
        // Summary.Value(tag="train/loss", simple_value=0.5)])).SerializeToString(), wall_time 1.5.
        let mut value = Message::default();
        value.bytes(1, b"train/loss");
        value.float(2, 0.5);
        let mut summary = Message::default();
        summary.bytes(1, &value.0);
        let mut event = Message::default();
        event.double(1, 1.5);
        event.varint(2, 300);
        event.bytes(5, &summary.0);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&event.0), EVENT);
        assert_eq!(masked_checksum(&event.0), CHECKSUM);
    }

    const EVENT: &str = "09000000000000f83f10ac022a130a110a0a747261696e2f6c6f7373150000003f";
    const CHECKSUM: u32 = 0x31646ab5;
}
