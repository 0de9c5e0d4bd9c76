//! Results that become a key: ZRANGESTORE, ZUNIONSTORE and their relatives, GEOSEARCHSTORE.

use crate::commands::context::Ctx;
use crate::commands::free::free;
use crate::keyspace::EventClass;
use crate::types::Zset;

/// Makes `destination` this result, whatever it was, and replies with the number of elements. An empty result
/// deletes the key.
pub fn store(ctx: &mut Ctx<'_>, destination: &[u8], zset: Zset, event: &'static str) {
    let db = ctx.client.db;
    let len = zset.len();
    let replaced =
        if len == 0 { ctx.keys.remove(destination) } else { ctx.keys.set_object(destination, zset) };
    if len > 0 {
        ctx.keys.effects.changed(db, destination);
        ctx.keys.effects.event(EventClass::ZSET, event, db, destination);
    } else if replaced.is_some() {
        ctx.keys.effects.changed(db, destination);
        ctx.keys.effects.event(EventClass::GENERIC, "del", db, destination);
    }
    if let Some(replaced) = replaced {
        free(&ctx.engine.worker, replaced, ctx.engine.config.memory.lazyfree_lazy_server_del);
    }
    ctx.reply.count(len);
}
