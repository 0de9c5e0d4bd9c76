//! Whatever call to the disk a loss of power comes behind: what was synced is there afterwards.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::path::Path;
use std::rc::Rc;

use proptest::strategy::Strategy as _;

use super::*;
use crate::sys::storage::simulated::{Loss, Simulated, SimulatedFile};
use crate::sys::storage::{AppendFile, Storage};

fn names() -> Names {
    Names::new(Path::new("dir"), Path::new("a.aof"))
}

/// The one command of these tests: its number counts.
fn command(number: u32) -> Vec<u8> {
    format!("*1\r\n$4\r\n{number:04}\r\n").into_bytes()
}

/// A data set is the numbers from 1 to the last; a base says how far it goes.
#[derive(Debug, Default)]
struct Model {
    fed: u32,
    /// Up to here a sync has succeeded.
    promised: u32,
}

impl Model {
    fn append(&mut self, writer: &mut Writer<SimulatedFile>, seals: bool) -> io::Result<()> {
        self.fed += 1;
        writer.append(&command(self.fed), seals).map_err(|error| error.source)?;
        writer.sync()?;
        self.promised = self.fed;
        Ok(())
    }
}

/// Starts, appends, rewrites twice, until the power fails.
fn run(disk: &Simulated, model: &mut Model) -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Files::open(disk.clone(), names())?;
    files.create_directory()?;
    write_base(disk, 0)?;
    files.adopt_base(BASE.as_ref(), false, Increment::None)?;
    let (_, mut writer) = files.open_last(Cover::new())?;
    model.append(&mut writer, false)?;
    model.append(&mut writer, true)?;
    for _ in 0..2 {
        let (_, next) = files.begin_increment()?;
        writer = next;
        let base = model.fed;
        model.append(&mut writer, false)?;
        write_base(disk, base)?;
        files.adopt_base(BASE.as_ref(), false, Increment::Last)?;
        model.append(&mut writer, true)?;
        for path in files.take_history()? {
            disk.remove(&path)?;
        }
        model.append(&mut writer, false)?;
    }
    Ok(())
}

const BASE: &str = "temp-base";

fn write_base(disk: &Simulated, up_to: u32) -> io::Result<()> {
    let file = disk.create(&names().path(BASE.as_ref()))?;
    let mut writer = Writer::new(file, Cover::new())?;
    for number in 1..=up_to {
        writer.append(&command(number), false).map_err(|error| error.source)?;
    }
    writer.append(b"", true).map_err(|error| error.source)?;
    writer.sync()
}

/// What a start finds: the numbers in order. The torn end of the last file is passed over.
fn recovered(disk: &Simulated) -> Vec<u32> {
    let files = Files::open(disk.clone(), names()).expect("the manifest is whole, or not there");
    let mut numbers = Vec::new();
    let parts: Vec<_> = files.manifest().parts().collect();
    for (index, part) in parts.iter().enumerate() {
        let bytes = disk.read(&files.path_of(part), u64::MAX).expect("the manifest names what is there");
        let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
        loop {
            match reader.next_record() {
                Ok(Some(Record::Command(command))) => {
                    numbers.push(str::from_utf8(&command[8..12]).unwrap().parse().unwrap());
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(ReadError::Truncated { .. }) if index + 1 == parts.len() => break,
                Err(error) => panic!("{error} in {part:?}"),
            }
        }
    }
    numbers
}

#[test]
fn nothing_that_was_synced_is_lost_whatever_call_the_power_fails_after() {
    let all = Simulated::with_calls(usize::MAX);
    run(&all, &mut Model::default()).unwrap();
    let calls = all.calls();
    assert!(calls > 50);
    for calls in 0..=calls {
        let disk = Simulated::with_calls(calls);
        let mut model = Model::default();
        let _ = run(&disk, &mut model);
        for loss in Loss::ALL {
            let numbers = recovered(&disk.after(loss));
            let expected: Vec<u32> = (1..=numbers.len() as u32).collect();
            assert_eq!(numbers, expected, "after {calls} calls, losing {loss:?}");
            let found = numbers.len() as u32;
            assert!(
                (model.promised..=model.fed).contains(&found),
                "{found} of {model:?} after {calls} calls, losing {loss:?}"
            );
        }
    }
}

#[test]
fn a_server_goes_on_where_the_power_failed() {
    let all = Simulated::with_calls(usize::MAX);
    run(&all, &mut Model::default()).unwrap();
    let calls = all.calls();
    for calls in 0..=calls {
        let disk = Simulated::with_calls(calls);
        let _ = run(&disk, &mut Model::default());
        let disk = disk.after(Loss::Everything);
        let before = recovered(&disk).len() as u32;
        let mut files = Files::open(disk.clone(), names()).unwrap();
        let cover = cover_of_last(&disk, &files);
        let (_, mut writer) = files.open_last(cover).unwrap();
        let mut model = Model { fed: before, promised: before };
        model.append(&mut writer, true).unwrap();
        let numbers = recovered(&disk.after(Loss::Everything));
        assert_eq!(numbers, (1..=before + 1).collect::<Vec<_>>(), "after {calls} calls");
    }
}

fn cover_of_last(disk: &Simulated, files: &Files<Simulated>) -> Cover {
    let Some(part) = files.manifest().increments.last() else { return Cover::new() };
    let bytes = disk.read(&files.path_of(part), u64::MAX).unwrap();
    let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
    while reader.next_record().unwrap().is_some() {}
    reader.into_cover()
}

#[test]
fn the_single_file_of_an_old_layout_survives_its_move_whatever_call_the_power_fails_after() {
    for calls in 0..12 {
        let disk = Simulated::with_calls(usize::MAX);
        let mut file = disk.create(Path::new("a.aof")).unwrap();
        let content = command(1);
        while file.size().unwrap() < content.len() as u64 {
            file.append(&[IoSlice::new(&content[file.size().unwrap() as usize..])]).unwrap();
        }
        file.sync().unwrap();
        disk.sync_directory(Path::new(".")).unwrap();
        disk.fail_after(calls);
        let migrate =
            |disk: &Simulated| Files::open(disk.clone(), names()).and_then(|mut files| files.migrate());
        let _ = migrate(&disk);
        for loss in Loss::ALL {
            let disk = disk.after(loss);
            migrate(&disk).unwrap();
            assert_eq!(recovered(&disk).len(), 1, "after {calls} calls, losing {loss:?}");
        }
    }
}

/// A server that has `before` already begins to append: what counts is nothing, until the base is there.
fn switch_on(disk: &Simulated, before: u32, model: &mut Model) -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Files::open(disk.clone(), names())?;
    files.create_directory()?;
    let (_, mut writer) = files.begin_temporary_increment()?;
    model.fed = before;
    let mut written = Model { fed: before, promised: 0 };
    written.append(&mut writer, false)?;
    write_base(disk, before)?;
    model.fed = written.fed;
    files.adopt_base(BASE.as_ref(), false, Increment::Temporary)?;
    model.promised = written.promised;
    model.append(&mut writer, true)?;
    Ok(())
}

