//! JSON in rule files: claims, expected values, and the patches of fixtures.
//!
//! Refuses numbers that JSON cannot hold exactly enough, and patches at places a fixture lacks.

use serde_json::{Map, Value};

use super::scalars::{looks_like_number, path};
use crate::path::Selector;
use crate::policy::diagnostic::{Diagnostic, code, quoted, say};
use crate::policy::source::{Kind, Node};

/// YAML to JSON: unquoted `true`, `false` and JSON numbers are what they look like, all else is text.
pub(super) fn json(node: &Node) -> Result<Value, Diagnostic> {
    match &node.kind {
        Kind::Scalar { text, plain } => scalar(node, text, *plain),
        Kind::List(items) => items
            .iter()
            .map(json)
            .collect::<Result<_, _>>()
            .map(Value::Array),
        Kind::Map(_) => object(node).map(Value::Object),
    }
}

/// A JSON object.
pub(super) fn object(node: &Node) -> Result<Map<String, Value>, Diagnostic> {
    let entries = node.as_map(say!("a JSON object", "JSON 对象"))?;
    entries
        .iter()
        .map(|(key, value)| Ok((key.text.clone(), json(value)?)))
        .collect()
}

fn scalar(node: &Node, text: &str, plain: bool) -> Result<Value, Diagnostic> {
    if !plain {
        return Ok(Value::from(text));
    }
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if !looks_like_number(text) => Ok(Value::from(text)),
        _ => serde_json::from_str(text).map_err(|_| {
            let message = say!(
                "{} is too large for a JSON number",
                "{} 超出 JSON 数字的范围",
                quoted(text)
            );
            Diagnostic::error(code::FG5008, message)
                .at(&node.span)
                .help(say!(
                    "write it in quotes if it is a text",
                    "如果是文本，加上引号"
                ))
        }),
    }
}

/// A fixture with the values of `set:` put in.
pub(super) fn patch(bytes: &[u8], reply: &Node, set: &Node) -> Result<Vec<u8>, Diagnostic> {
    let unreadable = |error: serde_json::Error| {
        Diagnostic::error(
            code::FG5003,
            say!(
                "`set` needs a fixture that is JSON: {error}",
                "`set` 只能改 JSON 样例文件：{error}"
            ),
        )
        .at(&reply.span)
    };
    let mut document: Value = serde_json::from_slice(bytes).map_err(unreadable)?;
    for (key, value) in set.as_map(say!("`set`"))?.iter() {
        let path = path(&key.text, &key.span)?;
        let value = json(value)?;
        let place = place(&mut document, &path).ok_or_else(|| {
            let message = say!(
                "the fixture has no place {}",
                "样例文件里没有 {} 这个位置",
                quoted(&key.text)
            );
            let help = say!(
                "name one member or element; what it stands in must be there",
                "只写一个成员或元素；它所在的容器必须已经存在"
            );
            Diagnostic::error(code::FG5003, message)
                .at(&key.span)
                .help(help)
        })?;
        *place = value;
    }
    serde_json::to_vec(&document).map_err(unreadable)
}

/// The value at a singular path; the last member may be new, and so may the next element.
fn place<'a>(document: &'a mut Value, path: &crate::path::Path) -> Option<&'a mut Value> {
    let mut here = document;
    let mut rest = path.segments.as_slice();
    while let Some((segment, after)) = rest.split_first() {
        rest = after;
        let [selector] = segment.selectors.as_slice() else {
            return None;
        };
        if segment.descend {
            return None;
        }
        here = match (here, selector) {
            (Value::Object(members), Selector::Name(name)) => match rest.is_empty() {
                true => members.entry(name).or_insert(Value::Null),
                false => members.get_mut(name)?,
            },
            (Value::Array(elements), Selector::Index(index)) => {
                let index = usize::try_from(*index).ok()?;
                if rest.is_empty() && index == elements.len() {
                    elements.push(Value::Null);
                }
                elements.get_mut(index)?
            }
            _ => return None,
        };
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_grammar_of_json_makes_a_number() {
        for text in ["0", "-1", "12", "1.5", "1e3", "1E-3", "-0.0"] {
            assert!(looks_like_number(text), "{text}");
        }
        for text in [
            "0101", "1.", ".5", "+1", "1e", "", "-", "1_000", "0x1", "1:30", "NaN",
        ] {
            assert!(!looks_like_number(text), "{text}");
        }
    }

    #[test]
    fn a_patch_replaces_and_adds_at_the_last_step_only() {
        let mut document = serde_json::json!({"a": {"b": 1}, "c": [1]});
        let mut set = |text: &str| {
            let path = crate::path::parse(text).unwrap();
            place(&mut document, &path)
                .map(|place| *place = Value::from("new"))
                .is_some()
        };
        assert!(set("a.b") && set("a.n") && set("c[0]") && set("c[1]"));
        assert!(!set("x.y") && !set("c[5]") && !set("c[*]") && !set("a..b") && !set("c.x"));
        assert_eq!(
            document,
            serde_json::json!({"a": {"b": "new", "n": "new"}, "c": ["new", "new"]})
        );
    }
}
