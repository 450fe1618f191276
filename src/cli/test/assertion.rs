//! Whether an answer is what a test says it is.
//!
//! A path that selects several nodes asserts something of each. `masked` holds where that very value of the upstream's answer
//! left as a mask or a token, whatever its text looks like: a year or a rounded number has no form of its own. `never` is looked for
//! in the bytes, and in names, strings and numbers once decoded, so that an escape hides nothing.

use std::cell::LazyCell;
use std::collections::HashMap;

use serde_json::{Number, Value};

use super::super::answer::{Answer, limits};
use super::super::document::{Node, Place, Step, path_of, read, select, shown, texts};
use super::super::traced::trace;
use super::Got;
use super::hint::hint;
use crate::decide::Permit;
use crate::model::Openness;
use crate::path::{self, Path};
use crate::pipeline::rehearsal::{End, Stage};
use crate::policy::diagnostic::{Text, quoted, say};
use crate::policy::{Charset, Test};

/// A text that stands for a mask or a token.
const MASKED: &str = "masked";

/// Every assertion of the test that does not hold. `permit` is there where the request was allowed.
pub(super) fn judge(stage: &Stage, test: &Test, permit: Option<&Permit>, got: &Got) -> Vec<Text> {
    let document = match (got.outcome.end, permit) {
        (End::Aborted, _) => None,
        (End::Complete, _) if got.outcome.unread => None,
        (End::Complete, Some(permit)) => {
            Answer::of_caller(stage, permit, &got.body).and_then(|answer| answer.tree())
        }
        (End::Complete | End::Refused, _) => read(&got.body, limits(stage)),
    };
    let mut wrong = Vec::new();
    status_and_reason(test, got, &mut wrong);
    if got.outcome.unread && !(test.expect.is_empty() && test.absent.is_empty()) {
        wrong.push(say!(
            "the answer is a file, in which no path leads anywhere: assert `expect_status` and `never`",
            "响应是文件，里面没有路径可查：请用 `expect_status` 和 `never` 断言"
        ));
    }
    if wrong.is_empty() {
        let view = View {
            any_case: permit.is_some_and(|permit| any_case(stage, permit)),
            document: document.as_ref(),
            masked: LazyCell::new(|| match got.outcome.end {
                End::Complete => masked(stage, test, permit),
                End::Aborted | End::Refused => HashMap::new(),
            }),
        };
        for (path, value) in &test.expect {
            wrong.extend(view.expect(path, value));
        }
        for path in &test.absent {
            wrong.extend(view.absent(path));
        }
    }
    for text in &test.never {
        let charset = permit.map_or(Charset::Utf8, |permit| permit.answer().leaves_in());
        wrong.extend(never(text, got, document.as_ref(), charset));
    }
    wrong
}

/// Whether the resource compares member names without case.
fn any_case(stage: &Stage, permit: &Permit) -> bool {
    let resources = &stage.policy().rules.resources;
    resources.iter().any(|resource| {
        let mut groups = resource.groups.iter();
        resource.any_case && groups.any(|group| group.name == permit.group())
    })
}

fn status_and_reason(test: &Test, got: &Got, wrong: &mut Vec<Text>) {
    let came = came(got);
    if let Some(expected) = test.expect_status
        && expected != got.outcome.status.as_u16()
    {
        wrong.push(say!("expect_status: expected {expected}, came {came}", "expect_status：应为 {expected}，实为 {came}"; came));
    }
    if let Some(expected) = &test.expect_reason
        && got.outcome.reason.map(|reason| reason.code()) != Some(expected)
    {
        wrong.push(say!("expect_reason: expected {expected}, came {came}", "expect_reason：应为 {expected}，实为 {came}"; came));
    }
    if let Some(expected) = &test.expect_refused {
        wrong.extend(refused(expected, got));
    }
    let unsaid = test.expect_reason.is_none()
        && test.expect_refused.is_none()
        && match got.outcome.end {
            End::Complete => false,
            End::Refused => {
                let of_an_answer = !test.expect.is_empty() || !test.absent.is_empty();
                test.expect_status.is_none() && of_an_answer
            }
            End::Aborted => true,
        };
    if unsaid {
        wrong.push(match got.outcome.reason.and_then(hint) {
            None => say!("expected an answer, came {came}", "应有正常响应，实为 {came}"; came),
            Some(hint) => {
                say!("expected an answer, came {came}: {hint}", "应有正常响应，实为 {came}：{hint}"; came, hint)
            }
        });
    }
}

