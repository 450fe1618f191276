//! I, and what of A, C, E and F is tried on writing: each is refused, and the upstream hears of no write.
//!
//! Who is judged by the stored record has it read first; everybody else's attack ends before the upstream hears anything.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::rig::door::BOTH;
use super::super::rig::upstream::chunk;
use super::super::rig::writer::{RULES, legacy, refused, write};
use super::super::rig::{Caller, Http1, Rig, Setup, Upstream, Version};

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Reads contact data masked and writes it.
    Teller,
    /// Reads and writes more, but not all.
    Manager,
    /// Writes their own contact data and preferences, and is judged by the stored record.
    Me,
    /// Writes contact data and reads nothing.
    Machine,
}

/// A write that must not be done.
struct Attack {
    id: &'static str,
    who: Who,
    call: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
    status: u16,
    reason: &'static str,
    /// What the problem document names.
    names: &'static [&'static str],
}

const RECORD: &str = "/customers/1001";
const PATCH: (&str, &str) = ("PATCH", RECORD);
const PUT: (&str, &str) = ("PUT", RECORD);
const MEDIA: (&str, &str) = ("content-type", "application/json");
const JSON: &[(&str, &str)] = &[MEDIA];
const OPERATIONS: &[(&str, &str)] = &[("content-type", "application/json-patch+json")];
const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];

/// A body of JSON and what it is refused for.
type Tried = (
    &'static str,
    Who,
    &'static str,
    &'static str,
    &'static [&'static str],
);

use Who::{Machine, Manager, Me, Teller};

