//! JSONPath (RFC 9535) lowered to segments that can be matched while bytes stream.
//!
//! Refuses every query that cannot be matched exactly in one pass, naming the supported form.

mod parse;
mod pattern;

pub use parse::{PathError, parse};
pub use pattern::{Child, MOST_PATTERNS, Step, dominates, patterns};

/// A path from a record's or a body's root.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Path {
    /// The segments in order; none is the root itself.
    pub segments: Vec<Segment>,
}

/// One segment: a child step, or a descendant step (`..`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// `true` for `..`: the selectors apply at any depth below.
    pub descend: bool,
    /// One selector, or several of a union; never empty.
    pub selectors: Vec<Selector>,
}

/// What a segment selects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// A member, by its decoded name.
    Name(String),
    /// Every element or member.
    Wildcard,
    /// An element, counted from the front.
    Index(u64),
    /// Elements `start`, `start + step`, ... below `end`, counted from the front.
    Slice {
        /// The first index.
        start: u64,
        /// One past the last index; `None` is the array's end.
        end: Option<u64>,
        /// The distance; at least 1.
        step: u64,
    },
}

impl Path {
    /// Whether any segment is `..`: such a path is a net, which only closes.
    pub fn is_net(&self) -> bool {
        self.segments.iter().any(|segment| segment.descend)
    }
}
