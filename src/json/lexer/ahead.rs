//! Whole tokens that lie in one chunk, many at a time.
//!
//! Refuses nothing: where a token is cut, wrong, beyond a limit or merely unusual it stops before it, and
//! [`Lexer::next`] says what it is. So this decides how fast a text is read, never what is read.

use std::ops::Range;

use super::super::scan::{blanks, plain};
use super::super::{LONGEST_BLANKS, Word};
use super::{Escape, Expect, Kind, Lexer, Number, Piece, Token};

/// What comes next in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A child begins there: a member's name or an element.
    Child(usize),
    /// The container ends there.
    End(usize),
}

/// How each of these is to be called: before a child or the container's end, as [`Lexer::is_at_child`] tells; for a
/// member [`Lexer::name_ahead`] or a name that was expected, then for its value one of the others.
impl Lexer {
    /// Whether the lexer stands before a child of a container, or before the container's end.
    #[inline]
    pub fn is_at_child(&self) -> bool {
        self.place().is_some()
    }

    /// Reads what stands before the next child. The container is an object or not, and has children before or not.
    #[inline(always)]
    pub fn next_ahead(chunk: &[u8], at: usize, object: bool, any: bool) -> Option<Next> {
        Place { object, any }.separator(chunk, at)
    }

    /// A name without escapes: the range between its quotes, and where the value begins.
    pub fn name_ahead(&self, chunk: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
        let start = chunk
            .get(at)
            .filter(|byte| **byte == b'"')
            .map(|_| at + 1)?;
        let end = plain(chunk, start);
        if chunk.get(end) != Some(&b'"') || end - start > self.limits.key {
            return None;
        }
        Some((start..end, after_colon(chunk, end + 1)?))
    }

    /// Where the value begins, if that name stands there.
    #[inline(always)]
    pub fn expected_ahead(chunk: &[u8], at: usize, name: &Word) -> Option<usize> {
        if name.stands_at(chunk, at) {
            few_blanks(chunk, at + name.length())
        } else {
            None
        }
    }

    /// Reads a whole scalar.
    #[inline(always)]
    pub fn scalar_ahead(&mut self, chunk: &[u8], at: usize) -> Option<Piece> {
        let scalar = Self::scalar_at(chunk, at)?;
        self.scalar_read();
        Some(scalar)
    }

    /// The scalar that stands there, which is not read until [`Lexer::scalar_read`] says that the last of several is.
    #[inline(always)]
    pub fn scalar_at(chunk: &[u8], at: usize) -> Option<Piece> {
        let (kind, end, plain) = scalar(chunk, at)?;
        Some(Piece {
            kind,
            start: at,
            end,
            first: true,
            last: true,
            plain,
        })
    }

    /// See [`Lexer::scalar_at`].
    #[inline]
    pub fn scalar_read(&mut self) {
        self.expect = Expect::CommaOrClose;
    }

    /// Reads an opening bracket.
    #[inline(always)]
    pub fn open_ahead(&mut self, chunk: &[u8], at: usize) -> Option<Piece> {
        let kind = match chunk.get(at)? {
            b'{' => Kind::ObjectOpen,
            b'[' => Kind::ArrayOpen,
            _ => return None,
        };
        self.open(kind, at).ok()
    }

    /// Reads the container's end.
    #[inline(always)]
    pub fn close_ahead(&mut self, at: usize, object: bool) -> Piece {
        let kind = if object {
            Kind::ObjectClose
        } else {
            Kind::ArrayClose
        };
        self.close(kind, at)
    }

    /// Reads on in a subtree around which `floor` brackets are open. Returns where it stopped, and whether that is
    /// the subtree's end. The root's last bracket is left.
    pub fn pass(&mut self, chunk: &[u8], at: usize, floor: usize) -> (usize, bool) {
        let Some(mut place) = self.place() else {
            return (at, false);
        };
        let mut read = at;
        while let Some(end) = self.pass_one(chunk, read, floor, &mut place) {
            read = end;
            if self.open.len() == floor {
                break;
            }
        }
        self.expect = place.expect();
        (read, self.open.len() == floor)
    }

    #[inline]
    fn pass_one(
        &mut self,
        chunk: &[u8],
        at: usize,
        floor: usize,
        place: &mut Place,
    ) -> Option<usize> {
        let mut at = match place.separator(chunk, at)? {
            Next::Child(at) => at,
            Next::End(at) if self.open.len() > 1.max(floor) => {
                self.open.pop();
                *place = Place {
                    object: self.in_object(),
                    any: true,
                };
                return Some(at + 1);
            }
            Next::End(_) => return None,
        };
        if place.object {
            let (end, _) = string(chunk, at)?;
            if end - at > self.limits.key.saturating_add(2) {
                return None;
            }
            at = after_colon(chunk, end)?;
        }
        if let Some(b'{' | b'[') = chunk.get(at) {
            let bracket = self.open_ahead(chunk, at)?;
            *place = Place {
                object: bracket.kind == Kind::ObjectOpen,
                any: false,
            };
            return Some(bracket.end);
        }
        let (_, end, _) = scalar(chunk, at)?;
        place.any = true;
        Some(end)
    }

    /// Where in which container the lexer stands, if that is before a child or its end.
    #[inline(always)]
    fn place(&self) -> Option<Place> {
        if self.token != Token::None || self.in_space || self.open.is_empty() {
            return None;
        }
        let any = match self.expect {
            Expect::CommaOrClose => true,
            Expect::KeyOrClose | Expect::ValueOrClose => false,
            Expect::Key | Expect::Value | Expect::Colon | Expect::End => return None,
        };
        Some(Place {
            object: self.in_object(),
            any,
        })
    }
}

