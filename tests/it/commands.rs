//! Every command's exit codes, what is refused by name, and that all of it is documented.

use std::fs;
use std::path::Path;

use crate::binary::{bank, fieldgate, rules, showing_all_but};

fn exit(args: &[&str]) -> i32 {
    fieldgate(args, b"{}").exit
}

#[test]
fn check_exits_3_for_mistakes_and_for_lints_where_they_are_denied() {
    let bank = bank();
    let bank = bank.to_str().unwrap();
    assert_eq!(exit(&["check", bank]), 0);
    assert_eq!(exit(&["check", bank, "--deny", "lints"]), 3);
    assert_eq!(exit(&["check", bank, "--deny", "everything"]), 2);
    assert_eq!(exit(&["check", "/nowhere"]), 3);
    assert_eq!(exit(&["check"]), 2);
}

#[test]
fn rules_that_do_not_load_exit_3_wherever_they_are_used() {
    let broken = rules(&[("rules.yaml", "fieldgate: 1\nclases: {}\n")]);
    let dir = broken.path().to_str().unwrap();
    for args in [
        vec!["check", dir],
        vec!["test", dir],
        vec!["apply", dir, "--as", "a", "--call", "GET /"],
    ] {
        let run = fieldgate(&args, b"{}");
        assert_eq!(run.exit, 3, "{args:?}");
        assert!(run.err.contains("rules.yaml:2"), "{args:?}: {}", run.err);
        assert!(args[0] == "check" || run.out.is_empty(), "{args:?}");
    }
}

#[test]
fn apply_with_arguments_that_cannot_be_meant_exits_2() {
    let bank = bank();
    let bank = bank.to_str().unwrap();
    let with = |more: &[&'static str]| {
        let args = [&["apply", bank], more].concat();
        let run = fieldgate(&args, b"{}");
        assert_eq!(run.exit, 2, "{more:?}: {}", run.err);
        assert_eq!(run.out, b"", "{more:?}");
        run.err
    };
    let call = ["--call", "GET /customers/1001"];
    let teller = ["--as", "teller", "--call", "GET /customers/1001"];
    with(&call);
    with(&["--as", "teller"]);
    with(&[&teller[..], &["--caller", "{}"]].concat());
    with(&[&teller[..], &["--chunk", "0"]].concat());
    with(&[&teller[..], &["--chunk", "65537"]].concat());
    with(&[&teller[..], &["--now", "2026-06-01"]].concat());
    with(&[&teller[..], &["--peer", "localhost"]].concat());
    with(&[&teller[..], &["--header", "no colon"]].concat());
    with(&[&teller[..], &["--header", "Authorization: Bearer x"]].concat());
    with(&[&teller[..], &["-c", "/nowhere.yaml"]].concat());
    with(&["--as", "teller", "--call", "customers"]);
    with(&["--as", "teller", "--call", "GET customers"]);
    with(&["--as", "teller", "--call", "GET /a b"]);
    assert!(with(&["--as", "teler", call[0], call[1]]).contains("did you mean `teller`?"));
    assert!(with(&["--as", "self", call[0], call[1]]).contains("--caller"));
    assert!(with(&["--caller", "{ jwt: app-idp, clams: {} }", call[0], call[1]]).contains("clams"));
}

