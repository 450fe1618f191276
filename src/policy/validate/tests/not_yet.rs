//! Everything the language defines beyond what is built is refused by name.

use super::*;

#[track_caller]
fn not_yet(from: &str, to: &str, name: &str) {
    refuses(
        from,
        to,
        &["FG1022", name, "not supported yet", "rules.yaml:"],
    );
}

#[test]
fn sections() {
    for section in [
        "open",
        "dictionary",
        "consents",
        "grants",
        "release",
        "never_with",
        "limits",
    ] {
        let rules = format!("{RULES}{section}: {{ x: 1 }}\n");
        refuses_rules(
            &rules,
            &[
                "FG1022",
                &format!("`{section}` in a rule file is not supported yet"),
            ],
        );
    }
}

#[test]
fn keys_of_resources() {
    for key in ["mode", "like", "when"] {
        not_yet(
            "    envelope:",
            &format!("    {key}: x\n    envelope:"),
            &format!("`{key}`"),
        );
    }
}

#[test]
fn the_long_form_of_routes() {
    not_yet(
        "      list:\n",
        "      POST /customers/{id}: { record: $, does: read, when: { body: x } }\n      list:\n",
        "`when`",
    );
}

#[test]
fn keys_of_roles() {
    for key in ["all: []", "limits: x"] {
        let name = key.split_once(':').unwrap().0;
        not_yet(
            "acme: { mtls:",
            &format!("acme: {{ {key}, mtls:"),
            &format!("`{name}`"),
        );
    }
}

#[test]
fn exceptions_and_ceilings() {
    not_yet("role: acme, do", "role: acme, only: [x], do", "`only`");
}

#[test]
fn parts_of_tests() {
    not_yet(
        "expect_status: 200",
        "expect_reason: quota-calls",
        "`quota-calls`",
    );
}
