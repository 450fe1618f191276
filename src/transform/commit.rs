//! When an answer commits, and in which frames it leaves (`docs/settings.md`).
//!
//! Output is held until 64 KiB of it are there (or the pipeline's timer says so); then frames hold exactly 16 KiB, a
//! shorter one only at the end or when the timer says so. Nothing here looks at the upstream's bytes.

use bytes::{Bytes, BytesMut};

/// Output that is held before anything leaves.
pub const COMMIT_AT: usize = 64 << 10;
/// The output in one frame.
pub const FRAME: usize = 16 << 10;

/// See the module.
#[derive(Debug, Default)]
pub struct Commit {
    waiting: BytesMut,
    committed: bool,
}

impl Commit {
    /// Adds output.
    pub fn push(&mut self, output: &[u8]) {
        self.waiting.extend_from_slice(output);
        self.committed |= self.waiting.len() >= COMMIT_AT;
    }

    /// Whether the answer's head has been decided.
    pub fn is_committed(&self) -> bool {
        self.committed
    }

    /// Bytes that have not left.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many full frames wait, once committed.
    pub fn full_frames(&self) -> usize {
        if self.committed {
            self.waiting.len() / FRAME
        } else {
            0
        }
    }

    /// The next full frame, once committed.
    pub fn frame(&mut self) -> Option<Bytes> {
        (self.committed && self.waiting.len() >= FRAME)
            .then(|| self.waiting.split_to(FRAME).freeze())
    }

    /// Commits before the threshold: the timer has run out.
    pub fn commit(&mut self) {
        self.committed = true;
    }

    /// What waits leaves now, though it fills no frame: the timer has run out.
    pub fn hurry(&mut self) -> Option<Bytes> {
        (self.committed && !self.waiting.is_empty()).then(|| self.waiting.split().freeze())
    }

    /// The end: all that is left.
    pub fn rest(&mut self) -> Bytes {
        self.waiting.split().freeze()
    }
}
