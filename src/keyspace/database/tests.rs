//! Lookups, writes and transfers, and a keyspace against a `HashMap`.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::keyspace::aging::idle_seconds;
use crate::keyspace::aging::lru_bits_of_idle;
use crate::keyspace::effects::{Batch, Effect, Interest};
use crate::keyspace::transfer::Transfer;

const NOW_MS: i64 = 1_700_000_000_000;

fn keyspace() -> Keyspace {
    let mut keyspace = Keyspace::new(16, (1, 2));
    keyspace.begin(0, NOW_MS, true);
    keyspace
}

fn set(keyspace: &mut Keyspace, key: &str, value: &str) {
    keyspace.set_string(key.as_bytes(), NewString::Bytes(value.as_bytes()), Expiry::Clear);
}

fn set_until(keyspace: &mut Keyspace, key: &str, expiry_ms: i64) {
    keyspace.set_string(key.as_bytes(), NewString::Bytes(b"value"), Expiry::At(expiry_ms));
}

fn value(keyspace: &mut Keyspace, key: &str) -> Option<String> {
    let entry = keyspace.peek(key.as_bytes())?;
    Some(String::from_utf8(entry.string()?.to_vec()).unwrap())
}

fn taken(keyspace: &mut Keyspace) -> Vec<(Effect, usize, String)> {
    let mut batch = Batch::default();
    keyspace.effects.take_into(&mut batch);
    batch.iter().map(|it| (it.effect, it.db, String::from_utf8(it.key.to_vec()).unwrap())).collect()
}

#[test]
fn a_slot_is_changed_or_filled_after_one_lookup() {
    let mut keyspace = keyspace();
    let Slot::Vacant(vacancy) = keyspace.slot(b"key") else { panic!("nothing was there") };
    vacancy.insert_string(NewString::Int(1));
    let Slot::Occupied(mut update) = keyspace.slot(b"key") else { panic!("it was inserted") };
    update.set_int(2);
    assert_eq!(value(&mut keyspace, "key").as_deref(), Some("2"));
    keyspace.assert_invariants();
}

#[test]
fn a_slot_with_an_expired_key_is_vacant_and_a_hidden_key_makes_room() {
    for mode in [ExpiredKeys::Delete, ExpiredKeys::Hide] {
        let mut keyspace = keyspace();
        set_until(&mut keyspace, "key", NOW_MS - 1);
        keyspace.set_expired_keys(mode);
        let Slot::Vacant(vacancy) = keyspace.slot(b"key") else { panic!("it has expired") };
        vacancy.insert_string(NewString::Bytes(b"new"));
        assert_eq!(value(&mut keyspace, "key").as_deref(), Some("new"));
        assert_eq!((keyspace.len(0), keyspace.volatile_len(0)), (1, 0));
        keyspace.assert_invariants();
    }
}

#[test]
fn a_slot_with_an_expired_key_is_occupied_where_expiry_is_ignored() {
    let mut keyspace = keyspace();
    set_until(&mut keyspace, "key", NOW_MS - 1);
    keyspace.set_expired_keys(ExpiredKeys::Ignore);
    assert!(matches!(keyspace.slot(b"key"), Slot::Occupied(_)));
}

#[test]
fn reads_count_hits_and_misses_but_updates_and_peeks_do_not() {
    let mut keyspace = keyspace();
    set(&mut keyspace, "key", "value");
    keyspace.find(b"key");
    keyspace.find(b"missing");
    keyspace.peek(b"key");
    keyspace.peek(b"missing");
    keyspace.find_for_update(b"missing");
    assert_eq!(keyspace.statistics, Statistics { hits: 1, misses: 1, ..Statistics::default() });
}

#[test]
fn a_read_touches_a_key_unless_told_not_to() {
    let mut keyspace = keyspace();
    set(&mut keyspace, "key", "value");
    let idle = |keyspace: &mut Keyspace| {
        let access = keyspace.peek(b"key").unwrap().access();
        idle_seconds(access, keyspace.now_ms())
    };
    keyspace.begin(0, NOW_MS + 60_000, false);
    keyspace.find(b"key");
    assert_eq!(idle(&mut keyspace), 60);
    keyspace.begin(0, NOW_MS + 90_000, true);
    keyspace.find(b"key");
    assert_eq!(idle(&mut keyspace), 0);
}

