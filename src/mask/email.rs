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
    let at = value.bytes().position(|byte| !of(byte, LOCAL))?;
    let (local, rest) = value.split_at_checked(at)?;
    let domain = rest.strip_prefix('@')?;
    let fits = !local.is_empty()
        && !domain.is_empty()
        && (domain.bytes().all(|byte| of(byte, DOMAIN)) || domain.chars().all(belongs_in_domain));
    fits.then_some((local, domain))
}

/// A visible ASCII character other than `@`.
const LOCAL: u8 = 1;
/// An ASCII letter or digit, `-` or `.`.
const DOMAIN: u8 = 2;

/// What each byte may be part of.
static PARTS: [u8; 256] = parts_of_bytes();

#[inline(always)]
fn of(byte: u8, part: u8) -> bool {
    PARTS
        .get(usize::from(byte))
        .is_some_and(|parts| parts & part != 0)
}

#[allow(clippy::indexing_slicing, reason = "done when it is compiled")]
const fn parts_of_bytes() -> [u8; 256] {
    let mut parts = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_graphic() && byte != b'@' {
            parts[byte as usize] |= LOCAL;
        }
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' {
            parts[byte as usize] |= DOMAIN;
        }
        byte += 1;
    }
    parts
}

fn belongs_in_domain(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '.')
}
