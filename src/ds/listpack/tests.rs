//! Listpacks against vectors of texts, and the bytes of each encoding.

use proptest::prelude::*;

use super::*;

fn pack_of(texts: &[&[u8]]) -> ListPack {
    texts.iter().map(|text| StrRef::of(text)).collect()
}

fn texts_of(pack: &ListPack) -> Vec<Vec<u8>> {
    pack.iter().map(StrRef::to_vec).collect()
}

/// Everything that can be asked gives the same answer as the model.
fn assert_same(pack: &ListPack, model: &[Vec<u8>]) {
    let (view, len, ()) = ListPackRef::examine(pack.as_bytes(), |_| ()).expect("well-formed");
    assert_eq!((len, pack.len(), view.is_empty()), (model.len(), model.len(), model.is_empty()));
    assert_eq!(texts_of(pack), model);
    let backwards: Vec<_> = pack.iter().rev().map(StrRef::to_vec).collect();
    assert!(backwards.iter().eq(model.iter().rev()));

    let mut at = pack.first();
    for (index, text) in model.iter().enumerate() {
        assert_eq!(at, pack.at_index(index as i64), "index {index}");
        assert_eq!(at, pack.at_index(index as i64 - model.len() as i64), "index {index} from the end");
        let here = at.expect("there is an element");
        assert_eq!(pack.value(here), StrRef::of(text));
        assert!(view.iter_from(here).map(StrRef::to_vec).eq(model[index..].iter().cloned()));
        assert!(view.iter_through(here).map(StrRef::to_vec).eq(model[..=index].iter().cloned()));
        at = pack.next(here);
        assert_eq!(at.and_then(|next| pack.prev(next)).unwrap_or(here), here);
    }
    assert_eq!(at, None);
    assert_eq!(pack.at_index(model.len() as i64), None);
    assert_eq!(pack.at_index(-1 - model.len() as i64), None);
    assert_eq!(pack.at_index(i64::MIN), None);
    assert_eq!(pack.at_index(i64::MAX), None);
}

#[test]
fn a_listpack_is_two_words() {
    assert_eq!(size_of::<ListPack>(), 16);
    assert_eq!(size_of::<Option<ListPack>>(), 16);
}

#[test]
fn an_empty_listpack_is_a_header_and_an_end() {
    let pack = ListPack::new();
    assert_eq!(pack.heap_bytes(), 0);
    assert_eq!(pack.as_bytes(), [7, 0, 0, 0, 0, 0, 0xff]);
    assert_eq!(pack.as_bytes(), [7, 0, 0, 0, 0, 0, 0xff]);
    assert_eq!(ListPack::with_capacity(0).as_bytes(), pack.as_bytes());
    assert_eq!((pack.first(), pack.last(), pack.at_index(0)), (None, None, None));
    assert_eq!(pack.find(b"", 0), None);
}

#[test]
fn integers_take_the_fewest_bytes() {
    let encodings: [(i64, &[u8]); 21] = [
        (0, &[0, 1]),
        (127, &[127, 1]),
        (-1, &[0xdf, 0xff, 2]),
        (128, &[0xc0, 128, 2]),
        (4095, &[0xcf, 0xff, 2]),
        (-4096, &[0xd0, 0, 2]),
        (4096, &[0xf1, 0, 0x10, 3]),
        (-4097, &[0xf1, 0xff, 0xef, 3]),
        (32_767, &[0xf1, 0xff, 0x7f, 3]),
        (-32_768, &[0xf1, 0, 0x80, 3]),
        (32_768, &[0xf2, 0, 0x80, 0, 4]),
        (65_536, &[0xf2, 0, 0, 1, 4]),
        (-32_769, &[0xf2, 0xff, 0x7f, 0xff, 4]),
        (8_388_607, &[0xf2, 0xff, 0xff, 0x7f, 4]),
        (-8_388_608, &[0xf2, 0, 0, 0x80, 4]),
        (8_388_608, &[0xf3, 0, 0, 0x80, 0, 5]),
        (2_147_483_647, &[0xf3, 0xff, 0xff, 0xff, 0x7f, 5]),
        (-2_147_483_648, &[0xf3, 0, 0, 0, 0x80, 5]),
        (2_147_483_648, &[0xf4, 0, 0, 0, 0x80, 0, 0, 0, 0, 9]),
        (i64::MAX, &[0xf4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 9]),
        (i64::MIN, &[0xf4, 0, 0, 0, 0, 0, 0, 0, 0x80, 9]),
    ];
    for (number, bytes) in encodings {
        let mut pack = ListPack::new();
        pack.push_back(StrRef::Int(number));
        assert_eq!(pack.view().entries(), bytes, "{number}");
        assert_eq!(ListPack::encoded_len(StrRef::Int(number)), bytes.len());
        assert_eq!(pack.iter().next(), Some(StrRef::Int(number)));
        assert_same(&pack, &[number.to_string().into_bytes()]);
    }
}

