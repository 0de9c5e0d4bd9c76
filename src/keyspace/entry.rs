//! A key with its value, expiry and access clock in one allocation, and the index that owns such entries.
//!
//! Four types, all safe to use:
//!
//! * [`Entry`] owns a block. It is one pointer wide and frees the block when dropped.
//! * [`EntryRef`] reads a block that someone owns.
//! * [`Index`] owns the entries of one database. A second table lists those with an expiry; it owns nothing.
//!
//! This file holds the unsafe code of the layer. **Invariants** it relies on and keeps:
//!
//! 1. A `Block` pointer comes from `allocate` with `Shape::used_bytes` rounded up to its class; the shape that
//!    can be read from the block always gives that class again, so that freeing uses the right size.
//! 2. All bytes up to `used_bytes` are initialised; with `Storage::Object` an `Object` lives at `value_at`,
//!    aligned because blocks are.
//! 3. Every pointer in `Index::keys` is an owned entry of that index and of no one else; every pointer in
//!    `Index::volatile` is also in `keys` and its entry has an expiry, and every such entry is there.
//! 4. The block of an [`EntryRef`] is alive and unchanged for its lifetime: it is made by the owner's methods.
//!
//! Pointers keep the provenance of the whole block (a reference to a header would not do), and the tests use
//! std and small sizes only, so that Miri can run them.
#![expect(unsafe_code, reason = "one allocation per key, of a shape known at run time")]

mod index;

pub use index::{Found, Index};

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::layout::{Flags, HEADER_BYTES, Kind, Shape, Storage};
use super::value::{EMBSTR_BYTES_MAX, INLINE_BYTES_MAX, NewString, NoMemory, Object};
use crate::ds::StrRef;
use crate::util::number::parse_i64;
use crate::util::size_class::size_class;

/// The start of a block; only ever used behind a pointer.
#[derive(Debug)]
#[repr(C, align(8))]
struct Block([u8; 8]);

/// A growing text takes at most this much in advance.
const SPARE_BYTES_MAX: usize = 1024 * 1024;

const _: () = assert!(align_of::<Object>() <= align_of::<Block>());

/// A key with its value, owned.
#[repr(transparent)]
pub struct Entry(NonNull<Block>);

/// A key with its value, borrowed.
#[derive(Clone, Copy)]
pub struct EntryRef<'a> {
    block: NonNull<Block>,
    owner: PhantomData<&'a Entry>,
}

// SAFETY: an entry owns its block alone, and the block holds bytes and an `Object`, which is `Send` (asserted there).
unsafe impl Send for Entry {}

/// A value about to be written to a block.
enum Parts<'a> {
    Integer(i64),
    Text(&'a [u8]),
    Object(Object),
}

impl Entry {
    /// An entry with a string. `access` is the initial clock, see `aging`.
    pub fn string(key: &[u8], mut value: NewString<'_>, expiry_ms: Option<i64>, access: u32) -> Self {
        let (raw, parts) = string_parts(&mut value);
        let flags = Flags::new(Kind::String, Storage::Inline).with_raw(raw);
        Self::build(flags, key, parts, expiry_ms, access)
    }

    /// An entry with a value that manages its own memory.
    pub fn object(key: &[u8], object: Object, expiry_ms: Option<i64>, access: u32) -> Self {
        let flags = Flags::new(object.kind(), Storage::Object);
        Self::build(flags, key, Parts::Object(object), expiry_ms, access)
    }

