//! Blocks that take effect and end: the swap, the records, the metrics and the log; and the records of persons that are
//! withheld from whatever was permitted.
//!
//! A block takes effect at once, recorded or not: to close must not wait for a disk. The end of one must be recorded
//! first.

use std::sync::Arc;

use super::Proxy;
use crate::audit::{Audit, BlockRecord, Unavailable};
use crate::block::{Block, Blocks, FileError, Kind, Reach};
use crate::decide::Permit;
use crate::model::Reason;
use crate::policy::plan::Withheld;

/// A permit without the records of persons who are blocked, and whose records may leave under it.
///
/// # Errors
///
/// `blocked` where data may leave beside the records: nobody knows whose.
pub fn withhold(proxy: &Proxy, permit: Permit) -> Result<(Permit, Option<Reach>), Reason> {
    if !permit.plan().has_person() {
        return Ok((permit, None));
    }
    let withheld = proxy.blocks.blocks();
    let hasher = proxy.audit.hasher();
    let only = permit.checked_person();
    let reach = Reach {
        only: only.map(|person| hasher.person(person).to_string()),
        withheld: Arc::clone(&withheld),
    };
    if !withheld.has_persons() {
        return Ok((permit, Some(reach)));
    }
    if permit.plan().shows_beside_records() {
        return Err(Reason::Blocked);
    }
    let hasher = hasher.clone();
    let is_blocked = move |person: &str| {
        let hash = hasher.person(person).to_string();
        withheld.holds(Kind::Person, &hash)
    };
    Ok((permit.withholding(Withheld::new(is_blocked)), Some(reach)))
}

/// Puts in force what the file says now. `recorded` is what the access log holds already.
///
/// # Errors
///
/// [`Unavailable`]: what was blocked before still is, as is what came; to be tried again.
pub async fn take(proxy: &Proxy, recorded: &Blocks, blocks: &Blocks) -> Result<(), Unavailable> {
    proxy.blocks.set(proxy.blocks.blocks().and(blocks));
    let (come, gone) = (blocks.without(recorded), recorded.without(blocks));
    let written = record(&proxy.audit, &come, &gone, blocks).await;
    written.inspect_err(|_| proxy.metrics.audit_failed())?;
    proxy.metrics.blocks(blocks.in_force().count());
    proxy.blocks.set(blocks.clone());
    Ok(())
}

async fn record(
    audit: &Audit,
    come: &[&Block],
    gone: &[&Block],
    now: &Blocks,
) -> Result<(), Unavailable> {
    for block in come {
        let (kind, name) = (block.kind.word(), &block.name);
        tracing::warn!(kind, name, by = block.by, "blocked");
        audit.block(&of(block)).await?;
    }
    for block in gone {
        let ended =
            now.entries.iter().rev().find(|one| {
                one.lifted.is_some() && (one.kind, &one.name) == (block.kind, &block.name)
            });
        let by = ended.and_then(|block| block.lifted.as_ref());
        let by = by.map(|lifted| lifted.by.as_str());
        let (kind, name) = (block.kind.word(), &block.name);
        tracing::warn!(kind, name, by, "a block is lifted");
        audit.lift(&of(block), by).await?;
    }
    Ok(())
}

fn of(block: &Block) -> BlockRecord<'_> {
    let Block {
        kind,
        name,
        since,
        by,
        reason,
        key: _,
        lifted: _,
    } = block;
    BlockRecord {
        what: kind.word(),
        // The log knows credentials by their hash with its name before it.
        name: match kind {
            Kind::Credential => format!("sha256:{name}"),
            Kind::Contract | Kind::Role | Kind::Caller | Kind::Person => name.clone(),
        },
        since,
        by,
        reason,
    }
}

/// Refuses everybody: nobody knows who is blocked.
pub fn refuse_everybody(proxy: &Proxy, error: &FileError) {
    tracing::error!("everybody is refused, since it is not known who is blocked: {error}");
    proxy.metrics.blocks_unreadable(true);
    let known = proxy.blocks.blocks();
    proxy.blocks.set(known.and(&Blocks::everybody()));
}
