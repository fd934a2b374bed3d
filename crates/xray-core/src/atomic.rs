use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// A file that appears under its name only when it is whole.
///
/// What is written goes to a temporary neighbour; [`AtomicFile::commit`] flushes it to the disk and
/// renames it. Dropped before that, it leaves what was there before.
///
/// A link stays a link: the file that it names is replaced. A device, a pipe or a socket (`/dev/null`, `/dev/stdout`)
/// stays what it is: it receives the bytes at [`AtomicFile::commit`].
///
/// ```
/// use std::io::Write;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("metrics.json");
/// let mut file = xray_core::AtomicFile::create(&path)?;
/// file.write_all(b"{}")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    file: io::BufWriter<NamedTempFile>,
    path: PathBuf,
    target: Target,
}

/// What the finished bytes go to.
#[derive(Debug)]
enum Target {
    /// A file that there is, or none yet: the temporary one takes its place.
    File(PathBuf),
    /// What must not be replaced by a file.
    Device,
}

impl AtomicFile {
    /// Starts a file that will be `path`; its folder is made if it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the folder cannot be written, or if `path` is a folder.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let start = || -> io::Result<(NamedTempFile, Target)> {
            let target = Target::of(&path)?;
            let file = match &target {
                Target::File(file) => {
                    let folder = match file.parent() {
                        Some(parent) if !parent.as_os_str().is_empty() => parent,
                        _ => Path::new("."),
                    };
                    fs::create_dir_all(folder)?;
                    NamedTempFile::with_prefix_in(".partial-", folder)?
                }
                Target::Device => NamedTempFile::new()?,
            };
            Ok((file, target))
        };
        let (file, target) = start().map_err(|source| Error::file("writing", &path, source))?;
        Ok(Self { file: io::BufWriter::with_capacity(1 << 16, file), path, target })
    }

    /// Writes `bytes` as the whole of `path`.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; `path` is then as it was before.
    pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
        let mut file = Self::create(path)?;
        file.write_all(bytes).map_err(|source| Error::file("writing", &file.path, source))?;
        file.commit()
    }

    /// Where the bytes lie until the file is committed, for writers that want a path.
    pub fn temporary_path(&self) -> &Path {
        self.file.get_ref().path()
    }

    /// Makes the file appear.
    ///
    /// # Errors
    ///
    /// [`Error::File`], as when the disk is full; the path is then as it was before.
    pub fn commit(self) -> Result<()> {
        self.finish(true)
    }

    /// Makes the file appear without waiting for the disk. It is whole when this process is killed, but may not be when
    /// the machine is: for many small files that can be made again.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::commit`].
    pub fn commit_unflushed(self) -> Result<()> {
        self.finish(false)
    }

    fn finish(self, flush: bool) -> Result<()> {
        let Self { file, path, target } = self;
        let finish = || -> io::Result<()> {
            let file = file.into_inner().map_err(|error| error.into_error())?;
            let Target::File(target) = target else {
                let mut device = fs::OpenOptions::new().write(true).open(&path)?;
                io::copy(&mut fs::File::open(file.path())?, &mut device)?;
                return Ok(());
            };
            if flush {
                // By its path: a writer that was given it may have put another file there.
                fs::File::open(file.path())?.sync_all()?;
            }
            share(file.path())?;
            file.persist(&target)?;
            Ok(())
        };
        finish().map_err(|source| Error::file("writing", &path, source))
    }
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(there) if there.is_file() => fs::canonicalize(path).map(Self::File),
            Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(Self::Device),
            // None yet, or no way to it: making the temporary file tells.
            Err(_) => Ok(Self::File(path.to_owned())),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Temporary files are private; a finished one gets the usual permissions of new files.
#[cfg(unix)]
fn share(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        let mut first = AtomicFile::create(&path).unwrap();
        first.write_all(b"first").unwrap();
        first.commit_unflushed().unwrap();
        let mut second = AtomicFile::create(&path).unwrap();
        second.write_all(b"half of the sec").unwrap();
        drop(second);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_writer_may_replace_the_temporary_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let file = AtomicFile::create(&path).unwrap();
        let other = NamedTempFile::new_in(folder.path()).unwrap();
        fs::write(other.path(), b"of another writer").unwrap();
        other.persist(file.temporary_path()).unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"of another writer");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_and_a_link_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept"), folder.path().join("link"));
        fs::write(&kept, b"old").unwrap();
        symlink(&kept, &link).unwrap();
        AtomicFile::write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&kept).unwrap(), b"new");

        // A link to the device: should the rename ever come back, it hits this folder and not the machine.
        let null = folder.path().join("null");
        symlink("/dev/null", &null).unwrap();
        AtomicFile::write(&null, b"nothing is kept").unwrap();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
        assert!(fs::symlink_metadata(&null).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = AtomicFile::create(folder.path()).unwrap_err();
        assert!(matches!(error, Error::File { source, .. } if source.kind() == io::ErrorKind::IsADirectory));
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, b"").unwrap();
        let error = AtomicFile::write(in_the_way.join("child"), b"").unwrap_err();
        assert!(error.to_string().contains("child"));
    }
}
