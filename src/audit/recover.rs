//! Where a log stands when it is opened: the head is checked, then every line behind it.
//!
//! Refuses to start on a file that does not reach its head, does not verify behind it, or lost its head. An
//! unfinished last line is moved aside, and named in a `recovered` record.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use aws_lc_rs::digest;

use super::chain::{Chain, Hash, MAX_LINE};
use super::record::Tail;
use super::segment::Segment;
use super::{OpenError, files, head, strict};

/// A log ready to be continued.
#[derive(Debug)]
pub struct Opened {
    pub segment: Segment,
    /// Its last line.
    pub chain: Chain,
    /// What the head on disk says.
    pub synced: Chain,
    /// What was moved aside and stands in no `recovered` record yet.
    pub tails: Vec<Tail>,
}

/// Opens the log of `node` in `dir`, or begins it.
///
/// # Errors
///
/// [`OpenError`]; nothing is changed on disk then, unless the system failed halfway.
pub fn open(dir: &Path, node: &str) -> Result<Opened, OpenError> {
    let io = |source| OpenError::Io {
        path: dir.to_owned(),
        source,
    };
    let refused = |why| OpenError::Damaged {
        path: files::segment(dir, node),
        why,
    };
    refuse_other_segments(dir, node)?;
    let path = files::segment(dir, node);
    let head_text = head::read(dir, node).map_err(io)?;
    let length = match std::fs::symlink_metadata(&path) {
        Ok(about) if about.is_file() => Some(about.len()),
        Ok(_) => return Err(refused("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io(error)),
    };
    let synced = match (&head_text, length) {
        (Some(text), _) => {
            head::parse(node, text).ok_or_else(|| refused("its head was changed"))?
        }
        (None, None | Some(0)) => Chain::EMPTY,
        (None, Some(_)) => return Err(refused("its head is missing")),
    };
    if length.is_none() && synced != Chain::EMPTY {
        return Err(refused("it is missing, but its head is here"));
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(synced == Chain::EMPTY)
        .mode(0o600)
        .open(&path)
        .map_err(io)?;
    if head_text.is_none() {
        head::write(dir, node, &Chain::EMPTY).map_err(io)?;
    }
    let Found { chain, tail } = examine(&file, node, &synced).map_err(refused)?;
    let mut tails = set_aside_before(dir, node, chain.seq + 1).map_err(io)?;
    if tail > 0 {
        let k = tails.len() as u32 + 1;
        tails.push(set_aside(dir, node, &file, &chain, k).map_err(io)?);
    }
    let segment = Segment::new(path, file, chain.length).map_err(io)?;
    Ok(Opened {
        segment,
        chain,
        synced,
        tails,
    })
}

/// Where a file stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The last whole line.
    pub chain: Chain,
    /// Bytes behind it.
    pub tail: u64,
}

/// Verifies that the file reaches `synced`, and every line behind that.
///
/// # Errors
///
/// In constant words, what is wrong.
pub fn examine(file: &File, node: &str, synced: &Chain) -> Result<Found, &'static str> {
    const UNREADABLE: &str = "it cannot be read";
    let length = file.metadata().map_err(|_| UNREADABLE)?.len();
    if length < synced.length {
        return Err("it does not reach its head: lines were cut off, or an older copy put back");
    }
    if *synced != Chain::EMPTY {
        let line = line_ending_at(file, synced.length).map_err(|_| UNREADABLE)?;
        let line = line.ok_or("no line ends where its head says")?;
        let facts = strict::facts(&line)?;
        if Hash::of(&line) != synced.hash || facts.seq != synced.seq || facts.node != node {
            return Err("the line its head names was changed");
        }
    }
    let mut reader = BufReader::new(file);
    reader
        .seek(SeekFrom::Start(synced.length))
        .map_err(|_| UNREADABLE)?;
    let mut chain = *synced;
    let mut line = Vec::new();
    loop {
        match next_line(&mut reader, &mut line).map_err(|_| UNREADABLE)? {
            Line::Whole => {
                let facts = strict::facts(&line)?;
                if facts.node != node || facts.seq != chain.seq + 1 || facts.prev != chain.hash {
                    return Err("a line behind its head does not continue the chain");
                }
                chain.advance(&line);
            }
            Line::Unfinished => {
                return Ok(Found {
                    chain,
                    tail: line.len() as u64,
                });
            }
            Line::TooLong => return Err("a line behind its head is longer than any record"),
        }
    }
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its newline.
    Whole,
    /// What stands behind the last newline; often nothing.
    Unfinished,
    /// More than any record without a newline.
    TooLong,
}

/// Reads one line into `line`, never holding more than a record can have.
///
/// # Errors
///
/// What the reader says.
pub fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    reader.take(MAX_LINE as u64).read_until(b'\n', line)?;
    Ok(match line.pop_if(|last| *last == b'\n') {
        Some(_) => Line::Whole,
        None if line.len() < MAX_LINE => Line::Unfinished,
        None => Line::TooLong,
    })
}

/// The line whose newline is the byte before `end`.
fn line_ending_at(file: &File, end: u64) -> io::Result<Option<Vec<u8>>> {
    let start = end.saturating_sub(MAX_LINE as u64 + 1);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    file.read_exact_at(&mut bytes, start)?;
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    match bytes.iter().rposition(|b| *b == b'\n') {
        Some(before) => Ok(Some(bytes.split_off(before + 1))),
        None => Ok((start == 0).then_some(bytes)),
    }
}

/// Moves what stands behind the chain into a file of its own.
fn set_aside(dir: &Path, node: &str, file: &File, chain: &Chain, k: u32) -> io::Result<Tail> {
    let name = files::tail_name(node, chain.seq + 1, k);
    let mut aside = files::create_new(&dir.join(&name))?;
    let mut from = file;
    from.seek(SeekFrom::Start(chain.length))?;
    io::copy(&mut from, &mut aside)?;
    aside.sync_all()?;
    files::sync_dir(dir)?;
    file.set_len(chain.length)?;
    file.sync_all()?;
    described(dir, name)
}

/// Parts that an interrupted recovery moved aside before this line: no record names them yet.
fn set_aside_before(dir: &Path, node: &str, seq: u64) -> io::Result<Vec<Tail>> {
    let name = |k| files::tail_name(node, seq, k);
    (1..)
        .map(name)
        .take_while(|name| dir.join(name).exists())
        .map(|name| described(dir, name))
        .collect()
}

fn described(dir: &Path, name: String) -> io::Result<Tail> {
    let (bytes, sha256) = hash_file(&dir.join(&name))?;
    Ok(Tail {
        file: name,
        bytes,
        sha256,
    })
}

/// Length and hash of a regular file of any size.
///
/// # Errors
///
/// What the file system says, and `InvalidData` for what is not a regular file.
pub fn hash_file(path: &Path) -> io::Result<(u64, Hash)> {
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut reader = BufReader::new(File::open(path)?);
    let mut context = digest::Context::new(&digest::SHA256);
    let mut bytes = 0;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok((bytes, Hash::finished(context.finish())));
        }
        context.update(chunk);
        let read = chunk.len();
        bytes += read as u64;
        reader.consume(read);
    }
}

fn refuse_other_segments(dir: &Path, node: &str) -> Result<(), OpenError> {
    let io = |source| OpenError::Io {
        path: dir.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        match name.to_str().and_then(files::named) {
            Some(files::Named::Segment(of, number)) if of == node && number != files::SEGMENT => {
                let why = "it is a second segment, which this version does not write";
                return Err(OpenError::Damaged {
                    path: dir.join(&name),
                    why,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "recover_tests.rs"]
mod tests;
