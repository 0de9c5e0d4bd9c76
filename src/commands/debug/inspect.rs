//! The words of DEBUG that show how something is stored.

use std::fmt::Write;

use super::words::switch;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::config::Encoding;
use crate::dataset;
use crate::engine::{Client, Session, client_memory_bytes};
use crate::keyspace::{EntryRef, Keyspace, Object, StrRef};
use crate::rdb::LATEST_VERSION;
use crate::types::{NodeFigures, NodeView};

/// What a payload of DUMP has besides the value: type, version, checksum.
const PAYLOAD_FRAME_BYTES: usize = 1 + 2 + 8;

/// The classes of clients by memory that DEBUG CLIENT-EVICTION shows: up to 2^15 bytes, and so on by powers
/// of two; the last one is open.
const CLASS_MIN_LOG: usize = 15;
const CLASSES: usize = 19;

pub fn object(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let compression = ctx.engine.config.rdb.compression;
    let entry = ctx.keys.stored(args.next()?).ok_or(CommandError::NoSuchKey)?;
    // The address tells values apart; nothing more should be read from it.
    let (address, encoding) = (entry.key().as_ptr(), entry.encoding());
    let (length, access) = (saved_bytes(entry, compression), entry.access());
    let nodes = node_figures(entry, &ctx.engine.config.encoding);
    let idle_s = crate::keyspace::aging::idle_seconds(access, ctx.keys.now_ms());
    ctx.reply.status(&format!(
        "Value at:{address:p} refcount:1 encoding:{encoding} serializedlength:{length} lru:{access} \
         lru_seconds_idle:{idle_s}{nodes}"
    ));
    Ok(())
}

/// The nodes of a quicklist in figures; nothing for other values.
fn node_figures(entry: EntryRef<'_>, encoding: &Encoding) -> String {
    let Some(Object::List(list)) = entry.object() else { return String::new() };
    let Some(NodeFigures { nodes, uncompressed_bytes }) = list.node_figures() else { return String::new() };
    let average = list.len() as f64 / nodes as f64;
    let (node_max, compressed) =
        (encoding.list_max_listpack_size, u8::from(encoding.list_compress_depth > 0));
    format!(
        " ql_nodes:{nodes} ql_avg_node:{average:.2} ql_listpack_max:{node_max} ql_compressed:{compressed} \
         ql_uncompressed_size:{uncompressed_bytes}"
    )
}

/// Bytes of the value in a snapshot.
fn saved_bytes(entry: EntryRef<'_>, compression: bool) -> usize {
    // The latest version can hold everything.
    dataset::dump(entry, compression, LATEST_VERSION).map_or(0, |payload| payload.len() - PAYLOAD_FRAME_BYTES)
}

pub fn string_lengths(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let entry = ctx.keys.stored(args.next()?).ok_or(CommandError::NoSuchKey)?;
    let Some(StrRef::Bytes(value)) = entry.string() else { return Err(CommandError::NotAnSds) };
    // One allocation holds key and value, and none of it is spare.
    let (key, value, all) = (entry.key().len(), value.len(), Keyspace::memory_bytes(entry));
    ctx.reply.status(&format!(
        "key_sds_len:{key}, key_sds_avail:0, key_zmalloc: 0, val_sds_len:{value}, val_sds_avail:0, \
         val_zmalloc: {all}"
    ));
    Ok(())
}

/// Writes what can be said of a listpack to the log, which is standard output unless there is a file for it.
pub fn listpack(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let entry = ctx.keys.peek(args.next()?).ok_or(CommandError::NoSuchKey)?;
    if entry.encoding() != "listpack" {
        return Err(CommandError::NotAListpack);
    }
    log::info!("Listpack of {} bytes as it is saved", saved_bytes(entry, false));
    ctx.reply.status("Listpack structure printed on stdout");
    Ok(())
}

/// As [`listpack`]; `DEBUG QUICKLIST key 1` also describes each node.
pub fn quicklist(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let entry = ctx.keys.peek(args.next()?).ok_or(CommandError::NoSuchKey)?;
    let (Some(Object::List(list)), "quicklist") = (entry.object(), entry.encoding()) else {
        return Err(CommandError::NotAQuicklist);
    };
    log::info!("Quicklist of {} elements in {} nodes", list.len(), list.node_count());
    if args.left() > 0 && switch(args.next()?) {
        for (number, node) in list.nodes().enumerate() {
            match node {
                NodeView::Packed(pack) => log::info!("Node {number}: {} bytes", pack.byte_len()),
                NodeView::Compressed { stream, pack_bytes } => {
                    log::info!("Node {number}: {} bytes, compressed from {pack_bytes}", stream.len());
                }
                NodeView::Plain(value) => log::info!("Node {number}: one element of {} bytes", value.len()),
            }
        }
    }
    ctx.reply.status("Quicklist structure printed on stdout");
    Ok(())
}

pub fn table_statistics_of_key(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.keys.peek(args.next()?).ok_or(CommandError::NoSuchKey)?;
    Err(CommandError::NotAHashTable)
}

/// The tables grow a bucket at a time, and have therefore never a second one as target.
pub fn table_statistics(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let db = usize::try_from(args.next_int()?).ok().filter(|db| *db < ctx.keys.databases());
    let db = db.ok_or(CommandError::DbOutsideRange)?;
    let (keys, volatile) = ctx.keys.table_buckets(db);
    let text = [
        "[Dictionary HT]\n".to_owned(),
        table_text(keys, ctx.keys.len(db)),
        "[Expires HT]\n".to_owned(),
        table_text(volatile, ctx.keys.volatile_len(db)),
    ];
    ctx.reply.verbatim("txt", text.concat().as_bytes());
    Ok(())
}

fn table_text(buckets: usize, items: usize) -> String {
    let title = "Hash table 0 stats (main hash table):\n";
    if items == 0 {
        return format!("{title}No stats available for empty dictionaries\n");
    }
    format!("{title} table size: {buckets}\n number of elements: {items}\n")
}

pub fn struct_sizes(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let text = format!(
        "bits:{} object:{} session:{} client:{} ",
        usize::BITS,
        size_of::<Object>(),
        size_of::<Session>(),
        size_of::<Client>()
    );
    ctx.reply.bulk(text.as_bytes());
    Ok(())
}

pub fn client_eviction(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let memory = &ctx.engine.config.memory;
    if memory.clients.limit_bytes(memory.maxmemory_bytes) == 0 {
        return Err(CommandError::ClientEvictionOff);
    }
    let mut classes = [(0_usize, 0_usize); CLASSES];
    let mut count = |bytes: usize| {
        let log = bytes.checked_ilog2().unwrap_or(0) as usize;
        let class = &mut classes[(log + 1).saturating_sub(CLASS_MIN_LOG).min(CLASSES - 1)];
        *class = (class.0 + bytes, class.1 + 1);
    };
    count(client_memory_bytes(ctx.client, &ctx.reply.output));
    for client in ctx.engine.clients.iter() {
        count(client_memory_bytes(&client.session, &client.reply.output));
    }
    let mut text = String::new();
    for (index, (bytes, clients)) in classes.into_iter().enumerate() {
        let from = if index == 0 { 0 } else { 1_usize << (CLASS_MIN_LOG + index - 1) };
        let to = if index + 1 == CLASSES {
            "+            : ".to_owned()
        } else {
            format!(" - {:10}: ", (1_usize << (CLASS_MIN_LOG + index)) - 1)
        };
        writeln!(text, "bucket {from:10}{to}tot-mem: {bytes:10}, clients: {clients}")
            .expect("a String takes any text");
    }
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}
