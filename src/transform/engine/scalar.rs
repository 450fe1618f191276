//! Scalars: those that pass as they came, those that leave as something else, and the person's.

use std::borrow::Cow;

use super::body::{Body, Fate, Now};
use super::{slice, unquoted};
use crate::json::{self, Kind, Piece};
use crate::mask::Scalar;
use crate::model::Reason;
use crate::policy::combine::Treatment;
use crate::policy::plan::State;

impl Body {
    /// The first piece of a scalar, often the only one.
    #[inline]
    pub fn scalar(
        &mut self,
        chunk: &str,
        piece: Piece,
        state: &State,
        replace: Option<&Treatment>,
        passes: bool,
    ) -> Result<(), Reason> {
        let is_person = state.is_person && self.record.is_some();
        if !piece.last {
            self.now = Now::Scalar;
            self.fate = Fate {
                passes,
                replace: replace.cloned(),
                is_person,
            };
            return self.scalar_piece(chunk, piece);
        }
        self.read_piece(chunk, piece, reads(replace, is_person), passes)?;
        if replace.is_some() || is_person {
            self.end_scalar(chunk, Raw::of(chunk, piece)?, replace, is_person)?;
        }
        self.value_done(chunk)
    }

    /// A piece of a scalar that a chunk's end has cut.
    pub fn scalar_piece(&mut self, chunk: &str, piece: Piece) -> Result<(), Reason> {
        let reads = reads(self.fate.replace.as_ref(), self.fate.is_person);
        self.read_piece(chunk, piece, reads, self.fate.passes)?;
        if !piece.last {
            return Ok(());
        }
        let fate = std::mem::take(&mut self.fate);
        let raw = std::mem::take(&mut self.value);
        let whole = Raw {
            kind: piece.kind,
            text: &raw,
            plain: false,
        };
        self.end_scalar(chunk, whole, fate.replace.as_ref(), fate.is_person)?;
        self.value = raw;
        self.value.clear();
        self.value_done(chunk)
    }

    /// Keeps a piece as far as it is needed later, and lets it leave if it may.
    #[inline]
    fn read_piece(
        &mut self,
        chunk: &str,
        piece: Piece,
        reads: bool,
        passes: bool,
    ) -> Result<(), Reason> {
        if reads && let Err(reason) = self.hold_value(chunk, piece) {
            if passes {
                // What fits leaves, as it would were the chunk cut there.
                self.pass(chunk, self.fitting(chunk, piece))?;
            }
            return Err(reason);
        }
        if passes {
            self.pass(chunk, piece)?;
        }
        Ok(())
    }

    /// The text of a scalar is complete, if it is needed: its replacement leaves, its person is seen.
    fn end_scalar(
        &mut self,
        chunk: &str,
        raw: Raw<'_>,
        replace: Option<&Treatment>,
        is_person: bool,
    ) -> Result<(), Reason> {
        if let Some(treatment) = replace {
            self.replace(chunk, raw, treatment, self.frames.is_empty())?;
        }
        if is_person {
            self.see_person(raw)?;
        }
        Ok(())
    }

    /// The person of the record at hand, if there is one.
    pub fn see_person(&mut self, raw: Raw<'_>) -> Result<(), Reason> {
        self.see(raw.person()?.as_deref())
    }

    /// The replacement of a scalar leaves. In place of the root it is its end, and waits for the input's.
    #[inline]
    pub fn replace(
        &mut self,
        chunk: &str,
        raw: Raw<'_>,
        treatment: &Treatment,
        is_root: bool,
    ) -> Result<(), Reason> {
        self.flush(chunk);
        let out = if is_root {
            &mut self.tail
        } else {
            &mut self.out
        };
        raw.replaced(treatment, out)
    }

    /// Keeps a value that must be read whole; what lies in one chunk is read there.
    fn hold_value(&mut self, chunk: &str, piece: Piece) -> Result<(), Reason> {
        let length = self.value.len() + (piece.end - piece.start);
        if length > self.limits.value {
            return Err(Reason::LimitValue);
        }
        if !(piece.first && piece.last) {
            self.value.push_str(slice(chunk, piece)?);
        }
        Ok(())
    }