/// Whether the names a refused write is told are these, in whatever order.
fn refused(expected: &[String], got: &Got) -> Option<Text> {
    let sorted = |names: &[String]| {
        let mut names: Vec<String> = names.to_vec();
        names.sort_unstable();
        names.dedup();
        names
    };
    let (expected, names) = (sorted(expected), sorted(&got.outcome.refused));
    let list = |names: &[String]| match names {
        [] => say!("none", "没有"),
        names => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            say!("{}", "{}", names.join(", "))
        }
    };
    (expected != names).then(|| {
        let (expected, names, came) = (list(&expected), list(&names), came(got));
        say!(
            "expect_refused: expected {expected}, refused were {names}; came {came}",
            "expect_refused：应为 {expected}，被拒的是 {names}；实为 {came}";
            expected, names, came
        )
    })
}

fn came(got: &Got) -> Text {
    let status = got.outcome.status.as_u16();
    match (got.outcome.reason, got.outcome.end) {
        (None, _) => say!("{status}", "{status}"),
        (Some(reason), End::Aborted) => say!(
            "{status}, broken off after {} bytes ({})",
            "{status}，发出 {} 字节后中断（{}）",
            got.body.len(),
            reason.code()
        ),
        (Some(reason), _) => say!("{status} ({})", "{status}（{}）", reason.code()),
    }
}

/// Which of the answer's values are masks or tokens, by where they stand; of several in one place, whether all are.
fn masked(stage: &Stage, test: &Test, permit: Option<&Permit>) -> HashMap<Place, bool> {
    let (Some(permit), Some(reply)) = (permit, test.reply.as_deref()) else {
        return HashMap::new();
    };
    let Some(answer) = Answer::of_upstream(stage, permit, reply) else {
        return HashMap::new();
    };
    let mut masked = HashMap::new();
    for leaf in trace(permit, stage.limits().record, &answer).leaves {
        if let Some(place) = leaf.kept {
            let is_masked = matches!(leaf.openness, Openness::Mask | Openness::Token);
            *masked.entry(place).or_insert(true) &= is_masked;
        }
    }
    masked
}

/// An answer and what is known of its nodes.
struct View<'a, F> {
    any_case: bool,
    document: Option<&'a Node>,
    masked: LazyCell<HashMap<Place, bool>, F>,
}

