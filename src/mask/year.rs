//! `year-only`: the year of a date.
//!
//! Does not fit a value that is not a day of the calendar in one of four forms.

use jiff::civil;

use super::text::Text;

pub(super) fn year_only(value: &str, out: &mut Text<'_>) -> Option<()> {
    let bytes = value.as_bytes();
    let fits = match bytes.len() {
        8 => is_day(bytes.get(..4)?, bytes.get(4..6)?, bytes.get(6..)?),
        _ => {
            let separator = *bytes.get(4)?;
            let day = is_day(bytes.get(..4)?, bytes.get(5..7)?, bytes.get(8..10)?);
            let alike = matches!(separator, b'-' | b'/') && bytes.get(7) == Some(&separator);
            let rest = bytes.get(10..)?;
            day && alike && (rest.is_empty() || (separator == b'-' && is_time(rest)))
        }
    };
    fits.then_some(())?;
    out.push(value.get(..4)?);
    Some(())
}

fn is_day(year: &[u8], month: &[u8], day: &[u8]) -> bool {
    let (Some(year), Some(month), Some(day)) = (whole(year), whole(month), whole(day)) else {
        return false;
    };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    civil::Date::new(year, month, day).is_ok()
}

/// `T10:00:00.5+08:00` (RFC 3339, section 5.6; `t`, `z` and a blank for `T` are its own alternatives).
fn is_time(text: &[u8]) -> bool {
    let [
        b'T' | b't' | b' ',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        rest @ ..,
    ] = text
    else {
        return false;
    };
    let clock = within(&[*h1, *h2], 23) && within(&[*m1, *m2], 59) && within(&[*s1, *s2], 60);
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        _ => rest,
    };
    let zoned = match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => within(&[*h1, *h2], 23) && within(&[*m1, *m2], 59),
        _ => false,
    };
    clock && zoned
}

fn within(digits: &[u8], most: i16) -> bool {
    whole(digits).is_some_and(|number| number <= most)
}

/// At most four ASCII digits as a number.
pub(super) fn whole(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0i16, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| i16::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}
