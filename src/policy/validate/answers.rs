//! How the answers of a route are written: `format` in the long form of `at`, and of events what leaves of their fields.
//!
//! Refuses formats that are none, and fields of events where there are no events. A route that says nothing answers with
//! one JSON document.

use std::sync::Arc;

use super::Findings;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{AnswerForm, EventFields, Format};
use crate::policy::source::{Entries, Node};

/// The keys of a route's long form that say it.
pub(super) const KEYS: [&str; 4] = ["format", "events", "ids", "retry"];

/// What a route declares of its answers.
pub(super) fn form(route: &Node, findings: &mut Findings) -> AnswerForm {
    let mut form = AnswerForm::default();
    // Whether it is a map is told where its place is read.
    let Ok(entries) = route.as_map(Text::none()) else {
        return form;
    };
    if let Some(node) = entries.get("format") {
        match findings.keep(format(node)) {
            Some(format) => form.format = format,
            None => return form,
        }
    }
    form.events = Arc::new(event_fields(entries, form.format, findings));
    form
}

fn format(node: &Node) -> Result<Format, Diagnostic> {
    let text = node.as_str(say!("`format`"))?;
    let found = Format::ALL.into_iter().find(|one| one.word() == text);
    found.ok_or_else(|| {
        let message = say!("`format` cannot be {}", "`format` 不能是 {}", quoted(text));
        let words = Format::ALL.map(Format::word);
        Diagnostic::error(code::FG2009, message)
            .at(&node.span)
            .suggest(text, words)
    })
}

fn event_fields(entries: Entries<'_>, format: Format, findings: &mut Findings) -> EventFields {
    let mut fields = EventFields::default();
    for name in ["events", "ids", "retry"] {
        let Some((key, node)) = entries.entry(name) else {
            continue;
        };
        if format != Format::Sse {
            let message = say!(
                "`{name}` is said of events, and this route does not answer with any",
                "`{name}` 说的是事件，而这条路由的响应不是事件"
            );
            findings.add(Diagnostic::error(code::FG2200, message).at(&key.span));
            continue;
        }
        match name {
            "events" => fields.names = findings.keep(names(node)).unwrap_or_default(),
            "ids" => fields.ids = findings.keep(bounds(node, name)),
            _ => fields.retries = findings.keep(bounds(node, name)),
        }
    }
    fields
}

fn names(node: &Node) -> Result<Vec<String>, Diagnostic> {
    const LONGEST: usize = 64;
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let mut names: Vec<String> = Vec::new();
    for item in node.as_list(say!("`events`"))? {
        let name = item.as_str(say!("the name of an event", "事件名"))?;
        let fits = !name.is_empty() && name.len() <= LONGEST && name.bytes().all(part);
        if !fits || names.iter().any(|listed| listed == name) {
            let message = match fits {
                true => say!("{} stands twice", "{} 写了两次", quoted(name)),
                false => say!(
                    "{} is no name of an event",
                    "{} 不能用作事件名",
                    quoted(name)
                ),
            };
            return Err(Diagnostic::error(code::FG2201, message).at(&item.span));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// `{ whole: 1..1000 }`.
fn bounds(node: &Node, name: &'static str) -> Result<(u64, u64), Diagnostic> {
    let what = say!("`{name}`"; same);
    let entries = node.as_map(what.clone())?;
    let mut wrong = entries
        .check_keys(what.clone(), &["whole"], &[])
        .into_iter();
    if let Some(wrong) = wrong.next() {
        return Err(wrong);
    }
    let whole = entries.require("whole", what, &node.span)?;
    let text = whole.as_str(say!("`whole`"))?;
    let number = |text: &str| {
        let number: u64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    };
    let bounds = text
        .split_once("..")
        .and_then(|(least, most)| Some((number(least)?, number(most)?)));
    bounds.filter(|(least, most)| least <= most).ok_or_else(|| {
        let message = say!(
            "{} is no range of whole numbers from 0 on",
            "{} 不是从 0 起的整数范围",
            quoted(text)
        );
        Diagnostic::error(code::FG2201, message).at(&whole.span)
    })
}
