//! Reading configuration files: one file, or all that match a pattern. Knows no directives.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::util::glob;

/// A configuration larger than this is not one.
const CONFIG_BYTES_MAX: u64 = 16 << 20;

/// A file that cannot be read.
#[derive(Debug)]
pub(super) struct ReadError {
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
}

/// The content of the file, or of all files if the name is a pattern, one after another.
/// A pattern that matches nothing is no error, so that an empty `conf.d` is none.
pub(super) fn read_files(name: &[u8], directory: &Path) -> Result<Vec<u8>, ReadError> {
    let path = directory.join(OsStr::from_bytes(name));
    let paths = if has_wildcard(name) { expand(&path) } else { vec![path] };
    let mut content = Vec::new();
    for path in paths {
        let read = File::open(&path).and_then(|mut file| read_bounded(&mut file, &mut content));
        read.map_err(|error| ReadError { path, error })?;
    }
    Ok(content)
}

/// Appends everything the source has, up to the bound.
pub(super) fn read_bounded(source: &mut dyn Read, content: &mut Vec<u8>) -> io::Result<()> {
    let read = source.take(CONFIG_BYTES_MAX + 1).read_to_end(content)?;
    if read as u64 > CONFIG_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "File too large"));
    }
    Ok(())
}

fn has_wildcard(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

/// Existing paths that match, sorted. Wildcards do not match a slash or a leading dot.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for component in pattern.components() {
        let part = component.as_os_str();
        if !matches!(component, Component::Normal(_)) || !has_wildcard(part.as_bytes()) {
            for path in &mut paths {
                path.push(part);
            }
            continue;
        }
        paths = paths.iter().flat_map(|path| matching_entries(path, part)).collect();
    }
    paths.retain(|path| path.exists());
    paths.sort();
    paths
}

fn matching_entries(directory: &Path, pattern: &OsStr) -> Vec<PathBuf> {
    // An unreadable directory matches nothing, as for glob(3).
    let Ok(entries) = fs::read_dir(directory) else {
        return vec![];
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let is_match = |name: &OsString| {
        let hidden_by_default = name.as_bytes().starts_with(b".");
        (!hidden_by_default || pattern.as_bytes().starts_with(b"."))
            && glob::matches(pattern.as_bytes(), name.as_bytes(), false)
    };
    names.filter(is_match).map(|name| directory.join(name)).collect()
}
