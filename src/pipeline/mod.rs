//! The enforcement point: one exchange from the request's head to the answer's last byte.
//!
//! Every refusal passes through `reject`. `rehearsal` runs the same stages without a network.

pub mod rehearsal;
mod reject;

pub use reject::problem;
