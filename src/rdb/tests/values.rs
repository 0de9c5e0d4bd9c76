//! Values of every type in every form: payloads of real servers, encodings that nobody writes any more, and
//! what is written read again.

use super::*;
use crate::ds::intset::IntSet;
use crate::ds::listpack::{ListPack, ListPackRef};

/// What a payload with this body holds.
fn loaded(version: u16, body: &[u8]) -> Result<String, LoadError> {
    let bytes = sealed_as(version, body);
    payload::Payload(&bytes).verify(true).unwrap().load(shown)
}

fn sealed_as(version: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = [body, &version.to_le_bytes()].concat();
    bytes.extend(crate::util::crc64::crc64(&bytes).to_le_bytes());
    bytes
}

/// DUMP of redis-server 7.2.6 with `rdbcompression no`, version and checksum included.
const VERSION_11: [(&[u8], &str); 11] = [
    (
        b"\x12\x01\x02\x12\x12\0\0\0\x03\0\x81a\x02\xdf\xfb\x02\xf2p\x11\x01\x04\xff\x0b\0\xc9L\xa25LD2\xb9",
        "list a -5 70000",
    ),
    (
        b"\x12\x02\x02\x0d\x0d\0\0\0\x02\0\x81a\x02\x81b\x02\xff\x02\x0a\x0a\0\0\0\x01\0\x81c\x02\xff\
          \x0b\0\xcf\xde/\xdb\x0a\xa9\\I",
        "list a b c",
    ),
    (
        b"\x12\x03\x02\x0a\x0a\0\0\0\x01\0\x81a\x02\xff\x01\xc2@\xe2\x01\0\x02\x0a\x0a\0\0\0\x01\0\x81b\x02\xff\
          \x0b\0\x1a\xce7\x91\x85\xce\xbc\x1b",
        "list a 123456 b",
    ),
    (
        b"\x0b\x14\x04\0\0\0\x03\0\0\0\xfe\xff\xff\xff\x01\0\0\0p\x11\x01\0\x0b\0Y\x8d\xc0\x8b1\xae\xf6\xb2",
        "intset -2 1 70000",
    ),
    (b"\x14\x0c\x0c\0\0\0\x02\0\x81a\x02\x0c\x01\xff\x0b\0\x1d\x92|C\xfdb\xd1*", "set a 12"),
    (
        b"\x02\x01@Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x0b\0\x038\x02\xb5&k\x9fj",
        "set xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    (
        b"\x10\x12\x12\0\0\0\x04\0\x81f\x02\x81v\x02\x81n\x02\x07\x01\xff\x0b\0\xd1\xf5c\xdb\xbd\xe0\x13!",
        "hash f v n 7",
    ),
    (
        b"\x04\x01\x01f@Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\
          \x0b\0M\xf3\xc4\xa1\xceS\xf4d",
        "hash f xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    (
        b"\x11##\0\0\0\x06\0\x83low\x04\x84-inf\x05\x83one\x04\x01\x01\x83two\x04\x832.5\x04\xff\
          \x0b\0t\xc9!\x1fe\xd0w\xb0",
        "zset low -inf one 1 two 2.5",
    ),
    (
        b"\x05\x01@Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\0\0\0\0\0\0\xe0\xbf\
          \x0b\0\x87!\xc57\x13w\x0e\xc1",
        "zset xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx -0.5",
    ),
    (
        b"\x15\x01\x10\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x0122\0\0\0\x13\0\x01\x01\x01\x01\x01\x01\x81f\x02\0\x01\
          \x03\x01\0\x01\0\x01\x81v\x02\x04\x01\0\x01\0\x01\x01\x01\x02\x01\x81f\x02\x81w\x02\x81g\x02\x01\x01\
          \x08\x01\xff\x01\x05\x02\x05\x02\x05\x01\x02\x01\x01g\x05\x02\x02\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\
          \x02$\x15\x9d\xfa\xa1\x01\0\0\x01\x01\x02me$\x15\x9d\xfa\xa1\x01\0\0$\x15\x9d\xfa\xa1\x01\0\0\x01\0\0\
          \0\0\0\0\0\x05\0\0\0\0\0\0\0\x02\x0b\0\xa70\xaf\x0bxW\x8dF",
        STREAM,
    ),
];

