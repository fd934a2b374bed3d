use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use xray_core::AtomicFile;

use crate::{Error, Result};

/// Writes one tar file that appears whole or not at all. Its bytes depend on the members alone: no time,
/// no owner.
pub(super) struct ShardWriter {
    tar: tar::Builder<Hashing<AtomicFile>>,
}

impl ShardWriter {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(path);
        let file = AtomicFile::create(path).map_err(Error::core(folder))?;
        Ok(Self { tar: tar::Builder::new(Hashing { inner: file, hash: Sha256::new(), bytes: 0 }) })
    }

    pub(super) fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        self.tar.append(&header, bytes)
    }

    /// Makes the file appear; gives its length and SHA-256.
    pub(super) fn commit(self, path: &Path) -> Result<(u64, String)> {
        let folder = path.parent().unwrap_or(path);
        let hashing = self.tar.into_inner().map_err(|source| Error::file("writing", path, source))?;
        hashing.inner.commit().map_err(Error::core(folder))?;
        Ok((hashing.bytes, hex(&hashing.hash.finalize())))
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(super) fn sha256_of(path: &Path) -> Result<String> {
    let read = || -> io::Result<String> {
        let mut file = fs::File::open(path)?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hash.finalize())),
                count => hash.update(&buffer[..count]),
            }
        }
    };
    read().map_err(|source| Error::file("reading", path, source))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
