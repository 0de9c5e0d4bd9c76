//! Whole snapshots: round trips here, files of real servers in `golden`, broken ones in `hostile`, collections
//! in `values`.

mod golden;
mod hostile;
mod values;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::rc::Rc;

use super::*;
use crate::ds::StrRef;
use crate::types::Stream;
use crate::types::stream::{Direction, StreamId};

/// A snapshot's items, a line each.
fn items(bytes: &[u8]) -> Result<Vec<String>, LoadError> {
    drain(&mut Reader::new(bytes, None)?)
}

fn drain<R: Read>(reader: &mut Reader<R>) -> Result<Vec<String>, LoadError> {
    let mut lines = Vec::new();
    while let Some(item) = reader.next_item()? {
        lines.push(line(item)?);
    }
    Ok(lines)
}

fn line<R: Read>(item: Item<'_, R>) -> Result<String, LoadError> {
    Ok(match item {
        Item::Aux { name, value } => format!("aux {} {}", name.escape_ascii(), value.escape_ascii()),
        Item::Function { code } => format!("function {}", code.escape_ascii()),
        Item::ModuleAux { module } => format!("module {module}"),
        Item::SelectDb(number) => format!("db {number}"),
        Item::ResizeDb { keys, volatile } => format!("resize {keys} {volatile}"),
        Item::Entry(entry) => {
            let expiry = entry.expiry_ms.map_or(String::new(), |ms| format!(" expires {ms}"));
            let usage = entry.usage.map_or(String::new(), |usage| format!(" {usage:?}"));
            format!("{} = {}{expiry}{usage}", entry.key.escape_ascii(), shown(entry.value)?)
        }
    })
}

/// A value with all its elements, in the order in which they are stored.
fn shown<R: Read>(value: Value<'_, R>) -> Result<String, LoadError> {
    let elements = RefCell::new(Vec::new());
    let show = |element: StrRef<'_>| elements.borrow_mut().push(text_of(element));
    let kind = match value {
        Value::String(StringValue::Int(number)) => return Ok(number.to_string()),
        Value::String(StringValue::Bytes(bytes)) => return Ok(format!("\"{}\"", bytes.escape_ascii())),
        Value::Stream(stream) => return Ok(format!("stream {}", stream_text(&stream))),
        Value::List(mut list) => {
            while let Some(part) = list.next_part()? {
                match part {
                    ListPart::Node(pack) => pack.iter().for_each(show),
                    ListPart::Plain(element) => show(StrRef::of(&element)),
                    ListPart::Element(element) => show(element),
                }
            }
            "list"
        }
        Value::IntSet(integers) => {
            integers.iter().for_each(|integer| show(StrRef::Int(integer)));
            "intset"
        }
        Value::Set(mut set) => {
            while let Some(member) = set.next_member()? {
                show(member);
            }
            "set"
        }
        Value::Hash(mut hash) => {
            while let Some(HashField { field, value, expiry_ms }) = hash.next_field()? {
                show(field);
                show(value);
                if let Some(expiry_ms) = expiry_ms {
                    show(StrRef::Int(expiry_ms));
                }
            }
            "hash"
        }
        Value::Zset(mut zset) => {
            while let Some((member, score)) = zset.next_member()? {
                show(member);
                elements.borrow_mut().push(score.to_string());
            }
            "zset"
        }
    };
    Ok(format!("{kind} {}", elements.into_inner().join(" ")))
}

fn text_of(element: StrRef<'_>) -> String {
    element.with_text(|text| text.escape_ascii().to_string())
}

fn stream_text(stream: &Stream) -> String {
    let log = stream.log();
    let mut text = format!(
        "last {} first {} deleted {} added {}",
        log.last_id(),
        log.first_id(),
        log.max_deleted_id(),
        log.entries_added()
    );
    for entry in log.range(StreamId::MIN, StreamId::MAX, Direction::Forward) {
        let fields: Vec<String> =
            entry.fields().flat_map(|(name, value)| [text_of(name), text_of(value)]).collect();
        write!(text, " [{} {}]", entry.id, fields.join(" ")).unwrap();
    }
    for (name, group) in stream.groups() {
        write!(text, " {}: at {} ", name.escape_ascii(), group.last_delivered()).unwrap();
        write!(text, "read {:?}", group.entries_read()).unwrap();
        for (id, pending) in group.pending_from(StreamId::MIN) {
            let owner = group.consumer(pending.consumer).name().escape_ascii();
            write!(text, " ({id} {owner} {} times)", pending.deliveries).unwrap();
        }
    }
    text
}