/// PATCH with a merge patch.
const MERGES: &[Tried] = &[
    (
        "I01",
        Teller,
        r#"{"email":"z@e.cn","name":"x"}"#,
        "field-not-writable",
        &["name"],
    ),
    (
        "I01",
        Teller,
        r#"{"score":9}"#,
        "field-not-writable",
        &["score"],
    ),
    (
        "I01",
        Teller,
        r#"{"role":"admin","email":"z@e.cn"}"#,
        "field-not-writable",
        &["role"],
    ),
    (
        "I01",
        Teller,
        r#"{"consent":{"marketing":true}}"#,
        "field-not-writable",
        &["consent.marketing"],
    ),
    (
        "I01",
        Manager,
        r#"{"consent":{"marketing":true}}"#,
        "field-not-writable",
        &["consent.marketing"],
    ),
    (
        "I01",
        Teller,
        r#"{"id_card":"x"}"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "I01",
        Machine,
        r#"{"name":"x"}"#,
        "field-not-writable",
        &["name"],
    ),
    (
        "I01",
        Me,
        r#"{"email":"a@b.cn","accounts":[{"balance":999999}]}"#,
        "field-not-writable",
        &["accounts[*].balance"],
    ),
    (
        "I01",
        Me,
        r#"{"name":"x","id_card":"y"}"#,
        "field-not-writable",
        &["id_card", "name"],
    ),
    (
        "I01",
        Teller,
        r#"{"id":"1002"}"#,
        "person-mismatch",
        &["id"],
    ),
    (
        "I01",
        Me,
        r#"{"id":"1002","email":"a@b.cn"}"#,
        "person-mismatch",
        &["id"],
    ),
    (
        "A04",
        Teller,
        r#"{"\u006eame":"x"}"#,
        "field-not-writable",
        &["name"],
    ),
    (
        "A07",
        Teller,
        r#"{"Email":"z@e.cn"}"#,
        "field-not-writable",
        &["Email"],
    ),
    (
        "A08",
        Teller,
        "{\"ｅmail\":\"z@e.cn\"}",
        "field-not-writable",
        &["ｅmail"],
    ),
    (
        "A26",
        Teller,
        r#"{"__proto__":{"role":"admin"}}"#,
        "field-not-writable",
        &["__proto__.role"],
    ),
    (
        "I02",
        Teller,
        r#"{"user":{"email":"z@e.cn"}}"#,
        "field-not-writable",
        &["user.email"],
    ),
    (
        "I02",
        Teller,
        r#"{"email":{"x":"z@e.cn"}}"#,
        "field-not-writable",
        &["email.x"],
    ),
    (
        "I02",
        Teller,
        r#"{"phones":{"number":"1"}}"#,
        "field-not-writable",
        &["phones.number"],
    ),
    (
        "I02",
        Teller,
        r#"{"phones":[{"number":"1","owner":"x"}]}"#,
        "field-not-writable",
        &["phones[*].owner"],
    ),
    (
        "I02",
        Me,
        r#"{"accounts":[]}"#,
        "would-erase",
        &["accounts"],
    ),
    (
        "I02",
        Me,
        r#"{"accounts":null}"#,
        "would-erase",
        &["accounts"],
    ),
    (
        "I02",
        Me,
        r#"{"accounts":{}}"#,
        "would-erase",
        &["accounts"],
    ),
    (
        "I04",
        Teller,
        r#"{"email":"z***@example.com"}"#,
        "masked-value-written-back",
        &["email"],
    ),
    (
        "I04",
        Teller,
        r#"{"phones":[{"number":"138****8000"}]}"#,
        "masked-value-written-back",
        &["phones[*].number"],
    ),
    (
        "I04",
        Teller,
        r#"{"phones":[{"number":"***"}]}"#,
        "masked-value-written-back",
        &["phones[*].number"],
    ),
    (
        "I04",
        Teller,
        r#"{"email":"\u002a**"}"#,
        "masked-value-written-back",
        &["email"],
    ),
    (
        "I04",
        Teller,
        r#"{"id_card":null}"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "A01",
        Teller,
        r#"{"email":"a@b.cn","email":"c@d.cn"}"#,
        "duplicate-key",
        &[],
    ),
    (
        "A03",
        Teller,
        r#"{"email":"a@b.cn","ema\u0069l":"c@d.cn"}"#,
        "duplicate-key",
        &[],
    ),
    (
        "A03",
        Teller,
        r#"{"email":"a@b.cn","EMAIL":"c@d.cn"}"#,
        "duplicate-key",
        &[],
    ),
    (
        "A02",
        Teller,
        r#"{"phones":[],"phones":[]}"#,
        "duplicate-key",
        &[],
    ),
    ("I09", Teller, "{}", "empty-write", &[]),
    ("A18", Teller, r#"{"email":NaN}"#, "unreadable-request", &[]),
    (
        "A19",
        Teller,
        r#"{"email":"z@e.cn",}"#,
        "unreadable-request",
        &[],
    ),
    (
        "A20",
        Teller,
        r#"{"email":"z@e.cn"}{"name":"x"}"#,
        "unreadable-request",
        &[],
    ),
    (
        "A10",
        Teller,
        "\u{feff}{\"email\":\"z@e.cn\"}",
        "unreadable-request",
        &[],
    ),
    (
        "A13",
        Teller,
        r#"{"email":"\ud800"}"#,
        "unreadable-request",
        &[],
    ),
    (
        "A14",
        Teller,
        r#"{"a":[[[[[[[[[1]]]]]]]]]}"#,
        "unreadable-request",
        &[],
    ),
    ("A29", Teller, "", "unreadable-request", &[]),
];

/// PATCH with a list of operations.
const LISTS: &[Tried] = &[
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"/name","value":"x"}]"#,
        "field-not-writable",
        &["name"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"/id_card","value":"x"}]"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"test","path":"/id_card","value":"11010519491231002X"}]"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"test","path":"/email","value":"zhang@example.com"}]"#,
        "field-not-writable",
        &["email"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"copy","from":"/id_card","path":"/email"}]"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"move","from":"/id_card","path":"/email"}]"#,
        "field-not-writable",
        &["id_card"],
    ),
    (
        "I03",
        Manager,
        r#"[{"op":"copy","from":"/name","path":"/email"}]"#,
        "field-not-writable",
        &["email"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"add","path":"/role","value":"admin"}]"#,
        "field-not-writable",
        &["role"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"/~1role","value":"admin"}]"#,
        "field-not-writable",
        &["['/role']"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"/email","value":"z@e.cn"},{"op":"remove","path":"/name"}]"#,
        "field-not-writable",
        &["name"],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"","value":{"email":"z@e.cn"}}]"#,
        "put-would-erase",
        &[],
    ),
    (
        "I03",
        Teller,
        r#"[{"op":"replace","path":"/email","value":"z@e.cn","path":"/name"}]"#,
        "duplicate-key",
        &[],
    ),
    (
        "I03",
        Manager,
        r#"[{"op":"replace","path":"/contacts/1/value","value":"1"}]"#,
        "field-not-writable",
        &["contacts[*].value"],
    ),
    (
        "I03",
        Manager,
        r#"[{"op":"remove","path":"/lines/0"}]"#,
        "ambiguous-position",
        &["lines[*]"],
    ),
    ("I03", Teller, "[]", "empty-write", &[]),
];

