//! One pass over one writer's lines: the chain, the head, and - at the first bad line - what was done to it.

use std::io::{self, BufRead};
use std::path::Path;

use super::exchanges::Exchanges;
use super::{Damage, DamageKind, NodeSummary};
use crate::audit::archive;
use crate::audit::chain::{Chain, Hash};
use crate::audit::recover::{self, Line};
use crate::audit::strict::{self, Facts};

/// The state of one pass.
pub struct Walk<'a, R> {
    node: &'a str,
    head: Chain,
    reader: R,
    /// Where archived rule files are.
    dir: &'a Path,
    /// The last good line.
    chain: Chain,
    reached: bool,
    exchanges: Exchanges,
}

impl<'a, R: BufRead> Walk<'a, R> {
    /// Begins before the first line.
    pub fn new(node: &'a str, head: Chain, reader: R, dir: &'a Path) -> Self {
        let (chain, reached) = (Chain::EMPTY, head == Chain::EMPTY);
        Walk {
            node,
            head,
            reader,
            dir,
            chain,
            reached,
            exchanges: Exchanges::default(),
        }
    }

    /// Verifies all lines.
    ///
    /// # Errors
    ///
    /// The first [`Damage`].
    pub fn run(mut self) -> Result<NodeSummary, Damage> {
        let mut line = Vec::new();
        loop {
            match self.read(&mut line)? {
                Line::Whole => self.line(&line)?,
                Line::Unfinished => return self.end(line.len() as u64),
                Line::TooLong => {
                    return Err(self.next(DamageKind::Changed, "longer than any record"));
                }
            }
        }
    }

    fn read(&mut self, line: &mut Vec<u8>) -> Result<Line, Damage> {
        let unreadable = |error: io::Error| Damage {
            node: self.node.to_owned(),
            line: Some(self.chain.seq + 1),
            kind: DamageKind::Unreadable,
            detail: error.to_string(),
        };
        recover::next_line(&mut self.reader, line).map_err(unreadable)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Damage> {
        let facts = strict::facts(line).map_err(|why| self.next(DamageKind::Changed, why))?;
        if facts.node != self.node
            || facts.seq != self.chain.seq + 1
            || facts.prev != self.chain.hash
        {
            return Err(self.diagnose(line, &facts));
        }
        self.chain.advance(line);
        self.meet_head()?;
        self.exchanges
            .see(&facts)
            .map_err(|(kind, why)| self.this(kind, why))?;
        self.check_rules(&facts)
    }

    /// The head's three members must be those of the line that ends where it says.
    fn meet_head(&mut self) -> Result<(), Damage> {
        if self.reached || self.chain.length < self.head.length {
            return Ok(());
        }
        if self.chain == self.head {
            self.reached = true;
            return Ok(());
        }
        let same_place = self.chain.length == self.head.length || self.chain.seq == self.head.seq;
        Err(if same_place {
            self.this(
                DamageKind::Changed,
                "it, or the head that vouches for it, was changed",
            )
        } else {
            let why = "the chain is whole, but not the one the head speaks of: an older copy was put \
                       back and continued";
            self.this(DamageKind::RolledBack, why)
        })
    }

    fn end(self, unfinished_tail: u64) -> Result<NodeSummary, Damage> {
        if !self.reached {
            let missing = self.head.length - self.chain.length;
            return Err(if unfinished_tail >= missing {
                self.next(DamageKind::Changed, "its newline is gone")
            } else {
                let (at, to) = (self.chain.seq, self.head.seq);
                let why = format!(
                    "the log ends behind line {at}, its head speaks of line {to}: lines were cut off, \
                     or an older copy was put back (rolled back)"
                );
                self.next(DamageKind::Truncated, &why)
            });
        }
        Ok(NodeSummary {
            node: self.node.to_owned(),
            lines: self.chain.seq,
            behind_head: self.chain.seq - self.head.seq,
            intents: self.exchanges.intents(),
            without_outcome: self.exchanges.without_outcome(),
            unfinished_tail,
        })
    }

    /// What was done to a line that does not continue the chain. `seq` and `prev` are two witnesses: where one
    /// still fits, the other was changed.
    fn diagnose(&mut self, line: &[u8], facts: &Facts) -> Damage {
        use DamageKind::{Changed, Deleted, Inserted, Mixed, Reordered};
        let expected = self.chain.seq + 1;
        let (in_order, chained) = (facts.seq == expected, facts.prev == self.chain.hash);
        if facts.node != self.node {
            return if in_order && chained {
                self.next(Changed, "its `node` was changed")
            } else {
                self.next(Mixed, "it names another node")
            };
        }
        if chained {
            return self.next(Changed, "its `seq` was changed");
        }
        if in_order {
            return if expected > 1 && self.is_vouched_for(line) {
                self.this(Changed, "the next line holds another hash of it")
            } else {
                self.next(Changed, "it does not hold the hash of the line before")
            };
        }
        if facts.seq < expected {
            return self.next(Inserted, &format!("line {} stands here again", facts.seq));
        }
        if self.rest_has(expected) {
            self.next(Reordered, "it follows later")
        } else {
            self.next(
                Deleted,
                &format!("lines {expected} to {} are gone", facts.seq - 1),
            )
        }
    }

    /// Whether the next line, or the head, holds this line's hash: then it is as it was written.
    fn is_vouched_for(&mut self, line: &[u8]) -> bool {
        let hash = Hash::of(line);
        let mut next = Vec::new();
        hash == self.head.hash
            || matches!(
                recover::next_line(&mut self.reader, &mut next),
                Ok(Line::Whole)
            ) && strict::facts(&next).is_ok_and(|next| next.prev == hash)
    }

    fn rest_has(&mut self, seq: u64) -> bool {
        let mut line = Vec::new();
        while let Ok(Line::Whole) = recover::next_line(&mut self.reader, &mut line) {
            if strict::facts(&line).is_ok_and(|facts| facts.seq == seq && facts.node == self.node) {
                return true;
            }
        }
        false
    }

    /// Archived rule files are what the `policy` record says.
    fn check_rules(&self, facts: &Facts) -> Result<(), Damage> {
        let Some((digest, rules)) = &facts.rules else {
            return Ok(());
        };
        let place = archive::place(self.dir, digest)
            .ok_or_else(|| self.this(DamageKind::Changed, "its `digest` is not one"))?;
        for (name, hash) in rules {
            let found = archive::is_name(name).then(|| recover::hash_file(&place.join(name)));
            match found {
                Some(Ok((_, found))) if found == *hash => {}
                Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(self.this(DamageKind::Deleted, "a rule file it archived is gone"));
                }
                _ => {
                    return Err(self.this(DamageKind::Changed, "a rule file it archived differs"));
                }
            }
        }
        Ok(())
    }

    /// Damage at the last line that continued the chain.
    fn this(&self, kind: DamageKind, detail: &str) -> Damage {
        self.at(self.chain.seq, kind, detail)
    }

    /// Damage at the line behind it.
    fn next(&self, kind: DamageKind, detail: &str) -> Damage {
        self.at(self.chain.seq + 1, kind, detail)
    }

    fn at(&self, line: u64, kind: DamageKind, detail: &str) -> Damage {
        Damage {
            node: self.node.to_owned(),
            line: Some(line),
            kind,
            detail: detail.to_owned(),
        }
    }
}
