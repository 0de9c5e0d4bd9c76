//! Sketches as a whole. Golden bytes are those of Redis 7.2.6.

use proptest::prelude::*;

use super::observation::REGISTERS;
use super::*;

const SPARSE_BYTES_MAX: usize = 3000;

fn sketch_of<'a>(elements: impl IntoIterator<Item = &'a [u8]>) -> Sketch {
    let mut sketch = Sketch::new();
    for element in elements {
        sketch.raise(Observation::of(element), SPARSE_BYTES_MAX).unwrap();
    }
    sketch
}

fn numbers(count: u64, sparse_bytes_max: usize) -> Sketch {
    let mut sketch = Sketch::new();
    for number in 0..count {
        sketch.raise(Observation::of(number.to_string().as_bytes()), sparse_bytes_max).unwrap();
    }
    sketch
}

fn registers_of(sketch: &Sketch) -> Registers {
    let mut registers = Registers::default();
    sketch.view().merge_into(&mut registers).unwrap();
    registers
}

/// A sparse sketch with these opcodes.
fn crafted(opcodes: &[u8]) -> Vec<u8> {
    let mut text = Sketch::new().into_text();
    text.truncate(16);
    text.extend_from_slice(opcodes);
    text
}

#[test]
fn a_new_sketch_is_empty_and_knows_it() {
    let sketch = Sketch::new();
    assert_eq!(sketch.text(), b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff");
    assert_eq!((sketch.view().cached(), sketch.view().estimate()), (Some(0), Ok(0)));
}

#[test]
fn seven_letters_are_the_runs_that_redis_makes_of_them() {
    let sketch = sketch_of(["a", "b", "c", "d", "e", "f", "g"].map(str::as_bytes));
    let opcodes = b"\x46\x6d\x80\x56\x0c\x80\x44\x3c\x84\x38\x80\x50\xb1\x84\x49\x8c\x80\x42\x6d\x80\x42\x5a";
    let mut expected = crafted(opcodes);
    expected[15] = 0x80;
    assert_eq!(sketch.text(), expected);
    assert_eq!((sketch.view().cached(), sketch.view().estimate()), (None, Ok(7)));
}

#[test]
fn an_element_says_the_same_twice() {
    let mut sketch = sketch_of([&b"a"[..]]);
    assert_eq!(sketch.raise(Observation::of(b"a"), SPARSE_BYTES_MAX), Ok(false));
    assert_eq!(sketch.raise(Observation::of(b""), SPARSE_BYTES_MAX), Ok(true));
}

#[test]
fn estimates_are_those_of_redis() {
    assert_eq!(numbers(1000, SPARSE_BYTES_MAX).view().estimate(), Ok(1001));
    assert_eq!(numbers(10_000, SPARSE_BYTES_MAX).view().estimate(), Ok(9987));
}

#[test]
fn a_sketch_becomes_dense_when_it_grows_beyond_the_limit() {
    assert_eq!(numbers(1000, SPARSE_BYTES_MAX).view().encoding(), Encoding::Sparse);
    assert_eq!(numbers(10_000, SPARSE_BYTES_MAX).view().encoding(), Encoding::Dense);
    let at_once = numbers(1, 0);
    assert_eq!((at_once.view().encoding(), at_once.text().len()), (Encoding::Dense, 12_304));
    assert_eq!(registers_of(&numbers(1000, 0)), registers_of(&numbers(1000, SPARSE_BYTES_MAX)));
}

#[test]
fn a_rank_beyond_32_needs_the_dense_encoding() {
    let mut sketch = Sketch::new();
    assert_eq!(sketch.raise(Observation { register: 16_383, rank: 32 }, SPARSE_BYTES_MAX), Ok(true));
    assert_eq!(sketch.view().encoding(), Encoding::Sparse);
    assert_eq!(sketch.raise(Observation { register: 16_383, rank: 33 }, SPARSE_BYTES_MAX), Ok(true));
    assert_eq!(sketch.view().encoding(), Encoding::Dense);
    assert_eq!(registers_of(&sketch).ranks()[16_382..], [0, 33]);
}

#[test]
fn neighbours_of_one_rank_share_an_opcode_of_up_to_four() {
    let mut sketch = Sketch::new();
    for register in [10, 12, 11, 13, 14] {
        sketch.raise(Observation { register, rank: 3 }, SPARSE_BYTES_MAX).unwrap();
    }
    let runs: Vec<_> = sketch.view().runs().unwrap().map(|run| (run.rank, run.length)).collect();
    assert_eq!(runs, [(0, 10), (3, 4), (3, 1), (0, 16_369)]);
}

#[test]
fn other_strings_are_not_sketches() {
    let dense = numbers(1, 0).into_text();
    let other_encoding: Vec<u8> =
        dense.iter().enumerate().map(|(at, byte)| if at == 4 { 2 } else { *byte }).collect();
    for text in
        [&b""[..], b"HYLL", b"HYLL\x01\0\0\0\0\0\0\0\0\0\0", b"hyll\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff"]
    {
        assert_eq!(SketchRef::of(text).unwrap_err(), SketchError::NotASketch);
    }
    for text in [&dense[..12_303], &dense[..16], &other_encoding] {
        assert_eq!(SketchRef::of(text).unwrap_err(), SketchError::NotASketch);
    }
}

#[test]
fn runs_must_cover_all_registers_and_no_more() {
    let too_many: Vec<u8> = [0x7f, 0xff].repeat(1000);
    let long_run_at_the_end = [0x7f, 0xfe, 0x83];
    let behind_the_end = [0x7f, 0xff, 0x80];
    let cut_off = [0x7f, 0xfe, 0x41];
    let cases: [&[u8]; 6] = [b"", b"\x00", &too_many, &long_run_at_the_end, &behind_the_end, &cut_off];
    for opcodes in cases {
        let text = crafted(opcodes);
        let sketch = SketchRef::of(&text).unwrap();
        assert_eq!(sketch.estimate(), Err(SketchError::Corrupted), "{opcodes:x?}");
        assert_eq!(sketch.merge_into(&mut Registers::default()), Err(SketchError::Corrupted));
        assert_eq!(Sketch::from_text(&text).unwrap().make_dense(), Err(SketchError::Corrupted));
    }
    let mut sketch = Sketch::from_text(&crafted(b"\x00")).unwrap();
    assert_eq!(sketch.raise(Observation { register: 1, rank: 1 }, 3000), Err(SketchError::Corrupted));
}

#[test]
fn crafted_registers_that_are_too_high_give_some_number() {
    let mut text = numbers(1, 0).into_text();
    text[16..].fill(0xff);
    assert_eq!(SketchRef::of(&text).unwrap().estimate(), Ok(1 << 63));
}

#[test]
fn an_estimate_is_kept_until_something_is_added() {
    let mut text = numbers(3, SPARSE_BYTES_MAX).into_text();
    set_cached(&mut text, 3);
    let mut sketch = Sketch::from_text(&text).unwrap();
    assert_eq!(sketch.view().cached(), Some(3));
    assert_eq!(sketch.raise(Observation::of(b"0"), SPARSE_BYTES_MAX), Ok(false));
    assert_eq!(sketch.view().cached(), Some(3));
    assert_eq!(sketch.raise(Observation::of(b"new"), SPARSE_BYTES_MAX), Ok(true));
    assert_eq!(sketch.view().cached(), None);
}

proptest! {
    #[test]
    fn both_encodings_agree_with_an_array(
        observations in prop::collection::vec((0..REGISTERS / 64, 1..=40_u8), 0..300), limit in 0..400_usize,
    ) {
        let mut model = Registers::default();
        let (mut sketch, mut dense) = (Sketch::new(), Sketch::new());
        dense.make_dense().unwrap();
        for (register, rank) in observations {
            // Near each other, so that runs are split and joined.
            let observation = Observation { register: register * 3 % 200, rank };
            let rises = model.ranks()[observation.register] < rank;
            model.ranks_mut()[observation.register] = rank.max(model.ranks()[observation.register]);
            prop_assert_eq!(sketch.raise(observation, limit), Ok(rises));
            prop_assert_eq!(dense.raise(observation, limit), Ok(rises));
        }
        prop_assert_eq!(&registers_of(&sketch), &model);
        prop_assert_eq!(&registers_of(&dense), &model);
        prop_assert_eq!(sketch.view().estimate(), Ok(model.estimate()));

    }

    #[test]
    fn a_union_is_what_raising_one_register_after_the_other_makes(
        before in prop::collection::vec((0..300_usize, 1..=4_u8), 0..200),
        others in prop::collection::vec((0..300_usize, 1..=4_u8), 0..200), limit in 0..400_usize,
    ) {
        let mut sketch = Sketch::new();
        for (register, rank) in before {
            sketch.raise(Observation { register, rank }, limit).unwrap();
        }
        let mut union = registers_of(&sketch);
        for (register, rank) in others {
            union.ranks_mut()[register] = rank.max(union.ranks()[register]);
        }
        let mut one_by_one = sketch.clone();
        for (register, rank) in union.ranks().iter().copied().enumerate().filter(|(_, rank)| *rank > 0) {
            one_by_one.raise(Observation { register, rank }, limit).unwrap();
        }
        sketch.become_union(&union, limit).unwrap();
        sketch.invalidate_cached();
        one_by_one.invalidate_cached();
        prop_assert_eq!(sketch, one_by_one);
    }

    #[test]
    fn nothing_can_be_crafted_that_panics(
        opcodes in prop::collection::vec(any::<u8>(), 0..200), register in 0..REGISTERS, rank in 1..=51_u8,
    ) {
        let text = crafted(&opcodes);
        let mut sketch = Sketch::from_text(&text).unwrap();
        let _ = sketch.view().estimate();
        let _ = sketch.view().merge_into(&mut Registers::default());
        prop_assert!(sketch.view().runs().unwrap().count() <= 200);
        let _ = sketch.raise(Observation { register, rank }, SPARSE_BYTES_MAX);
        let _ = sketch.make_dense();
    }
}
