//! Declared `bucket`: the largest bound that is not above a number.
//!
//! Does not fit a number below the first bound, a number with an exponent, or a string.

use super::decimal::Decimal;

/// Declared: the bounds as written, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    bounds: Vec<String>,
}

impl Bucket {
    pub(super) fn new(bounds: &[&str]) -> Result<Bucket, String> {
        let mut below = None;
        for bound in bounds {
            let Some(number) = Decimal::read(bound) else {
                return Err(format!(
                    "`{bound}` in `bucket` is not a JSON number without exponent"
                ));
            };
            if below.is_some_and(|below| below >= number) {
                return Err(format!(
                    "`{bound}` in `bucket` must be larger than the bound before it"
                ));
            }
            below = Some(number);
        }
        if below.is_none() {
            return Err(String::from(
                "`bucket` must list at least one bound, such as `[0, 18, 65]`",
            ));
        }
        let plain = |bound: &&str| match Decimal::read(bound) {
            Some(number) if !number.negative => String::from(bound.trim_start_matches('-')),
            _ => String::from(*bound),
        };
        Ok(Bucket {
            bounds: bounds.iter().map(plain).collect(),
        })
    }

    pub(super) fn write(&self, number: &str, out: &mut Vec<u8>) -> Option<()> {
        let number = Decimal::read(number)?;
        let reached = self
            .bounds
            .iter()
            .take_while(|bound| Decimal::read(bound).is_some_and(|bound| bound <= number));
        out.extend_from_slice(reached.last()?.as_bytes());
        Some(())
    }
}
