//! Small values that several sections hold: sentences, moments, numbers within bounds, paths.
//!
//! Refuses empty reasons, moments without an offset, and paths the engine cannot match while streaming.

use std::ops::RangeInclusive;

use crate::path::{self, Path};
use crate::policy::diagnostic::{Diagnostic, quoted};
use crate::policy::source::{Entries, Node, Span, odd_character};

/// A text for people, such as a reason: it must say something.
pub(super) fn sentence(node: &Node, what: &str) -> Result<String, Diagnostic> {
    let text = node.as_str(what)?;
    match text.trim().is_empty() {
        false => Ok(text.to_owned()),
        true => {
            Err(Diagnostic::error("FG2008", format!("{what} must not be empty")).at(&node.span))
        }
    }
}

/// The mandatory `reason:` of an entry.
pub(super) fn reason(entries: Entries<'_>, what: &str, place: &Span) -> Result<String, Diagnostic> {
    match entries.get("reason") {
        Some(node) => sentence(node, "`reason`"),
        None => Err(
            Diagnostic::error("FG1023", format!("{what} needs `reason:`"))
                .at(place)
                .help("say for the auditor why it is so"),
        ),
    }
}

/// A whole number within bounds.
pub(super) fn within(
    node: &Node,
    what: &str,
    bounds: RangeInclusive<i64>,
) -> Result<i64, Diagnostic> {
    let number = node.as_int(what)?;
    match bounds.contains(&number) {
        true => Ok(number),
        false => {
            let message = format!("{what} must be {} to {}", bounds.start(), bounds.end());
            Err(Diagnostic::error("FG2006", message).at(&node.span))
        }
    }
}

/// A moment with its offset (RFC 3339), in seconds since 1970.
pub(super) fn moment(node: &Node, what: &str) -> Result<i64, Diagnostic> {
    let text = node.as_str(what)?;
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_second)
        .map_err(|_| {
            let message = format!(
                "{what} must be a moment with its offset, found {}",
                quoted(text)
            );
            Diagnostic::error("FG2045", message)
                .at(&node.span)
                .help("write it as 2026-06-01T10:00:00+08:00")
        })
}

/// A moment, or a date: then the last second of that day in UTC.
pub(super) fn moment_or_day(node: &Node, what: &str) -> Result<i64, Diagnostic> {
    let text = node.as_str(what)?;
    let day = (text.len() == 10)
        .then(|| text.parse::<jiff::civil::Date>().ok())
        .flatten();
    let last = day.and_then(|day| {
        let end = day
            .at(23, 59, 59, 0)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?;
        Some(end.timestamp().as_second())
    });
    last.map_or_else(|| moment(node, what), Ok)
}

/// A path the engine can match.
pub(super) fn path(text: &str, span: &Span) -> Result<Path, Diagnostic> {
    if let Some(odd) = odd_character(text) {
        let number = format!("{:04X}", u32::from(odd));
        let message = format!("the path {} holds U+{number}", quoted(text));
        let help = format!(
            "paths are ASCII and Han letters, so that they are what they look like; \
             write others as `$['\\u{}']`",
            number.to_ascii_lowercase()
        );
        return Err(Diagnostic::error("FG1025", message).at(span).help(help));
    }
    path::parse(text).map_err(|error| Diagnostic::error("FG3001", error.message).at(span))
}
