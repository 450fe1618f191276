//! Declared `truncate`: the first characters of a longer text.
//!
//! Does not fit a value that would be shown whole.

use super::keep::offset;
use super::text::Text;

/// Declared: the first characters of a longer text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truncate {
    characters: usize,
}

impl Truncate {
    pub(super) fn new(characters: usize) -> Result<Truncate, String> {
        if characters == 0 {
            return Err(String::from(
                "`truncate` must keep at least 1 character; use `fixed` to keep none",
            ));
        }
        Ok(Truncate { characters })
    }

    pub(super) fn write(&self, value: &str, out: &mut Text<'_>) -> Option<()> {
        let end = offset(value, self.characters);
        if end == value.len() {
            return None;
        }
        out.push(value.get(..end)?);
        Some(())
    }
}
