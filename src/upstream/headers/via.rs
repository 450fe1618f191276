//! The way a request came, as `via` tells it (RFC 9110 7.6.3).
//!
//! Refuses what does not read as a list of hops, and more hops than any sound way has: a loop must
//! not hide in what we cannot read. Comments are dropped.

use http::HeaderMap;
use http::header::VIA;

/// One node a request came through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// The version it spoke, with the protocol's name if one was said.
    pub(super) protocol: String,
    /// What it calls itself.
    pub(super) by: String,
}

const MOST_HOPS: usize = 16;

/// The hops in their order; `None` where they cannot be read.
pub(super) fn read(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    for line in headers.get_all(VIA) {
        let line = without_comments(line.to_str().ok()?)?;
        // An element of a list may be empty (RFC 9110 5.6.1.2).
        for hop in line.split(',').map(str::trim).filter(|hop| !hop.is_empty()) {
            hops.push(one(hop)?);
        }
    }
    (hops.len() < MOST_HOPS).then_some(hops)
}

/// The same as one line.
pub(super) fn write(hops: &[Hop]) -> String {
    let hops = hops
        .iter()
        .map(|hop| format!("{} {}", hop.protocol, hop.by));
    hops.collect::<Vec<_>>().join(", ")
}

fn one(hop: &str) -> Option<Hop> {
    let mut words = hop.split_ascii_whitespace();
    let (protocol, by) = (words.next()?, words.next()?);
    let (name, version) = protocol.split_once('/').unwrap_or(("HTTP", protocol));
    let is_place = |byte: u8| is_token(byte) || b":[]".contains(&byte);
    let reads = !name.is_empty()
        && !version.is_empty()
        && name.bytes().chain(version.bytes()).all(is_token)
        && by.bytes().all(is_place)
        && words.next().is_none();
    reads.then(|| Hop {
        protocol: protocol.to_owned(),
        by: by.to_owned(),
    })
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A comment may nest and may hold a comma.
fn without_comments(line: &str) -> Option<String> {
    let (mut kept, mut depth) = (String::with_capacity(line.len()), 0_usize);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '\\' if depth > 0 => drop(rest.next()?),
            _ if depth > 0 => {}
            c => kept.push(c),
        }
    }
    (depth == 0).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(VIA, line.parse().unwrap());
        }
        read(&headers).map(|hops| write(&hops))
    }

    #[test]
    fn q10_the_way_is_read_over_all_lines_without_comments() {
        for (lines, read) in [
            ([].as_slice(), ""),
            (&["1.1 a"], "1.1 a"),
            (
                &["1.1 a, HTTP/2 b:8443", "1.0 [::1]:80"],
                "1.1 a, HTTP/2 b:8443, 1.0 [::1]:80",
            ),
            (&["1.1 a (x, 1.1 gw-1 (y) \\) z), 1.1 b"], "1.1 a, 1.1 b"),
            (&[" , 1.1  a ,,"], "1.1 a"),
        ] {
            assert_eq!(way(lines).as_deref(), Some(read), "{lines:?}");
        }
    }

    #[test]
    fn q10_a_way_that_cannot_be_read_or_is_too_long_is_none() {
        for line in [
            "a",
            "1.1",
            "1.1 a b",
            "1.1 a (",
            "1.1 a )",
            "/1.1 a",
            "1.1/ a",
            "1.1 a\"b",
            "1.1 a (\\",
        ] {
            assert_eq!(way(&[line]), None, "{line}");
        }
        assert!(way(&["1.1 a"; MOST_HOPS - 1]).is_some());
        assert_eq!(way(&["1.1 a"; MOST_HOPS]), None);
    }
}