    fn build(flags: Flags, key: &[u8], parts: Parts<'_>, expiry_ms: Option<i64>, access: u32) -> Self {
        let (storage, text_len) = match &parts {
            Parts::Integer(_) => (Storage::Integer, 0),
            Parts::Text(text) => (Storage::Inline, text.len()),
            Parts::Object(_) => (Storage::Object, 0),
        };
        let flags = flags.with_storage(storage).with_expiry(expiry_ms.is_some());
        let shape = Shape { flags, key_len: key.len(), text_len };
        let block = allocate(shape);
        // SAFETY: the block has room for this shape (invariant 1), is not shared yet, and the borrowed key and
        // text are other memory. Every part of the shape is written, which makes invariant 2 true.
        unsafe {
            write_header(block, shape, access);
            if let Some(expiry_ms) = expiry_ms {
                put(block, HEADER_BYTES, expiry_ms);
            }
            put_bytes(block, shape.key_at(), key);
            match parts {
                Parts::Integer(number) => put(block, shape.value_at(), number),
                Parts::Text(text) => put_bytes(block, shape.value_at(), text),
                Parts::Object(object) => put(block, shape.value_at(), object),
            }
        }
        Self(block)
    }

    pub fn view(&self) -> EntryRef<'_> {
        EntryRef { block: self.0, owner: PhantomData }
    }

    /// The same value under another key.
    #[must_use]
    pub fn into_renamed(self, key: &[u8]) -> Self {
        let expiry_ms = self.view().expiry_ms();
        let access = self.view().access();
        let flags = self.view().shape().flags;
        if flags.storage() == Storage::Object {
            let object = self.into_object();
            return Self::build(flags, key, Parts::Object(object), expiry_ms, access);
        }
        Self::build(flags, key, self.view().parts(), expiry_ms, access)
    }

    /// Frees the block and keeps the object. Only for `Storage::Object`.
    fn into_object(self) -> Object {
        let shape = self.view().shape();
        debug_assert_eq!(shape.flags.storage(), Storage::Object);
        let this = ManuallyDrop::new(self);
        // SAFETY: invariant 2: an object lives there; it is moved out once, since the block is freed
        // without being dropped.
        unsafe {
            let object = at::<Object>(this.0, shape.value_at()).read();
            free(this.0, shape);
            object
        }
    }

    /// Sets LRU clock or LFU counter; 24 bits count.
    #[inline]
    pub fn set_access(&mut self, access: u32) {
        // SAFETY: the header is part of every block, and `&mut self` excludes other users of it.
        unsafe { put_flags_and_access(self.0, self.view().flags(), access) }
    }

    /// Sets or takes away the expiry.
    pub fn set_expiry_ms(&mut self, expiry_ms: Option<i64>) {
        let old = self.view().shape();
        if old.flags.has_expiry() != expiry_ms.is_some() {
            let new = Shape { flags: old.flags.with_expiry(expiry_ms.is_some()), ..old };
            let target = if class_of(new) == class_of(old) { self.0 } else { allocate(new) };
            let (from, to) = (old.lengths_at(), new.lengths_at());
            let tail_bytes = old.used_bytes(size_of::<Object>()) - from;
            let access = self.view().access();
            // SAFETY: both blocks have room for their shape, and the shapes differ only by the expiry: 8 bytes,
            // so an object stays aligned, and the tails have the same length (`copy` allows overlap). Moving
            // the bytes of an object moves it; the old block is then freed without dropping it.
            unsafe {
                at::<u8>(target, to).copy_from(at::<u8>(self.0, from), tail_bytes);
                put_flags_and_access(target, new.flags, access);
                if target != self.0 {
                    free(self.0, old);
                }
            }
            self.0 = target;
        }
        if let Some(expiry_ms) = expiry_ms {
            // SAFETY: the shape has an expiry now, at this place.
            unsafe { put(self.0, HEADER_BYTES, expiry_ms) }
        }
    }

    /// Makes the value a string, in place where it fits; keeps key, expiry and access. Returns an object
    /// that was overwritten, for the caller to drop where it likes.
    pub fn set_string(&mut self, mut value: NewString<'_>) -> Option<Object> {
        let (raw, parts) = string_parts(&mut value);
        self.set_parts(raw, parts)
    }

    fn set_parts(&mut self, raw: bool, parts: Parts<'_>) -> Option<Object> {
        let old = self.view().shape();
        let (access, expiry_ms) = (self.view().access(), self.view().expiry_ms());
        let flags = old.flags.with_raw(raw).with_kind(Kind::String);
        match parts {
            Parts::Integer(number) if old.flags.storage() == Storage::Integer => {
                // SAFETY: the shape stays; the integer takes the place of another one.
                unsafe { put(self.0, old.value_at(), number) }
                None
            }
            Parts::Text(text) if old.takes_in_place(text.len()) => {
                // SAFETY: the class and the place of the key stay, so the block has room; flags, length and
                // text are written. The new text is borrowed from elsewhere.
                unsafe {
                    put_flags_and_access(self.0, flags, access);
                    put_varint(self.0, old.text_length_at(), text.len());
                    put_bytes(self.0, old.value_at(), text);
                }
                None
            }
            Parts::Object(object) if old.flags.storage() == Storage::Object => self.set_object(object),
            parts => {
                let rebuilt = Self::build(flags, self.view().key(), parts, expiry_ms, access);
                let replaced = std::mem::replace(self, rebuilt);
                (old.flags.storage() == Storage::Object).then(|| replaced.into_object())
            }
        }
    }

    /// Makes the value an object and keeps key, expiry and access; returns an object it replaces.
    pub fn set_object(&mut self, object: Object) -> Option<Object> {
        if let Some(current) = self.object_mut() {
            let old = std::mem::replace(current, object);
            let shape = self.view().shape();
            let kind = self.view().object().map_or(Kind::String, Object::kind);
            let flags = shape.flags.with_kind(kind).with_raw(false);
            let access = self.view().access();
            // SAFETY: the header is part of every block; storage and expiry, which decide the shape, stay.
            unsafe { put_flags_and_access(self.0, flags, access) }
            return Some(old);
        }
        let view = self.view();
        let flags = Flags::new(object.kind(), Storage::Object);
        *self = Self::build(flags, view.key(), Parts::Object(object), view.expiry_ms(), view.access());
        None
    }

    /// The value, if it manages its own memory.
    pub fn object_mut(&mut self) -> Option<&mut Object> {
        // SAFETY: the entry owns its block, and `&mut self` excludes other users of it.
        unsafe { object_of(self.0) }
    }

    /// The bytes of a string for changing them in place; `None` for an integer or another type.
    pub fn text_mut(&mut self) -> Option<&mut [u8]> {
        // SAFETY: the entry owns its block, and `&mut self` excludes other users of it.
        unsafe { text_of(self.0) }
    }

    /// Makes a string `raw` text (of an integer: its digits) of `length` bytes, cut or filled up with zeros.
    /// Other types stay as they are, and so does a text for which there is no memory.
    pub fn resize_text(&mut self, length: usize) -> Result<(), NoMemory> {
        self.make_raw_text();
        let old = self.view().shape();
        if let Some(Object::Text(text)) = self.object_mut() {
            return reserve_spare(text, length).map(|()| text.resize(length, 0));
        }
        if old.flags.storage() != Storage::Inline || length == old.text_len {
            return Ok(());
        }
        if length > INLINE_BYTES_MAX {
            // Text that grows is likely to grow again.
            let mut text = Vec::new();
            text.try_reserve_exact(length.max(2 * INLINE_BYTES_MAX)).map_err(|_| NoMemory)?;
            text.extend_from_slice(self.view().string_bytes());
            text.resize(length, 0);
            self.set_parts(true, Parts::Object(Object::Text(text)));
            return Ok(());
        }
        let new = Shape { text_len: length, ..old };
        let stays = old.takes_in_place(length);
        let target = if stays { self.0 } else { allocate(new) };
        let kept = old.text_len.min(length);
        let access = self.view().access();
        // SAFETY: the target has room for the new shape. In a new block every part is written: header, expiry
        // if there is one, key, kept text, zeros. In place only the length and the zeros are.
        unsafe {
            if !stays {
                write_header(target, new, access);
                at::<u8>(target, HEADER_BYTES)
                    .copy_from(at::<u8>(self.0, HEADER_BYTES), old.lengths_at() - HEADER_BYTES);
                at::<u8>(target, new.key_at()).copy_from(at::<u8>(self.0, old.key_at()), old.key_len + kept);
                free(self.0, old);
            }
            put_varint(target, new.text_length_at(), length);
            at::<u8>(target, new.value_at() + kept).write_bytes(0, length - kept);
        }
        self.0 = target;
        Ok(())
    }

    /// Turns the digits of an integer into text and marks a string as changed.
    pub fn make_raw_text(&mut self) {
        let shape = self.view().shape();
        if shape.flags.kind() != Kind::String {
            return;
        }
        if let Some(StrRef::Int(number)) = self.view().string() {
            self.set_parts(true, Parts::Text(itoa::Buffer::new().format(number).as_bytes()));
        } else if !shape.flags.is_raw() {
            let access = self.view().access();
            // SAFETY: the header is part of every block; the raw bit does not change the shape.
            unsafe { put_flags_and_access(self.0, shape.flags.with_raw(true), access) }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let shape = self.view().shape();
        // SAFETY: the entry owns its block; the object in it, if any, is dropped once, before the block.
        unsafe {
            if shape.flags.storage() == Storage::Object {
                at::<Object>(self.0, shape.value_at()).drop_in_place();
            }
            free(self.0, shape);
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(formatter)
    }
}

impl<'a> EntryRef<'a> {
    #[inline]
    pub fn key(self) -> &'a [u8] {
        let shape = self.shape();
        // SAFETY: invariant 2: the key's bytes are there, and nobody changes them for `'a`.
        unsafe { std::slice::from_raw_parts(at::<u8>(self.block, shape.key_at()), shape.key_len) }
    }

    #[inline]
    pub fn kind(self) -> Kind {
        self.flags().kind()
    }

    /// Unix time in milliseconds after which the key is gone.
    #[inline]
    pub fn expiry_ms(self) -> Option<i64> {
        // SAFETY: the flag says that the expiry is there.
        self.flags().has_expiry().then(|| unsafe { at::<i64>(self.block, HEADER_BYTES).read_unaligned() })
    }

    /// Whether the key is logically gone at a time.
    #[inline]
    pub fn is_expired(self, now_ms: i64) -> bool {
        self.expiry_ms().is_some_and(|expiry_ms| now_ms > expiry_ms)
    }

    /// LRU clock or LFU counter, 24 bits.
    pub fn access(self) -> u32 {
        // SAFETY: the header is part of every block.
        let bytes = unsafe { at::<[u8; HEADER_BYTES]>(self.block, 0).read() };
        u32::from_le_bytes(bytes) >> 8
    }

    /// The value, if it is a string.
    #[inline]
    pub fn string(self) -> Option<StrRef<'a>> {
        let shape = self.shape();
        match shape.flags.storage() {
            Storage::Integer => {
                // SAFETY: invariant 2: an integer is there.
                let number = unsafe { at::<i64>(self.block, shape.value_at()).read_unaligned() };
                Some(StrRef::Int(number))
            }
            Storage::Inline => Some(StrRef::Bytes(self.inline_text(shape))),
            Storage::Object => match self.object() {
                Some(Object::Text(text)) => Some(StrRef::Bytes(text)),
                _ => None,
            },
        }
    }

    /// The value, if it manages its own memory.
    #[inline]
    pub fn object(self) -> Option<&'a Object> {
        let shape = self.shape();
        // SAFETY: invariant 2: an object lives there, and nobody changes it for `'a`.
        (shape.flags.storage() == Storage::Object)
            .then(|| unsafe { &*at::<Object>(self.block, shape.value_at()) })
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(self) -> &'static str {
        let shape = self.shape();
        match shape.flags.storage() {
            Storage::Integer => "int",
            Storage::Inline if shape.flags.is_raw() || shape.text_len > EMBSTR_BYTES_MAX => "raw",
            Storage::Inline => "embstr",
            Storage::Object => self.object().map_or("raw", Object::encoding),
        }
    }

    /// A copy of the value under another key, with the same expiry and access.
    pub fn to_renamed(self, key: &[u8]) -> Entry {
        Entry::build(self.flags(), key, self.parts(), self.expiry_ms(), self.access())
    }

    /// Bytes the allocator holds for key and value.
    pub fn memory_bytes(self) -> usize {
        class_of(self.shape()) + self.object().map_or(0, Object::heap_bytes)
    }

    /// The value, copied if it is an object.
    fn parts(self) -> Parts<'a> {
        match (self.object(), self.string()) {
            (Some(object), _) => Parts::Object(object.clone()),
            (None, Some(StrRef::Int(number))) => Parts::Integer(number),
            (None, _) => Parts::Text(self.string_bytes()),
        }
    }

    fn string_bytes(self) -> &'a [u8] {
        match self.string() {
            Some(StrRef::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    fn inline_text(self, shape: Shape) -> &'a [u8] {
        // SAFETY: invariant 2: this many text bytes are there, and nobody changes them for `'a`.
        unsafe { std::slice::from_raw_parts(at::<u8>(self.block, shape.value_at()), shape.text_len) }
    }

    #[inline]
    fn flags(self) -> Flags {
        // SAFETY: the header is part of every block.
        Flags(unsafe { at::<u8>(self.block, 0).read() })
    }

    #[inline]
    fn shape(self) -> Shape {
        let mut shape = Shape { flags: self.flags(), key_len: 0, text_len: 0 };
        // SAFETY: invariant 2: the lengths are where the flags say.
        unsafe {
            shape.key_len = read_varint(self.block, shape.lengths_at());
            if shape.flags.storage() == Storage::Inline {
                shape.text_len = read_varint(self.block, shape.text_length_at());
            }
        }
        shape
    }
}

