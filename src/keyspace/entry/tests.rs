//! Entries in every storage, moving between them, and the index over a model. Small, so that Miri can run it.

use std::collections::HashMap;

use super::*;
use crate::util::random::Random;

const KEY: &[u8] = b"key:000000000001";

/// Texts at the edges of size classes, varints, `embstr` and the inline limit.
fn texts() -> Vec<Vec<u8>> {
    [0, 1, 9, 10, 32, 44, 45, 127, 128, 129, 500, 1023, 1024, 1025, 5000]
        .map(|length| vec![b'x'; length])
        .into()
}

fn text_of_entry(entry: &Entry) -> Vec<u8> {
    entry.view().string().unwrap().to_vec()
}

#[test]
fn an_entry_gives_back_what_it_was_made_of() {
    for text in texts() {
        for key in [&b""[..], KEY, &[b'k'; 200], &vec![b'k'; 20_000]] {
            for expiry_ms in [None, Some(1_700_000_000_000)] {
                let entry = Entry::string(key, NewString::Bytes(&text), expiry_ms, 0x00ab_cdef);
                let view = entry.view();
                assert_eq!(view.key(), key);
                assert_eq!(view.string(), Some(StrRef::Bytes(&text)));
                assert_eq!(view.expiry_ms(), expiry_ms);
                assert_eq!(view.access(), 0x00ab_cdef);
                assert_eq!(view.kind(), Kind::String);
            }
        }
    }
}

#[test]
fn the_text_of_an_integer_becomes_one() {
    let integers =
        [("0", 0), ("-1", -1), ("9223372036854775807", i64::MAX), ("-9223372036854775808", i64::MIN)];
    for (text, number) in integers {
        let entry = Entry::string(KEY, NewString::Bytes(text.as_bytes()), None, 0);
        assert_eq!(entry.view().string(), Some(StrRef::Int(number)));
        assert_eq!(entry.view().encoding(), "int");
        assert_eq!(text_of_entry(&entry), text.as_bytes());
        let owned = Entry::string(KEY, NewString::Owned(text.into()), None, 0);
        assert_eq!(owned.view().encoding(), "int");
    }
    for text in ["", "-0", "01", "+1", " 1", "1 ", "9223372036854775808", "1.0"] {
        let entry = Entry::string(KEY, NewString::Bytes(text.as_bytes()), None, 0);
        assert_eq!(entry.view().encoding(), "embstr", "{text:?}");
    }
}

#[test]
fn encodings_are_named_as_redis_names_them() {
    let encoding = |value| Entry::string(KEY, value, None, 0).view().encoding();
    assert_eq!(encoding(NewString::Bytes(&[b'x'; 44])), "embstr");
    assert_eq!(encoding(NewString::Bytes(&[b'x'; 45])), "raw");
    assert_eq!(encoding(NewString::Bytes(&[b'x'; 2000])), "raw");
    assert_eq!(encoding(NewString::Text(b"12")), "embstr");
    assert_eq!(encoding(NewString::Raw(b"12".to_vec())), "raw");
    assert_eq!(encoding(NewString::Owned(vec![b'x'; 2000])), "raw");
    assert_eq!(encoding(NewString::Int(12)), "int");
}

#[test]
fn a_long_owned_text_is_adopted() {
    let text = vec![b'x'; 100_000];
    let address = text.as_ptr();
    let entry = Entry::string(KEY, NewString::Owned(text), None, 0);
    let Some(StrRef::Bytes(stored)) = entry.view().string() else { panic!("text is stored as text") };
    assert_eq!(stored.as_ptr(), address);
}

#[test]
fn the_budgeted_entries_have_their_sizes() {
    let bytes = |value, expiry_ms| Entry::string(KEY, value, expiry_ms, 0).view().memory_bytes();
    assert_eq!(bytes(NewString::Bytes(&[b'x'; 32]), None), 64);
    assert_eq!(bytes(NewString::Bytes(&[b'x'; 32]), Some(1)), 64);
    assert_eq!(bytes(NewString::Int(1), None), 32);
    assert_eq!(bytes(NewString::Int(1), Some(1)), 48);
}

