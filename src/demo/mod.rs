//! The demo: a legacy API, throw-away identities and a starter project, all in one process on loopback.
//!
//! Refuses to bind or call anything but loopback; nothing here is used by `fieldgate run`.

pub mod identities;
pub mod legacy;
pub mod people;
pub mod project;
pub mod rules;
