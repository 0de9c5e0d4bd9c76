//! What the log shows of a start: the banner where a person may be watching, one line elsewhere.

use std::io::IsTerminal;

use crate::config::{Config, REDIS_VERSION};
use crate::sys::log::{LogLevel, log_raw};

/// Shows the banner if it is always wanted, or if the log goes to a terminal and nowhere else.
pub(super) fn show(config: &Config) {
    let port = config.network.port;
    let is_watched = !config.log.syslog_enabled
        && config.log.file.as_os_str().is_empty()
        && std::io::stdout().is_terminal();
    if is_watched || config.process.always_show_logo {
        log_raw(LogLevel::Notice, &banner(port, std::process::id()));
    } else {
        log::info!("Running mode=standalone, port={port}.");
    }
}

/// Tools look for the words `Port:` and `PID:`.
fn banner(port: u16, process_id: u32) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r"
          __   __
       .-'  \_/  '-.
      /   .-.   .-. \         Russet {version}, as Redis {REDIS_VERSION}, 64 bit
     |   (   ) (   ) |
     |    `-'   `-'  |        Running in standalone mode
      \   .-------. /         Port: {port}
       '-. `-...-' /          PID: {process_id}
          '-.___.-'

"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_says_port_and_process() {
        let banner = banner(6379, 17);
        assert!(banner.contains(" Port: 6379\n"), "{banner}");
        assert!(banner.contains(" PID: 17\n"), "{banner}");
        assert!(banner.is_ascii());
    }
}
