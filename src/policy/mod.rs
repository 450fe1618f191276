//! The rule set: text, AST with spans, validated rules, and the plan that one exchange runs under.
//!
//! Refuses a rule set as a whole: every mistake of meaning is reported at once, and nothing is half loaded.

pub mod combine;
pub mod diagnostic;
pub mod plan;
mod rules;
pub mod source;

pub use rules::*;
