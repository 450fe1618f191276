//! Answers of several documents: what leaves of each, wherever the input was cut.

use std::sync::Arc;

use super::super::tests::plan_of;
use super::super::{BodyLimits, COMMIT_AT, Governor};
use super::documents;
use crate::model::Reason;
use crate::policy::plan::Plan;
use crate::policy::plan::judge::{Judge, Judged};
use crate::policy::{AnswerForm, Charset, EventFields, Format};

const LIMITS: BodyLimits = BodyLimits {
    depth: 8,
    key: 64,
    value: 128,
    record: 200,
};

fn form(format: Format) -> AnswerForm {
    AnswerForm {
        format,
        events: Arc::new(EventFields {
            names: vec![String::from("update"), String::from("remove")],
            ids: Some((0, 1000)),
            retries: Some((100, 60_000)),
        }),
        ..AnswerForm::default()
    }
}

fn plan_in(format: Format, at: &str, fields: &[(&str, &str)], person: Option<&str>) -> Arc<Plan> {
    plan_of(at, fields, person, |resource| {
        resource.groups[0].routes[0].answer = form(format);
    })
}

/// What became of an answer: all that left by its end or fault, and whose records.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    out: String,
    end: Result<(), Reason>,
    persons: Vec<Option<String>>,
}

struct Case {
    format: Format,
    charset: Charset,
    keeps_charset: bool,
    plan: Arc<Plan>,
    judge: Option<Arc<Judge>>,
}

impl Case {
    fn new(format: Format, at: &str, fields: &[(&str, &str)], person: Option<&str>) -> Case {
        Case {
            format,
            charset: Charset::Utf8,
            keeps_charset: false,
            plan: plan_in(format, at, fields, person),
            judge: None,
        }
    }

    fn governor(&self) -> Governor {
        Governor::new(
            &AnswerForm {
                charset: self.charset,
                keeps_charset: self.keeps_charset,
                ..form(self.format)
            },
            Arc::clone(&self.plan),
            LIMITS,
            Some(String::from("1001")),
            self.judge.clone(),
        )
    }

    fn read<'c>(&self, chunks: impl Iterator<Item = &'c [u8]>) -> Seen {
        let mut governor = self.governor();
        let mut out = Vec::new();
        let mut end = Ok(());
        for chunk in chunks {
            end = governor.feed(chunk);
            out.extend_from_slice(&governor.take_output());
            if end.is_err() {
                break;
            }
        }
        if end.is_ok() {
            end = governor.finish();
            out.extend_from_slice(&governor.take_output());
        }
        let records = governor.records().until(out.len() as u64);
        let persons = records.map(|one| one.person.map(str::to_owned)).collect();
        Seen {
            out: String::from_utf8(out).unwrap(),
            end,
            persons,
        }
    }

    /// What is seen of an answer, which must be the same wherever it is cut.
    #[track_caller]
    fn run(&self, input: impl AsRef<[u8]>) -> Seen {
        let input = input.as_ref();
        let whole = self.read(std::iter::once(input));
        for size in [1, 2, 3, 7] {
            assert_eq!(self.read(input.chunks(size)), whole, "in chunks of {size}");
        }
        for at in 0..input.len() {
            let (before, after) = input.split_at(at);
            let cut = self.read([before, after].into_iter());
            assert_eq!(cut, whole, "cut at {at}");
        }
        whole
    }

    #[track_caller]
    fn governs(&self, input: &str, expected: &str) {
        let seen = self.run(input);
        assert_eq!(seen.end, Ok(()), "{input:?}");
        assert_eq!(seen.out, expected, "{input:?}");
    }

    /// Refused, and only `expected` had left.
    #[track_caller]
    fn refuses(&self, input: impl AsRef<[u8]>, reason: Reason, expected: &str) {
        let seen = self.run(&input);
        let input = String::from_utf8_lossy(input.as_ref()).into_owned();
        assert_eq!(seen.end, Err(reason), "{input:?}");
        assert_eq!(seen.out, expected, "{input:?}");
    }
}

const FIELDS: [(&str, &str); 4] = [
    ("id", "show"),
    ("n", "mask"),
    ("ssn", "strip"),
    ("$", "show"),
];

/// Each of these as a document of its own.
fn written(format: Format, documents: &[&str]) -> String {
    let framed = |text: &&str| match format {
        Format::Json => (*text).to_owned(),
        Format::NdJson => format!("{text}\n"),
        Format::JsonSeq => format!("\u{1e}{text}\n"),
        Format::Sse => format!("data: {text}\n\n"),
    };
    documents.iter().map(framed).collect()
}

