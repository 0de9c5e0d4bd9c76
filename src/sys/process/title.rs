//! The process title: what `ps` and `top` show.
//!
//! `ps` reads the memory in which the kernel once put argv, followed by the environment. Writing
//! over it changes the title, under two rules of the kernel (`get_mm_cmdline`): if the last byte
//! of the argv part is NUL, the argv part is shown whole; otherwise everything up to the first
//! NUL is shown, even beyond argv. To have only the title shown, that last byte is therefore
//! never NUL.
//!
//! The environment lives in the overwritten part, so it is moved out first. That is sound only
//! while the process has one thread, which is checked; later, or where `/proc` is not there, only
//! the name of the thread is set. [`std::env::args`] is meaningless after the first title.

use std::ffi::{CStr, CString};
use std::io;
use std::sync::{Mutex, PoisonError};

/// Shows `title` in `ps`, cut to the room there is, and names the process after its first word
/// (15 bytes, without directories) for `killall` and `top`.
///
/// The first call decides how much room there is: make it from `main`, after argv was read and
/// before any thread is started.
pub fn set_title(title: &str) {
    static AREA: Mutex<Option<TitleArea>> = Mutex::new(None);
    let mut area = AREA.lock().unwrap_or_else(PoisonError::into_inner);
    area.get_or_insert_with(|| TitleArea::find().unwrap_or(TitleArea::NONE)).show(title);
    drop(area);
    let _ = name_thread(title);
}

/// The memory that held argv and the environment.
#[derive(Debug)]
struct TitleArea {
    start: usize,
    /// How much of it held argv.
    argv_bytes: usize,
    bytes: usize,
}

impl TitleArea {
    const NONE: Self = Self { start: 0, argv_bytes: 0, bytes: 0 };

    fn find() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let (threads, area) = parse_stat(&stat)?;
        if threads != 1 {
            return None;
        }
        move_environment();
        Some(area)
    }

    #[expect(unsafe_code, reason = "writes to memory the kernel set up")]
    fn show(&mut self, title: &str) {
        if self.bytes == 0 {
            return;
        }
        // SAFETY: the kernel mapped this range readable and writable for argv and the environment
        // and it stays mapped. The environment was moved out, the title lock makes us the only
        // writer, and argv's pointers still point into it, at text that ends in a NUL: the last
        // byte is one.
        let area = unsafe {
            std::slice::from_raw_parts_mut(
                std::ptr::with_exposed_provenance_mut::<u8>(self.start),
                self.bytes,
            )
        };
        fill(area, self.argv_bytes, title.as_bytes());
    }
}

/// Lays the title out by the rules above.
fn fill(area: &mut [u8], argv_bytes: usize, title: &[u8]) {
    area.fill(0);
    let shown = title.len().min(area.len() - 1);
    area[..shown].copy_from_slice(&title[..shown]);
    let guard = argv_bytes - 1;
    if shown < guard {
        area[guard] = b'.';
    } else if shown == guard && guard + 1 < area.len() {
        // The end of the title is the guard's own place.
        area[guard] = b' ';
    }
}

/// The number of threads and the title area out of `/proc/self/stat`: fields 20 and 48 to 51
/// (proc(5)), counted after the program's name, which is field 2 and may contain anything.
fn parse_stat(stat: &str) -> Option<(u64, TitleArea)> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<usize>().ok();
    let threads = field(20)? as u64;
    let (start, argv_end) = (field(48)?, field(49)?);
    let (environment_start, environment_end) = (field(50)?, field(51)?);
    // The kernel hides the addresses as zeroes from those who may not trace the process.
    if start == 0 || argv_end <= start {
        return None;
    }
    let adjacent = environment_start == argv_end && environment_end > argv_end;
    let end = if adjacent { environment_end } else { argv_end };
    Some((threads, TitleArea { start, argv_bytes: argv_end - start, bytes: end - start }))
}

/// Points every variable to a copy, which is never freed.
#[expect(unsafe_code, reason = "changes the environment in place")]
fn move_environment() {
    unsafe extern "C" {
        /// The C library's list of `name=value` strings, ended by a null.
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: the process has one thread, so that nobody reads the list meanwhile, and nobody
    // holds on to what it pointed to but those who expect the title area to change. The list is
    // null, or ends in a null; its strings end in NUL.
    unsafe {
        let mut variable = environ;
        while !variable.is_null() && !(*variable).is_null() {
            *variable = CStr::from_ptr(*variable).to_owned().into_raw();
            variable = variable.add(1);
        }
    }
}

#[expect(unsafe_code, reason = "prctl is not in std")]
fn name_thread(title: &str) -> io::Result<()> {
    const NAME_BYTES_MAX: usize = 15;
    let word = title.split(' ').next().unwrap_or_default();
    let name = word.rsplit('/').next().unwrap_or_default().as_bytes();
    let name = CString::new(&name[..name.len().min(NAME_BYTES_MAX)])?;
    // SAFETY: the kernel reads at most 16 bytes of a string that ends in NUL.
    match unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{fork_child, wait_for};
    use super::*;

    /// What the kernel would show of an area laid out by `fill`.
    fn shown(area: &[u8], argv_bytes: usize) -> &[u8] {
        if area[argv_bytes - 1] == 0 {
            return &area[..argv_bytes];
        }
        let end = area.iter().position(|&byte| byte == 0).unwrap();
        &area[..end]
    }

    #[test]
    fn only_the_title_is_shown_whatever_its_length() {
        for length in 0..40 {
            let mut area = [b'e'; 32];
            let title = vec![b't'; length];
            fill(&mut area, 10, &title);
            let expected = &title[..length.min(31)];
            assert_eq!(shown(&area, 10).trim_ascii_end(), expected, "length {length}");
        }
    }

    #[test]
    fn a_title_fits_into_argv_alone() {
        let mut area = [b'a'; 6];
        fill(&mut area, 6, b"title-too-long");
        assert_eq!(&area, b"title\0");
    }

    #[test]
    fn the_area_is_found_behind_a_program_name_with_spaces_and_parentheses() {
        let numbers: Vec<String> = (4..=52).map(|n| (n * 100).to_string()).collect();
        let stat = format!("1 (a) b) R {}\n", numbers.join(" "));
        let (threads, area) = parse_stat(&stat).unwrap();
        assert_eq!(threads, 2000);
        assert_eq!((area.start, area.argv_bytes), (4800, 100));
        assert_eq!(area.bytes, 100, "an environment elsewhere is not ours");
    }

    #[test]
    fn hidden_addresses_are_no_area() {
        let stat = format!("1 (x) R {}\n", "0 ".repeat(49));
        assert!(parse_stat(&stat).is_none());
    }

    #[test]
    fn a_single_threaded_process_can_change_its_title_and_keeps_its_environment() {
        let path = std::env::var_os("PATH");
        let child = fork_child(|| {
            for title in ["first", "/usr/bin/second *:6379 and more than before"] {
                set_title(title);
                let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
                if line.strip_suffix(b"\0").unwrap_or(&line).trim_ascii_end() != title.as_bytes() {
                    return 1;
                }
            }
            let name = std::fs::read_to_string("/proc/self/comm").unwrap_or_default();
            i32::from(name != "second\n") * 2 + i32::from(std::env::var_os("PATH") != path) * 4
        });
        assert_eq!(wait_for(child.unwrap()).unwrap().code(), Some(0));
    }
}
