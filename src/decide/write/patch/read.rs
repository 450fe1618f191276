//! The operations of a JSON Patch, read strictly.

use std::borrow::Cow;

use super::super::DEEPEST;
use crate::json::{Cursor, Shape};
use crate::model::Reason;

/// The most operations of one patch.
pub const MOST: usize = 1024;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<'a> {
    /// What is done.
    pub op: Op<'a>,
    /// Where: the reference tokens of its pointer, decoded.
    pub path: Vec<String>,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// `add`
    Add(Cursor<'a>),
    /// `replace`
    Replace(Cursor<'a>),
    /// `remove`
    Remove,
    /// `test`
    Test(Cursor<'a>),
    /// `copy`, from there
    Copy(Vec<String>),
    /// `move`, from there
    Move(Vec<String>),
}

/// Reads a patch from JSON in which no object has a name twice.
///
/// # Errors
///
/// `unreadable-request`; `too-large` for more than [`MOST`] operations.
pub fn read(text: &str) -> Result<Vec<Operation<'_>>, Reason> {
    let patch = Cursor::new(text);
    if patch.shape() != Shape::Array {
        return Err(Reason::UnreadableRequest);
    }
    let mut operations = Vec::new();
    for written in patch.elements() {
        if operations.len() == MOST {
            return Err(Reason::TooLarge);
        }
        operations.push(operation(written).ok_or(Reason::UnreadableRequest)?);
    }
    Ok(operations)
}

fn operation(written: Cursor<'_>) -> Option<Operation<'_>> {
    if written.shape() != Shape::Object {
        return None;
    }
    let (mut op, mut path, mut from, mut value) = (None, None, None, None);
    for member in written.members() {
        match &*member.name {
            "op" => op = Some(member.value.string()?),
            "path" => path = Some(pointer(&member.value.string()?)?),
            "from" => from = Some(pointer(&member.value.string()?)?),
            "value" => value = Some(member.value),
            _ => return None,
        }
    }
    let op: Cow<'_, str> = op?;
    let op = match (&*op, value, from) {
        ("add", Some(value), None) => Op::Add(value),
        ("replace", Some(value), None) => Op::Replace(value),
        ("test", Some(value), None) => Op::Test(value),
        ("remove", None, None) => Op::Remove,
        ("copy", None, Some(from)) => Op::Copy(from),
        ("move", None, Some(from)) => Op::Move(from),
        _ => return None,
    };
    Some(Operation { op, path: path? })
}

/// The reference tokens of a JSON Pointer (RFC 6901); none of the whole document's.
fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let tokens = text.strip_prefix('/')?.split('/');
    // One more than may be is enough to be refused for.
    tokens.take(DEEPEST + 1).map(token).collect()
}

fn token(written: &str) -> Option<String> {
    let mut token = String::with_capacity(written.len());
    let mut rest = written.chars();
    while let Some(char) = rest.next() {
        token.push(match char {
            '~' => match rest.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            char => char,
        });
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_as_rfc_6901_says() {
        // Its section 5, and what it forbids.
        for (text, tokens) in [
            ("", &[][..]),
            ("/foo", &["foo"]),
            ("/foo/0", &["foo", "0"]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/c%d", &["c%d"]),
            ("/e^f", &["e^f"]),
            ("/i\\j", &["i\\j"]),
            ("/ ", &[" "]),
            ("/m~0n", &["m~n"]),
            ("/~01", &["~1"]),
        ] {
            assert_eq!(pointer(text).unwrap(), tokens, "{text}");
        }
        for text in ["foo", "foo/bar", "/a~", "/a~2", "/~", "#/foo"] {
            assert_eq!(pointer(text), None, "{text}");
        }
    }

    #[test]
    fn what_rfc_6902_does_not_name_is_unreadable() {
        for text in [
            "{}",
            r#"{"op":"add","path":"/a","value":1}"#,
            "[1]",
            r#"[{"op":"add","path":"/a"}]"#,
            r#"[{"op":"add","value":1}]"#,
            r#"[{"path":"/a","value":1}]"#,
            r#"[{"op":"Add","path":"/a","value":1}]"#,
            r#"[{"op":"merge","path":"/a","value":1}]"#,
            r#"[{"op":"add","path":"a","value":1}]"#,
            r#"[{"op":"add","path":1,"value":1}]"#,
            r#"[{"op":"remove","path":"/a","value":1}]"#,
            r#"[{"op":"copy","path":"/a"}]"#,
            r#"[{"op":"add","path":"/a","value":1,"from":"/b"}]"#,
            r#"[{"op":"remove","path":"/a","id":7}]"#,
        ] {
            assert_eq!(read(text), Err(Reason::UnreadableRequest), "{text}");
        }
        let text = r#"[{"op":"remove","path":"/a"}, {"from":"/b","op":"move","path":""}]"#;
        let read = read(text).unwrap();
        assert_eq!(read[0].op, Op::Remove);
        assert_eq!(read[1].op, Op::Move(vec![String::from("b")]));
    }

    #[test]
    fn more_operations_than_the_most_are_too_large() {
        let of = |count: usize| {
            let one = r#"{"op":"remove","path":"/a"}"#;
            format!("[{}]", vec![one; count].join(","))
        };
        assert_eq!(read(&of(MOST)).unwrap().len(), MOST);
        assert_eq!(read(&of(MOST + 1)), Err(Reason::TooLarge));
    }
}
