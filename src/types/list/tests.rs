//! One suite for every encoding: lists against a queue of texts, under limits that cross it in the middle.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

type Model = VecDeque<Vec<u8>>;

/// A change that both the list and the model can do.
#[derive(Debug, Clone)]
enum Change {
    Push(End, Vec<Vec<u8>>),
    Pop(End),
    Rotate(End, End),
    Set(i64, Vec<u8>),
    Insert(End, Vec<u8>, Vec<u8>),
    RemoveRange(usize, usize),
    RemoveEqual(Vec<u8>, End, usize),
    Reload,
}

fn owned(value: StrRef<'_>) -> Vec<u8> {
    value.to_vec()
}

fn values_of(list: &List) -> Model {
    let mut values = Model::new();
    list.for_each(|value| values.push_back(value.to_vec()));
    values
}

fn pushed(end: End, values: &[&[u8]], limits: &ListLimits) -> List {
    let mut list = List::new();
    list.push(end, values.iter().copied(), limits);
    list
}

/// What a snapshot would bring back.
fn reloaded(list: &List, limits: &ListLimits) -> List {
    let mut loaded = List::new();
    for node in list.nodes() {
        match node {
            NodeView::Packed(view) => loaded.push_packed_node(ListPack::from_view(view), limits),
            NodeView::Plain(value) => loaded.push_plain_node(value.to_vec(), limits),
            NodeView::Compressed { stream, pack_bytes } => {
                let mut bytes = Vec::new();
                crate::util::lzf::decompress(stream, pack_bytes, &mut bytes).unwrap();
                loaded.push_packed_node(ListPack::from_bytes(bytes).unwrap(), limits);
            }
        }
    }
    loaded.settle(limits);
    loaded
}

fn apply(change: Change, list: &mut List, model: &mut Model, limits: &ListLimits) {
    match change {
        Change::Push(end, values) => {
            list.push(end, values.iter().map(Vec::as_slice), limits);
            for value in values {
                match end {
                    End::Front => model.push_front(value),
                    End::Back => model.push_back(value),
                }
            }
        }
        Change::Pop(end) => {
            let expected = if end == End::Front { model.pop_front() } else { model.pop_back() };
            assert_eq!(list.pop(end, limits, owned), expected);
        }
        Change::Rotate(from, to) => {
            let expected = if from == End::Front { model.pop_front() } else { model.pop_back() };
            assert_eq!(list.rotate(from, to, limits).map(|element| element.to_vec()), expected);
            match (expected, to) {
                (Some(element), End::Front) => model.push_front(element),
                (Some(element), End::Back) => model.push_back(element),
                (None, _) => {}
            }
        }
        Change::Set(index, value) => {
            let position = if index < 0 { model.len() as i64 + index } else { index };
            let place = usize::try_from(position).ok().and_then(|position| model.get_mut(position));
            assert_eq!(list.set(index, &value, limits), place.is_some());
            if let Some(place) = place {
                *place = value;
            }
        }
        Change::Insert(side, pivot, value) => {
            let found = model.iter().position(|element| *element == pivot);
            assert_eq!(list.insert(side, &pivot, &value, limits), found.is_some());
            if let Some(index) = found {
                model.insert(index + usize::from(side == End::Back), value);
            }
        }
        Change::RemoveRange(from, count) => {
            list.remove_range(from, count, limits);
            model.drain(from.min(model.len())..(from + count).min(model.len()));
        }
        Change::RemoveEqual(text, end, count_max) => {
            let mut found: Vec<usize> = (0..model.len()).filter(|index| model[*index] == text).collect();
            if end == End::Back {
                found.reverse();
            }
            found.truncate(count_max);
            assert_eq!(list.remove_equal(&text, end, count_max, limits), found.len());
            found.sort_unstable();
            for index in found.into_iter().rev() {
                model.remove(index);
            }
        }
        Change::Reload => *list = reloaded(list, limits),
    }
}

fn assert_same(list: &List, model: &Model) {
    if let Repr::Quick(quick) = &list.repr {
        quick.assert_invariants();
    }
    assert_eq!((list.len(), list.is_empty()), (model.len(), model.is_empty()));
    assert_eq!(values_of(list), *model);
    assert_eq!(values_of(&list.clone()), *model);
    for index in 0..model.len() {
        assert_eq!(list.get(index as i64, owned).as_ref(), model.get(index));
        assert_eq!(list.get(index as i64 - model.len() as i64, owned).as_ref(), model.get(index));
        let (mut onward, mut backward) = (Vec::new(), Vec::new());
        list.visit_some(index, End::Back, 5, |value| onward.push(value.to_vec()));
        list.visit_some(index, End::Front, 5, |value| backward.push(value.to_vec()));
        assert!(onward.iter().eq(model.range(index..).take(5)));
        assert!(backward.iter().eq(model.range(..=index).rev().take(5)));
    }
    for index in [model.len() as i64, -1 - model.len() as i64, i64::MIN, i64::MAX] {
        assert_eq!(list.get(index, owned), None);
    }
}

