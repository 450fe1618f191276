//! Path text to segments, through `jsonpath-rust`'s parser.

use super::Path;

/// Why a path was refused, in words an analyst can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The sentence.
    pub message: String,
}

/// Reads a path; a leading `$.` may be left out.
///
/// # Errors
///
/// When the text is not RFC 9535 or cannot be matched while bytes stream.
pub fn parse(_text: &str) -> Result<Path, PathError> {
    Err(PathError {
        message: String::from("not built"),
    })
}
