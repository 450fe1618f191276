//! Where inside a string's escape or a number the lexer stands, one byte at a time (RFC 8259, 6 and 7).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    None,
    Backslash,
    /// Hexadecimal digits still to come, the value so far, and whether a low surrogate must result.
    Unit {
        missing: u8,
        value: u16,
        low: bool,
    },
    /// A high surrogate has been read; `\` must follow.
    LowBackslash,
    /// ... and then `u`.
    LowU,
}

impl Escape {
    pub fn step(self, byte: u8) -> Option<Escape> {
        match (self, byte) {
            (Escape::None, b'\\') => Some(Escape::Backslash),
            (Escape::Backslash, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                Some(Escape::None)
            }
            (Escape::Backslash, b'u') => Some(Escape::Unit {
                missing: 4,
                value: 0,
                low: false,
            }),
            (
                Escape::Unit {
                    missing,
                    value,
                    low,
                },
                _,
            ) => {
                let digit = char::from(byte).to_digit(16)?;
                let value = (value << 4) | u16::try_from(digit).ok()?;
                if missing > 1 {
                    return Some(Escape::Unit {
                        missing: missing - 1,
                        value,
                        low,
                    });
                }
                match (value, low) {
                    (0xDC00..=0xDFFF, true) => Some(Escape::None),
                    (_, true) | (0xDC00..=0xDFFF, false) => None,
                    (0xD800..=0xDBFF, false) => Some(Escape::LowBackslash),
                    (_, false) => Some(Escape::None),
                }
            }
            (Escape::LowBackslash, b'\\') => Some(Escape::LowU),
            (Escape::LowU, b'u') => Some(Escape::Unit {
                missing: 4,
                value: 0,
                low: true,
            }),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Number {
    #[inline]
    pub fn step(self, byte: u8) -> Option<Number> {
        match (self, byte) {
            (Number::Minus, b'0') => Some(Number::Zero),
            (Number::Minus, b'1'..=b'9') | (Number::Integer, b'0'..=b'9') => Some(Number::Integer),
            (Number::Zero | Number::Integer, b'.') => Some(Number::Point),
            (Number::Point | Number::Fraction, b'0'..=b'9') => Some(Number::Fraction),
            (Number::Zero | Number::Integer | Number::Fraction, b'e' | b'E') => {
                Some(Number::Exponent)
            }
            (Number::Exponent, b'+' | b'-') => Some(Number::ExponentSign),
            (Number::Exponent | Number::ExponentSign | Number::ExponentDigits, b'0'..=b'9') => {
                Some(Number::ExponentDigits)
            }
            _ => None,
        }
    }

    /// Whether another digit changes nothing.
    #[inline]
    pub fn repeats(self) -> bool {
        matches!(
            self,
            Number::Integer | Number::Fraction | Number::ExponentDigits
        )
    }

    pub fn may_end(self) -> bool {
        matches!(
            self,
            Number::Zero | Number::Integer | Number::Fraction | Number::ExponentDigits
        )
    }
}
