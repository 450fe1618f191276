//! Logging set-up, and every metric declared once.
//!
//! Neither ever holds a value of a field, a credential or a query string: log events are constant
//! texts with names and counts, labels come from closed lists and from the rule set, and of a panic only its place is told.

mod logging;
mod metrics;
mod panics;

pub use logging::{LogError, LogFormat, start as start_logging};
pub use metrics::{InFlight, Metrics};