impl fmt::Debug for EntryRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("key", &self.key().escape_ascii().to_string())
            .field("kind", &self.kind())
            .field("encoding", &self.encoding())
            .field("expiry_ms", &self.expiry_ms())
            .finish()
    }
}

/// Decides how a string is stored, and whether it is marked as raw. A long buffer is taken out of `value`.
fn string_parts<'a>(value: &'a mut NewString<'_>) -> (bool, Parts<'a>) {
    let raw = matches!(value, NewString::Raw(_));
    let may_be_integer = matches!(value, NewString::Bytes(_) | NewString::Owned(_));
    let text: &[u8] = match value {
        NewString::Int(number) => return (false, Parts::Integer(*number)),
        NewString::Owned(text) | NewString::Raw(text) if text.len() > INLINE_BYTES_MAX => {
            return (raw, Parts::Object(Object::Text(std::mem::take(text))));
        }
        NewString::Owned(text) | NewString::Raw(text) => text,
        NewString::Bytes(text) | NewString::Text(text) => text,
    };
    let parts = match may_be_integer.then(|| parse_i64(text)).flatten() {
        Some(number) => Parts::Integer(number),
        None if text.len() > INLINE_BYTES_MAX => Parts::Object(Object::Text(text.to_vec())),
        None => Parts::Text(text),
    };
    (raw, parts)
}

