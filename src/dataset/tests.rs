//! Data sets there and back.

use std::collections::BTreeMap;
use std::io;

use proptest::prelude::*;

use super::*;
use crate::keyspace::entry::{Entry, EntryRef};
use crate::keyspace::{Expiry, Keyspace, LibraryError, NewString, Object, StrRef};
use crate::rdb::payload::Payload;
use crate::rdb::{HEAD_BYTES, Inflow, LATEST_VERSION, LoadError, Reader, Writer, WriterOptions};
use crate::types::stream::{Group, NodeLimits, StreamId};
use crate::types::{
    End, FieldExpiry, Hash, HashLimits, List, ListLimits, Set, SetLimits, Stream, Zset, ZsetLimits,
};

const NOW_MS: i64 = 1_700_000_000_000;
const HEADER: Header<'_> = Header {
    version: "7.2.4",
    created_s: NOW_MS / 1000,
    used_memory_bytes: 1 << 20,
    place: None,
    is_aof_base: false,
};
fn options() -> LoadOptions {
    let limits = Limits {
        list: ListLimits::new(-2, 0),
        set: SetLimits { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 },
        hash: HashLimits { entries_max: 512, value_bytes_max: 64 },
        zset: ZsetLimits { entries_max: 128, value_bytes_max: 64 },
    };
    LoadOptions { now_ms: NOW_MS, drop_expired: true, replace: false, limits }
}

fn keyspace(databases: usize) -> Keyspace {
    Keyspace::new(databases, (1, 2))
}

fn set(keys: &mut Keyspace, db: usize, key: &[u8], value: NewString<'_>, expiry: Expiry) {
    keys.begin(db, 0, true);
    assert!(keys.set_string(key, value, expiry).is_none());
}

fn saved(keys: &Keyspace, usage: KeptUsage) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), WriterOptions::default()).unwrap();
    write(&mut writer, keys, &HEADER, usage, |_| Ok(())).unwrap();
    writer.finish().unwrap()
}

fn load(bytes: &[u8], keys: &mut Keyspace, options: &LoadOptions) -> Result<Loaded, ReadError> {
    let mut load = Load::new(Reader::new(bytes, None).unwrap(), *options);
    load.advance(keys, |_| true).map(|loaded| loaded.expect("nothing stops it before the end"))
}

#[test]
fn keys_come_back_in_their_databases_with_their_expiries() {
    let mut keys = keyspace(3);
    set(&mut keys, 0, b"text", NewString::Bytes(b"value"), Expiry::Clear);
    set(&mut keys, 0, b"number", NewString::Int(i64::MIN), Expiry::Clear);
    set(&mut keys, 2, b"later", NewString::Bytes(&[b'x'; 5000]), Expiry::At(NOW_MS + 5));
    let bytes = saved(&keys, KeptUsage::Nothing);

    let mut fresh = keyspace(3);
    assert_eq!(load(&bytes, &mut fresh, &options()).unwrap(), Loaded { keys: 3, ..Loaded::default() });
    assert_eq!((fresh.len(0), fresh.len(1), fresh.len(2)), (2, 0, 1));
    fresh.begin(0, NOW_MS, false);
    assert_eq!(fresh.peek(b"text").unwrap().string(), Some(StrRef::Bytes(b"value")));
    assert_eq!(fresh.peek(b"number").unwrap().string(), Some(StrRef::Int(i64::MIN)));
    fresh.begin(2, NOW_MS, false);
    let later = fresh.peek(b"later").unwrap();
    assert_eq!((later.expiry_ms(), later.string().unwrap().len()), (Some(NOW_MS + 5), 5000));
    assert_eq!(fresh.effects.dirty(), 0, "loading is no change");
}

