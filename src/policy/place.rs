//! Where a rule was written, for those who ask why it is so.
//!
//! Nothing is decided by a place: rules that were made up in a test stand nowhere, and work.

use std::fmt;
use std::sync::Arc;

use super::source::Span;

/// A line of a rule file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the rules directory, with `/`.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// The byte it begins with: what stands in one line has an order too.
    start: usize,
}

impl Place {
    /// The line a range of a rule file begins in.
    pub(super) fn of(span: &Span) -> Place {
        Place {
            file: Arc::clone(&span.file.short),
            line: span.line(),
            start: span.start,
        }
    }
}

impl fmt::Display for Place {
    /// `file:line`.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}", self.file, self.line)
    }
}
