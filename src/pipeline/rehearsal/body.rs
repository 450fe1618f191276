//! A reply's body on its way through decoder, engine and commit rule, in which no time passes.
//!
//! Refuses nothing by itself: it tells how far a body came.

use std::io::{self, Read, Write};

use super::Reply;
use crate::model::Reason;
use crate::transform::encoding::Decoder;
use crate::transform::{Commit, Governor};

/// Why a body did not come to its end.
pub(super) enum Fault {
    /// Nothing had left.
    Held(Reason),
    /// The head had left.
    Committed(Reason),
}

/// A body on its way through decoder, engine and commit rule.
pub(super) struct Body {
    decoder: Decoder,
    governor: Governor,
    commit: Commit,
    head: bool,
}

impl Body {
    pub fn new(governor: Governor, decoder: Decoder, head: bool) -> Self {
        Body {
            decoder,
            governor,
            commit: Commit::default(),
            head,
        }
    }

    pub fn run<R: Read>(
        mut self,
        mut reply: Reply<R>,
        out: &mut impl Write,
    ) -> io::Result<Option<Fault>> {
        let mut chunk = vec![0; reply.chunk.max(1)];
        let mut end = Ok(());
        while end.is_ok() {
            let length = fill(&mut reply.body, &mut chunk)?;
            if length == 0 {
                break;
            }
            end = self.feed(chunk.get(..length).unwrap_or_default());
            while let Some(frame) = self.commit.frame() {
                self.send(&frame, out)?;
            }
        }
        if let Err(reason) = end.and_then(|()| self.finish()) {
            return Ok(Some(match self.commit.is_committed() {
                true => Fault::Committed(reason),
                false => Fault::Held(reason),
            }));
        }
        let rest = self.commit.rest();
        self.send(&rest, out)?;
        Ok(None)
    }

    /// What precedes a fault is pushed too, so that the result does not depend on the chunks.
    fn feed(&mut self, chunk: &[u8]) -> Result<(), Reason> {
        let Body {
            decoder,
            governor,
            commit,
            ..
        } = self;
        decoder.feed(chunk, &mut |piece| {
            let fed = governor.feed(piece);
            governor.hand_on(|output| commit.push(output));
            // Persons are recorded by the live proxy; here nobody reads them.
            governor.forget_records(u64::MAX);
            fed
        })
    }

    fn finish(&mut self) -> Result<(), Reason> {
        self.decoder.finish()?;
        self.governor.finish()?;
        self.governor.hand_on(|output| self.commit.push(output));
        Ok(())
    }

    fn send(&self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        match self.head {
            true => Ok(()),
            false => out.write_all(bytes),
        }
    }
}

/// Reads until the buffer is full or the input has ended.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
