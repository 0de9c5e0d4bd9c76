//! MEMORY: what keys, clients and the allocator occupy, and what to make of it.

use std::fmt::Write as _;

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::RO;
use super::command::flags::{LOADING, READONLY, STALE};
use super::command::{Command, CommandResult, command, container, key_at};
use super::context::Ctx;
use super::error::CommandError;
use super::help;
use crate::engine::MemoryShares;
use crate::keyspace::Keyspace;
use crate::resp::Reply;
use crate::sys::memory::{self, AllocatorStats};

const REPORT_TIPS: &[&str] =
    &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

pub const COMMANDS: &[Command] = &[container(
    "memory",
    &[
        command("doctor", doctor, Exactly(2), 0, 0, &[]).tips(REPORT_TIPS),
        command("malloc-stats", malloc_stats, Exactly(2), 0, 0, &[]).tips(REPORT_TIPS),
        command("purge", purge, Exactly(2), 0, 0, &[])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
        command("stats", stats, Exactly(2), 0, 0, &[]).tips(REPORT_TIPS),
        command("usage", usage, AtLeast(3), READONLY, 0, &[key_at(2, RO)]),
        command("help", memory_help, Exactly(2), LOADING | STALE, 0, &[]),
    ],
)];

/// Where the memory goes, apart from the data themselves. All in bytes.
#[derive(Debug)]
struct Overhead {
    used: usize,
    peak: usize,
    shares: MemoryShares,
    client_count: usize,
    /// Of each database that has keys: its number and its tables.
    databases: Vec<(usize, usize)>,
    keys: usize,
    /// Texts of function libraries.
    libraries: usize,
    resident: usize,
    allocator: AllocatorStats,
}

impl Overhead {
    fn of(ctx: &Ctx<'_>) -> Self {
        let used = memory::used_memory();
        let keys = &*ctx.keys;
        let shares = MemoryShares::of(ctx.engine, keys);
        let databases = (0..keys.databases()).filter(|db| keys.len(*db) > 0);
        Self {
            used,
            peak: used.max(ctx.engine.stats.peak_memory_bytes),
            shares,
            client_count: ctx.engine.clients.len(),
            databases: databases.map(|db| (db, keys.table_bytes(db))).collect(),
            keys: (0..keys.databases()).map(|db| keys.len(db)).sum(),
            libraries: keys.libraries.bytes(),
            resident: memory::resident_bytes(),
            allocator: memory::allocator_stats(),
        }
    }

    fn data(&self) -> usize {
        self.used.saturating_sub(self.shares.overhead())
    }

    /// What has been allocated since the start.
    fn net(&self) -> usize {
        self.used.saturating_sub(self.shares.startup).max(1)
    }

    fn fragmentation_ratio(&self) -> f64 {
        self.resident as f64 / self.used.max(1) as f64
    }

    fn fragmentation_bytes(&self) -> i64 {
        self.resident as i64 - self.used as i64
    }
}

