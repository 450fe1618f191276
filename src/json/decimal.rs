//! JSON numbers compared as the decimals they are: no digit is ever lost.
//!
//! Refuses what RFC 8259 does not call a number, and exponents of more than nine digits.

use std::cmp::Ordering;

/// Exponents of more digits are not worth an exact answer.
const LONGEST_EXPONENT: usize = 9;

/// A number, in its text.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a> {
    negative: bool,
    /// The digits before and after the point.
    digits: [&'a str; 2],
    /// The power of ten of the first of all digits that is not 0; `None` for zero.
    magnitude: Option<i64>,
}

impl<'a> Decimal<'a> {
    /// Reads a number as JSON writes it.
    pub fn read(text: &'a str) -> Option<Decimal<'a>> {
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
        let first = digits_of([whole, fraction]).position(|digit| digit != b'0');
        let magnitude = match first {
            Some(first) => {
                Some(i64::try_from(whole.len()).ok()? - i64::try_from(first).ok()? + exponent)
            }
            None => None,
        };
        Some(Decimal {
            negative,
            digits: [whole, fraction],
            magnitude,
        })
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative && self.magnitude.is_some()
    }

    /// The power of ten of the first digit that is not 0; `None` for zero.
    pub fn magnitude(&self) -> Option<i64> {
        self.magnitude
    }

    /// The digits from the first that is not 0, in ASCII.
    pub fn significant(&self) -> impl Iterator<Item = u8> {
        digits_of(self.digits).skip_while(|digit| *digit == b'0')
    }

    fn sign(&self) -> i8 {
        match (self.magnitude, self.is_negative()) {
            (None, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    fn compare_size(&self, other: &Decimal<'_>) -> Ordering {
        let by_size = self.magnitude.cmp(&other.magnitude);
        by_size.then_with(|| {
            let (mut left, mut right) = (self.significant(), other.significant());
            loop {
                let pair = (left.next(), right.next());
                if pair == (None, None) {
                    return Ordering::Equal;
                }
                let digit = |digit: Option<u8>| digit.unwrap_or(b'0');
                let order = digit(pair.0).cmp(&digit(pair.1));
                if order != Ordering::Equal {
                    return order;
                }
            }
        })
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign()
            .cmp(&other.sign())
            .then_with(|| match self.sign() {
                0 => Ordering::Equal,
                1 => self.compare_size(other),
                _ => other.compare_size(self),
            })
    }
}

fn digits_of(parts: [&str; 2]) -> impl Iterator<Item = u8> {
    parts.into_iter().flat_map(str::bytes)
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
        let ascending = [
            "-1e999999999",
            "-100",
            "-12.31",
            "-12.3",
            "-1e-7",
            "0",
            "1e-999999999",
            "0.1",
            "0.1000000000000000055511151231257827",
            "0.2",
            "1",
            "1.0000000000000000000000001",
            "2",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e400",
            "1.5e400",
            "1e401",
        ];
        for (left, one) in ascending.iter().enumerate() {
            for (right, other) in ascending.iter().enumerate() {
                let order = Decimal::read(one)
                    .unwrap()
                    .cmp(&Decimal::read(other).unwrap());
                assert_eq!(order, left.cmp(&right), "{one} {other}");
            }
        }
    }

    #[test]
    fn one_number_may_be_written_in_many_ways() {
        for (one, other) in [
            ("1", "1.0"),
            ("1.50", "15e-1"),
            ("0", "-0.000e7"),
            ("1000", "1E+3"),
            ("0.001", "1e-3"),
            ("-12.30", "-123e-1"),
            ("100000000000000000000001", "1.00000000000000000000001e23"),
            ("10", "1e0000000000001"),
        ] {
            assert_eq!(Decimal::read(one), Decimal::read(other), "{one} {other}");
            assert!(Decimal::read(one).is_some());
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
            assert!(Decimal::read(text).is_none(), "{text}");
        }
    }
}
