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
    out.push("***@");
    out.push(domain);
    Some(())
}

pub(super) fn domain(value: &str, out: &mut Text<'_>) -> Option<()> {
    let (_, domain) = parts(value)?;
    out.push(domain);
    Some(())
}

/// The domain is what these masks show, so free text after an `@` must not pass for one.
fn parts(value: &str) -> Option<(&str, &str)> {
    let (local, domain) = value.split_once('@')?;
    let fits = !local.is_empty()
        && local.bytes().all(|byte| byte.is_ascii_graphic())
        && !domain.is_empty()
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'));
    fits.then_some((local, domain))
}
