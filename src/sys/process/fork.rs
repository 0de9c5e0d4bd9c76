//! Forked children, the daemon and its pid file.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use crate::sys::log;
use crate::sys::signals::{self, SignalsBlocked};

/// A process id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pid(libc::pid_t);

impl Pid {
    /// The number, for INFO fields and file names.
    pub fn as_raw(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Forks, runs `work` in the child and ends the child with its result as exit code.
///
/// The child has one thread, a copy-on-write view of all memory, and every descriptor of the
/// parent. It may read anything, allocate, log (its lines carry the role `C`), open, write and
/// sync files of its own, and write to pipes and sockets that were handed to it.
///
/// It must not:
/// * poll or modify the parent's poll instance, which both share through the kernel;
/// * read from the parent's connections, or write to those that are not its own to feed;
/// * give work to a [`Worker`](crate::sys::worker::Worker) or wait for one: its thread is not here;
/// * take a lock that a helper thread of the parent may have held (the log's is taken care of,
///   and jemalloc takes care of its own);
/// * return, unwind, or run destructors of the parent's state.
///
/// It ignores SIGTERM and SIGINT; SIGUSR1 ends it.
#[expect(unsafe_code, reason = "fork is not in std")]
pub fn fork_child(work: impl FnOnce() -> i32) -> io::Result<Pid> {
    // Both for the child's sake: it starts with the log's locks free, and no signal runs a
    // handler of the parent before the child has changed it.
    let line = log::hold_lines();
    let blocked = SignalsBlocked::new();
    // SAFETY: the child runs on with one thread. The locks it may meet are the log's, held here,
    // the allocator's, which jemalloc makes usable in its fork handlers, and those that the
    // contract above forbids.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            signals::leave_stopping_to_the_parent();
            log::set_role('C');
            drop(blocked);
            drop(line);
            let code = work();
            // SAFETY: ends the process without destructors or exit handlers, which are the
            // parent's to run.
            unsafe { libc::_exit(code) }
        }
        pid => Ok(Pid(pid)),
    }
}

/// The next child that has ended, if any; does not wait.
pub fn wait_child() -> Option<(Pid, ExitStatus)> {
    reap(-1, libc::WNOHANG).ok().flatten()
}

/// Waits until the child has ended.
pub fn wait_for(pid: Pid) -> io::Result<ExitStatus> {
    let (_, status) = reap(pid.0, 0)?.expect("only WNOHANG returns without a child");
    Ok(status)
}

#[expect(unsafe_code, reason = "std waits only for children it started")]
fn reap(pid: libc::pid_t, options: libc::c_int) -> io::Result<Option<(Pid, ExitStatus)>> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is valid for the call.
        match unsafe { libc::waitpid(pid, &raw mut status, options) } {
            0 => return Ok(None),
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            ended => return Ok(Some((Pid(ended), ExitStatus::from_raw(status)))),
        }
    }
}

/// Sends a signal to a child.
#[expect(unsafe_code, reason = "kill is not in std")]
pub fn kill(pid: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: no memory is involved. A `Pid` is never 0 or negative, which would mean groups.
    match unsafe { libc::kill(pid.0, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether there is a process of this id, as far as this one can see.
pub fn exists(id: u32) -> bool {
    Path::new("/proc").join(id.to_string()).exists()
}

/// Continues in the background: a new session whose three standard descriptors are `/dev/null`.
/// The calling process exits with code 0. Call it before any thread is started.
#[expect(unsafe_code, reason = "fork, setsid and dup2 are not in std")]
pub fn daemonize() -> io::Result<()> {
    // SAFETY: called before any thread is started, so that the child is a full copy.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        _ => std::process::exit(0),
    }
    // SAFETY: no memory is involved; a fresh child leads no group, so that the call succeeds.
    unsafe { libc::setsid() };
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for standard in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: std never closes these three, so that no owner is surprised by the new file.
        if unsafe { libc::dup2(null.as_raw_fd(), standard) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Writes the id of this process, and a newline.
pub fn write_pidfile(path: &Path) -> io::Result<()> {
    fs::write(path, format!("{}\n", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_of_the_work_is_the_exit_code() {
        let child = fork_child(|| 7).unwrap();
        assert_eq!(wait_for(child).unwrap().code(), Some(7));
    }

    #[test]
    fn a_child_sees_memory_as_it_was() {
        let mut value = vec![1];
        let child = fork_child(|| value.iter().sum()).unwrap();
        value.push(2);
        assert_eq!(wait_for(child).unwrap().code(), Some(1));
    }

    #[test]
    fn a_child_ignores_requests_to_stop_and_ends_on_sigusr1() {
        let (mut ready, mut tell) = io::pipe().unwrap();
        let child = fork_child(|| {
            let _ = io::Write::write_all(&mut tell, b"x");
            loop {
                // SAFETY: waits for a signal, touches no memory.
                #[expect(unsafe_code, reason = "pause is not in std")]
                unsafe {
                    libc::pause()
                };
            }
        })
        .unwrap();
        io::Read::read_exact(&mut ready, &mut [0]).unwrap();
        kill(child, libc::SIGTERM).unwrap();
        kill(child, libc::SIGUSR1).unwrap();
        assert_eq!(wait_for(child).unwrap().signal(), Some(libc::SIGUSR1));
    }

    #[test]
    fn waiting_for_what_is_no_child_is_an_error() {
        let this = Pid(std::process::id() as i32);
        assert_eq!(wait_for(this).unwrap_err().raw_os_error(), Some(libc::ECHILD));
    }

    #[test]
    fn a_pid_file_holds_the_pid_and_a_newline() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.pid");
        write_pidfile(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
    }
}
