//! (skeleton)

pub mod encoding;
mod header;
pub mod media;
pub mod response;
