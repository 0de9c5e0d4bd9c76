//! What mutation starts from: a value of every type and encoding, those included that are only read.

use russet::aof::{Cover, timestamp_line};
use russet::dataset::{self, Limits};
use russet::keyspace::{Entry, NewString, Object, StrRef};
use russet::rdb::LATEST_VERSION;
use russet::types::stream::{Group, NodeLimits, StreamId};
use russet::types::{
    End, FieldExpiry, Hash, HashLimits, List, ListLimits, Set, SetLimits, Stream, Zset, ZsetLimits,
};
use russet::util::crc64::crc64;

pub const NOW_MS: i64 = 1_700_000_000_000;

/// Of version and checksum.
const PAYLOAD_TAIL_BYTES: usize = 10;

/// Types of values that are only read.
const LIST: u8 = 1;
const SET: u8 = 2;
const SORTED_SET_TEXT: u8 = 3;
const HASH: u8 = 4;
const HASH_ZIPMAP: u8 = 9;
const LIST_ZIPLIST: u8 = 10;
const SORTED_SET_ZIPLIST: u8 = 12;
const HASH_ZIPLIST: u8 = 13;
const LIST_QUICKLIST: u8 = 14;

pub fn limits() -> Limits {
    Limits {
        list: ListLimits::new(-2, 0),
        set: SetLimits { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 },
        hash: HashLimits { entries_max: 512, value_bytes_max: 64 },
        zset: ZsetLimits { entries_max: 128, value_bytes_max: 64 },
    }
}

/// A function library in a snapshot, or in the payload of FUNCTION DUMP.
const LIBRARY: &[u8] = b"\xf5\x10#!lua name=abcd\n";

/// One of each value, and function libraries.
pub fn payloads() -> Vec<Vec<u8>> {
    let libraries = [LIBRARY, LIBRARY].concat();
    let bodies = bodies().into_iter().chain([libraries]);
    bodies.map(|body| sealed(body, &u16::from(LATEST_VERSION).to_le_bytes())).collect()
}

/// A snapshot with everything, one with what surrounds values, and one for each value.
pub fn snapshots() -> Vec<Vec<u8>> {
    let bodies = bodies();
    let mut all = b"REDIS0012\xfa\x09redis-ver\x057.2.4\xfe\x00\xfb\x05\x01".to_vec();
    for (index, body) in (b'a'..).zip(&bodies) {
        push_entry(&mut all, index, body);
    }
    let mut frame = b"REDIS0012\xfa\x0aredis-bits\xc0\x40\xf4\x01\x01\x01\xfe\x03\xfb\x02\x01".to_vec();
    frame.extend_from_slice(
        b"\xfc\0\0\0\0\0\x01\0\0\xf8\x05\x00\x01a\x01b\xfd\0\0\0\x7f\xf9\x07\x00\x01b\x01c",
    );
    frame.extend_from_slice(LIBRARY);
    // Data of a module, to be skipped.
    frame.extend_from_slice(b"\xf7\x81\x12\x34\x56\x78\x9a\xbc\xde\xf0\x02\x01\x05\x01a\x02\x07\x00");
    let single = bodies.iter().map(|body| {
        let mut snapshot = b"REDIS0012".to_vec();
        push_entry(&mut snapshot, b'k', body);
        sealed(snapshot, b"\xff")
    });
    let mut snapshots: Vec<_> = single.collect();
    snapshots.extend([sealed(all, b"\xff"), sealed(frame, b"\xff")]);
    snapshots
}

fn push_entry(snapshot: &mut Vec<u8>, key: u8, body: &[u8]) {
    snapshot.extend_from_slice(&[body[0], 1, key]);
    snapshot.extend_from_slice(&body[1..]);
}

