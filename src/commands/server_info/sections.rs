//! INFO: which sections there are, and which of them a request asks for.

use super::lines::Lines;
use super::{data, process, replication};
use crate::commands::args::Args;
use crate::commands::command::Arity::AtLeast;
use crate::commands::command::categories::DANGEROUS;
use crate::commands::command::flags::{LOADING, STALE};
use crate::commands::command::{Command, CommandResult, command};
use crate::commands::context::Ctx;
use crate::sys::memory::used_memory;

pub const COMMANDS: &[Command] = &[command("info", info, AtLeast(1), LOADING | STALE, DANGEROUS, &[])
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])];

/// Which sections a request gets without naming them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Without arguments, with `default`, `all` or `everything`.
    ByDefault,
    /// With `all` or `everything`.
    WithAll,
    /// Only by name.
    OnRequest,
}

/// A section of INFO.
struct Section {
    title: &'static str,
    shown: Shown,
    write: fn(&Ctx<'_>, &mut Lines),
}

/// The sections, in the order of the reply. They are asked for by title, in any case.
const SECTIONS: &[Section] = &[
    section("Server", Shown::ByDefault, process::server),
    section("Clients", Shown::ByDefault, process::clients),
    section("Memory", Shown::ByDefault, process::memory),
    section("Persistence", Shown::ByDefault, data::persistence),
    section("Stats", Shown::ByDefault, data::stats),
    section("Replication", Shown::ByDefault, replication::replication),
    section("CPU", Shown::ByDefault, process::cpu),
    section("Modules", Shown::ByDefault, |_, _| {}),
    section("Commandstats", Shown::WithAll, data::command_stats),
    section("Errorstats", Shown::ByDefault, data::error_stats),
    section("Latencystats", Shown::WithAll, data::latency_stats),
    section("Cluster", Shown::ByDefault, data::cluster),
    section("Keyspace", Shown::ByDefault, data::keyspace),
    section("Debug", Shown::OnRequest, data::debug),
];

const fn section(title: &'static str, shown: Shown, write: fn(&Ctx<'_>, &mut Lines)) -> Section {
    Section { title, shown, write }
}

impl Section {
    fn is_asked_for(&self, args: &Args<'_>) -> bool {
        if args.left() == 0 {
            return self.shown == Shown::ByDefault;
        }
        args.rest().any(|word| {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            if is("all") || is("everything") {
                self.shown != Shown::OnRequest
            } else if is("default") {
                self.shown == Shown::ByDefault
            } else {
                // The list of modules has a name of its own, because modules add sections.
                is(self.title) || (self.title == "Modules" && is("module_list"))
            }
        })
    }
}

fn info(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let used_bytes = used_memory();
    // The cron looks only now and then; a peak below the present use would confuse.
    ctx.engine.stats.observe_memory(used_bytes);
    let mut lines = Lines::default();
    for section in SECTIONS.iter().filter(|section| section.is_asked_for(args)) {
        lines.title(section.title);
        (section.write)(ctx, &mut lines);
    }
    ctx.reply.verbatim("txt", lines.as_bytes());
    Ok(())
}
