//! Workflow commands of GitHub Actions: each becomes an annotation at its line.
//!
//! Refuses nothing. `%`, line ends and, in properties, `:` and `,` are escaped as the runner reads them, so no name can
//! begin a command of its own.

use super::{Place, Report};
use crate::policy::diagnostic::{Lang, Severity};

pub(super) fn commands(report: &Report<'_>) -> String {
    let mut text = String::new();
    for diagnostic in report.diagnostics {
        let level = match report.fails(diagnostic) {
            true => Severity::Error.word(Lang::En),
            false => diagnostic.severity.word(Lang::En),
        };
        let mut properties = Vec::new();
        if let Some(place) = Place::first(diagnostic) {
            properties.push(("file", place.file));
            properties.push(("line", place.line.to_string()));
            properties.push(("col", place.column.to_string()));
            properties.push(("endColumn", place.end_column.to_string()));
        }
        properties.push(("title", diagnostic.code.id.to_owned()));
        text.push_str(&command(level, &properties, &report.whole(diagnostic)));
    }
    for test in report.tests.iter().filter(|test| !test.wrong.is_empty()) {
        let properties = [
            ("file", super::printable(&test.file)),
            ("line", test.line.to_string()),
            ("title", super::printable(&test.name)),
        ];
        let sentences = test.wrong.iter().map(|sentence| report.say(sentence));
        let sentences = sentences.collect::<Vec<_>>().join("\n");
        text.push_str(&command("error", &properties, &sentences));
    }
    if let Some(coverage) = report.coverage {
        let level = if coverage.falls_short() {
            "error"
        } else {
            "notice"
        };
        let missing = coverage.missing.iter().map(|one| {
            let (place, kind, what) = (&one.place, one.kind, &one.what);
            super::printable(&format!("\n{place}: {kind} {what}"))
        });
        let summary = report.say(&coverage.summary()) + &missing.collect::<String>();
        text.push_str(&command(
            level,
            &[("title", String::from("coverage"))],
            &summary,
        ));
    }
    text
}

pub(super) fn command(level: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect::<Vec<_>>()
        .join(",");
    format!("::{level} {properties}::{}\n", escaped(message))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
