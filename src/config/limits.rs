//! The sections `limits` and `drain`, and durations wherever they stand.
//!
//! Refuses what is outside of a sane range: no limit can be switched off.

use std::time::Duration;

use super::quantity;
use super::reader::{Reader, Section};
use super::settings::{Drain, Limits};
use crate::policy::diagnostic::say;
use crate::policy::source::{Entries, Node};

/// `limits`.
pub const LIMITS: Section = Section {
    path: "limits",
    known: &[
        "header",
        "request_body",
        "depth",
        "key",
        "value",
        "record",
        "held",
        "decompressed_ratio",
        "connections",
        "connections_per_address",
        "handshake",
        "header_time",
        "body_idle",
    ],
    later: &[],
};
/// `drain`.
pub const DRAIN: Section = Section {
    path: "drain",
    known: &["delay", "timeout"],
    later: &[],
};

/// The limits, the defaults where none is written.
pub fn limits(reader: &mut Reader<'_>, node: &Node) -> Option<Limits> {
    let entries = reader.section(node, &LIMITS)?;
    let mut limits = Limits::default();
    size(reader, entries, "header", 1 << 10, &mut limits.header);
    let body = &mut limits.request_body;
    size(reader, entries, "request_body", 1, body);
    count(reader, (entries, &LIMITS), "depth", 1024, &mut limits.depth);
    size(reader, entries, "key", 1, &mut limits.key);
    size(reader, entries, "value", 1, &mut limits.value);
    size(reader, entries, "record", 1, &mut limits.record);
    budget(reader, entries, "held", &mut limits.held);
    count(
        reader,
        (entries, &LIMITS),
        "decompressed_ratio",
        100_000,
        &mut limits.decompressed_ratio,
    );
    count(
        reader,
        (entries, &LIMITS),
        "connections",
        1_000_000,
        &mut limits.connections,
    );
    count(
        reader,
        (entries, &LIMITS),
        "connections_per_address",
        1_000_000,
        &mut limits.connections_per_address,
    );
    time(
        reader,
        entries,
        &LIMITS,
        "handshake",
        1,
        &mut limits.handshake,
    );
    time(
        reader,
        entries,
        &LIMITS,
        "header_time",
        1,
        &mut limits.header_time,
    );
    time(
        reader,
        entries,
        &LIMITS,
        "body_idle",
        1,
        &mut limits.body_idle,
    );
    Some(limits)
}

/// How the process ends.
pub fn drain(reader: &mut Reader<'_>, node: &Node) -> Option<Drain> {
    let entries = reader.section(node, &DRAIN)?;
    let mut drain = Drain::default();
    time(reader, entries, &DRAIN, "delay", 0, &mut drain.delay);
    time(reader, entries, &DRAIN, "timeout", 0, &mut drain.timeout);
    Some(drain)
}

/// A duration of `least` milliseconds to one hour, where the key is written.
pub fn time(
    reader: &mut Reader<'_>,
    entries: Entries<'_>,
    section: &Section,
    key: &str,
    least: u64,
    limit: &mut Duration,
) {
    let Some(node) = entries.get(key) else { return };
    let range = Duration::from_millis(least)..=Duration::from_secs(3600);
    let shape = say!(
        "a duration from {least}ms to 1h, such as `500ms`, `30s` or `2m`",
        "{least}ms 到 1h 之间的时长，如 `500ms`、`30s`、`2m`"
    );
    let read = reader.parsed(
        node,
        say!("`{}.{key}`", section.path; same),
        shape,
        |text| quantity::duration(text).filter(|time| range.contains(time)),
    );
    *limit = read.unwrap_or(*limit);
}

fn size(reader: &mut Reader<'_>, entries: Entries<'_>, key: &str, least: u64, limit: &mut usize) {
    const MOST: u64 = 64 << 20;
    let Some(node) = entries.get(key) else { return };
    let shape = say!(
        "a size from {least}B to 64MiB, such as `16KiB`",
        "{least}B 到 64MiB 之间的大小，如 `16KiB`"
    );
    let read = reader.parsed(node, say!("`limits.{key}`"; same), shape, |text| {
        quantity::size(text)
            .filter(|bytes| (least..=MOST).contains(bytes))
            .and_then(|bytes| usize::try_from(bytes).ok())
    });
    *limit = read.unwrap_or(*limit);
}

/// A size for all together.
fn budget(reader: &mut Reader<'_>, entries: Entries<'_>, key: &str, limit: &mut u64) {
    const RANGE: std::ops::RangeInclusive<u64> = 1 << 20..=1 << 40;
    let Some(node) = entries.get(key) else { return };
    let shape = say!(
        "a size from 1MiB to 1024GiB, such as `1GiB`",
        "1MiB 到 1024GiB 之间的大小，如 `1GiB`"
    );
    let read = reader.parsed(node, say!("`limits.{key}`"; same), shape, |text| {
        quantity::size(text).filter(|bytes| RANGE.contains(bytes))
    });
    *limit = read.unwrap_or(*limit);
}

/// A whole number from 1.
pub fn count<T: TryFrom<u64> + Copy>(
    reader: &mut Reader<'_>,
    (entries, section): (Entries<'_>, &Section),
    key: &str,
    most: u64,
    limit: &mut T,
) {
    let Some(node) = entries.get(key) else { return };
    let shape = say!("a whole number from 1 to {most}", "1 到 {most} 之间的整数");
    let read = reader.parsed(
        node,
        say!("`{}.{key}`", section.path; same),
        shape,
        |text| {
            quantity::count(text)
                .filter(|number| (1..=most).contains(number))
                .and_then(|number| T::try_from(number).ok())
        },
    );
    *limit = read.unwrap_or(*limit);
}