#[test]
fn a_primary_deletes_an_expired_key_when_it_is_looked_up() {
    let mut keyspace = keyspace();
    keyspace.effects.set_interest(Interest::PROPAGATION);
    set_until(&mut keyspace, "key", NOW_MS + 10);
    keyspace.begin(0, NOW_MS + 10, true);
    assert!(keyspace.exists(b"key"));
    keyspace.begin(0, NOW_MS + 11, true);
    assert!(keyspace.find(b"key").is_none());
    assert_eq!((keyspace.len(0), keyspace.volatile_len(0), keyspace.statistics.expired), (0, 0, 1));
    assert_eq!(taken(&mut keyspace), [(Effect::Expired, 0, "key".to_owned())]);
}

#[test]
fn a_replica_hides_an_expired_key_and_its_primary_sees_it() {
    let mut keyspace = keyspace();
    set_until(&mut keyspace, "key", NOW_MS - 1);
    keyspace.set_expired_keys(ExpiredKeys::Hide);
    assert!(keyspace.find(b"key").is_none());
    assert!(keyspace.remove(b"key").is_none());
    assert_eq!((keyspace.len(0), keyspace.statistics.expired), (1, 0));
    keyspace.set_expired_keys(ExpiredKeys::Ignore);
    assert!(keyspace.find(b"key").is_some());
    keyspace.set_expired_keys(ExpiredKeys::Hide);
    set(&mut keyspace, "key", "new");
    assert_eq!(value(&mut keyspace, "key").as_deref(), Some("new"));
    keyspace.assert_invariants();
}

#[test]
fn a_write_over_an_expired_key_makes_a_new_key() {
    let mut keyspace = keyspace();
    keyspace.effects.set_event_classes(EventClass::parse(b"Kxn").unwrap());
    set_until(&mut keyspace, "key", NOW_MS - 1);
    keyspace.set_string(b"key", NewString::Int(5), Expiry::Keep);
    let new = Effect::Event { class: EventClass::NEW, name: "new" };
    let key = || "key".to_owned();
    assert_eq!(taken(&mut keyspace), [(new, 0, key()), (Effect::Expired, 0, key()), (new, 0, key())]);
    assert_eq!(keyspace.volatile_len(0), 0);
}

#[test]
fn a_write_keeps_clears_or_sets_the_expiry() {
    let mut keyspace = keyspace();
    let expiry = |keyspace: &mut Keyspace| keyspace.peek(b"key").unwrap().expiry_ms();
    set_until(&mut keyspace, "key", NOW_MS + 5);
    keyspace.set_string(b"key", NewString::Bytes(&[b'x'; 5000]), Expiry::Keep);
    assert_eq!((expiry(&mut keyspace), keyspace.volatile_len(0)), (Some(NOW_MS + 5), 1));
    keyspace.set_string(b"key", NewString::Int(1), Expiry::Clear);
    assert_eq!((expiry(&mut keyspace), keyspace.volatile_len(0)), (None, 0));
    keyspace.set_string(b"key", NewString::Int(2), Expiry::At(NOW_MS + 9));
    assert_eq!((expiry(&mut keyspace), keyspace.volatile_len(0)), (Some(NOW_MS + 9), 1));
    keyspace.assert_invariants();
}

#[test]
fn a_miss_is_an_event_only_for_reads() {
    let mut keyspace = keyspace();
    keyspace.effects.set_event_classes(EventClass::parse(b"Em").unwrap());
    keyspace.find_for_update(b"key");
    keyspace.exists(b"key");
    assert!(keyspace.effects.is_empty());
    keyspace.find(b"key");
    let miss = Effect::Event { class: EventClass::KEY_MISS, name: "keymiss" };
    assert_eq!(taken(&mut keyspace), [(miss, 0, "key".to_owned())]);
}

