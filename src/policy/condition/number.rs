//! JSON numbers as exact decimals: `1.50`, `1.5` and `15e-1` are one number, and no digit is ever lost.
//!
//! Refuses everything RFC 8259 does not call a number, and exponents beyond any use.

/// Exponents with more digits than this are not worth an exact answer.
const LONGEST_EXPONENT: usize = 9;

/// A number. Equal numbers have equal parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten the last digit counts.
    exponent: i64,
}

impl Number {
    /// Reads a number as JSON writes it.
    pub fn read(text: &str) -> Option<Number> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        let cut = i64::try_from(all.len() - digits.len()).ok()?;
        let behind_point = i64::try_from(fraction.len()).ok()?;
        let digits = digits.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Number {
            negative: negative && !is_zero,
            exponent: if is_zero {
                0
            } else {
                exponent + cut - behind_point
            },
            digits,
        })
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !is_digits(digits) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > LONGEST_EXPONENT {
        return None;
    }
    let exponent: i64 = match digits {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    Some(if negative { -exponent } else { exponent })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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

    #[test]
    fn what_json_does_not_call_a_number_is_none() {
        for text in [
            "",
            "-",
            "01",
            ".5",
            "5.",
            "1e",
            "+1",
            "1e1.0",
            "0x1",
            "NaN",
            "1_000",
            "١",
            "1e9999999999",
        ] {
            assert_eq!(Number::read(text), None, "{text}");
        }
        assert_eq!(Number::read("1e0000000000001"), Number::read("10"));
    }
}
