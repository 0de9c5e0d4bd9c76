//! BITOP.

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::free::{free, free_object};
use crate::keyspace::{EntryRef, EventClass, Expiry, Keyspace, NewString};
use crate::types::bitmap::{Operation, combine};

/// `BITOP AND | OR | XOR | NOT destination key ...`
pub fn bitop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let operation = next_operation(args)?;
    let destination = args.next()?;
    if operation == Operation::Not && args.left() != 1 {
        return Err(CommandError::BitopNotSources);
    }
    for source in args.rest() {
        ctx.keys.find_string(source)?;
    }
    let result = combine_keys(ctx.keys, operation, args);
    let length = result.len();
    store(ctx, destination, result);
    ctx.reply.count(length);
    Ok(())
}

fn next_operation(args: &Args<'_>) -> Result<Operation, CommandError> {
    let operations =
        [("and", Operation::And), ("or", Operation::Or), ("xor", Operation::Xor), ("not", Operation::Not)];
    let chosen = operations.into_iter().find(|(word, _)| args.keyword(word));
    chosen.map(|(_, operation)| operation).ok_or(CommandError::Syntax)
}

/// A missing key is an empty string.
fn combine_keys(keys: &Keyspace, operation: Operation, sources: &Args<'_>) -> Vec<u8> {
    let strings: SmallVec<[_; 8]> =
        sources.rest().map(|key| keys.reread(key).and_then(EntryRef::string)).collect();
    let mut digits: SmallVec<[_; 8]> = strings.iter().map(|_| itoa::Buffer::new()).collect();
    let texts = strings.iter().zip(&mut digits);
    let texts: SmallVec<[&[u8]; 8]> =
        texts.map(|(string, digits)| string.map_or(&b""[..], |string| string.text(digits))).collect();
    combine(operation, &texts)
}

/// An empty result deletes the key.
fn store(ctx: &mut Ctx<'_>, destination: &[u8], result: Vec<u8>) {
    let db = ctx.client.db;
    let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
    let (class, event) = if result.is_empty() {
        let Some(removed) = ctx.keys.remove(destination) else { return };
        free(&ctx.engine.worker, removed, lazy);
        (EventClass::GENERIC, "del")
    } else {
        if let Some(replaced) = ctx.keys.set_string(destination, NewString::Raw(result), Expiry::Clear) {
            free_object(&ctx.engine.worker, replaced, lazy);
        }
        (EventClass::STRING, "set")
    };
    ctx.keys.effects.changed(db, destination);
    ctx.keys.effects.event(class, event, db, destination);
}
