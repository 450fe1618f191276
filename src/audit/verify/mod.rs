//! `fieldgate audit verify`: is the log what was written? Needs nothing but its files.
//!
//! Reads each node's segment once, holding one line at a time; hostile files cost time in proportion to
//! their size and nothing else. Nothing of a line is ever printed. An unfinished last line behind the head is
//! reported and accepted; everything else that is not exactly what was written is [`Damage`].

mod exchanges;
mod walk;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use super::files::{self, Named};
use super::head;
use walk::Walk;

/// What a log that verifies holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Each writer, in the order of names.
    pub nodes: Vec<NodeSummary>,
}

/// What one writer's chain holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSummary {
    /// The writer.
    pub node: String,
    /// Whole lines.
    pub lines: u64,
    /// Lines behind the head: chained, but only the next head will vouch for the last of them.
    pub behind_head: u64,
    /// Exchanges with an `intent`.
    pub intents: u64,
    /// Of these, how many have no `outcome`: treat as disclosed.
    pub without_outcome: u64,
    /// Bytes of an unfinished last line.
    pub unfinished_tail: u64,
}

/// The first thing found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Whose log; empty where there is none.
    pub node: String,
    /// The first bad line, counted from 1; `None` where it is not a line that is bad.
    pub line: Option<u64>,
    /// What was done to it.
    pub kind: DamageKind,
    /// In words of our own: nothing of the log is repeated.
    pub detail: String,
}

/// What was done to a log, as far as the chain tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// Bytes differ from what was written.
    Changed,
    /// Lines or files are gone.
    Deleted,
    /// Lines stand in another order.
    Reordered,
    /// Lines stand here that were not written here.
    Inserted,
    /// The end is gone.
    Truncated,
    /// The chain is whole, but another one than the head speaks of.
    RolledBack,
    /// A line of another node's log.
    Mixed,
    /// It cannot be read, so nothing is known.
    Unreadable,
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DamageKind::Changed => "changed",
            DamageKind::Deleted => "deleted",
            DamageKind::Reordered => "reordered",
            DamageKind::Inserted => "inserted",
            DamageKind::Truncated => "truncated",
            DamageKind::RolledBack => "rolled back",
            DamageKind::Mixed => "mixed with another node's",
            DamageKind::Unreadable => "unreadable",
        })
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage {
            node,
            line,
            kind,
            detail,
        } = self;
        match line {
            Some(line) => {
                let segment = files::segment_name(node, files::SEGMENT);
                write!(f, "{segment} line {line}: {kind}: {detail}")
            }
            None if node.is_empty() => write!(f, "{kind}: {detail}"),
            None => write!(f, "{node}: {kind}: {detail}"),
        }
    }
}

impl std::error::Error for Damage {}

/// Verifies every writer's log in `dir` and tells `report` about each.
///
/// # Errors
///
/// The first [`Damage`]; the report names one for each damaged log.
pub fn verify(dir: &Path, report: &mut impl Write) -> Result<Summary, Damage> {
    let mut summary = Summary::default();
    let mut first = None;
    for node in nodes(dir)? {
        let verified = log(dir, &node);
        let told = match &verified {
            Ok(log) => tell(report, log),
            Err(damage) => writeln!(report, "DAMAGED {damage}"),
        };
        drop(told); // a report nobody reads changes nothing about the log
        match verified {
            Ok(log) => summary.nodes.push(log),
            Err(damage) => first = first.or(Some(damage)),
        }
    }
    first.map_or(Ok(summary), Err)
}

fn tell(report: &mut impl Write, log: &NodeSummary) -> io::Result<()> {
    let NodeSummary {
        node,
        lines,
        behind_head,
        intents,
        without_outcome,
        unfinished_tail,
    } = log;
    writeln!(
        report,
        "{node}: ok: {lines} lines, {behind_head} of them behind the head; \
         {intents} intents, {without_outcome} of them without outcome"
    )?;
    if *unfinished_tail > 0 {
        writeln!(
            report,
            "{node}: unfinished tail: {unfinished_tail} bytes behind line {lines}"
        )?;
    }
    Ok(())
}

/// Every writer that left a file here. A second segment is not written yet, so somebody else put it there.
fn nodes(dir: &Path) -> Result<BTreeSet<String>, Damage> {
    let unreadable = |error: io::Error| Damage {
        node: String::new(),
        line: None,
        kind: DamageKind::Unreadable,
        detail: format!("the directory cannot be read: {error}"),
    };
    let mut nodes = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        match name.to_str().and_then(files::named) {
            Some(Named::Segment(node, number)) if number != files::SEGMENT => {
                let detail = format!("segment {number} is not part of this log");
                return Err(Damage {
                    node,
                    line: None,
                    kind: DamageKind::Inserted,
                    detail,
                });
            }
            Some(Named::Segment(node, _) | Named::Head(node)) => {
                nodes.insert(node);
            }
            None => {}
        }
    }
    if nodes.is_empty() {
        return Err(Damage {
            node: String::new(),
            line: None,
            kind: DamageKind::Deleted,
            detail: "there is no access log in this directory".to_owned(),
        });
    }
    Ok(nodes)
}

fn log(dir: &Path, node: &str) -> Result<NodeSummary, Damage> {
    let damage = |kind, detail: &str| Damage {
        node: node.to_owned(),
        line: None,
        kind,
        detail: detail.to_owned(),
    };
    let unreadable = |error: io::Error| {
        damage(
            DamageKind::Unreadable,
            &format!("a file cannot be read: {error}"),
        )
    };
    // The head first: a log that is being written only grows beyond the head that was read.
    let head = head::read(dir, node)
        .map_err(unreadable)?
        .ok_or_else(|| damage(DamageKind::Deleted, "its head is missing"))?;
    let head = head::parse(node, &head)
        .ok_or_else(|| damage(DamageKind::Changed, "its head is not what was written"))?;
    let path = files::segment(dir, node);
    match std::fs::symlink_metadata(&path) {
        Ok(about) if about.is_file() => {}
        Ok(_) => {
            return Err(damage(
                DamageKind::Changed,
                "its segment is not a regular file",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damage(DamageKind::Deleted, "its segment is missing"));
        }
        Err(error) => return Err(unreadable(error)),
    }
    let file = File::open(&path).map_err(unreadable)?;
    Walk::new(node, head, BufReader::new(file), dir).run()
}

#[cfg(test)]
mod tests;
