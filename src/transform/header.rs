//! A header that may stand once: its one line as text.
//!
//! Refuses a second line, equal to the first or not, and bytes outside visible ASCII: whoever reads
//! the answer behind us might take the other line, or read the bytes differently.

use http::header::{HeaderMap, HeaderName};

use crate::model::Reason;

/// The header's one line without blanks around it, nothing if there is none, else `refusal`.
pub(super) fn sole(
    headers: &HeaderMap,
    name: HeaderName,
    refusal: Reason,
) -> Result<Option<&str>, Reason> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(refusal);
    }
    let text = line.to_str().map_err(|_| refusal)?;
    Ok(Some(text.trim_matches([' ', '\t'])))
}
