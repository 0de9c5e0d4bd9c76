//! `russet-check-rdb`: whether a snapshot is whole, and where it is not. Never changes it.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::config::REDIS_VERSION;
use crate::dataset::{Limits, build};
use crate::rdb::{Item, LoadError, Reader, Stage};
use crate::types::{HashLimits, ListLimits, SetLimits, ZsetLimits};

/// The first version whose snapshots end with a checksum.
const CHECKSUM_SINCE_VERSION: u8 = 5;

/// Names of types of values, by number. Redis's words.
const TYPE_NAMES: [&str; 22] = [
    "string",
    "list-linked",
    "set-hashtable",
    "zset-v1",
    "hash-hashtable",
    "zset-v2",
    "module-pre-release",
    "module-value",
    "",
    "hash-zipmap",
    "list-ziplist",
    "set-intset",
    "zset-ziplist",
    "hash-ziplist",
    "quicklist",
    "stream",
    "hash-listpack",
    "zset-listpack",
    "quicklist-v2",
    "stream-v2",
    "set-listpack",
    "stream-v3",
];

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    keys: u64,
    expires: u64,
    already_expired: u64,
}

/// Where and why reading stopped.
struct Failure {
    offset: u64,
    what: String,
    doing: &'static str,
    key: Option<String>,
    type_id: Option<u8>,
}

/// The program: `arguments` with its own name in front. Returns the exit code.
pub fn check_rdb(arguments: &[String], now_ms: i64, output: &mut dyn Write, errors: &mut dyn Write) -> u8 {
    let path = match arguments {
        [_, option] if option == "-v" || option == "--version" => {
            return code(writeln!(output, "redis-check-rdb {REDIS_VERSION}").map(|()| true));
        }
        [_, path] => path,
        _ => {
            let program = arguments.first().map_or("russet-check-rdb", String::as_str);
            return code(writeln!(errors, "Usage: {program} <rdb-file-name>").map(|()| false));
        }
    };
    code(check_file(path, now_ms, output))
}

/// Nobody reads what could not be printed: that is a failure too.
fn code(is_sound: io::Result<bool>) -> u8 {
    u8::from(!is_sound.unwrap_or(false))
}

/// Examines a file, prints what is found, and says whether it is sound.
pub fn check_file(path: &str, now_ms: i64, output: &mut dyn Write) -> io::Result<bool> {
    writeln!(output, "[offset 0] Checking RDB file {path}")?;
    // Redis says no more of a file that it cannot open.
    let Ok(file) = File::open(path) else { return Ok(false) };
    let size = file.metadata().map(|metadata| metadata.len()).ok();
    let mut counts = Counts::default();
    let is_sound = match check_stream(file, size, now_ms, &mut counts, output)? {
        Ok(end) => {
            writeln!(output, "[offset {end}] \\o/ RDB looks OK! \\o/")?;
            true
        }
        Err(failure) => {
            print_failure(&failure, output)?;
            false
        }
    };
    writeln!(output, "[info] {} keys read", counts.keys)?;
    writeln!(output, "[info] {} expires", counts.expires)?;
    writeln!(output, "[info] {} already expired", counts.already_expired)?;
    Ok(is_sound)
}

fn print_failure(failure: &Failure, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "--- RDB ERROR DETECTED ---")?;
    writeln!(output, "[offset {}] {}", failure.offset, failure.what)?;
    writeln!(output, "[additional info] While doing: {}", failure.doing)?;
    if let Some(key) = &failure.key {
        writeln!(output, "[additional info] Reading key '{key}'")?;
    }
    if let Some(type_id) = failure.type_id {
        let name = TYPE_NAMES.get(usize::from(type_id)).unwrap_or(&"unknown");
        writeln!(output, "[additional info] Reading type {type_id} ({name})")?;
    }
    Ok(())
}

/// Reads a snapshot, building each value as a server would. Gives the offset of its end.
fn check_stream(
    source: impl Read,
    size: Option<u64>,
    now_ms: i64,
    counts: &mut Counts,
    output: &mut dyn Write,
) -> io::Result<Result<u64, Failure>> {
    let mut reader = match Reader::new(source, size) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(failure_at_start(&error))),
    };
    loop {
        match check_item(&mut reader, now_ms, counts) {
            Ok(Checked::Said(text)) => writeln!(output, "[offset {}] {text}", reader.offset())?,
            Ok(Checked::Silent) => {}
            Ok(Checked::End) => break,
            Err(error) => return Ok(Err(failure_of(&error, &reader))),
        }
    }
    let end = reader.offset();
    if reader.is_checked() {
        writeln!(output, "[offset {end}] Checksum OK")?;
    } else if reader.version() >= CHECKSUM_SINCE_VERSION {
        let text = "RDB file was saved with checksum disabled: no check performed.";
        writeln!(output, "[offset {end}] {text}")?;
    }
    Ok(Ok(end))
}

/// An item that is sound.
enum Checked {
    /// And worth a line.
    Said(String),
    Silent,
    End,
}

