//! Records of one exchange make sense together: one `intent`, then `persons`, at most one `outcome`.
//!
//! The chain protects lines from others; this finds a writer that contradicts itself. Memory is bounded:
//! exchanges further apart than [`REMEMBERED`] others are not compared.

use std::collections::{HashSet, VecDeque};

use ulid::Ulid;

use super::DamageKind;
use crate::audit::strict::Facts;

/// How many open and how many closed exchanges are remembered.
const REMEMBERED: usize = 1 << 18;

/// What is known of the exchanges so far.
#[derive(Debug, Default)]
pub struct Exchanges {
    open: Recent,
    closed: Recent,
    intents: u64,
    outcomes: u64,
    stopped: bool,
}

impl Exchanges {
    /// Takes one line's facts.
    ///
    /// # Errors
    ///
    /// How it contradicts the lines before.
    pub fn see(&mut self, facts: &Facts) -> Result<(), (DamageKind, &'static str)> {
        use DamageKind::{Deleted, Inserted};
        if std::mem::take(&mut self.stopped) && !matches!(&*facts.kind, "recovered" | "start") {
            return Err((Inserted, "the writer had stopped"));
        }
        match (&*facts.kind, facts.id) {
            ("stop", _) => self.stopped = true,
            ("start", _) => self.close_all(),
            ("intent", Some(id)) => {
                if self.closed.has(id) || !self.open.add(id) {
                    return Err((
                        Inserted,
                        "its exchange has an `intent` or `outcome` already",
                    ));
                }
                self.intents += 1;
            }
            ("persons", Some(id)) if !self.open.may_have(id) => {
                return Err((Deleted, "its exchange has no `intent`"));
            }
            ("outcome", Some(id)) => {
                if !self.closed.add(id) {
                    return Err((Inserted, "its exchange was over already"));
                }
                if self.open.remove(id) {
                    self.outcomes += 1;
                } else if facts.allowed && !self.open.may_have(id) {
                    return Err((Deleted, "its exchange has no `intent`"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Exchanges with an `intent`.
    pub fn intents(&self) -> u64 {
        self.intents
    }

    /// Of these, those without an `outcome`.
    pub fn without_outcome(&self) -> u64 {
        self.intents - self.outcomes
    }

    /// A new run: what was open can get no outcome any more.
    fn close_all(&mut self) {
        for id in std::mem::take(&mut self.open).order {
            self.closed.add(id);
        }
    }
}

/// The last [`REMEMBERED`] ids that were added.
#[derive(Debug, Default)]
struct Recent {
    ids: HashSet<Ulid>,
    order: VecDeque<Ulid>,
    forgot: bool,
}

impl Recent {
    fn has(&self, id: Ulid) -> bool {
        self.ids.contains(&id)
    }

    /// As [`Recent::has`], but what may have been forgotten counts.
    fn may_have(&self, id: Ulid) -> bool {
        self.forgot || self.has(id)
    }

    /// False where it is there already.
    fn add(&mut self, id: Ulid) -> bool {
        if !self.ids.insert(id) {
            return false;
        }
        self.order.push_back(id);
        // Removed ids leave their place in the order; it is kept within twice the bound.
        while self.ids.len() > REMEMBERED || self.order.len() > 2 * REMEMBERED {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.forgot |= self.ids.remove(&oldest);
        }
        true
    }

    fn remove(&mut self, id: Ulid) -> bool {
        self.ids.remove(&id)
    }
}
