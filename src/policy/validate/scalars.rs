//! Small values that several sections hold: sentences, moments, numbers within bounds, paths.
//!
//! Refuses empty reasons, moments without an offset, and paths the engine cannot match while streaming.

use std::ops::RangeInclusive;

use crate::path::{self, Path, Refused};
use crate::policy::diagnostic::{Code, Diagnostic, Text, code, quoted, say};
use crate::policy::network::{Network, NetworkError};
use crate::policy::source::{Entries, Node, Span, last_second, narrow, odd_character};

/// A text for people, such as a reason: it must say something.
pub(super) fn sentence(node: &Node, what: Text) -> Result<String, Diagnostic> {
    let text = node.as_str(what.clone())?;
    match text.trim().is_empty() {
        false => Ok(text.to_owned()),
        true => Err(Diagnostic::error(
            code::FG2008,
            say!("{what} must not be empty", "{what}不能为空"; what),
        )
        .at(&node.span)
        .help(say!(
            "write what whoever reads the rules later has to know; a key that says nothing is left out",
            "写上以后看规则的人需要知道的话；没有内容就不写这个键"
        ))),
    }
}

/// The mandatory `reason:` of an entry.
pub(super) fn reason(entries: Entries<'_>, what: Text, place: &Span) -> Result<String, Diagnostic> {
    match entries.get("reason") {
        Some(node) => sentence(node, say!("`reason`")),
        None => Err(Diagnostic::error(
            code::FG1023,
            say!("{what} needs `reason:`", "{what}缺少 `reason:`"; what),
        )
        .at(place)
        .unless_misspelled("reason", entries.iter().map(|(key, _)| key))
        .help(say!(
            "say for the auditor why it is so",
            "写明理由，给审计看"
        ))),
    }
}

/// A whole number within bounds.
pub(super) fn within(
    node: &Node,
    what: Text,
    bounds: RangeInclusive<i64>,
) -> Result<i64, Diagnostic> {
    let number = node.as_int(what.clone())?;
    match bounds.contains(&number) {
        true => Ok(number),
        false => {
            let message = say!("{what} must be {} to {}", "{what} 必须在 {} 到 {} 之间", bounds.start(), bounds.end(); what);
            Err(Diagnostic::error(code::FG2006, message).at(&node.span))
        }
    }
}

/// One address, or a network in CIDR form. `code` says whose mistake it is.
pub(super) fn network(node: &Node, code: &'static Code) -> Result<Network, Diagnostic> {
    let text = node.as_str(say!("a network", "网段"))?;
    Network::read(text).map_err(|error| {
        let message = say!("{} is no network", "{} 不是网段", quoted(text));
        let help = match error {
            NetworkError::Form => say!(
                "write `10.0.0.0/8`, `2001:db8::/32`, or one address",
                "写 `10.0.0.0/8`、`2001:db8::/32`，或一个地址"
            ),
            NetworkError::Beyond(meant) | NetworkError::Mapped(meant) => {
                say!("write `{meant}`", "写 `{meant}`")
            }
        };
        Diagnostic::error(code, message).at(&node.span).help(help)
    })
}

/// A moment with its offset (RFC 3339), in seconds since 1970.
pub(super) fn moment(node: &Node, what: Text) -> Result<i64, Diagnostic> {
    let text = node.as_str(what.clone())?;
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_second)
        .map_err(|_| {
            let message = say!("{what} must be a moment with its offset, found {}", "{what} 必须是带时区偏移的时刻，这里是 {}",
                quoted(text); what);
            Diagnostic::error(code::FG2045, message)
                .at(&node.span)
                .help(say!("write it as 2026-06-01T10:00:00+08:00", "写成 2026-06-01T10:00:00+08:00"))
        })
}

/// A moment, or a date: then the last second of that day in UTC.
pub(super) fn moment_or_day(node: &Node, what: Text) -> Result<i64, Diagnostic> {
    match last_second(node.as_str(what.clone())?) {
        Some(last) => Ok(last),
        None => moment(node, what),
    }
}

/// A path the engine can match.
pub(super) fn path(text: &str, span: &Span) -> Result<Path, Diagnostic> {
    if let Some(odd) = odd_character(text) {
        let number = format!("{:04X}", u32::from(odd));
        let message = say!(
            "the path {} holds U+{number}",
            "路径 {} 里有 U+{number}",
            quoted(text)
        );
        let escaped = number.to_ascii_lowercase();
        let help = match narrow(odd) {
            Some(plain) => say!(
                "that is a full-width `{plain}`: write `{plain}`; if the name itself holds the wide one, `$['\\u{escaped}']`",
                "这是全角的 `{plain}`：改成半角；字段名里本来就是全角的，写作 `$['\\u{escaped}']`"
            ),
            None => say!(
                "paths are ASCII and Han letters, so that they are what they look like; write others as `$['\\u{escaped}']`",
                "路径只用 ASCII 字符和汉字，看到什么就是什么；别的字符写作 `$['\\u{escaped}']`"
            ),
        };
        return Err(Diagnostic::error(code::FG1025, message).at(span).help(help));
    }
    path::parse(text).map_err(|error| {
        let (why, written) = (error.message, quoted(text));
        let (code, message) = match error.refused {
            Refused::Text => {
                let message = say!("{why}", "{written} 不是 JSONPath（RFC 9535）");
                (code::FG3001, message)
            }
            Refused::Nothing => {
                let message = say!("{why}", "{written} 里的切片什么也选不中");
                (code::FG3003, message)
            }
            Refused::Filter => {
                let message = say!("{why}", "{written} 里的过滤条件不能只凭一个元素判断");
                (code::FG3004, message)
            }
        };
        Diagnostic::error(code, message).at(span).help(code.cure())
    })
}

/// The grammar of RFC 8259, so that `0101` and `.5` stay texts.
pub(super) fn looks_like_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(all_digits)
}
