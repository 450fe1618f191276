//! `fieldgate check DIR`: loads and lints a rule set, offline.
//!
//! Refuses (exit 3) a rule set with mistakes, and with `--deny lints` one with lints.

use std::path::Path;
use std::process::ExitCode;

use super::report::{Contents, Format, Report};
use super::{complain, lang, printable, say};
use crate::policy::diagnostic::{Lang, Style, render};
use crate::policy::{RuleSet, load};

/// Rules invalid.
const RULES_INVALID: u8 = 3;

/// Prints what is wrong: for people to standard error, with one line to standard output; for machines a document to
/// standard output.
pub(super) fn run(dir: &Path, deny_lints: bool, format: Format) -> ExitCode {
    let lang = lang();
    let (contents, diagnostics) = match load(dir) {
        Ok(loaded) => (Some(contents(&loaded.rules)), loaded.warnings),
        Err(mistakes) => (None, mistakes),
    };
    let denied = deny_lints && !diagnostics.is_empty();
    let report = Report {
        command: "check",
        dir: printable(&dir.display().to_string()),
        lang,
        ok: contents.is_some() && !denied,
        deny_lints,
        contents,
        diagnostics: &diagnostics,
        tests: &[],
        coverage: None,
    };
    match format {
        Format::Pretty => {
            complain(&render(&diagnostics, lang, Style::of_stderr()));
            say(&summary(&report));
        }
        _ => say(&report.written(format)),
    }
    match report.ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(RULES_INVALID),
    }
}

/// How much a rule set holds.
pub(super) fn contents(rules: &RuleSet) -> Contents {
    let fields = rules.resources.iter();
    Contents {
        resources: rules.resources.len(),
        fields: fields.map(|resource| resource.fields.len()).sum(),
        roles: rules.roles.len(),
        tests: rules.tests.len(),
    }
}

fn summary(report: &Report<'_>) -> String {
    let (dir, found) = (&report.dir, report.diagnostics.len());
    match (report.contents, report.lang) {
        (None, Lang::En) => format!("{dir}: does not load, {}\n", count(found, "mistake")),
        (None, Lang::Zh) => format!("{dir}：不能加载，{found} 处错误\n"),
        (Some(holds), Lang::En) => {
            let contents = [
                count(holds.resources, "resource"),
                count(holds.fields, "field"),
                count(holds.roles, "role"),
                count(holds.tests, "test"),
            ];
            let lints = match found {
                0 => String::from("no lints"),
                number => count(number, "lint"),
            };
            format!("{dir}: ok, {}, {lints}\n", contents.join(", "))
        }
        (Some(holds), Lang::Zh) => {
            let Contents {
                resources,
                fields,
                roles,
                tests,
            } = holds;
            let lints = match found {
                0 => String::from("没有提示"),
                number => format!("{number} 条提示"),
            };
            format!(
                "{dir}：通过，{resources} 个资源，{fields} 个字段，{roles} 个角色，{tests} 条测试，{lints}\n"
            )
        }
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
        run(dir, deny_lints, Format::Pretty) == ExitCode::SUCCESS
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
