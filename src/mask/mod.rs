//! Masks and tokens: pure functions from one value to its replacement.
//!
//! Refuses nothing: a value that does not fit becomes `"***"`.

/// A mask, built in or declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// `"***"` for anything.
    Fixed,
}

/// A JSON scalar as masks and tokens see it.
#[derive(Clone, Copy, Debug)]
pub enum Scalar<'a> {
    /// A string, escapes decoded.
    String(&'a str),
    /// A number's text, exactly as it came.
    Number(&'a str),
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}
