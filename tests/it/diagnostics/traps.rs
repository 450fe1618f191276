//! Strict YAML: each trap is refused with its own code, within what the system grants: no clock is read.

use std::process::Command;

use super::{RULES, files};
use crate::binary::rules;

/// The codes `check` finds where one more file lies beside a rule set that loads. The system grants five seconds of
/// processor time and 512 MiB; whoever needs more is killed and finds nothing.
fn found(bytes: &[u8]) -> Vec<String> {
    let dir = rules(&files(RULES));
    std::fs::write(dir.path().join("trap.yaml"), bytes).unwrap();
    let limited = "ulimit -t 5; ulimit -v 524288; exec \"$@\"";
    let output = Command::new("sh")
        .args([
            "-c",
            limited,
            "sh",
            env!("CARGO_BIN_EXE_fieldgate"),
            "check",
        ])
        .arg(dir.path())
        .args(["--format", "json", "--lang", "zh-CN"])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let diagnostics = document["diagnostics"].as_array().unwrap();
    let codes = diagnostics
        .iter()
        .map(|one| one["code"].as_str().unwrap().to_owned());
    codes.collect()
}

#[track_caller]
fn is_refused(bytes: impl AsRef<[u8]>, code: &str) {
    assert_eq!(found(bytes.as_ref()), [code]);
}

#[test]
fn n03_booleans_and_nulls_of_old_yaml() {
    is_refused("roles:\n  no: { mtls: ca, san: x }\n", "FG1016");
    is_refused("roles:\n  x: { mtls: on, san: x }\n", "FG1016");
    is_refused("roles:\n  x: { mtls: ~, san: x }\n", "FG1015");
    is_refused("roles:\n  x: { mtls: null, san: x }\n", "FG1015");
    is_refused("roles:\n  x:\n", "FG1015");
    is_refused("roles:\n\tx: { mtls: ca, san: x }\n", "FG1006");
}

#[test]
fn n03_numbers_of_old_yaml_are_texts() {
    for text in ["0123", "1:30", "1e3", ".inf", "2026-01-01", "0x10"] {
        is_refused(format!("classes:\n  x: {{ level: {text} }}\n"), "FG1020");
    }
}

#[test]
fn n04_anchors_merge_keys_documents_tags_and_duplicates() {
    is_refused(
        "roles:\n  a: &a { mtls: ca, san: x }\n  b: { <<: *a }\n",
        "FG1012",
    );
    is_refused("roles: {}\n---\nroles: {}\n", "FG1010");
    is_refused("%YAML 1.1\n---\nroles: {}\n", "FG1010");
    is_refused("roles: !!python/object:os.system {}\n", "FG1011");
    is_refused(
        "roles:\n  a: { mtls: ca, san: x }\n  a: { mtls: ca, san: z }\n",
        "FG1014",
    );
    is_refused("roles: &a { x: *a }\n", "FG1013");
}

#[test]
fn n04_an_alias_bomb() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let items = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{items}]\n"));
    }
    is_refused(text, "FG1013");
}

#[test]
fn n06_look_alike_invisible_and_bidirectional_characters() {
    is_refused("roles:\n  \u{430}dmin: { mtls: ca, san: x }\n", "FG1025");
    is_refused("roles:\n  a\u{200b}: { mtls: ca, san: x }\n", "FG1005");
    is_refused("roles: {} # \u{202e} }\n", "FG1005");
}

#[test]
fn n07_n19_empty_files_and_other_encodings() {
    is_refused("", "FG1019");
    is_refused("# nothing yet\n", "FG1019");
    is_refused(b"\xff\xfer\0o\0", "FG1003");
    is_refused(b"roles: {} # \xbd\xc7\xc9\xab\n", "FG1003");
    is_refused("roles: {}\rclasses: {}\n", "FG1005");
}

#[test]
fn n12_n18_what_is_made_to_exhaust_its_reader() {
    let most = 1 << 20;
    is_refused("[".repeat(most), "FG1017");
    is_refused("{a: ".repeat(most / 4), "FG1017");
    is_refused("- ".repeat(most / 2), "FG1017");
    is_refused("x".repeat(most + 1), "FG1002");
    is_refused(
        format!("a: [{}\n", "\u{ff1a}".repeat(most / 3 - 10)),
        "FG1007",
    );
    is_refused(format!("a: \"{}\n", "'\"".repeat(most / 2 - 10)), "FG1008");
    is_refused(format!("a: [ {}\n", "'x' ".repeat(most / 4 - 10)), "FG1008");
    let path = format!("$..{}", "a..".repeat(300));
    let field =
        format!("resources:\n  x: {{ at: {{ GET /x: $ }}, fields: {{ \"{path}\": basic }} }}\n");
    is_refused(field, "FG3001");
}

/// A thousand mistakes of a kind that looks for the nearest of five hundred names.
#[test]
fn n18_many_mistakes_are_compared_with_many_names() {
    let name = |n: usize| format!("{n:0>60}");
    let classes: String = (0..500)
        .map(|n| format!("  k{}: {{ level: 1 }}\n", name(n)))
        .collect();
    let fields: String = (0..300)
        .map(|n| format!("      f{n}: x{}\n", name(n)))
        .collect();
    let text = format!(
        "classes:\n{classes}resources:\n  big:\n    at: {{ GET /big: $ }}\n    fields:\n{fields}"
    );
    let found = found(text.as_bytes());
    assert!(
        found.len() >= 300 && found.iter().all(|code| code == "FG2001"),
        "{}",
        found.len()
    );
}
