//! `NODE.head`: how far the segment is known to be on disk.
//!
//! One canonical JSON line with `seq`, byte length and hash of the last line. Any other spelling of the same
//! values is refused, so no byte of the file can change unseen.

use std::io;
use std::path::Path;

use super::chain::{Chain, Hash};
use super::files;

/// No head is longer; a longer file is not read.
const MAX_HEAD: u64 = 1024;

/// The file's text.
pub fn text(node: &str, chain: &Chain) -> String {
    let segment = files::segment_name(node, files::SEGMENT);
    let Chain { seq, length, hash } = chain;
    format!(
        r#"{{"v":1,"alg":"sha256","node":"{node}","segment":"{segment}","seq":{seq},"length":{length},"hash":"{hash}"}}"#
    ) + "\n"
}

/// Reads a head's bytes; `None` where they are not exactly what is written for this node.
pub fn parse(node: &str, bytes: &[u8]) -> Option<Chain> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let chain = Chain {
        seq: value.get("seq")?.as_u64()?,
        length: value.get("length")?.as_u64()?,
        hash: Hash::parse(value.get("hash")?.as_str()?)?,
    };
    let empty = chain.seq == 0;
    let consistent = empty == (chain.length == 0)
        && empty == (chain.hash == Hash::ZERO)
        && chain.seq <= chain.length; // no line is empty
    (consistent && text(node, &chain).as_bytes() == bytes).then_some(chain)
}

/// Reads the head's bytes; `None` where there is no such file.
///
/// # Errors
///
/// What the file system says, and `InvalidData` for something too large or not a file.
pub fn read(dir: &Path, node: &str) -> io::Result<Option<Vec<u8>>> {
    let path = files::head(dir, node);
    match std::fs::symlink_metadata(&path) {
        Ok(about) if about.is_file() && about.len() <= MAX_HEAD => std::fs::read(&path).map(Some),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a head file",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the head.
///
/// # Errors
///
/// What the file system says.
pub fn write(dir: &Path, node: &str, chain: &Chain) -> io::Result<()> {
    files::replace(&files::head(dir, node), text(node, chain).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p06_a_head_is_read_in_its_one_written_form_only() {
        let chain = Chain {
            seq: 7,
            length: 4242,
            hash: Hash::of(b"line"),
        };
        let good = text("gw-1", &chain);
        assert_eq!(parse("gw-1", good.as_bytes()), Some(chain));
        assert_eq!(parse("gw-2", good.as_bytes()), None);
        for at in 0..good.len() {
            for flip in 1..=255 {
                let mut bad = good.clone().into_bytes();
                bad[at] ^= flip;
                assert_ne!(
                    parse("gw-1", &bad),
                    Some(chain),
                    "byte {at} flipped by {flip}"
                );
            }
        }
    }

    #[test]
    fn a_head_without_lines_says_so_in_all_three_members() {
        assert_eq!(
            parse("n", text("n", &Chain::EMPTY).as_bytes()),
            Some(Chain::EMPTY)
        );
        let torn = Chain {
            seq: 0,
            length: 5,
            hash: Hash::ZERO,
        };
        assert_eq!(parse("n", text("n", &torn).as_bytes()), None);
    }
}
