//! FAILOVER.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, ReplicationError};
use crate::config::PrimaryAddress;
use crate::engine::Failover;
use crate::repl::Replica;

/// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
pub fn failover(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.left() == 1 && args.keyword("abort") {
        if ctx.engine.replication.failover.is_none() {
            return Err(ReplicationError::NoFailover.into());
        }
        ctx.engine.abort_failover("Failover manually aborted");
        ctx.reply.ok();
        return Ok(());
    }
    let failover = requested(ctx, args)?;
    if ctx.engine.replication.failover.is_some() {
        return Err(ReplicationError::FailoverInProgress.into());
    }
    if ctx.engine.replication.is_replica() {
        return Err(ReplicationError::FailoverOfReplica.into());
    }
    if ctx.engine.replication.replicas().is_empty() {
        return Err(ReplicationError::FailoverWithoutReplicas.into());
    }
    if failover.force && (failover.deadline_ms.is_none() || failover.target.is_none()) {
        return Err(ReplicationError::FailoverForce.into());
    }
    if let Some(target) = &failover.target {
        let engine = &ctx.engine;
        let ids = engine.replication.replicas().iter();
        let found = ids.copied().find(|id| engine.replica_address(*id).as_ref() == Some(target));
        let id = found.ok_or(ReplicationError::FailoverTargetUnknown)?;
        if !engine.replica(id).is_some_and(Replica::is_online) {
            return Err(ReplicationError::FailoverTargetNotOnline.into());
        }
    }
    ctx.engine.start_failover(failover);
    ctx.reply.ok();
    Ok(())
}

fn requested(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Failover, CommandError> {
    let mut failover = Failover { target: None, deadline_ms: None, force: false, is_handed_over: false };
    while args.left() > 0 {
        if args.left() > 1 && failover.deadline_ms.is_none() && args.keyword("timeout") {
            let timeout_ms = args.next_int()?;
            if timeout_ms <= 0 {
                return Err(ReplicationError::FailoverTimeout.into());
            }
            failover.deadline_ms = Some(ctx.now_ms().saturating_add(timeout_ms));
        } else if args.left() > 2 && failover.target.is_none() && args.keyword("to") {
            let host = String::from_utf8_lossy(args.next()?).into_owned();
            // A port that cannot be is that of no replica.
            let port = u16::try_from(args.next_int()?).unwrap_or(0);
            failover.target = Some(PrimaryAddress { host, port });
        } else if !failover.force && args.keyword("force") {
            failover.force = true;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(failover)
}
