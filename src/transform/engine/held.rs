//! Records, and those that are held until it is known whose they are.

use std::sync::Arc;

use super::body::{Body, Hold, Now};
use crate::json::{self, Kind, Piece};
use crate::model::Reason;
use crate::policy::plan::State;
use crate::transform::record::Sighting;

impl Body {
    /// A record's place. Where the caller may see one record only, what stands there must be theirs, shown or not.
    pub fn meet_record(
        &mut self,
        chunk: &str,
        piece: Piece,
        container: bool,
        gone: bool,
    ) -> Result<(), Reason> {
        if piece.kind != Kind::Null && !gone {
            self.begin_record(chunk, piece);
            return Ok(());
        }
        if !(self.person_check && self.single) {
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

    pub fn begin_record(&mut self, chunk: &str, piece: Piece) {
        let held = self.person_check;
        if held && self.hold.is_none() {
            self.flush(chunk);
            self.hold = Some(Hold {
                from: self.out.len(),
                record_only: true,
            });
            self.held_first.clear();
            self.first
                .copy_to(chunk, |part| self.held_first.extend_from_slice(part));
            let kept = self.frames.last().is_some_and(|frame| frame.kept);
            let before = if kept { &self.between } else { &self.first };
            before.copy_to(chunk, |part| self.out.extend_from_slice(part));
            self.head
                .copy_to(chunk, |part| self.out.extend_from_slice(part));
        }
        let start = self.consumed + piece.start as u64;
        let mut record = self.spare.take().unwrap_or_default();
        record.begin(start, self.frames.len(), held);
        self.record = Some(record);
    }

    pub fn see(&mut self, person: Option<&str>) -> Result<(), Reason> {
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        record.see(person);
        let released = self.person_check && !record.held;
        if released && record.sighting == Sighting::Unusable {
            return Err(self.not_theirs());
        }
        Ok(())
    }

    /// Watches the way to the person: what stands on it twice, or a container in its place, names nobody. So many
    /// containers are `around` it.
    #[inline]
    pub fn follow_person(
        &mut self,
        state: &State,
        container: bool,
        around: usize,
    ) -> Result<(), Reason> {
        let on_the_way = state.person_below || state.is_person;
        if state.is_record || !on_the_way {
            return Ok(());
        }
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        let again = !record.visit(around.saturating_sub(record.depth));
        if again || (state.is_person && container) {
            self.see(None)?;
        }
        Ok(())
    }

    pub fn not_theirs(&self) -> Reason {
        if self.single {
            Reason::NoSuchRecord
        } else {
            Reason::UnexpectedShape
        }
    }

    /// What of the chunk may be read without asking whether a limit is met on the way.
    #[inline]
    pub fn horizon<'c>(&self, chunk: &'c str) -> &'c [u8] {
        let bytes = chunk.as_bytes();
        if self.hold.is_none() {
            return bytes;
        }
        let most = self.record_limit().map_or(0, |limit| {
            usize::try_from(limit.saturating_sub(self.consumed)).unwrap_or(usize::MAX)
        });
        bytes.get(..most).unwrap_or(bytes)
    }

    /// Where in the input a record that is held must be judged, if there is one.
    fn record_limit(&self) -> Option<u64> {
        let record = self.record.as_ref().filter(|record| record.held)?;
        Some(record.start.saturating_add(self.limits.record as u64))
    }

    /// A record that is held is judged by what is known of its person when it outgrows the limit. What of a piece
    /// lies within is to be read before, as it would be were the chunk cut there; what is left, after.
    pub fn cut_at_limit(
        &self,
        chunk: &str,
        piece: Piece,
    ) -> Result<(Option<Piece>, Option<Piece>), Reason> {
        let Some(limit) = self.record_limit() else {
            return self.judge_without_record().map(|()| (Some(piece), None));
        };
        if self.consumed + piece.end as u64 <= limit {
            return Ok((Some(piece), None));
        }
        let within = usize::try_from(limit.saturating_sub(self.consumed)).unwrap_or(piece.end);
        let cut = json::boundary(chunk.as_bytes(), piece.start, within);
        if cut == piece.start {
            return Ok((None, Some(piece)));
        }
        let before = Piece {
            end: cut,
            last: false,
            ..piece
        };
        let after = Piece {
            start: cut,
            first: false,
            ..piece
        };
        Ok((Some(before), Some(after)))
    }