#[test]
fn function_libraries_come_back_once_each() {
    let mut keys = keyspace(1);
    let (one, two) = (&b"#!lua name=one\n1"[..], &b"#!lua name=two\n2"[..]);
    keys.libraries.add(two, false).unwrap();
    keys.libraries.add(one, false).unwrap();
    let bytes = saved(&keys, KeptUsage::Nothing);
    let mut fresh = keyspace(1);
    load(&bytes, &mut fresh, &options()).unwrap();
    assert_eq!(fresh.libraries.iter().collect::<Vec<_>>(), [one, two]);
    let error = load(&bytes, &mut fresh, &options()).unwrap_err();
    assert!(matches!(error, ReadError::Library { source: LibraryError::Exists(_), .. }), "{error}");
    load(&bytes, &mut fresh, &LoadOptions { replace: true, ..options() }).unwrap();
    assert_eq!(fresh.libraries.len(), 2);

    let version = 9;
    let mut writer = Writer::new(Vec::new(), WriterOptions { version, ..WriterOptions::default() }).unwrap();
    let error = write(&mut writer, &keys, &HEADER, KeptUsage::Nothing, |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "this version of the snapshot format has no functions");
}

#[test]
fn what_has_expired_is_left_out_or_kept_as_asked() {
    let mut keys = keyspace(1);
    set(&mut keys, 0, b"past", NewString::Int(1), Expiry::At(NOW_MS - 1));
    set(&mut keys, 0, b"now", NewString::Int(1), Expiry::At(NOW_MS));
    let bytes = saved(&keys, KeptUsage::Nothing);
    let loaded = load(&bytes, &mut keyspace(1), &options()).unwrap();
    assert_eq!(loaded, Loaded { keys: 1, expired_keys: 1, empty_keys: 0 });
    let all = LoadOptions { drop_expired: false, ..options() };
    assert_eq!(load(&bytes, &mut keyspace(1), &all).unwrap(), Loaded { keys: 2, ..Loaded::default() });
}

#[test]
fn a_key_that_is_there_already_is_an_error_unless_it_may_be_replaced() {
    let mut keys = keyspace(1);
    set(&mut keys, 0, b"k", NewString::Int(1), Expiry::Clear);
    let bytes = saved(&keys, KeptUsage::Nothing);
    let error = load(&bytes, &mut keys, &options()).unwrap_err();
    assert!(matches!(error, ReadError::Duplicate { db: 0, .. }), "{error}");
    let merge = LoadOptions { replace: true, ..options() };
    assert_eq!(load(&bytes, &mut keys, &merge).unwrap().keys, 1);
    assert_eq!(keys.len(0), 1);
}

#[test]
fn a_database_beyond_the_configured_ones_is_an_error() {
    let mut keys = keyspace(2);
    set(&mut keys, 1, b"k", NewString::Int(1), Expiry::Clear);
    let error = load(&saved(&keys, KeptUsage::Nothing), &mut keyspace(1), &options()).unwrap_err();
    assert!(matches!(error, ReadError::Database { number: 1, databases: 1, .. }), "{error}");
}

#[test]
fn idle_times_and_frequencies_come_back() {
    let mut keys = keyspace(1);
    keys.begin(0, NOW_MS - 70_000, true);
    drop(keys.set_string(b"k", NewString::Int(1), Expiry::Clear));
    keys.begin(0, NOW_MS, false);
    let bytes = saved(&keys, KeptUsage::IdleTime);
    let mut fresh = keyspace(1);
    load(&bytes, &mut fresh, &options()).unwrap();
    let entry = fresh.iter_all(0).next().unwrap();
    assert_eq!(fresh.idle_seconds(entry), 70);

    let lfu = crate::keyspace::Aging::Lfu { log_factor: 10, decay_minutes: 1 };
    keys.set_aging(lfu);
    let mut fresh = keyspace(1);
    fresh.set_aging(lfu);
    let frequency = keys.frequency(keys.iter_all(0).next().unwrap());
    load(&saved(&keys, KeptUsage::Frequency), &mut fresh, &options()).unwrap();
    assert_eq!(fresh.frequency(fresh.iter_all(0).next().unwrap()), frequency);
}