/// PUT.
const WHOLE: &[Tried] = &[
    (
        "I04",
        Manager,
        r#"{"id":"1001","name":"x"}"#,
        "put-would-erase",
        &[],
    ),
    (
        "I04",
        Teller,
        r#"{"email":"z@e.cn"}"#,
        "put-would-erase",
        &[],
    ),
];

/// A header, a method, a target, bytes that are no text, and what they are refused for.
const OTHERS: &[Attack] = &[
    of("I05", &[("content-type", "text/plain")], 415, "media-type"),
    of(
        "I05",
        &[("content-type", "application/xml")],
        415,
        "media-type",
    ),
    of("I05", &[("content-type", "text/json")], 415, "media-type"),
    of(
        "I05",
        &[("content-type", "application/hal+json")],
        415,
        "media-type",
    ),
    of(
        "I05",
        &[("content-type", "application/json; v=2")],
        415,
        "media-type",
    ),
    of(
        "I05",
        &[("content-type", "application/json, text/plain")],
        415,
        "media-type",
    ),
    of(
        "I05",
        &[("content-type", "multipart/form-data; boundary=x")],
        415,
        "media-type",
    ),
    of("I05", FORM, 415, "media-type"),
    of("I05", &[], 415, "media-type"),
    of(
        "I05",
        &[MEDIA, ("content-type", "text/plain")],
        415,
        "media-type",
    ),
    of(
        "I07",
        &[("content-type", "application/json; charset=gbk")],
        415,
        "media-type",
    ),
    of(
        "I07",
        &[("content-type", "application/json; charset=utf-16")],
        415,
        "media-type",
    ),
    of(
        "I07",
        &[MEDIA, ("content-encoding", "gzip")],
        415,
        "media-type",
    ),
    of(
        "I07",
        &[MEDIA, ("content-encoding", "identity, gzip")],
        415,
        "media-type",
    ),
    Attack {
        body: b"\x7b\0\"\0e\0\"\0:\x001\0}\0",
        ..of("A11", JSON, 400, "unreadable-request")
    },
    Attack {
        body: b"{\"email\":\"\xff\"}",
        ..of("A12", JSON, 400, "unreadable-request")
    },
    Attack {
        body: &[b' '; 2000],
        ..of("I13", JSON, 413, "too-large")
    },
    Attack {
        call: ("PATCH", "/customers/1001?name=x"),
        ..of("I06", JSON, 400, "unlisted-parameter")
    },
    Attack {
        call: ("PATCH", "/customers/1001?_method=DELETE"),
        ..of("F03", JSON, 400, "unlisted-parameter")
    },
    Attack {
        call: ("PATCH", "/customers/1001?merge=true"),
        ..of("I09", JSON, 400, "unlisted-parameter")
    },
    Attack {
        call: ("PATCH", "/customers/1001;role=admin"),
        ..of("G04", JSON, 400, "not-canonical")
    },
    Attack {
        call: ("POST", RECORD),
        ..of("I08", JSON, 405, "method-not-declared")
    },
    Attack {
        call: ("QUERY", RECORD),
        ..of("I08", JSON, 405, "method-not-declared")
    },
    Attack {
        call: ("PUT", "/customers"),
        ..of("I08", JSON, 405, "method-not-declared")
    },
    Attack {
        call: ("DELETE", RECORD),
        who: Manager,
        ..of("E11", JSON, 400, "unexpected-body")
    },
    Attack {
        call: ("DELETE", RECORD),
        body: b"",
        ..of("I08", &[], 403, "no-row")
    },
    Attack {
        call: ("POST", "/customers"),
        ..of("I08", JSON, 403, "no-row")
    },
    Attack {
        call: ("POST", "/tickets"),
        ..of("I05", JSON, 415, "media-type")
    },
    Attack {
        call: ("POST", "/tickets"),
        body: b"subject=a&owner=b",
        status: 403,
        reason: "field-not-writable",
        names: &["owner"],
        ..of("I05", FORM, 403, "field-not-writable")
    },
    Attack {
        call: ("POST", "/tickets"),
        body: b"subject=a&subject=b",
        ..of("H07", FORM, 400, "duplicate-key")
    },
];

/// A good body in a bad request.
const fn of(
    id: &'static str,
    headers: &'static [(&'static str, &'static str)],
    status: u16,
    reason: &'static str,
) -> Attack {
    Attack {
        id,
        who: Teller,
        call: PATCH,
        headers,
        body: br#"{"email":"z@e.cn"}"#,
        status,
        reason,
        names: &[],
    }
}

