//! Declared `round`: a number cut toward zero to a multiple of a step, on its decimal text.
//!
//! Does not fit strings or numbers with an exponent.

use super::decimal::Decimal;

/// Declared: a number rounded toward zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    step: u64,
}

/// The largest step whose remainders can be carried ten times over in a `u64`.
const LARGEST: u64 = 1_000_000_000_000_000_000;

impl Round {
    pub(super) fn new(step: &str) -> Result<Round, String> {
        match step.parse() {
            Ok(number @ 1..=LARGEST) if super::is_digits(step) => Ok(Round { step: number }),
            _ => Err(format!(
                "`round: {step}` must be a whole number from 1 to 10^18, such as `1000`"
            )),
        }
    }

    pub(super) fn write(&self, number: &str, out: &mut Vec<u8>) -> Option<()> {
        let number = Decimal::read(number)?;
        let start = out.len();
        if number.negative {
            out.push(b'-');
        }
        let first = out.len();
        out.extend_from_slice(number.whole.as_bytes());
        subtract(out.get_mut(first..)?, self.remainder(number.whole));
        let zeros = out.get(first..)?.iter().take_while(|&&d| d == b'0').count();
        if first + zeros == out.len() {
            out.truncate(start);
            out.push(b'0');
        } else {
            out.drain(first..first + zeros);
        }
        Some(())
    }

    fn remainder(&self, digits: &str) -> u64 {
        digits.bytes().fold(0, |rest, digit| {
            (rest * 10 + u64::from(digit - b'0')) % self.step
        })
    }
}

/// Takes `rest`, which is not larger, from the number these ASCII digits write.
fn subtract(digits: &mut [u8], mut rest: u64) {
    for digit in digits.iter_mut().rev() {
        let value = u64::from(*digit - b'0');
        let (take, borrow) = (rest % 10, u64::from(value < rest % 10));
        *digit = b'0' + ((value + 10 * borrow - take) % 10) as u8;
        rest = rest / 10 + borrow;
    }
}
