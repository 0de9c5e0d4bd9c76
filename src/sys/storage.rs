//! The disk, as far as snapshots and the append-only file need it: small, so that a test can put another one in
//! its place that loses power after any call (`simulated`).

use std::fs::{self, File};
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::fsync_dir;

#[cfg(test)]
pub mod simulated;

/// Files by path.
pub trait Storage {
    type File: AppendFile;

    /// Makes a directory, unless it is there.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// An empty file in place of whatever was there.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// A file to be appended to, created if it is not there.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// The first bytes of a file, as many as there are up to `limit`.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// The size of a file; `None` if there is none.
    fn size(&self, path: &Path) -> io::Result<Option<u64>>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; one that is not there is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory survive a loss of power.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// An open file that grows at its end.
pub trait AppendFile {
    fn size(&self) -> io::Result<u64>;

    /// Writes the start of the slices, in order; returns how many bytes.
    fn append(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Cuts the file to this size.
    fn truncate(&mut self, size: u64) -> io::Result<()>;

    /// Makes what was written survive a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

/// An open file as the destination of a stream. Nothing is collected: writes should be large.
#[derive(Debug)]
pub struct Appending<F>(pub F);

/// The real disk.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// Permissions of new files.
    mode: u32,
}

/// A file of the real disk. A clone is the same open file: a helper thread may sync it meanwhile.
#[derive(Debug, Clone)]
pub struct DiskFile(Arc<File>);

impl Disk {
    /// The disk below a directory.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), mode: 0o644 }
    }

    /// New files may be used by whomever the process's umask lets.
    #[must_use]
    pub fn open_to_all(mut self) -> Self {
        self.mode = 0o666;
        self
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Storage for Disk {
    type File = DiskFile;

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let path = self.root.join(path);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::Error::from_raw_os_error(libc::ENOTDIR))
            }
            result => result,
        }
    }

    fn create(&self, path: &Path) -> io::Result<DiskFile> {
        // Not O_TRUNC alone: it is appended to, also after it was cut.
        let file = File::options().append(true).create(true).mode(self.mode).open(self.root.join(path))?;
        file.set_len(0)?;
        Ok(DiskFile(Arc::new(file)))
    }

    fn open(&self, path: &Path) -> io::Result<DiskFile> {
        let file = File::options().append(true).create(true).mode(self.mode).open(self.root.join(path))?;
        Ok(DiskFile(Arc::new(file)))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.root.join(path))?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn size(&self, path: &Path) -> io::Result<Option<u64>> {
        match fs::metadata(self.root.join(path)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(self.root.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        fsync_dir(&self.root.join(path))
    }
}

impl AppendFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn append(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(slices)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl AsRef<File> for DiskFile {
    fn as_ref(&self) -> &File {
        &self.0
    }
}

impl<F: AppendFile> Write for Appending<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile {
    /// The file on its own, to be synced or closed elsewhere.
    pub fn shared(&self) -> Arc<File> {
        Arc::clone(&self.0)
    }
}
