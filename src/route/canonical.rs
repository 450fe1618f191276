//! One spelling for each request target, so that what is matched, recorded and sent upstream is one
//! and the same.
//!
//! Refuses, as `not-canonical`: anything but an absolute path with an optional query, targets over 8 KiB,
//! in the path everything rules.md calls not canonical, and a segment in which a reader that decodes once
//! more would find another path. The query's own grammar is judged by [`super::query::read`].

use std::borrow::Cow;

use crate::model::Reason;

/// The longest target; RFC 9110 asks for 8000 octets at least.
pub const LONGEST: usize = 8192;

/// A canonical target, cut at its `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canonical<'a> {
    /// From its first `/`.
    pub path: &'a str,
    /// What follows `?`; never empty.
    pub query: Option<&'a str>,
}

impl<'a> Canonical<'a> {
    /// The path's segments as they came; `/` has none.
    pub fn segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let path = self.path.strip_prefix('/').unwrap_or_default();
        path.split('/').filter(|segment| !segment.is_empty())
    }
}

/// Judges a raw request target, before anything else is known of the request.
///
/// # Errors
///
/// [`Reason::NotCanonical`].
pub fn check(target: &str) -> Result<Canonical<'_>, Reason> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let canonical =
        target.len() <= LONGEST && is_canonical_path(path) && query.is_none_or(is_query);
    if canonical {
        Ok(Canonical { path, query })
    } else {
        Err(Reason::NotCanonical)
    }
}

fn is_canonical_path(path: &str) -> bool {
    match path.strip_prefix('/') {
        None => false,
        Some("") => true,
        Some(segments) => segments.split('/').all(is_canonical_segment),
    }
}

fn is_canonical_segment(segment: &str) -> bool {
    decode(segment).is_some_and(|decoded| {
        let parts = || decoded.split(['/', '\\']);
        parts().all(|part| !matches!(part, "" | "." | ".."))
            && !decoded.contains(|c: char| c == ';' || c.is_control())
            && !holds_escape(&decoded)
    })
}

/// Whether decoding once more would change the text.
fn holds_escape(decoded: &str) -> bool {
    decoded.as_bytes().windows(3).any(
        |three| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()),
    )
}

/// Something of visible ASCII without a fragment.
fn is_query(query: &str) -> bool {
    !query.is_empty() && query.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// Decodes a segment, a parameter's name or its value: unreserved characters plain, all others `%XX` in
/// capitals of valid UTF-8. `None` for every other spelling.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if text.bytes().all(is_unreserved) {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let value = hex(bytes.next()?)? << 4 | hex(bytes.next()?)?;
                if is_unreserved(value) {
                    return None;
                }
                decoded.push(value);
            }
            _ if is_unreserved(byte) => decoded.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
