//! The JSON body of a request that only reads, as leaves.
//!
//! Refuses what an upstream's reader could take for something else: a text that is not strict JSON, or is nested deeper
//! or named longer than the limits (`unreadable-request`), a member name that occurs twice in an object, case ignored
//! (`duplicate-key`), and more than 1,024 leaves (`too-large`).

use std::borrow::Cow;
use std::collections::HashSet;

pub use crate::json::Limits;
use crate::json::{self, Kind, Lexer, Piece};
use crate::model::Reason;
use crate::path::{Child, Path, Selected, Selector};
use crate::policy::ParamRule;

use super::query;

/// The most bytes of a body that is judged value by value, each counted as often as containers may be open around it.
pub const WORK: usize = 1 << 29;

/// The most leaves of one body: each that names data leaves a hash in the access log.
pub const MOST: usize = 1024;

/// A scalar, or a container without any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where it stands, from the root.
    pub place: Vec<Step>,
    /// What stands there.
    pub value: Value,
}

/// One step from a node to a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member, by its decoded name.
    Member(String),
    /// An element.
    Element(u64),
}

/// What a leaf holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string, decoded.
    Text(String),
    /// A number as written.
    Number(String),
    /// `true`, `false` or `null`.
    Word(String),
    /// `{}` or `[]`.
    Empty,
    /// What stands in a form, decoded: nothing says whether it is a number.
    Written(String),
}

impl Value {
    /// The text of a scalar: a string decoded, others as written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Number(text) | Value::Word(text) | Value::Written(text) => {
                Some(text)
            }
            Value::Empty => None,
        }
    }
}

impl Leaf {
    /// Whether a path leads here. `[*]` stands for elements alone: names of members are data.
    pub fn is_at(&self, path: &Path, any_case: bool) -> bool {
        let selects = |selector: &Selector, step: &Step| {
            let child = match step {
                Step::Member(_) if *selector == Selector::Wildcard => return false,
                Step::Member(name) => Child::Member(name),
                Step::Element(index) => Child::Element {
                    index: *index,
                    length: None,
                },
            };
            selector.selects(child, any_case) == Selected::Yes
        };
        let steps = path.segments.iter().zip(&self.place);
        path.segments.len() == self.place.len()
            && steps.into_iter().all(|(segment, step)| {
                let mut selectors = segment.selectors.iter();
                selectors.any(|selector| selects(selector, step))
            })
    }

    /// Where it stands, as records name it: `filter.phones[0]`.
    pub fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.place {
            match step {
                Step::Element(index) => name.push_str(&format!("[{index}]")),
                Step::Member(member) if name.is_empty() => name.push_str(member),
                Step::Member(member) => name.push_str(&format!(".{member}")),
            }
        }
        name
    }

    /// Whether it holds what the parameter may carry. Whether the caller may search the field is not asked here.
    pub fn fits(&self, rule: &ParamRule) -> bool {
        match (rule, &self.value) {
            (ParamRule::Free, _) => true,
            (_, Value::Empty) => false,
            // It is read as a query parameter is.
            (rule, Value::Written(text)) => query::fits(rule, text),
            // Another type might be read as another number.
            (ParamRule::Whole { .. }, Value::Number(text)) => query::fits(rule, text),
            (ParamRule::Whole { .. }, _) => false,
            (ParamRule::Names(_), Value::Text(text)) => query::fits(rule, text),
            (ParamRule::Names(_), _) => false,
            (ParamRule::OneOf(_), value) => {
                value.text().is_some_and(|text| query::fits(rule, text))
            }
            (ParamRule::Fields(_), _) => true,
        }
    }
}

/// Reads a body. An object without members has no leaf; every other container without any is one.
///
/// # Errors
///
/// See the module.
pub fn read(body: &[u8], limits: Limits) -> Result<Vec<Leaf>, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::UnreadableRequest)?;
    let mut lexer = Lexer::new(limits);
    let mut reading = Reading::default();
    let mut at = 0;
    while let Some(piece) = next(&mut lexer, body, at)? {
        at = piece.end;
        let written = text.get(piece.start..piece.end);
        reading.take(piece, written.ok_or(Reason::Internal)?)?;
    }
    lexer.finish().map_err(|_| Reason::UnreadableRequest)?;
    // `{}` asks for nothing in particular.
    let all = |leaf: &Leaf| leaf.place.is_empty() && leaf.value == Value::Empty;
    if body.trim_ascii_start().starts_with(b"{") {
        reading.leaves.retain(|leaf| !all(leaf));
    }
    Ok(reading.leaves)
}

