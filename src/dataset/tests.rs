//! Data sets there and back.

use super::*;
use crate::keyspace::{Expiry, Keyspace, NewString, StrRef};
use crate::rdb::{Reader, Writer, WriterOptions};
use crate::types::{HashLimits, ListLimits, SetLimits, ZsetLimits};

const NOW_MS: i64 = 1_700_000_000_000;
const HEADER: Header<'_> =
    Header { version: "7.2.4", created_s: NOW_MS / 1000, used_memory_bytes: 1 << 20, is_aof_base: false };
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

#[test]
fn functions_are_refused_rather_than_lost() {
    let mut writer = Writer::new(Vec::new(), WriterOptions::default()).unwrap();
    writer.function(b"#!lua name=l").unwrap();
    let error = load(&writer.finish().unwrap(), &mut keyspace(1), &options()).unwrap_err();
    assert!(matches!(error, ReadError::Function { offset: 9 }), "{error}");
}
