//! `cn-phone`: a Chinese mobile number without its middle four digits.
//!
//! Does not fit anything but eleven digits from 1, after `+86`, blanks and dashes are dropped.

use super::text::Text;

pub(super) fn cn_phone(value: &str, out: &mut Text<'_>) -> Option<()> {
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
    if written.next().is_some() {
        return None;
    }
    let digits = std::str::from_utf8(&digits).ok()?;
    if !digits.starts_with('1') {
        return None;
    }
    out.push(digits.get(..3)?);
    out.push("****");
    out.push(digits.get(7..)?);
    Some(())
}
