//! A run that is killed at any moment goes on as if it had not been.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use xray_dataset::{ShardBuilder, Stage};

use crate::archive::{Eraser, contents, key, write_archive};

const ARCHIVE: &str = "OSTEON_TEST_ARCHIVE";

fn build(archive: &Path, out: &str, written: impl Fn(u64) + Sync) {
    ShardBuilder::new(archive.join("pacs"), archive.join("ehr"), key())
        .report_transform(Eraser)
        .samples_per_shard(4)
        .run(archive.join(out), |progress| {
            if progress.stage == Stage::Writing {
                written(progress.done);
            }
        })
        .unwrap();
}

/// What the test below starts as a process of its own, to be killed; by itself it does nothing.
#[test]
fn child_process() {
    if let Some(archive) = std::env::var_os(ARCHIVE) {
        build(archive.as_ref(), "killed", |done| eprintln!("written {done}"));
    }
}

#[test]
fn a_killed_process_leaves_what_the_next_run_completes_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    write_archive(folder.path(), 16);
    build(folder.path(), "whole", |_| ());
    let whole = contents(&folder.path().join("whole"));
    let mut was_unfinished = false;
    for moment in [1, 5, 12, 20, 31] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child_process", "--nocapture"])
            .env(ARCHIVE, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let done = lines.filter_map(|line| line.strip_prefix("written ")?.parse::<u64>().ok());
        // Read until the moment has come, or until the process has ended.
        let reached = done.into_iter().any(|done| done >= moment);
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success() || reached);
        was_unfinished |= !folder.path().join("killed/index.json").exists();
    }
    assert!(was_unfinished);
    build(folder.path(), "killed", |_| ());
    assert!(contents(&folder.path().join("killed")) == whole);
}
