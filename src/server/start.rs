//! From argv to a running loop. The order of the steps is Redis's, as are the lines they log: tools and test
//! suites wait for some of them.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use thiserror::Error;

use super::event_loop::Server;
use super::shutdown::{start_again, write_pid_file};
use super::{invocation, logo};
use crate::commands::{Registry, TABLES};
use crate::config::{Apply, Change, Config, FatalConfigError, Loaded, REDIS_VERSION, Supervised};
use crate::engine::Engine;
use crate::keyspace::Keyspace;
use crate::sys::files::error_text;
use crate::sys::log::{Facility, LogTarget, Syslog};
use crate::sys::signals::{self, Signals};
use crate::sys::{self, check, process};

/// Files the process needs besides one per client.
const RESERVED_FILES: u64 = 32;

/// Where a daemon leaves its id unless told otherwise.
const DEFAULT_PID_FILE: &str = "/var/run/redis.pid";

/// A limit of memory below this is most likely a forgotten unit.
const SUSPICIOUS_MAXMEMORY_BYTES: u64 = 1024 * 1024;

/// Why there is no server. Told on standard error until there is a log.
#[derive(Debug, Error)]
enum StartError {
    #[error("{0}")]
    Configuration(#[from] FatalConfigError),
    #[error("Can't chdir to '{path}': {reason}\n")]
    Directory { path: String, reason: String },
}

/// The server cannot start, for a reason that was logged; or it is done before it began.
#[derive(Debug, Clone, Copy)]
struct Ended {
    exit_code: i32,
}

const FAILED: Ended = Ended { exit_code: 1 };

/// The server's `main`.
pub fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = invocation::without_server(&argv) {
        return code;
    }
    signals::install_panic_hook();
    let (loaded, registry) = match configure(&argv) {
        Ok(configured) => configured,
        Err(error) => {
            eprint!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match start(loaded, registry, &argv) {
        Ok(mut server) => {
            let code = server.run();
            match server.restart_delay_ms {
                Some(delay_ms) => start_again(&server.engine.identity.executable, &argv, delay_ms),
                None => code,
            }
        }
        Err(Ended { exit_code }) => exit_code,
    };
    // At once: to free every key first would be wasted time.
    std::process::exit(code)
}

/// Reads the configuration, enters the working directory and opens the log.
fn configure(argv: &[OsString]) -> Result<(Loaded, Registry), StartError> {
    let arguments: Vec<Vec<u8>> = argv.iter().skip(1).cloned().map(OsStringExt::into_vec).collect();
    let loaded = Config::load(&arguments, std::env::vars_os(), &mut io::stdin())?;
    let registry = renamed_registry(&loaded.renamed_commands)?;
    let directory = &loaded.config.process.dir;
    std::env::set_current_dir(directory).map_err(|error| StartError::Directory {
        path: directory.display().to_string(),
        reason: error_text(&error),
    })?;
    sys::log::init(&log_target(&loaded.config)).map_err(|error| FatalConfigError::Whole {
        reason: format!("Can't open the log file: {}", error_text(&error)),
    })?;
    Ok((loaded, registry))
}

fn renamed_registry(renamed: &[(Vec<u8>, Vec<u8>)]) -> Result<Registry, FatalConfigError> {
    let mut registry = Registry::new(TABLES);
    for (name, new_name) in renamed {
        registry.rename(name, new_name).map_err(|reason| {
            let (name, new_name) = (String::from_utf8_lossy(name), String::from_utf8_lossy(new_name));
            FatalConfigError::Whole {
                reason: format!(">>> 'rename-command {name} \"{new_name}\"'\n{reason}"),
            }
        })?;
    }
    Ok(registry)
}

fn log_target(config: &Config) -> LogTarget {
    let log = &config.log;
    LogTarget {
        file: Some(log.file.clone()).filter(|file| !file.as_os_str().is_empty()),
        syslog: log
            .syslog_enabled
            .then(|| Facility::named(log.syslog_facility.name()))
            .flatten()
            .map(|facility| Syslog { ident: log.syslog_ident.clone(), facility }),
    }
}

/// From a configuration to a server that is listening and loads its data.
fn start(loaded: Loaded, registry: Registry, argv: &[OsString]) -> Result<Server, Ended> {
    let Loaded { mut config, file, warnings, users, .. } = loaded;
    warn_of_the_system(&config);
    go_to_background(&mut config)?;
    greet(argv, &warnings);
    refuse_what_is_missing(&config, &users)?;
    set_locale(&config)?;
    let title = argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if config.process.set_proc_title {
        // The first title decides how much room there is: before any thread, which the engine will start.
        process::set_title(&title);
    }
    adjust_open_files(&mut config)?;
    let mut server = build(config, file, registry)?;
    server.engine.identity.title = title;
    put_in_force(&mut server.engine, &server.keys);
    open(&mut server)?;
    log::info!("Server initialized");
    server.begin_to_load().map_err(|exit_code| Ended { exit_code })?;
    if let Some(address) = server.engine.config.replication.primary.clone() {
        server.engine.follow(address);
    }
    Ok(server)
}

/// Before any thread: the locale belongs to the process.
fn set_locale(config: &Config) -> Result<(), Ended> {
    if process::set_locale(&config.process.locale_collate) {
        return Ok(());
    }
    log::warn!("Failed to configure LOCALE for invalid locale name.");
    Err(FAILED)
}

fn warn_of_the_system(config: &Config) {
    let has_no_huge_pages = config.process.disable_thp && process::thp_disable().is_ok();
    for warning in check::startup_warnings(has_no_huge_pages) {
        log::warn!("WARNING {warning}");
    }
}

/// Finds out who supervises us; without anyone, leaves the terminal if asked to.
fn go_to_background(config: &mut Config) -> Result<(), Ended> {
    let process = &mut config.process;
    if process.supervised == Supervised::Auto {
        process.supervised = if process::supervised_by_upstart() {
            log::debug!("Upstart supervision detected.");
            Supervised::Upstart
        } else if process::supervised_by_systemd() {
            log::debug!("Systemd supervision detected.");
            Supervised::Systemd
        } else {
            Supervised::No
        };
    }
    let is_supervised = match process.supervised {
        Supervised::Upstart if process::supervised_by_upstart() => {
            log::info!("supervised by upstart, will stop to signal readiness");
            process::signal_upstart();
            true
        }
        Supervised::Upstart => {
            log::warn!("upstart supervision requested, but UPSTART_JOB not found!");
            false
        }
        Supervised::Systemd if process::supervised_by_systemd() => true,
        Supervised::Systemd => {
            log::warn!("systemd supervision requested or auto-detected, but NOTIFY_SOCKET not set!");
            false
        }
        Supervised::No | Supervised::Auto => false,
    };
    if process.daemonize && !is_supervised {
        process::daemonize().map_err(|error| {
            log::warn!("Can't become a daemon: {}", error_text(&error));
            FAILED
        })?;
        process.pidfile.get_or_insert_with(|| DEFAULT_PID_FILE.into());
    }
    Ok(())
}

fn greet(argv: &[OsString], warnings: &[String]) {
    log::info!("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    log::info!(
        "Redis version={REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid={}, just started",
        std::process::id()
    );
    log::info!("This is Russet {}", env!("CARGO_PKG_VERSION"));
    if let [program] = argv {
        log::warn!(
            "Warning: no config file specified, using the default config. In order to specify a config file \
             use {} /path/to/redis.conf",
            program.display()
        );
    } else {
        log::info!("Configuration loaded");
    }
    for warning in warnings {
        log::warn!("{warning}");
    }
}

/// A server that silently does less than it was configured for loses data.
fn refuse_what_is_missing(config: &Config, users: &[Vec<Vec<u8>>]) -> Result<(), Ended> {
    let missing = [
        (config.is_on("cluster-enabled"), "cluster-enabled yes: this server has no cluster mode yet"),
        (
            config.text_of("tls-port").is_some_and(|port| port != b"0"),
            "tls-port: this server does not speak TLS",
        ),
        (
            !users.is_empty() || !config.security.acl_file.as_os_str().is_empty(),
            "user, aclfile: this server has no users besides the default one yet",
        ),
    ];
    for (is_asked_for, what) in missing {
        if is_asked_for {
            log::warn!("Fatal: the configuration asks for something that is not there. {what}. Exiting.");
            return Err(FAILED);
        }
    }
    Ok(())
}

/// Makes room for as many clients as configured, or lowers the number to what there is room for.
fn adjust_open_files(config: &mut Config) -> Result<(), Ended> {
    let clients = u64::from(config.limits.maxclients);
    let need = clients + RESERVED_FILES;
    let original = process::open_files_limit().unwrap_or_default();
    if original >= need {
        return Ok(());
    }
    let got = process::set_open_files_limit(need);
    if got >= need {
        log::info!("Increased maximum number of open files to {need} (it was originally set to {original}).");
        return Ok(());
    }
    let room = got.saturating_sub(RESERVED_FILES);
    if room == 0 {
        log::warn!(
            "Your current 'ulimit -n' of {original} is not enough for the server to start. Please increase \
             your open file limit to at least {need}. Exiting."
        );
        return Err(FAILED);
    }
    config.limits.maxclients = room as u32;
    log::warn!("You requested maxclients of {clients} requiring at least {need} max file descriptors.");
    log::warn!("Server can't set maximum open files to {need} because of OS error: Operation not permitted.");
    log::warn!(
        "Current maximum open files is {got}. maxclients has been reduced to {room} to compensate for low \
         ulimit. If you need higher maxclients increase 'ulimit -n'."
    );
    Ok(())
}

fn build(config: Config, file: Option<std::path::PathBuf>, registry: Registry) -> Result<Server, Ended> {
    let build = || {
        let mut engine = Engine::new(config, file, registry.len())?;
        let databases = engine.config.process.databases as usize;
        let hash_key = (engine.random.next_u64(), engine.random.next_u64());
        let keys = Keyspace::new(databases, hash_key);
        Server::new(engine, keys, registry, Signals::install()?)
    };
    build().map_err(|error: io::Error| {
        log::warn!("Failed creating the event loop. Error message: '{}'", error_text(&error));
        FAILED
    })
}

/// Applies the directives that mean more than a value, as CONFIG SET would.
fn put_in_force(engine: &mut Engine, keys: &Keyspace) {
    let changes = [
        (Apply::LogLevel, "loglevel"),
        (Apply::CrashLog, "crash-log-enabled"),
        (Apply::ProcTitle, "proc-title-template"),
        (Apply::OomScoreAdj, "oom-score-adj"),
        (Apply::Watchdog, "watchdog-period"),
    ];
    for (apply, name) in changes {
        if let Err(reason) = engine.apply(Change { apply, name }, keys) {
            log::warn!("{name}: {reason}");
        }
    }
}

/// Pid file, banner, sockets.
fn open(server: &mut Server) -> Result<(), Ended> {
    let config = &server.engine.config;
    if let Some(path) = &config.process.pidfile {
        write_pid_file(path);
    }
    logo::show(config);
    let backlog = config.network.tcp_backlog;
    if let Some(granted) = check::somaxconn().filter(|granted| (1..backlog).contains(granted)) {
        log::warn!(
            "WARNING: The TCP backlog setting of {backlog} cannot be enforced because \
             /proc/sys/net/core/somaxconn is set to the lower value of {granted}."
        );
    }
    if let Err(error) = server.listen() {
        log::warn!("Failed listening on port {} ({}), aborting.", error.port(), error.kind());
        return Err(FAILED);
    }
    if server.listeners.is_empty() {
        log::warn!("Configured to not listen anywhere, exiting.");
        return Err(FAILED);
    }
    Ok(())
}

/// Says to the log and the supervisor that clients are welcome.
pub(super) fn announce(engine: &Engine) {
    let network = &engine.config.network;
    if network.port != 0 {
        log::info!("Ready to accept connections tcp");
    }
    if network.unix_socket.is_some() {
        log::info!("Ready to accept connections unix");
    }
    engine.tell_supervisor(|| process::notify_ready("Ready to accept connections"));
    let limit_bytes = engine.config.memory.maxmemory_bytes;
    if (1..SUSPICIOUS_MAXMEMORY_BYTES).contains(&limit_bytes) {
        log::warn!(
            "WARNING: You specified a maxmemory value that is less than 1MB (current value is {limit_bytes} \
             bytes). Are you sure this is what you really want?"
        );
    }
}
