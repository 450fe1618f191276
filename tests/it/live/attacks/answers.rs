//! Hostile and merely strange answers of an upstream: each is asked for twice, with two canaries where something hidden
//! stands, and nobody can tell which it was.
//!
//! O1: both answers are the same bytes. O2: no canary leaves, to the caller, the log or the metrics. O4: what is refused
//! leaves nothing of itself. O5: what is shown is what came.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::Mutex;

use fieldgate::model::Reason;

use super::super::rig::upstream::{chunk, encoded, gzip, ok, with};
use super::super::rig::{
    Answer, End, Http1, Http2, Part, Rig, Setup, Upstream, json, json_chunks, raw,
};
use super::{RECORD, RULES};

pub(super) const CANARIES: [&str; 2] = [
    "CANARY-7f3a91",
    "CANARY-another-and-much-longer-one-0123456789",
];

type Make = Box<dyn Fn(&str) -> Vec<Part> + Send + Sync>;

/// What a teller gets.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// These bytes.
    Sent(String),
    Refused(u16, &'static str),
}

struct Case {
    id: &'static str,
    name: String,
    make: Make,
    fate: Fate,
}

/// `§` in a text is the canary.
fn filled(text: &str, canary: &str) -> String {
    text.replace('§', canary)
}

fn body(id: &'static str, text: &str, fate: Fate) -> Case {
    let name = text.get(..60).unwrap_or(text).to_owned();
    let text = text.to_owned();
    let make = Box::new(move |canary: &str| json(filled(&text, canary)));
    Case {
        id,
        name,
        make,
        fate,
    }
}

fn sent(id: &'static str, text: &str, shown: &str) -> Case {
    body(id, text, Fate::Sent(shown.to_owned()))
}

fn unreadable(id: &'static str, text: &str) -> Case {
    body(id, text, Fate::Refused(502, "unreadable-body"))
}

fn made(
    id: &'static str,
    name: &str,
    status: u16,
    reason: &'static str,
    make: impl Fn(&str) -> Vec<Part> + Send + Sync + 'static,
) -> Case {
    let (name, make, fate) = (
        name.to_owned(),
        Box::new(make),
        Fate::Refused(status, reason),
    );
    Case {
        id,
        name,
        make,
        fate,
    }
}

const PLAIN: &str = r#"{"id":"1","name":"n"}"#;

