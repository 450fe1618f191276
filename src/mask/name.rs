//! `cn-name`: a Chinese name without its given name.
//!
//! Does not fit anything but two to four Han characters, or a first part of so many before a `·`.

use unicode_script::{Script, UnicodeScript};

use super::keep::offset;
use super::surnames::COMPOUND;
use super::text::Text;

pub(super) fn cn_name(value: &str, out: &mut Text<'_>) -> Option<()> {
    let name = value.split_once('·').map_or(value, |(first, _)| first);
    // Four characters are looked at however long the value is.
    let length = name.chars().take(5).count();
    if !(2..=4).contains(&length) || !name.chars().all(|c| c.script() == Script::Han) {
        return None;
    }
    let compound = length > 2 && COMPOUND.contains(&name.get(..offset(name, 2))?);
    let surname = if compound { 2 } else { 1 };
    out.push(name.get(..offset(name, surname))?);
    out.repeat('*', length - surname);
    Some(())
}