fn status(reason: &str) -> u16 {
    match reason {
        "duplicate-key" | "empty-write" | "unreadable-request" => 400,
        "masked-value-written-back" => 409,
        _ => 403,
    }
}

fn all() -> Vec<Attack> {
    let of = |call, headers| {
        move |(id, who, body, reason, names): &Tried| Attack {
            id,
            who: *who,
            call,
            headers,
            body: body.as_bytes(),
            status: status(reason),
            reason,
            names,
        }
    };
    let merges = MERGES.iter().map(of(PATCH, JSON));
    let lists = LISTS.iter().map(of(PATCH, OPERATIONS));
    let whole = WHOLE.iter().map(of(PUT, JSON));
    let mut all: Vec<Attack> = merges.chain(lists).chain(whole).collect();
    all.extend(OTHERS.iter().map(|attack| Attack { ..*attack }));
    all
}

fn caller(rig: &Rig, who: Who) -> Caller {
    match who {
        Teller => rig.door.teller(),
        Manager => rig.door.manager(),
        Me => rig.door.customer(),
        Machine => rig.door.partner(),
    }
}

async fn target() -> (Upstream, Rig) {
    let upstream = Upstream::start(legacy).await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let limits = "limits: { request_body: 1KiB, depth: 8 }";
    let rig = setup.settings(limits).start().await;
    (upstream, rig)
}

