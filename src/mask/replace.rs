//! Declared `replace`: one constant for every value, whatever its type.
//!
//! Refuses, when it is built, a number that is not a plain decimal number.

use super::decimal::Decimal;
use super::text::Text;

/// A constant as a rule file writes it.
#[derive(Clone, Copy, Debug)]
pub enum Literal<'a> {
    /// A string, decoded.
    String(&'a str),
    /// A number's text as written.
    Number(&'a str),
    /// `true` or `false`.
    Boolean(bool),
}

/// Declared: one constant, kept as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replace {
    json: Vec<u8>,
}

impl Replace {
    pub(super) fn new(literal: Literal<'_>) -> Result<Replace, String> {
        let mut json = Vec::new();
        match literal {
            Literal::String(text) => {
                json.push(b'"');
                Text::new(&mut json).push(text);
                json.push(b'"');
            }
            Literal::Number(text) if Decimal::read(text).is_some() => {
                json.extend_from_slice(text.as_bytes());
            }
            Literal::Number(text) => {
                return Err(format!(
                    "`replace: {text}` is not a JSON number without exponent; quote it to write a string"
                ));
            }
            Literal::Boolean(value) => json.extend_from_slice(value.to_string().as_bytes()),
        }
        Ok(Replace { json })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.json);
    }
}