#[test]
fn texts_have_lengths_of_6_12_and_32_bits() {
    let heads: [(usize, &[u8], &[u8]); 9] = [
        (0, &[0x80], &[1]),
        (63, &[0xbf], &[64]),
        (64, &[0xe0, 64], &[66]),
        (125, &[0xe0, 125], &[127]),
        (126, &[0xe0, 126], &[1, 0x80]),
        (4095, &[0xef, 0xff], &[32, 0x81]),
        (4096, &[0xf0, 0, 0x10, 0, 0], &[32, 0x85]),
        (16_377, &[0xf0, 0xf9, 0x3f, 0, 0], &[127, 0xfe]),
        (16_378, &[0xf0, 0xfa, 0x3f, 0, 0], &[0, 0xff, 0xff]),
    ];
    for (length, head, tail) in heads {
        let text = vec![b'x'; length];
        let pack = pack_of(&[&text]);
        let expected = [head, text.as_slice(), tail].concat();
        assert_eq!(pack.view().entries(), expected, "{length}");
        assert_eq!(ListPack::encoded_len(StrRef::Bytes(&text)), expected.len());
        assert_same(&pack, &[text]);
    }
}

#[test]
fn long_texts_have_long_lengths_behind() {
    for (length, tail) in [
        (2_097_145, vec![127, 0xff, 0xfe]),
        (2_097_146, vec![0, 0xff, 0xff, 0xff]),
        (2_097_147, vec![1, 0x80, 0x80, 0x80]),
    ] {
        let text = vec![b'x'; length];
        let pack = pack_of(&[b"a", &text, b"b"]);
        assert!(
            pack.view().entries()[..].ends_with(&[tail.as_slice(), &[0x81, b'b', 2]].concat()),
            "{length}"
        );
        assert_same(&pack, &[b"a".to_vec(), text, b"b".to_vec()]);
    }
}

#[test]
fn a_whole_listpack_is_redis_s() {
    let pack = pack_of(&[b"hello", b"-5", b"1024"]);
    let expected: &[u8] = b"\x15\0\0\0\x03\0\x85hello\x06\xdf\xfb\x02\xc4\0\x02\xff";
    assert_eq!(pack.as_bytes()[4..], expected[4..]);
    assert_eq!(pack.as_bytes()[..4], (expected.len() as u32).to_le_bytes());
    assert_eq!(ListPack::from_bytes(pack.as_bytes().to_vec()), Ok(pack));
}

#[test]
fn only_canonical_digits_become_integers() {
    let pack = pack_of(&[b"007", b"-0", b"+1", b" 1", b"9223372036854775808"]);
    assert!(pack.iter().all(|value| matches!(value, StrRef::Bytes(_))));
}

#[test]
fn elements_are_found_by_text() {
    let mut pack = pack_of(&[b"a", b"1", b"b", b"a", b"1", b"12"]);
    pack.push_back(StrRef::Bytes(b"77"));
    assert_eq!(pack.find(b"a", 0), pack.at_index(0));
    assert_eq!(pack.find(b"1", 0), pack.at_index(1));
    assert_eq!(pack.find(b"b", 1), pack.at_index(2));
    assert_eq!(pack.find(b"1", 1), pack.at_index(4));
    assert_eq!(pack.find(b"12", 1), None);
    assert_eq!(pack.find(b"2", 0), None);
    assert_eq!(pack.find(b"77", 0), pack.at_index(6));
    assert_eq!(pack.find(b"77", usize::MAX - 1), None);
}

#[test]
fn the_count_saturates_and_comes_back() {
    let mut pack = ListPack::new();
    for number in 0..65_540 {
        pack.push_back(StrRef::Int(number & 1));
    }
    assert_eq!(pack.as_bytes()[4..6], [0xff, 0xff]);
    assert_eq!(pack.len(), 65_540);
    assert_eq!(pack.at_index(-1), pack.last());
    pack.remove_range(10, 5);
    assert_eq!((pack.len(), &pack.as_bytes()[4..6]), (65_535, &[0xff, 0xff][..]));
    pack.pop_front();
    assert_eq!((pack.len(), &pack.as_bytes()[4..6]), (65_534, &[0xfe, 0xff][..]));

    let tail = pack.split_off(4);
    assert_eq!((pack.len(), tail.len()), (4, 65_530));
    let mut both = pack.clone();
    both.append(tail.view());
    both.append(pack.view());
    assert_eq!((both.len(), &both.as_bytes()[4..6]), (65_538, &[0xff, 0xff][..]));
    assert_eq!(ListPack::from_bytes(both.as_bytes().to_vec()), Ok(both));
}

