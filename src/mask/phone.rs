//! `cn-phone`: a Chinese mobile number without its middle four digits.
//!
//! Does not fit anything but eleven digits from 1, after `+86`, blanks and dashes are dropped.

use super::text::Text;

pub(super) fn cn_phone(value: &str, out: &mut Text<'_>) -> Option<()> {
    let bare = value.len() == 11 && value.bytes().all(|byte| byte.is_ascii_digit());
    if bare {
        return write(value, out);
    }
    write(std::str::from_utf8(&digits(value)?).ok()?, out)
}

fn write(digits: &str, out: &mut Text<'_>) -> Option<()> {
    if !digits.starts_with('1') {
        return None;
    }
    out.raw(digits.get(..3)?);
    out.raw("****");
    out.raw(digits.get(7..)?);
    Some(())
}

/// The digits of a number written with a prefix, blanks or dashes.
fn digits(value: &str) -> Option<[u8; 11]> {
    let mut written = value.chars().filter(|c| !matches!(c, ' ' | '-')).peekable();
    if written.next_if_eq(&'+').is_some() {
        written.next_if_eq(&'8')?;
        written.next_if_eq(&'6')?;
    }
    let mut digits = [0; 11];
    for digit in &mut digits {
        let character = written.next().filter(char::is_ascii_digit)?;
        *digit = u8::try_from(character).ok()?;
    }
    written.next().is_none().then_some(digits)
}