#[test]
fn loading_can_stop_behind_any_key_and_go_on() {
    let mut keys = keyspace(2);
    set(&mut keys, 0, b"a", NewString::Int(1), Expiry::Clear);
    set(&mut keys, 1, b"b", NewString::Int(2), Expiry::Clear);
    set(&mut keys, 1, b"c", NewString::Int(3), Expiry::Clear);
    let bytes = saved(&keys, KeptUsage::Nothing);
    let mut fresh = keyspace(2);
    let mut load = Load::new(Reader::new(&bytes[..], None).unwrap(), options());
    for expected in [(1, 0), (1, 1), (1, 2)] {
        assert_eq!(load.advance(&mut fresh, |_| false).unwrap(), None);
        assert_eq!((fresh.len(0), fresh.len(1)), expected);
        // Meanwhile somebody looks at another database.
        fresh.begin(0, NOW_MS, false);
    }
    let loaded = load.advance(&mut fresh, |_| false).unwrap();
    assert_eq!(loaded, Some(Loaded { keys: 3, ..Loaded::default() }));
    assert_eq!(load.used_memory_bytes(), 1 << 20);
}

/// Values of every type and encoding.
fn fill_with_collections(keys: &mut Keyspace) {
    let limits = options().limits;
    let long = [b'l'; 70];
    keys.begin(0, NOW_MS, true);
    for (suffix, texts) in [
        ("small", vec![&b"1"[..], b"two", b"", b"-70000", b"5"]),
        ("large", vec![&b"1"[..], b"two", b"", &long, b"99"]),
    ] {
        let pairs: Vec<(&[u8], &[u8])> = texts.iter().map(|text| (*text, texts[0])).collect();
        let mut list = List::new();
        list.push(End::Back, texts.iter().copied(), &limits.list);
        let (mut set, mut hash, mut zset, mut stream) = (Set::new(), Hash::new(), Zset::new(), Stream::new());
        for (index, (text, value)) in pairs.iter().enumerate() {
            set.insert(StrRef::of(text), &limits.set);
            hash.insert(text, value, FieldExpiry::Clear, limits.hash);
            zset.insert(text, index as f64 / 2.0, &limits.zset);
            let id = StreamId::new(5, index as u64 + 1);
            let nodes = NodeLimits { bytes_max: 0, entries_max: 2 };
            stream.log_mut().append(id, pairs[index..].iter().copied(), nodes).unwrap();
        }
        stream.add_group(b"group", Group::new(StreamId::new(5, 2), Some(2)));
        let (_, group) = stream.log_and_group_mut(b"group").unwrap();
        let consumer = group.add_consumer(b"consumer", NOW_MS).unwrap();
        group.deliver(StreamId::new(5, 1), consumer, NOW_MS);
        let mut enter = |kind: &str, object| {
            let key = format!("{kind}:{suffix}");
            keys.insert_entry(Entry::object(key.as_bytes(), object, None, 0));
        };
        enter("list", Object::List(list));
        enter("set", Object::Set(set));
        enter("hash", Object::Hash(hash.clone()));
        hash.set_expiry_ms(b"two", Some(NOW_MS + 1000));
        enter("expiring", Object::Hash(hash));
        enter("zset", Object::Zset(zset));
        enter("stream", Object::Stream(stream));
    }
    let integers = [1, -5, 1 << 40].into_iter().map(StrRef::Int);
    let mut intset = Set::new();
    integers.for_each(|integer| assert!(intset.insert(integer, &limits.set)));
    keys.insert_entry(Entry::object(b"integers", Object::Set(intset), None, 0));
}

/// The payloads of all keys, by key.
fn payloads(keys: &Keyspace, latest_version: u8) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let dumped = |entry: EntryRef<'_>| (entry.key().to_vec(), dump(entry, false, latest_version).unwrap());
    keys.iter_all(0).map(dumped).collect()
}

fn encodings(keys: &Keyspace) -> BTreeMap<Vec<u8>, &'static str> {
    keys.iter_all(0).map(|entry| (entry.key().to_vec(), entry.encoding())).collect()
}

#[test]
fn collections_come_back_in_their_encodings() {
    let mut keys = keyspace(1);
    fill_with_collections(&mut keys);
    let version = version_of(&keys, LATEST_VERSION);
    assert_eq!(version, LATEST_VERSION, "fields of hashes have expiries");
    let mut writer = Writer::new(Vec::new(), WriterOptions { version, ..WriterOptions::default() }).unwrap();
    write(&mut writer, &keys, &HEADER, KeptUsage::Nothing, |_| Ok(())).unwrap();
    let bytes = writer.finish().unwrap();

    let mut fresh = keyspace(1);
    assert_eq!(load(&bytes, &mut fresh, &options()).unwrap().keys, 13);
    assert_eq!(encodings(&fresh), encodings(&keys));
    assert_eq!(sorted_payloads(&fresh), sorted_payloads(&keys));
    assert!(fresh.has_field_expiries());
}

