//! `cn-address`: a Chinese address down to its district.
//!
//! Does not fit a value without 区, 县, 旗 or 市 among its first twelve characters.

use super::text::Text;

pub(super) fn cn_address(value: &str, out: &mut Text<'_>) -> Option<()> {
    let mut district = None;
    let mut city = None;
    for (at, character) in value.char_indices().take(12) {
        match character {
            '区' | '县' | '旗' => district = Some(at + character.len_utf8()),
            '市' => city = Some(at + character.len_utf8()),
            _ => {}
        }
    }
    out.push(value.get(..district.or(city)?)?);
    out.push("***");
    Some(())
}