fn snapshot(options: WriterOptions, fill: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    fill(&mut writer).unwrap();
    let expected_bytes = writer.bytes() + 9;
    let bytes = writer.finish().unwrap();
    assert_eq!(bytes.len() as u64, expected_bytes);
    bytes
}

/// One of each item that versions from 10 on have.
fn fill_with_everything(writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    writer.aux(aux::REDIS_VERSION, b"7.2.4")?;
    writer.aux_int(aux::REDIS_BITS, 64)?;
    writer.function(b"#!lua name=lib\nredis.register_function('f', function() return 1 end)")?;
    writer.select_db(0)?;
    writer.resize_db(5, 2)?;
    writer.value(b"text").string(&b"hello"[..].into())?;
    writer.entry_head(Some(1_700_000_000_123), None)?;
    writer.value(b"volatile").string(&StringValue::Int(-5))?;
    writer.entry_head(None, Some(Usage::IdleSeconds(100)))?;
    writer.value(b"idle").string(&StringValue::Int(i64::MAX))?;
    writer.entry_head(Some(-1), Some(Usage::Frequency(255)))?;
    writer.value(b"used").string(&[b'a'; 100][..].into())?;
    writer.value(b"").string(&b""[..].into())?;
    writer.select_db(15)?;
    writer.value(b"12345").string(&StringValue::Int(70_000))
}

fn everything() -> Vec<u8> {
    snapshot(WriterOptions::default(), fill_with_everything)
}

#[test]
fn what_is_written_is_read() {
    let run = "a".repeat(100);
    let expected = [
        "aux redis-ver 7.2.4",
        "aux redis-bits 64",
        "function #!lua name=lib\\nredis.register_function(\\'f\\', function() return 1 end)",
        "db 0",
        "resize 5 2",
        "text = \"hello\"",
        "volatile = -5 expires 1700000000123",
        "idle = \"9223372036854775807\" IdleSeconds(100)",
        &format!("used = \"{run}\" expires -1 Frequency(255)"),
        " = \"\"",
        "db 15",
        "12345 = 70000",
    ];
    for compression in [false, true] {
        for checksum in [false, true] {
            let options = WriterOptions { compression, checksum, version: 10 };
            let bytes = snapshot(options, fill_with_everything);
            assert_eq!(bytes.ends_with(&[0; 8]), !checksum);
            assert_eq!(items(&bytes).unwrap(), expected, "{options:?}");
        }
    }
}

#[test]
fn an_input_of_single_bytes_reads_the_same() {
    struct OneByOne<'a>(&'a [u8]);
    impl Read for OneByOne<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(1);
            self.0.read(&mut buffer[..count])
        }
    }
    let bytes = everything();
    let mut reader = Reader::new(OneByOne(&bytes), None).unwrap();
    assert_eq!(drain(&mut reader).unwrap(), items(&bytes).unwrap());
    assert_eq!(reader.offset(), bytes.len() as u64);
}

#[test]
fn what_follows_a_snapshot_is_left_to_the_caller() {
    let mut bytes = everything();
    let size = bytes.len();
    bytes.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    let mut reader = Reader::new(&bytes[..], None).unwrap();
    drain(&mut reader).unwrap();
    assert!(reader.next_item().unwrap().is_none());
    assert_eq!(reader.offset(), size as u64);
    let (mut rest, mut source) = reader.into_rest();
    source.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"*1\r\n$4\r\nPING\r\n");
}

#[test]
fn an_empty_snapshot_is_header_end_and_checksum() {
    let options = WriterOptions { checksum: false, ..WriterOptions::default() };
    let bytes = snapshot(options, |_| Ok(()));
    assert_eq!(bytes, b"REDIS0011\xff\0\0\0\0\0\0\0\0");
    assert!(items(&bytes).unwrap().is_empty());
}

