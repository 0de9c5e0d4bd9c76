//! Inputs that no server wrote.

use proptest::prelude::*;

use super::*;

/// What reading may hold at once for inputs of a few kilobytes.
const ALLOCATED_BYTES_MAX: usize = 1024 * 1024;

/// Reads to the end or to the first error, watching the reader's buffers.
fn read_bounded(bytes: &[u8], size_hint: Option<u64>) -> Result<(), LoadError> {
    let mut reader = Reader::new(bytes, size_hint)?;
    loop {
        let more = reader.next_item().and_then(|item| item.map(line).transpose()).map(|item| item.is_some());
        let allocated = reader.allocated_bytes();
        assert!(allocated <= ALLOCATED_BYTES_MAX, "{allocated} bytes");
        if !more? {
            return Ok(());
        }
    }
}

fn collections() -> Vec<u8> {
    collections_of_version(RDB_VERSION)
}

/// One value of each type and form.
fn collections_of_version(version: u8) -> Vec<u8> {
    let options = WriterOptions { version, compression: false, ..WriterOptions::default() };
    snapshot(options, |writer| {
        writer.aux(aux::REDIS_VERSION, b"7.2.4")?;
        values::fill_with_collections(writer)
    })
}

fn headed(version: u8, items: &[u8]) -> Vec<u8> {
    [format!("REDIS{version:04}").as_bytes(), items].concat()
}

#[test]
fn every_truncation_is_seen_where_the_input_ends() {
    for bytes in [everything(), collections()] {
        for length in 0..bytes.len() {
            let error = items(&bytes[..length]).unwrap_err();
            assert!(
                matches!(error, LoadError::Truncated { offset } if offset == length as u64),
                "{length} bytes: {error}"
            );
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    for bytes in [everything(), collections()] {
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut broken = bytes.clone();
                broken[position] ^= 1 << bit;
                assert!(items(&broken).is_err(), "bit {bit} of byte {position}");
            }
        }
    }
}

#[test]
fn a_wrong_checksum_matters_only_if_there_is_one_to_check() {
    let mut bytes = everything();
    let position = bytes.len() - 1;
    bytes[position] ^= 1;
    assert!(matches!(items(&bytes), Err(LoadError::Checksum { computed, stored }) if computed != stored));
    let mut unchecked = Reader::new(&bytes[..], None).unwrap().without_checksum();
    assert_eq!(drain(&mut unchecked).unwrap().len(), 12);
    bytes[position - 7..].fill(0);
    assert_eq!(items(&bytes).unwrap().len(), 12);
}

#[test]
fn versions_before_five_end_without_a_checksum() {
    for version in 1..=4 {
        let bytes = headed(version, b"\xfe\x02\0\x01k\x01v\xff");
        assert_eq!(items(&bytes).unwrap(), ["db 2", "k = \"v\""]);
    }
    let error = items(&headed(5, b"\xff")).unwrap_err();
    assert!(matches!(error, LoadError::Truncated { offset: 10 }), "{error}");
    // Such a snapshot is a recent one whose version was damaged.
    let error = items(&headed(1, &everything()[9..])).unwrap_err();
    assert!(matches!(error, LoadError::Corrupt { offset: 9, .. }), "{error}");
}

#[test]
fn expiry_in_seconds_becomes_milliseconds() {
    let bytes =
        headed(2, b"\xfd\x00\xf1\x53\x65\0\x01k\x01v\0\x01l\x01w\xfd\xff\xff\xff\xff\0\x01m\x01x\xff");
    assert_eq!(
        items(&bytes).unwrap(),
        ["k = \"v\" expires 1700000000000", "l = \"w\"", "m = \"x\" expires -1000"]
    );
}

#[test]
fn signature_and_version_are_checked_first() {
    assert!(matches!(items(b"RADIS0011\xff"), Err(LoadError::Corrupt { offset: 0, .. })));
    assert!(matches!(items(b"REDIS00x1\xff"), Err(LoadError::Corrupt { offset: 5, .. })));
    for (text, number) in [("0000", 0), ("0013", 13), ("9999", 9999)] {
        let error = items(format!("REDIS{text}").as_bytes()).unwrap_err();
        assert!(matches!(error, LoadError::Version(version) if version == number));
        assert_eq!(error.to_string(), format!("Can't handle RDB format version {number}"));
    }
}

#[test]
fn types_that_are_not_loaded_differ_from_bytes_that_mean_nothing() {
    for type_id in [6, 7] {
        let error = items(&headed(11, &[0, 1, b'k', 1, b'v', type_id, 1, b'k', 0])).unwrap_err();
        assert!(
            matches!(error, LoadError::Unsupported { type_id: found, offset: 14 } if found == type_id),
            "{type_id}: {error}"
        );
    }
    for type_id in [24, 25] {
        let error = items(&headed(11, &[type_id, 1, b'k', 0, 0, 0, 0, 0, 0, 0, 0, 0])).unwrap_err();
        assert!(matches!(error, LoadError::Corrupt { offset: 9, .. }), "{type_id}: {error}");
    }
    let error = items(&headed(11, &[246, 0])).unwrap_err();
    assert!(matches!(error, LoadError::Unsupported { type_id: 246, offset: 9 }), "{error}");
    for byte in [8_u8, 22, 23].into_iter().chain(26..=244) {
        let error = items(&headed(11, &[byte])).unwrap_err();
        assert!(matches!(error, LoadError::Corrupt { offset: 9, .. }), "{byte}: {error}");
    }
}

