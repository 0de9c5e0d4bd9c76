//! The process as the kernel and its supervisor see it.
//!
//! * `fork`: children, daemon, pid file.
//! * `title`: what `ps` shows.
//! * `supervise`: telling systemd or upstart that we are ready.
//! * `limits`: file descriptors, out-of-memory score, huge pages, locale.
//! * `usage`: CPU times and the name of the system, for INFO.

mod fork;
mod limits;
mod supervise;
mod title;
mod usage;

pub use fork::{Pid, daemonize, exists, fork_child, kill, wait_child, wait_for, write_pidfile};
pub use limits::{
    oom_score_adj, open_files_limit, set_locale, set_oom_score_adj, set_open_files_limit, thp_disable,
};
pub use supervise::{
    notify_ready, notify_status, notify_stopping, signal_upstart, supervised_by_systemd,
    supervised_by_upstart,
};
pub use title::set_title;
pub use usage::{CpuTime, CpuTimes, cpu_times, uname};

pub use libc::{SIGKILL, SIGTERM, SIGUSR1};
