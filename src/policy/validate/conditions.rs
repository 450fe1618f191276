//! `conditions:`, the questions that cells and gates may ask.
//!
//! Refuses a condition that asks nothing or two things, values nothing can be compared with, conditions made of
//! themselves, `not` of `exists`, and headers that are nobody's to believe.

mod call;
mod field;
mod uses;

use jiff::tz::TimeZone;

pub(super) use uses::{Asked, Use, check, lints};

use super::scalars::looks_like_number;
use super::{Findings, Names};
use crate::policy::ast::Document;
use crate::policy::condition::ConditionId;
use crate::policy::condition::{Condition, FieldIs, Literal, Number, Question, closure};
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::source::{Entries, Key, Kind, Node, Span, check_name};

/// What a condition asks: one of these.
const SUBJECTS: [&str; 10] = [
    "field", "claim", "header", "purpose", "network", "mfa", "hours", "all", "any", "not",
];
/// What is asked of it.
const TESTS: [&str; 8] = [
    "is",
    "in",
    "has",
    "exists",
    "before",
    "after",
    "younger_than",
    "same_as",
];
const BESIDE: [&str; 3] = ["or", "jwt", "zone"];
const LATER: [&str; 1] = ["consent"];
/// More are refused: each may be made of each other.
const MOST: usize = 1_000;
/// Where a condition stands.
pub(super) struct Place {
    name: Span,
    /// What it asks.
    subject: Span,
}

/// The conditions and where they stand, in the order of their names.
pub(super) fn all(
    document: &Document,
    names: &Names,
    findings: &mut Findings,
) -> (Vec<Condition>, Vec<Place>) {
    let mut conditions = Vec::new();
    let mut places = Vec::new();
    let before = findings.0.len();
    for (key, node) in document.section("conditions") {
        findings.keep(check_name(
            say!("a condition", "条件"),
            &key.text,
            &key.span,
        ));
        let found = findings.keep(node.as_map(say!("a condition", "条件")));
        let found = found.and_then(|entries| condition(key, entries, names, findings));
        let (asks, subject) = found.unwrap_or((Question::Any(Vec::new()), key.span.clone()));
        conditions.push(Condition {
            name: key.text.clone(),
            place: crate::policy::Place::of(&key.span),
            says: node.entries_in_a_line(),
            asks,
        });
        places.push(Place {
            name: key.span.clone(),
            subject,
        });
    }
    if conditions.len() > MOST {
        let message = say!("more than {MOST} conditions", "条件超过 {MOST} 个");
        let place = places.get(MOST).map(|place| &place.name);
        let mistake = Diagnostic::error(code::FG1002, message);
        findings.add(place.into_iter().fold(mistake, Diagnostic::at));
    } else if findings.0.len() == before {
        findings.extend(circles(&conditions, &places));
        findings.extend(absences(&conditions, &places));
    }
    (conditions, places)
}

fn condition(
    key: &Key,
    entries: Entries<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Option<(Question, Span)> {
    let known: Vec<&str> = [&SUBJECTS[..], &TESTS, &BESIDE].concat();
    let mistakes = entries.check_keys(say!("a condition", "条件"), &known, &LATER);
    if !mistakes.is_empty() {
        // What is missing may be what is misspelled.
        findings.extend(mistakes);
        return None;
    }
    let subjects: Vec<(&Key, &Node)> = SUBJECTS
        .iter()
        .filter_map(|subject| entries.entry(subject))
        .collect();
    let &[(subject, node)] = &subjects[..] else {
        findings.add(asks_not_one(key, &subjects));
        return None;
    };
    let asked = Written { subject, entries };
    let test = match subject.text.as_str() {
        "field" => field::test(&asked, node, findings).map(Question::Field),
        "claim" => findings.keep(call::claim(&asked, node)),
        "header" => findings.keep(call::header(&asked, node)),
        "purpose" => findings.keep(call::purpose(&asked, node)),
        "network" => findings.keep(call::network(&asked, node)),
        "mfa" => findings.keep(call::mfa(&asked, node)),
        "hours" => findings.keep(call::hours(&asked, node)),
        "not" => findings.keep(not(&asked, node, names)),
        _ => parts(&asked, node, names, findings),
    };
    Some((test?, node.span.clone()))
}

fn asks_not_one(key: &Key, subjects: &[(&Key, &Node)]) -> Diagnostic {
    let mistake = match subjects {
        [_, (second, _), ..] => {
            let message = say!(
                "the condition {} asks two things at once",
                "条件 {} 一次问了两件事",
                quoted(&key.text)
            );
            Diagnostic::error(code::FG2061, message).at(&second.span)
        }
        _ => {
            let message = say!(
                "the condition {} asks nothing",
                "条件 {} 什么也没问",
                quoted(&key.text)
            );
            Diagnostic::error(code::FG2061, message).at(&key.span)
        }
    };
    mistake.help(say!(
        "write one of `field`, `claim`, `header`, `purpose`, `network`, `mfa`, `hours`, `all`, `any`, `not`; `all` joins others",
        "写 `field`、`claim`、`header`、`purpose`、`network`、`mfa`、`hours`、`all`、`any`、`not` 之一；要合并几个条件用 `all`"
    ))
}

/// What a condition asks, and what stands beside it.
struct Written<'a> {
    subject: &'a Key,
    entries: Entries<'a>,
}

