//! Patterns of BY and GET: the name of another key with a star where the element belongs.

use memchr::{memchr, memmem};

use crate::ds::StrRef;
use crate::keyspace::{Keyspace, Object};

/// A pattern, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// A string under `prefix` element `suffix`, or a field of a hash there.
    Key { prefix: &'a [u8], suffix: &'a [u8], field: Option<&'a [u8]> },
    /// A pattern without a star. It finds nothing.
    Constant,
}

impl<'a> Pattern<'a> {
    pub fn parse(pattern: &'a [u8]) -> Self {
        if pattern == b"#" {
            return Self::Element;
        }
        let Some(star) = memchr(b'*', pattern) else { return Self::Constant };
        let (prefix, rest) = (&pattern[..star], &pattern[star + 1..]);
        // An arrow with nothing behind it belongs to the name.
        match memmem::find(rest, b"->").filter(|arrow| arrow + 2 < rest.len()) {
            Some(arrow) => Self::Key { prefix, suffix: &rest[..arrow], field: Some(&rest[arrow + 2..]) },
            None => Self::Key { prefix, suffix: rest, field: None },
        }
    }
}

/// Looks up what patterns name.
#[derive(Debug)]
pub struct Lookup<'k> {
    keys: &'k mut Keyspace,
    /// Room for the name of a key.
    name: Vec<u8>,
}

impl<'k> Lookup<'k> {
    pub fn new(keys: &'k mut Keyspace) -> Self {
        Self { keys, name: Vec::new() }
    }

    /// What a pattern finds for an element.
    pub fn value<'a>(&'a mut self, pattern: Pattern<'_>, element: StrRef<'a>) -> Option<StrRef<'a>> {
        let (prefix, suffix, field) = match pattern {
            Pattern::Element => return Some(element),
            Pattern::Constant => return None,
            Pattern::Key { prefix, suffix, field } => (prefix, suffix, field),
        };
        self.name.clear();
        self.name.extend_from_slice(prefix);
        element.with_text(|text| self.name.extend_from_slice(text));
        self.name.extend_from_slice(suffix);
        let now_ms = self.keys.now_ms();
        let entry = self.keys.find(&self.name)?;
        match (field, entry.object()) {
            (None, _) => entry.string(),
            (Some(field), Some(Object::Hash(hash))) => hash.get(field, now_ms),
            (Some(_), _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_cut_at_its_first_star_and_the_first_arrow_behind_it() {
        let key = |prefix: &'static str, suffix: &'static str, field: Option<&'static str>| Pattern::Key {
            prefix: prefix.as_bytes(),
            suffix: suffix.as_bytes(),
            field: field.map(str::as_bytes),
        };
        let cases = [
            ("#", Pattern::Element),
            ("", Pattern::Constant),
            ("a->b", Pattern::Constant),
            ("w_*", key("w_", "", None)),
            ("*_*", key("", "_*", None)),
            ("a->*b->c->d", key("a->", "b", Some("c->d"))),
            ("a*->", key("a", "->", None)),
            ("a*-->", key("a", "-->", None)),
        ];
        for (text, pattern) in cases {
            assert_eq!(Pattern::parse(text.as_bytes()), pattern, "{text}");
        }
    }
}
