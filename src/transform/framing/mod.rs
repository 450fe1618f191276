//! Answers of several documents: where each begins and ends, and the framing in which what leaves of it is sent.
//!
//! The upstream's framing never leaves, only ours. Refused as `unreadable-body`: an answer that ends within a document or
//! before its end is written, so that nobody takes a document that was cut for a whole one. Nothing is held here; each
//! document is read as it comes.

mod apart;
mod events;
mod lines;
mod sequence;
#[cfg(test)]
mod tests;

pub use self::apart::documents;
use self::events::Events;
use self::lines::Lines;
use self::sequence::Sequence;
use super::Engine;
use crate::model::Reason;
use crate::policy::{AnswerForm, Format};

/// See the module.
#[derive(Debug)]
pub(super) enum Framing {
    Lines(Lines),
    Sequence(Sequence),
    Events(Box<Events>),
}

impl Framing {
    /// The framing of a form; `None` where a body is one document.
    pub fn of(form: &AnswerForm) -> Option<Framing> {
        match form.format {
            Format::Json => None,
            Format::NdJson => Some(Framing::Lines(Lines::default())),
            Format::JsonSeq => Some(Framing::Sequence(Sequence::default())),
            Format::Sse => Some(Framing::Events(Box::new(Events::new(&form.events)))),
        }
    }

    /// Reads the next bytes of the answer.
    pub fn feed(&mut self, reader: &mut impl Reader, chunk: &[u8]) -> Result<(), Reason> {
        match self {
            Framing::Lines(lines) => lines.feed(reader, chunk),
            Framing::Sequence(sequence) => sequence.feed(reader, chunk),
            Framing::Events(events) => events.feed(reader, chunk),
        }
    }

    /// The answer has provably ended.
    pub fn finish(&self) -> Result<(), Reason> {
        let ended = match self {
            Framing::Lines(lines) => lines.may_end(),
            Framing::Sequence(sequence) => sequence.may_end(),
            Framing::Events(events) => events.may_end(),
        };
        if ended {
            Ok(())
        } else {
            Err(Reason::UnreadableBody)
        }
    }
}

impl Framing {
    /// What says that an answer is still there, where it can be said now.
    pub fn sign_of_life(&self) -> Option<&'static [u8]> {
        match self {
            Framing::Events(events) if events.is_between() => Some(b":\n\n"),
            Framing::Events(_) | Framing::Lines(_) | Framing::Sequence(_) => None,
        }
    }
}

/// What reads one document after the other.
pub(super) trait Reader {
    /// A document begins; `lead` stands before what leaves of it.
    fn begin_document(&mut self, lead: &[u8]);
    /// Reads the next bytes of the document at hand.
    fn read(&mut self, bytes: &[u8]) -> Result<(), Reason>;
    /// Whether it is complete; only blanks may follow.
    fn is_document_complete(&self) -> bool;
    /// Whether it was cut within a string or a name.
    fn is_within_text(&self) -> bool;
    /// It has ended; `trail` follows what leaves of it.
    fn end_document(&mut self, trail: &[u8]) -> Result<(), Reason>;
}

impl Reader for Engine {
    fn begin_document(&mut self, lead: &[u8]) {
        self.begin_document(lead);
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        self.feed(bytes)
    }

    fn is_document_complete(&self) -> bool {
        self.is_document_complete()
    }

    fn is_within_text(&self) -> bool {
        self.is_within_text()
    }

    fn end_document(&mut self, trail: &[u8]) -> Result<(), Reason> {
        self.end_document(trail)
    }
}

/// What follows blanks.
fn after_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let length = bytes.iter().take_while(blanks).count();
    bytes.get(length..).unwrap_or_default()
}

/// What precedes a position, and what begins there.
fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}
