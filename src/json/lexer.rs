//! The resumable push-lexer: chunks of bytes in, pieces of tokens out.
//!
//! A token that is cut by the end of a chunk comes in several pieces. The lexer holds a few bytes of state and one
//! bit for each open bracket; it never holds input. What it refuses, it refuses after having handed out everything
//! before the offending byte, so that the cut of the chunks cannot be seen in the result.

mod ahead;
mod within;

pub use self::ahead::Next;
use self::within::{Escape, Number};
use super::scan::{blanks, is_blank, plain};
use super::{Fault, Limits, boundary};

/// What a piece belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A run of blanks.
    Space,
    /// `{`
    ObjectOpen,
    /// `}`
    ObjectClose,
    /// `[`
    ArrayOpen,
    /// `]`
    ArrayClose,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// A member name, quotes included.
    Key,
    /// A string value, quotes included.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

impl Kind {
    /// The kind of the scalar a text is; `None` where it is none.
    pub fn of_scalar(text: &str) -> Option<Kind> {
        match text.as_bytes().first()? {
            b'"' => Some(Kind::String),
            b'-' | b'0'..=b'9' => Some(Kind::Number),
            b't' | b'f' => Some(Kind::Boolean),
            b'n' => Some(Kind::Null),
            _ => None,
        }
    }
}

/// A token, or a part of one where a chunk ends inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it belongs to.
    pub kind: Kind,
    /// Where it begins in the chunk.
    pub start: usize,
    /// One past its last byte. May equal `start` when only the end of a number is news.
    pub end: usize,
    /// The token begins with this piece.
    pub first: bool,
    /// The token ends with this piece. (Runs of blanks are never known to end.)
    pub last: bool,
    /// It is known to hold no escape.
    pub plain: bool,
}

