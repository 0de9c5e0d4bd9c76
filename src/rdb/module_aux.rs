//! Data of modules in a snapshot: there are no modules, so it is named and skipped.

use std::fmt;
use std::io::Read;

use super::LoadError;
use super::format::ModuleData;
use super::input::Input;

/// Name of a module's type and version of its encoding: nine characters of 6 bits, and 10 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ModuleId(pub u64);

impl fmt::Display for ModuleId {
    /// The name alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (1..=9).rev().try_for_each(|place| {
            let letter = self.0 >> (4 + 6 * place) & 0x3f;
            write!(f, "{}", char::from(*ALPHABET.get(letter as usize).unwrap_or(&b'?')))
        })
    }
}

impl fmt::Debug for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleId({self}, {})", self.0 & 0x3ff)
    }
}

/// Reads the item of a module's data up to its end. `scratch` takes its strings.
pub(super) fn skip<R: Read>(input: &mut Input<R>, scratch: &mut Vec<u8>) -> Result<ModuleId, LoadError> {
    let module = ModuleId(input.take_len()?);
    let offset = input.offset();
    if next_piece(input)? != ModuleData::Unsigned {
        return Err(LoadError::Corrupt { offset, what: "module data does not say when to load it" });
    }
    input.take_len()?;
    loop {
        match next_piece(input)? {
            ModuleData::End => return Ok(module),
            ModuleData::Signed | ModuleData::Unsigned => {
                input.take_len()?;
            }
            ModuleData::Float => {
                input.take_array::<4>()?;
            }
            ModuleData::Double => {
                input.take_array::<8>()?;
            }
            ModuleData::String => input.take_string(scratch)?,
        }
    }
}

fn next_piece<R: Read>(input: &mut Input<R>) -> Result<ModuleData, LoadError> {
    let offset = input.offset();
    u8::try_from(input.take_len()?)
        .ok()
        .and_then(|byte| ModuleData::try_from(byte).ok())
        .ok_or(LoadError::Corrupt { offset, what: "unknown kind of module data" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id of the type "testtype1", encoding version 3, as a length.
    const ID: [u8; 9] = [0x81, 0xb5, 0xeb, 0x2d, 0xb7, 0x2a, 0x5e, 0xd4, 0x3];

    fn skipped(pieces: &[u8]) -> (Result<ModuleId, LoadError>, u64) {
        let bytes = [&ID[..], pieces].concat();
        let mut input = Input::new(&bytes[..], None);
        let result = skip(&mut input, &mut Vec::new());
        (result, input.offset() - ID.len() as u64)
    }

    #[test]
    fn every_kind_of_piece_is_skipped() {
        let pieces =
            [2, 1, 1, 0x40, 99, 2, 7, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, b'h', b'i', 0, 255];
        let (result, offset) = skipped(&pieces);
        let module = result.unwrap();
        assert_eq!(module.to_string(), "testtype1");
        assert_eq!(format!("{module:?}"), "ModuleId(testtype1, 3)");
        assert_eq!(offset, pieces.len() as u64 - 1);
    }

    #[test]
    fn unknown_pieces_are_corrupt() {
        for pieces in [&[1, 1, 0][..], &[2, 1, 6], &[2, 1, 0x41, 0]] {
            let (result, _) = skipped(pieces);
            assert!(matches!(result, Err(LoadError::Corrupt { .. })), "{pieces:?}");
        }
    }
}
