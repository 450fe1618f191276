//! The chain: every line names the hash of the line before it.
//!
//! A line is `{"v":1,"alg":"sha256","node":..,"seq":..,` + a record's own members + `,"prev":".."}` and a
//! newline. `prev` is `sha256:` and the lower-case hexadecimal SHA-256 of the bytes of the line before,
//! without its newline; a writer's first line has 64 zeros. `seq` starts at 1 and counts per writer.
//! Hashing bytes, not values, leaves no question of canonical form.

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;

use super::line::Draft;

/// The longest line written and the longest one read, newline included.
pub const MAX_LINE: usize = 4 * 1024 * 1024;

/// What the chain adds around a record's own members, at most (names of nodes are short).
const ENVELOPE: usize = 512;

/// How a hash begins in a record.
const PREFIX: &str = "sha256:";

/// A SHA-256 value, written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What a writer's first line names as the line before it.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash::finished(digest::digest(&digest::SHA256, bytes))
    }

    /// The value of a finished digest.
    pub fn finished(digest: digest::Digest) -> Hash {
        let mut value = [0; 32];
        value
            .iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        Hash(value)
    }

    /// Reads the one written form; anything else is `None`.
    pub fn parse(text: &str) -> Option<Hash> {
        let hex = text.strip_prefix(PREFIX)?;
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        Some(Hash(bytes.try_into().ok()?))
    }

    /// The 64 hexadecimal digits alone, for file names.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Where a chain stands: its last line. This is also what a head file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// `seq` of the last line; 0 before the first.
    pub seq: u64,
    /// Bytes of the segment up to and with the last line's newline.
    pub length: u64,
    /// The hash of the last line.
    pub hash: Hash,
}

impl Chain {
    /// A chain without lines.
    pub const EMPTY: Chain = Chain {
        seq: 0,
        length: 0,
        hash: Hash::ZERO,
    };

    /// Appends the line around `body` (a record's own members, without braces) to `out`.
    pub fn append(&mut self, node: &str, body: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let seq = self.seq + 1;
        // A node's name needs no escaping: `files::is_node` admits only letters, digits, `.`, `_`, `-`.
        let mut line = Draft(out);
        line.raw(r#"{"v":1,"alg":"sha256","node":""#).raw(node);
        line.raw(r#"","seq":"#).number(seq).raw(",");
        line.0.extend_from_slice(body);
        line.raw(r#","prev":"sha256:"#)
            .hex(&self.hash.0)
            .raw(r#""}"#);
        self.advance(out.get(start..).unwrap_or_default());
        out.push(b'\n');
    }

    /// Moves over a line, given without its newline.
    pub fn advance(&mut self, line: &[u8]) {
        self.seq += 1;
        self.length += line.len() as u64 + 1;
        self.hash = Hash::of(line);
    }
}

/// Whether a record of this size still makes a line that every reader accepts.
pub fn fits(body: &[u8]) -> bool {
    body.len() <= MAX_LINE - ENVELOPE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_64_zeros_and_each_later_one_the_bytes_before_it() {
        let mut chain = Chain::EMPTY;
        let mut out = Vec::new();
        chain.append("gw-1", br#""kind":"start""#, &mut out);
        chain.append("gw-1", br#""kind":"stop""#, &mut out);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            format!(
                r#"{{"v":1,"alg":"sha256","node":"gw-1","seq":1,"kind":"start","prev":"sha256:{}"}}"#,
                "0".repeat(64)
            )
        );
        assert!(lines[1].ends_with(&format!(r#","prev":"{}"}}"#, Hash::of(lines[0].as_bytes()))));
        assert_eq!(
            chain,
            Chain {
                seq: 2,
                length: text.len() as u64,
                hash: Hash::of(lines[1].as_bytes())
            }
        );
    }

    #[test]
    fn a_hash_is_read_in_its_one_written_form_only() {
        let hash = Hash::of(b"x");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse(&hash.to_string().to_uppercase()), None);
        assert_eq!(Hash::parse(&hash.hex()), None);
        assert_eq!(Hash::parse(&format!("{hash}00")), None);
        assert_eq!(Hash::parse("sha256:"), None);
    }
}