#[test]
fn a_module_without_its_module_is_named_and_skipped() {
    let item = b"\xf7\x81\xb5\xeb\x2d\xb7\x2a\x5e\xd4\x03\x02\x01\x05\x02hi\0";
    let bytes = headed(11, &[item, &b"\0\x01k\x01v\xff\0\0\0\0\0\0\0\0"[..]].concat());
    assert_eq!(items(&bytes).unwrap(), ["module testtype1", "k = \"v\""]);
}

#[test]
fn the_slot_of_a_hint_is_one_of_a_cluster_and_of_a_version_that_has_it() {
    let slot_info = |slot: [u8; 2]| [&[244][..], &[0x40 | slot[0], slot[1], 1, 0], b"\0\x01k\x01v"].concat();
    let last = [&slot_info(16_383_u16.to_be_bytes())[..], b"\xff\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(items(&headed(12, &last)).unwrap(), ["k = \"v\""]);
    for (version, slot) in [(12, &b"\xf4\x80\0\0\x40\0\x01\0"[..]), (11, &last)] {
        let error = items(&headed(version, slot)).unwrap_err();
        assert!(matches!(error, LoadError::Corrupt { offset: 9, .. }), "{version}: {error}");
    }
}

#[test]
fn huge_declared_lengths_allocate_nothing() {
    let huge = [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let plain = [&[0, 1, b'k'], &huge[..], b"some bytes"].concat();
    let plain_key = [&[0], &huge[..], b"some bytes"].concat();
    let compressed = [&[0, 1, b'k', 0xc3], &huge[..], &[10], b"some bytes"].concat();
    for body in [plain, plain_key, compressed] {
        let bytes = headed(11, &body);
        for hint in [None, Some(bytes.len() as u64)] {
            let error = read_bounded(&bytes, hint).unwrap_err();
            let end = bytes.len() as u64;
            assert!(matches!(error, LoadError::Truncated { offset } if offset == end), "{error}");
        }
    }
    // The stream has all its bytes, but could never give what it declares.
    let expanding = [&[0, 1, b'k', 0xc3, 2], &huge[..], &[0, b'a', 0xff]].concat();
    let error = read_bounded(&headed(11, &expanding), None).unwrap_err();
    assert!(matches!(error, LoadError::Corrupt { offset: 23, .. }), "{error}");
}

#[test]
fn an_unreadable_input_is_neither_truncated_nor_corrupt() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    let bytes = everything();
    let input = bytes[..100].chain(Broken);
    let error = drain(&mut Reader::new(input, None).unwrap()).unwrap_err();
    assert!(matches!(error, LoadError::Io(_)), "{error}");
}

/// A change to a file.
#[derive(Debug, Clone)]
enum Mutation {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Bytes with a meaning are more likely to get anywhere.
    let byte = || prop_oneof![any::<u8>(), 0xf5_u8..=0xff, 0x80_u8..=0x81, 0xc0_u8..=0xc3, 0_u8..=21];
    prop_oneof![
        (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<prop::sample::Index>(), prop::collection::vec(byte(), 1..12))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<prop::sample::Index>(), 1_usize..20).prop_map(|(at, count)| Mutation::Remove(at, count)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: Mutation) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match mutation {
        Mutation::Set(at, byte) => bytes[at.index(length)] = byte,
        Mutation::Insert(at, inserted) => {
            let at = at.index(length);
            bytes.splice(at..at, inserted);
        }
        Mutation::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + count));
        }
    }
}

proptest! {
    #[test]
    fn mutated_snapshots_neither_panic_nor_allocate_much(
        mutations in prop::collection::vec(mutation(), 1..6),
        hinted in any::<bool>(),
        which in 0_u8..4,
    ) {
        let mut bytes = match which {
            0 => everything(),
            1 => collections(),
            2 => collections_of_version(9),
            _ => collections_of_version(10),
        };
        // Leave the signature alone, or little would be read at all.
        let mut rest = bytes.split_off(9);
        for mutation in mutations {
            mutate(&mut rest, mutation);
        }
        bytes.append(&mut rest);
        let hint = hinted.then_some(bytes.len() as u64);
        // Any outcome will do; the reading itself is the test.
        let _ = read_bounded(&bytes, hint);
    }

    #[test]
    fn sealed_garbage_does_not_panic(
        type_id in prop_oneof![Just(0_u8), any::<u8>()],
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let bytes = sealed(&[&[type_id], &body[..]].concat());
        // Any outcome will do; the loading itself is the test.
        let _ = payload::Payload(&bytes).verify(true).unwrap().load(shown);
    }
}
