//! A JSON answer as people read it: members in the order they came, leaves with the path that leads to them.
//!
//! For the demo's own output only; the proxy never builds a tree. Refuses what is not JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Neither object nor array.
    Leaf(Value),
    /// In order.
    Array(Vec<Node>),
    /// In order, names twice if they came twice.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads an answer's body.
    ///
    /// # Errors
    ///
    /// Where it is not JSON.
    pub fn read(body: &[u8]) -> serde_json::Result<Node> {
        serde_json::from_slice(body)
    }

    /// Every leaf and every empty container with its path, such as `phones[0].number`.
    pub fn leaves(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.collect(String::new(), &mut found);
        found
    }

    /// The value a path of [`Node::leaves`] leads to, as people write it: texts without quotes.
    pub fn at(&self, path: &str) -> Option<String> {
        let leaves = self.leaves();
        let (_, text) = leaves.into_iter().find(|(one, _)| one == path)?;
        Some(text)
    }

    /// Indented by two for each level.
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text
    }

    fn collect(&self, path: String, found: &mut Vec<(String, String)>) {
        match self {
            Node::Leaf(Value::String(text)) => found.push((path, text.clone())),
            Node::Leaf(value) => found.push((path, value.to_string())),
            Node::Array(elements) if elements.is_empty() => found.push((path, "[]".to_owned())),
            Node::Object(members) if members.is_empty() => found.push((path, "{}".to_owned())),
            Node::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    element.collect(format!("{path}[{at}]"), found);
                }
            }
            Node::Object(members) => {
                for (name, value) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    value.collect(format!("{path}{dot}{name}"), found);
                }
            }
        }
    }

    fn write(&self, depth: usize, text: &mut String) {
        let inner = "  ".repeat(depth + 1);
        let parts: Vec<String> = match self {
            Node::Leaf(value) => return text.push_str(&value.to_string()),
            Node::Array(elements) => elements
                .iter()
                .map(|element| {
                    let mut part = inner.clone();
                    element.write(depth + 1, &mut part);
                    part
                })
                .collect(),
            Node::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let mut part = format!("{inner}{}: ", Value::from(name.as_str()));
                    value.write(depth + 1, &mut part);
                    part
                })
                .collect(),
        };
        let (open, close) = match self {
            Node::Array(_) => ('[', ']'),
            Node::Leaf(_) | Node::Object(_) => ('{', '}'),
        };
        text.push(open);
        if !parts.is_empty() {
            text.push('\n');
            text.push_str(&parts.join(",\n"));
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push(close);
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"z":"张三","a":[{"n":1.5},{}],"e":[],"x":null,"y":true}"#;

    #[test]
    fn leaves_come_in_the_order_of_the_document_with_their_paths() {
        let leaves = Node::read(TEXT.as_bytes()).unwrap().leaves();
        let shown: Vec<String> = leaves
            .into_iter()
            .map(|(path, text)| format!("{path}={text}"))
            .collect();
        assert_eq!(
            shown,
            [
                "z=张三",
                "a[0].n=1.5",
                "a[1]={}",
                "e=[]",
                "x=null",
                "y=true"
            ]
        );
    }

    #[test]
    fn pretty_text_is_the_same_document() {
        let node = Node::read(TEXT.as_bytes()).unwrap();
        let pretty = node.pretty();
        assert!(pretty.starts_with("{\n  \"z\": \"张三\",\n  \"a\": [\n    {\n      \"n\": 1.5"));
        assert!(pretty.contains("    {}\n  ],\n  \"e\": [],"));
        assert_eq!(Node::read(pretty.as_bytes()).unwrap(), node);
    }

    #[test]
    fn a_path_leads_to_its_value_and_a_wrong_one_nowhere() {
        let node = Node::read(TEXT.as_bytes()).unwrap();
        assert_eq!(node.at("a[0].n").as_deref(), Some("1.5"));
        assert_eq!(node.at("a[0]"), None);
    }
}