#[test]
fn a_string_is_changed_through_an_update() {
    let mut keyspace = keyspace();
    set_until(&mut keyspace, "key", NOW_MS + 5);
    let mut update = keyspace.find_for_update(b"key").unwrap();
    let mut text = update.string_mut().unwrap();
    text.extend(b" and more").unwrap();
    text.bytes_mut()[0] = b'V';
    text.resize(9).unwrap();
    assert_eq!(text.len(), 9);
    assert_eq!(update.entry().string(), Some(StrRef::Bytes(b"Value and")));
    update.set_expiry_ms(None);
    update.set_int(17);
    assert_eq!(update.entry().encoding(), "int");
    update.set_access(lru_bits_of_idle(100, NOW_MS));
    let access = update.entry().access();
    assert_eq!(idle_seconds(access, NOW_MS), 100);
    assert_eq!(update.remove().view().key(), b"key");
    assert_eq!((keyspace.len(0), keyspace.volatile_len(0)), (0, 0));
}

#[test]
fn a_rename_replaces_the_target_and_takes_the_expiry_along() {
    let mut keyspace = keyspace();
    set_until(&mut keyspace, "from", NOW_MS + 5);
    set(&mut keyspace, "to", "old");
    assert!(matches!(keyspace.rename(b"missing", b"to", true), Transfer::NoSource));
    assert!(matches!(keyspace.rename(b"from", b"to", false), Transfer::TargetExists));
    let Transfer::Done { replaced: Some(old) } = keyspace.rename(b"from", b"to", true) else {
        panic!("the target is replaced")
    };
    assert_eq!(old.view().string(), Some(StrRef::Bytes(b"old")));
    assert_eq!(keyspace.peek(b"to").unwrap().expiry_ms(), Some(NOW_MS + 5));
    assert!(!keyspace.exists(b"from"));
    assert!(matches!(keyspace.rename(b"to", b"to", true), Transfer::Done { replaced: None }));
    assert_eq!(value(&mut keyspace, "to").as_deref(), Some("value"));
    keyspace.assert_invariants();
}

#[test]
fn keys_are_copied_and_moved_between_databases() {
    let mut keyspace = keyspace();
    set(&mut keyspace, "key", "value");
    assert!(matches!(keyspace.copy(b"key", 3, b"copy", false), Transfer::Done { replaced: None }));
    assert!(matches!(keyspace.copy(b"key", 3, b"copy", false), Transfer::TargetExists));
    assert!(matches!(keyspace.move_key(b"key", 3), Transfer::Done { replaced: None }));
    assert_eq!((keyspace.len(0), keyspace.len(3)), (0, 2));
    keyspace.swap_databases(0, 3);
    assert_eq!((keyspace.len(0), keyspace.len(3)), (2, 0));
    assert_eq!(value(&mut keyspace, "copy").as_deref(), Some("value"));
    let detached = keyspace.flush(None);
    assert_eq!((detached.len(), keyspace.is_empty()), (2, true));
    std::thread::spawn(move || drop(detached)).join().unwrap();
}

#[test]
fn a_random_key_is_not_expired() {
    let mut keyspace = keyspace();
    for number in 0..50 {
        set_until(&mut keyspace, &format!("old{number}"), NOW_MS - 1);
    }
    set(&mut keyspace, "living", "value");
    assert_eq!(keyspace.random_key().unwrap().key(), b"living");
    keyspace.flush(Some(0));
    assert!(keyspace.random_key().is_none());
}

#[test]
fn a_scan_skips_and_deletes_expired_keys() {
    let mut keyspace = keyspace();
    for number in 0..100 {
        set(&mut keyspace, &format!("living{number}"), "value");
        set_until(&mut keyspace, &format!("old{number}"), NOW_MS - 1);
    }
    let (mut seen, mut cursor) = (0, 0);
    loop {
        cursor = keyspace.scan(cursor, 10, |entry| {
            assert!(entry.key().starts_with(b"living"));
            seen += 1;
        });
        if cursor == 0 {
            break;
        }
    }
    assert!(seen >= 100);
    assert_eq!((keyspace.len(0), keyspace.iter(0).count()), (100, 100));
}

