//! `fieldgate schema`: what editors take, and that `init` leaves it where they look.

use std::fs;

use crate::binary::fieldgate;

#[test]
fn the_schema_is_printed_in_either_language() {
    for (lang, part) in [
        ("en", "Who a caller is to the rules"),
        ("zh-CN", "角色：调用方凭什么身份"),
    ] {
        let run = fieldgate(&["schema", "--lang", lang], b"");
        assert_eq!((run.exit, run.err.as_str()), (0, ""));
        let schema: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
        let draft = "https://json-schema.org/draft/2020-12/schema";
        assert_eq!(schema["$schema"], draft);
        assert_eq!(schema["properties"]["roles"]["description"], part);
        assert_eq!(schema["additionalProperties"], false);
    }
    assert_eq!(fieldgate(&["schema", "more"], b"").exit, 2);
}

#[test]
fn init_leaves_the_schema_where_the_first_line_of_its_files_points() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("customer.json");
    fs::write(&from, r#"{"id":"1","name":"x"}"#).unwrap();
    let made = dir.path().join("made");
    let (from, out) = (from.to_str().unwrap(), made.to_str().unwrap());
    let run = fieldgate(
        &["init", "--from", from, "--out", out, "--lang", "zh-CN"],
        b"",
    );
    assert_eq!(run.exit, 0, "{}", run.err);
    let schema = fs::read(made.join(".fieldgate-schema.json")).unwrap();
    assert_eq!(schema, fieldgate(&["schema", "--lang", "zh-CN"], b"").out);
    for file in ["rules.yaml", "tests.yaml"] {
        let text = fs::read_to_string(made.join(file)).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "# yaml-language-server: $schema=.fieldgate-schema.json"
        );
    }
}
