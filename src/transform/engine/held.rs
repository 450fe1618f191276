//! Records, and those that are held until it is known whose they are.

use std::sync::Arc;

use super::{Engine, Fate, Hold, Now};
use crate::json::{self, Kind, Piece};
use crate::model::Reason;
use crate::policy::plan::State;
use crate::transform::RecordDone;
use crate::transform::record::{Record, Sighting};

impl Engine {
    /// A record's place. Where the caller may see one record only, what stands there must be theirs, shown or not.
    pub(super) fn meet_record(
        &mut self,
        chunk: &[u8],
        piece: Piece,
        container: bool,
        gone: bool,
    ) -> Result<(), Reason> {
        if piece.kind != Kind::Null && !gone {
            self.begin_record(chunk, piece);
            return Ok(());
        }
        if !(self.plan.person_check() && self.plan.is_single()) {
            return Ok(());
        }
        if !container {
            return Err(Reason::NoSuchRecord);
        }
        self.begin_record(chunk, piece);
        if let Some(record) = &mut self.record {
            record.gone = true;
        }
        Ok(())
    }

    pub(super) fn begin_record(&mut self, chunk: &[u8], piece: Piece) {
        let held = self.plan.person_check();
        if held && self.hold.is_none() {
            let kept = self.frames.last().is_some_and(|frame| frame.kept);
            let first = self.first.to_vec(chunk);
            let mut lead = if kept {
                self.between.to_vec(chunk)
            } else {
                first.clone()
            };
            lead.extend_from_slice(&self.head.to_vec(chunk));
            self.flush(chunk);
            self.hold = Some(Hold {
                bytes: Vec::new(),
                lead: Some(lead),
                first,
            });
        }
        let start = self.consumed + piece.start as u64;
        self.record = Some(Record::new(start, self.frames.len(), held));
    }

    pub(super) fn see(&mut self, person: Option<String>) -> Result<(), Reason> {
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        record.see(person);
        let released = self.plan.person_check() && !record.held;
        if released && record.person == Sighting::Unusable {
            return Err(self.not_theirs());
        }
        Ok(())
    }

    /// Watches the way to the person: what stands on it twice, or a container in its place, names nobody.
    pub(super) fn follow_person(&mut self, state: &State, container: bool) -> Result<(), Reason> {
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        let on_the_way = state.person_below || state.is_person;
        if state.is_record || !on_the_way {
            return Ok(());
        }
        let again = !record.visit(self.frames.len().saturating_sub(record.depth));
        if again || (state.is_person && container) {
            self.see(None)?;
        }
        Ok(())
    }

    pub(super) fn not_theirs(&self) -> Reason {
        if self.plan.is_single() {
            Reason::NoSuchRecord
        } else {
            Reason::UnexpectedShape
        }
    }

    /// A record that is held is judged by what is known of its person when it outgrows the limit. What of a piece
    /// lies within is read before, as it would be were the chunk cut there; returns what is left.
    pub(super) fn judge_at_limit(&mut self, chunk: &[u8], piece: Piece) -> Result<Piece, Reason> {
        let Some(record) = self.record.as_ref().filter(|record| record.held) else {
            return self.judge_without_record().map(|()| piece);
        };
        let limit = record.start.saturating_add(self.limits.record as u64);
        if self.consumed + piece.end as u64 <= limit {
            return Ok(piece);
        }
        let within = usize::try_from(limit.saturating_sub(self.consumed)).unwrap_or(piece.end);
        let cut = json::boundary(chunk, piece.start, within);
        let mut left = piece;
        if cut > piece.start {
            self.piece(
                chunk,
                Piece {
                    end: cut,
                    last: false,
                    ..piece
                },
            )?;
            left = Piece {
                start: cut,
                first: false,
                ..piece
            };
        }
        self.judge_unfinished(chunk)?;
        Ok(left)
    }

    /// What leaves before a single record waits with it, and may be held up to the same limit.
    fn judge_without_record(&self) -> Result<(), Reason> {
        let held = self.hold.as_ref().map_or(0, |hold| hold.bytes.len());
        if self.hold.is_some() && held + self.run.len() > self.limits.record {
            return Err(Reason::NoSuchRecord);
        }
        Ok(())
    }

    fn judge_unfinished(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let person = self.caller_person.as_deref();
        if self
            .record
            .as_ref()
            .is_some_and(|record| record.is_of(person))
        {
            self.release(chunk);
            return Ok(());
        }
        if self.plan.is_single() {
            return Err(Reason::NoSuchRecord);
        }
        self.drop_rest_of_record(chunk);
        Ok(())
    }

    pub(super) fn drop_rest_of_record(&mut self, chunk: &[u8]) {
        let Some(record) = self.record.take() else {
            return;
        };
        let inner = match self.now {
            Now::Copying(depth) | Now::Skipping(depth) => depth,
            Now::Judging | Now::Scalar(_) => 0,
        };
        let open = self.frames.len().saturating_sub(record.depth) + inner;
        self.frames.truncate(record.depth);
        self.discard(chunk);
        self.value.clear();
        // A scalar record, or the scalar at hand in one, is passed over to its own end.
        self.now = if open == 0 {
            Now::Scalar(Fate {
                passes: false,
                replace: None,
                is_person: false,
            })
        } else {
            Now::Skipping(open)
        };
    }

    pub(super) fn end_record(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        self.flush(chunk);
        let Some(record) = self.record.take() else {
            return Ok(());
        };
        if record.held && !record.is_of(self.caller_person.as_deref()) {
            if self.plan.is_single() {
                return Err(Reason::NoSuchRecord);
            }
            self.discard(chunk);
            return Ok(());
        }
        if record.gone {
            self.let_go(chunk);
            return Ok(());
        }
        if record.held {
            self.release(chunk);
        }
        self.tally.unlisted += record.unlisted;
        let (person, outcomes) = record.into_parts();
        self.tally.add(&outcomes);
        if *self.outcomes != outcomes {
            self.outcomes = Arc::new(outcomes);
        }
        self.done.push(RecordDone {
            end: self.taken + self.out.len() as u64,
            person,
            outcomes: Arc::clone(&self.outcomes),
        });
        Ok(())
    }

    /// The record at hand is the caller's, but nothing of it leaves; what waited with it does.
    fn let_go(&mut self, chunk: &[u8]) {
        self.flush(chunk);
        match self.hold.take() {
            Some(Hold {
                lead: Some(_),
                first,
                ..
            }) => self.first.restore(first),
            Some(hold) => self.out.extend_from_slice(&hold.bytes),
            None => {}
        }
    }

    /// The record at hand leaves.
    pub(super) fn release(&mut self, chunk: &[u8]) {
        if let Some(record) = self.record.as_mut().filter(|record| record.gone) {
            record.held = false;
            return self.let_go(chunk);
        }
        self.flush(chunk);
        if let Some(hold) = self.hold.take() {
            self.out
                .extend_from_slice(hold.lead.as_deref().unwrap_or_default());
            self.out.extend_from_slice(&hold.bytes);
        }
        let depth = match &mut self.record {
            Some(record) => {
                record.held = false;
                record.depth
            }
            None => self.frames.len(),
        };
        if let Some(parent) = depth.checked_sub(1).and_then(|at| self.frames.get_mut(at)) {
            parent.kept = true;
        }
    }

    /// The record at hand goes.
    pub(super) fn discard(&mut self, chunk: &[u8]) {
        self.flush(chunk);
        if let Some(hold) = self.hold.take() {
            self.first.restore(hold.first);
        }
    }
}
