//! Typed access, seen from its effects. Streams serve as the values, whose constructors need nothing.

use super::*;
use crate::keyspace::effects::{Batch, Effect, Interest};
use crate::keyspace::value::NewString;
use crate::keyspace::{ExpiredKeys, Expiry};
use crate::types::{List, Stream};

fn keyspace() -> Keyspace {
    let mut keys = Keyspace::new(1, (1, 2));
    keys.begin(0, 1000, true);
    keys.effects.set_interest(Interest::WATCH | Interest::BLOCKED);
    keys.effects.set_event_classes(EventClass::parse(b"KAn").unwrap());
    keys
}

fn effects(keys: &mut Keyspace) -> Vec<Effect> {
    let mut batch = Batch::default();
    keys.effects.take_into(&mut batch);
    batch.iter().map(|recorded| recorded.effect).collect()
}

#[test]
fn another_type_is_an_error_and_stays() {
    let mut keys = keyspace();
    keys.set_string(b"key", NewString::Bytes(b"value"), Expiry::Clear);
    assert_eq!(keys.read::<List>(b"key").err(), Some(WrongType));
    assert!(keys.edit::<List>(b"key").is_err() && keys.edit_or_create::<List>(b"key").is_err());
    assert!(keys.find_string(b"key").unwrap().is_some());
}

#[test]
fn a_new_value_enters_the_keyspace_only_when_it_is_said_to_have_changed() {
    let mut keys = keyspace();
    drop(keys.edit_or_create::<Stream>(b"key").unwrap());
    assert!(!keys.exists(b"key") && effects(&mut keys).is_empty());
    let edit = keys.edit_or_create::<Stream>(b"key").unwrap();
    assert!(edit.is_new());
    assert!(!edit.changed(EventClass::STREAM, "xadd"));
    assert!(keys.read::<Stream>(b"key").unwrap().is_some());
    let event = |class, name| Effect::Event { class, name };
    let expected =
        [event(EventClass::NEW, "new"), Effect::Wake, Effect::Changed, event(EventClass::STREAM, "xadd")];
    assert_eq!(effects(&mut keys), expected);
}

#[test]
fn a_new_value_that_stayed_empty_is_no_key() {
    let mut keys = keyspace();
    keys.edit_or_create::<List>(b"key").unwrap().changed(EventClass::LIST, "lpush");
    assert!(!keys.exists(b"key") && effects(&mut keys).is_empty());
}

#[test]
fn a_value_that_became_empty_leaves_with_a_del_behind_the_commands_event() {
    let mut keys = keyspace();
    keys.set_object(b"key", List::new());
    effects(&mut keys);
    let gone = keys.edit::<List>(b"key").unwrap().unwrap().changed(EventClass::LIST, "lpop");
    assert!(gone && !keys.exists(b"key"));
    let event = |class, name| Effect::Event { class, name };
    let expected = [Effect::Changed, event(EventClass::LIST, "lpop"), event(EventClass::GENERIC, "del")];
    assert_eq!(effects(&mut keys), expected);
}

#[test]
fn a_new_value_takes_the_place_of_a_hidden_one() {
    let mut keys = keyspace();
    keys.set_string(b"key", NewString::Bytes(b"value"), Expiry::At(1));
    keys.set_expired_keys(ExpiredKeys::Hide);
    keys.edit_or_create::<Stream>(b"key").unwrap().changed(EventClass::STREAM, "xadd");
    assert_eq!((keys.len(0), keys.read::<Stream>(b"key").unwrap().is_some()), (1, true));
}

#[test]
fn a_stored_value_is_new_only_where_there_was_no_key() {
    let mut keys = keyspace();
    assert!(keys.set_object(b"key", List::new()).is_none());
    let new = Effect::Event { class: EventClass::NEW, name: "new" };
    assert_eq!(effects(&mut keys), [new, Effect::Wake]);
    keys.set_string(b"key", NewString::Bytes(b"value"), Expiry::At(5000));
    assert!(keys.set_object(b"key", Stream::default()).is_some_and(|entry| entry.view().string().is_some()));
    assert_eq!(effects(&mut keys), [Effect::Wake]);
    assert_eq!(keys.find(b"key").unwrap().expiry_ms(), None);
    assert_eq!(keys.len(0), 1);
}

#[test]
fn several_values_are_read_together_up_to_the_first_of_another_type() {
    let mut keys = keyspace();
    keys.set_object(b"a", List::new());
    keys.set_object(b"b", List::new());
    keys.set_string(b"late", NewString::Bytes(b"value"), Expiry::At(1));
    keys.set_string(b"text", NewString::Bytes(b"value"), Expiry::Clear);
    let found = keys.read_all::<List>(&[b"a", b"late", b"b", b"a"]).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true]);
    assert!(std::ptr::eq(found[0].unwrap(), found[3].unwrap()));
    drop(found);
    assert_eq!((keys.statistics.hits, keys.statistics.misses), (3, 1));
    assert!(keys.read_all::<List>(&[b"missing", b"text", b"a"]).is_err());
    assert_eq!((keys.statistics.hits, keys.statistics.misses), (4, 2));
}

#[test]
fn what_a_replica_hides_is_not_among_several_values() {
    let mut keys = keyspace();
    keys.insert_entry(Entry::object(b"late", Object::List(List::new()), Some(1), 0));
    keys.set_expired_keys(ExpiredKeys::Hide);
    assert!(keys.read_all::<List>(&[b"late"]).unwrap()[0].is_none());
    keys.set_expired_keys(ExpiredKeys::Ignore);
    assert!(keys.read_all::<List>(&[b"late"]).unwrap()[0].is_some());
}
