//! Values that are held as they come, because what they hold decides how they are treated.
//!
//! The lexer reads such a value as strictly as any other, and its text is kept. At its end, or where it outgrows the
//! limit `record`, it is judged, and read again from its text as if it came only now. So what leaves depends neither on
//! where the input was cut, nor on how much of a value that is too large was there.

use std::sync::Arc;

use super::body::{Body, Frame, Length, Member, Now};
use super::{Engine, Terms, reach};
use crate::json::{Cursor, Kind, Piece, Shape};
use crate::model::Reason;
use crate::policy::plan::judge::Judged;
use crate::policy::plan::{Gate, Plan, State};

/// Plans of records that are kept ready in one answer.
const MOST_VARIANTS: usize = 32;

/// A value within so many that are held is not held any more: it is read again once for each of them.
const MOST_NESTED: usize = 32;

/// A value that is held.
#[derive(Debug)]
pub(super) struct Raw {
    /// Its place under the plan that counts outside.
    member: Member,
    /// The input offset of its first byte.
    start: u64,
    /// How many brackets are open around it.
    depth: usize,
    /// What came of it in chunks that have gone.
    text: String,
    /// Where in the chunk at hand it goes on.
    from: usize,
}

impl Raw {
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }
}

/// A record that outgrew the limit is read under its own plan to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    /// Where the plan that counts outside is kept meanwhile.
    outside: Option<usize>,
    /// How many containers are open around the record.
    around: usize,
}

impl Body {
    /// Whether a value cannot be treated before it is known.
    pub(super) fn must_wait(&self, member: Member, state: &State, kind: Kind) -> bool {
        let leaves = |frame: &Frame| !(frame.muted || frame.hollow);
        let unknown = state.waits
            || (state.counts && kind == Kind::ArrayOpen)
            || (state.is_record && self.judged);
        unknown && member.gate == Gate::Pass && self.frames.last().is_none_or(leaves)
    }

    /// Nothing lies in the chunk at hand any more.
    pub(super) fn settle(&mut self, chunk: &str) {
        self.flush(chunk);
        for pending in [&mut self.first, &mut self.between, &mut self.head] {
            pending.settle(chunk);
        }
    }

    /// The single record may leave, as far as what it holds is concerned; so may what waited with it, unless its
    /// person is to be known as well.
    fn let_through(&mut self) {
        if !self.person_check {
            self.hold = None;
        }
    }
}

impl Engine {
    /// Begins to hold a value. Returns where to go on reading.
    pub(super) fn hold(
        &mut self,
        chunk: &str,
        piece: Piece,
        member: Member,
    ) -> Result<usize, Reason> {
        if self.nested >= MOST_NESTED {
            let member = self.place(member, None, piece.kind == Kind::ArrayOpen)?;
            self.again = Some(member);
            return self.value(chunk, piece);
        }
        let opens = matches!(piece.kind, Kind::ObjectOpen | Kind::ArrayOpen);
        let depth = self.lexer.depth() - usize::from(opens);
        self.body.settle(chunk);
        self.raw = Some(Raw {
            member,
            start: self.body.consumed + piece.start as u64,
            depth,
            text: std::mem::take(&mut self.spare),
            from: piece.start,
        });
        self.body.now = Now::Holding { floor: depth };
        self.hold_piece(chunk, piece)
    }

    /// A piece of the value that is held. Returns where to go on reading.
    pub(super) fn hold_piece(&mut self, chunk: &str, piece: Piece) -> Result<usize, Reason> {
        let Some(raw) = &self.raw else {
            return Err(Reason::Internal);
        };
        if self.body.consumed + piece.end as u64 > self.raw_limit(raw) {
            self.outgrown(chunk, piece.start)?;
            return Ok(piece.start);
        }
        if piece.last && self.lexer.depth() == raw.depth {
            self.held_to_its_end(chunk, piece.end)?;
        }
        Ok(piece.end)
    }

