//! Bytes whose fate is not decided yet: blanks before a member, a member's name.
//!
//! As long as they lie in the chunk at hand they are a range of it; only what a chunk's end leaves behind is copied.

use std::ops::Range;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pending {
    saved: Vec<u8>,
    range: Range<usize>,
}

impl Pending {
    pub fn clear(&mut self) {
        self.saved.clear();
        self.range = 0..0;
    }

    /// Adds a range of `chunk`.
    pub fn push(&mut self, chunk: &[u8], range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.range.end == range.start && !self.range.is_empty() {
            self.range.end = range.end;
            return;
        }
        self.settle(chunk);
        self.range = range;
    }

    /// The chunk is about to go: what lies in it is copied.
    pub fn settle(&mut self, chunk: &[u8]) {
        self.saved
            .extend_from_slice(chunk.get(self.range.clone()).unwrap_or_default());
        self.range = 0..0;
    }

    /// What was copied, and what lies in the chunk after that.
    pub fn parts(&self) -> (&[u8], Range<usize>) {
        (&self.saved, self.range.clone())
    }

    /// All of it as one piece.
    pub fn to_vec(&self, chunk: &[u8]) -> Vec<u8> {
        let mut all = self.saved.clone();
        all.extend_from_slice(chunk.get(self.range.clone()).unwrap_or_default());
        all
    }

    /// Takes the place of what was there.
    pub fn restore(&mut self, bytes: Vec<u8>) {
        self.saved = bytes;
        self.range = 0..0;
    }
}
