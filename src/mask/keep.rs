//! Characters kept at either end: `last4`, `first1-last1` and the declared `keep`.
//!
//! Does not fit a value shorter than twice what is kept.

use super::text::Text;

/// Declared: so many characters at either end, one character for each hidden.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Keep {
    first: usize,
    last: usize,
    hidden: char,
}

impl Keep {
    pub(super) fn new(first: usize, last: usize, hidden: &str) -> Result<Keep, String> {
        const MOST: usize = 1000;
        if first > MOST || last > MOST {
            return Err(format!(
                "`keep` takes at most {MOST} characters at either end"
            ));
        }
        let mut characters = hidden.chars();
        match (characters.next(), characters.next()) {
            (Some(hidden), None) if !hidden.is_control() && !hidden.is_whitespace() => Ok(Keep {
                first,
                last,
                hidden,
            }),
            _ => Err(format!(
                "`char: {}` must be one visible character, such as `\"*\"`",
                hidden.escape_debug()
            )),
        }
    }

    pub(super) fn write(&self, value: &str, out: &mut Text<'_>) -> Option<()> {
        let length = value.chars().count();
        if length < 2 * (self.first + self.last) {
            return None;
        }
        ends(value, length, (self.first, self.last), self.hidden, out)
    }

    /// Whether what it makes can be told from any other value: letters and digits stand in values too.
    pub(super) fn has_form(&self) -> bool {
        !self.hidden.is_alphanumeric()
    }

    /// Whether its character stands where it puts one.
    pub(super) fn may_have_made(&self, text: &str) -> bool {
        hides(text, (self.first, self.last), self.hidden)
    }
}

/// Whether a character that hides stands where one does that keeps so many characters at either end.
pub(super) fn hides(text: &str, (first, last): (usize, usize), hidden: char) -> bool {
    let length = text.chars().count();
    let between = length.saturating_sub(first + last);
    text.chars()
        .skip(first)
        .take(between)
        .any(|one| one == hidden)
}

pub(super) fn last4(value: &str, out: &mut Text<'_>) -> Option<()> {
    let length = value.chars().count();
    if length < 8 {
        return None;
    }
    ends(value, length, (0, 4), '*', out)
}

pub(super) fn first1_last1(value: &str, out: &mut Text<'_>) -> Option<()> {
    let length = value.chars().count();
    if length < 4 {
        return None;
    }
    ends(value, length, (1, 1), '*', out)
}

/// The same of a value of digits and letters alone.
#[inline]
pub(super) fn ends_of_digits(
    value: &str,
    (first, last): (usize, usize),
    out: &mut Text<'_>,
) -> Option<()> {
    let after = value.len().checked_sub(last)?;
    out.raw(value.get(..first)?);
    out.repeat('*', after.checked_sub(first)?);
    out.raw(value.get(after..)?);
    Some(())
}

/// The first and the last characters of a value of `length` characters, `hidden` for each between.
pub(super) fn ends(
    value: &str,
    length: usize,
    (first, last): (usize, usize),
    hidden: char,
    out: &mut Text<'_>,
) -> Option<()> {
    let between = length.checked_sub(first + last)?;
    if length == value.len() {
        // Each character is a byte.
        out.push(value.get(..first)?);
        out.repeat(hidden, between);
        out.push(value.get(first + between..)?);
        return Some(());
    }
    out.push(value.get(..offset(value, first))?);
    out.repeat(hidden, between);
    out.push(value.get(offset(value, first + between)..)?);
    Some(())
}

/// Where the character of that index begins.
pub(super) fn offset(value: &str, character: usize) -> usize {
    value
        .char_indices()
        .nth(character)
        .map_or(value.len(), |(at, _)| at)
}