const STREAM: &str =
    "stream last 5-2 first 5-2 deleted 5-1 added 2 [5-2 f w g 1] g: at 5-2 read Some(2) (5-2 me 1 times)";

/// The stream in DUMP of redis-server 7.0.15, and a set: the other forms are those of 7.2.
const VERSION_10: [(&[u8], &str); 2] = [
    (b"\x02\x02\xc0\x0c\x01a\x0a\0M\xb6\x7f\xa3\xc6\xc9\x17\xd4", "set 12 a"),
    (
        b"\x13\x01\x10\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x0122\0\0\0\x13\0\x01\x01\x01\x01\x01\x01\x81f\x02\0\x01\
          \x03\x01\0\x01\0\x01\x81v\x02\x04\x01\0\x01\0\x01\x01\x01\x02\x01\x81f\x02\x81w\x02\x81g\x02\x01\x01\
          \x08\x01\xff\x01\x05\x02\x05\x02\x05\x01\x02\x01\x01g\x05\x02\x02\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\
          \x02`\x15\x9d\xfa\xa1\x01\0\0\x01\x01\x02me`\x15\x9d\xfa\xa1\x01\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\
          \0\x02\x0a\0\x91#!Q\x1a\x03x\xb2",
        STREAM,
    ),
];

#[test]
fn payloads_of_redis_are_read() {
    for (dump, expected) in VERSION_11.iter().chain(&VERSION_10) {
        let verified = payload::Payload(dump).verify(true).unwrap();
        assert_eq!(verified.load(shown).unwrap(), *expected);
    }
}

#[test]
fn encodings_of_old_versions_are_read() {
    let ziplist = b"\x0f\0\0\0\x0c\0\0\0\x02\0\0\xf3\x02\xf6\xff";
    let with_ziplist = |head: &[u8]| [head, &[ziplist.len() as u8], ziplist].concat();
    let cases: [(Vec<u8>, &str); 7] = [
        (b"\x01\x02\x01a\xc0\x05".to_vec(), "list a 5"),
        (b"\x03\x03\x01a\x042.50\x01b\xff\x01c\xfe".to_vec(), "zset a 2.5 b -inf c inf"),
        (b"\x09\x0c\x01\x03foo\x03\x01bar.\xff".to_vec(), "hash foo bar"),
        (with_ziplist(b"\x0a"), "list 2 5"),
        (with_ziplist(b"\x0c"), "zset 2 5"),
        (with_ziplist(b"\x0d"), "hash 2 5"),
        (with_ziplist(b"\x0e\x01"), "list 2 5"),
    ];
    for (body, expected) in cases {
        assert_eq!(loaded(6, &body).unwrap(), expected);
    }
}

#[test]
fn a_stream_of_version_9_gets_the_counters_that_follow_from_it() {
    let (dump, _) = VERSION_10[1];
    // Without the IDs and the counter behind the last ID, and without the number of entries read.
    let at = dump.windows(3).position(|three| three == b"\xff\x01\x05").unwrap() + 4;
    let body = [b"\x0f", &dump[1..at], &dump[at + 5..at + 10], &dump[at + 11..dump.len() - 10]].concat();
    let expected = "stream last 5-2 first 5-2 deleted 0-0 added 1 [5-2 f w g 1] g: at 5-2 read Some(1) \
                    (5-2 me 1 times)";
    assert_eq!(loaded(9, &body).unwrap(), expected);
}

#[test]
fn fields_with_expiries_are_read_in_version_12_alone() {
    let table = b"\x18\x10\x27\0\0\0\0\0\0\x02\x06\x01a\x01b\0\x01c\x01d";
    let packed =
        b"\x19\x10\x27\0\0\0\0\0\0\x17\x17\0\0\0\x06\0\x81a\x02\x01\x01\xf1\x10\x27\x03\x81c\x02\0\x01\0\x01\
                   \xff";
    assert_eq!(loaded(12, table).unwrap(), "hash a b 10005 c d");
    assert_eq!(loaded(12, packed).unwrap(), "hash a 1 10000 c 0");
    for body in [&table[..], packed] {
        assert!(matches!(loaded(11, body), Err(LoadError::Corrupt { offset: 0, .. })));
    }
}