/// The object in a block.
///
/// # Safety
///
/// The block must be alive for `'a` and have no other user.
unsafe fn object_of<'a>(block: NonNull<Block>) -> Option<&'a mut Object> {
    let shape = EntryRef { block, owner: PhantomData }.shape();
    // SAFETY: by the caller, and invariant 2: an object lives there.
    (shape.flags.storage() == Storage::Object).then(|| unsafe { &mut *at::<Object>(block, shape.value_at()) })
}

/// The text of a string in a block that is not an integer.
///
/// # Safety
///
/// As for `object_of`.
unsafe fn text_of<'a>(block: NonNull<Block>) -> Option<&'a mut [u8]> {
    let shape = EntryRef { block, owner: PhantomData }.shape();
    if shape.flags.storage() == Storage::Inline {
        // SAFETY: by the caller, and invariant 2: this many text bytes are there.
        return Some(unsafe {
            std::slice::from_raw_parts_mut(at::<u8>(block, shape.value_at()), shape.text_len)
        });
    }
    // SAFETY: by the caller.
    match unsafe { object_of(block) } {
        Some(Object::Text(text)) => Some(text),
        _ => None,
    }
}

/// Makes room for growth to a length: as much again, but not without a bound as `Vec` would.
fn reserve_spare(text: &mut Vec<u8>, length: usize) -> Result<(), NoMemory> {
    let spare = if length > text.capacity() { length.min(SPARE_BYTES_MAX) } else { 0 };
    let added = length.saturating_sub(text.len()).saturating_add(spare);
    text.try_reserve_exact(added).map_err(|_| NoMemory)
}

