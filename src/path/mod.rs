//! JSONPath (RFC 9535) lowered to segments that can be matched while bytes stream, or on an element that is held.
//!
//! Refuses every query that cannot be matched exactly so, naming the supported form.

mod filter;
mod lower;
mod parse;
mod pattern;
mod slice;

pub use filter::{Comparison, Filter, Hop, Literal, Selected};
pub use parse::{PathError, Refused, parse};
pub use pattern::{Child, MOST_PATTERNS, Step, dominates, patterns, slices};
pub use slice::Slice;

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
    /// An element, counted from the end: 1 is the last.
    FromEnd(u64),
    /// A slice that is counted from the end, or runs towards the front.
    SliceFromEnd(Slice),
    /// Elements or members that hold something.
    Filter(Filter),
}

impl Path {
    /// Whether any segment is `..`: such a path is a net, which only closes.
    pub fn is_net(&self) -> bool {
        self.segments.iter().any(|segment| segment.descend)
    }

    /// Whether any segment selects by what an element holds.
    pub fn has_filter(&self) -> bool {
        let mut selectors = self.segments.iter().flat_map(|segment| &segment.selectors);
        selectors.any(|selector| matches!(selector, Selector::Filter(_)))
    }
}