impl<'a> Written<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.get(key)
    }

    /// Refuses what may not stand beside the subject.
    fn only(&self, allowed: &[&str]) -> Result<(), Diagnostic> {
        let mut others = self.entries.iter().filter(|(key, _)| {
            key.text != self.subject.text && !allowed.contains(&key.text.as_str())
        });
        let Some((other, _)) = others.next() else {
            return Ok(());
        };
        let subject = &self.subject.text;
        let message = say!(
            "{} does not go with `{subject}`",
            "{} 不能和 `{subject}` 写在一起",
            quoted(&other.text)
        );
        let help = match allowed {
            [] => say!("`{subject}` stands alone", "`{subject}` 单独写"),
            _ => {
                let allowed = Text::list(allowed.iter().map(|key| quoted(key)));
                say!("beside `{subject}` stand {allowed}", "和 `{subject}` 一起写的只有 {allowed}"; allowed)
            }
        };
        Err(Diagnostic::error(code::FG2061, message)
            .at(&other.span)
            .help(help))
    }

    /// The one test of several that is written.
    fn test(&self, tests: &[&'static str]) -> Result<(&'static str, &'a Node), Diagnostic> {
        let mut found = tests
            .iter()
            .filter_map(|test| Some((*test, self.entries.entry(test)?)));
        let Some((test, (_, node))) = found.next() else {
            let subject = &self.subject.text;
            let message = say!(
                "`{subject}` alone says nothing: what must it be?",
                "只写 `{subject}` 没有说明：它要是什么？"
            );
            return Err(Diagnostic::error(code::FG2061, message)
                .at(&self.subject.span)
                .help(one_of(tests)));
        };
        match found.next() {
            None => Ok((test, node)),
            Some((_, (second, _))) => {
                let message = say!(
                    "a condition has one test, and this is a second",
                    "一个条件只有一个判断，这是第二个"
                );
                Err(Diagnostic::error(code::FG2061, message)
                    .at(&second.span)
                    .help(say!(
                        "write a condition for each, and join them with `all`",
                        "各写一个条件，用 `all` 合并"
                    )))
            }
        }
    }

    fn zone(&self) -> Result<Option<TimeZone>, Diagnostic> {
        let Some(node) = self.get("zone") else {
            return Ok(None);
        };
        let name = node.as_str(say!("`zone`"))?;
        TimeZone::get(name).map(Some).map_err(|_| {
            let message = say!("{} is no time zone", "{} 不是时区", quoted(name));
            Diagnostic::error(code::FG2064, message)
                .at(&node.span)
                .help(say!(
                    "write a name such as `Asia/Shanghai` or `UTC`",
                    "写 `Asia/Shanghai` 或 `UTC` 这样的名字"
                ))
        })
    }
}

fn one_of(words: &[&str]) -> Text {
    let list = Text::list(words.iter().map(|word| quoted(word)));
    say!("write one of {list}", "写 {list} 之一"; list)
}

fn not(asked: &Written<'_>, node: &Node, names: &Names) -> Result<Question, Diagnostic> {
    asked.only(&[])?;
    names.condition(node).map(Question::Not)
}

fn parts(
    asked: &Written<'_>,
    node: &Node,
    names: &Names,
    findings: &mut Findings,
) -> Option<Question> {
    findings.keep(asked.only(&[]))?;
    let named = findings.keep(listed(node, names))?;
    Some(match asked.subject.text.as_str() {
        "all" => Question::All(named),
        _ => Question::Any(named),
    })
}

