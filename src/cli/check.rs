//! `fieldgate check DIR`: loads and lints a rule set, offline.
//!
//! Refuses (exit 3) a rule set with mistakes, and with `--deny lints` one with lints.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::printable;
use crate::policy::diagnostic::{Diagnostic, Style, render};
use crate::policy::{Loaded, RuleSet, load};

/// Rules invalid.
const RULES_INVALID: u8 = 3;

/// Prints what is wrong to standard error and one line to standard output.
pub fn run(dir: &Path, deny_lints: bool) -> ExitCode {
    let shown = printable(&dir.display().to_string());
    let (diagnostics, summary, failed) = match load(dir) {
        Ok(Loaded {
            rules, warnings, ..
        }) => {
            let summary = format!("{shown}: ok, {}, {}", contents(&rules), lints(&warnings));
            let denied = deny_lints && !warnings.is_empty();
            (warnings, summary, denied)
        }
        Err(mistakes) => {
            let summary = format!(
                "{shown}: does not load, {}",
                count(mistakes.len(), "mistake")
            );
            (mistakes, summary, true)
        }
    };
    let text = render(&diagnostics, Style::of_stderr());
    // A reader that went away, such as `head`, is no reason to report another verdict.
    let _ = std::io::stderr().write_all(text.as_bytes());
    let _ = writeln!(std::io::stdout(), "{summary}");
    match failed {
        true => ExitCode::from(RULES_INVALID),
        false => ExitCode::SUCCESS,
    }
}

fn contents(rules: &RuleSet) -> String {
    let fields = rules
        .resources
        .iter()
        .map(|resource| resource.fields.len())
        .sum();
    [
        count(rules.resources.len(), "resource"),
        count(fields, "field"),
        count(rules.roles.len(), "role"),
        count(rules.tests.len(), "test"),
    ]
    .join(", ")
}

fn lints(warnings: &[Diagnostic]) -> String {
    match warnings.len() {
        0 => String::from("no lints"),
        number => count(number, "lint"),
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(dir: &Path, deny_lints: bool) -> bool {
        run(dir, deny_lints) == ExitCode::SUCCESS
    }

    #[test]
    fn a_rule_set_with_mistakes_fails_and_lints_fail_when_denied() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!exit(dir.path(), false));
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "fieldgate: 1\nclasses: { unused: { level: 1 } }\n").unwrap();
        assert!(exit(dir.path(), false));
        assert!(!exit(dir.path(), true));
        std::fs::write(&file, "fieldgate: 2\n").unwrap();
        assert!(!exit(dir.path(), false));
    }
}
