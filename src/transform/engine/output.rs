//! What leaves: ranges of the chunk, what was pending, and bytes of our own.

use std::ops::Range;

use super::body::Body;

impl Body {
    /// What stands before a child that leaves: blanks, comma, name.
    pub fn emit_lead(&mut self, chunk: &str) {
        let opens_record = self
            .record
            .as_ref()
            .is_some_and(|record| record.depth == self.frames.len());
        if opens_record && self.hold.is_some_and(|hold| hold.record_only) {
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let kept = std::mem::replace(&mut frame.kept, true);
        self.emit(chunk, if kept { Which::Between } else { Which::First });
        self.emit(chunk, Which::Head);
    }

    pub fn emit(&mut self, chunk: &str, which: Which) {
        let pending = match which {
            Which::First => &self.first,
            Which::Between => &self.between,
            Which::Head => &self.head,
        };
        let (saved, range) = pending.parts();
        if !saved.is_empty() {
            flush(&mut self.out, &mut self.run, chunk);
            self.out.extend_from_slice(saved);
        }
        self.keep(chunk, range);
    }

    #[inline(always)]
    pub fn keep(&mut self, chunk: &str, range: Range<usize>) {
        if self.run.end == range.start {
            self.run.end = range.end;
        } else {
            self.keep_apart(chunk, range);
        }
    }

    /// The same of a range that is copied at once.
    #[inline(always)]
    pub fn copy_out(&mut self, within: &[u8], range: Range<usize>) {
        if range.start < range.end {
            self.out
                .extend_from_slice(within.get(range).unwrap_or_default());
        }
    }

    fn keep_apart(&mut self, chunk: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.flush(chunk);
            self.run = range;
        }
    }

    /// Bytes of our own. In place of the root they are its end, and wait for the input's.
    pub fn write(&mut self, chunk: &str, bytes: &[u8]) {
        self.flush(chunk);
        if self.frames.is_empty() {
            self.tail.extend_from_slice(bytes);
        } else {
            self.out.extend_from_slice(bytes);
        }
    }

    #[inline]
    pub fn flush(&mut self, chunk: &str) {
        flush(&mut self.out, &mut self.run, chunk);
    }

    /// Room for what a chunk of this length usually becomes, so that it grows once.
    pub fn make_room(&mut self, length: usize) {
        self.out.reserve(length + length / 8);
    }

    /// What leaves and waits for nothing.
    pub fn output(&self) -> &[u8] {
        self.out.get(..self.decided()).unwrap_or_default()
    }

    /// Its first bytes have left.
    pub fn forget_first(&mut self, length: usize) {
        let length = length.min(self.decided());
        self.taken += length as u64;
        if let Some(hold) = &mut self.hold {
            hold.from = hold.from.saturating_sub(length);
        }
        if length == self.out.len() {
            self.out.clear();
        } else {
            self.out.drain(..length);
        }
    }

    /// How much of the output waits for nothing.
    pub fn decided(&self) -> usize {
        self.hold
            .map_or(self.out.len(), |hold| hold.from.min(self.out.len()))
    }
}

#[inline]
fn flush(out: &mut Vec<u8>, run: &mut Range<usize>, chunk: &str) {
    let run = std::mem::replace(run, 0..0);
    if let Some(bytes) = chunk.as_bytes().get(run) {
        out.extend_from_slice(bytes);
    }
}

#[derive(Clone, Copy)]
pub(super) enum Which {
    First,
    Between,
    Head,
}
