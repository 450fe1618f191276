//! `fieldgate apply`: what others wrote to break JSON readers, real documents, and where a refusal ends the output.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fieldgate::config::Limits;
use fieldgate::json::Limits as JsonLimits;
use fieldgate::json::{Kind, Lexer};
use fieldgate::mask::token::TokenMaster;
use fieldgate::model::Reason;
use fieldgate::pipeline::rehearsal::{Call, End, Reply, Stage, Who, admit, answer};
use fieldgate::policy::store::Policy;
use fieldgate::policy::{self, RoleId};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use crate::binary::{Run, bank, corpus, fieldgate, fieldgate_on, showing_all_but};

const REFUSED: i32 = 8;
const FRAME: usize = 16 << 10;
const COMMIT_AT: usize = 64 << 10;

/// `i_` texts that pass, as they came: numbers of any size. All others are refused: lone surrogates, bytes that are not
/// UTF-8, byte order marks, and 500 open brackets.
const PASSING: [&str; 10] = [
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
];
/// How many `i_` texts there are.
const IMPLEMENTATION_DEFINED: usize = 35;

fn apply(rules: &Path, input: &[u8], more: &[&str]) -> Run {
    let rules = rules.to_str().unwrap();
    let args = ["apply", rules, "--as", "reader", "--call", "GET /thing"];
    fieldgate(&[&args, more].concat(), input)
}

fn apply_to_file(rules: &Path, path: &Path) -> Run {
    let rules = rules.to_str().unwrap();
    let args = ["apply", rules, "--as", "reader", "--call", "GET /thing"];
    fieldgate_on(&args, File::open(path).unwrap())
}

/// The same without a process.
struct Rehearsal(Stage);

impl Rehearsal {
    fn of(rules: &Path) -> Rehearsal {
        let rules = policy::load(rules).unwrap().rules;
        let policy = Policy::new(1, rules, TokenMaster::test_key());
        Rehearsal(Stage::new(policy, Limits::default()))
    }

