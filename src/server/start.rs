//! From argv to a running loop.

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use super::event_loop::Server;
use crate::commands::{Registry, TABLES};
use crate::config::Config;
use crate::engine::Engine;
use crate::keyspace::Keyspace;
use crate::sys::signals::{self, Signals};

/// The server's `main`.
pub fn main() -> ExitCode {
    let argv: Vec<Vec<u8>> = std::env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let loaded = match Config::load(&argv, std::env::vars_os(), &mut io::stdin()) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprint!("{error}");
            return ExitCode::FAILURE;
        }
    };
    signals::install_panic_hook();
    let registry = Registry::new(TABLES);
    let mut engine = match Engine::new(loaded.config, loaded.file, registry.len()) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let databases = engine.config.process.databases as usize;
    let hash_key = (engine.random.next_u64(), engine.random.next_u64());
    let keys = Keyspace::new(databases, hash_key);
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut server = match Server::new(engine, keys, registry, signals) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if server.listen().is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(server.run() as u8)
}
