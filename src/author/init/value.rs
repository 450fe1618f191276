//! JSON and YAML as they come from elsewhere: members in their order, numbers by their text.
//!
//! Refuses what does not parse, with its place, and more values or levels than anybody reviews.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, options};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{SourceFile, Span};

/// Values in one file, those an alias repeats included.
pub(super) const MOST_VALUES: usize = 200_000;
/// Lists and maps within each other.
pub(super) const MOST_LEVELS: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A member by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members()
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    pub(super) fn members(&self) -> &[(String, Value)] {
        match self {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    pub(super) fn elements(&self) -> &[Value] {
        match self {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, or a number's text.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Number(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads JSON.
pub(super) fn json(file: &Arc<SourceFile>) -> Result<Value, Diagnostic> {
    let budget = Cell::new(MOST_VALUES);
    let mut reader = serde_json::Deserializer::from_str(&file.text);
    let seed = Seed {
        budget: &budget,
        level: 0,
    };
    let read = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        if budget.get() == 0 {
            return too_much(file);
        }
        let lines = file.text.split_inclusive('\n');
        let before: usize = lines
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let at = (before + error.column().saturating_sub(1)).min(file.text.len());
        let words = error.to_string();
        let what = words.split(" at line ").next().unwrap_or_default();
        not_read(file, say!("JSON", "JSON"), what).at(&Span::new(file, at, at + 1))
    })
}

/// Reads YAML, more of it than rules may be written in.
pub(super) fn yaml(file: &Arc<SourceFile>) -> Result<Value, Diagnostic> {
    let mut tree = Building {
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        budget: MOST_VALUES,
    };
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: MOST_LEVELS,
        block_nesting_limit: MOST_LEVELS,
    };
    for next in Parser::new_from_str_with_options(&file.text, options) {
        let (event, _) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or_default();
            not_read(file, say!("YAML", "YAML"), &error.info()).at(&Span::new(file, at, at + 1))
        })?;
        tree.take(event).ok_or_else(|| too_much(file))?;
    }
    tree.root
        .ok_or_else(|| not_read(file, say!("YAML", "YAML"), "nothing"))
}

fn not_read(file: &SourceFile, form: Text, why: &str) -> Diagnostic {
    let name = quoted(&file.name);
    let message = say!(
        "{name} is not {form}: {why}",
        "{name} 不是 {form}：解析器报告 {why}";
        form
    );
    let help = say!(
        "give a JSON sample, an OpenAPI 3 document in JSON or YAML, or a CSV data dictionary",
        "给一份 JSON 样例、OpenAPI 3 文档（JSON 或 YAML）或 CSV 数据字典"
    );
    Diagnostic::error(code::FG6001, message).help(help)
}

fn too_much(file: &SourceFile) -> Diagnostic {
    let message = say!(
        "{} holds more than {MOST_VALUES} values, or more than {MOST_LEVELS} levels",
        "{} 里的值超过 {MOST_VALUES} 个，或嵌套超过 {MOST_LEVELS} 层",
        quoted(&file.name)
    );
    Diagnostic::error(code::FG6002, message)
        .help(say!("keep one record of each kind", "每种记录留一条就够"))
}

/// What reads one value of JSON.
#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Cell<usize>,
    level: usize,
}

impl<'b> Seed<'b> {
    fn below<E: serde::de::Error>(self) -> Result<Seed<'b>, E> {
        if self.level >= MOST_LEVELS {
            self.budget.set(0);
        }
        match self.budget.get() {
            0 => Err(E::custom("too much")),
            _ => Ok(Seed {
                budget: self.budget,
                level: self.level + 1,
            }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self.budget.get().checked_sub(1) {
            None | Some(0) => {
                self.budget.set(0);
                Err(D::Error::custom("too much"))
            }
            Some(left) => {
                self.budget.set(left);
                reader.deserialize_any(self)
            }
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let seed = self.below()?;
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(seed)? {
            elements.push(element);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let seed = self.below()?;
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((name, map.next_value_seed(seed)?));
        }
        Ok(Value::Map(members))
    }
}

/// YAML that is being put together.
struct Building {
    open: Vec<(usize, bool, Vec<Value>)>,
    anchors: HashMap<usize, Value>,
    root: Option<Value>,
    budget: usize,
}

impl Building {
    /// `None` where there is too much of it.
    fn take(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                self.add(value, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(anchor, false),
            Event::MappingStart(_, anchor, _) => self.open(anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let (anchor, map, values) = self.open.pop()?;
                let value = match map {
                    false => Value::List(values),
                    true => Value::Map(paired(values)),
                };
                self.add(value, anchor)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Null);
                self.budget = self.budget.checked_sub(size(&value))?;
                self.add(value, 0)
            }
            _ => Some(()),
        }
    }

    fn open(&mut self, anchor: usize, map: bool) -> Option<()> {
        self.open.push((anchor, map, Vec::new()));
        (self.open.len() <= MOST_LEVELS).then_some(())
    }

    fn add(&mut self, value: Value, anchor: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(1)?;
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            Some((_, _, values)) => values.push(value),
            // Only the first document counts.
            None => _ = self.root.get_or_insert(value),
        }
        Some(())
    }
}

fn paired(values: Vec<Value>) -> Vec<(String, Value)> {
    let mut members = Vec::new();
    let mut values = values.into_iter();
    while let (Some(key), Some(value)) = (values.next(), values.next()) {
        if let Some(name) = key.word() {
            members.push((name.to_owned(), value));
        }
    }
    members
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::List(elements) => elements.iter().map(size).sum(),
        Value::Map(members) => members.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 0,
    }
}

fn plain(text: &str) -> Value {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if digits.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok() => {
            Value::Number(text.to_owned())
        }
        _ => Value::Text(text.to_owned()),
    }
}
