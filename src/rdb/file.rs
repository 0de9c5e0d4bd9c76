//! Saves a snapshot to a file, so that whatever happens either the old or the new one is there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{SaveError, Writer, WriterOptions};
use crate::sys::files::fsync_dir;

/// Replaces the file at `path` by the snapshot that `fill` writes (all but its header and its end),
/// and gives the snapshot's size in bytes.
///
/// It is written to `temp-<pid>.rdb` in the same directory, synced, and only then renamed. On
/// failure the temporary file is removed and the old one untouched; only `SyncDirectory` leaves the
/// new file in its place.
pub fn save_file(
    path: &Path,
    options: WriterOptions,
    fill: impl FnOnce(&mut Writer<File>) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let temporary = directory.join(format!("temp-{}.rdb", std::process::id()));

    let saved = write_and_sync(&temporary, options, fill).and_then(|bytes| {
        fs::rename(&temporary, path).map(|()| bytes).map_err(|source| SaveError::Rename {
            from: temporary.clone(),
            to: path.to_owned(),
            source,
        })
    });
    if saved.is_err() {
        // The first error is the one to report; there may be nothing to remove.
        let _ = fs::remove_file(&temporary);
    }
    let bytes = saved?;
    fsync_dir(directory).map_err(SaveError::SyncDirectory)?;
    Ok(bytes)
}

fn write_and_sync(
    path: &Path,
    options: WriterOptions,
    fill: impl FnOnce(&mut Writer<File>) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let file = File::create(path).map_err(|source| SaveError::Open { path: path.to_owned(), source })?;
    let mut writer = Writer::new(file, options).map_err(SaveError::Write)?;
    fill(&mut writer).map_err(SaveError::Write)?;
    let file = writer.finish().map_err(SaveError::Write)?;
    file.sync_all().map_err(SaveError::Sync)?;
    file.metadata().map(|metadata| metadata.len()).map_err(SaveError::Sync)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_saved_file_replaces_the_old_one_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dump.rdb");
        fs::write(&path, b"old").unwrap();
        let bytes = save_file(&path, WriterOptions::default(), |writer| {
            writer.value(b"key").string(&b"value"[..].into())
        })
        .unwrap();
        let content = fs::read(&path).unwrap();
        assert_eq!(content.len() as u64, bytes);
        assert!(content.starts_with(b"REDIS0011\0\x03key\x05value\xff"));
        assert_eq!(names(directory.path()), ["dump.rdb"]);
    }

    #[test]
    fn a_failed_save_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dump.rdb");
        fs::write(&path, b"old").unwrap();
        let error =
            save_file(&path, WriterOptions::default(), |_| Err(io::Error::other("full"))).unwrap_err();
        assert!(matches!(error, SaveError::Write(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(directory.path()), ["dump.rdb"]);
    }

    #[test]
    fn the_error_names_the_step_that_failed() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing").join("dump.rdb");
        let error = save_file(&missing, WriterOptions::default(), |_| Ok(())).unwrap_err();
        assert!(matches!(error, SaveError::Open { .. }), "{error}");

        let taken = directory.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let error = save_file(&taken, WriterOptions::default(), |_| Ok(())).unwrap_err();
        assert!(matches!(error, SaveError::Rename { .. }), "{error}");
        assert_eq!(names(directory.path()), ["taken"]);
    }
}
