//! Saves a snapshot to a file, so that whatever happens either the old or the new one is there.

use std::io;
use std::path::Path;

use super::{SaveError, Writer, WriterOptions};
use crate::sys::storage::{AppendFile, Appending, Storage};

/// Replaces the file at `path` by the snapshot that `fill` writes (all but its header and its end),
/// and gives the snapshot's size in bytes.
///
/// It is written to `temp-<pid>.rdb` in the same directory, synced, and only then renamed. On
/// failure the temporary file is removed and the old one untouched; only `SyncDirectory` leaves the
/// new file in its place.
pub fn save_file<S: Storage>(
    storage: &S,
    path: &Path,
    options: WriterOptions,
    fill: impl FnOnce(&mut Writer<Appending<S::File>>) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let temporary = directory.join(format!("temp-{}.rdb", std::process::id()));

    let saved = write_and_sync(storage, &temporary, options, fill).and_then(|bytes| {
        storage.rename(&temporary, path).map(|()| bytes).map_err(|source| SaveError::Rename {
            from: temporary.clone(),
            to: path.to_owned(),
            source,
        })
    });
    if saved.is_err() {
        // The first error is the one to report; there may be nothing to remove.
        let _ = storage.remove(&temporary);
    }
    let bytes = saved?;
    storage.sync_directory(directory).map_err(SaveError::SyncDirectory)?;
    Ok(bytes)
}

fn write_and_sync<S: Storage>(
    storage: &S,
    path: &Path,
    options: WriterOptions,
    fill: impl FnOnce(&mut Writer<Appending<S::File>>) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let file = storage.create(path).map_err(|source| SaveError::Open { path: path.to_owned(), source })?;
    let mut writer = Writer::new(Appending(file), options).map_err(SaveError::Write)?;
    fill(&mut writer).map_err(SaveError::Write)?;
    let Appending(mut file) = writer.finish().map_err(SaveError::Write)?;
    file.sync().map_err(SaveError::Sync)?;
    file.size().map_err(SaveError::Sync)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::rdb::Reader;
    use crate::sys::storage::Disk;
    use crate::sys::storage::simulated::{Loss, Simulated};

    fn disk() -> Disk {
        Disk::new(Path::new(""))
    }

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
        let bytes = save_file(&disk(), &path, WriterOptions::default(), |writer| {
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
        let error = save_file(&disk(), &path, WriterOptions::default(), |_| Err(io::Error::other("full")))
            .unwrap_err();
        assert!(matches!(error, SaveError::Write(_)), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(directory.path()), ["dump.rdb"]);
    }

    #[test]
    fn the_error_names_the_step_that_failed() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing").join("dump.rdb");
        let error = save_file(&disk(), &missing, WriterOptions::default(), |_| Ok(())).unwrap_err();
        assert!(matches!(error, SaveError::Open { .. }), "{error}");

        let taken = directory.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let error = save_file(&disk(), &taken, WriterOptions::default(), |_| Ok(())).unwrap_err();
        assert!(matches!(error, SaveError::Rename { .. }), "{error}");
        assert_eq!(names(directory.path()), ["taken"]);
    }
    /// Saves a snapshot of one key.
    fn save(storage: &Simulated, value: &[u8]) -> Result<u64, SaveError> {
        save_file(storage, Path::new("data/dump.rdb"), WriterOptions::default(), |writer| {
            writer.value(b"key").string(&value.into())
        })
    }

    /// What a start finds in the snapshot's place; it is whole.
    fn found(storage: &Simulated) -> Option<Vec<u8>> {
        let bytes = storage.read(Path::new("data/dump.rdb"), u64::MAX).ok()?;
        let mut reader = Reader::new(&bytes[..], None).unwrap();
        while reader.next_item().expect("it is whole").is_some() {}
        Some(bytes)
    }

    #[test]
    fn the_old_or_the_new_snapshot_is_there_whatever_call_the_power_fails_after() {
        let saved = |value: &[u8]| {
            let disk = Simulated::with_calls(usize::MAX);
            save(&disk, value).unwrap();
            (found(&disk), disk.calls())
        };
        let (old, _) = saved(b"old");
        let (new, calls) = saved(b"the new value");
        assert!(calls > 8 && old != new);
        for is_first in [true, false] {
            let before = if is_first { None } else { old.clone() };
            for calls in 0..=calls {
                let disk = Simulated::with_calls(usize::MAX);
                if !is_first {
                    save(&disk, b"old").unwrap();
                }
                disk.fail_after(calls);
                let result = save(&disk, b"the new value");
                for loss in Loss::ALL {
                    let after = disk.after(loss);
                    let found_after = found(&after);
                    let place = format!("after {calls} calls, losing {loss:?}");
                    assert!(found_after == before || found_after == new, "{place}");
                    assert!(result.is_err() || found_after == new, "{place}: it was promised");
                    // The next save is not hindered by what this one left.
                    save(&after, b"the new value").unwrap();
                    assert_eq!(found(&after), new, "{place}");
                    assert_eq!(after.names(), [PathBuf::from("data/dump.rdb")], "{place}");
                }
            }
        }
    }
}