fn class_of(shape: Shape) -> usize {
    size_class(shape.used_bytes(size_of::<Object>()))
}

fn memory_layout(shape: Shape) -> Layout {
    Layout::from_size_align(class_of(shape), align_of::<Block>())
        .expect("key and inline value are in memory, so their sum is no more than memory can be")
}

/// A block with room for a shape; nothing in it is initialised.
fn allocate(shape: Shape) -> NonNull<Block> {
    let layout = memory_layout(shape);
    // SAFETY: the size is not zero, as every shape has a header.
    let block = unsafe { alloc(layout) };
    NonNull::new(block.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives a block back without dropping what is in it.
///
/// # Safety
///
/// The block must come from `allocate` with a shape of the same class, and must not be used again.
unsafe fn free(block: NonNull<Block>, shape: Shape) {
    // SAFETY: by the caller; the class decides the layout.
    unsafe { dealloc(block.as_ptr().cast(), memory_layout(shape)) }
}

/// A part of a block.
///
/// # Safety
///
/// The offset must be within the block.
#[inline]
unsafe fn at<T>(block: NonNull<Block>, offset: usize) -> *mut T {
    // SAFETY: by the caller.
    unsafe { block.as_ptr().byte_add(offset).cast() }
}

/// # Safety
///
/// The block must have room for the value at the offset, and no one else may use it.
#[inline]
unsafe fn put<T>(block: NonNull<Block>, offset: usize, value: T) {
    // SAFETY: by the caller.
    unsafe { at::<T>(block, offset).write_unaligned(value) }
}

/// # Safety
///
/// As for `put`; the bytes must be outside of the block.
#[inline]
unsafe fn put_bytes(block: NonNull<Block>, offset: usize, bytes: &[u8]) {
    // SAFETY: by the caller.
    unsafe { at::<u8>(block, offset).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
}

/// Writes flags, clock and lengths.
///
/// # Safety
///
/// The block must have room for the shape, and no one else may use it.
unsafe fn write_header(block: NonNull<Block>, shape: Shape, access: u32) {
    // SAFETY: by the caller.
    unsafe {
        put_flags_and_access(block, shape.flags, access);
        put_varint(block, shape.lengths_at(), shape.key_len);
        if shape.flags.storage() == Storage::Inline {
            put_varint(block, shape.text_length_at(), shape.text_len);
        }
    }
}

/// # Safety
///
/// No one else may use the block.
#[inline]
unsafe fn put_flags_and_access(block: NonNull<Block>, flags: Flags, access: u32) {
    // SAFETY: by the caller; the header is part of every block.
    unsafe { put(block, 0, (access << 8 | u32::from(flags.0)).to_le_bytes()) }
}

/// # Safety
///
/// As for `put`, with `varint_len` bytes.
unsafe fn put_varint(block: NonNull<Block>, mut offset: usize, mut value: usize) {
    // SAFETY: by the caller.
    unsafe {
        while value >= 0x80 {
            put(block, offset, value as u8 | 0x80);
            value >>= 7;
            offset += 1;
        }
        put(block, offset, value as u8);
    }
}

/// # Safety
///
/// A varint must have been written there.
#[inline]
unsafe fn read_varint(block: NonNull<Block>, mut offset: usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        // SAFETY: by the caller: the varint goes on at least up to here.
        let byte = unsafe { at::<u8>(block, offset).read() };
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
        offset += 1;
    }
}

#[cfg(test)]
mod tests;
