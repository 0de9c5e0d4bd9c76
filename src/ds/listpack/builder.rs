//! Making a listpack from first to last in a buffer that is used again for the next one.

use super::entry::Encoded;
use super::view::ListPackRef;
use super::{COUNT_MANY, END, HEADER_BYTES, StrRef};

/// A listpack in the making. See the module's page.
#[derive(Debug, Default)]
pub struct Builder {
    /// Without the end byte, and with a header that is filled in at last.
    bytes: Vec<u8>,
    len: usize,
}

impl Builder {
    /// Begins a listpack in a buffer, whatever is in it.
    pub fn in_buffer(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        Self { bytes: buffer, len: 0 }
    }

    /// Adds an element behind the last.
    #[inline]
    pub fn push(&mut self, value: StrRef<'_>) {
        let encoded = Encoded::of(value);
        let start = self.bytes.len();
        self.bytes.resize(start + encoded.total_bytes(), 0);
        encoded.write(&mut self.bytes[start..]);
        self.len += 1;
    }

    /// The bytes of the listpack.
    ///
    /// # Panics
    ///
    /// If it is longer than a listpack can be, which its maker prevents by far.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let length = u32::try_from(self.bytes.len()).expect("callers keep listpacks below 4 GiB");
        let len = self.len.min(COUNT_MANY) as u16;
        self.bytes[..4].copy_from_slice(&length.to_le_bytes());
        self.bytes[4..HEADER_BYTES].copy_from_slice(&len.to_le_bytes());
        debug_assert!(ListPackRef::validate(&self.bytes).is_ok(), "made by the rules");
        self.bytes
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Length in bytes if it was finished now.
    pub fn byte_len(&self) -> usize {
        self.bytes.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::ListPack;
    use super::*;

    #[test]
    fn what_is_built_is_what_is_pushed() {
        let texts: [&[u8]; 5] = [b"hello", b"-5", b"", &[b'x'; 5000], b"12345678901"];
        let mut builder = Builder::in_buffer(vec![7; 3]);
        assert!(builder.is_empty());
        for text in texts {
            builder.push(StrRef::of(text));
        }
        let byte_len = builder.byte_len();
        let bytes = builder.finish();
        let pushed: ListPack = texts.iter().map(|text| StrRef::of(text)).collect();
        assert_eq!((bytes.len(), bytes.as_slice()), (byte_len, pushed.as_bytes()));
        assert_eq!(Builder::in_buffer(bytes).finish(), ListPack::new().as_bytes());
    }
}
