//! The answer a test gets, and what a caller is to see of each of its scalars.
//!
//! Refuses nothing. Every place of the answer is there, also what the proposal leaves out: the tests prove that it goes.

use super::catalogue::{Catalogue, Field, written};
use super::detect::{Class, First, Kind, is_data};
use super::locate::is_envelope;
use super::propose::Placed;
use super::shape::{Leaf, Shape, Step};
use super::synth::Synth;
use super::value::Value;
use crate::policy::source::is_unreadable;

/// A scalar of a fixture.
pub(super) struct Scalar {
    /// From the body's root, `[0]` for each element.
    pub path: String,
    /// From the record, for those of a record.
    pub field: Option<Vec<Step>>,
    pub value: Value,
    pub sees: Sees,
}

/// What the reader of the first grid sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    Shown,
    Masked,
    Nothing,
}

pub(super) struct Fixture {
    pub body: Value,
    pub scalars: Vec<Scalar>,
}

pub(super) fn of(placed: &Placed, catalogue: &Catalogue, synth: &mut Synth) -> Fixture {
    let mut making = Making {
        at: &placed.at,
        catalogue,
        synth,
        scalars: Vec::new(),
    };
    let body = making.value(&placed.route.body, &mut Vec::new());
    Fixture {
        body,
        scalars: making.scalars,
    }
}

struct Making<'a> {
    at: &'a [Step],
    catalogue: &'a Catalogue,
    synth: &'a mut Synth,
    scalars: Vec<Scalar>,
}

impl Making<'_> {
    fn value(&mut self, shape: &Shape, path: &mut Vec<Step>) -> Value {
        if shape.object || !shape.members.is_empty() {
            let members = shape.members.iter().filter(|(name, _)| !is_data(name));
            let members: Vec<(String, Value)> = members
                .map(|(name, below)| {
                    path.push(Step::Name(name.clone()));
                    let value = self.value(below, path);
                    path.pop();
                    (name.clone(), value)
                })
                .collect();
            return Value::Map(members);
        }
        if let Some(items) = &shape.items {
            path.push(Step::Each);
            let empty = items.leaf.is_none() && !items.object && items.items.is_none();
            let elements = match empty {
                true => Vec::new(),
                false => vec![self.value(items, path)],
            };
            path.pop();
            return Value::List(elements);
        }
        self.scalar(shape, path)
    }

    fn scalar(&mut self, shape: &Shape, path: &[Step]) -> Value {
        let leaf = shape.leaf.clone().unwrap_or_else(|| Leaf {
            text: true,
            ..Leaf::default()
        });
        let of_record = path.strip_prefix(self.at);
        let field = of_record.and_then(|path| self.covering(path)).cloned();
        let kind = field.as_ref().map(|field| field.kind);
        let sees = match (of_record, path.last()) {
            (Some(_), _) => kind.map_or(Sees::Nothing, sees),
            (None, Some(Step::Name(name))) if is_envelope(name, shape) => Sees::Shown,
            _ => Sees::Nothing,
        };
        let kind = match (of_record, sees) {
            (None, Sees::Shown) => Some(Kind::Plain),
            _ => kind,
        };
        let value = self.synth.value(kind, &leaf, &shape.hints);
        self.scalars.push(Scalar {
            path: written(path).replace("[*]", "[0]"),
            field: field.map(|field| field.path),
            value: value.clone(),
            sees,
        });
        value
    }

    /// The field itself, or for an element the array that is one.
    fn covering(&self, path: &[Step]) -> Option<&Field> {
        let array = || match path.split_last() {
            Some((Step::Each, array)) => self.catalogue.find(array),
            _ => None,
        };
        self.catalogue.find(path).or_else(array)
    }
}

fn sees(kind: Kind) -> Sees {
    match kind.class().map(|(class, _)| Class::first(class)) {
        Some(First::Show) => Sees::Shown,
        Some(First::Mask) => Sees::Masked,
        Some(First::Strip) | None => Sees::Nothing,
    }
}

/// JSON for people: two blanks for each level.
pub(super) fn json(value: &Value, level: usize) -> String {
    let indent = "  ".repeat(level + 1);
    let end = "  ".repeat(level);
    let block = |open: char, lines: Vec<String>, close: char| match lines.is_empty() {
        true => format!("{open}{close}"),
        false => format!(
            "{open}\n{indent}{}\n{end}{close}",
            lines.join(&format!(",\n{indent}"))
        ),
    };
    match value {
        Value::Null => String::from("null"),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => text.clone(),
        Value::Text(text) => quoted(text),
        Value::List(elements) => {
            let lines = elements.iter().map(|element| json(element, level + 1));
            block('[', lines.collect(), ']')
        }
        Value::Map(members) => {
            let lines = members
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), json(value, level + 1)));
            block('{', lines.collect(), '}')
        }
    }
}

/// A JSON string, which is a quoted text of YAML too; what cannot be seen is escaped.
pub(super) fn quoted(text: &str) -> String {
    let written = serde_json::Value::from(text).to_string();
    let mut shown = String::with_capacity(written.len());
    for character in written.chars() {
        match is_unreadable(character) {
            true => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    shown.push_str(&format!("\\u{unit:04x}"));
                }
            }
            false => shown.push(character),
        }
    }
    shown
}