impl Piece {
    /// A scalar that is a text of its own.
    pub fn whole_scalar(kind: Kind, length: usize) -> Piece {
        Piece {
            kind,
            start: 0,
            end: length,
            first: true,
            last: true,
            plain: false,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Lexer {
    limits: Limits,
    /// `true` for an object; the innermost bracket last.
    open: Vec<bool>,
    expect: Expect,
    token: Token,
    in_space: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    Colon,
    CommaOrClose,
    End,
}

/// The token the last chunk ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    None,
    Text {
        key: bool,
        length: usize,
        escape: Escape,
    },
    Number(Number),
    Literal {
        kind: Kind,
        rest: &'static [u8],
    },
}

impl Lexer {
    /// A lexer at the beginning of a text.
    pub fn new(limits: Limits) -> Self {
        Lexer {
            limits,
            open: Vec::new(),
            expect: Expect::Value,
            token: Token::None,
            in_space: false,
        }
    }

    /// Whether the root value is complete; only blanks may follow.
    pub fn is_done(&self) -> bool {
        self.expect == Expect::End && self.token == Token::None
    }

    /// Whether the input so far ends within a string or a name.
    pub fn is_within_text(&self) -> bool {
        matches!(self.token, Token::Text { .. })
    }

    /// How many brackets are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether so many more brackets may be open at once.
    #[inline]
    pub fn has_room(&self, brackets: usize) -> bool {
        self.open.len() + brackets <= self.limits.depth
    }

    /// Goes back to where a value began, around which so many brackets are open, to read it again.
    pub fn rewind(&mut self, depth: usize) {
        self.open.truncate(depth);
        self.expect = Expect::Value;
        self.token = Token::None;
        self.in_space = false;
    }

    /// The piece that begins at `at`, or `None` at the end of the chunk. Go on at the piece's end.
    ///
    /// # Errors
    ///
    /// Where the byte at `at` cannot belong to a JSON text within the limits.
    #[inline]
    pub fn next(&mut self, chunk: &[u8], at: usize) -> Result<Option<Piece>, Fault> {
        let Some(rest) = chunk.get(at..).filter(|rest| !rest.is_empty()) else {
            return Ok(None);
        };
        match self.token {
            Token::None => self.begin(rest, at).map(Some),
            Token::Text {
                key,
                length,
                escape,
            } => self.text(rest, at, 0, key, length, escape).map(Some),
            Token::Number(state) => self.number(rest, at, 0, state).map(Some),
            Token::Literal {
                kind,
                rest: letters,
            } => self.literal(rest, at, kind, letters, false).map(Some),
        }
    }

    /// The input has ended. Returns the end of a root number, which nothing else delimits.
    ///
    /// # Errors
    ///
    /// Where the text is not complete.
    pub fn finish(&mut self) -> Result<Option<Piece>, Fault> {
        if let Token::Number(state) = self.token
            && state.may_end()
            && self.open.is_empty()
        {
            self.token = Token::None;
            return Ok(Some(Piece {
                kind: Kind::Number,
                start: 0,
                end: 0,
                first: false,
                last: true,
                plain: false,
            }));
        }
        if self.is_done() {
            Ok(None)
        } else {
            Err(Fault::Syntax)
        }
    }

    #[inline]
    fn begin(&mut self, rest: &[u8], at: usize) -> Result<Piece, Fault> {
        let Some(&byte) = rest.first() else {
            return Err(Fault::Syntax);
        };
        if is_blank(byte) {
            let first = !self.in_space;
            self.in_space = true;
            return Ok(Piece {
                kind: Kind::Space,
                start: at,
                end: at + blanks(rest, 0),
                first,
                last: false,
                plain: false,
            });
        }
        self.in_space = false;
        match (self.expect, byte) {
            (Expect::Key | Expect::KeyOrClose, b'"') => {
                self.expect = Expect::Colon;
                self.text(rest, at, 1, true, 0, Escape::None)
            }
            (Expect::Colon, b':') => {
                self.expect = Expect::Value;
                Ok(single(Kind::Colon, at))
            }
            (Expect::CommaOrClose, b',') => {
                self.expect = if self.in_object() {
                    Expect::Key
                } else {
                    Expect::Value
                };
                Ok(single(Kind::Comma, at))
            }
            (Expect::CommaOrClose, b'}') if self.in_object() => {
                Ok(self.close(Kind::ObjectClose, at))
            }
            (Expect::KeyOrClose, b'}') => Ok(self.close(Kind::ObjectClose, at)),
            (Expect::CommaOrClose, b']') if !self.in_object() => {
                Ok(self.close(Kind::ArrayClose, at))
            }
            (Expect::ValueOrClose, b']') => Ok(self.close(Kind::ArrayClose, at)),
            (Expect::Value | Expect::ValueOrClose, _) => self.value(byte, rest, at),
            _ => Err(Fault::Syntax),
        }
    }

    #[inline]
    fn value(&mut self, byte: u8, rest: &[u8], at: usize) -> Result<Piece, Fault> {
        let number = |lexer: &mut Self, state| {
            lexer.expect = lexer.after_value();
            lexer.number(rest, at, 1, state)
        };
        let literal = |lexer: &mut Self, kind, letters| {
            lexer.expect = lexer.after_value();
            lexer.literal(rest, at, kind, letters, true)
        };
        match byte {
            b'"' => {
                self.expect = self.after_value();
                self.text(rest, at, 1, false, 0, Escape::None)
            }
            b'{' => self.open(Kind::ObjectOpen, at),
            b'[' => self.open(Kind::ArrayOpen, at),
            b'-' => number(self, Number::Minus),
            b'0' => number(self, Number::Zero),
            b'1'..=b'9' => number(self, Number::Integer),
            b't' => literal(self, Kind::Boolean, b"true"),
            b'f' => literal(self, Kind::Boolean, b"false"),
            b'n' => literal(self, Kind::Null, b"null"),
            _ => Err(Fault::Syntax),
        }
    }

    fn open(&mut self, kind: Kind, at: usize) -> Result<Piece, Fault> {
        if self.open.len() >= self.limits.depth {
            return Err(Fault::Depth);
        }
        self.open.push(kind == Kind::ObjectOpen);
        self.expect = if kind == Kind::ObjectOpen {
            Expect::KeyOrClose
        } else {
            Expect::ValueOrClose
        };
        Ok(single(kind, at))
    }

    fn close(&mut self, kind: Kind, at: usize) -> Piece {
        self.open.pop();
        self.expect = self.after_value();
        single(kind, at)
    }

    fn in_object(&self) -> bool {
        self.open.last().copied().unwrap_or(false)
    }

    fn after_value(&self) -> Expect {
        if self.open.is_empty() {
            Expect::End
        } else {
            Expect::CommaOrClose
        }
    }

    /// Reads on in a string. `used` bytes of `rest` (its opening quote) are read already.
    #[inline]
    fn text(
        &mut self,
        rest: &[u8],
        at: usize,
        mut used: usize,
        key: bool,
        mut length: usize,
        mut escape: Escape,
    ) -> Result<Piece, Fault> {
        let kind = if key { Kind::Key } else { Kind::String };
        let first = used == 1;
        let limit = if key { self.limits.key } else { usize::MAX };
        let mut full = false;
        loop {
            let allowed = limit.saturating_sub(length);
            if escape == Escape::None {
                let plain = plain(rest, used).saturating_sub(used);
                let fits = if plain > allowed {
                    boundary(rest, used, used + allowed) - used
                } else {
                    plain
                };
                used += fits;
                length += fits;
                full = fits < plain;
            }
            let byte = rest.get(used).copied();
            if byte == Some(b'"') && escape == Escape::None {
                self.token = Token::None;
                return Ok(Piece {
                    kind,
                    start: at,
                    end: at + used + 1,
                    first,
                    last: true,
                    plain: false,
                });
            }
            full |= byte.is_some() && length >= limit;
            let next = byte.filter(|_| !full).and_then(|byte| escape.step(byte));
            let Some(next) = next else {
                // The chunk is read, or its next byte is wrong: hand out what came before.
                if used == 0 {
                    return Err(if full { Fault::Key } else { Fault::Syntax });
                }
                self.token = Token::Text {
                    key,
                    length,
                    escape,
                };
                return Ok(Piece {
                    kind,
                    start: at,
                    end: at + used,
                    first,
                    last: false,
                    plain: false,
                });
            };
            escape = next;
            used += 1;
            length += 1;
        }
    }

    #[inline]
    fn number(
        &mut self,
        rest: &[u8],
        at: usize,
        mut used: usize,
        mut state: Number,
    ) -> Result<Piece, Fault> {
        let first = used == 1;
        while let Some(next) = rest.get(used).and_then(|byte| state.step(*byte)) {
            state = next;
            used += 1;
        }
        let delimited = used < rest.len();
        let last = delimited && state.may_end();
        if delimited && !last && used == 0 {
            return Err(Fault::Syntax);
        }
        self.token = if last {
            Token::None
        } else {
            Token::Number(state)
        };
        Ok(Piece {
            kind: Kind::Number,
            start: at,
            end: at + used,
            first,
            last,
            plain: false,
        })
    }

    #[inline]
    fn literal(
        &mut self,
        rest: &[u8],
        at: usize,
        kind: Kind,
        letters: &'static [u8],
        first: bool,
    ) -> Result<Piece, Fault> {
        let same = rest.iter().zip(letters).take_while(|(a, b)| a == b).count();
        if same == 0 {
            return Err(Fault::Syntax);
        }
        let letters = letters.get(same..).unwrap_or_default();
        let last = letters.is_empty();
        self.token = if last {
            Token::None
        } else {
            Token::Literal {
                kind,
                rest: letters,
            }
        };
        Ok(Piece {
            kind,
            start: at,
            end: at + same,
            first,
            last,
            plain: false,
        })
    }
}

fn single(kind: Kind, at: usize) -> Piece {
    Piece {
        kind,
        start: at,
        end: at + 1,
        first: true,
        last: true,
        plain: false,
    }
}

#[cfg(test)]
mod tests;