#[test]
fn a_value_can_be_set_from_any_storage_to_any_other() {
    let values: Vec<Vec<u8>> = texts().into_iter().chain([b"1".to_vec(), b"-77".to_vec()]).collect();
    for first in &values {
        for second in &values {
            for expiry_ms in [None, Some(55)] {
                let mut entry = Entry::string(KEY, NewString::Bytes(first), expiry_ms, 7);
                let replaced = entry.set_string(NewString::Bytes(second));
                assert_eq!(replaced.is_some(), first.len() > INLINE_BYTES_MAX);
                assert_eq!(text_of_entry(&entry), *second);
                assert_eq!(entry.view().key(), KEY);
                assert_eq!((entry.view().expiry_ms(), entry.view().access()), (expiry_ms, 7));
            }
        }
    }
}

#[test]
fn a_text_of_the_same_class_is_overwritten_in_place() {
    let mut entry = Entry::string(KEY, NewString::Bytes(&[b'x'; 32]), None, 0);
    let block = entry.0;
    entry.set_string(NewString::Bytes(&[b'y'; 40]));
    assert_eq!(entry.0, block);
    entry.set_string(NewString::Bytes(&[b'z'; 43]));
    assert_ne!(entry.0, block, "6 + 16 + 43 bytes need the next class");
    assert_eq!(text_of_entry(&entry), [b'z'; 43]);
}

#[test]
fn an_expiry_comes_changes_and_goes_with_any_value() {
    let numbers = [b"12345".to_vec()];
    for text in texts().into_iter().chain(numbers) {
        let mut entry = Entry::string(KEY, NewString::Bytes(&text), None, 9);
        for expiry_ms in [Some(1), Some(i64::MAX), None, None, Some(i64::MIN), None] {
            entry.set_expiry_ms(expiry_ms);
            assert_eq!(entry.view().expiry_ms(), expiry_ms);
            assert_eq!(text_of_entry(&entry), text);
            assert_eq!((entry.view().key(), entry.view().access()), (KEY, 9));
        }
    }
}

#[test]
fn a_key_is_expired_after_its_time_not_at_it() {
    let entry = Entry::string(KEY, NewString::Int(1), Some(1000), 0);
    assert!(!entry.view().is_expired(1000));
    assert!(entry.view().is_expired(1001));
}

#[test]
fn a_text_is_resized_over_all_limits() {
    let lengths = [0, 5, 100, 127, 128, 129, 1024, 1025, 4000, 10, 0];
    for expiry_ms in [None, Some(3)] {
        let mut entry = Entry::string(KEY, NewString::Bytes(b"12"), expiry_ms, 0);
        let mut model = b"12".to_vec();
        for length in lengths {
            entry.resize_text(length).unwrap();
            model.resize(length, 0);
            assert_eq!(text_of_entry(&entry), model);
            entry.text_mut().unwrap().fill(b'y');
            model.fill(b'y');
            assert_eq!((entry.view().key(), entry.view().expiry_ms()), (KEY, expiry_ms));
            assert_eq!(entry.view().encoding(), "raw");
        }
    }
}

#[test]
fn a_text_stays_as_it_is_where_there_is_no_memory_to_grow() {
    for text in texts() {
        let mut entry = Entry::string(KEY, NewString::Text(&text), None, 0);
        for length in [usize::MAX, usize::MAX / 2 + 1] {
            assert_eq!(entry.resize_text(length), Err(NoMemory));
            assert_eq!(text_of_entry(&entry), text);
        }
    }
}

#[test]
fn the_next_value_of_a_raw_string_is_not_raw() {
    let mut entry = Entry::string(KEY, NewString::Bytes(b"abc"), None, 0);
    entry.resize_text(4).unwrap();
    assert_eq!(entry.view().encoding(), "raw");
    entry.set_string(NewString::Bytes(b"abcd"));
    assert_eq!(entry.view().encoding(), "embstr");
    entry.resize_text(4).unwrap();
    entry.set_string(NewString::Bytes(b"7"));
    assert_eq!(entry.view().encoding(), "int");
}