impl<F: FnOnce() -> HashMap<Place, bool>> View<'_, F> {
    fn select(&self, path: &str) -> Result<Vec<(Place, &Node)>, Text> {
        // Paths were read when the rules were loaded.
        let path: Path = path::parse(path).map_err(|error| say!("{}", "{}", error.message))?;
        let document = self.document;
        Ok(document.map_or_else(Vec::new, |root| select(&path, root, self.any_case)))
    }

    fn expect(&self, path: &str, expected: &Value) -> Vec<Text> {
        let found = match self.select(path) {
            Ok(found) => found,
            Err(message) => return vec![message],
        };
        if found.is_empty() {
            let nothing = say!(
                "expect {}: expected {expected}, came nothing",
                "expect {}：应为 {expected}，实际没有",
                quoted(path)
            );
            return vec![nothing];
        }
        let mut wrong = Vec::new();
        for (mut place, node) in found {
            self.compare(expected, &mut place, node, &mut wrong);
        }
        wrong
    }

    fn absent(&self, path: &str) -> Vec<Text> {
        let found = match self.select(path) {
            Ok(found) => found,
            Err(message) => return vec![message],
        };
        let sentence = |(place, node): &(Place, &Node)| {
            say!(
                "absent {}: came {}",
                "absent {}：却出现了 {}",
                quoted(&path_of(place)),
                shown(node)
            )
        };
        found.iter().map(sentence).collect()
    }

    /// Objects may have more members than expected; arrays may not have more elements.
    fn compare(&self, expected: &Value, place: &mut Place, node: &Node, wrong: &mut Vec<Text>) {
        match (expected, node) {
            (Value::Object(wanted), Node::Map(members)) => {
                for (name, value) in wanted {
                    let named = |other: &str| match self.any_case {
                        true => name.eq_ignore_ascii_case(other),
                        false => name == other,
                    };
                    let mut found = members.iter().filter(|(other, _)| named(other)).peekable();
                    place.push(Step::Member(name.clone()));
                    if found.peek().is_none() {
                        wrong.push(say!(
                            "expect {}: expected {value}, came nothing",
                            "expect {}：应为 {value}，实际没有",
                            quoted(&path_of(place))
                        ));
                    }
                    for (_, member) in found {
                        self.compare(value, place, member, wrong);
                    }
                    place.pop();
                }
            }
            (Value::Array(wanted), Node::List(elements)) if wanted.len() == elements.len() => {
                for (index, (value, element)) in wanted.iter().zip(elements).enumerate() {
                    place.push(Step::Element(index));
                    self.compare(value, place, element, wrong);
                    place.pop();
                }
            }
            _ if self.holds(expected, place, node) => {}
            _ => wrong.push(say!(
                "expect {}: expected {expected}, came {}",
                "expect {}：应为 {expected}，实为 {}",
                quoted(&path_of(place)),
                shown(node)
            )),
        }
    }

    fn holds(&self, expected: &Value, place: &Place, node: &Node) -> bool {
        match (expected, node) {
            (Value::String(word), _) if word == MASKED => self.is_masked(place, node),
            (Value::String(expected), Node::Text(text)) => expected == text,
            (Value::Number(expected), Node::Number(text)) => is_same_number(expected, text),
            (Value::Bool(expected), Node::Bool(value)) => expected == value,
            (Value::Null, Node::Null) => true,
            _ => false,
        }
    }

    fn is_masked(&self, place: &Place, node: &Node) -> bool {
        match node {
            Node::List(elements) => {
                let masked = |(index, element): (usize, &Node)| {
                    let mut place = place.clone();
                    place.push(Step::Element(index));
                    self.is_masked(&place, element)
                };
                !elements.is_empty() && elements.iter().enumerate().all(masked)
            }
            Node::Map(_) | Node::Null => false,
            Node::Text(_) | Node::Number(_) | Node::Bool(_) => {
                self.masked.get(place).is_some_and(|masked| *masked)
            }
        }
    }
}

/// Integers by their digits, so that none is rounded; others by their value.
fn is_same_number(expected: &Number, text: &str) -> bool {
    let written = expected.to_string();
    let is_integer = |text: &str| {
        text.bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit())
    };
    if written == text || (is_integer(&written) && is_integer(text)) {
        return written == text;
    }
    text.parse::<f64>().ok() == expected.as_f64()
}

fn never(text: &str, got: &Got, document: Option<&Node>, charset: Charset) -> Option<Text> {
    let headers = got.outcome.headers.iter();
    let in_head = headers
        .map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes()].concat())
        .any(|line| holds(&line, text));
    let mut decoded = Vec::new();
    document
        .into_iter()
        .for_each(|root| texts(root, &mut decoded));
    let place = if in_head {
        say!("head", "响应首部")
    } else if holds(&got.body, text)
        || holds_in(charset, &got.body, text)
        || decoded.iter().any(|part| part.contains(text))
    {
        say!("body", "响应体")
    } else {
        return None;
    };
    Some(
        say!("never {}: it came in the {place}", "never {}：却出现在{place}里", quoted(text); place),
    )
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// The same of a body in another charset. What two characters make together may be found, too: a test that is too strict.
fn holds_in(charset: Charset, bytes: &[u8], text: &str) -> bool {
    charset
        .encoding()
        .is_some_and(|encoding| memchr::memmem::find(bytes, &encoding.encode(text).0).is_some())
}