#[test]
fn a_field_that_expires_outside_of_time_is_refused() {
    // The earliest expiry, then a field that is `after` (a length less one) milliseconds behind it.
    let table = |earliest_ms: i64, after: u8| {
        let fields = [1, after, 1, b'a', 1, b'b'];
        [b"\x18".as_slice(), &earliest_ms.to_le_bytes(), &fields].concat()
    };
    assert_eq!(loaded(12, &table(1, 1)).unwrap(), "hash a b 1");
    for (earliest_ms, after) in [(0, 1), (-1, 2), (i64::MIN, 5), (i64::MAX, 2)] {
        let loaded = loaded(12, &table(earliest_ms, after));
        assert!(matches!(loaded, Err(LoadError::Integrity { .. })), "{earliest_ms} {after}: {loaded:?}");
    }
}

/// Writes values of all types, as a server with these encodings would.
pub(super) fn fill_with_collections(writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let (a, b, number) = (StrRef::Bytes(b"a"), StrRef::Bytes(b"b"), StrRef::Int(-40_000));
    let pack: ListPack = [a, b, number].into_iter().collect();
    let nodes = [ListNode::Packed(pack.view()), ListNode::Plain(b"123456"), ListNode::Plain(b"plain")];
    writer.value(b"list").list(nodes.len(), nodes.into_iter())?;
    let integers: IntSet = [5, -1, 70_000].into_iter().fold(IntSet::new(), |mut set, integer| {
        set.insert(integer);
        set
    });
    writer.value(b"integers").intset(integers.as_bytes())?;
    for (key, form) in [(b"packed", Form::Packed), (b"table ", Form::Table)] {
        writer.value(key).set(form, 3, [a, b, number].into_iter())?;
        writer.value(key).hash(form, 2, [(a, number), (number, b)].into_iter())?;
        writer.value(key).zset(form, 3, [(number, f64::NEG_INFINITY), (a, -3.0), (b, 0.5)].into_iter())?;
    }
    let stream = payload::Payload(VERSION_11[10].0).verify(true).unwrap();
    stream
        .load(|value| match value {
            Value::Stream(stream) => {
                writer.value(b"stream").stream(&stream).unwrap();
                Ok(())
            }
            _ => unreachable!("it is a stream"),
        })
        .map_err(io::Error::other::<LoadError>)
}

#[test]
fn collections_that_are_written_are_read_in_every_version() {
    let mut expected =
        vec!["list = list a b -40000 123456 plain".to_owned(), "integers = intset -1 5 70000".to_owned()];
    for key in ["packed", "table "] {
        expected.push(format!("{key} = set a b -40000"));
        expected.push(format!("{key} = hash a -40000 -40000 b"));
        expected.push(format!("{key} = zset -40000 -inf a -3 b 0.5"));
    }
    for (version, stream) in [
        (11, STREAM.to_owned()),
        (10, STREAM.to_owned()),
        (9, STREAM.replace("deleted 5-1 added 2", "deleted 0-0 added 1").replace("Some(2)", "Some(1)")),
    ] {
        for compression in [false, true] {
            let options = WriterOptions { compression, version, ..WriterOptions::default() };
            let bytes = snapshot(options, fill_with_collections);
            let mut expected = expected.clone();
            expected.push(format!("stream = {stream}"));
            assert_eq!(items(&bytes).unwrap(), expected, "{options:?}");
        }
    }
}

