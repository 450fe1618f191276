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
use super::record::{
    Decision, End, Exchange, Intent, IntentBody, Outcome, OutcomeBody, PERSONS_PER_RECORD, Pattern,
    PersonsBody,
};
use super::{Audit, Unavailable};

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
    pub async fn intent(&mut self, intent: &Intent) -> Result<(), Unavailable> {
        let body = IntentBody {
            id: self.id,
            exchange: &self.exchange,
            intent,
        };
        self.audit.send("intent", &body, None).await?;
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
            // Unawaited records keep their order before the awaited last one, after a fault too.
            self.audit
                .send_and_forget("persons", &self.person_body(part, fields), None);
            rest = more;
        }
        self.audit
            .send("persons", &self.person_body(rest, fields), None)
    }

    fn person_body<'a>(&self, persons: &'a [KeyedHash], fields: Pattern<'a>) -> PersonsBody<'a> {
        PersonsBody {
            id: self.id,
            persons,
            fields,
        }
    }

    /// Closes the trail of an exchange whose upstream was, or may have been, contacted. Does not wait.
    pub fn finish(mut self, outcome: Outcome) {
        self.close(&outcome);
    }

    /// Closes the trail of an exchange that is refused before the upstream is contacted. The refusal must
    /// not be sent before this returned.
    ///
    /// # Errors
    ///
    /// [`Unavailable`]: the caller gets that refusal instead.
    pub async fn refuse(mut self, outcome: Outcome) -> Result<(), Unavailable> {
        let slot = self.slot.take();
        let outcome = self.honest(&outcome);
        let written = self
            .audit
            .send("outcome", &self.outcome_body(&outcome), slot);
        written.await
    }

    fn close(&mut self, outcome: &Outcome) {
        if let Some(slot) = self.slot.take() {
            let outcome = self.honest(outcome);
            self.audit
                .send_and_forget("outcome", &self.outcome_body(&outcome), Some(slot));
        }
    }

    fn outcome_body<'a>(&'a self, outcome: &'a Outcome) -> OutcomeBody<'a> {
        let Trail {
            id,
            exchange,
            began,
            ..
        } = self;
        OutcomeBody {
            id: *id,
            exchange,
            outcome,
            ms: began.elapsed(),
            end: outcome.end,
        }
    }

    /// Nothing is allowed that has no intent: the two records would contradict each other.
    fn honest(&self, outcome: &Outcome) -> Outcome {
        let mut outcome = outcome.clone();
        if !self.intended && outcome.decision == Some(Decision::Allow) {
            outcome.decision = None;
        }
        outcome
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
