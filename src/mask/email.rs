//! `email` and `domain`: an e-mail address without who it belongs to.
//!
//! Does not fit a value without exactly one `@`, with blanks or other than ASCII before it, or with
//! anything but letters, digits, `-` and `.` after it.

use super::text::Text;

pub(super) fn email(value: &str, out: &mut Text<'_>) -> Option<()> {
    let (local, domain) = parts(value)?;
    if local.len() > 1 {
        out.push(local.get(..1)?);
    }
    out.raw("***@");
    out.raw(domain);
    Some(())
}

pub(super) fn domain(value: &str, out: &mut Text<'_>) -> Option<()> {
    let (_, domain) = parts(value)?;
    out.raw(domain);
    Some(())
}

/// The domain is what these masks show, so free text after an `@` must not pass for one.
fn parts(value: &str) -> Option<(&str, &str)> {
    // Addresses are short: looking at each byte is faster than looking for one.
    let at = value.bytes().position(|byte| byte == b'@')?;
    let (local, domain) = (value.get(..at)?, value.get(at + 1..)?);
    let fits = !local.is_empty()
        && local.bytes().all(|byte| byte.is_ascii_graphic())
        && !domain.is_empty()
        && (domain.bytes().all(is_ascii_domain) || domain.chars().all(belongs_in_domain));
    fits.then_some((local, domain))
}

fn is_ascii_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

fn belongs_in_domain(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '.')
}
