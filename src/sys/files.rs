//! Files: replacement that survives a crash, directory sync, writing back early.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Replaces the content of `path`, or creates it: afterwards, and after a crash at any moment,
/// the file holds all of the old bytes or all of the new ones. On return the new ones are on disk.
///
/// The bytes go to a temporary file beside `path`, which is synced and renamed over it; then the
/// directory is synced. On failure the temporary file is removed and `path` is as it was, except
/// when only the sync of the directory failed.
pub fn replace_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path);
    write_synced(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    fsync_dir(directory_of(path))
}

/// The message of an operating system error alone, without Rust's `(os error 2)`.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Makes names in a directory (created, renamed, removed files) survive a crash.
pub fn fsync_dir(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // A file system that cannot sync directories has nothing to be done about it.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EBADF)) => Ok(()),
        result => result,
    }
}

/// Asks the kernel to write a range of a file to disk now, so that a later sync has little left to do.
/// With `wait` it returns when the range was handed to the disk; nothing of this makes a file survive a
/// loss of power.
#[expect(unsafe_code, reason = "sync_file_range is not in std")]
pub fn write_back(file: &File, offset: u64, bytes: u64, wait: bool) -> io::Result<()> {
    let flags = if wait {
        libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER
    } else {
        libc::SYNC_FILE_RANGE_WRITE
    };
    // SAFETY: no memory is involved; the descriptor is open as long as `file` is borrowed.
    match unsafe { libc::sync_file_range(file.as_raw_fd(), offset as i64, bytes as i64, flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The directory that holds the name `path`.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// A name that no other process, and no other call of this one, uses at the same time.
fn temporary_name(path: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let mut name = OsStr::new("temp-").to_owned();
    name.push(path.file_name().unwrap_or_default());
    name.push(format!("-{}-{call}", std::process::id()));
    directory_of(path).join(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Truncating: a leftover of a process that had our id is nobody's.
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o644).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_created_and_replaced_without_leftovers() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        replace_atomically(&path, b"one").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace_atomically(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(names_in(directory.path()), ["nodes.conf"]);
    }

    #[test]
    fn a_failed_replacement_leaves_everything_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"x").unwrap();
        assert!(replace_atomically(&path, b"bytes").is_err());
        assert_eq!(names_in(directory.path()), ["taken"]);
    }

    #[test]
    fn a_bare_name_is_in_the_working_directory() {
        assert_eq!(directory_of(Path::new("dump.rdb")), Path::new("."));
        assert_eq!(directory_of(Path::new("/var/dump.rdb")), Path::new("/var"));
    }
}
