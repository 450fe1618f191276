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
    #[inline]
    pub fn clear(&mut self) {
        self.saved.clear();
        self.range = 0..0;
    }

    /// Adds a range of `chunk`.
    #[inline]
    pub fn push(&mut self, chunk: &str, range: Range<usize>) {
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
    pub fn settle(&mut self, chunk: &str) {
        let text = chunk.get(self.range.clone()).unwrap_or_default();
        self.saved.extend_from_slice(text.as_bytes());
        self.range = 0..0;
    }

    /// What was copied, and what lies in the chunk after that.
    pub fn parts(&self) -> (&[u8], Range<usize>) {
        (&self.saved, self.range.clone())
    }

    /// Hands out all of it, in order.
    pub fn copy_to(&self, chunk: &str, mut to: impl FnMut(&[u8])) {
        to(&self.saved);
        to(chunk.get(self.range.clone()).unwrap_or_default().as_bytes());
    }

    /// Takes the place of what was there.
    pub fn restore(&mut self, bytes: &[u8]) {
        self.saved.clear();
        self.saved.extend_from_slice(bytes);
        self.range = 0..0;
    }
}
