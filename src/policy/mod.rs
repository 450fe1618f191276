//! The rule set: text, AST with spans, validated rules, and the plan that one exchange runs under.
//!
//! Refuses a rule set as a whole: every mistake of meaning is reported at once, and nothing is half loaded.

mod ast;
pub mod candidates;
pub mod combine;
pub mod condition;
pub mod contract;
pub mod diagnostic;
mod load;
pub mod network;
mod place;
pub mod plan;
mod role;
mod rules;
pub mod source;
pub mod store;
pub mod stored;
mod validate;
pub mod weigh;

pub use condition::{Condition, ConditionId};
pub use load::{
    Fingerprint, LastGoodError, Loaded, RuleFile, Unread, keep, last_good, load, load_caller,
    load_settled, load_texts, rule_files,
};
pub use place::Place;
pub use rules::*;
pub use validate::call_parts;