/// Accepts a body as strict JSON within the limits in which no object has a member name twice, case ignored, and returns
/// its text. Of `values`, containers among them, there may be so many.
///
/// # Errors
///
/// `unreadable-request` and `duplicate-key`, as for [`read`]; `too-large` for more values, or where going through it level
/// by level would be more than [`WORK`].
pub fn strict(body: &[u8], limits: Limits, values: usize) -> Result<&str, Reason> {
    let text = std::str::from_utf8(body).map_err(|_| Reason::UnreadableRequest)?;
    let mut lexer = Lexer::new(limits);
    let mut open: Vec<HashSet<String>> = Vec::new();
    let (mut at, mut seen, mut deepest) = (0, 0, 0);
    while let Some(piece) = next(&mut lexer, body, at)? {
        at = piece.end;
        match piece.kind {
            Kind::Key | Kind::Space | Kind::Colon | Kind::Comma => {}
            Kind::ObjectClose | Kind::ArrayClose => {}
            Kind::ObjectOpen | Kind::ArrayOpen => seen += 1,
            Kind::String | Kind::Number | Kind::Boolean | Kind::Null => seen += 1,
        }
        if seen > values {
            return Err(Reason::TooLarge);
        }
        match piece.kind {
            Kind::ObjectOpen | Kind::ArrayOpen => {
                open.push(HashSet::new());
                deepest = deepest.max(open.len());
            }
            Kind::ObjectClose | Kind::ArrayClose => drop(open.pop()),
            Kind::Key => {
                let written = text.get(piece.start..piece.end).ok_or(Reason::Internal)?;
                let name = unquoted(written)?;
                if open
                    .last_mut()
                    .is_some_and(|names| !names.insert(folded(&name)))
                {
                    return Err(Reason::DuplicateKey);
                }
            }
            Kind::Space | Kind::Colon | Kind::Comma => {}
            Kind::String | Kind::Number | Kind::Boolean | Kind::Null => {}
        }
    }
    lexer.finish().map_err(|_| Reason::UnreadableRequest)?;
    match deepest.saturating_mul(body.len()) > WORK {
        true => Err(Reason::TooLarge),
        false => Ok(text),
    }
}

/// A name as whoever ignores case reads it. Some letters are one only in capitals: `ſ` and `s`.
pub fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

fn next(lexer: &mut Lexer, body: &[u8], at: usize) -> Result<Option<Piece>, Reason> {
    lexer.next(body, at).map_err(|_| Reason::UnreadableRequest)
}

/// An open container.
enum Open {
    /// The names seen so far, case folded.
    Object(HashSet<String>),
    Array(u64),
}

#[derive(Default)]
struct Reading {
    open: Vec<Open>,
    /// The step to the value at hand for each open container but one that has no child yet.
    place: Vec<Step>,
    leaves: Vec<Leaf>,
}

impl Reading {
    fn take(&mut self, piece: Piece, text: &str) -> Result<(), Reason> {
        match piece.kind {
            Kind::Space | Kind::Colon | Kind::Comma => {}
            Kind::ObjectOpen => self.open(Open::Object(HashSet::new())),
            Kind::ArrayOpen => self.open(Open::Array(0)),
            Kind::ObjectClose | Kind::ArrayClose => self.close()?,
            Kind::Key => self.key(unquoted(text)?.into_owned())?,
            Kind::String => {
                let text = unquoted(text)?.into_owned();
                self.leaf(Value::Text(text))?;
            }
            Kind::Number => self.leaf(Value::Number(text.to_owned()))?,
            Kind::Boolean | Kind::Null => self.leaf(Value::Word(text.to_owned()))?,
        }
        Ok(())
    }

    fn open(&mut self, container: Open) {
        self.step_in();
        self.open.push(container);
    }

    fn close(&mut self) -> Result<(), Reason> {
        let is_empty = match self.open.pop() {
            Some(Open::Object(names)) => names.is_empty(),
            Some(Open::Array(elements)) => elements == 0,
            None => false,
        };
        // Behind a child stands the step to it.
        self.place.truncate(self.open.len());
        if is_empty {
            return self.add(Value::Empty);
        }
        Ok(())
    }

    fn key(&mut self, name: String) -> Result<(), Reason> {
        let depth = self.open.len();
        if let Some(Open::Object(names)) = self.open.last_mut()
            && !names.insert(folded(&name))
        {
            return Err(Reason::DuplicateKey);
        }
        self.place.truncate(depth.saturating_sub(1));
        self.place.push(Step::Member(name));
        Ok(())
    }

    fn leaf(&mut self, value: Value) -> Result<(), Reason> {
        self.step_in();
        self.add(value)
    }

    /// A value begins: in an array it is the next element.
    fn step_in(&mut self) {
        let depth = self.open.len();
        if let Some(Open::Array(elements)) = self.open.last_mut() {
            self.place.truncate(depth.saturating_sub(1));
            self.place.push(Step::Element(*elements));
            *elements += 1;
        }
    }

    fn add(&mut self, value: Value) -> Result<(), Reason> {
        if self.leaves.len() == MOST {
            return Err(Reason::TooLarge);
        }
        self.leaves.push(Leaf {
            place: self.place.clone(),
            value,
        });
        Ok(())
    }
}

