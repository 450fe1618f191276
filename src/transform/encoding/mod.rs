//! The content coding of an answer, undone: compressed chunks in, bounded pieces of the body out.
//!
//! One coding at most: `gzip` (`x-gzip`), `deflate`, `br`, `zstd` or none. Refused as
//! `unexpected-encoding`: every other name, several of them, several header lines, and every
//! transfer coding but `chunked`, which the HTTP library has already undone. Refused as
//! `unreadable-body`: what a decoder cannot read, a body that stops before the coding's own end
//! (checksums and lengths included) and bytes behind that end. Refused as `limit-ratio`: a body
//! that expands beyond [`Ratio`].
//!
//! A chunk is never inflated whole: the sink gets pieces of at most 16 KiB, each as soon as it is
//! decoded, and its refusal ends the decoding. Besides that piece a decoder holds its window: 32
//! KiB for gzip and deflate, at most 8 MiB for zstd, 16 MiB for brotli.
//!
//! Where the input is cut never changes the decoded bytes nor the reason of a refusal for a body
//! that is wrong in one way. What was handed out before a refusal is always a prefix of the decoded
//! bytes; for brotli its length may depend on the cut, since that decoder keeps to itself what it
//! had decoded when it fails.

mod coding;
mod expansion;
#[cfg(test)]
mod tests;

use http::header::{CONTENT_ENCODING, HeaderMap, TRANSFER_ENCODING};

use self::coding::Coding;
use self::expansion::Expansion;
use super::header::sole;
use crate::model::Reason;

/// How far a body may expand: to `free` bytes, and `ratio` more for each byte of input so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Bytes of output for each byte of input.
    pub ratio: u64,
    /// Bytes of output that need no input.
    pub free: u64,
}

/// Undoes one body's coding.
#[derive(Debug)]
pub struct Decoder {
    body: Body,
    /// What has been refused once stays refused.
    refused: Option<Reason>,
}

#[derive(Debug)]
enum Body {
    Plain,
    Coded(Box<Expansion>),
}

impl Decoder {
    /// The decoder the header asks for.
    pub fn of(headers: &HeaderMap, limits: Ratio) -> Result<Decoder, Reason> {
        let transfer = sole(headers, TRANSFER_ENCODING, Reason::UnexpectedEncoding)?;
        if !transfer.is_none_or(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Err(Reason::UnexpectedEncoding);
        }
        let name = sole(headers, CONTENT_ENCODING, Reason::UnexpectedEncoding)?;
        let coding = match name.map(str::to_ascii_lowercase).as_deref() {
            None | Some("identity") => None,
            Some("gzip" | "x-gzip") => Some(Coding::gzip()),
            Some("deflate") => Some(Coding::deflate()),
            Some("br") => Some(Coding::brotli()),
            Some("zstd") => Some(Coding::zstd()?),
            Some(_) => return Err(Reason::UnexpectedEncoding),
        };
        let body = match coding {
            None => Body::Plain,
            Some(coding) => Body::Coded(Box::new(Expansion::new(coding, limits))),
        };
        Ok(Decoder {
            body,
            refused: None,
        })
    }

    /// Decodes a chunk and hands everything it completes to the sink. (An uncoded chunk is handed
    /// on as it is.)
    pub fn feed(
        &mut self,
        input: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut left = input;
        while !left.is_empty() || self.has_more() {
            let read = self.feed_some(left, sink)?;
            left = left.get(read..).unwrap_or_default();
        }
        self.refused.map_or(Ok(()), Err)
    }

    /// The same up to the first piece that was handed on; returns how much of the input was read. A few bytes may
    /// decode to any number of pieces, so who must not hold them all goes on, with what is left of the input, when
    /// there is room; until all is read and nothing [`Decoder::has_more`].
    pub fn feed_some(
        &mut self,
        input: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
    ) -> Result<usize, Reason> {
        if let Some(reason) = self.refused {
            return Err(reason);
        }
        let outcome = match &mut self.body {
            Body::Plain => sink(input).map(|()| input.len()),
            Body::Coded(expansion) => expansion.feed_some(input, sink),
        };
        outcome.inspect_err(|reason| self.refused = Some(*reason))
    }

    /// Whether input that was read may decode to more than was handed on.
    pub fn has_more(&self) -> bool {
        match &self.body {
            Body::Plain => false,
            Body::Coded(expansion) => self.refused.is_none() && expansion.has_more(),
        }
    }

    /// Says that the body has ended: an error unless that is the coding's own end.
    pub fn finish(&self) -> Result<(), Reason> {
        match (&self.body, self.refused) {
            (_, Some(reason)) => Err(reason),
            (Body::Coded(expansion), None) if !expansion.ended() => Err(Reason::UnreadableBody),
            (Body::Plain | Body::Coded(_), None) => Ok(()),
        }
    }
}
