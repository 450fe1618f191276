//! Declared `date`: a date with its finer parts set to the first, in the format it came in.
//!
//! Does not fit a value that is not a moment of the calendar in exactly that format. Refuses, when it
//! is built, letters it does not know and a format in which nothing would be hidden.

use jiff::civil;

use super::text::Text;
use super::year::whole;

/// Declared: what stays of a date, and how the date is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateMask {
    keep: Unit,
    format: Vec<Part>,
}

/// From coarse to fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Unit(Unit),
    Literal(char),
}

const LETTERS: &[(&str, Unit)] = &[
    ("yyyy", Unit::Year),
    ("MM", Unit::Month),
    ("dd", Unit::Day),
    ("HH", Unit::Hour),
    ("mm", Unit::Minute),
    ("ss", Unit::Second),
];

impl DateMask {
    pub(super) fn new(keep: &str, format: &str) -> Result<DateMask, String> {
        let keep = match keep {
            "year" => Unit::Year,
            "month" => Unit::Month,
            "day" => Unit::Day,
            _ => {
                return Err(format!(
                    "`date: {keep}` must be `year`, `month` or `day`, the part that stays"
                ));
            }
        };
        let parts = read_format(format)?;
        let has = |unit| parts.contains(&Part::Unit(unit));
        let coarser = [Unit::Year, Unit::Month, Unit::Day];
        if !coarser.iter().all(|unit| *unit > keep || has(*unit)) {
            return Err(format!(
                "`format: {format}` lacks a part that stays; write `yyyy`, `MM` and `dd` down to it"
            ));
        }
        let finer = |part: &Part| matches!(part, Part::Unit(unit) if *unit > keep);
        if !parts.iter().any(finer) {
            return Err(format!(
                "`format: {format}` has nothing finer than what stays, so nothing would be hidden"
            ));
        }
        Ok(DateMask {
            keep,
            format: parts,
        })
    }

    pub(super) fn write(&self, value: &str, out: &mut Text<'_>) -> Option<()> {
        let mut rest = value;
        // By `Unit`: what the calendar says of parts the format leaves out.
        let mut moment = [0, 1, 1, 0, 0, 0];
        for part in &self.format {
            match part {
                Part::Literal(character) => {
                    rest = rest.strip_prefix(*character)?;
                    out.repeat(*character, 1);
                }
                Part::Unit(unit) => {
                    let digits = rest.get(..unit.width())?;
                    rest = rest.get(unit.width()..)?;
                    *moment.get_mut(*unit as usize)? = whole(digits.as_bytes())?;
                    out.push(if *unit <= self.keep {
                        digits
                    } else {
                        unit.first()
                    });
                }
            }
        }
        (rest.is_empty() && is_moment(moment)).then_some(())
    }
}

impl Unit {
    fn width(self) -> usize {
        match self {
            Unit::Year => 4,
            _ => 2,
        }
    }

    fn first(self) -> &'static str {
        match self {
            Unit::Hour | Unit::Minute | Unit::Second => "00",
            Unit::Year | Unit::Month | Unit::Day => "01",
        }
    }
}

fn is_moment([year, month, day, hour, minute, second]: [i16; 6]) -> bool {
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    civil::Date::new(year, month, day).is_ok() && hour < 24 && minute < 60 && second < 60
}

fn read_format(format: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(character) = rest.chars().next() {
        let known = LETTERS
            .iter()
            .find_map(|(letters, unit)| Some((rest.strip_prefix(letters)?, Part::Unit(*unit))));
        let (after, part) = match known {
            Some((_, part)) if parts.contains(&part) => {
                return Err(format!("`format: {format}` writes one part twice"));
            }
            Some(known) => known,
            None if character.is_ascii_alphanumeric() && character != 'T' => {
                return Err(format!(
                    "`{character}` in `format: {format}` is not known; a format is made of `yyyy`, `MM`, \
                     `dd`, `HH`, `mm`, `ss`, `T` and separators"
                ));
            }
            None => (
                rest.get(character.len_utf8()..).unwrap_or_default(),
                Part::Literal(character),
            ),
        };
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}