    /// What leaves before a single record waits with it, and may be held up to the same limit.
    fn judge_without_record(&self) -> Result<(), Reason> {
        let held = self.hold.map_or(0, |hold| self.out.len() - hold.from);
        if self.hold.is_some() && held + self.run.len() > self.limits.record {
            return Err(Reason::NoSuchRecord);
        }
        Ok(())
    }

    /// The record at hand has outgrown the limit.
    pub fn judge_unfinished(&mut self, chunk: &str) -> Result<(), Reason> {
        let person = self.caller_person.as_deref();
        if self
            .record
            .as_ref()
            .is_some_and(|record| record.is_of(person))
        {
            self.release(chunk);
            return Ok(());
        }
        if self.single {
            return Err(Reason::NoSuchRecord);
        }
        self.drop_rest_of_record(chunk);
        Ok(())
    }

    pub fn drop_rest_of_record(&mut self, chunk: &str) {
        let Some(record) = self.record.take() else {
            return;
        };
        let is_container = self.frames.len() > record.depth
            || matches!(self.now, Now::Copying { .. } | Now::Skipping { .. });
        self.frames.truncate(record.depth);
        self.discard(chunk);
        self.value.clear();
        if is_container {
            self.now = Now::Skipping {
                floor: record.depth,
            };
        } else {
            self.pass_over_scalar();
        }
        self.spare = Some(record);
    }

    pub fn end_record(&mut self, chunk: &str) -> Result<(), Reason> {
        self.flush(chunk);
        let Some(record) = self.record.take() else {
            return Ok(());
        };
        if record.held && !record.is_of(self.caller_person.as_deref()) {
            if self.single {
                return Err(Reason::NoSuchRecord);
            }
            self.discard(chunk);
            if record.depth == 0 {
                // It was all of one document among several.
                self.tail.clear();
            }
        } else if record.gone {
            self.let_go(chunk);
        } else {
            if record.held {
                self.keep_record(chunk, record.depth);
            }
            self.tally.unlisted += record.unlisted;
            if let Some(outcomes) = record.outcomes(&self.outcomes) {
                self.settle_tally();
                self.outcomes = Arc::new(outcomes);
            }
            self.alike += 1;
            let end = self.taken + self.out.len() as u64;
            self.done.add(end, record.person(), &self.outcomes);
        }
        self.spare = Some(record);
        Ok(())
    }

    /// Counts the last records, which were all alike.
    pub fn settle_tally(&mut self) {
        self.tally
            .add(&self.outcomes, std::mem::take(&mut self.alike));
    }

    /// The record at hand is the caller's, but nothing of it leaves; what waited with it does.
    fn let_go(&mut self, chunk: &str) {
        self.flush(chunk);
        if let Some(hold) = self.hold.take()
            && hold.record_only
        {
            self.out.truncate(hold.from);
            self.first.restore(&self.held_first);
        }
    }

    /// The record at hand leaves, though it is not read to its end.
    fn release(&mut self, chunk: &str) {
        let Some(record) = &mut self.record else {
            return;
        };
        record.held = false;
        let depth = record.depth;
        if record.gone {
            self.let_go(chunk);
        } else {
            self.keep_record(chunk, depth);
        }
    }

    /// A record that was held leaves.
    fn keep_record(&mut self, chunk: &str, depth: usize) {
        self.flush(chunk);
        self.hold = None;
        if let Some(parent) = depth.checked_sub(1).and_then(|at| self.frames.get_mut(at)) {
            parent.kept = true;
        }
    }

    /// The record at hand goes.
    fn discard(&mut self, chunk: &str) {
        self.flush(chunk);
        if let Some(hold) = self.hold.take() {
            self.out.truncate(hold.from);
            self.first.restore(&self.held_first);
        }
    }
}