#[test]
fn switching_it_on_is_all_or_nothing_whatever_call_the_power_fails_after() {
    let all = Simulated::with_calls(usize::MAX);
    switch_on(&all, 3, &mut Model::default()).unwrap();
    let calls = all.calls();
    for calls in 0..=calls {
        let disk = Simulated::with_calls(calls);
        let mut model = Model::default();
        let _ = switch_on(&disk, 3, &mut model);
        for loss in Loss::ALL {
            let numbers = recovered(&disk.after(loss));
            assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
            let found = numbers.len() as u32;
            assert!(
                found == 0 && model.promised == 0 || (model.promised.max(3)..=model.fed).contains(&found),
                "{found} of {model:?} after {calls} calls, losing {loss:?}"
            );
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_reading_panic_or_go_on_for_ever(
        bytes in proptest::collection::vec(proptest::prop_oneof![
            proptest::strategy::Just(b"*1\r\n$1\r\na\r\n".to_vec()),
            proptest::strategy::Just(b"*2\r\n$".to_vec()),
            proptest::strategy::Just(b"#russet-crc64:".to_vec()),
            proptest::strategy::Just(b"0123456789abcdef 12\r\n".to_vec()),
            proptest::collection::vec(proptest::num::u8::ANY, 0..9),
            proptest::string::string_regex("[*$#0-9\r\n-]{0,9}").unwrap().prop_map(String::into_bytes),
        ], 0..20)
    ) {
        let bytes = bytes.concat();
        let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
        let mut records = 0;
        while let Ok(Some(_)) = reader.next_record() {
            records += 1;
            assert!(records <= bytes.len());
        }
        assert!(reader.offset() <= bytes.len() as u64);
    }

    #[test]
    fn what_a_manifest_is_read_as_is_what_it_is_written_as(
        text in "(#?file [a-z\"\\\\x./ ]{1,5} seq [0-3] type [bihx]( k v)?\n){0,4}"
    ) {
        if let Ok(manifest) = Manifest::parse(text.as_bytes()) && !manifest.is_empty() {
            let again = Manifest::parse(&manifest.to_bytes()).unwrap();
            assert_eq!(again.to_bytes(), manifest.to_bytes());
        }
    }
}

/// A file that takes so many bytes, and then none; and that may refuse to be cut.
#[derive(Debug)]
struct Full {
    bytes: Vec<u8>,
    room: Rc<Cell<usize>>,
    can_be_cut: bool,
}

impl AppendFile for Full {
    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn append(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        let count = bytes.len().min(self.room.get() - self.bytes.len());
        if count == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        if !self.can_be_cut {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        self.bytes.truncate(size as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_fails_half_way_leaves_whole_commands_and_right_checksums() {
    let two = [command(1), command(2)].concat();
    for can_be_cut in [true, false] {
        for room in 0..two.len() + 50 {
            let left = Rc::new(Cell::new(room));
            let full = Full { bytes: Vec::new(), room: Rc::clone(&left), can_be_cut };
            let mut writer = Writer::new(full, Cover::new()).unwrap();
            let mut pending = two.clone();
            if let Err(error) = writer.append(&pending, true) {
                pending.drain(..error.kept);
                if can_be_cut {
                    assert_eq!(writer.size(), 0);
                }
                left.set(usize::MAX);
                pending.extend_from_slice(&command(3));
                writer.append(&pending, true).unwrap();
            }
            let bytes = &writer.file().bytes;
            let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
            let mut commands = 0;
            while let Some(record) = reader.next_record().unwrap() {
                commands += usize::from(matches!(record, Record::Command(_)));
            }
            assert!((2..=3).contains(&commands), "{room}");
            assert_eq!(reader.covered_to(), bytes.len() as u64, "{room} {can_be_cut}");
        }
    }
}