#[test]
fn a_renamed_entry_keeps_value_and_expiry() {
    for text in texts().into_iter().chain([b"5".to_vec()]) {
        let entry = Entry::string(KEY, NewString::Bytes(&text), Some(8), 3);
        let copy = entry.view().to_renamed(b"copy");
        let moved = entry.into_renamed(&[b'm'; 300]);
        assert_eq!((copy.view().key(), moved.view().key()), (&b"copy"[..], &[b'm'; 300][..]));
        for entry in [copy, moved] {
            assert_eq!((text_of_entry(&entry), entry.view().expiry_ms()), (text.clone(), Some(8)));
        }
    }
}

#[test]
fn an_object_takes_the_place_of_any_value() {
    for text in [&b"5"[..], b"text", &[b'x'; 3000]] {
        let mut entry = Entry::string(KEY, NewString::Bytes(text), Some(1), 2);
        entry.set_object(Object::Text(b"object".to_vec()));
        assert_eq!(text_of_entry(&entry), b"object");
        assert_eq!((entry.view().expiry_ms(), entry.view().access()), (Some(1), 2));
    }
}

fn insert(index: &mut Index, entry: Entry) {
    let hash = index.hash(entry.view().key());
    index.insert(hash, entry);
}

fn find(index: &Index, key: &[u8]) -> Option<Found> {
    index.find(index.hash(key), key)
}

#[test]
fn an_index_follows_entries_that_move_and_gain_or_lose_an_expiry() {
    let mut index = Index::new((1, 2));
    let mut model: HashMap<u64, (Vec<u8>, Option<i64>)> = HashMap::new();
    let mut random = Random::seeded(11);
    for _ in 0..if cfg!(miri) { 300 } else { 20_000 } {
        let number = random.below(200);
        let key = format!("key:{number}");
        let text = vec![b'a'; random.below(1200) as usize];
        let expiry_ms = (random.below(2) == 0).then_some(number as i64);
        match (find(&index, key.as_bytes()), random.below(4)) {
            (None, _) => {
                assert!(!model.contains_key(&number));
                insert(&mut index, Entry::string(key.as_bytes(), NewString::Bytes(&text), expiry_ms, 0));
                model.insert(number, (text, expiry_ms));
            }
            (Some(found), 0) => {
                let removed = index.remove(found).unwrap();
                assert_eq!(text_of_entry(&removed), model.remove(&number).unwrap().0);
            }
            (Some(found), 1) => {
                index.modify(found, |entry| entry.set_expiry_ms(expiry_ms));
                model.get_mut(&number).unwrap().1 = expiry_ms;
            }
            (Some(found), _) => {
                index.modify(found, |entry| drop(entry.set_string(NewString::Bytes(&text))));
                model.get_mut(&number).unwrap().0 = text;
            }
        }
    }
    index.assert_invariants();
    assert_eq!(index.len(), model.len());
    for (number, (text, expiry_ms)) in model {
        let entry = index.entry(find(&index, format!("key:{number}").as_bytes()).unwrap()).unwrap();
        assert_eq!((entry.string(), entry.expiry_ms()), (Some(StrRef::Bytes(&text)), expiry_ms));
    }
}

#[test]
fn a_change_that_panics_leaves_the_index_whole() {
    let mut index = Index::new((1, 2));
    insert(&mut index, Entry::string(KEY, NewString::Bytes(b"value"), Some(5), 0));
    let found = find(&index, KEY).unwrap();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        index.modify(found, |entry| {
            entry.set_string(NewString::Bytes(&[b'x'; 500]));
            panic!("in the middle");
        })
    }));
    assert!(result.is_err());
    index.assert_invariants();
    assert_eq!(index.entry(found).unwrap().string(), Some(StrRef::Bytes(&[b'x'; 500])));
}

#[test]
fn an_index_can_be_dropped_on_another_thread() {
    let mut index = Index::new((1, 2));
    insert(&mut index, Entry::string(KEY, NewString::Owned(vec![b'x'; 5000]), Some(5), 0));
    std::thread::spawn(move || drop(index)).join().unwrap();
}
