//! What a permit obliges us to do to the bytes: the media and encoding gate, the engine, the commit rule.
//!
//! Refuses an answer that is not strictly JSON of the declared shape within the limits; never passes on what it
//! could not read.

mod charset;
mod commit;
pub mod encoding;
mod engine;
mod framing;
mod governor;
mod header;
pub mod media;
mod offline;
mod pending;
mod record;
pub mod response;
mod whole;

pub use commit::{COMMIT_AT, Commit, FRAME};
pub use engine::Engine;
pub use framing::documents;
pub use governor::Governor;
pub use offline::{Governed, govern};
pub use record::{Departed, FieldOutcomes, RecordDone, Tally};
pub use whole::Whole;

#[cfg(test)]
mod tests;

use crate::json;
use crate::model::Reason;

/// How much of an answer may be held, and how it may be nested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// Open brackets at once.
    pub depth: usize,
    /// Bytes of a member name.
    pub key: usize,
    /// Bytes of a scalar that must be held: masked, tokenised, compared.
    pub value: usize,
    /// Bytes of one record that is held until its person is known.
    pub record: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        BodyLimits {
            depth: 128,
            key: 4 << 10,
            value: 1 << 20,
            record: 256 << 10,
        }
    }
}

impl From<json::Fault> for Reason {
    fn from(fault: json::Fault) -> Reason {
        match fault {
            json::Fault::Syntax | json::Fault::Utf8 => Reason::UnreadableBody,
            json::Fault::Depth => Reason::LimitDepth,
            json::Fault::Key => Reason::LimitKey,
        }
    }
}
