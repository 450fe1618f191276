//! The trail of one exchange: opened before anything is decided, and closed in every case.
//!
//! Its place in the queue is reserved when it begins, so neither its `intent`, its `persons` nor its `outcome`
//! can be refused because others came first. Dropped unfinished, it writes an `outcome` with `end: aborted`.

use std::net::IpAddr;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use ulid::Ulid;

use super::person::KeyedHash;
use super::queue::Written;
use super::record::{Decision, End, Exchange, Intent, Outcome, PERSONS_PER_RECORD, Pattern};
use super::{Audit, Unavailable, render};

/// The trail of one exchange. At most two of its records wait at any time: one that is awaited, and its
/// outcome.
#[derive(Debug)]
pub struct Trail {
    audit: Audit,
    id: Ulid,
    began: Instant,
    intended: bool,
    /// Taken by the outcome; without it nothing is left to write.
    slot: Option<OwnedSemaphorePermit>,
    /// Who, what and on what ground: to be filled in as it becomes known.
    pub exchange: Exchange,
}

impl Trail {
    pub(super) fn begin(audit: Audit, id: Ulid, peer: IpAddr, slot: OwnedSemaphorePermit) -> Self {
        let exchange = Exchange::from_peer(peer);
        Trail {
            audit,
            id,
            began: Instant::now(),
            intended: false,
            slot: Some(slot),
            exchange,
        }
    }

    /// Records that the upstream is about to be contacted; it must not be before this returned `Ok`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the exchange must be refused.
    pub async fn intent(&mut self, intent: &Intent<'_>) -> Result<(), Unavailable> {
        let written = self.audit.send(None, |out| {
            render::intent(out, self.id, &self.exchange, intent);
        });
        written.await?;
        self.intended = true;
        Ok(())
    }

    /// Records persons whose records are about to leave, all under one pattern of outcomes. The frame that
    /// completes their records must not leave before this resolved to `Ok`. Not for persons that the
    /// intent holds.
    pub fn persons(&self, persons: &[KeyedHash], fields: Pattern<'_>) -> Written {
        let mut rest = persons;
        while let Some((part, more)) = rest.split_at_checked(PERSONS_PER_RECORD)
            && !more.is_empty()
        {
            self.persons_unawaited(part, fields);
            rest = more;
        }
        let render = |out: &mut Vec<u8>| render::persons(out, self.id, rest, fields);
        self.audit.send(None, render)
    }

    /// The same where another record of persons follows that is awaited: unawaited ones keep their order before it,
    /// after a fault too.
    pub fn persons_unawaited(&self, persons: &[KeyedHash], fields: Pattern<'_>) {
        for part in persons.chunks(PERSONS_PER_RECORD) {
            let render = |out: &mut Vec<u8>| render::persons(out, self.id, part, fields);
            self.audit.send_and_forget(None, render);
        }
    }

    /// Closes the trail of an exchange whose upstream was, or may have been, contacted. Does not wait.
    pub fn finish(mut self, outcome: &Outcome<'_>) {
        self.close(outcome);
    }

    /// Closes the trail of an exchange that is refused before the upstream is contacted. The refusal must
    /// not be sent before this returned.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the caller gets that refusal instead.
    pub async fn refuse(mut self, outcome: &Outcome<'_>) -> Result<(), Unavailable> {
        let slot = self.slot.take();
        let written = self.audit.send(slot, |out| self.outcome(out, outcome));
        written.await
    }

    fn close(&mut self, outcome: &Outcome<'_>) {
        if let Some(slot) = self.slot.take() {
            let render = |out: &mut Vec<u8>| self.outcome(out, outcome);
            self.audit.send_and_forget(Some(slot), render);
        }
    }

    fn outcome(&self, out: &mut Vec<u8>, outcome: &Outcome<'_>) {
        let mut outcome = *outcome;
        // Nothing is allowed that has no intent: the two records would contradict each other.
        if !self.intended && outcome.decision == Some(Decision::Allow) {
            outcome.decision = None;
        }
        let took = self.began.elapsed();
        render::outcome(out, self.id, &self.exchange, &outcome, took);
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let decision = self.intended.then_some(Decision::Allow);
        self.close(&Outcome {
            decision,
            ..Outcome::ending(End::Aborted)
        });
    }
}
