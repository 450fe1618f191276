//! Server-sent events (WHATWG HTML, 9.2): the data of each event is a document, sent on in one line.
//!
//! Comments, fields nobody knows, and values the rules do not list never leave. Data lines are joined by a line feed, which
//! no string may hold, so that a value is never put together from two of them; a blank takes its place.

use std::sync::Arc;

use super::{Reader, after_blanks, split};
use crate::model::Reason;
use crate::policy::EventFields;

/// U+FEFF, which may stand once before all.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// Longer names and values are none that leave.
const LONGEST: usize = 64;

#[derive(Debug)]
pub(in super::super) struct Events {
    leaves: Arc<EventFields>,
    /// How much of a byte order mark was read; nothing once something else came.
    mark: Option<usize>,
    at: At,
    /// The last byte ended a line that a line feed still belongs to.
    returned: bool,
    /// A field's name, or a value that may leave.
    text: Vec<u8>,
    /// The event has data.
    data: bool,
    /// A document has begun.
    open: bool,
    name: Option<usize>,
    id: Option<u64>,
    retry: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A line begins.
    Line,
    /// In a field's name.
    Name,
    /// In its value; `true` where a blank may stand before it.
    Value(Field, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    /// A comment, or a field nobody knows.
    Other,
}

impl Field {
    fn named(name: &[u8]) -> Field {
        match name {
            b"data" => Field::Data,
            b"event" => Field::Event,
            b"id" => Field::Id,
            b"retry" => Field::Retry,
            _ => Field::Other,
        }
    }
}

impl Events {
    pub fn new(leaves: &Arc<EventFields>) -> Events {
        Events {
            leaves: Arc::clone(leaves),
            mark: Some(0),
            at: At::Line,
            returned: false,
            text: Vec::new(),
            data: false,
            open: false,
            name: None,
            id: None,
            retry: None,
        }
    }

    pub fn feed(&mut self, reader: &mut impl Reader, chunk: &[u8]) -> Result<(), Reason> {
        let mut rest = self.after_mark(chunk);
        while let Some(byte) = rest.first() {
            if std::mem::take(&mut self.returned) && *byte == b'\n' {
                rest = split(rest, 1).1;
                continue;
            }
            rest = match self.at {
                At::Line | At::Name => self.field(reader, rest)?,
                At::Value(field, true) => {
                    self.at = At::Value(field, false);
                    rest.strip_prefix(b" ").unwrap_or(rest)
                }
                At::Value(field, false) => self.value(reader, field, rest)?,
            };
        }
        Ok(())
    }

    /// A mark that is not whole is the name of a field nobody knows.
    fn after_mark<'c>(&mut self, chunk: &'c [u8]) -> &'c [u8] {
        let mut rest = chunk;
        while let (Some(read), Some(byte)) = (self.mark, rest.first()) {
            if MARK.get(read) == Some(byte) {
                rest = split(rest, 1).1;
                self.mark = Some(read + 1).filter(|read| *read < MARK.len());
            } else {
                if read > 0 {
                    self.text.push(b'?');
                    self.at = At::Name;
                }
                self.mark = None;
            }
        }
        rest
    }

    /// A line up to its colon, or to its end.
    fn field<'c>(&mut self, reader: &mut impl Reader, chunk: &'c [u8]) -> Result<&'c [u8], Reason> {
        let end = memchr::memchr3(b':', b'\r', b'\n', chunk);
        let (name, rest) = split(chunk, end.unwrap_or(chunk.len()));
        self.keep(name);
        if !name.is_empty() {
            self.at = At::Name;
        }
        let Some((end, rest)) = rest.split_first() else {
            return Ok(rest);
        };
        let is_empty = self.at == At::Line;
        // A comment has no name.
        let field = Field::named(&self.text);
        self.text.clear();
        if *end != b':' && is_empty {
            self.dispatch(reader)?;
            self.end_line(*end);
            return Ok(rest);
        }
        if field == Field::Data {
            self.begin_data(reader)?;
        }
        self.at = At::Value(field, true);
        if *end != b':' {
            self.set(field);
            self.end_line(*end);
        }
        Ok(rest)
    }

    /// A value up to its line's end.
    fn value<'c>(
        &mut self,
        reader: &mut impl Reader,
        field: Field,
        chunk: &'c [u8],
    ) -> Result<&'c [u8], Reason> {
        let end = memchr::memchr2(b'\r', b'\n', chunk);
        let (value, rest) = split(chunk, end.unwrap_or(chunk.len()));
        match field {
            Field::Data => self.data(reader, value)?,
            Field::Event | Field::Id | Field::Retry => self.keep(value),
            Field::Other => {}
        }
        let Some((end, rest)) = rest.split_first() else {
            return Ok(rest);
        };
        self.set(field);
        self.end_line(*end);
        Ok(rest)
    }

    fn begin_data(&mut self, reader: &mut impl Reader) -> Result<(), Reason> {
        self.data = true;
        if !self.open {
            return Ok(());
        }
        if reader.is_within_text() {
            return Err(Reason::UnreadableBody);
        }
        reader.read(b" ")
    }

    fn data(&mut self, reader: &mut impl Reader, value: &[u8]) -> Result<(), Reason> {
        let text = match self.open {
            true => value,
            false => after_blanks(value),
        };
        if text.is_empty() {
            return Ok(());
        }
        if !self.open {
            self.open = true;
            reader.begin_document(b"data: ");
        }
        reader.read(text)
    }

    fn keep(&mut self, text: &[u8]) {
        let room = (LONGEST + 1).saturating_sub(self.text.len());
        self.text.extend_from_slice(split(text, room).0);
    }

    /// What leaves of a field is what the rules list, never the upstream's bytes. The last of several counts.
    fn set(&mut self, field: Field) {
        let leaves = &self.leaves;
        match field {
            Field::Event => self.name = leaves.name(&self.text),
            Field::Id => self.id = leaves.id(&self.text),
            Field::Retry => self.retry = leaves.retry(&self.text),
            Field::Data | Field::Other => {}
        }
        self.text.clear();
    }

    fn end_line(&mut self, end: u8) {
        self.at = At::Line;
        self.returned = end == b'\r';
    }

    /// An event without data is none.
    fn dispatch(&mut self, reader: &mut impl Reader) -> Result<(), Reason> {
        let (name, id, retry) = (self.name.take(), self.id.take(), self.retry.take());
        if !std::mem::take(&mut self.data) {
            return Ok(());
        }
        if !std::mem::take(&mut self.open) {
            return Err(Reason::UnreadableBody);
        }
        let mut trail = String::new();
        if let Some(name) = name.and_then(|at| self.leaves.names.get(at)) {
            trail.push_str(&format!("\nevent: {name}"));
        }
        for (field, value) in [("id", id), ("retry", retry)] {
            if let Some(value) = value {
                trail.push_str(&format!("\n{field}: {value}"));
            }
        }
        trail.push_str("\n\n");
        reader.end_document(trail.as_bytes())
    }

    /// What was not dispatched is not complete.
    pub fn may_end(&self) -> bool {
        self.at == At::Line && !self.data
    }

    /// Whether something of our own may be sent between two events.
    pub fn is_between(&self) -> bool {
        !self.open
    }
}
