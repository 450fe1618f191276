//! JSON text sequences (RFC 7464): a record separator before each document, a line feed behind it.
//!
//! A reader may pass over what it cannot read there; we refuse it.

use super::{Reader, after_blanks, split};
use crate::model::Reason;

/// U+001E.
const SEPARATOR: u8 = 0x1e;

#[derive(Debug, Default)]
pub(in super::super) struct Sequence(At);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// A separator comes next.
    #[default]
    Outside,
    /// A document comes next.
    Separated,
    Document,
    /// Blanks, then a separator.
    Behind,
}

impl Sequence {
    pub fn feed(&mut self, reader: &mut impl Reader, chunk: &[u8]) -> Result<(), Reason> {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = match self.0 {
                At::Outside => self.separator(rest)?,
                At::Behind => self.separator(after_blanks(rest))?,
                At::Separated => self.begin(reader, rest),
                At::Document => self.document(reader, rest)?,
            };
        }
        Ok(())
    }

    fn separator<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], Reason> {
        match chunk.split_first() {
            None => Ok(chunk),
            Some((&SEPARATOR, rest)) => {
                self.0 = At::Separated;
                Ok(rest)
            }
            Some(_) => Err(Reason::UnreadableBody),
        }
    }

    /// Several separators in a row hold nothing between them (RFC 7464, 2.1).
    fn begin<'c>(&mut self, reader: &mut impl Reader, chunk: &'c [u8]) -> &'c [u8] {
        let text = after_blanks(chunk);
        match text.split_first() {
            Some((&SEPARATOR, rest)) => return rest,
            Some(_) => {
                reader.begin_document(&[SEPARATOR]);
                self.0 = At::Document;
            }
            None => {}
        }
        text
    }

    /// A document may hold line feeds; it has ended at the first behind its last byte.
    fn document<'c>(
        &mut self,
        reader: &mut impl Reader,
        chunk: &'c [u8],
    ) -> Result<&'c [u8], Reason> {
        let end = memchr::memchr(b'\n', chunk).map(|at| at + 1);
        let (text, rest) = split(chunk, end.unwrap_or(chunk.len()));
        reader.read(text)?;
        if end.is_some() && reader.is_document_complete() {
            reader.end_document(b"\n")?;
            self.0 = At::Behind;
        }
        Ok(rest)
    }

    pub fn may_end(&self) -> bool {
        matches!(self.0, At::Outside | At::Behind)
    }
}
