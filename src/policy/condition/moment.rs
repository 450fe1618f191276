//! Dates and moments in records and rules, and how long ago they were.
//!
//! A date is `2026-01-31`, `2026/01/31` or `20260131`; a moment has its offset (RFC 3339). Anything else is neither. A
//! date and a moment compare by the day that is written; a moment in the future is no age.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// A date, or a moment with the day it is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A day of the calendar.
    Day(Date),
    /// A moment.
    Moment(Date, Timestamp),
}

impl When {
    /// Reads a date or a moment.
    pub fn read(text: &str) -> Option<When> {
        if let Some(day) = day(text) {
            return Some(When::Day(day));
        }
        let (written, time) = text.split_at_checked(10)?;
        let written = written.contains('-').then(|| day(written)).flatten()?;
        let known = |byte: u8| byte.is_ascii_digit() || b"Tt :.+-Zz".contains(&byte);
        let offset = time.ends_with(['Z', 'z']) || time.get(9..)?.contains(['+', '-']);
        if !(time.starts_with(['T', 't', ' ']) && offset && time.bytes().all(known)) {
            return None;
        }
        Some(When::Moment(written, text.parse().ok()?))
    }

    /// Which comes first; `None` where a day is compared with a moment within it.
    pub fn order(self, other: When) -> Option<Ordering> {
        match (self, other) {
            (When::Moment(_, one), When::Moment(_, other)) => Some(one.cmp(&other)),
            // The day a moment is written with is known; which moments a day has is not.
            (When::Day(day) | When::Moment(day, _), When::Day(other)) => Some(day.cmp(&other)),
            (When::Day(_), When::Moment(..)) => None,
        }
    }
}

/// How long ago something may be.
#[derive(Clone, Debug)]
pub struct Age {
    /// Calendar units included.
    span: Span,
    /// Whose calendar says which day it is.
    zone: TimeZone,
}

impl Age {
    /// Reads `18y`, `6 months`, `30d`, `12h`, `P1Y6M`; more than nothing.
    pub fn read(text: &str, zone: TimeZone) -> Option<Age> {
        let span: Span = text.parse().ok()?;
        (span.is_positive()).then_some(Age { span, zone })
    }

    /// Whether it is less than that from `when` to `now` (seconds since 1970); `None` where it has not been yet.
    pub fn is_above(&self, when: When, now: i64) -> Option<bool> {
        let now = Timestamp::from_second(now)
            .ok()?
            .to_zoned(self.zone.clone());
        match when {
            When::Day(day) => self.is_above_day(day, now.datetime()),
            When::Moment(_, moment) => self.is_above_moment(moment, &now),
        }
    }

    fn is_above_day(&self, day: Date, now: DateTime) -> Option<bool> {
        let begun = day.to_datetime(jiff::civil::Time::midnight());
        if begun > now {
            return None;
        }
        Some(begun.checked_add(self.span).ok()? > now)
    }

    fn is_above_moment(&self, moment: Timestamp, now: &Zoned) -> Option<bool> {
        if moment > now.timestamp() {
            return None;
        }
        let begun = moment.to_zoned(self.zone.clone());
        Some(begun.checked_add(self.span).ok()? > *now)
    }
}

/// `2026-01-31`, `2026/01/31` or `20260131`.
fn day(text: &str) -> Option<Date> {
    let part = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let (month, day) = match text.len() {
        8 => (part(4..6)?, part(6..8)?),
        10 => {
            let separators = (text.get(4..5)?, text.get(7..8)?);
            if !matches!(separators, ("-", "-") | ("/", "/")) {
                return None;
            }
            (part(5..7)?, part(8..10)?)
        }
        _ => return None,
    };
    let year = part(0..4)?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(one: &str, other: &str) -> Option<Ordering> {
        When::read(one).unwrap().order(When::read(other).unwrap())
    }

    #[test]
    fn days_and_moments_are_read_in_their_forms_and_no_others() {
        for text in [
            "2026-01-31",
            "2026/01/31",
            "20260131",
            "2026-01-31T10:00:00Z",
            "2026-01-31t10:00:00.5+08:00",
            "2026-01-31 10:00:00-05:30",
        ] {
            assert!(When::read(text).is_some(), "{text}");
        }
        for text in [
            "",
            "2026-02-30",
            "2026-1-31",
            "2026-01/31",
            "2026-01-31T10:00:00",
            "2026-01-31T10:00:00+08:00[Asia/Shanghai]",
            "2026/01/31T10:00:00Z",
            "2026-01-31T25:00:00Z",
            "1767225600",
            "2026-01-31 ",
            "二〇二六年一月",
            "2026-01-31T",
        ] {
            assert_eq!(When::read(text), None, "{text}");
        }
    }

    #[test]
    fn days_compare_by_the_calendar_and_moments_by_the_clock() {
        assert_eq!(order("2026-01-31", "20260201"), Some(Ordering::Less));
        assert_eq!(order("2026/01/31", "2026-01-31"), Some(Ordering::Equal));
        assert_eq!(
            order("2026-01-31T23:00:00Z", "2026-02-01T06:00:00+08:00"),
            Some(Ordering::Greater)
        );
    }

    #[test]
    fn a_moment_compares_with_a_day_by_the_day_it_is_written_with() {
        assert_eq!(
            order("2026-02-01T06:00:00+08:00", "2026-02-01"),
            Some(Ordering::Equal)
        );
        assert_eq!(order("2026-02-01", "2026-02-01T06:00:00+08:00"), None);
    }

    fn younger(age: &str, zone: &str, born: &str, now: &str) -> Option<bool> {
        let age = Age::read(age, TimeZone::get(zone).unwrap()).unwrap();
        let now: Timestamp = now.parse().unwrap();
        age.is_above(When::read(born).unwrap(), now.as_second())
    }

    #[test]
    fn an_age_ends_on_the_birthday_of_the_zone() {
        let at = |now| younger("18y", "Asia/Shanghai", "2008-06-01", now);
        assert_eq!(at("2026-05-31T23:59:59+08:00"), Some(true));
        assert_eq!(at("2026-06-01T00:00:00+08:00"), Some(false));
        let utc = younger("18y", "UTC", "2008-06-01", "2026-06-01T00:00:00+08:00");
        assert_eq!(utc, Some(true));
    }

    #[test]
    fn what_lies_in_the_future_has_no_age() {
        assert_eq!(
            younger("30d", "UTC", "2026-06-02", "2026-06-01T10:00:00Z"),
            None
        );
        let moment = "2026-06-01T10:00:01Z";
        assert_eq!(younger("30d", "UTC", moment, "2026-06-01T10:00:00Z"), None);
    }

    #[test]
    fn a_duration_counts_from_the_moment() {
        let at = |now| younger("12h", "UTC", "2026-06-01T10:00:00+08:00", now);
        assert_eq!(at("2026-06-01T21:59:59+08:00"), Some(true));
        assert_eq!(at("2026-06-01T22:00:00+08:00"), Some(false));
        for (age, last) in [
            ("6 months", "2026-11-30"),
            ("P1M", "2026-06-30"),
            ("2w", "2026-06-14"),
        ] {
            let now = format!("{last}T23:59:59Z");
            assert_eq!(younger(age, "UTC", "2026-06-01", &now), Some(true), "{age}");
        }
    }

    #[test]
    fn an_age_is_more_than_nothing_and_has_a_unit() {
        for text in ["", "18", "-18y", "0d", "18 apples", "y"] {
            assert!(Age::read(text, TimeZone::UTC).is_none(), "{text}");
        }
    }
}
