//! What a changed directive needs beyond its value, done while CONFIG SET executes so that a failure can be
//! its reply: CONFIG SET works inside of MULTI, and behind it may stand pipelined commands that must see
//! either the new configuration or the old one.
//!
//! What needs sockets goes through [`Listen`], which the server implements. What the loop does and cannot
//! fail is recorded as [`Action::Apply`] after success.

use std::io;

use crate::config::{Apply, Change, Config, LogLevel, Network, OomScoreAdj, Process, SetError};
use crate::keyspace::Keyspace;
use crate::sys::{self, memory, process};

use super::action::Action;
use super::parts::Engine;

/// Files the process needs besides one per client.
const RESERVED_FILES: u64 = 32;

/// The listening sockets, as the configuration sees them.
pub trait Listen {
    /// Listens where `network` says and nowhere else. On failure it may listen nowhere; the caller then asks
    /// for the previous addresses again. The reason is logged by the callee.
    fn listen(&mut self, network: &Network) -> Result<(), ListenFailed>;

    /// Closes what a forked child has inherited; the parent goes on listening.
    fn close_in_child(&self);
}

/// Some address cannot be listened on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenFailed;

/// An engine without a network.
#[derive(Debug)]
pub struct NoSockets;

impl Listen for NoSockets {
    fn listen(&mut self, _: &Network) -> Result<(), ListenFailed> {
        Ok(())
    }

    fn close_in_child(&self) {}
}

/// Our say in whom the kernel kills first.
#[derive(Debug, Default)]
pub struct OomScore {
    /// The adjustment we were started with, while ours is in its place.
    inherited: Option<i32>,
}

impl OomScore {
    /// The classes of processes, as places in `oom-score-adj-values`.
    pub const PRIMARY: usize = 0;
    pub const REPLICA: usize = 1;
    pub const CHILD: usize = 2;

    /// Sets the score of this process to the configured value of a class.
    pub fn adjust(&mut self, configured: &Process, class: usize) -> io::Result<()> {
        let value = configured.oom_score_adj_values[class];
        match configured.oom_score_adj {
            OomScoreAdj::No => match self.inherited.take() {
                Some(inherited) => process::set_oom_score_adj(inherited),
                None => Ok(()),
            },
            mode => {
                let inherited = match self.inherited {
                    Some(inherited) => inherited,
                    None => process::oom_score_adj()?,
                };
                self.inherited = Some(inherited);
                let base = if mode == OomScoreAdj::Relative { inherited } else { 0 };
                process::set_oom_score_adj(base + value)
            }
        }
    }
}

impl Engine {
    /// Puts a configuration and the effects of its changes in force, or leaves everything as it was.
    pub fn change_config(
        &mut self,
        config: Config,
        changes: &[Change],
        keys: &Keyspace,
    ) -> Result<(), SetError> {
        let previous = std::mem::replace(&mut self.config, config);
        for change in changes {
            let Err(reason) = self.apply(*change, keys) else { continue };
            log::warn!(
                "Failed applying new configuration. Possibly related to new {} setting. Restoring previous \
                 settings.",
                change.name
            );
            self.config = previous;
            self.restore(changes, keys);
            return Err(SetError::failed(change.name, &reason));
        }
        self.actions.extend(changes.iter().map(|change| Action::Apply(change.apply)));
        Ok(())
    }

    /// Applies the values that were in force before.
    fn restore(&mut self, changes: &[Change], keys: &Keyspace) {
        for change in changes {
            if let Err(reason) = self.apply(*change, keys) {
                log::warn!("Failed applying restored failed CONFIG SET command: {reason}");
            }
        }
    }

    /// Puts the effect of the present value of a directive in force. The error is Redis's text for CONFIG SET.
    pub fn apply(&mut self, change: Change, keys: &Keyspace) -> Result<(), String> {
        match change.apply {
            Apply::AppendOnly => self.apply_append_only(keys),
            Apply::AofAutoGc => {
                self.aof.remove_history(self.config.aof.disable_auto_gc);
                Ok(())
            }
            Apply::AppendFsync => {
                self.aof.settle_syncs(self.config.aof.fsync);
                Ok(())
            }
            Apply::CrashLog => self.apply_crash_log(),
            Apply::Dir => return self.apply_directory(),
            Apply::Listen => self.apply_listen(change.name),
            Apply::Locale => self.apply_locale(),
            Apply::LogLevel => self.apply_log_level(),
            Apply::Maxclients => return self.apply_maxclients(),
            Apply::Maxmemory => self.apply_maxmemory(),
            Apply::OomScoreAdj => self.apply_oom_score(),
            Apply::ProcTitle => self.apply_process_title(),
            Apply::RequirePass => self.apply_password(),
            Apply::ReplicationBacklog => {
                let window_bytes = self.config.replication.backlog_bytes;
                if let Some(backlog) = &mut self.replication.backlog {
                    backlog.set_window(window_bytes);
                }
                Ok(())
            }
            Apply::SlowLog => {
                self.slowlog.trim(self.config.observe.slowlog_max_len);
                Ok(())
            }
            Apply::Tls => self.apply_tls(),
            Apply::Watchdog => self.apply_watchdog(),
            // Whoever is concerned reads the value when it is needed, or is told by `Action::Apply`.
            Apply::Encoding
            | Apply::Hz
            | Apply::LatencyTracking
            | Apply::MaxmemoryClients
            | Apply::MinReplicas
            | Apply::NotifyKeyspaceEvents
            | Apply::SavePoints => Ok(()),
        }
        .map_err(str::to_owned)
    }