/// A: what one reader takes for another text than the next does.
fn texts() -> Vec<Case> {
    let mut all = vec![
        sent(
            "A01",
            r#"{"secret":"§","name":"x","secret":null}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A01",
            r#"{"secret":null,"name":"x","secret":"§"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A01",
            r#"{"name":"x","secret":"§","name":"y"}"#,
            r#"{"name":"x","name":"y"}"#,
        ),
        sent(
            "A02",
            r#"{"user":{"secret":"§"},"user":{"name":"x"},"id":"1"}"#,
            r#"{"id":"1"}"#,
        ),
        sent(
            "A02",
            r#"{"id":"1","secrets":[{"code":"§"}],"secrets":[{"code":1}]}"#,
            r#"{"id":"1"}"#,
        ),
        sent(
            "A04",
            r#"{"\u0073ecret":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A04",
            r#"{"s\u0065\u0063re\u0074":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A04",
            r#"{"\u0073\u0045cret":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A04",
            r#"{"secret":"§","n\u0061me":"x"}"#,
            r#"{"n\u0061me":"x"}"#,
        ),
        sent(
            "A05",
            r#"{"sec\/ret":"§","\/secret":"§","name":"\/"}"#,
            r#"{"name":"\/"}"#,
        ),
        sent(
            "A06",
            r#"{"secret\u0000":"§","name\u0000":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A07",
            r#"{"SECRET":"§","Secret":"§","NAME":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A08",
            r#"{"ｓｅｃｒｅｔ":"§","ѕесrеt":"§","s\u200becret":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A08",
            "{\"se\u{301}cret\":\"§\",\"naｍe\":\"§\",\"name\":\"x\"}",
            r#"{"name":"x"}"#,
        ),
        sent(
            "A09",
            r#"{" secret":"§","secret ":"§","sec-ret":"§","s_e_cret":"§"," name":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A16",
            r#"{"id":1e400,"name":-0,"tags":[1.10,1E+2,12345678901234567890,1e-400],"secret":"§"}"#,
            r#"{"id":1e400,"name":-0,"tags":[1.10,1E+2,12345678901234567890,1e-400]}"#,
        ),
        sent(
            "A25",
            r#"{"x":{"$serde_json::private::RawValue":"{\"secret\":\"§\"}"},"$serde_json::private::Number":"§","id":"1"}"#,
            r#"{"id":"1"}"#,
        ),
        sent(
            "A26",
            r#"{"__proto__":{"name":"§"},"constructor":"§","toString":"§","name":"x"}"#,
            r#"{"name":"x"}"#,
        ),
        sent(
            "A27",
            "{\"name\":\"a\u{2028}b\u{2029}\u{7f}\",\"secret\":\"§\"}",
            "{\"name\":\"a\u{2028}b\u{2029}\u{7f}\"}",
        ),
        sent("A29", "{}", "{}"),
        unreadable("A10", "\u{feff}{\"secret\":\"§\"}"),
        unreadable("A13", r#"{"secret":"§\ud800"}"#),
        unreadable("A13", r#"{"\ud800secret":"§"}"#),
        unreadable("A13", r#"{"secret":"§\udc00\ud800"}"#),
        unreadable("A19", r#"{/*"x"*/"secret":"§"}"#),
        unreadable("A19", r#"{"secret":"§",}"#),
        unreadable("A19", r#"{'secret':'§'}"#),
        unreadable("A19", r#"{secret:"§"}"#),
        unreadable("A19", "{\"secret\":\"§\"} // x"),
        unreadable("A20", r#"{"name":"x"}{"secret":"§"}"#),
        unreadable("A20", "{\"name\":\"x\"}\0{\"secret\":\"§\"}"),
        unreadable("A20", r#"{"name":"x"} //§"#),
        unreadable("A20", r#"{"name":"x"}]"#),
        unreadable("A21", ")]}',\n{\"secret\":\"§\"}"),
        unreadable("A21", r#"while(1);{"secret":"§"}"#),
        // It begins as `false` does, which would be a scalar.
        body(
            "A21",
            r#"for(;;);{"secret":"§"}"#,
            Fate::Refused(502, "unexpected-shape"),
        ),
        unreadable("A22", r#"/**/f({"secret":"§"});"#),
        unreadable("A23", "{\"id\":\"1\"}\n{\"secret\":\"§\"}\n"),
        unreadable("A23", "\u{1e}{\"secret\":\"§\"}\n"),
        unreadable("A24", "data: {\"secret\":\"§\"}\n\n"),
        unreadable("A27", "{\"secret\":\"a\nb§\"}"),
        unreadable("A27", "{\"sec\tret\":\"§\"}"),
        unreadable("A29", ""),
        unreadable("A29", " \r\n\t"),
        unreadable("A12", r#"{"secret":"§\x"}"#),
        unreadable("A04", r#"{"\u00zzsecret":"§"}"#),
    ];
    for literal in [
        "NaN",
        "Infinity",
        "-Infinity",
        "0x1F",
        "01",
        "+1",
        ".5",
        "1.",
        "-",
        "1e",
        "True",
        "nul",
        "undefined",
        "00",
        "1_0",
    ] {
        all.push(unreadable(
            "A18",
            &format!(r#"{{"name":"§","secret":{literal}}}"#),
        ));
    }
    for root in [
        r#""§""#,
        r#"[{"secret":"§"}]"#,
        r#"[["secret","§"]]"#,
        "17",
        "true",
    ] {
        all.push(body("A30", root, Fate::Refused(502, "unexpected-shape")));
    }
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [129, 5000] {
            let nested = format!(
                r#"{{"secret":{}"§"{}}}"#,
                open.repeat(depth),
                close.repeat(depth)
            );
            all.push(body("A14", &nested, Fate::Refused(502, "limit-depth")));
        }
    }
    let mut wide = String::from("{");
    for number in 0..20_000 {
        let _ = write!(wide, r#""k{number}":"§","#);
    }
    wide.push_str(r#""id":"1"}"#);
    all.push(sent("A15", &wide, r#"{"id":"1"}"#));
    let long = format!(r#"{{"secret":{},"x":"§","id":"1"}}"#, "9".repeat(1 << 20));
    all.push(sent("A15", &long, r#"{"id":"1"}"#));
    let bytes = |id, name: &str, reason, bytes: fn(&str) -> Vec<u8>| {
        made(id, name, 502, reason, move |canary| json(bytes(canary)))
    };
    let utf16 = |text: String, le: bool| -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| {
                if le {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    };
    for (name, le) in [("utf-16le", true), ("utf-16be", false)] {
        all.push(made("A11", name, 502, "unreadable-body", move |canary| {
            json(utf16(format!(r#"{{"secret":"{canary}"}}"#), le))
        }));
        all.push(made(
            "A11",
            name,
            502,
            "unexpected-media-type",
            move |canary| {
                ok(
                    &format!("Content-Type: application/json; charset={name}"),
                    utf16(format!(r#"{{"secret":"{canary}"}}"#), le),
                )
            },
        ));
    }
    all.extend([
        bytes("A12", "not utf-8 in a value", "unreadable-body", |canary| {
            [format!(r#"{{"secret":"{canary}"#).as_bytes(), b"\xff\"}"].concat()
        }),
        bytes("A12", "not utf-8 in a name", "unreadable-body", |canary| {
            [b"{\"s\xff\":\"", canary.as_bytes(), b"\"}"].concat()
        }),
        bytes("A12", "overlong", "unreadable-body", |canary| {
            [b"{\"secret\":\"\xc0\xaf", canary.as_bytes(), b"\"}"].concat()
        }),
        bytes("A12", "cesu", "unreadable-body", |canary| {
            [b"{\"secret\":\"\xed\xa0\x80", canary.as_bytes(), b"\"}"].concat()
        }),
        bytes("A12", "cut", "unreadable-body", |canary| {
            [b"{\"secret\":\"", canary.as_bytes(), b"\xe2\x82\"}"].concat()
        }),
    ]);
    all
}

/// B: what stands elsewhere, is called otherwise, or is packed into something else.
fn shapes() -> Vec<Case> {
    let id = r#"{"id":"1"}"#;
    let mut all: Vec<Case> = [
        ("B01", r#"{"id":"1","name":{"secret":"§"}}"#),
        ("B01", r#"{"id":"1","name":[{"secret":"§"}],"x":0}"#),
        ("B02", r#"{"data":[{"id":"§"}],"next":"§","id":"1"}"#),
        ("B02", r#"{"_embedded":{"items":[{"id":"§"}]},"id":"1"}"#),
        (
            "B03",
            r#"{"id":"1","manager":{"id":"§","name":"§","secret":"§"}}"#,
        ),
        ("B04", r#"{"by_secret":{"§":{"name":"x"}},"id":"1"}"#),
        (
            "B05",
            r#"{"columns":["name","secret"],"rows":[["x","§"]],"id":"1"}"#,
        ),
        (
            "B06",
            r#"{"identifier":[{"key":"secret","value":"§"}],"id":"1"}"#,
        ),
        (
            "B07",
            r#"{"social_security_number":"§","secretHash":"§","secret_last4":"§","id":"1"}"#,
        ),
        ("B08", r#"{"payload":"{\"secret\":\"§\"}","id":"1"}"#),
        (
            "B09",
            r#"{"blob":"§","avatar":"data:text/plain,§","id":"1"}"#,
        ),
        ("B10", r#"{"html":"<td>§</td>","id":"1"}"#),
        ("B11", r#"{"notes":"the number is §","id":"1"}"#),
        ("B12", r#"{"secret_first":"§","age":"§","id":"1"}"#),
        (
            "B13",
            r#"{"_links":{"self":{"href":"/customers/§"}},"id":"1"}"#,
        ),
        (
            "B14",
            r#"{"@odata.nextLink":"?$skiptoken=§","@odata.id":"§","id":"1"}"#,
        ),
        ("B15", r#"{"next_cursor":"§","id":"1"}"#),
        (
            "B16",
            r#"{"errors":[{"message":"duplicate §","extensions":{"x":"§"}}],"id":"1"}"#,
        ),
        ("B20", r#"{"facets":{"secret":{"§":1}},"id":"1"}"#),
    ]
    .map(|(threat, text)| {
        sent(
            threat,
            text,
            if text.contains("\"name\":[") {
                r#"{"id":"1","name":[]}"#
            } else {
                id
            },
        )
    })
    .into();
    for other in ["null", "true", "false", "0", "\"\"", "[]", "{}", "-1.5e3"] {
        let text = format!(r#"{{"id":"1","secret":{other},"x":"§"}}"#);
        all.push(sent("B17", &text, id));
    }
    all
}

/// C, D, E, F, J: heads that lie about the body, or say what the body may not.
fn heads() -> Vec<Case> {
    let secret = |canary: &str| format!(r#"{{"id":"1","secret":"{canary}"}}"#);
    let mut all = Vec::new();
    for kind in [
        "text/plain",
        "text/html",
        "text/json",
        "application/octet-stream",
        "application/javascript",
        "application/xml",
        "text/csv",
        "application/pdf",
        "application/json,text/html",
        "application/json; charset=gbk",
        "*/json",
        "application/json-seq",
        "application/x-ndjson",
        "text/event-stream",
        "multipart/mixed; boundary=x",
        "multipart/byteranges; boundary=x",
        "application/vnd.ms-excel",
        "json",
        "application/msgpack",
        "application/cbor",
        "application/graphql",
        "image/png",
        "",
    ] {
        let make = move |canary: &str| ok(&format!("Content-Type: {kind}"), secret(canary));
        all.push(made("C02", kind, 502, "unexpected-media-type", make));
    }
    for coding in [
        "compress",
        "exi",
        "aes128gcm",
        "dcb",
        "dcz",
        "gzip, br",
        "gzip, gzip",
        "identity, gzip",
        "x",
        "*",
        "gzip;q=1",
    ] {
        let make = move |canary: &str| encoded(coding, secret(canary).as_bytes());
        all.push(made("C08", coding, 502, "unexpected-encoding", make));
    }
    for coding in ["gzip", "br", "zstd", "deflate", "x-gzip"] {
        let make = move |canary: &str| encoded(coding, secret(canary).as_bytes());
        all.push(made("C09", coding, 502, "unreadable-body", make));
    }
    for head in [
        "Location: /customers?secret=§",
        "Content-Location: /x?§",
        "Link: </x?§>; rel=next",
        "Refresh: 0; url=/x?§",
        "Set-Cookie: SESSION=§",
        "X-Debug: §",
        "Server-Timing: db;desc=\"§\"",
        "X-Total-Count: §",
        "Warning: 199 - \"§\"",
        "WWW-Authenticate: Basic realm=\"§\"",
        "Content-Disposition: attachment; filename=\"§.csv\"",
        "X-Powered-By: §",
        "Access-Control-Allow-Origin: §",
        "Access-Control-Expose-Headers: §",
        "Reporting-Endpoints: a=\"§\"",
        "NEL: {\"x\":\"§\"}",
        "SourceMap: §",
        "X-Accel-Redirect: /§",
        "X-Sendfile: /§",
        "ETag: \"§\"",
        "Last-Modified: §",
        "Digest: sha-256=§",
        "Content-Digest: sha-256=:§:",
        "Repr-Digest: sha-256=:§:",
        "Content-MD5: §",
        "Signature: §",
        "x-amz-checksum-sha256: §",
        "x-goog-hash: md5=§",
        "Age: §",
        "Expires: §",
        "Surrogate-Control: §",
        "CDN-Cache-Control: §",
        "Via: 1.1 §",
        "Server: §",
        "Alt-Svc: h3=\":§\"",
        "Accept-Patch: §",
        "grpc-message: §",
        "Trailer: §",
        "Vary: §",
        "X-Request-Id: §",
        "Upgrade: §",
    ] {
        let make = move |canary: &str| {
            let head = head.replace('§', canary);
            ok(&format!("Content-Type: application/json\r\n{head}"), PLAIN)
        };
        all.push(Case {
            id: "F07",
            name: head.to_owned(),
            make: Box::new(make),
            fate: Fate::Sent(PLAIN.to_owned()),
        });
    }
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
        "300 Choices",
    ] {
        let make = move |canary: &str| {
            with(
                &format!("{status}\r\nLocation: http://10.0.0.5/{canary}"),
                canary,
            )
        };
        all.push(made("F08", status, 502, "unexpected-status", make));
    }
    for status in [
        "205 Reset",
        "206 Partial",
        "304 Not Modified",
        "999 Odd",
        "600 Odd",
    ] {
        let make = move |canary: &str| {
            with(
                &format!("{status}\r\nContent-Type: application/json\r\nETag: \"{canary}\""),
                secret(canary),
            )
        };
        all.push(made("J05", status, 502, "unexpected-status", make));
    }
    for (status, code, reason) in [
        ("400 Bad", 400, "upstream-status"),
        ("403 No", 403, "upstream-status"),
        ("404 None", 404, "no-such-record"),
        ("409 Conflict", 409, "upstream-status"),
        ("412 Precondition", 412, "upstream-status"),
        ("416 Range", 416, "upstream-status"),
        ("422 Invalid", 422, "upstream-status"),
        ("500 Error", 500, "upstream-status"),
        ("503 Busy", 503, "upstream-status"),
        ("401 Who", 502, "upstream-refused-us"),
        ("407 Proxy", 502, "upstream-refused-us"),
    ] {
        for kind in ["text/html", "application/json", "application/problem+json"] {
            let make = move |canary: &str| {
                let head = format!("{status}\r\nContent-Type: {kind}\r\nX-Error: {canary}");
                with(&head, format!(r#"{{"message":"SQL: secret='{canary}'"}}"#))
            };
            all.push(made("J01", &format!("{status} {kind}"), code, reason, make));
        }
    }
    all.extend(framed());
    all
}

/// Bodies whose end or coding is not what their head says.
fn framed() -> Vec<Case> {
    let secret = |canary: &str| format!(r#"{{"id":"1","secret":"{canary}"}}"#);
    let start = |lines: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{lines}\r\n\r\n")
    };
    let says = move |id, name: &str, reason, lines: &'static str, rest: fn(&str) -> Vec<u8>| {
        made(id, name, 502, reason, move |canary| {
            vec![raw(start(lines)), raw(rest(canary)), Part::Close]
        })
    };
    let whole: fn(&str) -> Vec<u8> =
        |canary| format!(r#"{{"id":"1","secret":"{canary}"}}"#).into_bytes();
    let in_chunks: fn(&str) -> Vec<u8> = |canary| {
        let body = format!(r#"{{"id":"1","secret":"{canary}"}}"#);
        [chunk(body.as_bytes()), b"0\r\n\r\n".to_vec()].concat()
    };
    let mut all = vec![
        says(
            "E14",
            "a length and chunks",
            "unreadable-body",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            in_chunks,
        ),
        says(
            "E14",
            "two lengths",
            "unreadable-body",
            "Content-Length: 31\r\nContent-Length: 31",
            whole,
        ),
        says(
            "E14",
            "too long",
            "unreadable-body",
            "Content-Length: 9999",
            whole,
        ),
        says(
            "E14",
            "no end",
            "unreadable-body",
            "Connection: close",
            whole,
        ),
        says(
            "E14",
            "gzip, chunked",
            "unreadable-body",
            "Transfer-Encoding: gzip, chunked",
            in_chunks,
        ),
        says(
            "E14",
            "gzip to the end",
            "unreadable-body",
            "Transfer-Encoding: gzip",
            whole,
        ),
        says(
            "E14",
            "chunked twice",
            "unreadable-body",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            in_chunks,
        ),
        says(
            "E14",
            "no last chunk",
            "unreadable-body",
            "Transfer-Encoding: chunked",
            |canary| chunk(format!(r#"{{"secret":"{canary}"}}"#).as_bytes()),
        ),
        says(
            "E14",
            "no chunk",
            "unreadable-body",
            "Transfer-Encoding: chunked",
            whole,
        ),
    ];
    all.extend([
        made("E13", "101", 502, "unexpected-status", move |canary| {
            vec![raw(format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n{canary}")), Part::Close]
        }),
        made("E13", "102 first", 502, "unexpected-status", move |canary| {
            vec![raw(format!("HTTP/1.1 102 Processing\r\nX: {canary}\r\n\r\n")), raw(start("Content-Length: 2")), raw("{}")]
        }),
        made("C11", "two gzip members", 502, "unreadable-body", move |canary| {
            encoded("gzip", &[gzip(br#"{"id":"1"}"#), gzip(format!(r#",{{"secret":"{canary}"}}"#).as_bytes())].concat())
        }),
        made("C11", "gzip and more", 502, "unreadable-body", move |canary| encoded("gzip", &[&gzip(PLAIN.as_bytes()), canary.as_bytes()].concat())),
        made("C09", "gzip unsaid", 502, "unreadable-body", move |canary| json(gzip(secret(canary).as_bytes()))),
        made("C09", "gzip as identity", 502, "unreadable-body", move |canary| encoded("identity", &gzip(secret(canary).as_bytes()))),
        made("C13", "a range unasked", 502, "unexpected-status", move |canary| {
            ok("Content-Type: application/json\r\nContent-Range: bytes 9-30/99", format!("\"{canary}\""))
        }),
        made("C02", "two types", 502, "unexpected-media-type", move |canary| {
            ok("Content-Type: application/json\r\nContent-Type: application/json", secret(canary))
        }),
        made("E14", "not HTTP", 502, "unreadable-body", |canary| vec![raw(format!("{canary}\r\n\r\n")), Part::Close]),
        made("E14", "HTTP/1.0 in chunks", 502, "unreadable-body", move |canary| {
            vec![raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"), raw(in_chunks(canary)), Part::Close]
        }),
    ]);
    let fine = |id, name: &str, make: Make| Case {
        id,
        name: name.to_owned(),
        make,
        fate: Fate::Sent(r#"{"id":"1"}"#.to_owned()),
    };
    all.extend([
        fine("E15", "trailers", Box::new(move |canary| {
            let mut parts = json_chunks(&[secret(canary).as_bytes()]);
            parts.push(raw(format!("0\r\nX-Secret: {canary}\r\ngrpc-message: {canary}\r\n\r\n")));
            parts
        })),
        fine("E13", "100 and 103 first", Box::new(move |canary| {
            let hints = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x?{canary}>\r\n\r\n");
            [vec![raw(hints)], json(secret(canary))].into_iter().flatten().collect()
        })),
        fine("E05", "chunks with extensions", Box::new(move |canary| {
            let body = secret(canary);
            let chunked = format!("{:x};x=\"{canary}\"\r\n{body}\r\n0;y={canary}\r\n\r\n", body.len());
            [json_chunks(&[]), vec![raw(chunked)]].into_iter().flatten().collect()
        })),
        fine("C08", "gzip", Box::new(move |canary| encoded("gzip", &gzip(secret(canary).as_bytes())))),
        fine("E10", "a second answer", Box::new(move |canary| {
            let more = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{canary}", canary.len());
            json(r#"{"id":"1"}"#).into_iter().chain([raw(more), Part::Close]).collect()
        })),
    ]);
    all
}

fn cases() -> Vec<Case> {
    texts().into_iter().chain(shapes()).chain(heads()).collect()
}

/// As it is, backwards, in hexadecimal digits and in base64.
pub(super) fn holds_a_canary(text: &str) -> bool {
    [
        "CANARY",
        "YRANAC",
        "43414e415259",
        "43414E415259",
        "Q0FOQVJZ",
    ]
    .iter()
    .any(|form| text.contains(form))
}

/// One connection of each version, for as many answers as it lasts.
struct Client<'a> {
    rig: &'a Rig,
    one: Http1,
    two: Http2,
}

impl<'a> Client<'a> {
    async fn new(rig: &'a Rig) -> Client<'a> {
        let teller = rig.door.teller();
        Client {
            rig,
            one: Http1::connect(&rig.door, &teller).await,
            two: Http2::connect(&rig.door, &teller).await,
        }
    }

    /// The answer of a try in which nobody was held up for 20 ms, after which an answer commits early; on a busy machine
    /// one of several is enough; where none was, the last. Whatever comes shows no canary.
    async fn undisturbed(&mut self, number: usize, what: &str) -> Answer {
        let mut tries = 20;
        loop {
            tries -= 1;
            let answer = match number % 2 {
                0 => self.one.ask("GET", RECORD, &[]).await,
                _ => self.two.ask("GET", RECORD, &[]).await,
            };
            let text = format!("{answer:?} {}", String::from_utf8_lossy(&answer.body));
            assert!(!holds_a_canary(&text), "{what}: {text}");
            if answer.end != End::Complete {
                self.one = Http1::connect(&self.rig.door, &self.rig.door.teller()).await;
            }
            if is_whole(&answer) || (tries == 0 && answer.end == End::Complete) {
                return answer;
            }
            assert!(tries > 0, "{what}: no answer came to its end");
        }
    }
}

fn is_whole(answer: &Answer) -> bool {
    answer.header("content-length").is_some()
}

/// What an answer says, however it was framed; a validator has one that was judged whole, as a length.
fn unframed(answer: &mut Answer) {
    let framing = ["content-length", "transfer-encoding", "etag"];
    answer
        .headers
        .retain(|(name, _)| !framing.contains(&name.as_str()));
    answer.frames.clear();
}

/// What the caller gets for both canaries, which is the same.
async fn twins(
    client: &mut Client<'_>,
    now: &Mutex<Option<(usize, &'static str)>>,
    number: usize,
    case: &Case,
) -> Answer {
    let what = format!("{} {}", case.id, case.name);
    let mut seen: Option<Answer> = None;
    for canary in CANARIES {
        *now.lock().unwrap() = Some((number, canary));
        let mut answer = client.undisturbed(number, &what).await.comparable();
        if let Some(before) = &mut seen {
            if !(is_whole(before) && is_whole(&answer)) {
                // The clock has committed one of them, and says nothing of the caller.
                unframed(before);
                unframed(&mut answer);
            }
            assert_eq!(&answer, before, "{what}");
        }
        seen = Some(answer);
    }
    seen.unwrap()
}

/// What tells an answer from others.
fn said(parts: Vec<Part>) -> String {
    let part = |part: Part| match part {
        Part::Bytes(bytes) => format!("{bytes:?}"),
        Part::Made(made) => format!("{:?}", made.take(4).collect::<Vec<_>>()),
        Part::Wait(_) => String::from("wait"),
        Part::Close => String::from("close"),
        Part::Reset => String::from("reset"),
    };
    parts.into_iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_b_c_d_e_f_j_no_answer_shows_what_is_hidden_or_what_it_was() {
    let cases = Arc::new(cases());
    let distinct: BTreeSet<_> = (cases.iter())
        .map(|case| said((case.make)(CANARIES[0])))
        .collect();
    assert_eq!(distinct.len(), cases.len());
    println!("on the wire: {} distinct hostile answers", cases.len());
    assert!(cases.len() >= 100, "{}", cases.len());
    let now: Arc<Mutex<Option<(usize, &'static str)>>> = Arc::default();
    let script = {
        let (cases, now) = (Arc::clone(&cases), Arc::clone(&now));
        move || {
            let (number, canary) = now.lock().unwrap().unwrap();
            (cases[number].make)(canary)
        }
    };
    let upstream = Upstream::start(move |_| script()).await;
    let rig = Setup::new(upstream.address()).rules(RULES).start().await;
    let mut client = Client::new(&rig).await;
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let what = format!("{} {}", case.id, case.name);
        let answer = twins(&mut client, &now, number, case).await;
        let was = match answer.status {
            200 => Fate::Sent(answer.text().to_owned()),
            status => {
                // Type, length, `cache-control`, `vary`.
                assert_eq!(answer.headers.len(), 4, "{what}: {answer:?}");
                let problem = answer.json();
                let reason = problem["reason"].as_str().unwrap();
                let known = Reason::ALL.iter().find(|one| one.code() == reason);
                Fate::Refused(status, known.unwrap().code())
            }
        };
        if was != case.fate {
            wrong.push(format!("{what}: {was:?}, not {:?}", case.fate));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let metrics = rig.metrics().await;
    assert!(!holds_a_canary(&metrics));
    drop(client);
    let log = rig.finish().await;
    assert!(!holds_a_canary(log.everything()));
    assert_eq!(
        log.intended().len(),
        upstream.count(),
        "nothing was asked twice"
    );
}
