//! What leaves: ranges of the chunk, what was pending, and bytes of our own.

use std::ops::Range;

use super::Engine;

impl Engine {
    /// What stands before a child that leaves: blanks, comma, name.
    pub(super) fn emit_lead(&mut self, chunk: &[u8]) {
        let opens_record = self
            .record
            .as_ref()
            .is_some_and(|record| record.depth == self.frames.len());
        if opens_record && self.hold.as_ref().is_some_and(|hold| hold.lead.is_some()) {
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let kept = std::mem::replace(&mut frame.kept, true);
        self.emit(chunk, if kept { Which::Between } else { Which::First });
        self.emit(chunk, Which::Head);
    }

    pub(super) fn emit(&mut self, chunk: &[u8], which: Which) {
        let pending = match which {
            Which::First => &self.first,
            Which::Between => &self.between,
            Which::Head => &self.head,
        };
        let (saved, range) = pending.parts();
        if !saved.is_empty() {
            let saved = saved.to_vec();
            self.flush(chunk);
            self.sink().extend_from_slice(&saved);
        }
        self.keep(chunk, range);
    }

    #[inline]
    pub(super) fn keep(&mut self, chunk: &[u8], range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.run.end == range.start {
            self.run.end = range.end;
        } else {
            self.flush(chunk);
            self.run = range;
        }
    }

    /// Bytes of our own. In place of the root they are its end, and wait for the input's.
    pub(super) fn write(&mut self, chunk: &[u8], bytes: &[u8]) {
        self.flush(chunk);
        if self.frames.is_empty() {
            self.tail.extend_from_slice(bytes);
        } else {
            self.sink().extend_from_slice(bytes);
        }
    }

    pub(super) fn flush(&mut self, chunk: &[u8]) {
        let run = std::mem::replace(&mut self.run, 0..0);
        if !run.is_empty() {
            self.sink()
                .extend_from_slice(chunk.get(run).unwrap_or_default());
        }
    }

    pub(super) fn sink(&mut self) -> &mut Vec<u8> {
        match &mut self.hold {
            Some(hold) => &mut hold.bytes,
            None => &mut self.out,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Which {
    First,
    Between,
    Head,
}
