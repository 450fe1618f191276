//! Durations, sizes and counts as settings write them.
//!
//! Refuses numbers without a unit, fractions, signs, leading zeros and anything outside the range a key allows.

use std::time::Duration;

use crate::policy::source::integer;

const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
const SIZES: [(&str, u64); 4] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("B", 1),
];

/// `500ms`, `3s`, `2m`, `1h`.
pub fn duration(text: &str) -> Option<Duration> {
    with_unit(text, &DURATIONS).map(Duration::from_millis)
}

/// `512B`, `16KiB`, `64MiB`, `1GiB`, in bytes.
pub fn size(text: &str) -> Option<u64> {
    with_unit(text, &SIZES)
}

/// A whole number without unit.
pub fn count(text: &str) -> Option<u64> {
    integer(text).and_then(|number| u64::try_from(number).ok())
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find_map(|(unit, factor)| {
        let number = count(text.strip_suffix(unit)?)?;
        number.checked_mul(*factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("3s"), Some(Duration::from_secs(3)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(size("512B"), Some(512));
        assert_eq!(size("16KiB"), Some(16384));
        assert_eq!(size("64MiB"), Some(64 << 20));
        assert_eq!(count("10000"), Some(10000));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "", "3", "s", "3 s", "3S", "-3s", "03s", "1.5s", "3sec", "1e3s", "3d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in [
            "",
            "16",
            "16K",
            "16KB",
            "16kib",
            "KiB",
            "-1B",
            "18014398509481984KiB",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
        for text in [
            "",
            "-1",
            "+1",
            "1_000",
            "1.0",
            "0x10",
            "99999999999999999999",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