/// Payloads in the order of their bytes: tables have no order of their own.
fn sorted_payloads(keys: &Keyspace) -> Vec<(Vec<u8>, Vec<u8>)> {
    let sort = |(key, mut bytes): (Vec<u8>, Vec<u8>)| {
        bytes.truncate(bytes.len() - 10);
        bytes.sort_unstable();
        (key, bytes)
    };
    payloads(keys, LATEST_VERSION).into_iter().map(sort).collect()
}

#[test]
fn a_lower_version_than_needed_fails_where_it_is_needed() {
    let mut keys = keyspace(1);
    fill_with_collections(&mut keys);
    assert_eq!(version_of(&keys, 10), 10);
    let error = write(
        &mut Writer::new(Vec::new(), WriterOptions { version: 10, ..WriterOptions::default() }).unwrap(),
        &keys,
        &HEADER,
        KeptUsage::Nothing,
        |_| Ok(()),
    );
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    for entry in keys.iter_all(0) {
        assert_eq!(dump(entry, true, 9).is_ok(), !entry.key().starts_with(b"expiring"));
    }
}

#[test]
fn collections_without_elements_are_left_out_and_counted() {
    let bodies: [&[u8]; 6] = [b"\x01", b"\x02", b"\x04", b"\x05", b"\x0e", b"\x12"];
    let mut bytes = b"REDIS0011".to_vec();
    for value_type in bodies {
        bytes.extend_from_slice(value_type);
        bytes.extend_from_slice(b"\x01k\0");
    }
    for value_type in [0x10, 0x11, 0x14] {
        bytes.extend_from_slice(&[value_type, 1, b'k', 7, 7, 0, 0, 0, 0, 0, 0xff]);
    }
    bytes.extend_from_slice(b"\0\x01s\x01v\xff\0\0\0\0\0\0\0\0");
    let loaded = load(&bytes, &mut keyspace(1), &options()).unwrap();
    assert_eq!(loaded, Loaded { keys: 1, expired_keys: 0, empty_keys: 9 });
}

#[test]
fn elements_that_are_there_twice_make_a_snapshot_unusable() {
    let bodies: [&[u8]; 3] = [
        b"\x02\x01k\x02\x01a\x01a",
        b"\x04\x01k\x02\x01a\x01b\x01a\x01c",
        b"\x05\x01k\x02\x01a\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0\0\0\0",
    ];
    for body in bodies {
        let bytes = [b"REDIS0011", body, b"\xff\0\0\0\0\0\0\0\0"].concat();
        let error = load(&bytes, &mut keyspace(1), &options()).unwrap_err();
        assert!(matches!(error, ReadError::Format(LoadError::Corrupt { offset: 12, .. })), "{error}");
    }
}

proptest! {
    /// Whatever a payload holds, it is refused, or gives a value that can be saved and loaded again.
    #[test]
    fn damaged_payloads_make_no_damaged_values(
        seed in any::<prop::sample::Index>(),
        version in 9_u8..=12,
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut keys = keyspace(1);
        fill_with_collections(&mut keys);
        let entries: Vec<_> = keys.iter_all(0).filter(|entry| dump(*entry, false, version).is_ok()).collect();
        let mut payload = dump(entries[seed.index(entries.len())], false, version).unwrap();
        let body_bytes = payload.len() - 10;
        for (at, byte) in damages {
            payload[at.index(body_bytes)] = byte;
        }
        let verified = Payload(&payload).verify(false).unwrap();
        let built = verified.load(|value| {
            let built = build(value, 1, &options().limits)?;
            Ok::<_, LoadError>(built.map(|value| value.into_entry(b"key", None, 0)))
        });
        if let Ok(Some(entry)) = built {
            let again = dump(entry.view(), true, LATEST_VERSION).unwrap();
            let reloaded = Payload(&again).verify(true).unwrap().load(|value| {
                let built = build(value, 1, &options().limits)?.expect("it has elements");
                Ok::<_, LoadError>(built.into_entry(b"key", None, 0).view().kind())
            });
            prop_assert_eq!(reloaded.unwrap(), entry.view().kind());
        }
    }
}

