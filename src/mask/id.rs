//! Numbers with a fixed form: `cn-id`, `cn-id-6-4`, `bank-card`.
//!
//! Does not fit a value of another length or with anything but digits (an ID number may end in X).

use super::keep::ends;
use super::text::Text;

pub(super) fn cn_id(value: &str, out: &mut Text<'_>) -> Option<()> {
    is_cn_id(value).then_some(())?;
    ends(value, value.len(), (1, 1), '*', out)
}

pub(super) fn cn_id_6_4(value: &str, out: &mut Text<'_>) -> Option<()> {
    is_cn_id(value).then_some(())?;
    ends(value, value.len(), (6, 4), '*', out)
}

pub(super) fn bank_card(value: &str, out: &mut Text<'_>) -> Option<()> {
    let fits = (16..=19).contains(&value.len()) && super::is_digits(value);
    fits.then_some(())?;
    ends(value, value.len(), (6, 4), '*', out)
}

/// Seventeen digits and a digit or X; the checksum is not judged, so a mistyped number is masked too.
fn is_cn_id(value: &str) -> bool {
    match value.as_bytes().split_last() {
        Some((last, digits)) => {
            digits.len() == 17
                && digits.iter().all(u8::is_ascii_digit)
                && (last.is_ascii_digit() || matches!(last, b'X' | b'x'))
        }
        None => false,
    }
}
