//! Conditions on a field of the record.
//!
//! Refuses paths that may lead to several values, and dates, ages and comparisons that cannot be read.

use jiff::tz::TimeZone;

use super::super::Findings;
use super::super::scalars;
use super::{Written, literal, literals};
use crate::path::{Path, Selector};
use crate::policy::condition::{Age, FieldIs, FieldTest, Other, When};
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Kind, Node};
use crate::policy::validate::catalogue::without_root;

const TESTS: [&str; 7] = [
    "is",
    "in",
    "exists",
    "before",
    "after",
    "younger_than",
    "same_as",
];

/// Reads it.
pub(super) fn test(asked: &Written<'_>, node: &Node, findings: &mut Findings) -> Option<FieldTest> {
    let path = findings.keep(singular(node));
    let is = findings.keep(is(asked));
    let or_empty = findings.keep(or_empty(asked));
    Some(FieldTest {
        text: without_root(node.scalar().unwrap_or_default()).to_owned(),
        path: path?,
        is: is?,
        or_empty: or_empty?,
    })
}

fn singular(node: &Node) -> Result<Path, Diagnostic> {
    let text = node.as_str(say!("`field`"))?;
    let path = scalars::path(text, &node.span)?;
    if is_singular(&path) && !path.segments.is_empty() {
        return Ok(path);
    }
    let message = match path.segments.is_empty() {
        true => say!(
            "`$` is the record, not a field of it",
            "`$` 是记录本身，不是字段"
        ),
        false => say!(
            "{} can be more than one value",
            "{} 可能不止一个值",
            quoted(text)
        ),
    };
    Err(Diagnostic::error(code::FG2065, message)
        .at(&node.span)
        .help(say!(
            "a condition reads one value: name one field, without `[*]`, slices, unions or `..`",
            "条件只读一个值：只写一个字段，不带 `[*]`、切片、并集和 `..`"
        )))
}

fn is_singular(path: &Path) -> bool {
    path.segments.iter().all(|segment| {
        let one = matches!(
            segment.selectors.as_slice(),
            [Selector::Name(_) | Selector::Index(_) | Selector::FromEnd(_)]
        );
        !segment.descend && one
    })
}

fn is(asked: &Written<'_>) -> Result<FieldIs, Diagnostic> {
    let (test, node) = {
        let beside = [&TESTS[..], &["or", "zone"]].concat();
        asked.only(&beside)?;
        asked.test(&TESTS)?
    };
    if test != "younger_than" && asked.get("zone").is_some() {
        asked.only(&[&TESTS[..], &["or"]].concat())?;
    }
    Ok(match test {
        "is" if is_empty(node) => FieldIs::Empty,
        "is" => FieldIs::OneOf(vec![literal(node, say!("`is`"))?]),
        "in" => FieldIs::OneOf(literals(node)?),
        "exists" => exists(node)?,
        "before" => FieldIs::Before(when(node)?),
        "after" => FieldIs::After(when(node)?),
        "younger_than" => FieldIs::YoungerThan(age(node, asked.zone()?)?),
        _ => FieldIs::SameAs(other(node)?),
    })
}

/// Unquoted `empty`; in quotes it is a text like others.
fn is_empty(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, plain: true } if text == "empty")
}

fn or_empty(asked: &Written<'_>) -> Result<bool, Diagnostic> {
    let Some(node) = asked.get("or") else {
        return Ok(false);
    };
    match is_empty(node) {
        true => Ok(true),
        false => Err(Diagnostic::error(
            code::FG2061,
            say!("`or` takes one word", "`or` 只有一种写法"),
        )
        .at(&node.span)
        .help(say!(
            "write `or: empty`, or a second condition and `any`",
            "写 `or: empty`，或者另写一个条件，用 `any` 合并"
        ))),
    }
}

fn exists(node: &Node) -> Result<FieldIs, Diagnostic> {
    match node.as_bool(say!("`exists`"))? {
        true => Ok(FieldIs::Exists),
        false => Err(Diagnostic::error(
            code::FG2063,
            say!(
                "`exists: false` would hold where a field is missing",
                "`exists: false` 在字段缺失时反而成立"
            ),
        )
        .at(&node.span)
        .help(say!(
            "write `is: empty`: it says that a field may be missing",
            "写 `is: empty`：明说字段可以没有"
        ))),
    }
}

fn when(node: &Node) -> Result<When, Diagnostic> {
    let text = node.as_str(say!("a date", "日期"))?;
    When::read(text).ok_or_else(|| {
        let message = say!(
            "{} is no date and no moment with its offset",
            "{} 不是日期，也不是带时区偏移的时刻",
            quoted(text)
        );
        Diagnostic::error(code::FG2064, message)
            .at(&node.span)
            .help(say!(
                "write `2026-06-01`, or `2026-06-01T10:00:00+08:00`",
                "写 `2026-06-01` 或 `2026-06-01T10:00:00+08:00`"
            ))
    })
}

fn age(node: &Node, zone: Option<TimeZone>) -> Result<Age, Diagnostic> {
    let text = node.as_str(say!("`younger_than`"))?;
    Age::read(text, zone.unwrap_or(TimeZone::UTC)).ok_or_else(|| {
        let message = say!("{} is no age", "{} 不是年龄或时长", quoted(text));
        Diagnostic::error(code::FG2064, message)
            .at(&node.span)
            .help(say!(
                "write a number and its unit: `18y`, `6mo`, `30d`, `12h`",
                "写数字加单位：`18y`（年）、`6mo`（月）、`30d`（天）、`12h`（小时）"
            ))
    })
}

fn other(node: &Node) -> Result<Other, Diagnostic> {
    let text = node.as_str(say!("`same_as`"))?;
    let found = match text.split_once('.') {
        Some(("claim", claim)) => {
            let path: Vec<String> = claim.split('.').map(str::to_owned).collect();
            let whole = path.iter().all(|name| !name.is_empty());
            whole.then_some(Other::Claim(path))
        }
        Some(("path", name)) => (!name.is_empty()).then(|| Other::Path(name.to_owned())),
        _ => None,
    };
    found.ok_or_else(|| {
        let message = say!(
            "a field cannot be compared with {}",
            "字段不能和 {} 比较",
            quoted(text)
        );
        Diagnostic::error(code::FG2064, message)
            .at(&node.span)
            .help(say!(
                "write `same_as: claim.NAME` or `same_as: path.NAME`",
                "写 `same_as: claim.名字` 或 `same_as: path.名字`"
            ))
    })
}
