//! JSON numbers as exact decimals: `1.50`, `1.5` and `15e-1` are one number, and no digit is ever lost.
//!
//! Refuses everything RFC 8259 does not call a number, and exponents beyond any use.

use crate::json::Decimal;

/// A number. Equal numbers have equal parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten of the first digit; `None` for zero.
    magnitude: Option<i64>,
}

impl Number {
    /// Reads a number as JSON writes it.
    pub fn read(text: &str) -> Option<Number> {
        let number = Decimal::read(text)?;
        let digits: String = number.significant().map(char::from).collect();
        Some(Number {
            negative: number.is_negative(),
            digits: digits.trim_end_matches('0').to_owned(),
            magnitude: number.magnitude(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_exact_decimals() {
        let same = [
            ("1", "1.0"),
            ("1.50", "15e-1"),
            ("0", "-0.000e7"),
            ("1000", "1E+3"),
            ("0.001", "1e-3"),
            ("-12.30", "-123e-1"),
            ("100000000000000000000001", "1.00000000000000000000001e23"),
        ];
        for (one, other) in same {
            assert_eq!(Number::read(one), Number::read(other), "{one} {other}");
            assert!(Number::read(one).is_some());
        }
        let different = [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("1", "-1"),
            ("10", "1"),
            ("1e400", "1e401"),
        ];
        for (one, other) in different {
            assert_ne!(Number::read(one), Number::read(other), "{one} {other}");
        }
    }
}