fn usage(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    while args.left() > 0 {
        // Nothing needs sampling: collections know what they occupy. The number is checked all the same.
        if !args.keyword("samples") || args.next_int()? < 0 {
            return Err(CommandError::Syntax);
        }
    }
    match ctx.keys.peek(key) {
        Some(entry) => ctx.reply.count(Keyspace::memory_bytes(entry)),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn stats(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let overhead = Overhead::of(ctx);
    ctx.reply.map_of_unknown(|reply| write_stats(reply, &overhead));
    Ok(())
}

/// Returns the number of pairs.
fn write_stats(reply: &mut Reply, overhead: &Overhead) -> usize {
    let allocator = &overhead.allocator;
    let mut pairs = Pairs { reply, written: 0 };
    pairs.count("peak.allocated", overhead.peak);
    pairs.count("total.allocated", overhead.used);
    pairs.count("startup.allocated", overhead.shares.startup);
    for absent in ["replication.backlog", "clients.slaves"] {
        pairs.count(absent, 0);
    }
    pairs.count("clients.normal", overhead.shares.clients);
    pairs.count("cluster.links", 0);
    pairs.count("aof.buffer", overhead.shares.aof_buffer);
    pairs.count("lua.caches", 0);
    pairs.count("functions.caches", overhead.libraries);
    for (db, tables) in &overhead.databases {
        pairs.database(*db, *tables);
    }
    pairs.count("overhead.total", overhead.shares.overhead());
    pairs.count("keys.count", overhead.keys);
    pairs.count("keys.bytes-per-key", overhead.net().checked_div(overhead.keys).unwrap_or(0));
    pairs.count("dataset.bytes", overhead.data());
    pairs.double("dataset.percentage", percentage(overhead.data(), overhead.net()));
    pairs.double("peak.percentage", percentage(overhead.used, overhead.peak));
    pairs.count("allocator.allocated", allocator.allocated);
    pairs.count("allocator.active", allocator.active);
    pairs.count("allocator.resident", allocator.resident);
    pairs.double("allocator-fragmentation.ratio", allocator.fragmentation_ratio());
    pairs.int("allocator-fragmentation.bytes", allocator.fragmentation_bytes());
    pairs.double("allocator-rss.ratio", allocator.rss_ratio());
    pairs.int("allocator-rss.bytes", allocator.rss_bytes());
    pairs.double("rss-overhead.ratio", allocator.process_overhead_ratio(overhead.resident));
    pairs.int("rss-overhead.bytes", allocator.process_overhead_bytes(overhead.resident));
    pairs.double("fragmentation", overhead.fragmentation_ratio());
    pairs.int("fragmentation.bytes", overhead.fragmentation_bytes());
    pairs.written
}

fn percentage(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// Writes named figures and counts them.
struct Pairs<'a> {
    reply: &'a mut Reply,
    written: usize,
}

impl Pairs<'_> {
    fn name(&mut self, name: &str) {
        self.reply.bulk(name.as_bytes());
        self.written += 1;
    }

    fn count(&mut self, name: &str, value: usize) {
        self.name(name);
        self.reply.count(value);
    }

    fn int(&mut self, name: &str, value: i64) {
        self.name(name);
        self.reply.int(value);
    }

    fn double(&mut self, name: &str, value: f64) {
        self.name(name);
        self.reply.double(value);
    }

    /// Keys with an expiry share the entries of the others; their table is part of the first figure.
    fn database(&mut self, db: usize, tables_bytes: usize) {
        self.name(&format!("db.{db}"));
        self.reply.map(3);
        let figures = [
            ("overhead.hashtable.main", tables_bytes),
            ("overhead.hashtable.expires", 0),
            ("overhead.hashtable.slot-to-keys", 0),
        ];
        for (name, bytes) in figures {
            self.reply.bulk(name.as_bytes());
            self.reply.count(bytes);
        }
    }
}

fn doctor(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let report = diagnose(&Overhead::of(ctx));
    ctx.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

const MIB: usize = 1024 * 1024;

/// Below this the figures say nothing.
const DIAGNOSED_BYTES_MIN: usize = 5 * MIB;
/// Waste below this is not worth a word.
const WASTE_BYTES_MIN: i64 = 10 * MIB as i64;
const CLIENT_BYTES_MAX: usize = 200 * 1024;

/// The thresholds are Redis's, the advice is ours.
fn diagnose(overhead: &Overhead) -> String {
    if overhead.used < DIAGNOSED_BYTES_MIN {
        return "Very little memory is in use: there is nothing to examine yet. Ask again when there are \
                data.\n"
            .to_owned();
    }
    let findings = findings(overhead);
    if findings.is_empty() {
        return "No memory issue was found, as far as the figures tell.\n".to_owned();
    }
    let mut report = "Some figures are not as they should be:\n\n".to_owned();
    for (title, advice) in findings {
        // Writing to a String cannot fail.
        let _ = writeln!(report, " * {title}: {advice}\n");
    }
    report + "All of this is a guess from a few figures; INFO memory and MEMORY STATS show them.\n"
}

fn findings(overhead: &Overhead) -> Vec<(&'static str, &'static str)> {
    let allocator = &overhead.allocator;
    let wasteful = |ratio: f64, limit: f64, bytes: i64| ratio > limit && bytes > WASTE_BYTES_MIN;
    let process_ratio = allocator.process_overhead_ratio(overhead.resident);
    let process_bytes = allocator.process_overhead_bytes(overhead.resident);
    let all = [
        (
            overhead.peak as f64 / overhead.used as f64 > 1.5,
            "Peak memory",
            "there was a time when more than half as much again was in use. What was freed since may still \
             be held for later use, which makes the ratios below look bad and does no harm. MEMORY PURGE \
             returns what it can.",
        ),
        (
            wasteful(overhead.fragmentation_ratio(), 1.4, overhead.fragmentation_bytes()),
            "High total RSS",
            "the process occupies over 1.4 times what its data ask for. After a peak that is expected; \
             otherwise values of many changing sizes leave gaps between them.",
        ),
        (
            wasteful(allocator.fragmentation_ratio(), 1.1, allocator.fragmentation_bytes()),
            "High allocator fragmentation",
            "many pages of the allocator are in use only in part, after a peak or because sizes vary a lot. \
             A restart from a snapshot packs the data anew.",
        ),
        (
            wasteful(allocator.rss_ratio(), 1.1, allocator.rss_bytes()),
            "High allocator RSS overhead",
            "the allocator keeps pages that nothing lives on. MEMORY PURGE returns them.",
        ),
        (
            wasteful(process_ratio, 1.1, process_bytes),
            "High process RSS overhead",
            "much memory of this process is not the allocator's: code, stacks, scripts.",
        ),
        (
            overhead.shares.clients / overhead.client_count.max(1) > CLIENT_BYTES_MAX,
            "Big client buffers",
            "on average a client holds more than 200 KB. Subscribers may be reading too slowly, or clients \
             send huge pipelines or ask for huge replies: CLIENT LIST shows which.",
        ),
    ];
    all.into_iter().filter(|(applies, ..)| *applies).map(|(_, title, advice)| (title, advice)).collect()
}

fn malloc_stats(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.verbatim("txt", memory::malloc_stats().as_bytes());
    Ok(())
}

fn purge(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if !memory::purge() {
        return Err(CommandError::PurgeFailed);
    }
    ctx.reply.ok();
    Ok(())
}

fn memory_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "MEMORY",
        &[
            ("DOCTOR", "Say what looks wrong with the use of memory."),
            ("MALLOC-STATS", "Show the allocator's own report."),
            ("PURGE", "Give unused pages back to the system."),
            ("STATS", "Show where the memory goes."),
            (
                "USAGE <key> [SAMPLES <count>]",
                "Show the bytes that a key and its value occupy. They are known, not estimated: <count> is\n\
                 accepted and changes nothing.",
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overhead(used_mib: usize) -> Overhead {
        let used = used_mib * MIB;
        let allocator =
            AllocatorStats { allocated: used, active: used, resident: used, retained: 0, metadata: 0 };
        Overhead {
            used,
            peak: used,
            shares: MemoryShares { startup: MIB, clients: 0, aof_buffer: 0, tables: MIB },
            client_count: 1,
            databases: vec![(0, MIB)],
            keys: 2,
            libraries: 0,
            resident: used,
            allocator,
        }
    }

    #[test]
    fn data_are_what_is_left_of_the_memory() {
        let overhead = overhead(10);
        assert_eq!((overhead.data(), overhead.net()), (8 * MIB, 9 * MIB));
    }

    #[test]
    fn the_doctor_has_nothing_to_say_on_little_or_healthy_memory() {
        assert!(diagnose(&overhead(1)).starts_with("Very little memory is in use"));
        assert!(diagnose(&overhead(100)).starts_with("No memory issue was found"));
    }

    #[test]
    fn a_past_peak_and_big_clients_are_found() {
        let mut sick = Overhead { peak: 200 * MIB, ..overhead(100) };
        sick.shares.clients = MIB;
        let titles: Vec<_> = findings(&sick).into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, ["Peak memory", "Big client buffers"]);
        assert!(diagnose(&sick).starts_with("Some figures are not as they should be"));
    }

    #[test]
    fn a_bad_ratio_of_few_bytes_is_no_finding() {
        let small = Overhead { resident: 17 * MIB, ..overhead(10) };
        assert!(findings(&small).is_empty());
        let large = Overhead { resident: 170 * MIB, ..overhead(100) };
        let titles: Vec<_> = findings(&large).into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, ["High total RSS", "High process RSS overhead"]);
    }
}