fn sealed(mut bytes: Vec<u8>, end: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(end);
    let checksum = crc64(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Types and values.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies = current();
    bodies.extend(historic());
    bodies
}

/// Values as we write them.
fn current() -> Vec<Vec<u8>> {
    let limits = limits();
    let long = [b'l'; 200];
    let mut entries: Vec<_> = [NewString::Int(77), NewString::Bytes(b"text"), NewString::Bytes(&long)]
        .map(|string| Entry::string(b"key", string, None, 0))
        .into();
    let mut enter = |object| entries.push(Entry::object(b"key", object, None, 0));
    for texts in [[&b"1"[..], b"two", b"", b"-70000"], [b"1", b"two", b"", &long]] {
        let mut list = List::new();
        list.push(End::Back, texts.iter().copied(), &limits.list);
        let (mut set, mut hash, mut zset, mut stream) = (Set::new(), Hash::new(), Zset::new(), Stream::new());
        for (sequence, text) in (1..).zip(texts) {
            set.insert(StrRef::of(text), &limits.set);
            hash.insert(text, b"value", FieldExpiry::Clear, limits.hash);
            zset.insert(text, sequence as f64 / 2.0, &limits.zset);
            let nodes = NodeLimits { bytes_max: 0, entries_max: 2 };
            let fields = [(text, &b"value"[..])].into_iter();
            stream.log_mut().append(StreamId::new(5, sequence), fields, nodes).unwrap();
        }
        stream.add_group(b"group", Group::new(StreamId::new(5, 2), Some(2)));
        let (_, group) = stream.log_and_group_mut(b"group").unwrap();
        let consumer = group.add_consumer(b"consumer", NOW_MS).unwrap();
        group.deliver(StreamId::new(5, 1), consumer, NOW_MS);
        enter(Object::List(list));
        enter(Object::Set(set));
        enter(Object::Hash(hash.clone()));
        hash.set_expiry_ms(b"two", Some(NOW_MS + 1000));
        enter(Object::Hash(hash));
        enter(Object::Zset(zset));
        enter(Object::Stream(stream));
    }
    let mut integers = Set::new();
    for integer in [1, -5, 1 << 40] {
        integers.insert(StrRef::Int(integer), &limits.set);
    }
    enter(Object::Set(integers));
    let body = |entry: &Entry| {
        let mut payload = dataset::dump(entry.view(), true, LATEST_VERSION).unwrap();
        payload.truncate(payload.len() - PAYLOAD_TAIL_BYTES);
        payload
    };
    entries.iter().map(body).collect()
}

/// Values as older versions wrote them.
fn historic() -> Vec<Vec<u8>> {
    let pack = ziplist(&[b"one", b"1", b"two", b"2"]);
    let packed = [&[pack.len() as u8], &pack[..]].concat();
    let zipmap = b"\x02\x03one\x01\x001\x03two\x01\x01 \x00\xff";
    let of = |kind: u8, body: &[u8]| [&[kind], body].concat();
    vec![
        of(LIST, b"\x03\x01a\x02bc\xc0\x07"),
        of(SET, b"\x02\x01a\x02bc"),
        of(SORTED_SET_TEXT, b"\x02\x01a\x031.5\x01b\xfe"),
        of(HASH, b"\x02\x01a\x02bc\x01d\xc1\x00\x01"),
        of(HASH_ZIPMAP, &[&[zipmap.len() as u8], &zipmap[..]].concat()),
        of(LIST_ZIPLIST, &packed),
        of(SORTED_SET_ZIPLIST, &packed),
        of(HASH_ZIPLIST, &packed),
        of(LIST_QUICKLIST, &[b"\x02", &packed[..], &packed].concat()),
    ]
}

/// `bytes(u32) last(u32) entries(u16)`, entries as `previous(u8) length(u8) text`, and 255.
fn ziplist(texts: &[&[u8]]) -> Vec<u8> {
    let (mut entries, mut previous, mut last) = (Vec::new(), 0, 10);
    for text in texts {
        last = 10 + entries.len() as u32;
        entries.extend_from_slice(&[previous, text.len() as u8]);
        entries.extend_from_slice(text);
        previous = text.len() as u8 + 2;
    }
    let bytes = 11 + entries.len() as u32;
    let head = [&bytes.to_le_bytes()[..], &last.to_le_bytes(), &(texts.len() as u16).to_le_bytes()];
    [&head.concat()[..], &entries, b"\xff"].concat()
}

/// Commands, times and checksum lines.
pub fn append_only_files() -> Vec<Vec<u8>> {
    let set = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nvalue\r\n";
    let transaction = [&b"*1\r\n$5\r\nMULTI\r\n"[..], set, b"*1\r\n$4\r\nEXEC\r\n"].concat();
    let timed = [&timestamp_line(NOW_MS / 1000)[..], set, b"#unknown\r\n", set].concat();
    let mut cover = Cover::new();
    cover.update(set);
    let covered = [set, &cover.line()[..], set].concat();
    let torn = [&covered[..], &[0; 64]].concat();
    vec![set.to_vec(), transaction, timed, covered, torn]
}

pub fn manifests() -> Vec<Vec<u8>> {
    [
        &b"file a.2.base.rdb seq 2 type b\nfile a.1.incr.aof seq 1 type h\nfile a.4.incr.aof seq 4 type i\n"
            [..],
        b"# a comment\nfile \" a b\\x01\" seq 1 size 5 type i\n",
        b"file 'a\\'b' seq 18446744073709551615 type i\n",
    ]
    .map(<[u8]>::to_vec)
    .into()
}