/// A list of names of conditions: of `all`, `any` and `only`.
pub(super) fn listed(node: &Node, names: &Names) -> Result<Vec<ConditionId>, Diagnostic> {
    let mut ids = Vec::new();
    for item in node.as_list(say!("a list of conditions", "条件列表"))? {
        let id = names.condition(item)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    match ids.is_empty() {
        false => Ok(ids),
        true => Err(Diagnostic::error(
            code::FG2061,
            say!("this list names no condition", "这个列表里没有条件"),
        )
        .at(&node.span)),
    }
}

/// A list that must not be empty.
fn list<T>(
    node: &Node,
    what: Text,
    read: impl Fn(&Node) -> Result<T, Diagnostic>,
) -> Result<Vec<T>, Diagnostic> {
    let items = node.as_list(what.clone())?;
    if items.is_empty() {
        let message = say!("{what} lists nothing", "{what}里什么也没列"; what);
        return Err(Diagnostic::error(code::FG2064, message).at(&node.span));
    }
    items.iter().map(read).collect()
}

/// A list, or one item without brackets.
fn one_or_more<T>(
    node: &Node,
    what: Text,
    read: impl Fn(&Node) -> Result<T, Diagnostic>,
) -> Result<Vec<T>, Diagnostic> {
    match &node.kind {
        Kind::Scalar { .. } => Ok(vec![read(node)?]),
        Kind::List(_) | Kind::Map(_) => list(node, what, read),
    }
}

/// The values of `in`.
fn literals(node: &Node) -> Result<Vec<Literal>, Diagnostic> {
    list(node, say!("`in`"), |item| {
        literal(item, say!("a value of `in`", "`in` 里的值"))
    })
}

/// A scalar of JSON: unquoted `true`, `false` and numbers are what they look like, all else is text.
fn literal(node: &Node, what: Text) -> Result<Literal, Diagnostic> {
    let text = node.as_str(what)?;
    let plain = matches!(node.kind, Kind::Scalar { plain: true, .. });
    Ok(match text {
        "true" if plain => Literal::Bool(true),
        "false" if plain => Literal::Bool(false),
        "empty" if plain => {
            let message = say!(
                "`empty` is no value; it means absent, null or `\"\"`",
                "`empty` 不是值；它指没有、null 或 `\"\"`"
            );
            return Err(Diagnostic::error(code::FG2064, message)
                .at(&node.span)
                .help(say!(
                    "of a field write `is: empty`, or `or: empty` beside another test; in quotes it is a text",
                    "问字段时写 `is: empty`，或在别的判断旁边写 `or: empty`；加引号就是文本"
                )));
        }
        _ if plain && looks_like_number(text) => match Number::read(text) {
            Some(number) => Literal::Number(number),
            None => {
                let message = say!(
                    "{} is too large for a JSON number",
                    "{} 超出 JSON 数字的范围",
                    quoted(text)
                );
                return Err(Diagnostic::error(code::FG2064, message)
                    .at(&node.span)
                    .help(say!(
                        "write it in quotes if it is a text",
                        "如果是文本，加上引号"
                    )));
            }
        },
        _ => Literal::Text(text.to_owned()),
    })
}

/// One mistake for each condition that is made of itself.
fn circles(conditions: &[Condition], places: &[Place]) -> Vec<Diagnostic> {
    let mut told: Vec<ConditionId> = Vec::new();
    let mut mistakes = Vec::new();
    for (index, (condition, place)) in conditions.iter().zip(places).enumerate() {
        let id = ConditionId(index);
        let made_of = closure(conditions, condition.asks.parts().iter().copied());
        if !made_of.contains(&id) || told.contains(&id) {
            continue;
        }
        told.extend(made_of);
        let message = say!(
            "the condition {} is made of itself",
            "条件 {} 绕回了自己",
            quoted(&condition.name)
        );
        let mistake = Diagnostic::error(code::FG2062, message).at(&place.subject);
        mistakes.push(mistake.help(say!(
            "`all`, `any` and `not` are made of conditions that end in a question",
            "`all`、`any`、`not` 最终都要落到一个具体的问题上"
        )));
    }
    mistakes
}

/// `exists` is false where a field is missing, so `not` of it would open on what is missing.
fn absences(conditions: &[Condition], places: &[Place]) -> Vec<Diagnostic> {
    let exists = |id: &ConditionId| {
        let test = conditions.get(id.0).map(|condition| &condition.asks);
        matches!(test, Some(Question::Field(field)) if matches!(field.is, FieldIs::Exists))
    };
    let mut mistakes = Vec::new();
    for (condition, place) in conditions.iter().zip(places) {
        let Question::Not(part) = condition.asks else {
            continue;
        };
        let made_of = closure(conditions, [part]);
        let Some(found) = made_of.iter().find(|id| exists(id)) else {
            continue;
        };
        let asks = places.get(found.0).map(|place| &place.subject);
        let message = say!(
            "`not` of `exists` would hold where a field is missing",
            "对 `exists` 取 `not`，字段缺失时反而成立"
        );
        let mistake = Diagnostic::error(code::FG2063, message)
            .labelled(&place.subject, say!("this `not`", "这个 `not`"));
        let mistake = asks.into_iter().fold(mistake, |mistake, asks| {
            mistake.labelled(asks, say!("asks whether it exists", "问的是有没有"))
        });
        mistakes.push(mistake.help(say!(
            "write a condition with `is: empty`: it says that a field may be missing",
            "写一个 `is: empty` 的条件：明说字段可以没有"
        )));
    }
    mistakes
}
