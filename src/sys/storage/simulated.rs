//! A disk that loses power after any call, and what is left on it.
//!
//! [`Simulated`] keeps two states: what the process sees, and what is on the disk. A name is on the disk once
//! its directory was synced, content once its file was. A loss of power keeps what is on the disk, and of what
//! is not, any part: see [`Loss`].

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{AppendFile, Storage};

/// What a loss of power does to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    Everything,
    Nothing,
    /// No name, and some of the content.
    HalfOfTheBytes,
    /// All names, and no content.
    Content,
}

impl Loss {
    pub const ALL: [Self; 4] = [Self::Everything, Self::Nothing, Self::HalfOfTheBytes, Self::Content];
}

#[derive(Debug, Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    seen: BTreeMap<PathBuf, usize>,
    synced: BTreeMap<PathBuf, usize>,
    /// Calls left before the power fails.
    calls_left: usize,
    calls: usize,
}

/// A disk in memory.
#[derive(Debug, Clone, Default)]
pub struct Simulated(Rc<RefCell<State>>);

#[derive(Debug)]
pub struct SimulatedFile {
    disk: Simulated,
    inode: usize,
}

impl Simulated {
    /// An empty disk whose power fails after so many calls.
    pub fn with_calls(calls: usize) -> Self {
        let disk = Self::default();
        disk.fail_after(calls);
        disk
    }

    /// The power fails after so many further calls.
    pub fn fail_after(&self, calls: usize) {
        self.0.borrow_mut().calls_left = calls;
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.0.borrow().calls
    }

    /// All names that the process sees.
    pub fn names(&self) -> Vec<PathBuf> {
        self.0.borrow().seen.keys().cloned().collect()
    }

    /// A call that changes something. After the loss of power none succeeds.
    fn call(&self) -> io::Result<RefMut<'_, State>> {
        let mut state = self.0.borrow_mut();
        state.calls_left = state.calls_left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        state.calls += 1;
        Ok(state)
    }

    /// The disk after a loss of power.
    #[must_use]
    pub fn after(&self, loss: Loss) -> Self {
        let state = self.0.borrow();
        let names = match loss {
            Loss::Nothing | Loss::Content => &state.seen,
            Loss::Everything | Loss::HalfOfTheBytes => &state.synced,
        };
        let inodes = state.inodes.iter().map(|inode| {
            let content = match loss {
                Loss::Everything | Loss::Content => inode.synced.clone(),
                Loss::Nothing => inode.seen.clone(),
                Loss::HalfOfTheBytes if inode.seen.starts_with(&inode.synced) => {
                    inode.seen[..usize::midpoint(inode.synced.len(), inode.seen.len())].to_vec()
                }
                Loss::HalfOfTheBytes => inode.synced.clone(),
            };
            Inode { seen: content.clone(), synced: content }
        });
        Self(Rc::new(RefCell::new(State {
            inodes: inodes.collect(),
            seen: names.clone(),
            synced: names.clone(),
            calls_left: usize::MAX,
            calls: 0,
        })))
    }

    fn file(&self, path: &Path, truncates: bool) -> io::Result<SimulatedFile> {
        let mut state = self.call()?;
        let inode = if let Some(inode) = state.seen.get(path) {
            *inode
        } else {
            state.inodes.push(Inode::default());
            let inode = state.inodes.len() - 1;
            state.seen.insert(path.to_owned(), inode);
            inode
        };
        if truncates {
            state.inodes[inode].seen.clear();
        }
        drop(state);
        Ok(SimulatedFile { disk: self.clone(), inode })
    }
}

impl Storage for Simulated {
    type File = SimulatedFile;

    fn create_directory(&self, _: &Path) -> io::Result<()> {
        self.call().map(drop)
    }

    fn create(&self, path: &Path) -> io::Result<SimulatedFile> {
        self.file(path, true)
    }

    fn open(&self, path: &Path) -> io::Result<SimulatedFile> {
        self.file(path, false)
    }

    fn read(&self, path: &Path, _: u64) -> io::Result<Vec<u8>> {
        let state = self.0.borrow();
        let inode = state.seen.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(state.inodes[*inode].seen.clone())
    }

    fn size(&self, path: &Path) -> io::Result<Option<u64>> {
        let state = self.0.borrow();
        Ok(state.seen.get(path).map(|inode| state.inodes[*inode].seen.len() as u64))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        let inode = state.seen.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.seen.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?.seen.remove(path);
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.synced = state.seen.clone();
        Ok(())
    }
}

impl AppendFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.0.borrow().inodes[self.inode].seen.len() as u64)
    }

    fn append(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.disk.call()?;
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        // Never all at once, where there is a choice.
        let count = bytes.len().div_ceil(2);
        state.inodes[self.inode].seen.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.disk.call()?.inodes[self.inode].seen.truncate(size as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.call()?;
        let inode = &mut state.inodes[self.inode];
        inode.synced = inode.seen.clone();
        Ok(())
    }
}