#[test]
fn a_listpack_saved_without_its_count_is_counted() {
    let mut bytes = pack_of(&[b"a", b"b"]).as_bytes().to_vec();
    bytes[4..6].fill(0xff);
    assert_eq!(ListPackRef::validate(&bytes).unwrap().len(), 2);
    assert_eq!(ListPack::from_bytes(bytes).unwrap().as_bytes()[4..6], [2, 0]);
}

#[test]
fn broken_bytes_are_refused() {
    let refused = |bytes: &[u8]| ListPackRef::validate(bytes).expect_err("broken");
    let good = pack_of(&[b"hello", b"1024"]).as_bytes().to_vec();
    assert_eq!(refused(&[]), Malformed::Header);
    assert_eq!(refused(&good[..5]), Malformed::Header);
    assert_eq!(refused(&good[..good.len() - 1]), Malformed::Length);
    assert_eq!(refused(&[6, 0, 0, 0, 0, 0]), Malformed::End);
    assert_eq!(refused(&[7, 0, 0, 0, 0, 0, 0]), Malformed::End);
    assert_eq!(refused(&[7, 0, 0, 0, 1, 0, 0xff]), Malformed::Count);
    let with = |offset: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[offset] = byte;
        bytes
    };
    assert_eq!(refused(&with(4, 3)), Malformed::Count);
    assert_eq!(refused(&with(12, 5)), Malformed::Element);
    assert_eq!(refused(&with(6, 0x84)), Malformed::Element);
    assert_eq!(refused(&with(6, 0xbf)), Malformed::Element);
    assert_eq!(refused(&with(6, 0xf0)), Malformed::Element);
    for kind in 0xf5..=0xff {
        assert_eq!(refused(&with(6, kind)), Malformed::Element, "{kind:#x}");
    }
    assert_eq!(refused(&[12, 0, 0, 0, 1, 0, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff]), Malformed::Element);
}

#[test]
fn what_is_not_looked_at_is_checked_all_the_same() {
    let good = pack_of(&[b"hello", b"1024", b"end"]).as_bytes().to_vec();
    let (view, len, first) = ListPackRef::examine(&good, Iterator::next).unwrap();
    assert_eq!((view.as_bytes(), len, first), (good.as_slice(), 3, Some(StrRef::Bytes(b"hello"))));
    let mut bad = good;
    let broken = bad.len() - 2;
    bad[broken] = 9;
    let seen = ListPackRef::examine(&bad, |elements| elements.by_ref().take(2).count());
    assert_eq!(seen, Err(Malformed::Element));
    let all = |elements: &mut Unproven<'_>| assert_eq!(elements.count(), 2, "what is malformed ends them");
    assert_eq!(ListPackRef::examine(&bad, all).unwrap_err(), Malformed::Element);
}

#[test]
fn a_block_grows_by_classes_and_gives_back_what_is_left() {
    let mut pack = ListPack::new();
    for _ in 0..50 {
        pack.push_back(StrRef::Bytes(b"sixteen bytes ok"));
    }
    assert_eq!((pack.byte_len(), pack.heap_bytes()), (907, 1024));
    pack.shrink();
    assert_eq!(pack.heap_bytes(), 1024);
    pack.remove_range(30, 20);
    pack.shrink();
    assert_eq!((pack.byte_len(), pack.block.len()), (547, 551));
    pack.remove_range(1, 28);
    assert_eq!((pack.byte_len(), pack.heap_bytes()), (43, 48));
    assert_eq!(ListPack::with_capacity(100).heap_bytes(), 112);
}

#[test]
fn a_queue_moves_its_elements_seldom() {
    for (push_front, pop_front) in [(false, true), (true, false), (true, true)] {
        let mut pack = ListPack::new();
        let mut moves = 0;
        for number in 0..10_000 {
            let before = (pack.block.as_ptr(), pack.last().map(|at| pack.start() + at.offset()));
            let value = StrRef::Int(number);
            if push_front {
                pack.push_front(value);
            } else {
                pack.push_back(value);
            }
            let kept = pack.prev(pack.last().unwrap()).filter(|_| !push_front).or_else(|| pack.last());
            moves += usize::from(before != (pack.block.as_ptr(), kept.map(|at| pack.start() + at.offset())));
            if pack.len() > 500 {
                if pop_front { pack.pop_front() } else { pack.pop_back() }
            }
        }
        assert!(moves < 1500, "{moves}");
        ListPackRef::validate(pack.as_bytes()).unwrap();
    }
}

