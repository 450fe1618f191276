//! Which node a path selects, two ways: by hand from the definition in RFC 9535, and by asking `jsonpath-rust`.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use fieldgate::path::{Segment, Selector};
use jsonpath_rust::JsonPath as _;
use serde_json::Value;

use super::filters::{filter_text, slice_text};
use super::read::Tree;

/// One step of a normalized path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Name(String),
    Index(u64),
    /// A step of which was asked what depends on more than the step: the selectors that select what it leads to, and
    /// whether that is certain.
    Asked(Box<Step>, Vec<Selector>, bool),
}

impl Step {
    /// The step alone.
    pub fn plain(&self) -> &Step {
        match self {
            Step::Asked(step, ..) => step.plain(),
            step => step,
        }
    }
}

/// Whether two member names are the same, with ASCII case folded or not.
pub fn same_name(one: &str, other: &str, fold: bool) -> bool {
    one == other || fold && one.eq_ignore_ascii_case(other)
}

/// Whether a selector selects the child that `step` leads to.
pub fn selects(selector: &Selector, step: &Step, fold: bool) -> bool {
    match (selector, step) {
        (
            Selector::FromEnd(_) | Selector::SliceFromEnd(_) | Selector::Filter(_),
            Step::Asked(_, selected, _),
        ) => selected.contains(selector),
        (_, Step::Asked(step, ..)) => selects(selector, step, fold),
        (Selector::Wildcard, _) => true,
        (Selector::Name(name), Step::Name(other)) => same_name(name, other, fold),
        (Selector::Index(index), Step::Index(other)) => index == other,
        (Selector::Slice { start, end, step }, Step::Index(other)) => {
            other >= start && end.is_none_or(|end| *other < end) && (other - start) % step == 0
        }
        _ => false,
    }
}

/// Whether a path from some node selects the node at `location` below it. Straight from the definition, and slow.
pub fn matches(segments: &[Segment], location: &[Step], fold: bool) -> bool {
    let Some((segment, rest)) = segments.split_first() else {
        return location.is_empty();
    };
    let last = if segment.descend {
        location.len()
    } else {
        location.len().min(1)
    };
    (0..last).any(|skipped| {
        (segment.selectors.iter()).any(|selector| selects(selector, &location[skipped], fold))
            && matches(rest, &location[skipped + 1..], fold)
    })
}

/// RFC 9535 text of a path, every name quoted.
pub fn query_text(segments: &[Segment]) -> String {
    let mut text = String::from("$");
    for segment in segments {
        let selectors: Vec<String> = (segment.selectors.iter())
            .map(|selector| match selector {
                Selector::Name(name) => {
                    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
                }
                Selector::Wildcard => String::from("*"),
                Selector::FromEnd(back) => format!("-{back}"),
                Selector::SliceFromEnd(slice) => slice_text(slice),
                Selector::Filter(filter) => format!("?{}", filter_text(filter)),
                Selector::Index(index) => index.to_string(),
                Selector::Slice { start, end, step } => {
                    let end = end.map(|end| end.to_string()).unwrap_or_default();
                    format!("{start}:{end}:{step}")
                }
            })
            .collect();
        let dots = if segment.descend { ".." } else { "" };
        let _ = write!(text, "{dots}[{}]", selectors.join(","));
    }
    text
}

/// The value `serde_json` would have read, were numbers not lost in it.
pub fn to_value(tree: &Tree) -> Value {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Number(text) | Tree::String(text) => Value::String(text.clone()),
        Tree::Array(elements) => elements.iter().map(to_value).collect(),
        Tree::Object(members) => (members.iter())
            .map(|(name, value)| (name.clone(), to_value(value)))
            .collect(),
    }
}

/// Where a query starts, and its text.
type Query = (Vec<Step>, String);

/// What `jsonpath-rust` says about one document.
pub struct Queries {
    body: Value,
    answers: RefCell<HashMap<Query, HashSet<*const Value>>>,
}

impl Queries {
    /// The document must be free of duplicated names: a `Value` cannot hold them.
    pub fn new(tree: &Tree) -> Self {
        Queries {
            body: to_value(tree),
            answers: RefCell::default(),
        }
    }

    fn node(&self, base: &[Step], location: &[Step]) -> Option<&Value> {
        base.iter()
            .chain(location)
            .try_fold(&self.body, |node, step| match step.plain() {
                Step::Name(name) => node.as_object()?.get(name),
                Step::Index(index) => node.as_array()?.get(usize::try_from(*index).ok()?),
                Step::Asked(..) => None,
            })
    }

    /// Whether the path, from the node at `base`, selects the node at `location` below; `None` where there is no such node.
    pub fn selects(&self, base: &[Step], segments: &[Segment], location: &[Step]) -> Option<bool> {
        let node: *const Value = self.node(base, location)?;
        let query = query_text(segments);
        let mut answers = self.answers.borrow_mut();
        let answer = answers
            .entry((base.to_vec(), query))
            .or_insert_with_key(|(base, query)| {
                let from = self.node(base, &[]).expect("the base holds the location");
                let selected = from
                    .query(query)
                    .unwrap_or_else(|error| panic!("{query}: {error}"));
                selected.into_iter().map(std::ptr::from_ref).collect()
            });
        Some(answer.contains(&node))
    }
}