fn check_item(
    reader: &mut Reader<impl Read>,
    now_ms: i64,
    counts: &mut Counts,
) -> Result<Checked, LoadError> {
    let Some(item) = reader.next_item()? else { return Ok(Checked::End) };
    let text = String::from_utf8_lossy;
    Ok(match item {
        Item::Aux { name, value } => Checked::Said(format!("AUX FIELD {} = '{}'", text(name), text(value))),
        Item::ModuleAux { module } => Checked::Said(format!("MODULE AUX for: {module}")),
        Item::SelectDb(number) => Checked::Said(format!("Selecting DB ID {number}")),
        Item::ResizeDb { .. } | Item::Function { .. } => Checked::Silent,
        Item::Entry(entry) => {
            counts.keys += 1;
            build(entry.value, entry.offset, &limits())?;
            counts.expires += u64::from(entry.expiry_ms.is_some());
            counts.already_expired += u64::from(entry.expiry_ms.is_some_and(|at_ms| at_ms < now_ms));
            Checked::Silent
        }
    })
}

/// The defaults of a server. Nothing that is found depends on them.
fn limits() -> Limits {
    Limits {
        list: ListLimits::new(-2, 0),
        set: SetLimits { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 },
        hash: HashLimits { entries_max: 512, value_bytes_max: 64 },
        zset: ZsetLimits { entries_max: 128, value_bytes_max: 64 },
    }
}

/// Of an input that does not even begin as a snapshot.
fn failure_at_start(error: &LoadError) -> Failure {
    let (offset, what) = match error {
        LoadError::Corrupt { offset: 0, .. } => (9, "Wrong signature trying to load DB from file".to_owned()),
        LoadError::Version(_) => (9, error.to_string()),
        other => described(other, 0),
    };
    Failure { offset, what, doing: "start", key: None, type_id: None }
}

fn failure_of(error: &LoadError, reader: &Reader<impl Read>) -> Failure {
    let stage = reader.stage();
    let (offset, what) = match error {
        // The only thing that can be wrong with a type.
        LoadError::Corrupt { .. } if stage == Stage::Type => {
            (reader.offset(), format!("Invalid object type: {}", reader.type_id()))
        }
        other => described(other, reader.offset()),
    };
    Failure {
        offset,
        what,
        doing: name_of(stage),
        key: (stage == Stage::Value).then(|| String::from_utf8_lossy(reader.key()).into_owned()),
        type_id: matches!(stage, Stage::Key | Stage::Value).then(|| reader.type_id()),
    }
}

/// The place of an error, as exact as it is known, and what is wrong there.
fn described(error: &LoadError, read_to: u64) -> (u64, String) {
    match error {
        LoadError::Truncated { offset } => (*offset, "Unexpected EOF reading RDB file".to_owned()),
        LoadError::Corrupt { offset, what } => (*offset, (*what).to_owned()),
        LoadError::Checksum { .. } => (read_to, "RDB CRC error".to_owned()),
        other => (read_to, other.to_string()),
    }
}

fn name_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Type => "read-type",
        Stage::Expiry => "read-expire",
        Stage::Length => "read-len",
        Stage::Aux => "read-aux",
        Stage::Function => "read-functions",
        Stage::ModuleAux => "read-module-aux",
        Stage::Key => "read-key",
        Stage::Value => "read-object-value",
        Stage::Checksum => "check-sum",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::crc64::crc64;

    fn run(bytes: &[u8]) -> (u8, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f").display().to_string();
        std::fs::write(&path, bytes).unwrap();
        let mut output = Vec::new();
        let code = check_rdb(&["check".to_owned(), path.clone()], 1000, &mut output, &mut Vec::new());
        let output = String::from_utf8(output).unwrap();
        let start = format!("[offset 0] Checking RDB file {path}\n");
        (code, output.strip_prefix(&start).unwrap().to_owned())
    }

    #[test]
    fn a_sound_snapshot_is_counted() {
        let mut bytes = b"REDIS0011\xfa\x01a\x01b\xfe\x03\xfc\x01\0\0\0\0\0\0\0\0\x01k\x01v\xff".to_vec();
        let checksum = crc64(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        let expected = "[offset 14] AUX FIELD a = 'b'\n\
                        [offset 16] Selecting DB ID 3\n\
                        [offset 39] Checksum OK\n\
                        [offset 39] \\o/ RDB looks OK! \\o/\n\
                        [info] 1 keys read\n[info] 1 expires\n[info] 1 already expired\n";
        assert_eq!(run(&bytes), (0, expected.to_owned()));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let (code, output) = run(&bytes);
        assert_eq!((code, output.contains("[offset 39] RDB CRC error\n")), (1, true), "{output}");
    }

    #[test]
    fn damage_is_shown_with_its_place_and_key() {
        let (code, output) = run(b"REDIS0011\0\x01k\x05v");
        assert_eq!(code, 1);
        assert!(output.contains("While doing: read-object-value\n"), "{output}");
        assert!(output.contains("Reading key 'k'\n[additional info] Reading type 0 (string)\n"), "{output}");
        let (_, output) = run(b"REDIS0011\xee");
        assert!(output.contains("[offset 10] Invalid object type: 238\n"), "{output}");
        let (_, output) = run(b"REDIS0099\xff");
        assert!(output.contains("[offset 9] Can't handle RDB format version 99\n"), "{output}");
        let (_, output) = run(b"something else");
        assert!(output.contains("Wrong signature trying to load DB from file\n"), "{output}");
    }
}