    fn run(&self, body: &[u8], chunk: usize) -> (Vec<u8>, Option<Reason>, End) {
        let call = Call {
            who: Who::Holder(vec![RoleId(0)]),
            method: Method::GET,
            target: "/thing".to_owned(),
            headers: HeaderMap::new(),
            body: None,
            stored: None,
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
            now: 0,
        };
        let admitted = admit(&self.0, &call, "").unwrap();
        let json = HeaderValue::from_static("application/json");
        let reply = Reply {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body,
            chunk,
        };
        let mut sent = Vec::new();
        let outcome = answer(&self.0, &admitted, reply, "", &mut sent).unwrap();
        (sent, outcome.reason, outcome.end)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn reason(run: &Run) -> String {
    let problem: serde_json::Value = serde_json::from_str(&run.err).unwrap();
    assert!(problem["type"].is_string() && problem["title"].is_string());
    assert!(problem["status"].is_number() && problem["request_id"].is_string());
    problem["reason"].as_str().unwrap().to_owned()
}

#[test]
fn every_json_text_passes_byte_for_byte_and_no_other_does_in_any_chunks() {
    let Some(files) = corpus("JSONTestSuite/test_parsing", 318) else {
        return;
    };
    let rules = showing_all_but("");
    let rehearsal = Rehearsal::of(rules.path());
    let mut undefined = 0;
    for path in &files {
        let (name, text) = (name(path), fs::read(path).unwrap());
        let passes = match name.as_bytes()[0] {
            b'y' => true,
            b'n' => false,
            _ => {
                undefined += 1;
                PASSING.contains(&name.as_str())
            }
        };
        let run = apply_to_file(rules.path(), path);
        if passes {
            assert_eq!(run.exit, 0, "{name}: {}", run.err);
            assert_eq!(run.out, text, "{name}");
            assert_eq!(run.err, "", "{name}");
        } else {
            assert_eq!(run.exit, REFUSED, "{name}");
            let kept = run.out.len();
            assert_eq!(kept % FRAME, 0, "{name}");
            assert!(kept == 0 || kept >= COMMIT_AT - FRAME, "{name}");
            assert!(text.starts_with(&run.out), "{name}");
        }
        let expected = (!passes).then(|| reason(&run));
        for chunk in [1, 2, 3, 7, 64, text.len()] {
            let (sent, reason, _) = rehearsal.run(&text, chunk);
            let reason = reason.map(|reason| reason.code().to_owned());
            assert!(sent == run.out, "{name} in chunks of {chunk}");
            assert_eq!(reason, expected, "{name} in chunks of {chunk}");
        }
    }
    assert_eq!(undefined, IMPLEMENTATION_DEFINED);
}

#[test]
fn the_chunk_flag_changes_no_byte() {
    let rules = bank();
    let fixture = fs::read(rules.join("fixtures/customer-1001.json")).unwrap();
    let outputs: Vec<Vec<u8>> = ["1", "2", "3", "7", "64", "65536"]
        .iter()
        .map(|chunk| {
            let args = [
                "apply",
                rules.to_str().unwrap(),
                "--as",
                "teller",
                "--call",
                "GET /customers/1001",
                "--chunk",
                chunk,
            ];
            let run = fieldgate(&args, &fixture);
            assert_eq!(run.exit, 0, "{}", run.err);
            run.out
        })
        .collect();
    assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
    let text = String::from_utf8(outputs[0].clone()).unwrap();
    assert!(text.contains("138****8000") && !text.contains("13800138000"));
    assert!(!text.contains("internal_score"));
}

#[test]
fn real_documents_shown_whole_come_out_byte_identical() {
    let Some(files) = corpus("payloads", 7) else {
        return;
    };
    let rules = showing_all_but("");
    let rehearsal = Rehearsal::of(rules.path());
    for path in &files {
        let text = fs::read(path).unwrap();
        let run = apply_to_file(rules.path(), path);
        assert_eq!(run.exit, 0, "{}: {}", path.display(), run.err);
        assert!(run.out == text, "{}", path.display());
        for chunk in [7, 64] {
            let (sent, ..) = rehearsal.run(&text, chunk);
            assert!(sent == text, "{} in chunks of {chunk}", path.display());
        }
    }
}

/// By payload: the fields that are not shown, as catalogue entries and as patterns with `*` for each index and unwritten
/// name.
const MASKED: &[(&str, &str, &[&str])] = &[
    (
        "twitter.json",
        "      statuses[*].text: masked
      statuses[*].user.screen_name: { class: masked, mask: last4 }
      statuses[*].user.name: pseudonym
      statuses[*].user.id: { class: masked, mask: last4 }
      statuses[*].user.followers_count: { class: masked, mask: thousands }",
        &[
            "statuses/*/text",
            "statuses/*/user/screen_name",
            "statuses/*/user/name",
            "statuses/*/user/id",
            "statuses/*/user/followers_count",
        ],
    ),
    (
        "github_events.json",
        "      $[*].actor.login: { class: masked, mask: first1-last1 }
      $[*].actor.id: pseudonym",
        &["*/actor/login", "*/actor/id"],
    ),
    (
        "canada.json",
        "      features[*].geometry.coordinates[*][*][*]: { class: masked, mask: thousands }",
        &["features/*/geometry/coordinates/*/*/*"],
    ),
    (
        "citm_catalog.json",
        "      events[*].name: masked
      performances[*].prices[*].amount: { class: masked, mask: thousands }",
        &["events/*/name", "performances/*/prices/*/amount"],
    ),
    (
        "stripe-fixtures-half.json",
        "      resources[*].id: { class: masked, mask: last4 }",
        &["resources/*/id"],
    ),
    (
        "fhir-liz-conn.json",
        "      entry[*].resource.id: pseudonym
      entry[*].resource.name[*].family: { class: masked, mask: first1-last1 }",
        &["entry/*/resource/id", "entry/*/resource/name/*/family"],
    ),
];

/// The byte ranges of all scalars the patterns select, found by the lexer's tokens alone.
fn spans(text: &[u8], patterns: &[&str]) -> Vec<std::ops::Range<usize>> {
    let limits = JsonLimits {
        depth: 128,
        key: 4096,
    };
    let mut lexer = Lexer::new(limits);
    let (mut at, mut found) = (0, Vec::new());
    // The way to the node at hand: a member's name, or nothing for an element.
    let mut way: Vec<Option<String>> = Vec::new();
    while let Some(piece) = lexer.next(text, at).unwrap() {
        at = piece.end;
        match piece.kind {
            Kind::ObjectOpen | Kind::ArrayOpen => way.push(None),
            Kind::ObjectClose | Kind::ArrayClose => drop(way.pop()),
            Kind::Key => {
                let name = String::from_utf8_lossy(&text[piece.start + 1..piece.end - 1]);
                *way.last_mut().unwrap() = Some(name.into_owned());
            }
            Kind::String | Kind::Number | Kind::Boolean | Kind::Null => {
                if patterns.iter().any(|pattern| is_at(&way, pattern)) {
                    found.push(piece.start..piece.end);
                }
            }
            Kind::Space | Kind::Comma | Kind::Colon => {}
        }
    }
    found
}

fn is_at(way: &[Option<String>], pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('/').collect();
    parts.len() == way.len()
        && parts
            .iter()
            .zip(way)
            .all(|(part, step)| *part == "*" || step.as_deref() == Some(part))
}

/// What is left of a text without these ranges.
fn without(text: &[u8], spans: &[std::ops::Range<usize>]) -> Vec<u8> {
    let mut left = Vec::new();
    let mut from = 0;
    for span in spans {
        left.extend_from_slice(&text[from..span.start]);
        from = span.end;
    }
    left.extend_from_slice(&text[from..]);
    left
}

#[test]
fn real_documents_with_masks_keep_every_untouched_byte() {
    let Some(files) = corpus("payloads", 7) else {
        return;
    };
    for (payload, fields, patterns) in MASKED {
        let path: &PathBuf = files.iter().find(|path| name(path) == *payload).unwrap();
        let rules = showing_all_but(fields);
        fs::write(
            rules.path().join("masks.yaml"),
            "fieldgate: 1\nmasks: { thousands: { round: 1000 } }\n",
        )
        .unwrap();
        let text = fs::read(path).unwrap();
        let run = apply_to_file(rules.path(), path);
        assert_eq!(run.exit, 0, "{payload}: {}", run.err);
        let (before, after) = (spans(&text, patterns), spans(&run.out, patterns));
        assert!(!before.is_empty(), "{payload}");
        assert_eq!(before.len(), after.len(), "{payload}");
        let changed = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| text[(*before).clone()] != run.out[(*after).clone()]);
        assert!(changed.count() > 0, "{payload}");
        assert!(
            without(&text, &before) == without(&run.out, &after),
            "{payload}"
        );
        let (sent, ..) = Rehearsal::of(rules.path()).run(&text, 7);
        assert!(sent == run.out, "{payload} in chunks of 7");
    }
}

#[test]
fn a_refusal_after_the_commit_leaves_whole_frames_and_never_an_end() {
    let rules = showing_all_but("");
    let complete = format!("{{\"a\":\"{}\"}}", "x".repeat(200_000));
    for cut in [65_000, 70_000, 100_000, 200_007] {
        let run = apply(rules.path(), &complete.as_bytes()[..cut], &[]);
        assert_eq!(run.exit, REFUSED);
        assert_eq!(reason(&run), "unreadable-body");
        let expected = if cut < COMMIT_AT {
            0
        } else {
            cut / FRAME * FRAME
        };
        assert_eq!(run.out.len(), expected, "{cut}");
        assert!(complete.as_bytes().starts_with(&run.out));
    }
    let run = apply(rules.path(), complete.as_bytes(), &[]);
    assert_eq!((run.exit, run.out.len()), (0, complete.len()));
}

#[test]
fn a_refusal_before_the_commit_leaves_nothing_and_says_why() {
    let rules = bank();
    let rules = rules.to_str().unwrap();
    let fixture = fs::read(bank().join("fixtures/customer-1001.json")).unwrap();
    let self_1002 = "{ jwt: app-idp, claims: { customer_id: \"1002\" } }";
    let caller = |caller, call| vec!["apply", rules, "--caller", caller, "--call", call];
    let holder = |role, call| vec!["apply", rules, "--as", role, "--call", call];
    for (args, status, expected) in [
        (
            holder("teller", "GET /customers/../x"),
            400,
            "not-canonical",
        ),
        (holder("teller", "GET /customers?a=1&a=2"), 400, "bad-query"),
        (
            holder("teller", "GET /customers?phone=1"),
            400,
            "unlisted-parameter",
        ),
        (caller("{}", "GET /customers/1001"), 401, "no-credential"),
        // Credentials are judged before the route is looked for, and the target's form before both.
        (caller("{}", "GET /nothing"), 401, "no-credential"),
        (caller("{}", "GET /customers/%61"), 400, "not-canonical"),
        (caller(self_1002, "GET /customers/1001"), 403, "no-role"),
        (holder("acme", "GET /customers/1001"), 403, "no-row"),
        (holder("acme", "GET /nothing"), 404, "no-such-route"),
        (
            caller(self_1002, "GET /customers/1002"),
            404,
            "no-such-record",
        ),
        (
            holder("acme", "DELETE /customers/1001"),
            405,
            "method-not-declared",
        ),
    ] {
        let run = fieldgate(&args, &fixture);
        assert_eq!(run.exit, REFUSED, "{args:?}: {}", run.err);
        assert_eq!(run.out, b"", "{args:?}");
        assert_eq!(reason(&run), expected, "{args:?}");
        assert!(
            run.err.contains(&format!("\"status\":{status}")),
            "{}",
            run.err
        );
    }
    let empty = fieldgate(&holder("teller", "GET /customers/1001"), b"");
    assert_eq!(
        (empty.exit, reason(&empty).as_str()),
        (REFUSED, "unreadable-body")
    );
}

#[test]
fn head_is_answered_without_a_body() {
    let rules = bank();
    let fixture = fs::read(rules.join("fixtures/customer-1001.json")).unwrap();
    let args = [
        "apply",
        rules.to_str().unwrap(),
        "--as",
        "teller",
        "--call",
        "HEAD /customers/1001",
    ];
    let run = fieldgate(&args, &fixture);
    assert_eq!((run.exit, run.out.len()), (0, 0), "{}", run.err);
    assert_eq!(fieldgate(&args, b"{").exit, REFUSED);
}

#[test]
fn the_moment_decides_whether_a_timed_exception_is_open() {
    let rules = showing_all_but("      secret: masked");
    let exception = "fieldgate: 1
exceptions:
  - { field: thing.secret, role: reader, do: show, reason: a trial, until: 2026-06-01T00:00:00Z }
";
    fs::write(rules.path().join("exceptions.yaml"), exception).unwrap();
    let body = br#"{"secret":"plain"}"#;
    let run = apply(rules.path(), body, &["--now", "2026-05-31T23:59:59Z"]);
    assert_eq!(run.text(), r#"{"secret":"plain"}"#);
    let run = apply(rules.path(), body, &["--now", "2026-06-01T09:00:00+08:00"]);
    assert_eq!(run.text(), r#"{"secret":"***"}"#);
}
