//! A coded body on its way out: piece by piece, within the ratio, to the coding's own end.
//!
//! Refuses what the coding refuses, bytes behind its end, and the first byte of output beyond the
//! ratio.

use super::Ratio;
use super::coding::{Coding, Verdict};
use crate::model::Reason;

/// The most that is handed to the sink at once.
pub(super) const PIECE: usize = 16 * 1024;

/// The ratio is judged against the input in whole steps of this many bytes, counted from the body's
/// first. All that a step's bytes decode to is handed out before the next step begins, so the
/// judgement cannot depend on the chunks.
pub(super) const STEP: u64 = 4 * 1024;

pub(super) struct Expansion {
    coding: Coding,
    /// At the coding's own end: all has been verified and handed out.
    ended: bool,
    limits: Ratio,
    input: u64,
    output: u64,
    /// Bytes of the step at hand that count as input and are not read yet.
    step: usize,
    /// A full piece may have left output inside the decoder, even when all input has been read.
    full: bool,
    piece: Vec<u8>,
}

impl Expansion {
    pub(super) fn new(coding: Coding, limits: Ratio) -> Expansion {
        Expansion {
            coding,
            ended: false,
            limits,
            input: 0,
            output: 0,
            step: 0,
            full: false,
            piece: vec![0; PIECE],
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether output may be left inside the decoder though all input has been read: the last piece was full.
    pub(super) fn has_more(&self) -> bool {
        self.full
    }

    /// Decodes until one piece is handed out or the input is read, and returns how much of it was. The next call
    /// gets what is left.
    pub(super) fn feed_some(
        &mut self,
        input: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<usize, Reason> {
        let mut read = 0;
        loop {
            let left = input.get(read..).unwrap_or_default();
            if self.step == 0 && !self.full {
                if left.is_empty() {
                    return Ok(read);
                }
                let to_boundary = (STEP - self.input % STEP) as usize;
                self.step = to_boundary.min(left.len());
                self.input += self.step as u64;
            }
            if self.ended {
                self.coding.begin_again()?;
                self.ended = false;
            }
            let step = left.get(..self.step).unwrap_or(left);
            let progress = self.coding.advance(step, &mut self.piece);
            let stuck = progress.read == 0 && progress.written == 0 && !step.is_empty();
            read += progress.read;
            self.step = self.step.saturating_sub(progress.read);
            self.hand_out(progress.written, sink)?;
            self.full = progress.written == PIECE;
            match progress.verdict {
                Verdict::Broken => return Err(Reason::UnreadableBody),
                Verdict::Going if stuck => return Err(Reason::UnreadableBody),
                Verdict::Going => {}
                Verdict::Ended => {
                    self.ended = true;
                    self.full = false;
                }
            }
            if progress.written > 0 {
                return Ok(read);
            }
        }
    }

    /// Hands out what has been written to the piece, up to the last byte the ratio allows.
    fn hand_out(
        &mut self,
        written: usize,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let steps = self.input.div_ceil(STEP).saturating_mul(STEP);
        let most = self.limits.ratio.saturating_mul(steps);
        let most = most.saturating_add(self.limits.free);
        let left = usize::try_from(most.saturating_sub(self.output)).unwrap_or(usize::MAX);
        let allowed = written.min(left);
        if let Some(piece) = self.piece.get(..allowed).filter(|piece| !piece.is_empty()) {
            self.output += allowed as u64;
            sink(piece)?;
        }
        if written > allowed {
            return Err(Reason::LimitRatio);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Expansion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the piece: it holds what may have to be hidden.
        f.debug_struct("Expansion")
            .field("ended", &self.ended)
            .field("input", &self.input)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}
