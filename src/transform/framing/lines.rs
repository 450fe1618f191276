//! NDJSON: a document on each line, a line feed behind each. Lines of blanks say nothing.

use super::{Reader, after_blanks, split};
use crate::model::Reason;

#[derive(Debug, Default)]
pub(in super::super) struct Lines {
    /// A document stands on the line at hand.
    open: bool,
}

impl Lines {
    pub fn feed(&mut self, reader: &mut impl Reader, chunk: &[u8]) -> Result<(), Reason> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (line, after) = split(rest, end.unwrap_or(rest.len()));
            self.read(reader, line)?;
            if end.is_some() && std::mem::take(&mut self.open) {
                reader.end_document(b"\n")?;
            }
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(())
    }

    fn read(&mut self, reader: &mut impl Reader, line: &[u8]) -> Result<(), Reason> {
        let text = if self.open { line } else { after_blanks(line) };
        if text.is_empty() {
            return Ok(());
        }
        if !self.open {
            self.open = true;
            reader.begin_document(b"");
        }
        reader.read(text)
    }

    pub fn may_end(&self) -> bool {
        !self.open
    }
}
