//! LATENCY: the latency monitor's samples, and the distribution of each command's durations.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::flags::{ADMIN, LOADING, NOSCRIPT, STALE};
use super::command::{Command, CommandResult, command, container};
use super::context::Ctx;
use super::error::{CommandError, repeated};
use super::help;
use super::registry::Registry;
use crate::config::AppendFsync;
use crate::engine::CommandId;
use crate::observe::command_stats::{CommandStats, Distribution};
use crate::observe::{DoctorContext, LatencyMonitor};
use crate::resp::Reply;
use crate::sys::memory;

const MONITOR: u32 = ADMIN | NOSCRIPT | LOADING | STALE;
const REPORT_TIPS: &[&str] =
    &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

pub const COMMANDS: &[Command] = &[container(
    "latency",
    &[
        command("doctor", doctor, Exactly(2), MONITOR, 0, &[]).tips(REPORT_TIPS),
        command("graph", graph, Exactly(3), MONITOR, 0, &[]).tips(REPORT_TIPS),
        command("histogram", histogram, AtLeast(2), MONITOR, 0, &[]).tips(REPORT_TIPS),
        command("history", history, Exactly(3), MONITOR, 0, &[]).tips(REPORT_TIPS),
        command("latest", latest, Exactly(2), MONITOR, 0, &[]).tips(REPORT_TIPS),
        command("reset", reset, AtLeast(2), MONITOR, 0, &[])
            .tips(&["request_policy:all_nodes", "response_policy:agg_sum"]),
        command("help", latency_help, Exactly(2), LOADING | STALE, 0, &[]),
    ],
)];

fn latest(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let events = ctx.engine.latency.events();
    ctx.reply.array(events.len());
    for event in events {
        let latest = event.latest();
        ctx.reply.array(4);
        ctx.reply.bulk(event.name.as_bytes());
        ctx.reply.int(latest.time_s as i64);
        ctx.reply.int(latest.latency_ms as i64);
        ctx.reply.int(event.worst_ms as i64);
    }
    Ok(())
}

fn history(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(event) = ctx.engine.latency.event(args.next()?) else {
        ctx.reply.array(0);
        return Ok(());
    };
    let samples = event.samples();
    ctx.reply.array(samples.len());
    for sample in samples {
        ctx.reply.array(2);
        ctx.reply.int(sample.time_s as i64);
        ctx.reply.int(sample.latency_ms as i64);
    }
    Ok(())
}

fn reset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let monitor: &mut LatencyMonitor = &mut ctx.engine.latency;
    let forgotten = if args.left() == 0 {
        monitor.reset()
    } else {
        args.rest().map(|name| monitor.reset_event(name)).sum()
    };
    ctx.reply.count(forgotten);
    Ok(())
}

fn graph(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = args.next()?;
    let event = ctx.engine.latency.event(name);
    let event = event.ok_or_else(|| CommandError::NoLatencySamples(repeated(name)))?;
    let graph = event.graph((ctx.now_ms() / 1000) as u64);
    ctx.reply.verbatim("txt", graph.as_bytes());
    Ok(())
}

fn doctor(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let config = &ctx.engine.config;
    let context = DoctorContext {
        now_s: (ctx.now_ms() / 1000) as u64,
        threshold_ms: config.observe.latency_monitor_threshold_ms,
        slowlog_slower_than_us: config.observe.slowlog_log_slower_than_us,
        fork_rate_gb_per_second: ctx.engine.stats.fork_rate_gb_per_second,
        fsync_always: config.aof.fsync == AppendFsync::Always,
        hz: config.process.hz,
        huge_pages_bytes: memory::huge_pages_bytes() as u64,
    };
    let report = ctx.engine.latency.doctor(&context);
    ctx.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

/// All commands that were called, or those asked for; a container stands for its subcommands too.
fn histogram(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (registry, stats) = (ctx.registry, &ctx.engine.command_stats);
    let asked: Vec<CommandId> = if args.left() == 0 {
        registry.all().map(|(id, _)| id).collect()
    } else {
        let found = args.rest().filter_map(|name| registry.lookup_full_name(name));
        found.flat_map(|id| std::iter::once(id).chain(registry.get(id).subcommands.iter().copied())).collect()
    };
    ctx.reply.map_of_unknown(|reply| {
        asked.into_iter().filter(|id| write_histogram(reply, registry, stats, *id)).count()
    });
    Ok(())
}

/// One pair of the map; nothing, and false, for a command that was never called.
fn write_histogram(reply: &mut Reply, registry: &Registry, stats: &CommandStats, id: CommandId) -> bool {
    let Some(Distribution { calls, steps }) = stats.distribution(usize::from(id.0)) else { return false };
    reply.bulk(registry.full_name(id).as_bytes());
    reply.map(2);
    reply.bulk(b"calls");
    reply.int(calls as i64);
    reply.bulk(b"histogram_usec");
    reply.map(steps.len());
    for (edge_us, calls) in steps {
        reply.int(edge_us as i64);
        reply.int(calls as i64);
    }
    true
}

fn latency_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "LATENCY",
        &[
            ("DOCTOR", "Explain the recorded events and say what may help."),
            ("GRAPH <event>", "Draw the samples of an event."),
            ("HISTORY <event>", "List the samples of an event: unix time and milliseconds."),
            ("LATEST", "List all events with their latest and their worst latency."),
            ("RESET [<event> ...]", "Forget events, by default all."),
            (
                "HISTOGRAM [COMMAND ...]",
                "Show the cumulative distribution of the durations of commands, by default of all.",
            ),
        ],
    )
}
