//! The authoring commands, as their users run them.

mod fmt;
mod init;
mod schema;