/// Few different values, so that pivots and removals hit.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0_i64..6).prop_map(|number| (number * number * 1000).to_string().into_bytes()),
        8 => (0_usize..5).prop_map(|length| vec![b'v'; length]),
        2 => (100_usize..103, any::<bool>()).prop_map(|(length, same)| {
            (0..length).map(|index| if same { b'x' } else { (index * index) as u8 }).collect()
        }),
        1 => (3000_usize..3002).prop_map(|length| vec![b'l'; length]),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    let end = || prop_oneof![Just(End::Front), Just(End::Back)];
    prop_oneof![
        6 => (end(), prop::collection::vec(values(), 1..6)).prop_map(|(end, values)| Change::Push(end, values)),
        3 => end().prop_map(Change::Pop),
        1 => (end(), end()).prop_map(|(from, to)| Change::Rotate(from, to)),
        3 => (-40_i64..40, values()).prop_map(|(index, value)| Change::Set(index, value)),
        3 => (end(), values(), values()).prop_map(|(side, pivot, value)| Change::Insert(side, pivot, value)),
        2 => (0_usize..40, 0_usize..12).prop_map(|(from, count)| Change::RemoveRange(from, count)),
        2 => (values(), end(), prop_oneof![1_usize..4, Just(usize::MAX)])
            .prop_map(|(text, end, count_max)| Change::RemoveEqual(text, end, count_max)),
        1 => Just(Change::Reload),
    ]
}

fn behaves_like_a_queue(limits: &ListLimits) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    runner
        .run(&prop::collection::vec(changes(), 0..80), |changes| {
            let (mut list, mut model) = (List::new(), Model::new());
            for change in changes {
                apply(change, &mut list, &mut model, limits);
                prop_assert_eq!(list.len(), model.len());
            }
            assert_same(&list, &model);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_listpack_behaves_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(-5, 0));
}

#[test]
fn nodes_of_some_kilobytes_behave_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(-1, 0));
}

#[test]
fn nodes_of_one_value_behave_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(0, 0));
}

#[test]
fn nodes_of_few_values_behave_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(4, 0));
}

#[test]
fn compressed_nodes_behave_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(3, 1));
    behaves_like_a_queue(&ListLimits::new(2, 2));
}

#[test]
fn plain_nodes_behave_like_a_queue() {
    behaves_like_a_queue(&ListLimits::new(4, 0).with_plain_bytes_min(100));
    behaves_like_a_queue(&ListLimits::new(4, 1).with_plain_bytes_min(4));
}

#[test]
fn limits_may_change_under_a_list() {
    let limits = [
        ListLimits::new(3, 1),
        ListLimits::new(2, 0),
        ListLimits::new(-2, 3),
        ListLimits::new(5, 2).with_plain_bytes_min(3),
    ];
    proptest!(|(changes in prop::collection::vec((changes(), 0_usize..4), 0..80))| {
        let (mut list, mut model) = (List::new(), Model::new());
        for (change, choice) in changes {
            apply(change, &mut list, &mut model, &limits[choice]);
        }
        assert_same(&list, &model);
    });
}

#[test]
fn short_values_in_nodes_of_their_own_are_no_harm_to_those_around_them() {
    let limits = ListLimits::new(3, 0);
    let mut list = pushed(End::Back, &[b"1", b"2", b"3"], &limits);
    for short in [b"a", b"b"] {
        list.push_plain_node(short.to_vec(), &limits);
    }
    // Splits the full node, and looks whether those behind can be united.
    assert!(list.insert(End::Front, b"2", b"x", &limits));
    assert_same(&list, &[b"1", b"x", b"2", b"3", b"a", b"b"].map(|text| text.to_vec()).into());
}

#[test]
fn a_list_is_two_words() {
    assert_eq!(size_of::<List>(), 16);
}

#[test]
fn a_listpack_becomes_a_quicklist_before_it_exceeds_a_node() {
    let limits = ListLimits::new(-1, 0);
    // 7 bytes of header and end, and 4089 of values as they arrive.
    let list = pushed(End::Back, &[&[b'x'; 4000], &[b'y'; 89]], &limits);
    assert_eq!(list.encoding(), "listpack");
    let list = pushed(End::Back, &[&[b'x'; 4000], &[b'y'; 90]], &limits);
    assert_eq!(list.encoding(), "quicklist");

    let limits = ListLimits::new(3, 0);
    let mut list = pushed(End::Back, &[b"1", b"2", b"3"], &limits);
    assert_eq!(list.encoding(), "listpack");
    list.push(End::Front, [b"0".as_slice()].into_iter(), &limits);
    assert_eq!(list.encoding(), "quicklist");
    assert_eq!(list.node_figures().unwrap().nodes, 2);
}

