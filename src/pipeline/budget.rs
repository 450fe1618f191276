//! How many bytes all exchanges together may hold while these wait to be known or to be taken.
//!
//! Refuses, as `overloaded`, what would go above: an answer that has not begun gets 503, one that has is broken off. Each exchange
//! has limits of its own below this; here it is the sum that counts. Counted are bodies of requests, held records and values,
//! and output that waits; not the windows of decoders and the buffers of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::Reason;

/// What all exchanges share.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    held: AtomicU64,
}

/// What one exchange holds; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    held: u64,
}

/// Shares grow and shrink by this much, so that most exchanges count once.
const GRAIN: u64 = 16 << 10;

impl Budget {
    /// Nothing is held yet.
    pub fn new(limit: u64) -> Self {
        Budget {
            limit,
            held: AtomicU64::new(0),
        }
    }

    /// What is held now, in whole grains.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}

impl Share {
    pub(super) fn of(budget: &Arc<Budget>) -> Self {
        Share {
            budget: Arc::clone(budget),
            held: 0,
        }
    }

    /// This exchange holds so much now, or would if there were room.
    pub(super) fn set(&mut self, bytes: usize) -> Result<(), Reason> {
        let wanted = (bytes as u64).div_ceil(GRAIN) * GRAIN;
        if wanted > self.held {
            let (more, limit) = (wanted - self.held, self.budget.limit);
            let grown = |held: u64| held.checked_add(more).filter(|sum| *sum <= limit);
            let relaxed = Ordering::Relaxed;
            let held = &self.budget.held;
            held.fetch_update(relaxed, relaxed, grown)
                .map_err(|_| Reason::Overloaded)?;
        } else if wanted < self.held {
            let less = self.held - wanted;
            self.budget.held.fetch_sub(less, Ordering::Relaxed);
        }
        self.held = wanted;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(grains: u64) -> Arc<Budget> {
        Arc::new(Budget::new(grains * GRAIN))
    }

    #[test]
    fn o07_what_all_hold_together_stays_within_the_budget() {
        let budget = budget(3);
        let (mut one, mut other) = (Share::of(&budget), Share::of(&budget));
        one.set(20_000).unwrap();
        assert_eq!(budget.held(), 2 * GRAIN);
        other.set(1).unwrap();
        assert_eq!(other.set(20_000), Err(Reason::Overloaded));
        assert_eq!(budget.held(), 3 * GRAIN, "what was refused is not counted");
        one.set(0).unwrap();
        other.set(20_000).unwrap();
        drop((one, other));
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn o07_a_share_within_its_grain_counts_once() {
        let budget = budget(1);
        let mut one = Share::of(&budget);
        for bytes in [1, 100, 16 << 10] {
            one.set(bytes).unwrap();
            assert_eq!(budget.held(), GRAIN);
        }
        assert_eq!(one.set((16 << 10) + 1), Err(Reason::Overloaded));
    }
}
