//! The JSON document of `check` and `test`; `docs/diagnostics.md` describes it.
//!
//! Refuses to change: members are added, never renamed, retyped or left out.

use serde_json::{Value, json};

use super::{Place, Report};
use crate::policy::diagnostic::{Diagnostic, Lang, Severity};

/// Of this shape; another number would be another shape.
const VERSION: u8 = 1;

pub(super) fn document(report: &Report<'_>) -> String {
    let contents = report.contents.map(|contents| {
        json!({
            "resources": contents.resources,
            "fields": contents.fields,
            "roles": contents.roles,
            "tests": contents.tests,
        })
    });
    let diagnostics = report.diagnostics.iter().map(|one| diagnostic(report, one));
    let tests = report.tests.iter().map(|test| {
        let wrong = test.wrong.iter().map(|text| report.say(text));
        json!({
            "name": super::printable(&test.name),
            "file": super::printable(&test.file),
            "line": test.line,
            "ok": test.wrong.is_empty(),
            "wrong": wrong.collect::<Vec<_>>(),
        })
    });
    let coverage = report.coverage.map(|coverage| {
        let missing = coverage.missing.iter().map(|one| {
            json!({
                "kind": one.kind,
                "what": super::printable(&one.what),
                "file": super::printable(&one.place.file),
                "line": one.place.line,
                "test": super::printable(&one.test),
            })
        });
        json!({
            "percent": coverage.percent(),
            "covered": coverage.covered,
            "total": coverage.total,
            "minimum": coverage.minimum,
            "missing": missing.collect::<Vec<_>>(),
        })
    });
    let mut document = json!({
        "version": VERSION,
        "command": report.command,
        "directory": report.dir,
        "language": report.lang.tag(),
        "ok": report.ok,
        "contents": contents,
        "diagnostics": diagnostics.collect::<Vec<_>>(),
        "tests": tests.collect::<Vec<_>>(),
    });
    if let (Some(coverage), Value::Object(document)) = (coverage, &mut document) {
        document.insert(String::from("coverage"), coverage);
    }
    format!("{document:#}\n")
}

fn diagnostic(report: &Report<'_>, diagnostic: &Diagnostic) -> Value {
    let places = diagnostic.labels.iter().map(|label| {
        let place = Place::of(label);
        let text = report.say(&label.text);
        json!({
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "end_column": place.end_column,
            "text": (!text.is_empty()).then_some(text),
        })
    });
    json!({
        "code": diagnostic.code.id,
        "severity": severity(diagnostic.severity),
        "message": report.say(&diagnostic.message),
        "help": diagnostic.help.as_ref().map(|help| report.say(help)),
        "places": places.collect::<Vec<_>>(),
    })
}

/// The same in every language: programs read it.
fn severity(severity: Severity) -> &'static str {
    severity.word(Lang::En)
}