#[test]
fn a_rule_set_with_tokens_needs_a_key_where_settings_are_given() {
    let dir = showing_all_but("      id: pseudonym");
    let rules = dir.path().to_str().unwrap();
    let project = tempfile::tempdir().unwrap();
    let settings = project.path().join("fieldgate.yaml");
    let write = |tokens: &str| {
        let text = format!(
            "fieldgate: 1
listen: [{{ address: 127.0.0.1:0, tls: {{ certificate: a.pem, key: file:audit.key }} }}]
upstreams: {{ one: {{ url: \"http://127.0.0.1:9\" }} }}
rules: {{ dir: rules/ }}
audit: {{ dir: audit/, key: file:audit.key }}
{tokens}"
        );
        fs::write(&settings, text).unwrap();
    };
    fs::write(
        project.path().join("audit.key"),
        format!("{}\n", "ab".repeat(32)),
    )
    .unwrap();
    let apply = |config: &[&str]| {
        let args = ["apply", rules, "--as", "reader", "--call", "GET /thing"];
        fieldgate(&[&args, config].concat(), br#"{"id":"1"}"#)
    };
    let config = ["-c", settings.to_str().unwrap()];
    write("");
    assert_eq!(apply(&config).exit, 3);
    write("tokens: { key: file:audit.key }\nlimits: { depth: 1 }\n");
    let (with_key, without) = (apply(&config), apply(&[]));
    assert_eq!((with_key.exit, without.exit), (0, 0), "{}", with_key.err);
    assert!(with_key.text().contains("\"tok_"));
    assert_ne!(with_key.out, without.out);
    let args = ["apply", rules, "--as", "reader", "--call", "GET /thing"];
    let deep = fieldgate(&[&args[..], &config].concat(), br#"{"a":{}}"#);
    assert_eq!(deep.exit, 8);
    assert!(deep.err.contains("limit-depth"), "{}", deep.err);
}

#[test]
fn the_log_verifies_with_0_2_or_6() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().to_str().unwrap();
    assert_eq!(exit(&["audit", "verify", "/nowhere"]), 2);
    fs::write(dir.path().join("n-000001.jsonl"), "{}\n").unwrap();
    assert_eq!(exit(&["audit", "verify", log]), 6);
    assert_eq!(exit(&["audit", "verify"]), 2);
}

#[test]
fn run_without_usable_settings_exits_2() {
    assert_eq!(exit(&["run", "-c", "/nowhere.yaml"]), 2);
}

#[test]
fn what_is_defined_and_not_built_yet_is_refused_by_name() {
    let bank = bank();
    let bank = bank.to_str().unwrap();
    for args in [
        vec![
            "explain", bank, "--as", "teller", "--call", "GET /x", "--format", "csv",
        ],
        vec!["matrix", bank, "--format", "pretty"],
        vec!["doctor", "-c", "x"],
        vec!["audit", "search", "x"],
        vec!["audit", "export"],
        vec!["audit", "report"],
        vec!["audit", "prove"],
        vec!["test", bank, "--format", "sarif"],
        vec!["diff", bank, bank, "--format", "sarif"],
        vec!["diff", bank, bank, "--format", "junit"],
        vec!["audit", "verify", bank, "--format", "json"],
    ] {
        let run = fieldgate(&args, b"");
        assert_eq!(run.exit, 2, "{args:?}");
        assert!(
            run.err.contains("is not supported yet"),
            "{args:?}: {}",
            run.err
        );
        assert_eq!(run.out, b"", "{args:?}");
    }
}

#[test]
fn help_is_a_result_and_a_missing_command_a_mistake() {
    for args in [["help"], ["--help"], ["--version"]] {
        let run = fieldgate(&args, b"");
        assert_eq!((run.exit, run.err.as_str()), (0, ""), "{args:?}");
        assert!(!run.out.is_empty());
    }
    let run = fieldgate(&[], b"");
    assert_eq!((run.exit, run.out.as_slice()), (2, &b""[..]));
    assert_eq!(exit(&["frobnicate"]), 2);
}

#[test]
fn p01_no_command_writes_a_control_character_it_was_given() {
    let odd = "\u{1b}[2J\u{202e}x";
    let dir = rules(&[("rules.yaml", "fieldgate: 1\n")]);
    let strange = dir.path().join(odd);
    fs::create_dir(&strange).unwrap();
    let bank = bank();
    let bank = bank.to_str().unwrap();
    let strange = strange.to_str().unwrap();
    for args in [
        vec![odd],
        vec!["check", strange],
        vec!["test", strange],
        vec!["audit", "verify", odd],
        vec!["audit", "verify", strange],
        vec!["check", bank, "--deny", odd],
        vec!["apply", bank, "--as", odd, "--call", "GET /x"],
        vec!["apply", bank, "--caller", odd, "--call", "GET /x"],
        vec!["apply", bank, "--as", "teller", "--call", odd],
        vec!["run", "-c", odd],
    ] {
        let run = fieldgate(&args, b"");
        let said = run.text() + &run.err;
        assert!(
            !said.contains('\u{1b}') && !said.contains('\u{202e}'),
            "{args:?}: {said:?}"
        );
        assert!(run.exit != 0, "{args:?}");
    }
}

#[test]
fn every_command_and_flag_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = fs::read_to_string(page).unwrap();
    let commands = page
        .split("## Commands")
        .nth(1)
        .expect("a section on commands");
    let mut missing = Vec::new();
    let mut waiting = vec![(String::from("fieldgate"), fieldgate::cli::command())];
    while let Some((name, command)) = waiting.pop() {
        for sub in command.get_subcommands() {
            let name = format!("{name} {}", sub.get_name());
            if !commands.contains(&format!("`{name}")) {
                missing.push(name.clone());
            }
            waiting.push((name, sub.clone()));
        }
        for argument in command.get_arguments() {
            let long = argument.get_long().map(|long| format!("`--{long}"));
            let short = argument.get_short().map(|short| format!("`-{short}"));
            missing.extend(long.or(short).filter(|flag| !commands.contains(flag)));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
