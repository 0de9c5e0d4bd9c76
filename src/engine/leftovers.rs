//! Temporary files that a killed server has left behind. Those in the directory of the append-only file are
//! removed at the start: nobody but this server works there. `dir` may be shared, also with servers in other
//! containers, whose processes cannot be seen from here: there the log names them, and that is all.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use super::parts::Engine;
use crate::sys::files::error_text;
use crate::sys::process;

/// As many are named in the log.
const NAMED_MAX: usize = 10;

impl Engine {
    /// At the start, before anything is written.
    pub fn handle_leftovers(&mut self) {
        if self.config.aof.enabled {
            self.remove_aof_leftovers();
        }
        let is_left_over =
            |entry: &DirEntry| owner_of(&entry.file_name()).is_some_and(|id| !process::exists(id));
        for entry in entries(&self.config.process.dir).filter(is_left_over).take(NAMED_MAX) {
            log::warn!(
                "{} ({} bytes) is what a process that has ended did not finish. It is not removed: other servers \
                 may work in this directory",
                entry.path().display(),
                entry.metadata().map_or(0, |metadata| metadata.len())
            );
        }
    }

    fn remove_aof_leftovers(&mut self) {
        // Files that cannot be used are reported by whoever is about to read them.
        let Ok(files) = self.aof_files() else { return };
        let directory = files.storage().root().join(files.names().directory());
        let is_counted = |name: &OsStr| files.manifest().parts().any(|part| part.name == name);
        let is_left_over = |name: &OsStr| files.names().is_temporary(name) && !is_counted(name);
        let names = entries(&directory).map(|entry| entry.file_name());
        let left_over: Vec<_> = names.filter(|name| is_left_over(name)).collect();
        for name in left_over {
            log::info!("Removing the temporary file {} that a killed server has left", name.display());
            self.aof.remove_later(directory.join(name));
        }
    }
}

/// The files in a directory; none if it is not there.
fn entries(directory: &Path) -> impl Iterator<Item = DirEntry> {
    let listing = fs::read_dir(directory).inspect_err(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            log::warn!("Looking for temporary files in {}: {}", directory.display(), error_text(error));
        }
    });
    listing.into_iter().flatten().filter_map(Result::ok)
}

/// The process that writes a temporary file of this name: `temp-<id>.rdb` while it saves,
/// `temp-<time>.<id>.rdb` while it receives a snapshot, `temp-rewriteaof-bg-<id>.aof` a Redis that rewrites.
fn owner_of(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?.strip_prefix("temp-")?;
    let rest = name.strip_suffix(".rdb").or_else(|| {
        name.strip_suffix(".aof")?.strip_prefix("rewriteaof-").map(|rest| rest.trim_start_matches("bg-"))
    })?;
    let id = match rest.split_once('.') {
        Some((time, id)) if time.bytes().all(|byte| byte.is_ascii_digit()) => id,
        _ => rest,
    };
    id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_a_temporary_file_is_in_its_name() {
        for (name, owner) in [
            ("temp-12.rdb", Some(12)),
            ("temp-1700000000.34.rdb", Some(34)),
            ("temp-rewriteaof-bg-56.aof", Some(56)),
            ("temp-rewriteaof-78.aof", Some(78)),
            ("temp-.rdb", None),
            ("temp-x.rdb", None),
            ("temp-x.5.rdb", None),
            ("temp-+5.rdb", None),
            ("temp-99999999999.rdb", None),
            ("temp-12.aof", None),
            ("dump.rdb", None),
        ] {
            assert_eq!(owner_of(OsStr::new(name)), owner, "{name}");
        }
    }
}
