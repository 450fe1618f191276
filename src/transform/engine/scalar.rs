//! Scalars: those that pass as they came, those that leave as something else, and the person's.

use super::{Engine, Fate, Now, slice, unquoted};
use crate::json::{self, Kind, Piece};
use crate::mask::Scalar;
use crate::model::Reason;
use crate::policy::combine::Treatment;
use crate::policy::plan::State;

impl Engine {
    pub(super) fn scalar(
        &mut self,
        chunk: &[u8],
        piece: Piece,
        state: &State,
        replace: Option<Treatment>,
        passes: bool,
    ) -> Result<(), Reason> {
        let is_person = state.is_person && self.record.is_some();
        self.now = Now::Scalar(Fate {
            passes,
            replace,
            is_person,
        });
        self.scalar_piece(chunk, piece)
    }

    pub(super) fn scalar_piece(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let Now::Scalar(fate) = &self.now else {
            return Err(Reason::Internal);
        };
        let reads = fate.is_person || fate.replace.as_ref().is_some_and(reads_value);
        let passes = fate.passes;
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
        if !piece.last {
            return Ok(());
        }
        let Now::Scalar(fate) = std::mem::replace(&mut self.now, Now::Judging) else {
            return Err(Reason::Internal);
        };
        let raw = std::mem::take(&mut self.value);
        let whole: &[u8] = if piece.first {
            slice(chunk, piece)
        } else {
            &raw
        };
        if let Some(treatment) = &fate.replace {
            let value = if reads {
                scalar_of(piece.kind, whole)?
            } else {
                Owned::Null
            };
            let mut text = Vec::new();
            replace(treatment, value.borrow(), &mut text);
            self.write(chunk, &text);
        }
        if fate.is_person {
            let person = match scalar_of(piece.kind, whole)? {
                Owned::Text(text) | Owned::Number(text) => Some(text),
                Owned::Boolean | Owned::Null => None,
            };
            self.see(person)?;
        }
        self.value = raw;
        self.value.clear();
        self.value_done(chunk)
    }

    /// Keeps a value that must be read whole; what lies in one chunk is read there.
    pub(super) fn hold_value(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
        let length = self.value.len() + (piece.end - piece.start);
        if length > self.limits.value {
            return Err(Reason::LimitValue);
        }
        if !(piece.first && piece.last) {
            self.value.extend_from_slice(slice(chunk, piece));
        }
        Ok(())
    }

    /// What of a piece is within the limit, to a character.
    fn fitting(&self, chunk: &[u8], piece: Piece) -> Piece {
        let room = self.limits.value.saturating_sub(self.value.len());
        let end = json::boundary(chunk, piece.start, piece.start.saturating_add(room));
        Piece {
            end,
            last: false,
            ..piece
        }
    }

    /// A piece of a scalar that leaves as it came. Of a root scalar the end is held back.
    pub(super) fn pass(&mut self, chunk: &[u8], piece: Piece) -> Result<(), Reason> {
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
        self.tail
            .extend_from_slice(chunk.get(end..piece.end).unwrap_or_default());
        if self.tail.len() > self.limits.value {
            Err(Reason::LimitValue)
        } else {
            Ok(())
        }
    }
}

/// A scalar that was read.
enum Owned {
    Text(String),
    Number(String),
    Boolean,
    Null,
}

impl Owned {
    fn borrow(&self) -> Scalar<'_> {
        match self {
            Owned::Text(text) => Scalar::String(text),
            Owned::Number(text) => Scalar::Number(text),
            Owned::Boolean => Scalar::Boolean,
            Owned::Null => Scalar::Null,
        }
    }
}

fn scalar_of(kind: Kind, raw: &[u8]) -> Result<Owned, Reason> {
    let text = |raw| json::decode(raw).map(std::borrow::Cow::into_owned);
    let read = match kind {
        Kind::String => text(unquoted(raw)).map(Owned::Text),
        Kind::Number => text(raw).map(Owned::Number),
        Kind::Boolean => Some(Owned::Boolean),
        _ => Some(Owned::Null),
    };
    read.ok_or(Reason::UnreadableBody)
}

/// Whether the replacement depends on the value; else the value need not be held.
fn reads_value(treatment: &Treatment) -> bool {
    match treatment {
        Treatment::Mask(mask) => mask.reads_value(),
        Treatment::Token(_) => true,
        Treatment::Show | Treatment::Blank | Treatment::Strip => false,
    }
}

fn replace(treatment: &Treatment, value: Scalar<'_>, out: &mut Vec<u8>) {
    match treatment {
        Treatment::Mask(mask) => mask.apply(value, out),
        Treatment::Token(key) => key.apply(value, out),
        // Whoever adds an outcome that is no replacement gets the most closed text here.
        Treatment::Show | Treatment::Blank | Treatment::Strip => out.extend_from_slice(b"null"),
    }
}
