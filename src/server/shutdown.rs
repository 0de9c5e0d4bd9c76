//! The end: signals, the last steps that cannot fail any more, and starting anew in the same process.
//!
//! What can fail, and call a shutdown off, is [`Engine::begin_shutdown`](crate::engine::Engine::begin_shutdown).

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::event_loop::Server;
use crate::config::{Config, ShutdownFlags};
use crate::engine::{ShutdownProgress, ShutdownRequest};
use crate::sys::files::error_text;
use crate::sys::process;
use crate::sys::signals::{Leftover, Signal, remove_on_abrupt_exit};
use crate::sys::{clock, watchdog};

impl Server {
    /// Notes the signals that have arrived; the timer obeys, so that SHUTDOWN ABORT has a chance.
    pub(super) fn on_signals(&mut self) {
        while let Some(signal) = self.signals.take() {
            let name = match signal {
                Signal::Terminate => "SIGTERM",
                Signal::Interrupt => "SIGINT",
            };
            if self.engine.snapshots.is_loading() {
                log::warn!("Received shutdown signal during loading, scheduling shutdown.");
            } else {
                log::warn!("Received {name} scheduling shutdown...");
            }
            self.engine.shutdown.requested = Some(signal);
        }
    }

    /// Shuts down if a signal asked for it, or goes on with that.
    pub(super) fn shutdown_cron(&mut self) {
        let progress = if self.engine.shutdown.is_pending() {
            self.engine.drive_shutdown(&self.keys)
        } else if let Some(signal) = self.engine.shutdown.requested {
            let request = request_of(signal, &self.engine.config);
            self.engine.begin_shutdown(&self.keys, request)
        } else {
            return;
        };
        if progress == Ok(ShutdownProgress::Done) {
            self.leave();
        }
        // If it has failed, somebody is to be told.
        self.perform_actions();
    }

    /// Nothing can call the end off now: removes what must not be left behind.
    pub(super) fn leave(&mut self) {
        let config = &self.engine.config;
        if let Some(path) = &config.process.pidfile {
            log::info!("Removing the pid file.");
            remove_if_there(path);
        }
        // Before connections end with the process: who sees that and connects again is to be refused.
        self.listeners.close();
        if let Some(path) = &config.network.unix_socket {
            log::info!("Removing the unix socket file.");
            remove_if_there(path);
        }
        log::warn!("Redis is now ready to exit, bye bye...");
        self.exit = Some(0);
    }
}

/// What `shutdown-on-sigterm` and `shutdown-on-sigint` make of a signal.
fn request_of(signal: Signal, config: &Config) -> ShutdownRequest {
    let flags = match signal {
        Signal::Terminate => config.process.shutdown_on_sigterm,
        Signal::Interrupt => config.process.shutdown_on_sigint,
    };
    let save = match () {
        () if flags.contains(ShutdownFlags::SAVE) => Some(true),
        () if flags.contains(ShutdownFlags::NOSAVE) => Some(false),
        () => None,
    };
    ShutdownRequest {
        save,
        now: flags.contains(ShutdownFlags::NOW),
        force: flags.contains(ShutdownFlags::FORCE),
    }
}

fn remove_if_there(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        log::warn!("Removing {}: {}", path.display(), error_text(&error));
    }
}

/// Starts the program again in this process, with the same arguments: DEBUG RESTART. Returns the exit code
/// if that fails.
pub(super) fn start_again(executable: &Path, argv: &[OsString], delay_ms: u64) -> i32 {
    // Its timer would outlive its handler.
    watchdog::stop();
    clock::sleep_us(delay_ms.saturating_mul(1000));
    let mut command = Command::new(executable);
    if let Some((name, arguments)) = argv.split_first() {
        command.arg0(name).args(arguments);
    }
    let error = command.exec();
    log::warn!("Can't restart: {}", error_text(&error));
    1
}

/// Writes the file that [`Server::leave`], or a crash, removes.
pub(super) fn write_pid_file(path: &Path) {
    match process::write_pidfile(path) {
        Ok(()) => remove_on_abrupt_exit(Leftover::PidFile, Some(path)),
        Err(error) => log::warn!("Failed to write PID file: {}", error_text(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directives_decide_what_a_signal_means() {
        let mut config = Config::default();
        assert_eq!(request_of(Signal::Terminate, &config), ShutdownRequest::default());
        config.process.shutdown_on_sigint = ShutdownFlags::NOSAVE | ShutdownFlags::NOW;
        config.process.shutdown_on_sigterm = ShutdownFlags::SAVE | ShutdownFlags::FORCE;
        let interrupt = ShutdownRequest { save: Some(false), now: true, force: false };
        let terminate = ShutdownRequest { save: Some(true), now: false, force: true };
        assert_eq!(request_of(Signal::Interrupt, &config), interrupt);
        assert_eq!(request_of(Signal::Terminate, &config), terminate);
    }
}
