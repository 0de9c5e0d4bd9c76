//! A single value as DUMP gives and RESTORE takes it: type, value, version, checksum.

use std::io;

use thiserror::Error;

use super::format::{RDB_VERSION, ValueType};
use super::input::Input;
use super::output::Output;
use super::{LoadError, StringValue, Value, value};
use crate::util::crc64::crc64;

const CHECKSUM_BYTES: usize = 8;

/// The payload of a string.
pub fn dump_string(value: &StringValue<'_>, compression: bool) -> Vec<u8> {
    dump(ValueType::String, compression, |output| value.save(output))
}

fn dump(
    value_type: ValueType,
    compression: bool,
    save: impl FnOnce(&mut Output<Vec<u8>>) -> io::Result<()>,
) -> Vec<u8> {
    let mut output = Output::new(Vec::new(), compression, true);
    let write = || {
        output.put_byte(value_type)?;
        save(&mut output)?;
        output.put(&u16::from(RDB_VERSION).to_le_bytes())?;
        let checksum = output.take_checksum()?;
        output.put(&checksum.to_le_bytes())?;
        output.flush()
    };
    write().expect("writing to a Vec does not fail");
    output.into_inner()
}

/// Bytes that claim to be a payload.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a>(pub &'a [u8]);

impl<'a> Payload<'a> {
    /// Checks everything but the value itself.
    pub fn verify(self) -> Result<Verified<'a>, PayloadError> {
        let (checked, checksum) = self.0.split_last_chunk().ok_or(PayloadError::TooShort)?;
        let (body, version) = checked.split_last_chunk().ok_or(PayloadError::TooShort)?;
        let version = u16::from_le_bytes(*version);
        if version > RDB_VERSION.into() {
            return Err(PayloadError::Version(version));
        }
        let checksum: &[u8; CHECKSUM_BYTES] = checksum;
        if crc64(checked) != u64::from_le_bytes(*checksum) {
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

impl Verified<'_> {
    /// Reads the value, which must be all there is. Offsets in errors count from the payload's start.
    pub fn load(&self) -> Result<Value<'static>, LoadError> {
        let mut input = Input::new(self.body, Some(self.body.len() as u64));
        input.drop_checksum();
        let value_type = ValueType::try_from(input.take_byte()?)
            .map_err(|_| LoadError::Corrupt { offset: 0, what: "unknown type of value" })?;
        let mut scratch = Vec::new();
        let value = value::load(value_type, 0, &mut input, &mut scratch)?;
        if !input.is_at_end()? {
            return Err(LoadError::Corrupt { offset: input.offset(), what: "bytes after the value" });
        }
        Ok(value.into_owned())
    }

    /// The version of the format that the sender wrote.
    pub fn version(&self) -> u16 {
        self.version
    }
}
