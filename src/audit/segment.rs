//! The open segment file: appended to, never rewritten, and checked at each commit to be the file that its
//! path still names, with exactly the bytes that were written.
//!
//! After any fault the segment must be reopened; reopening refuses a file that is not at the place in the
//! chain where this process knows it to be.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::chain::Chain;
use super::recover;

/// Why the access log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The path names another file, or the file has another length.
    #[error("the segment was replaced, renamed or changed from outside")]
    Foreign,
    /// The file does not continue where this process stopped writing.
    #[error("the segment does not verify: {0}")]
    Damaged(&'static str),
}

/// Names what was tried when the system refuses.
pub fn doing(doing: &'static str) -> impl FnOnce(io::Error) -> Fault {
    move |source| Fault::Io { doing, source }
}

/// The open file and how much of it is acknowledged.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    file: File,
    /// Device and inode: what a path must name to be this file.
    identity: (u64, u64),
    /// Bytes up to the end of the last acknowledged line.
    length: u64,
    /// Bytes behind `length` that this process wrote and nobody was told of.
    stray: u64,
}

impl Segment {
    /// Takes a verified file whose last line ends at `length`, its end.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn new(path: PathBuf, file: File, length: u64) -> io::Result<Self> {
        let about = file.metadata()?;
        let identity = (about.dev(), about.ino());
        Ok(Segment {
            path,
            file,
            identity,
            length,
            stray: 0,
        })
    }

    /// Writes whole lines behind the last one, and makes sure that the path names the file they went to.
    ///
    /// # Errors
    ///
    /// Any fault; the lines are then not part of the log, and [`Segment::reopen`] removes them.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), Fault> {
        let mut rest = lines;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(doing("write")(io::ErrorKind::WriteZero.into())),
                Ok(n) => {
                    self.stray += n as u64;
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(doing("write")(error)),
            }
        }
        self.still_ours()
    }

    /// Makes everything written durable.
    ///
    /// # Errors
    ///
    /// What the file system says. A later success would not make it true, so it is final for this handle.
    pub fn sync(&self) -> Result<(), Fault> {
        self.file.sync_data().map_err(doing("fsync"))
    }

    /// Another handle of the same open file, to be synced elsewhere.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn handle(&self) -> Result<File, Fault> {
        self.file.try_clone().map_err(doing("sharing the segment"))
    }

    /// Whether the path still names this file, with exactly the bytes this process wrote.
    ///
    /// # Errors
    ///
    /// [`Fault::Foreign`] where it does not, or what the file system says.
    pub fn still_ours(&self) -> Result<(), Fault> {
        let about = std::fs::metadata(&self.path).map_err(doing("stat of the segment's path"))?;
        let ours =
            (about.dev(), about.ino()) == self.identity && about.len() == self.length + self.stray;
        if ours { Ok(()) } else { Err(Fault::Foreign) }
    }

    /// What was appended is now part of the log.
    pub fn acknowledge(&mut self) {
        self.length += self.stray;
        self.stray = 0;
    }

    /// Cuts off what was written and not acknowledged, as soon as possible: should this process end
    /// before it can reopen, no line is left that nobody was told of. [`Segment::reopen`] tries again.
    pub fn withdraw(&mut self) {
        if self.stray > 0 && cut(&self.file, self.length, self.stray).is_ok() {
            self.stray = 0;
        }
    }

    /// Opens the path again and accepts the file only if it stands where `chain` does. `synced` is the
    /// last state known to be on disk: every line behind it is verified again.
    ///
    /// # Errors
    ///
    /// Any fault; the segment then stays as it was.
    pub fn reopen(&mut self, node: &str, chain: &Chain, synced: &Chain) -> Result<(), Fault> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&self.path)
            .map_err(doing("open of the segment"))?;
        let about = file.metadata().map_err(doing("stat of the segment"))?;
        let identity = (about.dev(), about.ino());
        if identity == self.identity {
            cut(&file, self.length, self.stray)?;
        } else if about.len() != chain.length {
            return Err(Fault::Foreign);
        }
        let found = recover::examine(&file, node, synced).map_err(Fault::Damaged)?;
        if found.chain != *chain || found.tail > 0 {
            return Err(Fault::Foreign);
        }
        (self.file, self.identity, self.stray) = (file, identity, 0);
        Ok(())
    }
}

/// Cuts a file back to `length`, but only if what stands behind it can be our own `stray` bytes.
fn cut(file: &File, length: u64, stray: u64) -> Result<(), Fault> {
    let now = file.metadata().map_err(doing("stat of the segment"))?.len();
    if now < length || now > length + stray {
        return Err(Fault::Foreign);
    }
    if now > length {
        file.set_len(length).map_err(doing("truncate"))?;
    }
    Ok(())
}