#[test]
fn only_versions_that_can_hold_the_content_are_written() {
    for version in [0, 8, 13, 255] {
        let options = WriterOptions { version, ..WriterOptions::default() };
        let error = Writer::new(Vec::new(), options).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{version}");
    }
    let options = WriterOptions { version: 9, ..WriterOptions::default() };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    assert_eq!(writer.function(b"code").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert!(writer.finish().unwrap().starts_with(b"REDIS0009\xff"));
}

#[test]
fn progress_is_reported_also_inside_a_huge_value() {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&reports);
    let bytes = snapshot(WriterOptions { compression: false, ..WriterOptions::default() }, |writer| {
        writer.on_progress(1_000_000, move |written, bytes| {
            assert_eq!(written.len() as u64, bytes);
            seen.borrow_mut().push(bytes);
            Ok(())
        });
        writer.value(b"huge").string(&vec![b'x'; 3_500_000][..].into())?;
        (0..100_000).try_for_each(|_| writer.value(b"small").string(&b"0123456789"[..].into()))
    });
    let reports = reports.borrow();
    assert_eq!(reports.len(), 5);
    assert!(reports.windows(2).all(|pair| pair[1] - pair[0] >= 1_000_000), "{reports:?}");
    assert_eq!(items(&bytes).unwrap().len(), 100_001);
}

#[test]
fn an_error_of_the_progress_hook_ends_the_writing() {
    let mut writer = Writer::new(Vec::new(), WriterOptions::default()).unwrap();
    writer.on_progress(1, |_, _| Err(io::Error::other("disk gone")));
    writer.select_db(0).unwrap();
    assert_eq!(writer.finish().err().unwrap().to_string(), "disk gone");
}

#[test]
fn a_payload_is_verified_before_it_is_loaded() {
    use payload::{Payload, PayloadError};

    let value = StringValue::from(&[b'z'; 500][..]);
    let dump = payload::dump(true, RDB_VERSION, |writer| writer.string(&value)).unwrap();
    let verified = Payload(&dump).verify(true).unwrap();
    assert_eq!(verified.version(), 11);
    assert_eq!(verified.load(shown).unwrap(), format!("\"{}\"", "z".repeat(500)));

    for length in 0..10 {
        assert_eq!(Payload(&dump[..length]).verify(true).unwrap_err(), PayloadError::TooShort);
    }
    for position in 0..dump.len() {
        let mut broken = dump.clone();
        broken[position] ^= 0x10;
        assert!(Payload(&broken).verify(true).is_err(), "byte {position}");
    }
    let mut newer = dump.clone();
    newer[dump.len() - 10] = 13;
    assert_eq!(Payload(&newer).verify(true).unwrap_err(), PayloadError::Version(13));
    newer[dump.len() - 10] = 10;
    assert_eq!(Payload(&newer).verify(false).unwrap().version(), 10);
}

/// A payload with a right checksum around any body.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = [body, &[11, 0]].concat();
    bytes.extend(crate::util::crc64::crc64(&bytes).to_le_bytes());
    bytes
}

#[test]
fn a_verified_payload_may_still_hold_no_value() {
    let load = |body: &[u8]| payload::Payload(&sealed(body)).verify(true).unwrap().load(shown);
    assert!(matches!(load(b""), Err(LoadError::Truncated { offset: 0 })));
    assert!(matches!(load(b"\0\x05hell"), Err(LoadError::Truncated { offset: 6 })));
    assert!(matches!(load(b"\0\x05hello!"), Err(LoadError::Corrupt { offset: 7, .. })));
    assert!(matches!(load(b"\xfa\x05hello"), Err(LoadError::Corrupt { offset: 0, .. })));
    assert!(matches!(load(b"\x07\0"), Err(LoadError::Unsupported { type_id: 7, offset: 0 })));
    assert!(matches!(load(b"\0\x81\xff\xff\xff\xff\xff\xff\xff\xff"), Err(LoadError::Truncated { .. })));
}