/// Before a child of a container, or its end.
#[derive(Clone, Copy)]
struct Place {
    object: bool,
    /// It has children.
    any: bool,
}

impl Place {
    /// Reads what stands before a child, and where it is none, which bracket.
    #[inline(always)]
    fn separator(self, chunk: &[u8], at: usize) -> Option<Next> {
        match (chunk.get(at)?, self.any, self.object) {
            (b',', true, _) if matches!(chunk.get(at + 1), Some(b'!'..)) => {
                Some(Next::Child(at + 1))
            }
            (b'}', _, true) | (b']', _, false) => Some(Next::End(at)),
            (b'!'.., false, _) => Some(Next::Child(at)),
            _ => self.separator_with_blanks(chunk, at),
        }
    }

    fn separator_with_blanks(self, chunk: &[u8], at: usize) -> Option<Next> {
        let at = few_blanks(chunk, at)?;
        match (chunk.get(at)?, self.any, self.object) {
            (b'}', _, true) | (b']', _, false) => Some(Next::End(at)),
            (b',', true, _) => Some(Next::Child(few_blanks(chunk, at + 1)?)),
            (_, any, _) => (!any).then_some(Next::Child(at)),
        }
    }

    fn expect(self) -> Expect {
        match self {
            Place { any: true, .. } => Expect::CommaOrClose,
            Place { object: true, .. } => Expect::KeyOrClose,
            Place { object: false, .. } => Expect::ValueOrClose,
        }
    }
}

#[inline(always)]
fn few_blanks(chunk: &[u8], at: usize) -> Option<usize> {
    match chunk.get(at) {
        Some(b'!'..) => Some(at),
        _ => some_blanks(chunk, at),
    }
}

fn some_blanks(chunk: &[u8], at: usize) -> Option<usize> {
    let most = at.saturating_add(LONGEST_BLANKS + 1).min(chunk.len());
    let end = blanks(chunk.get(..most)?, at);
    (end - at <= LONGEST_BLANKS).then_some(end)
}

/// Where the value begins, behind the colon after a name.
#[inline]
fn after_colon(chunk: &[u8], at: usize) -> Option<usize> {
    let at = if chunk.get(at) == Some(&b':') {
        at
    } else {
        few_blanks(chunk, at).filter(|at| chunk.get(*at) == Some(&b':'))?
    };
    few_blanks(chunk, at + 1)
}

/// The end of a scalar, of a number only if another byte follows it; and whether it is a string without escapes.
#[inline(always)]
fn scalar(chunk: &[u8], at: usize) -> Option<(Kind, usize, bool)> {
    let (kind, end) = match *chunk.get(at)? {
        b'"' => {
            let (end, plain) = string(chunk, at)?;
            return Some((Kind::String, end, plain));
        }
        b'-' => number(chunk, at + 1, Number::Minus),
        b'0' => number(chunk, at + 1, Number::Zero),
        b'1'..=b'9' => whole_number(chunk, at + 1),
        b't' => literal(chunk, at, b"true", Kind::Boolean),
        b'f' => literal(chunk, at, b"false", Kind::Boolean),
        b'n' => literal(chunk, at, b"null", Kind::Null),
        _ => None,
    }?;
    Some((kind, end, false))
}

/// The end of a string, quotes included, and whether it holds no escape.
#[inline(always)]
fn string(chunk: &[u8], at: usize) -> Option<(usize, bool)> {
    if chunk.get(at) != Some(&b'"') {
        return None;
    }
    let at = plain(chunk, at + 1);
    if chunk.get(at) == Some(&b'"') {
        return Some((at + 1, true));
    }
    Some((string_with_escapes(chunk, at)?, false))
}

fn string_with_escapes(chunk: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match chunk.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape(chunk, at + 1)?,
            _ => return None,
        }
        at = plain(chunk, at);
    }
}

/// The end of an escape whose backslash is read.
fn escape(chunk: &[u8], mut at: usize) -> Option<usize> {
    let mut state = Escape::Backslash;
    while state != Escape::None {
        state = state.step(*chunk.get(at)?)?;
        at += 1;
    }
    Some(at)
}

/// A number that goes on with digits, most of which are nothing but those.
#[inline(always)]
fn whole_number(chunk: &[u8], mut at: usize) -> Option<(Kind, usize)> {
    while chunk.get(at)?.is_ascii_digit() {
        at += 1;
    }
    match chunk.get(at)? {
        b'.' | b'e' | b'E' => number(chunk, at, Number::Integer),
        _ => Some((Kind::Number, at)),
    }
}

fn number(chunk: &[u8], mut at: usize, mut state: Number) -> Option<(Kind, usize)> {
    loop {
        if state.repeats() {
            while chunk.get(at)?.is_ascii_digit() {
                at += 1;
            }
        }
        match state.step(*chunk.get(at)?) {
            Some(next) => state = next,
            None => return state.may_end().then_some((Kind::Number, at)),
        }
        at += 1;
    }
}

#[inline]
fn literal(chunk: &[u8], at: usize, letters: &[u8], kind: Kind) -> Option<(Kind, usize)> {
    let end = at + letters.len();
    (chunk.get(at..end)? == letters).then_some((kind, end))
}
