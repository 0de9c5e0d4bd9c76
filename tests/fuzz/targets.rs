//! What is tried with an input, a function per decoder: read it, write what came out, read that again, compare.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, Read};

use russet::aof::{self, Manifest, Record};
use russet::dataset::{self, Header, KeptUsage, Load, LoadOptions};
use russet::keyspace::{Entry, EntryRef, Keyspace};
use russet::rdb::payload::Payload;
use russet::rdb::{LATEST_VERSION, LoadError, Reader, Writer, WriterOptions};

use super::driver::Outcome;
use super::seeds::{NOW_MS, limits};

const DATABASES: usize = 16;

/// Redis and we read no longer lines of a manifest.
const MANIFEST_LINE_BYTES_MAX: usize = 1024;

/// A snapshot into a keyspace, and out and in again.
pub fn snapshot(input: &[u8]) -> Outcome {
    let mut keys = Keyspace::new(DATABASES, (1, 2));
    if let Err(error) = load(input, &mut keys) {
        return error;
    }
    let written = write(&keys);
    let mut again = Keyspace::new(DATABASES, (3, 4));
    load(&written, &mut again).expect("what we wrote is read");
    let (contents, contents_again) = (contents(&keys), contents(&again));
    assert!(contents == contents_again, "what was written and read is what there was");
    assert!(keys.libraries.iter().eq(again.libraries.iter()), "libraries are written and read, too");
    let mut outcome = format!("accepted with {} libraries", keys.libraries.len());
    for db in 0..DATABASES {
        for entry in keys.iter_all(db).take(4) {
            write!(outcome, " {}", entry.encoding()).expect("memory is there");
        }
    }
    outcome
}

fn load(input: &[u8], keys: &mut Keyspace) -> Result<(), Outcome> {
    let options = LoadOptions { now_ms: NOW_MS, drop_expired: false, replace: false, limits: limits() };
    let reader = Reader::new(input, Some(input.len() as u64)).map_err(|error| error.to_string())?;
    let loaded = Load::new(reader, options).advance(keys, |_| true);
    loaded.map(drop).map_err(|error| error.to_string())
}

fn write(keys: &Keyspace) -> Vec<u8> {
    let version = dataset::version_of(keys, LATEST_VERSION);
    let options = WriterOptions { version, ..WriterOptions::default() };
    let mut writer = Writer::new(Vec::new(), options).expect("memory is there");
    let header =
        Header { version: "7.2.4", created_s: 1, used_memory_bytes: 1, place: None, is_aof_base: false };
    dataset::write(&mut writer, keys, &header, KeptUsage::Nothing, |_| Ok(())).expect("memory is there");
    writer.finish().expect("memory is there")
}

/// Expiries and values by database and key.
type Contents = BTreeMap<(usize, Vec<u8>), (Option<i64>, Vec<u8>)>;

fn contents(keys: &Keyspace) -> Contents {
    let of_db = |db| {
        keys.iter_all(db).map(move |entry| ((db, entry.key().to_vec()), (entry.expiry_ms(), dumped(entry))))
    };
    (0..DATABASES).flat_map(of_db).collect()
}

/// A value as a payload without version and checksum, its bytes sorted: tables have no order of their own.
fn dumped(entry: EntryRef<'_>) -> Vec<u8> {
    let mut bytes = dataset::dump(entry, false, LATEST_VERSION).expect("the latest version holds everything");
    bytes.truncate(bytes.len() - 10);
    bytes.sort_unstable();
    bytes
}

/// RESTORE, DUMP, and RESTORE of that; or FUNCTION RESTORE.
pub fn payload(input: &[u8]) -> Outcome {
    if let Some(libraries) = Payload(input).verify(true).ok().and_then(|verified| verified.libraries().ok()) {
        return format!("accepted {} libraries", libraries.len());
    }
    let entry = match restored(input) {
        Ok(Some(entry)) => entry,
        Ok(None) => return "no elements".to_owned(),
        Err(error) => return error,
    };
    for compression in [false, true] {
        let dump = dataset::dump(entry.view(), compression, LATEST_VERSION).expect("the latest holds all");
        let again = restored(&dump).expect("what we wrote is read").expect("it has elements");
        assert_eq!(again.view().kind(), entry.view().kind());
        assert_eq!(again.view().encoding(), entry.view().encoding());
        assert!(dumped(again.view()) == dumped(entry.view()), "what was written and read is what there was");
    }
    let kind = input.first().map_or('-', |kind| char::from(b'A' + kind % 32));
    format!("accepted {kind} {}", entry.view().encoding())
}

fn restored(input: &[u8]) -> Result<Option<Entry>, Outcome> {
    let verified = Payload(input).verify(true).map_err(|error| error.to_string())?;
    let entry = verified.load(|value| {
        let built = dataset::build(value, 1, &limits())?;
        Ok::<_, LoadError>(built.map(|value| value.into_entry(b"key", None, 0)))
    });
    entry.map_err(|error| error.to_string())
}

/// The commands of an append-only file: the same ones however the bytes arrive, and again when written anew.
pub fn append_only_file(input: &[u8]) -> Outcome {
    let size = input.len() as u64;
    let (commands, outcome) = read_all(aof::Reader::new(input, size, 0, Vec::new()));
    let in_pieces = read_all(aof::Reader::new(Pieces(input), size, 0, Vec::new()));
    assert!((&commands, &outcome) == (&in_pieces.0, &in_pieces.1), "{outcome}, in pieces {}", in_pieces.1);
    let anew = commands.concat();
    let (again, end) = read_all(aof::Reader::new(&anew[..], anew.len() as u64, 0, Vec::new()));
    assert!(again == commands && end.starts_with("accepted"), "{end}");
    outcome
}

fn read_all(mut reader: aof::Reader<impl Read>) -> (Vec<Vec<u8>>, Outcome) {
    let mut commands = Vec::new();
    let (mut times, mut others) = (false, false);
    loop {
        match reader.next_record() {
            Ok(Some(Record::Command(command))) => commands.push(command.to_vec()),
            Ok(Some(Record::TimestampS(_))) => times = true,
            Ok(Some(Record::Other)) => others = true,
            Ok(None) => return (commands, format!("accepted {times} {others}")),
            Err(error) => return (commands, error.to_string()),
        }
    }
}

/// A source that gives little at a time.
struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(7);
        self.0.read(&mut buffer[..len])
    }
}

/// A manifest there and back.
pub fn manifest(input: &[u8]) -> Outcome {
    let manifest = match Manifest::parse(input) {
        Ok(manifest) => manifest,
        Err(error) => return error.to_string(),
    };
    let bytes = manifest.to_bytes();
    match Manifest::parse(&bytes) {
        Ok(again) => assert_eq!(again, manifest),
        // Quotes make names longer. A manifest without files is never written.
        Err(_) => assert!(
            bytes.is_empty()
                || bytes.split(|byte| *byte == b'\n').any(|line| line.len() >= MANIFEST_LINE_BYTES_MAX)
        ),
    }
    let count = |parts: usize| if parts == 0 { "none" } else { "some" };
    format!(
        "accepted {} {} {}",
        manifest.base.is_some(),
        count(manifest.increments.len()),
        count(manifest.history.len())
    )
}
