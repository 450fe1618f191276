//! Results for machines: what `check` and `test` found, as JSON, SARIF, JUnit or annotations of GitHub.
//!
//! Refuses to hand on control and bidirectional characters: whatever a file or a test is called, they are written as
//! `\u{..}`. The JSON document is described in `docs/diagnostics.md` and keeps its shape.

mod github;
mod json;
mod junit;
mod sarif;

use clap::ValueEnum;

use super::printable;
use super::test::Coverage;
use crate::policy::diagnostic::{Diagnostic, Label, Lang, Severity, Text};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Pretty,
    /// One JSON document.
    Json,
    /// Workflow commands that become annotations.
    Github,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// A table for a terminal.
    Table,
    /// For spreadsheets.
    Csv,
    /// A page.
    Html,
}

/// What a command found.
pub(super) struct Report<'a> {
    /// `check`, `test` or `diff`.
    pub command: &'static str,
    /// The rules directory as it was named.
    pub dir: String,
    pub lang: Lang,
    /// Whether the command ends with 0.
    pub ok: bool,
    /// Whether lints are failures too.
    pub deny_lints: bool,
    /// What the rule set holds, where it loads.
    pub contents: Option<Contents>,
    pub diagnostics: &'a [Diagnostic],
    pub tests: &'a [Tested],
    /// What the tests prove, where it was asked.
    pub coverage: Option<&'a Coverage>,
}

/// How much a rule set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub resources: usize,
    pub fields: usize,
    pub roles: usize,
    pub tests: usize,
}

/// A test that was run.
#[derive(Debug)]
pub(super) struct Tested {
    pub name: String,
    pub file: String,
    pub line: usize,
    /// What was asserted and is not so.
    pub wrong: Vec<Text>,
}

/// An annotation of GitHub without a place.
pub(super) fn annotation(level: &str, title: &str, text: &Text) -> String {
    let title = [("title", title.to_owned())];
    github::command(level, &title, &printable(text.get(super::lang())))
}

impl Report<'_> {
    /// The document; nothing for people, who get theirs from the command.
    pub(super) fn written(&self, format: Format) -> String {
        match format {
            Format::Pretty | Format::Table | Format::Csv | Format::Html => String::new(),
            Format::Json => json::document(self),
            Format::Github => github::commands(self),
            Format::Sarif => sarif::document(self),
            Format::Junit => junit::document(self),
        }
    }

    fn say(&self, text: &Text) -> String {
        printable(text.get(self.lang))
    }

    /// The message and its cure in one paragraph of two lines.
    fn whole(&self, diagnostic: &Diagnostic) -> String {
        let message = self.say(&diagnostic.message);
        match &diagnostic.help {
            Some(help) => format!("{message}\n{}", self.say(help)),
            None => message,
        }
    }

    fn fails(&self, diagnostic: &Diagnostic) -> bool {
        diagnostic.severity == Severity::Error || self.deny_lints
    }
}

/// A place on one line: columns counted in characters from 1, the last one exclusive.
struct Place {
    file: String,
    line: usize,
    column: usize,
    end_column: usize,
}

impl Place {
    fn of(label: &Label) -> Place {
        let (line, column) = label.span.line_column();
        let text = label.span.file.text.get(label.span.underline());
        let width = text.unwrap_or_default().chars().count();
        Place {
            file: printable(&label.span.file.name),
            line,
            column,
            end_column: column + width,
        }
    }

    fn first(diagnostic: &Diagnostic) -> Option<Place> {
        diagnostic.labels.first().map(Place::of)
    }
}