    /// What of a piece is within the limit, to a character.
    fn fitting(&self, chunk: &str, piece: Piece) -> Piece {
        let room = self.limits.value.saturating_sub(self.value.len());
        let end = json::boundary(
            chunk.as_bytes(),
            piece.start,
            piece.start.saturating_add(room),
        );
        Piece {
            end,
            last: false,
            ..piece
        }
    }

    /// A piece of a scalar that leaves as it came. Of a root scalar the end is held back.
    fn pass(&mut self, chunk: &str, piece: Piece) -> Result<(), Reason> {
        if !self.frames.is_empty() {
            self.keep(chunk, piece.start..piece.end);
            return Ok(());
        }
        let end = match piece.kind {
            Kind::String if piece.last => piece.end.saturating_sub(1),
            Kind::String => piece.end,
            _ => piece.start,
        };
        self.keep(chunk, piece.start..end);
        let rest = chunk.get(end..piece.end).ok_or(Reason::Internal)?;
        self.tail.extend_from_slice(rest.as_bytes());
        if self.tail.len() > self.limits.value {
            Err(Reason::LimitValue)
        } else {
            Ok(())
        }
    }
}

/// A scalar as it came.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    kind: Kind,
    text: &'a str,
    /// It holds no escape.
    plain: bool,
}

impl<'a> Raw<'a> {
    #[inline]
    pub fn of(chunk: &'a str, piece: Piece) -> Result<Self, Reason> {
        Ok(Raw {
            kind: piece.kind,
            text: slice(chunk, piece)?,
            plain: piece.plain,
        })
    }

    /// Its replacement.
    #[inline]
    pub fn replaced(self, treatment: &Treatment, out: &mut Vec<u8>) -> Result<(), Reason> {
        if self.kind == Kind::String && self.plain {
            replacement(treatment, Scalar::String(unquoted(self.text)), out);
            return Ok(());
        }
        let value = if reads_value(treatment) {
            Text::of(self)?
        } else {
            Text::Null
        };
        replacement(treatment, value.as_scalar(), out);
        Ok(())
    }

    /// The person it names, if it names one.
    pub fn person(self) -> Result<Option<Cow<'a, str>>, Reason> {
        Ok(match Text::of(self)? {
            Text::String(text) => Some(text),
            Text::Number(text) => Some(Cow::Borrowed(text)),
            Text::Boolean | Text::Null => None,
        })
    }
}

/// A scalar that was read.
enum Text<'a> {
    String(Cow<'a, str>),
    Number(&'a str),
    Boolean,
    Null,
}

impl<'a> Text<'a> {
    fn of(raw: Raw<'a>) -> Result<Self, Reason> {
        Ok(match raw.kind {
            Kind::String if raw.plain => Text::String(Cow::Borrowed(unquoted(raw.text))),
            Kind::String => {
                Text::String(json::decode(unquoted(raw.text)).ok_or(Reason::UnreadableBody)?)
            }
            Kind::Number => Text::Number(raw.text),
            Kind::Boolean => Text::Boolean,
            _ => Text::Null,
        })
    }

    fn as_scalar(&self) -> Scalar<'_> {
        match self {
            Text::String(text) => Scalar::String(text),
            Text::Number(text) => Scalar::Number(text),
            Text::Boolean => Scalar::Boolean,
            Text::Null => Scalar::Null,
        }
    }
}

#[inline]
fn reads(replace: Option<&Treatment>, is_person: bool) -> bool {
    is_person || replace.is_some_and(reads_value)
}

/// Whether the replacement depends on the value; else the value need not be held.
fn reads_value(treatment: &Treatment) -> bool {
    match treatment {
        Treatment::Mask(mask) => mask.reads_value(),
        Treatment::Token(_) => true,
        Treatment::Show | Treatment::Blank | Treatment::Strip => false,
    }
}

fn replacement(treatment: &Treatment, value: Scalar<'_>, out: &mut Vec<u8>) {
    match treatment {
        Treatment::Mask(mask) => mask.apply(value, out),
        Treatment::Token(key) => key.apply(value, out),
        // Whoever adds an outcome that is no replacement gets the most closed text here.
        Treatment::Show | Treatment::Blank | Treatment::Strip => out.extend_from_slice(b"null"),
    }
}
