//! The source texts of function libraries. They belong to no database, and to nobody here who could execute
//! them: they are kept so that a data set that comes with libraries leaves with them.
//!
//! The first line of a text says what it is: `#!lua name=mylib`. The rest is not looked at.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::util::text::split_args;

/// Libraries by name.
#[derive(Debug, Default)]
pub struct Libraries {
    texts: BTreeMap<Box<[u8]>, Box<[u8]>>,
}

/// Why a text is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LibraryError {
    #[error("a function library does not say in its first line what it is")]
    NoMetadata,
    #[error("a function library without a usable name")]
    NoName,
    #[error("the function library '{0}' is there already")]
    Exists(String),
}

impl Libraries {
    /// Adds a library. One of the same name is replaced, or makes it an error.
    pub fn add(&mut self, text: &[u8], replace: bool) -> Result<(), LibraryError> {
        let name = name_of(text)?;
        if !replace && self.texts.contains_key(&*name) {
            return Err(LibraryError::Exists(String::from_utf8_lossy(&name).into_owned()));
        }
        self.texts.insert(name, text.into());
        Ok(())
    }

    /// Whether it was there. Names are told apart by case, as in Redis.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.texts.remove(name).is_some()
    }

    pub fn clear(&mut self) {
        self.texts.clear();
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.values().map(AsRef::as_ref)
    }

    /// Memory that names and texts take.
    pub fn bytes(&self) -> usize {
        self.texts.iter().map(|(name, text)| name.len() + text.len()).sum()
    }
}

/// The name in the first line of a text.
fn name_of(text: &[u8]) -> Result<Box<[u8]>, LibraryError> {
    let end = text.iter().position(|byte| *byte == b'\n').ok_or(LibraryError::NoMetadata)?;
    let words = split_args(&text[..end]).map_err(|_| LibraryError::NoMetadata)?;
    let (engine, facts) = words.split_first().ok_or(LibraryError::NoMetadata)?;
    if engine.len() <= b"#!".len() || !engine.starts_with(b"#!") {
        return Err(LibraryError::NoMetadata);
    }
    let is_word = |name: &&[u8]| {
        !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let names: Vec<&[u8]> =
        facts.iter().filter_map(|fact| fact.split_at_checked(5)).filter_map(value_of_name).collect();
    match names[..] {
        [name] if is_word(&name) => Ok(name.into()),
        _ => Err(LibraryError::NoName),
    }
}

fn value_of_name<'a>((key, value): (&[u8], &'a [u8])) -> Option<&'a [u8]> {
    key.eq_ignore_ascii_case(b"name=").then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_the_name_in_its_first_line() {
        let mut libraries = Libraries::default();
        let text = b"#!lua name=one\nredis.register_function('f', function() return 1 end)";
        assert_eq!(libraries.add(text, false), Ok(()));
        assert_eq!(libraries.add(b"#!lua NAME=\"two\" \n", false), Ok(()));
        assert_eq!(libraries.add(b"#!lua name=one\n", false), Err(LibraryError::Exists("one".to_owned())));
        assert_eq!(libraries.iter().next(), Some(&text[..]));
        assert_eq!(libraries.add(b"#!lua name=one\nother", true), Ok(()));
        assert_eq!(libraries.iter().next(), Some(&b"#!lua name=one\nother"[..]));
        assert_eq!((libraries.len(), libraries.bytes()), (2, 44));
        assert!(!libraries.remove(b"ONE") && libraries.remove(b"one"));
        libraries.clear();
        assert!(libraries.is_empty());
    }

    #[test]
    fn what_does_not_say_its_name_is_no_library() {
        for text in [&b""[..], b"return 1\n", b"#!lua name=a", b"#! name=a\n", b"\n", b"#!lua name=\"a\n"] {
            assert_eq!(name_of(text), Err(LibraryError::NoMetadata), "{}", text.escape_ascii());
        }
        for text in [&b"#!lua\n"[..], b"#!lua name=\n", b"#!lua name=a-b\n", b"#!lua name=a name=b\n"] {
            assert_eq!(name_of(text), Err(LibraryError::NoName), "{}", text.escape_ascii());
        }
    }
}
