//! All files of one append-only file, and the order of steps in which they change: whatever step a crash
//! comes behind, the manifest on disk names files that are whole, and these hold everything that was synced.
//!
//! The manifest is replaced in one step (temporary file, sync, rename, sync of the directory), and always
//! last: a file is there before the manifest names it, and removed only once it no longer does.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::annotation::Cover;
use super::manifest::{FileKind, Manifest, ManifestError, Part};
use super::names::Names;
use super::writer::Writer;
use crate::sys::files::error_text;
use crate::sys::storage::{AppendFile, Disk, Storage};

/// A longer manifest is none.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A step that failed. The texts are Redis's, for the log.
#[derive(Debug, Error)]
pub enum FilesError {
    #[error("Can't open or create append-only dir {path}: {reason}")]
    Directory { path: String, reason: String },
    #[error("Fatal error: can't open the AOF manifest file {path} for reading: {reason}")]
    ReadManifest { path: String, reason: String },
    #[error("The AOF manifest file {path} cannot be used: {source}")]
    Manifest { path: String, source: ManifestError },
    #[error("Error trying to write the temporary AOF manifest file {name}: {reason}")]
    WriteManifest { name: String, reason: String },
    #[error("Error trying to rename the temporary AOF manifest file {from} into {to}: {reason}")]
    RenameManifest { from: String, to: String, reason: String },
    #[error("Fail to fsync AOF directory {path}: {reason}.")]
    SyncDirectory { path: String, reason: String },
    #[error("Can't open the append-only file {name}: {reason}")]
    Open { name: String, reason: String },
    #[error("Error trying to move the old AOF file {name} into dir {directory}: {reason}")]
    Migrate { name: String, directory: String, reason: String },
    #[error("Error trying to rename the temporary AOF base file {from} into {to}: {reason}")]
    RenameBase { from: String, to: String, reason: String },
    #[error("Error trying to rename the temporary AOF incr file {from} into {to}: {reason}")]
    RenameIncrement { from: String, to: String, reason: String },
}

/// The files below a storage's root.
#[derive(Debug)]
pub struct Files<S> {
    storage: S,
    names: Names,
    manifest: Manifest,
}

impl<S: Storage> Files<S> {
    /// Reads the manifest, if there is one.
    pub fn open(storage: S, names: Names) -> Result<Self, FilesError> {
        let mut files = Self { storage, names, manifest: Manifest::default() };
        files.reload()?;
        Ok(files)
    }

