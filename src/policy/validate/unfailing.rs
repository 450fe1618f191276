//! Lints of tests that hold whatever the rules do: what must not leave is not in the answer they try.
//!
//! Refuses nothing; `--deny lints` does.

use serde_json::Value;

use super::fixtures::select;
use super::scalars::path;
use crate::path::{Path, Selector};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Entries, Node};

/// Entries of `absent` and `never` of one test that could not fail, `reply` being the answer with `set` put in.
pub(super) fn assertions(entries: Entries<'_>, reply: &[u8]) -> Vec<Diagnostic> {
    let Ok(document) = serde_json::from_slice::<Value>(reply) else {
        return Vec::new();
    };
    let of = |key: &str| {
        let node = entries.get(key);
        let items = node.and_then(|node| node.as_list(Text::none()).ok());
        items.unwrap_or_default()
    };
    // Whether names compare without case is the resource's to say; here they do, so that no doubt is told.
    let is_there = |node: &&Node| {
        let text = node.as_str(Text::none()).ok();
        let path = text.and_then(|text| path(text, &node.span).ok());
        path.is_none_or(|path| !select(&anywhere(path), &document, true).is_empty())
    };
    let absent = of("absent").iter().filter(|node| !is_there(node));
    let absent = absent.map(|node| {
        let message = say!(
            "this test cannot fail: {} is not in the fixture",
            "这条断言不会失败：样例文件里本来就没有 {}",
            quoted(node.scalar().unwrap_or_default())
        );
        Diagnostic::warning(code::FG2162, message).at(&node.span)
    });
    let never = of("never").iter().filter(|node| {
        let text = node.as_str(Text::none()).unwrap_or_default();
        !(is_made_by_masks(text) || occurs(text, reply, &document))
    });
    let never = never.map(|node| {
        let message = say!(
            "this test cannot fail: {} stands nowhere in the fixture",
            "这条断言不会失败：样例文件里哪儿都没有 {}",
            quoted(node.scalar().unwrap_or_default())
        );
        Diagnostic::warning(code::FG2162, message).at(&node.span)
    });
    absent.chain(never).collect()
}

/// The path with every index and filter as `[*]`: elements move up where others before them do not leave.
fn anywhere(mut path: Path) -> Path {
    let selectors = path.segments.iter_mut();
    for selector in selectors.flat_map(|segment| &mut segment.selectors) {
        match selector {
            Selector::Name(_) | Selector::Wildcard => {}
            Selector::Index(_)
            | Selector::FromEnd(_)
            | Selector::Slice { .. }
            | Selector::SliceFromEnd(_)
            | Selector::Filter(_) => *selector = Selector::Wildcard,
        }
    }
    path
}

/// What a mask or token may bring though the upstream did not send it.
fn is_made_by_masks(text: &str) -> bool {
    text.contains('*') || text.starts_with("tok_")
}

/// Whether it stands in the bytes, or in a name or string once decoded.
fn occurs(text: &str, bytes: &[u8], document: &Value) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some() || is_in(text, document)
}

fn is_in(text: &str, value: &Value) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(elements) => elements.iter().any(|element| is_in(text, element)),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name.contains(text) || is_in(text, member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
