//! What Fieldgate says of mistakes: every code explained and shown, every newcomer's mistake answered once, in both
//! languages, for people and for machines.

mod examples;
mod formats;
mod newcomers;
mod pages;
mod traps;

use std::fs;
use std::path::Path;

/// A rule set with a bit of everything, which loads without lints. Examples are changes of it.
const RULES: &str = include_str!("rules.yaml");
const ONE: &str = r#"{"id":"1","name":"张三","staff":"900417","e mail":"x","phones":[{"number":"13800138000","kind":"home"}]}"#;
const LIST: &str = r#"{"total":1,"items":[{"id":"1","name":"张三","phones":[]}]}"#;

/// The rule set as files.
fn files(rules: &str) -> [(&str, &str); 3] {
    [
        ("rules.yaml", rules),
        ("fixtures/one.json", ONE),
        ("fixtures/list.json", LIST),
    ]
}

/// Whether the text is a file's content; with `FIELDGATE_UPDATE=1`, makes it so.
#[track_caller]
fn is_written_in(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("FIELDGATE_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text,
        written,
        "{} says otherwise; if what is said now is better, run with FIELDGATE_UPDATE=1",
        path.display()
    );
}
