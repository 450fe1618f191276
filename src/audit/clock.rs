//! The moment a record is made: RFC 3339 with milliseconds and the host's offset.
//!
//! Date and offset are worked out once a second in each thread; they never change within one.

use std::cell::RefCell;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// What records of one second share: `2026-11-22T09:14:03`, and `+08:00`.
struct Second {
    number: i64,
    date: String,
    offset: String,
}

thread_local! {
    static LAST: RefCell<Option<Second>> = const { RefCell::new(None) };
}

/// Appends the present moment.
pub fn append_now(out: &mut Vec<u8>) {
    append(Timestamp::now(), out);
}

/// The present moment.
pub fn now() -> String {
    let mut out = Vec::with_capacity(32);
    append_now(&mut out);
    String::from_utf8(out).unwrap_or_default() // it is ASCII
}

fn append(now: Timestamp, out: &mut Vec<u8>) {
    let number = now.as_second();
    let shared = LAST.try_with(|last| {
        let Ok(mut last) = last.try_borrow_mut() else {
            return false;
        };
        if last.as_ref().is_none_or(|last| last.number != number) {
            *last = Some(second(now));
        }
        if let Some(last) = &*last {
            join(last, now, out);
        }
        true
    });
    if shared != Ok(true) {
        join(&second(now), now, out); // a thread that is about to end
    }
}

fn second(now: Timestamp) -> Second {
    let local: Zoned = now.to_zoned(TimeZone::system());
    Second {
        number: now.as_second(),
        date: local.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        offset: local.strftime("%:z").to_string(),
    }
}

fn join(second: &Second, now: Timestamp, out: &mut Vec<u8>) {
    let thousandths = now.subsec_millisecond().unsigned_abs();
    let digit = |place: u32| b'0' + (thousandths / place % 10) as u8;
    out.extend_from_slice(second.date.as_bytes());
    out.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
    out.extend_from_slice(second.offset.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_is_written_as_jiff_writes_it() {
        let start = 1_780_000_000_000_i64;
        // Back and forth within seconds and between them, across days, and across a change of the clock's offset.
        for thousandth in [
            0,
            999,
            1_000,
            1_001,
            500,
            86_400_000,
            86_400_001,
            7,
            15_552_000_042,
        ] {
            let now = Timestamp::from_millisecond(start + thousandth).unwrap();
            let mut out = Vec::new();
            append(now, &mut out);
            let expected = now.to_zoned(TimeZone::system());
            let expected = expected.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
