//! A single value as DUMP gives and RESTORE takes it: type, value, version, checksum.

use std::io;

use thiserror::Error;

use super::body::Body;
use super::format::{LATEST_VERSION, Opcode, ValueType};
use super::input::Input;
use super::output::Output;
use super::{LoadError, Value, ValueWriter, value};
use crate::util::crc64::crc64;

const CHECKSUM_BYTES: usize = 8;

/// The payload of the value that `save` writes.
pub fn dump(
    compression: bool,
    version: u8,
    save: impl FnOnce(ValueWriter<'_, Vec<u8>>) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut output = Output::new(Vec::new(), compression, true);
    save(ValueWriter::new(&mut output, None, version))?;
    output.put(&u16::from(version).to_le_bytes())?;
    let checksum = output.take_checksum()?;
    output.put(&checksum.to_le_bytes())?;
    output.flush()?;
    Ok(output.into_inner())
}

/// Bytes that claim to be a payload.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a>(pub &'a [u8]);

impl<'a> Payload<'a> {
    /// Checks everything but the value itself; the checksum only if that is asked for.
    pub fn verify(self, with_checksum: bool) -> Result<Verified<'a>, PayloadError> {
        let (checked, checksum) = self.0.split_last_chunk().ok_or(PayloadError::TooShort)?;
        let (body, version) = checked.split_last_chunk().ok_or(PayloadError::TooShort)?;
        let version = u16::from_le_bytes(*version);
        if version > LATEST_VERSION.into() {
            return Err(PayloadError::Version(version));
        }
        let checksum: &[u8; CHECKSUM_BYTES] = checksum;
        if with_checksum && crc64(checked) != u64::from_le_bytes(*checksum) {
            return Err(PayloadError::Checksum);
        }
        Ok(Verified { body, version })
    }
}

/// Why bytes are not a payload, or not one of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PayloadError {
    #[error("too short for a version and a checksum")]
    TooShort,
    #[error("written in version {0} of the format, which is not known")]
    Version(u16),
    #[error("wrong checksum")]
    Checksum,
}

/// A payload that arrived as it was sent. Its value may still be anything: a checksum is no secret.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    body: &'a [u8],
    version: u16,
}

impl<'a> Verified<'a> {
    /// Reads the value, which must be all there is, and gives what `build` makes of it. Offsets in errors count
    /// from the payload's start.
    pub fn load<T, E: From<LoadError>>(
        &self,
        build: impl FnOnce(Value<'_, &'a [u8]>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut input = Input::new(self.body, Some(self.body.len() as u64));
        input.drop_checksum();
        let mut body = Body::new(input);
        let value_type = ValueType::try_from(body.input.take_byte()?)
            .map_err(|_| LoadError::Corrupt { offset: 0, what: "unknown type of value" })?;
        let built = build(value::begin(value_type, 0, self.version, &mut body)?)?;
        value::skip_rest(&mut body)?;
        if !body.input.is_at_end()? {
            let offset = body.input.offset();
            return Err(LoadError::Corrupt { offset, what: "bytes after the value" }.into());
        }
        Ok(built)
    }

    /// The texts of function libraries: what the payload of FUNCTION DUMP consists of.
    pub fn libraries(&self) -> Result<Vec<Vec<u8>>, LoadError> {
        let mut input = Input::new(self.body, Some(self.body.len() as u64));
        input.drop_checksum();
        let mut texts = Vec::new();
        while !input.is_at_end()? {
            let offset = input.offset();
            if input.take_byte()? != u8::from(Opcode::Function) {
                return Err(LoadError::Corrupt { offset, what: "something that is no function library" });
            }
            texts.push(input.take_owned_string()?);
        }
        Ok(texts)
    }

    /// The version of the format that the sender wrote.
    pub fn version(&self) -> u16 {
        self.version
    }
}