const SEVERAL: [Format; 3] = [Format::NdJson, Format::JsonSeq, Format::Sse];

#[test]
fn a23_each_document_is_governed_as_the_only_one_would_be() {
    for format in SEVERAL {
        let case = Case::new(format, "$", &FIELDS, None);
        case.governs(
            &written(
                format,
                &[
                    r#"{"id":1,"ssn":"CANARY","x":[1]}"#,
                    r#"{ "id" : 2 , "n":"secret" }"#,
                    r#"{"ssn":"CANARY"}"#,
                    "{}",
                    "12",
                    r#""text""#,
                    "null",
                ],
            ),
            &written(
                format,
                &[
                    r#"{"id":1}"#,
                    r#"{ "id" : 2 , "n":"***" }"#,
                    "{}",
                    "{}",
                    "12",
                    r#""text""#,
                    "null",
                ],
            ),
        );
        case.governs("", "");
        // Nothing of one document is seen in the next.
        case.refuses(
            written(format, &[r#"{"id":1}"#, "[1]"]),
            Reason::UnexpectedShape,
            &written(format, &[r#"{"id":1}"#]),
        );
    }
}

/// Of the first name and of the hidden value, the second byte is that of a backslash or of a bracket.
#[test]
fn a11_documents_in_another_charset_are_governed_as_those_in_utf_8() {
    let fields = [("乗", "show"), ("誠", "strip")];
    for format in [Format::Json, Format::NdJson, Format::JsonSeq, Format::Sse] {
        for charset in [Charset::Gbk, Charset::Gb18030] {
            let encoding = charset.encoding().unwrap();
            let case = Case {
                charset,
                ..Case::new(format, "$", &fields, None)
            };
            let text = written(format, &[r#"{"乗":"\"俓","誠":"鎉\"","x":"\u4e57"}"#]);
            let seen = case.run(encoding.encode(&text).0);
            assert_eq!(seen.end, Ok(()));
            assert_eq!(seen.out, written(format, &[r#"{"乗":"\"俓"}"#]));
            let form = AnswerForm {
                charset,
                ..form(format)
            };
            let apart = documents(&form, &encoding.encode(&text).0, &LIMITS).unwrap();
            let plain = documents(&super::tests::form(format), text.as_bytes(), &LIMITS).unwrap();
            assert_eq!(apart, plain);
            // What the end cuts, and what is no sequence, though none of it would have left.
            let wrong = written(format, &["{\"誠\":\"?\"}"]);
            let mut wrong = encoding.encode(&wrong).0.into_owned();
            let at = wrong.iter().position(|byte| *byte == b'?').unwrap();
            wrong[at] = 0xb0;
            assert_eq!(case.run(&wrong).end, Err(Reason::UnreadableBody));
            assert_eq!(
                documents(&form, &wrong, &LIMITS),
                Err(Reason::UnreadableBody)
            );
            let mut cut = encoding.encode(&text).0.into_owned();
            cut.push(0x81);
            assert_eq!(case.run(&cut).end, Err(Reason::UnreadableBody));
        }
    }
}

/// Both longer and shorter than in UTF-8, so that whoever took one count for the other would know persons too late.
#[test]
fn a11_in_the_upstreams_charset_leaves_what_came_and_each_record_ends_where_it_ends() {
    let fields = [
        ("id", "show"),
        ("名", "show"),
        ("密", "strip"),
        ("n", "mask"),
    ];
    for (charset, name) in [
        (Charset::Gbk, "乗俓"),
        (Charset::Gb18030, "乗俓"),
        (Charset::Gb18030, "ñé乗"),
    ] {
        let encoding = charset.encoding().unwrap();
        for format in [Format::Json, Format::NdJson, Format::JsonSeq] {
            let case = Case {
                charset,
                keeps_charset: true,
                ..Case::new(format, "$[*]", &fields, Some("id"))
            };
            let record = |id: u32, hidden: &str, mask: &str| {
                let name = name.repeat(3);
                format!("{{\"id\":\"{id}\",\"名\":\"{name}\\\"\"{hidden},\"n\":\"{mask}\"}}")
            };
            let all = |records: &[String]| {
                let list = format!("[{}]", records.join(","));
                let text = written(format, &[&list, &list]);
                match format {
                    Format::Json => list,
                    _ => text,
                }
            };
            let came = |id| record(id, &format!(",\"密\":\"{name}\""), name);
            let input = all(&[came(1001), came(1002), came(1001)]);
            let left = record(1001, "", "***");
            let expected = all(&[left.clone(), left.clone()]);
            let (input, expected) = (encoding.encode(&input).0, encoding.encode(&expected).0);
            let record = encoding.encode(&left).0.into_owned();
            let ends: Vec<usize> = memchr::memmem::find_iter(&expected, &record)
                .map(|at| at + record.len())
                .collect();
            for size in [1, 2, 3, 7, 64, input.len()] {
                let mut governor = case.governor();
                let mut out = Vec::new();
                for chunk in input.chunks(size) {
                    governor.feed(chunk).unwrap();
                    out.extend_from_slice(&governor.take_output());
                    let known = governor.records().until(out.len() as u64).count();
                    assert_eq!(known, ends.iter().filter(|end| **end <= out.len()).count());
                }
                governor.finish().unwrap();
                out.extend_from_slice(&governor.take_output());
                assert_eq!(out, *expected, "{charset:?} {format:?} in chunks of {size}");
                for length in 0..=out.len() {
                    let known = governor.records().until(length as u64).count();
                    assert_eq!(known, ends.iter().filter(|end| **end <= length).count());
                }
                let until = ends[0] as u64;
                governor.forget_records(until);
                let known = governor.records().until(out.len() as u64).count();
                assert_eq!(known, ends.len() - 1);
            }
        }
    }
}

#[test]
fn records_stand_in_each_document_where_at_says() {
    for format in SEVERAL {
        let case = Case::new(format, "$.items[*]", &[("id", "show")], None);
        case.governs(
            &written(
                format,
                &[
                    r#"{"items":[{"id":1,"x":2},{"id":2}],"total":9}"#,
                    r#"{"items":[]}"#,
                ],
            ),
            &written(
                format,
                &[r#"{"items":[{"id":1},{"id":2}]}"#, r#"{"items":[]}"#],
            ),
        );
    }
}

#[test]
fn the_upstreams_framing_never_leaves() {
    let lines = Case::new(Format::NdJson, "$", &FIELDS, None);
    lines.governs(
        "\r\n \n\t {\"id\":1} \t\r\n\n{\"id\":2}\r\n\n",
        "{\"id\":1}\n{\"id\":2}\n",
    );
    let sequence = Case::new(Format::JsonSeq, "$", &FIELDS, None);
    sequence.governs(
        "\u{1e}\u{1e} \n {\"id\":1}  \n \r\n\n\u{1e}\n{\n\"id\":\n2}\n",
        "\u{1e}{\"id\":1}\n\u{1e}{\n\"id\":\n2}\n",
    );
}

#[test]
fn a23_what_is_not_framed_strictly_is_refused() {
    let lines = Case::new(Format::NdJson, "$", &FIELDS, None);
    let first = "{\"id\":1}\n";
    for rest in [
        "{\"id\":2}",
        "{\"id\":2",
        "{\"id\":2\n}\n",
        "{\"id\":2}{\"id\":3}\n",
        "{\"id\":2},\n",
        "[\n",
        "\u{1e}{\"id\":2}\n",
        "data: {\"id\":2}\n",
        "\u{feff}{\"id\":2}\n",
        "\"a\nb\"\n",
        "12",
    ] {
        lines.refuses(format!("{first}{rest}"), Reason::UnreadableBody, first);
    }
    lines.refuses(b"{\"id\":1}\n\"\xe4\xbd\n\"", Reason::UnreadableBody, first);
    let sequence = Case::new(Format::JsonSeq, "$", &FIELDS, None);
    let first = "\u{1e}{\"id\":1}\n";
    for rest in [
        "{\"id\":2}\n",
        "\u{1e}{\"id\":2}",
        "\u{1e}{\"id\":2}\u{1e}{\"id\":3}\n",
        "\u{1e}{\"id\":2\n",
        "\u{1e}{\"id\":2\n\u{1e}",
        "\u{1e}",
        "\u{1e}12",
        "\u{1e}12\u{1e}",
        "\u{1e}{\"id\":2}{\"id\":3}\n",
        "\u{1e}\"a\u{1e}b\"\n",
        "x",
    ] {
        sequence.refuses(format!("{first}{rest}"), Reason::UnreadableBody, first);
    }
    sequence.refuses("{\"id\":1}\n", Reason::UnreadableBody, "");
}

#[test]
fn only_the_callers_own_records_leave_and_nothing_says_that_there_were_others() {
    for format in SEVERAL {
        let case = Case::new(format, "$", &[("id", "show"), ("n", "show")], Some("id"));
        let mine = r#"{"n":1,"id":"1001"}"#;
        let input = written(
            format,
            &[
                r#"{"id":"1002","n":1}"#,
                mine,
                r#"{"n":2}"#,
                r#"{"id":"1001","id":"1001"}"#,
                mine,
                r#" {"id":"1003"} "#,
            ],
        );
        let seen = case.run(&input);
        assert_eq!(seen.end, Ok(()));
        assert_eq!(seen.out, written(format, &[mine, mine]));
        assert_eq!(
            seen.persons,
            [Some(String::from("1001")), Some(String::from("1001"))]
        );
        // Too large to be held until it is known whose it is.
        let large = format!(r#"{{"n":"{}","id":"1001"}}"#, "x".repeat(300));
        case.governs(&written(format, &[&large, mine]), &written(format, &[mine]));
    }
}

#[test]
fn a_gate_keeps_whole_documents_back() {
    for format in SEVERAL {
        let base = plan_in(format, "$", &[("k", "show"), ("s", "show")], None);
        let cases = vec![(String::from("1"), Judged::Under(Arc::clone(&base)))];
        let case = Case {
            format,
            charset: Charset::Utf8,
            keeps_charset: false,
            plan: base,
            judge: Some(Arc::new(Judge::by_member("k", cases, Judged::Gone))),
        };
        let open = r#"{"k":1,"s":2}"#;
        case.governs(
            &written(format, &[r#"{"k":2,"s":2}"#, open, r#"{"s":2}"#, open]),
            &written(format, &[open, open]),
        );
        let large = format!(r#"{{"k":1,"s":"{}"}}"#, "x".repeat(300));
        case.governs(&written(format, &[&large, open]), &written(format, &[open]));
    }
}

#[test]
fn a_document_leaves_when_it_is_complete_and_not_before() {
    for format in SEVERAL {
        let case = Case::new(format, "$", &FIELDS, None);
        let mut governor = case.governor();
        let one = written(format, &[r#"{"id":1}"#]);
        let (before, last) = one.split_at(one.len() - 1);
        governor.feed(before.as_bytes()).unwrap();
        assert_eq!(governor.take_output(), b""[..]);
        governor.feed(last.as_bytes()).unwrap();
        assert_eq!(governor.take_output(), one.as_bytes());
        let records = governor.records().until(one.len() as u64).count();
        assert_eq!(records, 1, "it is known to have left");
    }
}

#[test]
fn a_document_too_large_to_wait_streams() {
    for format in SEVERAL {
        let case = Case::new(format, "$[*]", &[("id", "show")], None);
        let record = r#"{"id":"0123456789"}"#;
        let many = [record; 5000].join(",");
        let large = written(format, &[&format!("[{many}]"), "[]"]);
        let mut governor = case.governor();
        let mut out = Vec::new();
        let mut most = 0;
        for chunk in large.as_bytes().chunks(1000) {
            governor.feed(chunk).unwrap();
            most = most.max(governor.held());
            out.extend_from_slice(&governor.take_output());
        }
        governor.finish().unwrap();
        assert_eq!(out, large.as_bytes());
        assert!((COMMIT_AT..COMMIT_AT + 2000).contains(&most), "{most}");
        // After a fault nothing follows, and what left is the same wherever the input was cut.
        let broken = format!("{}x", &large[..large.len() - 10]);
        let whole = case.read(std::iter::once(broken.as_bytes()));
        assert_eq!(whole.end, Err(Reason::UnreadableBody));
        assert_eq!(case.read(broken.as_bytes().chunks(777)), whole);
    }
}

#[test]
fn the_documents_of_a_body_come_apart_as_they_are_read() {
    for format in SEVERAL {
        let texts = ["{\"a\":1}", "[2]", "3"];
        let body = written(format, &texts);
        let found = documents(&form(format), body.as_bytes(), &LIMITS).unwrap();
        let found: Vec<&str> = found.iter().map(|text| text.trim()).collect();
        assert_eq!(found, texts);
        let cut = &body.as_bytes()[..body.len() - 1];
        assert!(documents(&form(format), cut, &LIMITS).is_err());
    }
    let one = documents(&AnswerForm::default(), b"{}", &LIMITS).unwrap();
    assert_eq!(one, ["{}"]);
    assert!(documents(&AnswerForm::default(), b"{}{}", &LIMITS).is_err());
}

#[test]
fn a24_of_events_only_governed_data_and_listed_fields_leave() {
    let events = Case::new(Format::Sse, "$", &FIELDS, None);
    for (input, expected) in [
        // The lines of one document, however they end.
        ("data: {\"id\":\ndata: 1}\n\n", "data: {\"id\": 1}\n\n"),
        ("data:{\"id\":1}\r\r", "data: {\"id\":1}\n\n"),
        ("data:{\"id\":1}\r\n\r\n", "data: {\"id\":1}\n\n"),
        ("data\ndata:  {\ndata\ndata:}\rdata\n\r\n", "data: {  }\n\n"),
        ("\u{feff}data: 1\n\n", "data: 1\n\n"),
        ("\u{feff}:\n\n", ""),
        ("\n\n\r\r\n", ""),
        // Comments and unknown fields.
        (": CANARY\ndata: 1\n:CANARY\n\n:\n\n", "data: 1\n\n"),
        (
            "x: CANARY\nCANARY\n data: CANARY\nDATA: CANARY\ndata: 1\ndatas: CANARY\n\n",
            "data: 1\n\n",
        ),
        ("\u{feff}\u{feff}data: CANARY\ndata: 1\n\n", "data: 1\n\n"),
        // Fields that are listed, wherever they stand; the last counts.
        (
            "event: update\nid: 7\nretry: 100\ndata: 1\n\n",
            "data: 1\nevent: update\nid: 7\nretry: 100\n\n",
        ),
        (
            "data: 1\nid:7\nevent:CANARY\nevent:remove\n\n",
            "data: 1\nevent: remove\nid: 7\n\n",
        ),
        (
            "data: 1\nevent:update\nevent\nid: 7\nid: CANARY\n\n",
            "data: 1\n\n",
        ),
        (
            "event: CANARY\nid: 1001\nretry: 99\ndata: 1\n\n",
            "data: 1\n\n",
        ),
        (
            "event: update \nid: 07\nretry: +100\ndata: 1\n\n",
            "data: 1\n\n",
        ),
        (
            "id: 11010519491231002\ndata: 1\n\ndata: 2\n\n",
            "data: 1\n\ndata: 2\n\n",
        ),
        // No data, no event, and nothing of it in the next.
        ("event: update\nid: 7\n\ndata: 1\n\n", "data: 1\n\n"),
        ("id: 7\n\n", ""),
    ] {
        events.governs(input, expected);
    }
    let long = format!("event: {}\ndata: 1\n\n", "update".repeat(100));
    events.governs(&long, "data: 1\n\n");
}

#[test]
fn a24_what_no_event_says_strictly_is_refused() {
    let events = Case::new(Format::Sse, "$", &FIELDS, None);
    let first = "data: {\"id\":1}\n\n";
    for rest in [
        "data: {\"ssn\":\"CANA\ndata: RY\"}\n\n",
        "data: {\"ssn\":\"CANA\r\ndata:RY\"}\n\n",
        "data: {\"id\": 1\ndata: 2}\n\n",
        "data: tr\ndata:ue\n\n",
        "data: 1\n\ndata: [DONE]\n\n",
        "data\n\n",
        "data: \n\n",
        "data: {\"id\":2}\n",
        "data: {\"id\":2}",
        "data: {\"id\":2\n\n",
        "data: {}{}\n\n",
        "data: {}\ndata: {}\n\n",
        "data: \u{feff}{}\n\n",
        "dat",
        ": CANARY",
        "x",
    ] {
        let seen = events.run(format!("{first}{rest}"));
        assert_eq!(seen.end, Err(Reason::UnreadableBody), "{rest:?}");
        assert!(
            seen.out.starts_with(first) && !seen.out.contains("CANA"),
            "{rest:?}"
        );
    }
}

#[test]
fn of_an_event_that_is_kept_back_no_field_leaves() {
    let case = Case::new(Format::Sse, "$", &[("id", "show")], Some("id"));
    case.governs(
        "id: 1\ndata: {\"id\":\"1002\"}\nevent: update\n\nid: 2\ndata: {\"id\":\"1001\"}\n\n",
        "data: {\"id\":\"1001\"}\nid: 2\n\n",
    );
}

#[test]
fn a_sign_of_life_never_stands_within_an_event() {
    let case = Case::new(Format::Sse, "$", &[("id", "show")], None);
    let mut governor = case.governor();
    let mut out = Vec::new();
    for byte in b"data: {\"id\":1}\n\n" {
        assert!(
            !String::from_utf8_lossy(&out).contains("data"),
            "not before its end"
        );
        governor.give_sign_of_life();
        governor.feed(&[*byte]).unwrap();
        out.extend_from_slice(&governor.take_output());
    }
    governor.give_sign_of_life();
    out.extend_from_slice(&governor.take_output());
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with(":\n\n"), "{out}");
    assert_eq!(out.replace(":\n\n", ""), "data: {\"id\":1}\n\n");
    assert!(out.ends_with("\n\n:\n\n"), "{out}");
    let mut lines = Case::new(Format::NdJson, "$", &[("id", "show")], None).governor();
    lines.give_sign_of_life();
    assert_eq!(lines.take_output(), b""[..]);
}
