//! Lengths and times: the only place that knows which of them are big-endian.

use std::io::{self, Read, Write};

use super::LoadError;
use super::format::{LengthForm, StringEncoding};
use super::input::Input;
use super::output::Output;

/// What stands where a string begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LengthOrEncoding {
    Length(u64),
    Encoding(StringEncoding),
}

/// Set in both high bits of a byte that is an encoding, not a length.
const ENCODING_BITS: u8 = 0b1100_0000;
const LOW_SIX_BITS: u8 = 0b0011_1111;
const FOURTEEN_BIT_FORM: u16 = 0b01 << 14;

impl<W: Write> Output<W> {
    pub(super) fn put_len(&mut self, length: u64) -> io::Result<()> {
        if let Ok(short @ 0..=LOW_SIX_BITS) = u8::try_from(length) {
            self.put_byte(short)
        } else if let Ok(short @ 0..FOURTEEN_BIT_FORM) = u16::try_from(length) {
            self.put(&(FOURTEEN_BIT_FORM | short).to_be_bytes())
        } else if let Ok(long) = u32::try_from(length) {
            self.put_byte(LengthForm::Long32)?;
            self.put(&long.to_be_bytes())
        } else {
            self.put_byte(LengthForm::Long64)?;
            self.put(&length.to_be_bytes())
        }
    }

    pub(super) fn put_encoding(&mut self, encoding: StringEncoding) -> io::Result<()> {
        self.put_byte(ENCODING_BITS | u8::from(encoding))
    }

    pub(super) fn put_millis(&mut self, unix_ms: i64) -> io::Result<()> {
        self.put(&unix_ms.to_le_bytes())
    }
}

impl<R: Read> Input<R> {
    pub(super) fn take_len(&mut self) -> Result<u64, LoadError> {
        let offset = self.offset();
        match self.take_len_or_encoding()? {
            LengthOrEncoding::Length(length) => Ok(length),
            LengthOrEncoding::Encoding(_) => {
                Err(LoadError::Corrupt { offset, what: "a string's encoding in place of a length" })
            }
        }
    }

    pub(super) fn take_len_or_encoding(&mut self) -> Result<LengthOrEncoding, LoadError> {
        let offset = self.offset();
        let first = self.take_byte()?;
        let low = first & LOW_SIX_BITS;
        let length = match first >> 6 {
            0b00 => low.into(),
            0b01 => u16::from_be_bytes([low, self.take_byte()?]).into(),
            0b10 => match LengthForm::try_from(first) {
                Ok(LengthForm::Long32) => u32::from_be_bytes(self.take_array()?).into(),
                Ok(LengthForm::Long64) => u64::from_be_bytes(self.take_array()?),
                Err(_) => return Err(LoadError::Corrupt { offset, what: "unknown form of length" }),
            },
            _ => {
                return StringEncoding::try_from(low)
                    .map(LengthOrEncoding::Encoding)
                    .map_err(|_| LoadError::Corrupt { offset, what: "unknown encoding of a string" });
            }
        };
        Ok(LengthOrEncoding::Length(length))
    }

    pub(super) fn take_millis(&mut self) -> Result<i64, LoadError> {
        self.take_array().map(i64::from_le_bytes)
    }

    /// A time in seconds, as versions 1 and 2 have it, in milliseconds.
    pub(super) fn take_seconds_as_millis(&mut self) -> Result<i64, LoadError> {
        Ok(i64::from(i32::from_le_bytes(self.take_array()?)) * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &[u8]) -> Input<&[u8]> {
        Input::new(bytes, None)
    }

    #[test]
    fn a_length_takes_the_shortest_form() {
        let cases: &[(u64, &[u8])] = &[
            (0, &[0]),
            (63, &[0x3f]),
            (64, &[0x40, 64]),
            (0x1234, &[0x52, 0x34]),
            (16383, &[0x7f, 0xff]),
            (16384, &[0x80, 0, 0, 0x40, 0]),
            (0xffff_ffff, &[0x80, 0xff, 0xff, 0xff, 0xff]),
            (0x1_0000_0000, &[0x81, 0, 0, 0, 1, 0, 0, 0, 0]),
            (u64::MAX, &[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ];
        for &(length, bytes) in cases {
            let mut output = Output::new(Vec::new(), false, false);
            output.put_len(length).unwrap();
            output.flush().unwrap();
            assert_eq!(output.into_inner(), bytes, "{length}");
            assert_eq!(input(bytes).take_len().unwrap(), length);
        }
    }

    #[test]
    fn what_is_not_a_length_is_corrupt_where_it_starts() {
        for byte in [0x82, 0xbf, 0xc0, 0xc4, 0xff] {
            let bytes = [7, byte, 0, 0, 0, 0, 0, 0, 0, 0];
            let mut input = input(&bytes);
            assert_eq!(input.take_len().unwrap(), 7);
            let error = input.take_len().unwrap_err();
            assert!(matches!(error, LoadError::Corrupt { offset: 1, .. }), "{byte:#x}: {error}");
        }
    }

    #[test]
    fn times_are_little_endian() {
        let mut output = Output::new(Vec::new(), false, false);
        output.put_millis(-2).unwrap();
        output.put_millis(0x0102_0304).unwrap();
        output.flush().unwrap();
        let bytes = output.into_inner();
        assert_eq!(bytes, [254, 255, 255, 255, 255, 255, 255, 255, 4, 3, 2, 1, 0, 0, 0, 0]);
        let mut input = input(&bytes);
        assert_eq!(input.take_millis().unwrap(), -2);
        assert_eq!(input.take_seconds_as_millis().unwrap(), 0x0102_0304 * 1000);
    }
}