    fn apply_crash_log(&self) -> Result<(), &'static str> {
        if self.config.process.crash_log_enabled {
            sys::signals::enable_crash_reports();
        } else {
            sys::signals::disable_crash_reports();
        }
        Ok(())
    }

    /// A period in which the cron would hardly come round is made longer.
    fn apply_watchdog(&mut self) -> Result<(), &'static str> {
        let process = &mut self.config.process;
        if process.watchdog_period_ms == 0 {
            sys::watchdog::stop();
        } else {
            let shortest_ms = 2 * (1000 / process.hz.clamp(1, 1000));
            process.watchdog_period_ms = process.watchdog_period_ms.max(shortest_ms);
            sys::watchdog::wind_up(process.watchdog_period_ms);
        }
        Ok(())
    }

    fn apply_directory(&self) -> Result<(), String> {
        std::env::set_current_dir(&self.config.process.dir).map_err(|error| sys::files::error_text(&error))
    }

    fn apply_listen(&mut self, name: &str) -> Result<(), &'static str> {
        self.listeners.listen(&self.config.network).map_err(|ListenFailed| match name {
            "bind" => "Failed to bind to specified addresses.",
            _ => "Unable to listen on this port. Check server logs.",
        })?;
        // The title names the address.
        self.apply_process_title()
    }

    fn apply_log_level(&self) -> Result<(), &'static str> {
        sys::log::set_level(match self.config.log.level {
            LogLevel::Debug => sys::log::LogLevel::Debug,
            LogLevel::Verbose => sys::log::LogLevel::Verbose,
            LogLevel::Notice => sys::log::LogLevel::Notice,
            LogLevel::Warning => sys::log::LogLevel::Warning,
            LogLevel::Nothing => sys::log::LogLevel::Nothing,
        });
        Ok(())
    }

    fn apply_maxclients(&self) -> Result<(), String> {
        let need = u64::from(self.config.limits.maxclients) + RESERVED_FILES;
        let got = process::set_open_files_limit(need);
        if got >= need {
            return Ok(());
        }
        Err(format!(
            "The operating system is not able to handle the specified number of clients, try with {}",
            got.saturating_sub(RESERVED_FILES)
        ))
    }

    fn apply_maxmemory(&self) -> Result<(), &'static str> {
        let (limit, used) = (self.config.memory.maxmemory_bytes, memory::used_memory());
        if limit != 0 && limit < used as u64 {
            log::warn!(
                "WARNING: the new maxmemory value set via CONFIG SET ({limit}) is smaller than the current \
                 memory usage ({used}). This will result in key eviction and/or the inability to accept new \
                 write commands depending on the maxmemory-policy."
            );
        }
        Ok(())
    }

    fn apply_oom_score(&mut self) -> Result<(), &'static str> {
        let is_replica = self.config.replication.primary.is_some();
        let class = if is_replica { OomScore::REPLICA } else { OomScore::PRIMARY };
        self.oom_score.adjust(&self.config.process, class).map_err(|error| {
            log::warn!("Unable to write oom_score_adj: {}", sys::files::error_text(&error));
            "Failed to set current oom_score_adj. Check server logs."
        })
    }

    fn apply_locale(&self) -> Result<(), &'static str> {
        let is_known = process::set_locale(&self.config.process.locale_collate);
        if is_known { Ok(()) } else { Err("Invalid locale name") }
    }

    fn apply_process_title(&self) -> Result<(), &'static str> {
        if self.config.process.set_proc_title {
            process::set_title(&self.process_title(&self.identity.title));
        }
        Ok(())
    }

    /// What `ps` is to show of this process or a child of it, by the configured template.
    pub(super) fn process_title(&self, title: &str) -> String {
        let network = &self.config.network;
        let unix_socket = || network.unix_socket.as_ref().map(|path| path.display().to_string());
        self.config.process.title(|variable| match variable {
            "title" => title.to_owned(),
            "listen-addr" if network.port == 0 => format!("unixsocket:{}", unix_socket().unwrap_or_default()),
            "listen-addr" => {
                format!("{}:{}", network.bind.first().map_or("*", String::as_str), network.port)
            }
            "port" => network.port.to_string(),
            "tls-port" => "0".to_owned(),
            "unixsocket" => unix_socket().unwrap_or_default(),
            "config-file" => {
                let file = self.identity.config_file.as_ref();
                file.map_or_else(|| "-".to_owned(), |path| path.display().to_string())
            }
            // No cluster, no sentinel.
            _ => String::new(),
        })
    }

    /// Without a password every connection is authenticated, also one that was not when it came; with a new
    /// one those that are authenticated stay so.
    fn apply_password(&mut self) -> Result<(), &'static str> {
        if self.config.security.requirepass.is_some() {
            return Ok(());
        }
        let ids: Vec<_> = self.clients.ids().collect();
        for id in ids {
            if let Some(client) = self.clients.by_id_mut(id) {
                client.session.authenticated = true;
            }
        }
        Ok(())
    }

    fn apply_tls(&self) -> Result<(), &'static str> {
        if self.config.text_of("tls-port").is_some_and(|port| port != b"0") {
            log::warn!("This server does not speak TLS yet");
            return Err("Unable to update TLS configuration. Check server logs.");
        }
        Ok(())
    }
}
