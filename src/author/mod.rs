//! What helps people write rule sets: a first proposal, the form of files, a schema for editors.
//!
//! Text in, text out: nothing here reads or writes a file, and nothing here decides about an exchange.

pub mod fmt;
pub mod init;
pub mod matrix;
pub mod outcome;
pub mod schema;
pub mod view;