#[test]
fn a_quicklist_returns_to_a_listpack_at_half_of_the_limit() {
    let limits = ListLimits::new(4, 0);
    let mut list = pushed(End::Back, &[b"1", b"2", b"3", b"4", b"5"], &limits);
    list.pop(End::Back, &limits, |_| ());
    list.pop(End::Back, &limits, |_| ());
    assert_eq!((list.len(), list.encoding()), (3, "quicklist"));
    list.pop(End::Back, &limits, |_| ());
    assert_eq!((list.len(), list.encoding()), (2, "listpack"));

    // Two nodes are none to return to, however small they are.
    let mut list = pushed(End::Back, &[b"1", b"2", b"3", b"4", b"5"], &limits);
    list.remove_range(1, 3, &limits);
    assert_eq!((list.len(), list.encoding()), (2, "quicklist"));
    list.pop(End::Front, &limits, |_| ());
    assert_eq!((list.len(), list.encoding()), (1, "listpack"));
}

#[test]
fn even_an_insertion_in_vain_converts() {
    let limits = ListLimits::new(2, 0);
    let mut list = pushed(End::Back, &[b"a", b"b"], &limits);
    assert!(!list.insert(End::Front, b"missing", b"c", &limits));
    assert_eq!(list.encoding(), "quicklist");
}

#[test]
fn inner_nodes_are_compressed() {
    let limits = ListLimits::new(8, 1);
    let mut list = List::new();
    let value = [b'x'; 100];
    for _ in 0..80 {
        list.push(End::Back, [value.as_slice()].into_iter(), &limits);
    }
    let compressed = |list: &List| {
        list.nodes().map(|node| matches!(node, NodeView::Compressed { .. })).collect::<Vec<_>>()
    };
    let all_but_ends = |nodes: usize| (0..nodes).map(|node| node > 0 && node < nodes - 1).collect::<Vec<_>>();
    assert_eq!(compressed(&list), all_but_ends(10));
    let plain_bytes = list.node_figures().unwrap().uncompressed_bytes;
    assert_eq!(plain_bytes, 10 * (7 + 8 * 103));
    assert!(list.heap_bytes() < plain_bytes / 2, "{}", list.heap_bytes());

    // It follows the ends, at which nodes come and go.
    for _ in 0..16 {
        list.push(End::Front, [value.as_slice()].into_iter(), &limits);
    }
    assert_eq!(compressed(&list), all_but_ends(12));
    for end in [End::Front, End::Back] {
        for _ in 0..8 {
            list.pop(end, &limits, |_| ());
        }
    }
    assert_eq!(compressed(&list), all_but_ends(10));

    // What a node was compressed from comes back as it was; the node that comes to the end is decompressed.
    assert!(list.set(40, b"changed", &limits));
    assert_eq!(compressed(&list), all_but_ends(10));
    list.remove_range(0, 8, &limits);
    assert_eq!(compressed(&list), all_but_ends(9));
    assert_eq!(list.get(32, owned).unwrap(), b"changed");
}

#[test]
fn a_huge_value_is_a_node_of_its_own() {
    let limits = ListLimits::new(-2, 0).with_plain_bytes_min(9000);
    let huge = vec![b'h'; 9000];
    let list = pushed(End::Back, &[b"a", &huge, b"b", b"c"], &limits);
    let nodes: Vec<usize> =
        list.nodes().map(|node| if let NodeView::Plain(value) = node { value.len() } else { 0 }).collect();
    assert_eq!(nodes, [0, 9000, 0]);
}

#[test]
fn a_thousand_short_values_take_less_than_14_bytes_each() {
    let limits = ListLimits::new(-2, 0);
    let mut list = List::new();
    for number in 0..1000 {
        list.push(End::Back, [format!("elem:{number:06}").as_bytes()].into_iter(), &limits);
    }
    assert_eq!(list.encoding(), "quicklist");
    assert!(list.heap_bytes() <= 13_500, "{}", list.heap_bytes());
}

#[test]
fn a_list_of_nothing_loaded_is_empty() {
    let limits = ListLimits::new(-2, 0);
    let mut list = List::new();
    list.push_packed_node(ListPack::new(), &limits);
    list.settle(&limits);
    assert_eq!((list.len(), list.encoding()), (0, "listpack"));
}