/// Loads what arrives in pieces of these sizes, over and over.
fn load_arriving(bytes: &[u8], sizes: &[usize], keys: &mut Keyspace) -> Result<Loaded, ReadError> {
    let mut inflow = Inflow::default();
    let (head, mut rest) = bytes.split_at(HEAD_BYTES as usize);
    inflow.push(head);
    let mut load = Load::new(Reader::new(inflow, None).unwrap(), options());
    for size in sizes.iter().cycle() {
        match load.advance_arrived(keys, |_| true)? {
            Advance::All(loaded) => return Ok(loaded),
            Advance::Paused => panic!("nobody asked for a pause"),
            Advance::Starved if rest.is_empty() => load.inflow_mut().end(),
            Advance::Starved => {
                let (now, later) = rest.split_at(rest.len().min(*size));
                load.inflow_mut().push(now);
                rest = later;
            }
        }
    }
    unreachable!("sizes are cycled")
}

#[test]
fn a_snapshot_is_loaded_as_it_arrives_in_whatever_pieces() {
    let mut keys = keyspace(2);
    set(&mut keys, 0, b"long", NewString::Bytes(&vec![b'x'; 300_000]), Expiry::Clear);
    for number in 0..200 {
        let key = format!("key:{number}");
        set(&mut keys, 0, key.as_bytes(), NewString::Int(number), Expiry::At(NOW_MS + 1 + number));
    }
    keys.begin(1, 0, true);
    let mut hash = Hash::new();
    for number in 0..5000 {
        let field = format!("field:{number}");
        hash.insert(field.as_bytes(), b"value", FieldExpiry::Clear, options().limits.hash);
    }
    keys.set_object(b"hash", hash);
    let bytes = saved(&keys, KeptUsage::Nothing);
    for sizes in [&[1_000_000][..], &[7919], &[3, 70_000, 1, 1, 100], &[65_536]] {
        let mut fresh = keyspace(2);
        let loaded = load_arriving(&bytes, sizes, &mut fresh).unwrap();
        assert_eq!(loaded, Loaded { keys: 202, ..Loaded::default() });
        assert_eq!(saved(&fresh, KeptUsage::Nothing).len(), bytes.len());
        fresh.begin(1, NOW_MS, false);
        assert_eq!(fresh.read::<Hash>(b"hash").unwrap().unwrap().len(), 5000);
    }
}

#[test]
fn what_arrives_damaged_or_ends_early_is_refused() {
    let mut keys = keyspace(1);
    set(&mut keys, 0, b"key", NewString::Bytes(&[b'x'; 1000]), Expiry::Clear);
    let bytes = saved(&keys, KeptUsage::Nothing);
    let error = load_arriving(&bytes[..bytes.len() - 9], &[11], &mut keyspace(1)).unwrap_err();
    assert!(matches!(error, ReadError::Format(LoadError::Truncated { .. })), "{error}");
    let mut damaged = bytes;
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let error = load_arriving(&damaged, &[11], &mut keyspace(1)).unwrap_err();
    assert!(matches!(error, ReadError::Format(LoadError::Checksum { .. })), "{error}");
}

#[test]
fn a_twin_takes_over_and_leaves_what_was_there_to_the_caller() {
    let mut keys = keyspace(2);
    set(&mut keys, 0, b"old", NewString::Int(1), Expiry::Clear);
    let mut twin = keys.empty_twin();
    set(&mut twin, 1, b"new", NewString::Int(2), Expiry::Clear);
    let detached = keys.take_over(twin);
    assert_eq!((detached.len(), keys.len(0), keys.len(1)), (1, 0, 1));
    keys.begin(1, 0, false);
    assert_eq!(keys.peek(b"new").unwrap().string(), Some(StrRef::Int(2)));
}
