//! Whole tokens that lie in one chunk, many at a time.
//!
//! Refuses nothing: where a token is cut, wrong, beyond a limit or merely unusual it stops before it, and
//! [`Lexer::next`] says what it is. So this decides how fast a text is read, never what is read.

use std::ops::Range;

use super::super::Word;
use super::super::scan::{blanks, plain};
use super::{Escape, Expect, Kind, Lexer, Number, Piece, Token};

/// A longer run of blanks is left to [`Lexer::next`].
const LONGEST_BLANKS: usize = 256;

/// A child of the innermost container up to its first token, or that container's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Where the blanks and the comma before the child end.
    pub head: usize,
    /// A member's name.
    pub name: Name,
    /// A whole scalar or a bracket.
    pub token: Piece,
}

/// The name of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// It has none: an element, or a bracket.
    None,
    /// The word that was expected.
    Expected,
    /// What stands between the quotes, in which there is no escape.
    Plain(Range<usize>),
}

impl Lexer {
    /// The next child, from `at` to the end of its first token, if all of that lies in the chunk. `expected` is the
    /// name it probably has.
    #[inline(always)]
    pub fn ahead(&mut self, chunk: &[u8], at: usize, expected: Option<&Word>) -> Option<Ahead> {
        let place = self.place()?;
        let (head, closing) = place.separator(chunk, at)?;
        if let Some(kind) = closing {
            self.close(kind, head);
            return Some(Ahead {
                head,
                name: Name::None,
                token: whole(kind, head, head + 1),
            });
        }
        let (name, value) = if place.object {
            match expected.filter(|word| word.stands_at(chunk, head)) {
                Some(word) => (Name::Expected, few_blanks(chunk, head + word.len())?),
                None => {
                    let name = plain_name(chunk, head, self.limits.key)?;
                    let value = after_colon(chunk, name.end + 1)?;
                    (Name::Plain(name), value)
                }
            }
        } else {
            (Name::None, head)
        };
        let token = match *chunk.get(value)? {
            b'{' => self.open_ahead(Kind::ObjectOpen, value)?,
            b'[' => self.open_ahead(Kind::ArrayOpen, value)?,
            byte => {
                let (kind, end) = scalar(chunk, value, byte)?;
                self.expect = Expect::CommaOrClose;
                whole(kind, value, end)
            }
        };
        Some(Ahead { head, name, token })
    }

    /// Whether the lexer stands behind a child of an object, so that [`Lexer::expected_scalar`] may be asked.
    #[inline]
    pub fn is_behind_member(&self) -> bool {
        self.place().is_some_and(|place| place.object && place.any)
    }

    /// Where the next member's name begins and its value, if it is a scalar of the expected name that lies in the
    /// chunk. To be asked behind a member, where it leaves the lexer.
    #[inline(always)]
    pub fn expected_scalar(chunk: &[u8], at: usize, name: &Word) -> Option<(usize, Piece)> {
        if chunk.get(at) != Some(&b',') {
            return None;
        }
        let head = few_blanks(chunk, at + 1)?;
        if !name.stands_at(chunk, head) {
            return None;
        }
        let value = few_blanks(chunk, head + name.len())?;
        let (kind, end) = scalar(chunk, value, *chunk.get(value)?)?;
        Some((head, whole(kind, value, end)))
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
        let (mut at, closing) = place.separator(chunk, at)?;
        if closing.is_some() {
            if self.open.len() <= 1.max(floor) {
                return None;
            }
            self.open.pop();
            *place = Place {
                object: self.in_object(),
                any: true,
            };
            return Some(at + 1);
        }
        if place.object {
            let end = string(chunk, at)?;
            if end - at > self.limits.key.saturating_add(2) {
                return None;
            }
            at = after_colon(chunk, end)?;
        }
        let byte = *chunk.get(at)?;
        if matches!(byte, b'{' | b'[') {
            if self.open.len() >= self.limits.depth {
                return None;
            }
            let object = byte == b'{';
            self.open.push(object);
            *place = Place { object, any: false };
            return Some(at + 1);
        }
        let (_, end) = scalar(chunk, at, byte)?;
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

    fn open_ahead(&mut self, kind: Kind, at: usize) -> Option<Piece> {
        self.open(kind, at).ok()
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
    fn separator(self, chunk: &[u8], at: usize) -> Option<(usize, Option<Kind>)> {
        match (chunk.get(at)?, self.any, self.object) {
            (b',', true, _) if matches!(chunk.get(at + 1), Some(b'!'..)) => Some((at + 1, None)),
            (b'}', _, true) => Some((at, Some(Kind::ObjectClose))),
            (b']', _, false) => Some((at, Some(Kind::ArrayClose))),
            (b'!'.., false, _) => Some((at, None)),
            _ => self.separator_with_blanks(chunk, at),
        }
    }

    fn separator_with_blanks(self, chunk: &[u8], at: usize) -> Option<(usize, Option<Kind>)> {
        let at = few_blanks(chunk, at)?;
        let closing = match (*chunk.get(at)?, self.object) {
            (b'}', true) => Some(Kind::ObjectClose),
            (b']', false) => Some(Kind::ArrayClose),
            (b',', _) if self.any => return Some((few_blanks(chunk, at + 1)?, None)),
            _ if self.any => return None,
            _ => None,
        };
        Some((at, closing))
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

/// A name without escapes; the range between its quotes.
#[inline]
fn plain_name(chunk: &[u8], at: usize, limit: usize) -> Option<Range<usize>> {
    let start = chunk
        .get(at)
        .filter(|byte| **byte == b'"')
        .map(|_| at + 1)?;
    let end = plain(chunk, start);
    let closed = chunk.get(end) == Some(&b'"');
    (closed && end - start <= limit).then_some(start..end)
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

/// The end of a scalar that begins with `byte`; of a number only if another byte follows it.
#[inline(always)]
fn scalar(chunk: &[u8], at: usize, byte: u8) -> Option<(Kind, usize)> {
    match byte {
        b'"' => Some((Kind::String, string(chunk, at)?)),
        b'-' => number(chunk, at + 1, Number::Minus),
        b'0' => number(chunk, at + 1, Number::Zero),
        b'1'..=b'9' => number(chunk, at + 1, Number::Integer),
        b't' => literal(chunk, at, b"true", Kind::Boolean),
        b'f' => literal(chunk, at, b"false", Kind::Boolean),
        b'n' => literal(chunk, at, b"null", Kind::Null),
        _ => None,
    }
}

/// The end of a string, quotes included.
#[inline(always)]
fn string(chunk: &[u8], at: usize) -> Option<usize> {
    if chunk.get(at) != Some(&b'"') {
        return None;
    }
    let at = plain(chunk, at + 1);
    if chunk.get(at) == Some(&b'"') {
        return Some(at + 1);
    }
    string_with_escapes(chunk, at)
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

#[inline]
fn number(chunk: &[u8], mut at: usize, mut state: Number) -> Option<(Kind, usize)> {
    loop {
        let byte = *chunk.get(at)?;
        if byte.is_ascii_digit() && state.repeats() {
            at += 1;
            continue;
        }
        match state.step(byte) {
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

fn whole(kind: Kind, start: usize, end: usize) -> Piece {
    Piece {
        kind,
        start,
        end,
        first: true,
        last: true,
    }
}
