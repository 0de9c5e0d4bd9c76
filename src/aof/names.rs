//! How the files are called: everything derives from `appendfilename`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The names of one append-only file, all relative to the directory that the server works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `appenddirname`.
    directory: PathBuf,
    /// `appendfilename`.
    stem: OsString,
}

impl Names {
    pub fn new(directory: &Path, stem: &Path) -> Self {
        Self { directory: directory.to_owned(), stem: stem.as_os_str().to_owned() }
    }

    /// The directory that holds all the others.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &OsStr) -> PathBuf {
        self.directory.join(name)
    }

    /// The single file of Redis 6 and before, which lies outside of the directory. Moved into it, it keeps
    /// its name.
    pub fn single_file(&self) -> &OsStr {
        &self.stem
    }

    pub fn manifest(&self) -> OsString {
        self.with_suffix("manifest")
    }

    pub fn temporary_manifest(&self) -> OsString {
        temporary(&self.manifest())
    }

    /// A base: a snapshot, or commands.
    pub fn base(&self, sequence: u64, is_snapshot: bool) -> OsString {
        self.with_suffix(&format!("{sequence}.base.{}", if is_snapshot { "rdb" } else { "aof" }))
    }

    pub fn increment(&self, sequence: u64) -> OsString {
        self.with_suffix(&format!("{sequence}.incr.aof"))
    }

    /// Takes commands until the first rewrite is done, and counts only then.
    pub fn temporary_increment(&self) -> OsString {
        temporary(&self.with_suffix("incr"))
    }

    /// What the child of this process id writes. It lies in the same directory as what it will become, which
    /// may be another file system than the server's own.
    pub fn temporary_base(process_id: u32) -> OsString {
        format!("temp-rewriteaof-bg-{process_id}.aof").into()
    }

    /// Whether a file of this name never counts: it was on its way to become another one.
    pub fn is_temporary(&self, name: &OsStr) -> bool {
        let is_of_process = |prefix: &str, suffix: &str| {
            let name = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(suffix));
            name.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        };
        name == self.temporary_manifest()
            || name == self.temporary_increment()
            || is_of_process("temp-rewriteaof-bg-", ".aof")
            // The snapshot that is to become that one.
            || is_of_process("temp-", ".rdb")
    }

    fn with_suffix(&self, suffix: &str) -> OsString {
        let mut name = self.stem.clone();
        name.push(".");
        name.push(suffix);
        name
    }
}

fn temporary(name: &OsStr) -> OsString {
    let mut temporary = OsString::from("temp-");
    temporary.push(name);
    temporary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_redis() {
        let names = Names::new(Path::new("appendonlydir"), Path::new("appendonly.aof"));
        assert_eq!(names.manifest(), "appendonly.aof.manifest");
        assert_eq!(names.temporary_manifest(), "temp-appendonly.aof.manifest");
        assert_eq!(names.base(1, true), "appendonly.aof.1.base.rdb");
        assert_eq!(names.base(12, false), "appendonly.aof.12.base.aof");
        assert_eq!(names.increment(3), "appendonly.aof.3.incr.aof");
        assert_eq!(names.temporary_increment(), "temp-appendonly.aof.incr");
        assert_eq!(names.path(&names.increment(3)), Path::new("appendonlydir/appendonly.aof.3.incr.aof"));
    }

    #[test]
    fn temporary_files_are_known_by_their_names_and_others_are_not_taken_for_them() {
        let names = Names::new(Path::new("appendonlydir"), Path::new("temp-1"));
        for name in [names.temporary_manifest(), names.temporary_increment(), Names::temporary_base(7)] {
            assert!(names.is_temporary(&name), "{}", name.display());
        }
        assert!(names.is_temporary(OsStr::new("temp-77.rdb")));
        for name in [names.base(1, true), names.base(2, false), names.increment(1), names.manifest()] {
            assert!(!names.is_temporary(&name), "{}", name.display());
        }
        for name in ["temp-.rdb", "temp-mine.rdb", "temp-rewriteaof-bg-.aof", "temp-other.manifest"] {
            assert!(!names.is_temporary(OsStr::new(name)), "{name}");
        }
    }
}