#[tokio::test(flavor = "multi_thread")]
async fn i_a_c_e_f_no_write_that_is_not_authorised_reaches_the_upstream() {
    let (upstream, rig) = target().await;
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    for attack in all() {
        for version in BOTH {
            let Attack {
                id,
                who,
                call,
                headers,
                body,
                ..
            } = attack;
            // On HTTP/2 two lines of a header that is no list are one request to nobody.
            let heard = upstream.count();
            let answer = write(&rig, version, &caller(&rig, who), call, headers, body).await;
            let what = format!(
                "{id} {version:?} {who:?} {call:?} {headers:?} {}",
                String::from_utf8_lossy(&body[..body.len().min(100)])
            );
            if (answer.status, answer.reason().as_str()) != (attack.status, attack.reason)
                || refused(&answer) != attack.names
            {
                wrong.push(format!("{what}: {} {}", answer.status, answer.text()));
            }
            let new = &upstream.heads()[heard..];
            let reads = new.iter().all(|head| head.starts_with("GET "));
            assert!(new.is_empty() || (who == Me && reads), "{what}: {new:?}");
            assert!(ids.insert(answer.id().to_owned()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let log = rig.finish().await;
    for outcome in log.of_kind("outcome") {
        assert!(ids.remove(outcome["id"].as_str().unwrap()));
        assert_ne!(outcome["sent"], true, "{outcome}");
        assert!(!outcome.to_string().contains("z@e.cn"), "{outcome}");
    }
    assert!(ids.is_empty());
}

#[test]
fn there_are_thirty_attacks_on_writing_and_no_two_are_the_same() {
    let all = all();
    let distinct: BTreeSet<_> = (all.iter())
        .map(|one| (one.who as u8, one.call, one.headers, one.body))
        .collect();
    assert_eq!(distinct.len(), all.len());
    println!("on the wire: {} distinct attacks on writing", all.len());
    assert!(all.len() >= 30, "{}", all.len());
}

/// O6: of what is authorised arrives that, byte for byte, once, and nothing beside it.
#[tokio::test(flavor = "multi_thread")]
async fn o06_f03_what_arrives_of_a_write_is_what_was_authorised() {
    const OURS: [&str; 6] = [
        "accept",
        "accept-encoding",
        "content-length",
        "host",
        "via",
        "x-request-id",
    ];
    let (upstream, rig) = target().await;
    let forged = [
        ("content-type", "application/json"),
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-original-method", "DELETE"),
        ("x-original-url", "/customers/1002"),
        ("x-user", "admin"),
        ("prefer", "return=representation"),
        ("range", "bytes=0-9"),
        ("if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("content-range", "bytes 0-9/10"),
        ("idempotency-key", "k"),
    ];
    for version in BOTH {
        for (body, who) in [
            (r#"{"email":"z@e.cn"}"#, Teller),
            (" {\"email\" :\"z@\\u0065.cn\"}\r\n", Manager),
            (r#"{"phones":[{"number":"1"}],"email":null}"#, Manager),
            (r#"{"email":"z@e.cn"}"#, Machine),
        ] {
            let heard = upstream.count();
            let caller = caller(&rig, who);
            let answer = write(&rig, version, &caller, PATCH, &forged, body.as_bytes()).await;
            assert_eq!(answer.status, 200, "{who:?} {body}: {}", answer.text());
            assert_eq!(upstream.count(), heard + 1, "{who:?} {body}");
            let last = upstream.last();
            let (head, sent) = last.split_once("\r\n\r\n").unwrap();
            assert_eq!(sent, body);
            let mut lines = head.split("\r\n");
            assert_eq!(lines.next(), Some("PATCH /customers/1001 HTTP/1.1"));
            let names: BTreeSet<&str> =
                lines.map(|line| line.split_once(": ").unwrap().0).collect();
            let mut expected: BTreeSet<&str> = OURS.into();
            expected.extend(["content-type", "idempotency-key"]);
            assert_eq!(names, expected, "{head}");
        }
    }
    rig.finish().await;
}

/// Bodies that are framed, or said to be, in other ways.
#[tokio::test(flavor = "multi_thread")]
async fn i13_e_a_body_is_judged_whole_however_it_is_framed() {
    let (upstream, rig) = target().await;
    let token = rig.door.teller().token.unwrap();
    let head = format!(
        "PATCH {RECORD} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let chunks = |pieces: &[&str]| {
        let pieces = pieces.iter().map(|piece| chunk(piece.as_bytes()));
        String::from_utf8(pieces.collect::<Vec<_>>().concat()).unwrap()
    };
    let forbidden = chunks(&["{\"name\":\"forge", "d\"}", ""]);
    let smuggled = "0\r\n\r\nDELETE /customers/1001 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (rest, status) in [
        (format!("{chunked}{forbidden}"), 403),
        (format!("{chunked}0\r\nX-Role: forged\r\n\r\n"), 400),
        (format!("Content-Length: 5\r\n{chunked}{smuggled}"), 400),
        (
            format!("Transfer-Encoding: gzip, chunked\r\n\r\n{forbidden}"),
            400,
        ),
        ("Content-Length: 2, 2\r\n\r\n{}".to_owned(), 400),
        (
            "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
            400,
        ),
        ("Content-Length: 99999999999\r\n\r\n{}".to_owned(), 413),
    ] {
        let mut client = Http1::connect(&rig.door, &Caller::default()).await;
        client.write(format!("{head}{rest}").as_bytes()).await;
        let answer = client.next_answer().await.unwrap();
        assert_eq!(answer.status, status, "{rest}: {}", answer.text());
    }
    assert_eq!(upstream.count(), 0, "{:?}", upstream.heads());
    let pieces = chunks(&["{\"email", "\":\"z@e.c", "n\"}"]);
    let good = pieces.replacen("\r\n", ";x=forged\r\n", 1) + "0\r\nX-Role: forged\r\n\r\n";
    let mut client = Http1::connect(&rig.door, &Caller::default()).await;
    client
        .write(format!("{head}{chunked}{good}").as_bytes())
        .await;
    assert_eq!(client.answer().await.status, 200);
    let arrived = upstream.last();
    assert!(arrived.contains("\r\ncontent-length: 18\r\n"), "{arrived}");
    assert!(
        arrived.ends_with("\r\n\r\n{\"email\":\"z@e.cn\"}"),
        "{arrived}"
    );
    assert!(!arrived.contains("forged"));
    rig.finish().await;
}

/// The names a refusal tells are the caller's own words, and nothing of a value.
#[tokio::test(flavor = "multi_thread")]
async fn j02_a_refused_write_repeats_names_and_no_values() {
    let (upstream, rig) = target().await;
    let body =
        r#"{"name":"VALUE-1","accounts":[{"balance":12345.67},{"balance":1}],"x\"\n":"VALUE-2"}"#;
    let call = ("PATCH", RECORD);
    let answer = write(
        &rig,
        Version::Http1,
        &rig.door.teller(),
        call,
        JSON,
        body.as_bytes(),
    )
    .await;
    let problem: Value = answer.json();
    let names = refused(&answer);
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names.contains(&"accounts[*].balance".to_owned()),
        "{names:?}"
    );
    let text = problem.to_string();
    for value in ["VALUE", "12345"] {
        assert!(!text.contains(value), "{text}");
    }
    assert_eq!(upstream.count(), 0);
    rig.finish().await;
}
