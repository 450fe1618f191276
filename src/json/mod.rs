//! Strict JSON (RFC 8259, UTF-8) as a resumable push-lexer; knows nothing of policy.
//!
//! Refuses every byte sequence that is not one JSON text, and every text beyond its [`Limits`]. Where the
//! input is cut into chunks never changes what is refused, nor after which byte.

mod cursor;
mod decimal;
mod lexer;
mod scan;
mod text;
mod utf8;
mod word;

pub use cursor::{Cursor, Elements, Member, Members, Named, Shape};
pub use decimal::Decimal;
pub use lexer::{Kind, Lexer, Next, Piece};
pub use text::decode;
pub use utf8::{Chunk, Utf8, boundary};
pub use word::{Phrase, Word};

/// A longer run of blanks is never read ahead: whoever shortens runs must be asked.
pub const LONGEST_BLANKS: usize = 256;

/// How large a JSON text may grow in the dimensions that cost memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open brackets at once.
    pub depth: usize,
    /// Bytes between a member name's quotes.
    pub key: usize,
}

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON, or not one JSON text.
    Syntax,
    /// Not UTF-8.
    Utf8,
    /// Nested deeper than [`Limits::depth`].
    Depth,
    /// A member name longer than [`Limits::key`].
    Key,
}
