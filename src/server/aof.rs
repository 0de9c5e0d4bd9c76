//! The append-only file as the loop sees it: written before replies leave, rewritten when time or growth asks
//! for it, read at the start.

use super::event_loop::Server;
use super::start::announce;
use crate::aof::Cover;
use crate::commands::{self, Replayed};
use crate::engine::AofFatal;
use crate::sys::clock;

impl Server {
    /// Writes what the turn has changed. Ends the process if that is impossible and was promised.
    pub(super) fn flush_aof(&mut self) {
        if self.engine.aof.is_off() {
            return;
        }
        let started_us = clock::now_us();
        if let Err(AofFatal) = self.engine.flush_aof(false) {
            // At once: not one more reply may leave.
            std::process::exit(1);
        }
        self.engine.stats.event_loop.aof.record(clock::now_us().saturating_sub(started_us));
    }

    pub(super) fn start_scheduled_rewrite(&mut self) {
        if self.engine.scheduled_rewrite_is_due() {
            // A failure was logged, and is tried again.
            let _ = self.engine.start_rewrite(&self.keys);
        }
    }

    pub(super) fn rewrite_what_has_grown(&mut self) {
        if let Some(percent) = self.engine.growth_asks_for_rewrite() {
            log::info!("Starting automatic rewriting of AOF on {percent}% growth");
            // As above.
            let _ = self.engine.start_rewrite(&self.keys);
        }
    }

    /// Begins to read the append-only file, or, if there is none, to append to a new one. The error is the
    /// exit code.
    pub(super) fn begin_to_replay(&mut self) -> Result<(), i32> {
        match self.engine.begin_replay() {
            Ok(true) => Ok(()),
            Ok(false) => self.append_behind(Cover::new()),
            Err(error) => {
                log::warn!("{error}");
                Err(1)
            }
        }
    }

    /// A part of the append-only file, while it is being read. At its end clients are welcome.
    pub(super) fn replay_part(&mut self) {
        let result = match commands::replay_part(&mut self.keys, &mut self.engine, &self.registry) {
            Ok(Replayed::More) => return,
            Ok(Replayed::All { cover, took_us }) => {
                log::info!("DB loaded from append only file: {:.3} seconds", took_us as f64 / 1e6);
                self.append_behind(*cover)
            }
            Err(error) => {
                log::warn!("{error}");
                Err(1)
            }
        };
        match result {
            Ok(()) => announce(&self.engine),
            Err(code) => self.exit = Some(code),
        }
    }

    fn append_behind(&mut self, cover: Cover) -> Result<(), i32> {
        self.engine.open_aof(&self.keys, cover).map_err(|error| {
            log::warn!("{error}");
            1
        })
    }
}
