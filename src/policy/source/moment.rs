//! When something ends, as rule files and settings write it.
//!
//! Refuses a time without its offset: it would mean another moment on another server.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A moment with its offset (RFC 3339), or the last second of a day in UTC; in seconds since 1970.
pub fn last_second(text: &str) -> Option<i64> {
    if text.len() == 10
        && let Ok(day) = text.parse::<Date>()
    {
        let end = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?;
        return Some(end.timestamp().as_second());
    }
    text.parse().ok().map(Timestamp::as_second)
}
