//! Hours of the day in a zone; a window may lie over midnight.
//!
//! The first minute counts, the last does not: `08:00-18:00` ends with the last second before six.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A window of hours.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Minutes after midnight.
    pub from: u16,
    /// Minutes after midnight; not above a day, and below `from` where it lies over midnight.
    pub until: u16,
    /// Whose clocks.
    pub zone: TimeZone,
}

impl Hours {
    /// Whether a moment (seconds since 1970) lies in it; `None` for one no calendar has.
    pub fn hold(&self, now: i64) -> Option<bool> {
        let time = Timestamp::from_second(now)
            .ok()?
            .to_zoned(self.zone.clone())
            .time();
        let minute = u16::try_from(time.hour()).ok()? * 60 + u16::try_from(time.minute()).ok()?;
        Some(match self.from < self.until {
            true => (self.from..self.until).contains(&minute),
            false => minute >= self.from || minute < self.until,
        })
    }
}

/// `08:30` in minutes after midnight; `24:00` is the day's end.
pub fn clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| match digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()) {
        true => digits.parse::<u16>().ok(),
        false => None,
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let time = hour * 60 + minute;
    (minute < 60 && time <= DAY).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(window: (&str, &str), moment: &str) -> bool {
        let hours = Hours {
            from: clock(window.0).unwrap(),
            until: clock(window.1).unwrap(),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
        };
        let moment: Timestamp = moment.parse().unwrap();
        hours.hold(moment.as_second()).unwrap()
    }

    #[test]
    fn a_window_begins_with_its_first_minute_and_ends_before_its_last() {
        let office = ("08:00", "18:00");
        assert!(!at(office, "2026-06-01T07:59:59+08:00"));
        assert!(at(office, "2026-06-01T08:00:00+08:00"));
        assert!(at(office, "2026-06-01T09:59:59Z"));
        assert!(!at(office, "2026-06-01T10:00:00Z"));
        assert!(at(("18:00", "24:00"), "2026-06-01T23:59:59+08:00"));
    }

    #[test]
    fn a_window_may_lie_over_midnight() {
        let night = ("22:00", "06:00");
        assert!(at(night, "2026-06-01T22:00:00+08:00"));
        assert!(at(night, "2026-06-01T05:59:59+08:00"));
        assert!(!at(night, "2026-06-01T06:00:00+08:00"));
        assert!(!at(night, "2026-06-01T12:00:00+08:00"));
    }

    #[test]
    fn only_times_of_a_clock_are_read() {
        assert_eq!(clock("00:00"), Some(0));
        assert_eq!(clock("24:00"), Some(DAY));
        for text in [
            "8:00", "08:60", "24:01", "0800", "08:00:00", "-1:00", "+8:00", "",
        ] {
            assert_eq!(clock(text), None, "{text}");
        }
    }
}