fn unquoted(text: &str) -> Result<Cow<'_, str>, Reason> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let decoded = inner.and_then(json::decode);
    decoded.ok_or(Reason::UnreadableRequest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;

    const LIMITS: Limits = Limits { depth: 4, key: 8 };

    fn leaves(text: &str) -> Result<Vec<String>, Reason> {
        let leaves = read(text.as_bytes(), LIMITS)?;
        let shown = |leaf: &Leaf| format!("{}={}", leaf.name(), leaf.value.text().unwrap_or("-"));
        Ok(leaves.iter().map(shown).collect())
    }

    #[test]
    fn every_scalar_and_every_empty_container_is_a_leaf() {
        let text =
            r#" {"a":1.50,"b":{"c":"\u0078","d":[true,null,[],{"e":-0}]},"f":{}, "g":[[1]]} "#;
        let expected = [
            "a=1.50",
            "b.c=x",
            "b.d[0]=true",
            "b.d[1]=null",
            "b.d[2]=-",
            "b.d[3].e=-0",
            "f=-",
            "g[0][0]=1",
        ];
        assert_eq!(leaves(text).unwrap(), expected);
        assert_eq!(leaves("12").unwrap(), ["=12"]);
        assert_eq!(leaves("[]").unwrap(), ["=-"]);
        assert_eq!(
            leaves(" { } ").unwrap(),
            [""; 0],
            "it asks for nothing in particular"
        );
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused_whatever_its_case() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1,"A":2}"#,
            r#"{"x":[{"é":1,"É":2}]}"#,
            r#"{"a":{},"a":{}}"#,
            "{\"s\":1,\"\u{17f}\":2}",
        ] {
            assert_eq!(leaves(text), Err(Reason::DuplicateKey), "{text}");
            let strict = strict(text.as_bytes(), LIMITS, 99);
            assert_eq!(strict, Err(Reason::DuplicateKey), "{text}");
        }
        let text = r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#;
        assert!(leaves(text).is_ok());
        assert_eq!(strict(text.as_bytes(), LIMITS, 99), Ok(text));
    }

    #[test]
    fn what_is_not_strict_json_within_the_limits_is_unreadable() {
        for text in [
            "",
            " ",
            "{",
            "{\"a\":1,}",
            "[1 2]",
            "\u{feff}{}",
            "{'a':1}",
            "NaN",
            "01",
            "{} {}",
            r#"{"a":"\ud800"}"#,
            "[[[[[1]]]]]",
            r#"{"a23456789":1}"#,
            "\"\u{1}\"",
        ] {
            assert_eq!(leaves(text), Err(Reason::UnreadableRequest), "{text}");
            let strict = strict(text.as_bytes(), LIMITS, 99);
            assert_eq!(strict, Err(Reason::UnreadableRequest), "{text}");
        }
        assert_eq!(read(b"\"\xff\"", LIMITS), Err(Reason::UnreadableRequest));
    }

    #[test]
    fn more_leaves_than_the_most_are_too_large() {
        let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(leaves(&list(MOST)).unwrap().len(), MOST);
        assert_eq!(leaves(&list(MOST + 1)), Err(Reason::TooLarge));
        let empty = format!("[{}]", vec!["{}"; MOST + 1].join(","));
        assert_eq!(leaves(&empty), Err(Reason::TooLarge));
    }

    #[test]
    fn more_values_than_the_most_are_too_large_to_be_judged() {
        let text = br#"{"a":[1,{}],"b":{"c":null}}"#;
        assert!(strict(text, LIMITS, 6).is_ok());
        assert_eq!(strict(text, LIMITS, 5), Err(Reason::TooLarge));
    }

    #[test]
    fn a_star_stands_for_elements_and_never_for_members() {
        let at = |path: &str, text: &str| {
            let leaves = read(text.as_bytes(), LIMITS).unwrap();
            leaves
                .iter()
                .all(|leaf| leaf.is_at(&parse(path).unwrap(), false))
        };
        assert!(at("ids[*]", r#"{"ids":["1","2"]}"#));
        assert!(at("a[0].b", r#"{"a":[{"b":1}]}"#));
        assert!(!at("a[*]", r#"{"a":{"b":1}}"#));
        assert!(!at("ids", r#"{"ids":["1"]}"#));
        assert!(!at("ids[*]", r#"{"ids":[["1"]]}"#));
        assert!(!at("a", r#"{"A":1}"#));
    }

    #[test]
    fn a_leaf_fits_by_its_type_and_its_text() {
        let fits = |rule: &ParamRule, text: &str| {
            let leaves = read(text.as_bytes(), LIMITS).unwrap();
            leaves.iter().all(|leaf| leaf.fits(rule))
        };
        let whole = ParamRule::Whole { min: 1, max: 9 };
        assert!(fits(&whole, "5"));
        for text in ["\"5\"", "5.0", "10", "true", "null", "[[]]"] {
            assert!(!fits(&whole, text), "{text}");
        }
        let words = ParamRule::OneOf(vec!["asc".to_owned(), "true".to_owned()]);
        assert!(fits(&words, "\"asc\"") && fits(&words, "true"));
        assert!(!fits(&words, "\"desc\"") && !fits(&words, "[[]]"));
        assert!(fits(&ParamRule::Free, "[[], 1, null]"));
        assert!(!fits(&ParamRule::Fields(Default::default()), "[[]]"));
    }
}
