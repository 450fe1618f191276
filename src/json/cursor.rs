//! Looking around in the text of one JSON value that is complete and was accepted before, without copying it.
//!
//! Refuses nothing and never panics: in a text the lexer would not accept, what cannot be read is not there.

use std::borrow::Cow;

use super::decode;
use super::scan::{blanks, plain};

/// A value, seen in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<'a> {
    text: &'a str,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{ }`
    Object,
    /// `[ ]`
    Array,
    /// `" "`
    String,
    /// Its text is the number as it was written.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name as it stands between its quotes.
    pub raw: &'a str,
    /// The name decoded.
    pub name: Cow<'a, str>,
    /// The value.
    pub value: Cursor<'a>,
    /// Where the name's first quote stands in the object's text.
    pub start: usize,
    /// Where the value ends there.
    pub end: usize,
}

/// What of an object goes by one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// One member does.
    One(Cursor<'a>),
    /// None does.
    Nothing,
    /// More than one does: which of them a reader takes cannot be told.
    Several,
}

impl<'a> Cursor<'a> {
    /// The value that `text` is; blanks around it do not count.
    pub fn new(text: &'a str) -> Self {
        Cursor {
            text: text.trim_matches([' ', '\t', '\n', '\r']),
        }
    }

    /// Its type.
    pub fn shape(&self) -> Shape {
        match self.text.as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::String,
            Some(b'-' | b'0'..=b'9') => Shape::Number,
            Some(b't' | b'f') => Shape::Boolean,
            _ => Shape::Null,
        }
    }

    /// Its text as it came.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The string it is, decoded; `None` where it is something else.
    pub fn string(&self) -> Option<Cow<'a, str>> {
        decode(self.text.strip_prefix('"')?.strip_suffix('"')?)
    }

    /// The members of the object it is, in order, those of one name all of them; none of anything else.
    pub fn members(&self) -> Members<'a> {
        Members(Children::of(self.text, Shape::Object))
    }

    /// The elements of the array it is; none of anything else.
    pub fn elements(&self) -> Elements<'a> {
        Elements(Children::of(self.text, Shape::Array))
    }

    /// What goes by a name in the object it is; `any_case` folds ASCII case.
    pub fn member(&self, name: &str, any_case: bool) -> Named<'a> {
        let mut named = self.members().filter(|member| match any_case {
            true => member.name.eq_ignore_ascii_case(name),
            false => member.name == name,
        });
        match (named.next(), named.next()) {
            (None, _) => Named::Nothing,
            (Some(member), None) => Named::One(member.value),
            (Some(_), Some(_)) => Named::Several,
        }
    }

    /// An element of the array it is, counted from the front; a negative index counts from the end, -1 being the last.
    pub fn element(&self, index: i64) -> Option<Cursor<'a>> {
        let place = match usize::try_from(index) {
            Ok(place) => place,
            Err(_) => {
                let back = usize::try_from(index.unsigned_abs()).ok()?;
                self.elements().count().checked_sub(back)?
            }
        };
        self.elements().nth(place)
    }
}

/// See [`Cursor::members`].
#[derive(Clone, Debug)]
pub struct Members<'a>(Children<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let member = self.0.member();
        if member.is_none() {
            self.0.end();
        }
        member
    }
}

/// See [`Cursor::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a>(Children<'a>);

impl Elements<'_> {
    /// Where the element that came last ends in the array's text.
    pub fn end(&self) -> usize {
        self.0.at
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Cursor<'a>;

    fn next(&mut self) -> Option<Cursor<'a>> {
        let element = self.0.element();
        if element.is_none() {
            self.0.end();
        }
        element
    }
}

/// What of a container is not read yet: from behind its opening bracket, or from behind a child.
#[derive(Clone, Debug)]
struct Children<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Children<'a> {
    fn of(text: &'a str, shape: Shape) -> Self {
        let at = if Cursor::new(text).shape() == shape {
            1
        } else {
            text.len()
        };
        Children { text, at }
    }

    fn end(&mut self) {
        self.at = self.text.len();
    }

    fn member(&mut self) -> Option<Member<'a>> {
        self.separator()?;
        let start = self.at;
        let raw = self.value()?;
        let raw = raw.strip_prefix('"')?.strip_suffix('"')?;
        self.blanks();
        self.byte(b':')?;
        self.blanks();
        Some(Member {
            raw,
            name: decode(raw)?,
            value: Cursor {
                text: self.value()?,
            },
            start,
            end: self.at,
        })
    }

    fn element(&mut self) -> Option<Cursor<'a>> {
        self.separator()?;
        Some(Cursor {
            text: self.value()?,
        })
    }

    /// Blanks, and the comma before a later child.
    fn separator(&mut self) -> Option<()> {
        let is_first = self.at == 1;
        self.blanks();
        if !is_first {
            self.byte(b',')?;
            self.blanks();
        }
        Some(())
    }

    /// The text of the value that begins here.
    fn value(&mut self) -> Option<&'a str> {
        let end = value_end(self.text.as_bytes(), self.at)?;
        let value = self.text.get(self.at..end);
        self.at = end;
        value
    }

    fn blanks(&mut self) {
        self.at = blanks(self.text.as_bytes(), self.at);
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found.then_some(())
    }
}

