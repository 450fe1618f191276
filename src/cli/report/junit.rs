//! JUnit XML, as CI servers read it: a test case for each test, and for each diagnostic.
//!
//! Refuses nothing. What XML cannot hold, even escaped, is replaced.

use super::{Place, Report};
use crate::cli::test::Coverage;
use crate::policy::diagnostic::Severity;

/// A `<testcase>`.
struct Case {
    class: String,
    name: String,
    place: Option<(String, usize)>,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    /// Passed, with something to say.
    Noticed(String),
    /// The kind, the first line and the whole.
    Failed(String, String, String),
    /// It could not even be run.
    Error(String, String, String),
}

pub(super) fn document(report: &Report<'_>) -> String {
    let mut cases: Vec<Case> = diagnostics(report).collect();
    cases.extend(tests(report));
    cases.extend(
        report
            .coverage
            .map(|coverage| self::coverage(report, coverage)),
    );
    if cases.is_empty() {
        // A suite without a case reads as one that was forgotten.
        cases.push(Case {
            class: report.dir.clone(),
            name: report.command.to_owned(),
            place: None,
            verdict: Verdict::Passed,
        });
    }
    let count = |wanted: fn(&Verdict) -> bool| {
        let found = cases.iter().filter(|case| wanted(&case.verdict));
        found.count()
    };
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        cases.len(),
        count(|verdict| matches!(verdict, Verdict::Failed(..))),
        count(|verdict| matches!(verdict, Verdict::Error(..))),
    );
    let name = escaped(&format!("fieldgate {} {}", report.command, report.dir));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"{name}\" {counts}>\n"
    );
    for case in &cases {
        write(case, &mut text);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn diagnostics<'a>(report: &'a Report<'_>) -> impl Iterator<Item = Case> + use<'a> {
    report.diagnostics.iter().map(|diagnostic| {
        let place = Place::first(diagnostic);
        let at = place
            .as_ref()
            .map(|place| format!(" {}:{}:{}", place.file, place.line, place.column));
        let (kind, whole) = (diagnostic.code.id.to_owned(), report.whole(diagnostic));
        let first = report.say(&diagnostic.message);
        // A rule set that does not load has tests that could not be run.
        let verdict = match (diagnostic.severity, report.deny_lints, report.command) {
            (Severity::Error, _, "test") => Verdict::Error(kind, first, whole),
            (Severity::Error, ..) | (Severity::Warning, true, _) => {
                Verdict::Failed(kind, first, whole)
            }
            (Severity::Warning, false, _) => Verdict::Noticed(whole),
        };
        let file = place.map(|place| (place.file, place.line));
        Case {
            class: file.as_ref().map_or(&report.dir, |(file, _)| file).clone(),
            name: format!("{}{}", diagnostic.code, at.unwrap_or_default()),
            place: file,
            verdict,
        }
    })
}

fn tests<'a>(report: &'a Report<'_>) -> impl Iterator<Item = Case> + use<'a> {
    report.tests.iter().map(|test| {
        let sentences = test.wrong.iter().map(|sentence| report.say(sentence));
        let sentences: Vec<String> = sentences.collect();
        let file = super::printable(&test.file);
        Case {
            class: file.clone(),
            name: super::printable(&test.name),
            place: Some((file, test.line)),
            verdict: match sentences.first() {
                None => Verdict::Passed,
                Some(first) => {
                    Verdict::Failed("assertion".to_owned(), first.clone(), sentences.join("\n"))
                }
            },
        }
    })
}

/// One case, which fails below the minimum.
fn coverage(report: &Report<'_>, coverage: &Coverage) -> Case {
    let summary = report.say(&coverage.summary());
    let missing = coverage.missing.iter().map(|one| {
        let (place, kind, what) = (&one.place, one.kind, &one.what);
        super::printable(&format!("{place}: {kind} {what}\n{}", one.test))
    });
    let whole: Vec<String> = std::iter::once(summary.clone()).chain(missing).collect();
    Case {
        class: report.dir.clone(),
        name: String::from("coverage"),
        place: None,
        verdict: match coverage.falls_short() {
            true => Verdict::Failed(String::from("coverage"), summary, whole.join("\n")),
            false => Verdict::Noticed(whole.join("\n")),
        },
    }
}

fn write(case: &Case, text: &mut String) {
    let (class, name) = (escaped(&case.class), escaped(&case.name));
    text.push_str(&format!(
        "    <testcase classname=\"{class}\" name=\"{name}\""
    ));
    if let Some((file, line)) = &case.place {
        text.push_str(&format!(" file=\"{}\" line=\"{line}\"", escaped(file)));
    }
    let outcome = |element: &str, kind: &str, first: &str, whole: &str| {
        let (kind, first, whole) = (escaped(kind), escaped(first), escaped(whole));
        format!(
            ">\n      <{element} type=\"{kind}\" message=\"{first}\">{whole}</{element}>\n    </testcase>\n"
        )
    };
    text.push_str(&match &case.verdict {
        Verdict::Passed => "/>\n".to_owned(),
        Verdict::Noticed(whole) => format!(
            ">\n      <system-out>{}</system-out>\n    </testcase>\n",
            escaped(whole)
        ),
        Verdict::Failed(kind, first, whole) => outcome("failure", kind, first, whole),
        Verdict::Error(kind, first, whole) => outcome("error", kind, first, whole),
    });
}

/// Text for an attribute or an element. A line end in an attribute would be read as a blank.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            c if c.is_control() => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}
