//! Answers of several documents, as the authoring commands read them.

use crate::binary::{Run, fieldgate, rules};

const RULES: &str = "fieldgate: 1
classes: { open: { level: 1 }, personal: { level: 3 }, secret: { level: 4 } }
resources:
  person:
    at:
      GET /lines: { record: $, format: ndjson }
      GET /sequence: { record: \"$.items[*]\", format: json-seq }
      GET /events: { record: $, format: sse, events: [update] }
      gated:
        only: [clear]
        GET /gated: { record: $, format: ndjson }
    fields:
      id: open
      state: open
      phone: { class: personal, mask: cn-phone }
      salary: secret
    envelope: { $.page: show }
conditions:
  clear: { field: state, is: clear }
roles:
  clerk: { jwt: idp, claim: role, is: clerk }
read:
  person: { clerk: { open: show, personal: mask } }
  person/gated: { clerk: { open: show, personal: mask if clear } }
";
const LINES: &str =
    "{\"id\":1,\"phone\":\"13800138000\",\"salary\":1}\r\n\n{\"id\":2,\"salary\":2}\n";
const SEQUENCE: &str =
    "\u{1e}{\"page\":1,\"items\":[{\"id\":1,\"salary\":1}]}\n\u{1e}{\"items\":[{\"id\":2}]}\n";
const GATED: &str =
    "{\"id\":1,\"state\":\"held\"}\n{\"id\":2,\"state\":\"clear\",\"phone\":\"13800138000\"}\n";

const EVENTS: &str = ": ping\n\nevent: update\ndata: {\"id\":1,\ndata: \"salary\":1}\n\ndata: {\"phone\":\"13800138000\"}\n\n";

fn set(tests: &str) -> tempfile::TempDir {
    let tests = format!("fieldgate: 1\ntests:\n{tests}");
    rules(&[
        ("rules.yaml", RULES),
        ("tests.yaml", &tests),
        ("fixtures/lines.ndjson", LINES),
        ("fixtures/sequence.json-seq", SEQUENCE),
        ("fixtures/gated.ndjson", GATED),
        ("fixtures/events.txt", EVENTS),
    ])
}

fn command(words: &[&str], tests: &str, input: &str) -> Run {
    let dir = set(tests);
    let mut words = words.to_vec();
    words.insert(1, dir.path().to_str().unwrap());
    fieldgate(&words, input.as_bytes())
}

#[test]
fn apply_reads_and_writes_the_format_of_the_route() {
    for chunk in ["1", "7", "65536"] {
        for (call, input, expected) in [
            (
                "GET /lines",
                LINES,
                "{\"id\":1,\"phone\":\"138****8000\"}\n{\"id\":2}\n",
            ),
            (
                "GET /sequence",
                SEQUENCE,
                "\u{1e}{\"page\":1,\"items\":[{\"id\":1}]}\n\u{1e}{\"items\":[{\"id\":2}]}\n",
            ),
            (
                "GET /events",
                EVENTS,
                "data: {\"id\":1}\nevent: update\n\ndata: {\"phone\":\"138****8000\"}\n\n",
            ),
            (
                "GET /gated",
                GATED,
                "{\"id\":2,\"state\":\"clear\",\"phone\":\"138****8000\"}\n",
            ),
        ] {
            let words = ["apply", "--as", "clerk", "--call", call, "--chunk", chunk];
            let run = command(&words, "  []", input);
            assert_eq!(run.exit, 0, "{}", run.err);
            assert_eq!(run.text(), expected);
            let cut = command(&words, "  []", &input[..input.len() - 1]);
            assert_eq!(cut.exit, 8);
            assert!(cut.err.contains("unreadable-body"), "{}", cut.err);
            assert_eq!(cut.text(), "", "it had not committed");
        }
    }
}

#[test]
fn tests_speak_of_documents_as_of_the_elements_of_an_array() {
    let good = "
  - name: lines
    as: clerk
    call: GET /lines
    reply: fixtures/lines.ndjson
    expect: { \"$[0].id\": 1, \"$[0].phone\": masked, \"$[1]\": { id: 2 } }
    absent: [\"$[*].salary\", \"$[2]\"]
    never: [\"13800138000\"]
  - name: a sequence
    as: clerk
    call: GET /sequence
    reply: fixtures/sequence.json-seq
    expect: { \"$[0].page\": 1, \"$[*].items[0].id\": 1 }
    absent: [\"$..salary\"]
  - name: events
    as: clerk
    call: GET /events
    reply: fixtures/events.txt
    expect: { \"$[0].id\": 1, \"$[1].phone\": masked }
    absent: [\"$..salary\"]
  - name: gated
    as: clerk
    call: GET /gated
    reply: fixtures/gated.ndjson
    expect: { \"$[0].id\": 2, \"$[0].phone\": masked }
    absent: [\"$[1]\"]
";
    let bad = good.replace("\"$[*].items[0].id\": 1", "\"$[1].items[0].id\": 2");
    let run = command(&["test"], &bad, "");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    assert_eq!(run.text(), "4 tests passed\n");
    let run = command(&["test"], good, "");
    assert_eq!(run.exit, 4);
    assert!(run.text().contains("[1].items[0].id"), "{}", run.text());
    let run = command(&["test", "--coverage"], &bad, "");
    assert!(
        !run.text().contains("$.page"),
        "the envelope is proven: {}",
        run.text()
    );
    assert!(run.text().contains("salary"), "{}", run.text());
}

#[test]
fn explain_and_matrix_say_in_which_format_a_route_answers() {
    let said = command(&["matrix", "--format", "table"], "  []", "");
    assert!(
        said.text().contains("GET /lines answers in NDJSON"),
        "{}{}",
        said.text(),
        said.err
    );
    assert!(said.text().contains("RFC 7464"), "{}", said.text());
    assert!(said.text().contains("event update"), "{}", said.text());
    let words = ["explain", "--as", "clerk", "--call", "GET /lines"];
    let said = command(&words, "  []", "");
    assert!(
        said.text().contains("answers in NDJSON"),
        "{}{}",
        said.text(),
        said.err
    );
}

#[test]
fn apply_and_test_read_gbk_and_write_utf_8() {
    let text = "fieldgate: 1
classes: { open: { level: 1 }, hidden: { level: 4 } }
resources:
  person:
    charset: gb18030
    at: { GET /person: $ }
    fields: { 姓名: { class: open, mask: cn-name }, 密码: hidden }
roles: { clerk: { jwt: idp, claim: role, is: clerk } }
read:
  person: { clerk: { open: mask } }
tests:
  - { name: t, as: clerk, call: GET /person, reply: fixtures/person.json, expect: { 姓名: 欧阳* }, absent: [密码] }
";
    let record = "{\"姓名\":\"欧阳誠\",\"密码\":\"乗\"}";
    let (record, ..) = encoding_rs::GB18030.encode(record);
    let dir = rules(&[("rules.yaml", text)]);
    std::fs::create_dir(dir.path().join("fixtures")).unwrap();
    std::fs::write(dir.path().join("fixtures/person.json"), &record).unwrap();
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["test", path], b"");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    let run = fieldgate(
        &[
            "apply",
            path,
            "--as",
            "clerk",
            "--call",
            "GET /person",
            "--chunk",
            "1",
        ],
        &record,
    );
    assert_eq!(
        (run.exit, run.text()),
        (0, String::from("{\"姓名\":\"欧阳*\"}")),
        "{}",
        run.err
    );
    let said = fieldgate(&["matrix", path], b"");
    assert!(
        said.text().contains("the upstream writes in gb18030"),
        "{}",
        said.text()
    );
}

#[test]
fn apply_and_test_keep_the_upstreams_charset_where_the_resource_says_so() {
    let text = "fieldgate: 1
classes: { open: { level: 1 }, hidden: { level: 4 } }
resources:
  person:
    charset: gb18030
    answer_charset: upstream
    at: { GET /person: $ }
    fields: { 姓名: { class: open, mask: cn-name }, 密码: hidden }
roles: { clerk: { jwt: idp, claim: role, is: clerk } }
read:
  person: { clerk: { open: show } }
tests:
  - { name: t, as: clerk, call: GET /person, reply: fixtures/person.json, expect: { 姓名: 欧阳誠 }, absent: [密码], never: [乗] }
";
    let record = "{\"姓名\":\"欧阳誠\",\"密码\":\"乗\"}";
    let (record, ..) = encoding_rs::GB18030.encode(record);
    let dir = rules(&[("rules.yaml", text)]);
    std::fs::create_dir(dir.path().join("fixtures")).unwrap();
    std::fs::write(dir.path().join("fixtures/person.json"), &record).unwrap();
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["test", path], b"");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    let wrong = text.replace("never: [乗]", "never: [誠]");
    std::fs::write(dir.path().join("rules.yaml"), wrong).unwrap();
    assert_ne!(fieldgate(&["test", path], b"").exit, 0);
    let call = ["--as", "clerk", "--call", "GET /person"];
    let run = fieldgate(&[&["apply", path][..], &call].concat(), &record);
    let (expected, ..) = encoding_rs::GB18030.encode("{\"姓名\":\"欧阳誠\"}");
    assert_eq!((run.exit, &run.out[..]), (0, &expected[..]), "{}", run.err);
    let said = fieldgate(&["matrix", path], b"");
    assert!(
        said.text().contains("answers in gb18030, as the upstream"),
        "{}",
        said.text()
    );
}

#[test]
fn files_are_told_tested_and_weighed() {
    let text = "fieldgate: 1
classes: { open: { level: 1 } }
resources:
  letter:
    at: { 'GET /letters/{id}': $ }
    fields: { id: open }
    params: { path.id: id }
    files:
      - { media: [application/pdf], roles: [clerk], owner: archive, reason: letters are scanned, until: 2999-12-31 }
roles: { clerk: { jwt: idp, claim: role, is: clerk }, guest: { jwt: idp, claim: role, is: guest } }
read:
  letter: { clerk: { open: show }, guest: { open: show } }
tests_at: 2026-06-01T10:00:00+08:00
tests:
  - { name: a clerk gets the scan, as: clerk, call: GET /letters/1, reply: fixtures/letter.pdf, reply_media: application/pdf, expect_status: 200, never: [SECRET] }
  - { name: a guest does not, as: guest, call: GET /letters/1, reply: fixtures/letter.pdf, reply_media: application/pdf, expect_reason: unexpected-media-type }
  - { name: nor a clerk after the end, as: clerk, now: 3000-01-01T08:00:00+08:00, call: GET /letters/1, reply: fixtures/letter.pdf, reply_media: application/pdf, expect_reason: unexpected-media-type }
  - { name: nor another type, as: clerk, call: GET /letters/1, reply: fixtures/letter.pdf, reply_media: image/png, expect_reason: unexpected-media-type }
";
    let dir = rules(&[("rules.yaml", text)]);
    std::fs::create_dir(dir.path().join("fixtures")).unwrap();
    std::fs::write(
        dir.path().join("fixtures/letter.pdf"),
        b"%PDF-1.7\xff\0A LETTER",
    )
    .unwrap();
    let path = dir.path().to_str().unwrap();
    let run = fieldgate(&["test", path], b"");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
    // What it holds is looked for, though nobody reads it; paths lead nowhere.
    for (from, to, words) in [
        (
            "never: [SECRET]",
            "never: [A LETTER]",
            "it came in the body",
        ),
        ("never: [SECRET]", "absent: [id]", "the answer is a file"),
    ] {
        std::fs::write(dir.path().join("rules.yaml"), text.replace(from, to)).unwrap();
        let run = fieldgate(&["test", path], b"");
        assert_ne!(run.exit, 0);
        let said = format!("{}{}", run.text(), run.err);
        assert!(said.contains(words), "{said}");
    }
    std::fs::write(dir.path().join("rules.yaml"), text).unwrap();
    for format in ["table", "csv", "html", "json"] {
        let said = fieldgate(&["matrix", path, "--format", format], b"").text();
        for part in [
            "application/pdf UNREAD, for clerk, until 2999-12-31",
            "archive",
            "letters are scanned",
        ] {
            assert!(said.contains(part), "{format}: {said}");
        }
    }
    let call = ["--as", "clerk", "--call", "GET /letters/1"];
    let said = fieldgate(&[&["explain", path][..], &call].concat(), b"");
    let part = "passes application/pdf unread, whatever it holds (rules.yaml:9)";
    assert!(said.text().contains(part), "{}{}", said.text(), said.err);
    let before = text.lines().filter(|line| {
        !(line.contains("files:")
            || line.contains("owner: archive")
            || line.contains("reply_media"))
    });
    let before: String = before.map(|line| format!("{line}\n")).collect();
    let before = before
        .replace("tests:\n", "")
        .replace("tests_at: 2026-06-01T10:00:00+08:00\n", "");
    let old = rules(&[("rules.yaml", &before)]);
    let old = old.path().to_str().unwrap();
    let run = fieldgate(&["diff", old, path, "--fail-on", "widening"], b"");
    assert_ne!(run.exit, 0, "{}", run.text());
    assert!(
        run.text()
            .contains("letter: clerk gets application/pdf unread, until 2999-12-31"),
        "{}",
        run.text()
    );
    let run = fieldgate(&["diff", path, old, "--fail-on", "widening"], b"");
    assert_eq!(run.exit, 0, "{}{}", run.text(), run.err);
}