/// A change that both the listpack and the model can do.
#[derive(Debug, Clone)]
enum Change {
    PushBack(Vec<u8>),
    PushFront(Vec<u8>),
    InsertBefore(usize, Vec<u8>),
    InsertAfter(usize, Vec<u8>),
    Replace(usize, Vec<u8>),
    Remove(usize),
    RemoveRange(usize, usize),
    PopFront,
    PopBack,
    SplitAndSwap(usize),
    Shrink,
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..10),
        (0_u32..64, any::<i64>()).prop_map(|(shift, number)| (number >> shift).to_string().into_bytes()),
        (prop_oneof![60_usize..70, 120_usize..135, 4090_usize..4100], any::<u8>())
            .prop_map(|(length, byte)| vec![byte; length]),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    let index = 0_usize..20;
    prop_oneof![
        4 => texts().prop_map(Change::PushBack),
        4 => texts().prop_map(Change::PushFront),
        2 => (index.clone(), texts()).prop_map(|(index, text)| Change::InsertBefore(index, text)),
        2 => (index.clone(), texts()).prop_map(|(index, text)| Change::InsertAfter(index, text)),
        2 => (index.clone(), texts()).prop_map(|(index, text)| Change::Replace(index, text)),
        2 => index.clone().prop_map(Change::Remove),
        1 => (index.clone(), 0_usize..5).prop_map(|(index, count)| Change::RemoveRange(index, count)),
        1 => Just(Change::PopFront),
        1 => Just(Change::PopBack),
        1 => index.prop_map(Change::SplitAndSwap),
        1 => Just(Change::Shrink),
    ]
}

fn apply(change: Change, pack: &mut ListPack, model: &mut Vec<Vec<u8>>) {
    let at = |index: usize| pack.at_index(index as i64);
    match change {
        Change::PushBack(text) => {
            pack.push_back_text(&text);
            model.push(text);
        }
        Change::PushFront(text) => {
            pack.push_front(StrRef::of(&text));
            model.insert(0, text);
        }
        Change::InsertBefore(index, text) => {
            if let Some(at) = at(index) {
                assert_eq!(Some(pack.insert_before(at, StrRef::of(&text))), pack.at_index(index as i64));
                model.insert(index, text);
            }
        }
        Change::InsertAfter(index, text) => {
            if let Some(at) = at(index) {
                assert_eq!(Some(pack.insert_after(at, StrRef::of(&text))), pack.at_index(index as i64 + 1));
                model.insert(index + 1, text);
            }
        }
        Change::Replace(index, text) => {
            if let Some(at) = at(index) {
                pack.replace(at, StrRef::of(&text));
                model[index] = text;
            }
        }
        Change::Remove(index) => {
            if let Some(at) = at(index) {
                let next = pack.remove(at);
                model.remove(index);
                assert_eq!(next.map(|_| at), pack.at_index(index as i64));
            }
        }
        Change::RemoveRange(index, count) => {
            pack.remove_range(index, count);
            model.drain(index.min(model.len())..(index + count).min(model.len()));
        }
        Change::PopFront => {
            pack.pop_front();
            model.drain(..1.min(model.len()));
        }
        Change::PopBack => {
            pack.pop_back();
            model.pop();
        }
        Change::SplitAndSwap(index) => {
            let mut tail = pack.split_off(index);
            tail.append(pack.view());
            *pack = tail;
            let middle = index.min(model.len());
            model.rotate_left(middle);
        }
        Change::Shrink => pack.shrink(),
    }
}

proptest! {
    #[test]
    fn a_listpack_behaves_like_a_vector(changes in prop::collection::vec(changes(), 0..60)) {
        let mut pack = ListPack::new();
        let mut model = Vec::new();
        for change in changes {
            apply(change, &mut pack, &mut model);
            ListPackRef::validate(pack.as_bytes()).expect("well-formed");
        }
        assert_same(&pack, &model);
        prop_assert_eq!(ListPack::from_bytes(pack.as_bytes().to_vec()), Ok(pack));
    }

    #[test]
    fn bytes_from_outside_never_panic(
        texts in prop::collection::vec(texts(), 0..6),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let mut bytes = pack_of(&texts).as_bytes().to_vec();
        for (index, byte) in damages {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        // What is accepted can be read from both ends, and kept.
        if let Ok(view) = ListPackRef::validate(&bytes) {
            prop_assert_eq!(view.iter().count(), view.iter().rev().count());
            let pack = ListPack::from_bytes(bytes.clone()).unwrap();
            prop_assert_eq!(pack.len(), view.len());
        }
    }
}
