//! `cn-name`: a Chinese name without its given name.
//!
//! Does not fit anything but two to four Han characters, or a first part of so many before a `·`.

use unicode_script::{Script, UnicodeScript};

use super::surnames::is_compound;
use super::text::Text;

pub(super) fn cn_name(value: &str, out: &mut Text<'_>) -> Option<()> {
    // Where each character ends. Four are looked at however long the value is.
    let mut ends = [0; 4];
    let mut length = 0;
    for (at, character) in value.char_indices() {
        if character == '·' {
            break;
        }
        if !is_han(character) {
            return None;
        }
        *ends.get_mut(length)? = at + character.len_utf8();
        length += 1;
    }
    if length < 2 {
        return None;
    }
    let [first, second, ..] = ends;
    let compound = length > 2 && is_compound(value.get(..second)?);
    let (shown, hidden) = if compound {
        (second, length - 2)
    } else {
        (first, length - 1)
    };
    out.raw(value.get(..shown)?);
    out.repeat('*', hidden);
    Some(())
}

fn is_han(character: char) -> bool {
    // Nearly all of them are in one block, which holds nothing else.
    matches!(character, '\u{4E00}'..='\u{9FFF}') || character.script() == Script::Han
}
