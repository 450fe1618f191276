//! How the answers of a route are written: `format` in the long form of `at`.
//!
//! Refuses formats that are none. A route that says nothing answers with one JSON document.

use super::Findings;
use crate::policy::diagnostic::{Diagnostic, Text, code, quoted, say};
use crate::policy::rules::{AnswerForm, Format};
use crate::policy::source::Node;

/// The keys of a route's long form that say it.
pub(super) const KEYS: [&str; 1] = ["format"];

/// What a route declares of its answers.
pub(super) fn form(route: &Node, findings: &mut Findings) -> AnswerForm {
    let mut form = AnswerForm::default();
    // Whether it is a map is told where its place is read.
    let Ok(entries) = route.as_map(Text::none()) else {
        return form;
    };
    if let Some(node) = entries.get("format") {
        form.format = findings.keep(format(node)).unwrap_or_default();
    }
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