    /// Reads the manifest again.
    pub fn reload(&mut self) -> Result<(), FilesError> {
        let path = self.names.path(&self.names.manifest());
        let shown = path.display().to_string();
        let bytes = match self.storage.read(&path, MANIFEST_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.manifest = Manifest::default();
                return Ok(());
            }
            Err(error) => return Err(FilesError::ReadManifest { path: shown, reason: error_text(&error) }),
        };
        self.manifest =
            Manifest::parse(&bytes).map_err(|source| FilesError::Manifest { path: shown, source })?;
        Ok(())
    }

    pub fn storage(&self) -> &S {
        &self.storage
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where a part is.
    pub fn path_of(&self, part: &Part) -> PathBuf {
        self.names.path(&part.name)
    }

    pub fn create_directory(&self) -> Result<(), FilesError> {
        let path = self.names.directory();
        let created = self.storage.create_directory(path);
        created.map_err(|error| FilesError::Directory {
            path: path.display().to_string(),
            reason: error_text(&error),
        })
    }

    /// Takes the single file of Redis 6 and before over as the base, if there is one and nothing newer.
    /// Whether it did.
    pub fn migrate(&mut self) -> Result<bool, FilesError> {
        let single = self.names.single_file().to_owned();
        let (old, new) = (PathBuf::from(&single), self.names.path(&single));
        let is_there = |path: &PathBuf| matches!(self.storage.size(path), Ok(Some(_)));
        let is_half_done = self.manifest.increments.is_empty()
            && self.manifest.base.as_ref().is_some_and(|base| base.name == single)
            && !is_there(&new);
        if !is_there(&old) || !(self.manifest.is_empty() || is_half_done) {
            return Ok(false);
        }
        self.create_directory()?;
        let mut manifest = self.manifest.clone();
        manifest.adopt_base(&single);
        self.persist(manifest)?;
        let moved = self.storage.rename(&old, &new);
        moved.map_err(|error| FilesError::Migrate {
            name: old.display().to_string(),
            directory: self.names.directory().display().to_string(),
            reason: error_text(&error),
        })?;
        self.sync_directory()?;
        Ok(true)
    }

    /// Opens the last incremental file, or makes the first one, to append to it. `cover` belongs to the end
    /// of the last file.
    pub fn open_last(&mut self, cover: Cover) -> Result<(OsString, Writer<S::File>), FilesError> {
        self.create_directory()?;
        let last = self.manifest.increments.last().map(|part| part.name.clone());
        let mut manifest = self.manifest.clone();
        let (name, cover) = match last {
            Some(name) => (name, cover),
            None => (manifest.add_increment(&self.names), Cover::new()),
        };
        let opened = self.storage.open(&self.names.path(&name));
        let writer = opened.and_then(|file| Writer::new(file, cover)).map_err(|e| open_error(&name, &e))?;
        if manifest != self.manifest {
            self.persist(manifest)?;
        }
        Ok((name, writer))
    }

    /// Makes a new incremental file: what comes from now on goes there, while a child makes a base of what
    /// came before.
    pub fn begin_increment(&mut self) -> Result<(OsString, Writer<S::File>), FilesError> {
        let mut manifest = self.manifest.clone();
        let name = manifest.add_increment(&self.names);
        let writer = self.create(&name)?;
        self.persist(manifest)?;
        Ok((name, writer))
    }

    /// The same before there is any base: the file does not count yet.
    pub fn begin_temporary_increment(&mut self) -> Result<(OsString, Writer<S::File>), FilesError> {
        let name = self.names.temporary_increment();
        let writer = self.create(&name)?;
        Ok((name, writer))
    }

    /// The name of the next base and the manifest that it would be in; for [`Files::adopt_base`].
    fn with_next_base(&self, is_snapshot: bool) -> (OsString, Manifest) {
        let mut manifest = self.manifest.clone();
        let name = manifest.replace_base(&self.names, is_snapshot);
        (name, manifest)
    }

    /// Puts a file that is whole and synced in the place of the present base, and of all incremental files
    /// but the last, which is the one that was begun with it. If that one is the temporary one, it gets its
    /// name. Gives the names of both.
    pub fn adopt_base(
        &mut self,
        temporary: &OsStr,
        is_snapshot: bool,
        increment: Increment,
    ) -> Result<Adopted, FilesError> {
        let (base, mut manifest) = self.with_next_base(is_snapshot);
        self.rename(temporary, &base).map_err(|error| FilesError::RenameBase {
            from: shown(temporary),
            to: shown(&base),
            reason: error_text(&error),
        })?;
        let kept = match increment {
            Increment::None => None,
            Increment::Last => manifest.increments.last().map(|part| part.name.clone()),
            Increment::Temporary => {
                let from = self.names.temporary_increment();
                let to = manifest.add_increment(&self.names);
                let renamed = self.rename(&from, &to).map_err(|error| FilesError::RenameIncrement {
                    from: shown(&from),
                    to: shown(&to),
                    reason: error_text(&error),
                });
                if let Err(error) = renamed {
                    self.discard(&base);
                    return Err(error);
                }
                Some(to)
            }
        };
        manifest.retire_increments(usize::from(kept.is_some()));
        if let Err(error) = self.persist(manifest) {
            // Not what the manifest names already, although the directory could not be synced.
            if self.manifest.base.as_ref().is_none_or(|named| named.name != base) {
                self.discard(&base);
            }
            return Err(error);
        }
        Ok(Adopted { base, increment: kept })
    }

    /// What is to be removed: no longer part of the data set. The manifest forgets it at once.
    pub fn take_history(&mut self) -> Result<Vec<PathBuf>, FilesError> {
        if self.manifest.history.is_empty() {
            return Ok(Vec::new());
        }
        let mut manifest = self.manifest.clone();
        let history = std::mem::take(&mut manifest.history);
        self.persist(manifest)?;
        debug_assert!(history.iter().all(|part| part.kind == FileKind::History));
        Ok(history.iter().map(|part| self.path_of(part)).collect())
    }

    /// Replaces the manifest on disk, then the one here.
    fn persist(&mut self, manifest: Manifest) -> Result<(), FilesError> {
        let (from, to) = (self.names.temporary_manifest(), self.names.manifest());
        let bytes = manifest.to_bytes();
        let written = self.storage.create(&self.names.path(&from)).and_then(|mut file| {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                match file.append(&[io::IoSlice::new(rest)])? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => rest = rest.get(count..).unwrap_or_default(),
                }
            }
            file.sync()
        });
        written
            .map_err(|error| FilesError::WriteManifest { name: shown(&from), reason: error_text(&error) })?;
        self.rename(&from, &to).map_err(|error| FilesError::RenameManifest {
            from: shown(&from),
            to: shown(&to),
            reason: error_text(&error),
        })?;
        // Whatever comes next goes by what the disk says.
        self.manifest = manifest;
        self.sync_directory()
    }

    fn sync_directory(&self) -> Result<(), FilesError> {
        let path = self.names.directory();
        self.storage.sync_directory(path).map_err(|error| FilesError::SyncDirectory {
            path: path.display().to_string(),
            reason: error_text(&error),
        })
    }

    fn create(&self, name: &OsStr) -> Result<Writer<S::File>, FilesError> {
        let created = self.storage.create(&self.names.path(name));
        created.and_then(|file| Writer::new(file, Cover::new())).map_err(|error| open_error(name, &error))
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.storage.rename(&self.names.path(from), &self.names.path(to))
    }

    /// A file that nothing names. That it stays if it cannot be removed does no harm.
    fn discard(&self, name: &OsStr) {
        let _ = self.storage.remove(&self.names.path(name));
    }
}

impl Files<Disk> {
    /// Where a file of this name is on the real disk.
    pub fn disk_path(&self, name: &OsStr) -> PathBuf {
        self.storage.root().join(self.names.path(name))
    }
}

/// Which incremental file belongs to a new base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Increment {
    /// None: the base was made while nothing was being appended.
    None,
    /// The last one of the manifest.
    Last,
    /// The one of [`Files::begin_temporary_increment`].
    Temporary,
}

/// A new base, and the incremental file that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    pub base: OsString,
    pub increment: Option<OsString>,
}

fn open_error(name: &OsStr, error: &io::Error) -> FilesError {
    FilesError::Open { name: shown(name), reason: error_text(error) }
}

fn shown(name: &OsStr) -> String {
    name.display().to_string()
}
