//! Telling the supervisor that the server is ready: systemd by its notification socket, upstart
//! by stopping, which it answers by letting us continue.

use std::env;
use std::io;

use sd_notify::NotifyState;

/// Whether systemd started this process and waits to be told.
pub fn supervised_by_systemd() -> bool {
    env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty())
}

/// Whether upstart started this process.
pub fn supervised_by_upstart() -> bool {
    env::var_os("UPSTART_JOB").is_some()
}

/// Tells systemd that start-up is over, with a line for `systemctl status`. Does nothing where
/// systemd is not the supervisor.
pub fn notify_ready(status: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Status(status), NotifyState::Ready])
}

/// Changes the line of `systemctl status`.
pub fn notify_status(status: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Status(status)])
}

/// Tells systemd that the shutdown has begun.
pub fn notify_stopping() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Stopping])
}

/// Stops this process until upstart, which takes that for readiness, continues it. To be called
/// only under upstart, and before any thread is started, as it forgets `UPSTART_JOB`.
#[expect(unsafe_code, reason = "raise is not in std, and unsetting a variable is unsafe")]
pub fn signal_upstart() {
    // SAFETY: no other thread reads the environment yet; SIGSTOP runs no handler.
    unsafe {
        libc::raise(libc::SIGSTOP);
        env::remove_var("UPSTART_JOB");
    }
}
