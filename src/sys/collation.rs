//! The order of text in the process's locale (`LC_COLLATE`).
//!
//! Whoever sorts asks for a key per text and compares keys as bytes: that is the order of `strcoll`, with a
//! look at the locale's tables once for each text instead of once for each comparison.

use std::ffi::{CStr, CString};

/// Whether text is simply compared byte by byte, as in the locales `C` and `POSIX`.
#[expect(unsafe_code, reason = "setlocale is not in std")]
pub fn is_bytewise() -> bool {
    // SAFETY: without a name the call changes nothing.
    let name = unsafe { libc::setlocale(libc::LC_COLLATE, std::ptr::null()) };
    if name.is_null() {
        return true;
    }
    // SAFETY: it is a C string, valid until the next call, which comes from this thread alone.
    let name = unsafe { CStr::from_ptr(name) };
    matches!(name.to_bytes(), b"C" | b"POSIX")
}

/// Appends the bytes by whose order `text` sorts in the locale. A text ends at its first NUL there.
#[expect(unsafe_code, reason = "strxfrm is not in std")]
pub fn push_sort_key(output: &mut Vec<u8>, text: &[u8]) {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let Ok(text) = CString::new(&text[..end]) else { return };
    let start = output.len();
    // Long enough for most keys; if not, the first call says how long.
    let mut room = 4 * end + 16;
    loop {
        output.resize(start + room, 0);
        let target = output[start..].as_mut_ptr().cast();
        // SAFETY: the source is a C string, and the target has the `room` bytes announced.
        let length = unsafe { strxfrm(target, text.as_ptr(), room) };
        if length < room {
            output.truncate(start + length);
            return;
        }
        room = length + 1;
    }
}

#[expect(unsafe_code, reason = "libc does not declare it")]
unsafe extern "C" {
    fn strxfrm(target: *mut libc::c_char, source: *const libc::c_char, room: libc::size_t) -> libc::size_t;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_locale_bytes_are_their_own_key() {
        assert!(is_bytewise());
        let mut key = b"before ".to_vec();
        push_sort_key(&mut key, b"Text\0and more");
        assert_eq!(key, b"before Text");
    }
}
