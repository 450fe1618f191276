//! `cn-phone`: a Chinese mobile number without its middle four digits.
//!
//! Does not fit anything but eleven digits from 1, after `+86`, blanks and dashes are dropped.

use super::text::Text;

pub(super) fn cn_phone(value: &str, out: &mut Text<'_>) -> Option<()> {
    if let Ok(bare) = <&[u8; 11]>::try_from(value.as_bytes())
        && super::all(bare, |byte| byte.is_ascii_digit())
    {
        return write(bare, out);
    }
    write(&digits(value)?, out)
}

fn write(digits: &[u8; 11], out: &mut Text<'_>) -> Option<()> {
    let [b'1', b, c, _, _, _, _, h, i, j, k] = *digits else {
        return None;
    };
    out.ascii(&[b'1', b, c, b'*', b'*', b'*', b'*', h, i, j, k]);
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