#[test]
fn older_versions_have_no_newer_types() {
    let types = |version| {
        let options = WriterOptions { compression: false, checksum: false, version };
        let bytes = snapshot(options, fill_with_collections);
        (12_u8..=21)
            .filter(|value_type| {
                let head = [&[*value_type, 6], &b"packed"[..]].concat();
                let stream = [&[*value_type, 6], &b"stream"[..]].concat();
                let list = [&[*value_type, 4], &b"list"[..]].concat();
                [head, stream, list].iter().any(|head| bytes.windows(head.len()).any(|window| window == head))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(types(11), [16, 17, 18, 20, 21]);
    assert_eq!(types(10), [16, 17, 18, 19]);
    assert_eq!(types(9), [12, 13, 14, 15]);
}

#[test]
fn expiries_of_fields_are_written_in_version_12_alone() {
    let (a, b) = (StrRef::Bytes(b"a"), StrRef::Bytes(b"b"));
    let fields = || [(a, b, None), (b, a, Some(2000)), (StrRef::Int(1), a, Some(1000))].into_iter();
    for (form, expected) in
        [(Form::Packed, "hash 1 a 1000 b a 2000 a b"), (Form::Table, "hash a b b a 2000 1 a 1000")]
    {
        let dump =
            |version| payload::dump(true, version, |it| it.hash_with_expiries(form, 3, 1000, fields()));
        let bytes = dump(12).unwrap();
        assert_eq!(payload::Payload(&bytes).verify(true).unwrap().load(shown).unwrap(), expected);
        assert_eq!(dump(11).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

#[test]
fn what_is_left_of_a_value_is_skipped() {
    let options = WriterOptions { compression: false, ..WriterOptions::default() };
    let bytes = snapshot(options, fill_with_collections);
    let mut reader = Reader::new(&bytes[..], None).unwrap();
    let mut keys = 0;
    while let Some(item) = reader.next_item().unwrap() {
        keys += usize::from(matches!(item, Item::Entry(_)));
    }
    assert_eq!(keys, 9);
}

#[test]
fn values_that_contradict_themselves_are_corrupt() {
    let pack = |elements: &[&[u8]]| {
        let pack: ListPack = elements.iter().map(|text| StrRef::of(text)).collect();
        [&[pack.byte_len() as u8], pack.as_bytes()].concat()
    };
    let many: Vec<Vec<u8>> = (0..25_u32).map(|number| (number % 24).to_string().into_bytes()).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    let mut broken_pack = pack(&[b"a"]);
    broken_pack[7] = 0xf9;
    let cases: [(&[u8], Vec<u8>); 16] = [
        (b"\x14", pack(&[b"a", b"b", b"a"])),
        (b"\x14", pack(&many)),
        (b"\x14", broken_pack.clone()),
        (b"\x10", pack(&[b"a", b"b", b"a", b"c"])),
        (b"\x10", pack(&[b"a", b"b", b"c"])),
        (b"\x11", pack(&[b"a", b"nan"])),
        (b"\x11", pack(&[b"a", b"x"])),
        (b"\x11", pack(&[b"a", b"1", b"a", b"2"])),
        (b"\x05\x01\x01a", f64::NAN.to_le_bytes().to_vec()),
        (b"\x03\x01\x01a", vec![253]),
        (b"\x03\x01\x01a", b"\x02xx".to_vec()),
        (b"\x12\x01\x03", pack(&[b"a"])),
        (b"\x12\x01\x02", broken_pack),
        (b"\x0b", b"\x08\x02\0\0\0\0\0\0\0".to_vec()),
        (b"\x0b", b"\x0c\x02\0\0\0\x02\0\0\0\x05\0\x05\0".to_vec()),
        (b"\x0d", b"\x0d\x0d\0\0\0\x0a\0\0\0\x01\0\0\xf3\xff".to_vec()),
    ];
    for (head, rest) in cases {
        let body = [head, &rest].concat();
        let error = loaded(11, &body).unwrap_err();
        let is_told = matches!(error, LoadError::Corrupt { .. } | LoadError::Integrity { .. });
        assert!(is_told, "{}: {error}", body.escape_ascii());
    }
}

#[test]
fn the_digits_of_a_foreign_listpack_are_the_integer() {
    let mut pack = ListPack::new();
    pack.push_back(StrRef::Bytes(b"12"));
    pack.push_back(StrRef::Int(12));
    let body = [&[0x14, pack.byte_len() as u8], pack.as_bytes()].concat();
    assert!(loaded(11, &body).is_err(), "the same member twice");
    assert!(ListPackRef::validate(pack.as_bytes()).is_ok());
}
