//! SARIF 2.1.0, as code scanning reads it.
//!
//! Refuses nothing. Columns count code points, and files are URIs with everything but unreserved characters encoded.

use serde_json::{Value, json};

use super::{Place, Report};
use crate::policy::diagnostic::{Code, Diagnostic, Lang, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn document(report: &Report<'_>) -> String {
    let mut rules: Vec<&Code> = Vec::new();
    for diagnostic in report.diagnostics {
        if !rules.contains(&diagnostic.code) {
            rules.push(diagnostic.code);
        }
    }
    let results = report
        .diagnostics
        .iter()
        .map(|diagnostic| result(report, diagnostic, &rules));
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "fieldgate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "language": report.lang.tag(),
                "rules": rules.iter().map(|code| rule(code, report.lang)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: &Code, lang: Lang) -> Value {
    let words = code.words(lang);
    json!({
        "id": code.id,
        "shortDescription": { "text": words.mistake },
        "fullDescription": { "text": words.why },
        "help": { "text": words.cure },
    })
}

fn result(report: &Report<'_>, diagnostic: &Diagnostic, rules: &[&Code]) -> Value {
    let level = match report.fails(diagnostic) {
        true => Severity::Error,
        false => diagnostic.severity,
    };
    let places = diagnostic.labels.iter().map(|label| {
        let mut place = location(&Place::of(label));
        let text = report.say(&label.text);
        if let (Some(members), false) = (place.as_object_mut(), text.is_empty()) {
            members.insert("message".to_owned(), json!({ "text": text }));
        }
        place
    });
    let mut places: Vec<Value> = places.collect();
    let others = places.split_off(places.len().min(1));
    let others = others.into_iter().enumerate().map(|(index, mut place)| {
        if let Some(members) = place.as_object_mut() {
            members.insert("id".to_owned(), json!(index + 1));
        }
        place
    });
    json!({
        "ruleId": diagnostic.code.id,
        "ruleIndex": rules.iter().position(|code| *code == diagnostic.code),
        "level": level.word(Lang::En),
        "message": { "text": report.whole(diagnostic) },
        "locations": places,
        "relatedLocations": others.collect::<Vec<_>>(),
    })
}

fn location(place: &Place) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.line,
            "endColumn": place.end_column,
        },
    }})
}

/// A relative reference, or for an absolute path a URI.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    if file.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in file.trim_start_matches("./").bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