    /// What of the chunk may be read without asking whether a limit is met on the way.
    #[inline]
    pub(super) fn horizon<'c>(&self, chunk: &'c str) -> &'c [u8] {
        let Some(raw) = &self.raw else {
            return self.body.horizon(chunk);
        };
        let within = if self.body.record.is_some() {
            self.body.horizon(chunk)
        } else {
            chunk.as_bytes()
        };
        let most = self.raw_limit(raw).saturating_sub(self.body.consumed);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        within.get(..most).unwrap_or(within)
    }

    /// Where in the input the value that is held is too large.
    fn raw_limit(&self, raw: &Raw) -> u64 {
        raw.start.saturating_add(self.body.limits.record as u64)
    }

    /// The chunk is about to go.
    pub(super) fn keep_raw(&mut self, chunk: &str) {
        if let Some(raw) = &mut self.raw {
            raw.text.push_str(chunk.get(raw.from..).unwrap_or_default());
            raw.from = 0;
        }
    }

    /// The value that is held ends at `end`.
    pub(super) fn held_to_its_end(&mut self, chunk: &str, end: usize) -> Result<(), Reason> {
        let raw = self.raw.take().ok_or(Reason::Internal)?;
        let (member, start, depth) = (raw.member, raw.start, raw.depth);
        let mut kept = raw.text;
        let here = chunk.get(raw.from..end).ok_or(Reason::Internal)?;
        let text = if kept.is_empty() {
            here
        } else {
            kept.push_str(here);
            kept.as_str()
        };
        if let Some((member, variant)) = self.judge(member, Some(text), text.as_bytes().first())? {
            self.again = Some(member);
            self.body.now = Now::Judging;
            self.nested += 1;
            self.read_whole(text, start, depth)?;
            self.nested -= 1;
            self.leave(variant);
        }
        kept.clear();
        self.spare = kept;
        Ok(())
    }

    /// The value that is held has outgrown the limit before `end`.
    fn outgrown(&mut self, chunk: &str, end: usize) -> Result<(), Reason> {
        let raw = self.raw.take().ok_or(Reason::Internal)?;
        let (member, start, depth) = (raw.member, raw.start, raw.depth);
        let mut kept = raw.text;
        let here = chunk.get(raw.from..end).ok_or(Reason::Internal)?;
        kept.push_str(here);
        let first = kept.as_bytes().first().or(chunk.as_bytes().get(end));
        match self.judge(member, None, first)? {
            Some((member, variant)) => {
                self.variant = variant.outside.map(|_| variant);
                self.again = Some(member);
                self.body.now = Now::Judging;
            }
            None => self.pass_over(first, depth),
        }
        self.nested += 1;
        self.read_again(&kept, start, depth)?;
        self.nested -= 1;
        if let Some(within) = &mut self.raw {
            // What began in the text that was read again goes on behind it.
            within.from = end;
        }
        kept.clear();
        self.spare = kept;
        Ok(())
    }

    /// What is known now: the value's place, and under which plan; `None` where nothing of it leaves.
    fn judge(
        &mut self,
        member: Member,
        text: Option<&str>,
        first: Option<&u8>,
    ) -> Result<Option<(Member, Variant)>, Reason> {
        let mut variant = Variant {
            outside: None,
            around: self.body.frames.len(),
        };
        let mut member = member;
        if self.state(member.state)?.is_record
            && let Some(judge) = &self.judge
        {
            if self.body.single && judge.gates() && text.is_some_and(is_nothing) {
                // As if a gate kept one back, also where the gate holds for what is empty.
                return Err(Reason::NoSuchRecord);
            }
            match judge.record(text) {
                Judged::Gone if self.body.single => return Err(Reason::NoSuchRecord),
                Judged::Gone => {
                    if text.is_some() {
                        self.body.value_done("")?;
                    }
                    return Ok(None);
                }
                Judged::Under(plan) => {
                    self.body.let_through();
                    member.state = plan.record_state().ok_or(Reason::Overloaded)?;
                    variant.outside = self.enter(&plan);
                }
            }
        }
        let member = self.place(member, text.map(Cursor::new), first == Some(&b'['))?;
        Ok(Some((member, variant)))
    }

    /// The place of a value whose filters can be asked and whose elements can be counted. Of one that is too large
    /// for that, nothing leaves, unless the resource shows what has drifted.
    fn place(
        &mut self,
        mut member: Member,
        node: Option<Cursor<'_>>,
        array: bool,
    ) -> Result<Member, Reason> {
        let root = self.body.frames.is_empty();
        let Terms { plan, states, .. } = &mut self.terms;
        let too_large = node.is_none() && !plan.keeps_unknown();
        let mut state = reach(plan, states, member.state)?;
        if state.waits {
            let id = match too_large {
                true => plan.closed_state(root),
                false => plan.known(state, node),
            };
            member.state = id.ok_or(Reason::Overloaded)?;
            state = reach(plan, states, member.state)?;
        }
        if state.counts && array {
            if too_large {
                member.state = plan.closed_state(root).ok_or(Reason::Overloaded)?;
            }
            member.length =
                node.map_or_else(Length::default, |node| Length::of(node.elements().count()));
        }
        Ok(member)
    }

    /// Reads a value again that has ended.
    fn read_whole(&mut self, text: &str, start: u64, depth: usize) -> Result<(), Reason> {
        let Some(kind) = Kind::of_scalar(text) else {
            return self.read_again(text, start, depth);
        };
        // The end of a number is not seen in its own text.
        let scalar = Piece::whole_scalar(kind, text.len());
        let consumed = std::mem::replace(&mut self.body.consumed, start);
        let read = self.value(text, scalar);
        self.body.leave_chunk(text);
        self.body.consumed = consumed;
        read.map(|_| ())
    }

    /// Goes back to the beginning of a value and reads what is there of it.
    fn read_again(&mut self, text: &str, start: u64, depth: usize) -> Result<(), Reason> {
        let consumed = std::mem::replace(&mut self.body.consumed, start);
        self.lexer.rewind(depth);
        let read = self.pieces(text);
        self.keep_raw(text);
        self.body.leave_chunk(text);
        self.body.consumed = consumed;
        read
    }

    /// Nothing leaves of a value that begins with this byte.
    fn pass_over(&mut self, first: Option<&u8>, depth: usize) {
        match first {
            Some(b'{' | b'[') => self.body.now = Now::Skipping { floor: depth },
            _ => self.body.pass_over_scalar(),
        }
    }

    /// From here on another plan counts. Returns where the one before is kept; `None` where it is the same.
    fn enter(&mut self, plan: &Arc<Plan>) -> Option<usize> {
        if Arc::ptr_eq(plan, &self.terms.plan) {
            return None;
        }
        let mut known = self.variants.iter();
        let slot = known.position(|terms| Arc::ptr_eq(plan, &terms.plan));
        let slot = slot.unwrap_or_else(|| {
            if self.variants.len() >= MOST_VARIANTS {
                self.variants.swap_remove(0);
            }
            self.variants.push(Terms::new(Arc::clone(plan)));
            self.variants.len() - 1
        });
        let terms = self.variants.get_mut(slot)?;
        std::mem::swap(terms, &mut self.terms);
        Some(slot)
    }

    /// The plan before counts again.
    fn leave(&mut self, variant: Variant) {
        if let Some(terms) = variant.outside.and_then(|slot| self.variants.get_mut(slot)) {
            std::mem::swap(terms, &mut self.terms);
        }
    }

    /// The same, once a record that outgrew the limit has ended.
    pub(super) fn leave_at_end(&mut self) {
        let Some(variant) = self.variant else {
            return;
        };
        let ended = self.again.is_none()
            && self.body.now == Now::Judging
            && self.body.frames.len() <= variant.around;
        if ended {
            self.variant = None;
            self.leave(variant);
        }
    }

    /// How many containers are open around what is read under the plan at hand.
    #[inline]
    pub(super) fn around(&self) -> usize {
        self.variant.map_or(0, |variant| variant.around)
    }
}

/// Whether no record stands there: `null`, or an array without elements.
fn is_nothing(text: &str) -> bool {
    let value = Cursor::new(text);
    match value.shape() {
        Shape::Null => true,
        Shape::Array => value.elements().next().is_none(),
        _ => false,
    }
}
