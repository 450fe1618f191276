//! The demo: a legacy API, throw-away identities and a starter project, all in one process on loopback.
//!
//! Refuses to bind or call anything but loopback; nothing here is used by `fieldgate run`.

pub mod client;
pub mod difference;
pub mod document;
pub mod identities;
pub mod legacy;
pub mod people;
pub mod place;
pub mod project;
pub mod role;
pub mod rules;
pub mod table;
pub mod tamper;
pub mod tour;