/// Where the value that begins at `at` ends; `None` where none begins.
fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => container_end(text, at),
        _ => {
            let length = text.get(at..)?.iter().take_while(
                |byte| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'),
            );
            Some(at + length.count()).filter(|end| *end > at)
        }
    }
}

fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = plain(text, at + 1);
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = plain(text, at + 2),
            _ => return None,
        }
    }
}

fn container_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Vec<(String, &str)> {
        let members = Cursor::new(text).members();
        members
            .map(|member| (member.name.into_owned(), member.value.text()))
            .collect()
    }

    fn elements(text: &str) -> Vec<&str> {
        let elements = Cursor::new(text).elements();
        elements.map(|element| element.text()).collect()
    }

    #[test]
    fn members_come_in_order_with_decoded_names_and_every_duplicate() {
        let text = r#" { "a" :1 , "\u0061": "x,}\"]" ,"b":{"a":[{}]},"":[ ] } "#;
        let expected = [
            ("a", "1"),
            ("a", r#""x,}\"]""#),
            ("b", r#"{"a":[{}]}"#),
            ("", "[ ]"),
        ];
        assert_eq!(
            members(text),
            expected.map(|(name, value)| (name.to_owned(), value))
        );
        let raw: Vec<&str> = Cursor::new(text).members().map(|it| it.raw).collect();
        assert_eq!(raw, ["a", r"\u0061", "b", ""]);
    }

    #[test]
    fn elements_come_in_order_with_the_text_they_have() {
        let text = r#"[ 1.50e+3,true , null,"a\\",[[],{}] , {"x":[1]} ]"#;
        let expected = [
            "1.50e+3",
            "true",
            "null",
            r#""a\\""#,
            "[[],{}]",
            r#"{"x":[1]}"#,
        ];
        assert_eq!(elements(text), expected);
        assert!(elements("[ ]").is_empty());
        assert!(members("{ }").is_empty());
    }

    #[test]
    fn a_child_tells_where_it_stands_in_its_container() {
        let text = r#"{ "a" : [1] ,"\u0062":"x" }"#;
        let spans: Vec<&str> = Cursor::new(text)
            .members()
            .map(|member| &text[member.start..member.end])
            .collect();
        assert_eq!(spans, [r#""a" : [1]"#, r#""\u0062":"x""#]);
        let text = r#"[ 1 ,{"a":2}, "x"]"#;
        let mut elements = Cursor::new(text).elements();
        let mut spans = Vec::new();
        while let Some(element) = elements.next() {
            let end = elements.end();
            spans.push(&text[end - element.text().len()..end]);
        }
        assert_eq!(spans, ["1", r#"{"a":2}"#, r#""x""#]);
    }

    #[test]
    fn a_value_has_the_shape_its_first_byte_says() {
        for (text, shape) in [
            ("{}", Shape::Object),
            (" []", Shape::Array),
            ("\"\"", Shape::String),
            ("-0", Shape::Number),
            ("7", Shape::Number),
            ("true", Shape::Boolean),
            ("false", Shape::Boolean),
            ("null ", Shape::Null),
        ] {
            assert_eq!(Cursor::new(text).shape(), shape, "{text}");
        }
    }

    #[test]
    fn only_a_string_has_a_string_and_it_is_decoded() {
        let string = |text| Cursor::new(text).string();
        assert_eq!(string(r#" "\u5f20\"" "#).as_deref(), Some("张\""));
        assert_eq!(string("1"), None);
        assert_eq!(string("null"), None);
        assert_eq!(string("\""), None);
    }

    #[test]
    fn only_objects_have_members_and_only_arrays_have_elements() {
        for text in ["1", "\"[1]\"", "null", "true"] {
            assert!(members(text).is_empty(), "{text}");
            assert!(elements(text).is_empty(), "{text}");
        }
        assert!(members("[1]").is_empty());
        assert!(elements(r#"{"a":1}"#).is_empty());
    }

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for text in [
            r#"{"a":[1,{"b":"]"},"\\"],"c":{"d":{"e":[[["}"]]]}}}"#,
            r#"[[],[[]],{},{"":{}},"",0,-1.5E-7,false]"#,
        ] {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(rebuilt(Cursor::new(text)), value, "{text}");
        }
    }

    fn rebuilt(cursor: Cursor<'_>) -> serde_json::Value {
        match cursor.shape() {
            Shape::Object => cursor
                .members()
                .map(|member| (member.name.into_owned(), rebuilt(member.value)))
                .collect(),
            Shape::Array => cursor.elements().map(rebuilt).collect(),
            _ => serde_json::from_str(cursor.text()).unwrap(),
        }
    }

    #[test]
    fn a_text_that_is_not_json_ends_where_it_cannot_be_read() {
        for text in [
            "",
            "{",
            "[",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\" 1}",
            "[1 2]",
            "[,]",
            "{:}",
            "[\"\\",
            "[\"a",
            "{\"\\x\":1}",
            "{张:1}",
            "[张,1]",
            "]",
            "}{",
            "[[[",
            "[\u{1}]",
        ] {
            let count = members(text).len() + elements(text).len();
            assert!(count <= 1, "{text}");
            assert!(Cursor::new(text).string().is_none(), "{text}");
        }
    }
}