#[derive(Debug, Clone)]
enum Step {
    Set(u8, Vec<u8>, Option<u16>),
    SetKeeping(u8, i64),
    Append(u8, Vec<u8>),
    Expire(u8, Option<u16>),
    Remove(u8),
    Rename(u8, u8),
    Read(u8),
    Later(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let text =
        prop_oneof![prop::collection::vec(any::<u8>(), 0..80), prop::collection::vec(any::<u8>(), 900..1300)];
    let delay = || prop::option::of(0..2000_u16);
    prop_oneof![
        4 => (any::<u8>(), text.clone(), delay()).prop_map(|(key, text, delay)| Step::Set(key, text, delay)),
        1 => (any::<u8>(), any::<i64>()).prop_map(|(key, number)| Step::SetKeeping(key, number)),
        2 => (any::<u8>(), text).prop_map(|(key, text)| Step::Append(key, text)),
        1 => (any::<u8>(), delay()).prop_map(|(key, delay)| Step::Expire(key, delay)),
        1 => any::<u8>().prop_map(Step::Remove),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => any::<u8>().prop_map(Step::Read),
        1 => (0..300_u16).prop_map(Step::Later),
    ]
}

/// What a keyspace should hold: text and expiry by key.
#[derive(Default)]
struct Model {
    keys: HashMap<u8, (Vec<u8>, Option<i64>)>,
    now_ms: i64,
}

impl Model {
    fn expire(&mut self) {
        let now_ms = self.now_ms;
        self.keys.retain(|_, (_, expiry_ms)| expiry_ms.is_none_or(|at_ms| now_ms <= at_ms));
    }

    fn apply(&mut self, step: &Step) {
        let now_ms = self.now_ms;
        let at = |delay: &Option<u16>| delay.map(|delay_ms| now_ms + i64::from(delay_ms));
        match step {
            Step::Set(key, text, delay) => drop(self.keys.insert(*key, (text.clone(), at(delay)))),
            Step::SetKeeping(key, number) => {
                self.keys.entry(*key).or_default().0 = number.to_string().into_bytes();
            }
            Step::Append(key, text) => {
                if let Some((old, _)) = self.keys.get_mut(key) {
                    old.extend_from_slice(text);
                }
            }
            Step::Expire(key, delay) => {
                if let Some((_, expiry_ms)) = self.keys.get_mut(key) {
                    *expiry_ms = at(delay);
                }
            }
            Step::Remove(key) => drop(self.keys.remove(key)),
            Step::Rename(from, to) => {
                if let Some(moved) = self.keys.remove(from) {
                    self.keys.insert(*to, moved);
                }
            }
            Step::Read(_) => {}
            Step::Later(delay_ms) => self.now_ms += i64::from(*delay_ms),
        }
        self.expire();
    }
}

fn apply(keyspace: &mut Keyspace, step: &Step) {
    let now_ms = keyspace.now_ms();
    let at = |delay: &Option<u16>| delay.map(|delay_ms| now_ms + i64::from(delay_ms));
    match step {
        Step::Set(key, text, delay) => {
            keyspace.set_string(&[*key], NewString::Bytes(text), at(delay).map_or(Expiry::Clear, Expiry::At));
        }
        Step::SetKeeping(key, number) => {
            keyspace.set_string(&[*key], NewString::Int(*number), Expiry::Keep);
        }
        Step::Append(key, text) => {
            if let Some(mut update) = keyspace.find_for_update(&[*key]) {
                update.string_mut().unwrap().extend(text).unwrap();
            }
        }
        Step::Expire(key, delay) => {
            if let Some(mut update) = keyspace.find_for_update(&[*key]) {
                update.set_expiry_ms(at(delay));
            }
        }
        Step::Remove(key) => drop(keyspace.remove(&[*key])),
        Step::Rename(from, to) => drop(keyspace.rename(&[*from], &[*to], true)),
        Step::Read(key) => assert!(keyspace.find(&[*key]).is_none_or(|entry| entry.string().is_some())),
        Step::Later(delay_ms) => keyspace.begin(0, now_ms + i64::from(*delay_ms), true),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_keyspace_behaves_like_a_map_with_expiry(steps in prop::collection::vec(step(), 1..300)) {
        let mut keyspace = keyspace();
        let mut model = Model { now_ms: NOW_MS, ..Model::default() };
        for step in &steps {
            apply(&mut keyspace, step);
            model.apply(step);
        }
        keyspace.assert_invariants();
        for key in 0..=u8::MAX {
            let found = keyspace.find(&[key]).map(|entry| (entry.string().unwrap().to_vec(), entry.expiry_ms()));
            prop_assert_eq!(found.as_ref(), model.keys.get(&key));
        }
        prop_assert_eq!(keyspace.len(0), model.keys.len());
    }
}
