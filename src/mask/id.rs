//! Numbers with a fixed form: `cn-id`, `cn-id-6-4`, `bank-card`.
//!
//! Does not fit a value of another length or with anything but digits (an ID number may end in X).

use super::keep::ends_of_digits;
use super::text::Text;

pub(super) fn cn_id(value: &str, out: &mut Text<'_>) -> Option<()> {
    let [first, .., last] = *cn_id_characters(value)?;
    let mut masked = [b'*'; 18];
    masked[0] = first;
    masked[17] = last;
    out.ascii(&masked);
    Some(())
}

pub(super) fn cn_id_6_4(value: &str, out: &mut Text<'_>) -> Option<()> {
    cn_id_characters(value)?;
    ends_of_digits(value, (6, 4), out)
}

pub(super) fn bank_card(value: &str, out: &mut Text<'_>) -> Option<()> {
    let fits = (16..=19).contains(&value.len()) && super::is_digits(value);
    fits.then_some(())?;
    ends_of_digits(value, (6, 4), out)
}

/// Seventeen digits and a digit or X; the checksum is not judged, so a mistyped number is masked too.
fn cn_id_characters(value: &str) -> Option<&[u8; 18]> {
    let characters: &[u8; 18] = value.as_bytes().try_into().ok()?;
    let [digits @ .., last] = characters;
    let fits = super::all(digits, |byte| byte.is_ascii_digit())
        && (last.is_ascii_digit() || matches!(last, b'X' | b'x'));
    fits.then_some(characters)
}
