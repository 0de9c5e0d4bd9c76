//! Function libraries as an append-only file and a primary speak of them: FUNCTION LOAD, DELETE, FLUSH and
//! RESTORE. The texts are kept ([`Libraries`]) and go wherever the data set goes, but nothing here executes
//! them; so clients cannot call FUNCTION, and it has no row in the table of commands.
//!
//! What is said was done elsewhere: a library that is there is replaced, whatever the options say.

use thiserror::Error;

use super::context::Ctx;
use crate::engine::Targets;
use crate::keyspace::{Libraries, LibraryError};
use crate::rdb::LoadError;
use crate::rdb::payload::{Payload, PayloadError};
use crate::resp::Request;

/// Why what was said is not done. For the log.
#[derive(Debug, Error)]
pub enum NotKept {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("a payload that holds no function libraries: {0}")]
    Payload(#[from] PayloadError),
    #[error("a payload that holds no function libraries: {0}")]
    Content(#[from] LoadError),
}

/// Does what a request says of libraries; `None` if it says nothing of them.
pub fn keep(request: &Request<'_>, libraries: &mut Libraries) -> Option<Result<(), NotKept>> {
    let word = |index: usize| request.argument(index).unwrap_or_default();
    let is = |index: usize, known: &str| word(index).eq_ignore_ascii_case(known.as_bytes());
    if !is(0, "function") {
        return None;
    }
    let was_empty = libraries.is_empty();
    let done = match request.len() {
        3 | 4 if is(1, "load") => libraries.add(word(request.len() - 1), true).map_err(NotKept::from),
        3 if is(1, "delete") => {
            libraries.remove(word(2));
            Ok(())
        }
        2 | 3 if is(1, "flush") => {
            libraries.clear();
            Ok(())
        }
        3 | 4 if is(1, "restore") => restore(word(2), is(3, "flush"), libraries),
        _ => return None,
    };
    if was_empty && !libraries.is_empty() {
        log::info!("A function library is kept for those who can execute it: this server cannot");
    }
    Some(done)
}

/// `FUNCTION RESTORE payload [FLUSH|APPEND|REPLACE]`: all of the payload's libraries or none.
fn restore(payload: &[u8], flush: bool, libraries: &mut Libraries) -> Result<(), NotKept> {
    let mut restored = Libraries::default();
    for text in Payload(payload).verify(true)?.libraries()? {
        restored.add(&text, false)?;
    }
    if flush {
        libraries.clear();
    }
    Ok(restored.iter().try_for_each(|text| libraries.add(text, true))?)
}

/// The same for what our primary sent; its stream goes on to replicas as it is. `None` if it is about something
/// else.
pub fn keep_of_primary(ctx: &mut Ctx<'_>, request: &Request<'_>) -> Option<()> {
    match keep(request, &mut ctx.keys.libraries)? {
        Ok(()) => {
            ctx.keys.effects.add_dirty(1);
            let downstream = &mut ctx.engine.downstream;
            if downstream.is_active() {
                // On its own, even within a transaction: no key depends on it.
                downstream.push(ctx.client.db, Targets::ALL, request.iter());
                downstream.end_unit();
            }
        }
        Err(error) => log::warn!("What the master says of a function library is left out: {error}"),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn keep_words(words: &[&[u8]], libraries: &mut Libraries) -> Option<bool> {
        keep(&OwnedRequest::of(words).view(), libraries).map(|kept| kept.is_ok())
    }

    fn texts(libraries: &Libraries) -> Vec<&[u8]> {
        libraries.iter().collect()
    }

    #[test]
    fn libraries_come_and_go_as_was_said() {
        let mut libraries = Libraries::default();
        let (one, two) = (&b"#!lua name=one\n1"[..], &b"#!lua name=two\n2"[..]);
        for (words, kept, expected) in [
            (&[&b"FUNCTION"[..], b"LOAD", one][..], Some(true), &[one][..]),
            (&[b"function", b"load", b"replace", two], Some(true), &[one, two]),
            (&[b"FUNCTION", b"LOAD", b"no library"], Some(false), &[one, two]),
            (&[b"FUNCTION", b"DELETE", b"one"], Some(true), &[two]),
            (&[b"FUNCTION", b"STATS"], None, &[two]),
            (&[b"FUNCTION"], None, &[two]),
            (&[b"FCALL", b"f", b"0"], None, &[two]),
            (&[b"FUNCTION", b"FLUSH", b"ASYNC"], Some(true), &[]),
        ] {
            assert_eq!(keep_words(words, &mut libraries), kept);
            assert_eq!(texts(&libraries), expected);
        }
    }

    #[test]
    fn a_payload_of_redis_is_restored_as_a_whole() {
        const TEXT: &[u8] = b"#!lua name=a\nredis.register_function(\"f\", function() return 1 end)\n";
        // What FUNCTION DUMP of Redis 7.0.15 makes of it.
        let payload = [b"\xf5\x40\x43", TEXT, b"\x0a\0\x39roP\x90\xe2E\x0f"].concat();
        let payload = &payload[..];
        let mut libraries = Libraries::default();
        libraries.add(b"#!lua name=old\n", false).unwrap();
        assert_eq!(keep_words(&[b"FUNCTION", b"RESTORE", payload], &mut libraries), Some(true));
        assert_eq!(texts(&libraries), [TEXT, b"#!lua name=old\n"]);
        let restore: &[&[u8]] = &[b"FUNCTION", b"RESTORE", payload, b"FLUSH"];
        assert_eq!(keep_words(restore, &mut libraries), Some(true));
        assert_eq!(texts(&libraries), [TEXT]);
        let mut damaged = payload.to_vec();
        damaged[10] ^= 1;
        let restore: &[&[u8]] = &[b"FUNCTION", b"RESTORE", &damaged, b"FLUSH"];
        assert_eq!(keep_words(restore, &mut libraries), Some(false));
        assert_eq!(texts(&libraries), [TEXT]);
    }
}
