//! E19 and all that only HTTP/2 can say wrongly, frame by frame.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fieldgate::model::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::super::rig::{Caller, Door, Setup, Upstream, Version, json, patiently};
use super::Fate::{Arrives, Bad, Cut, Refused};
use super::answers::{CANARIES, holds_a_canary};
use super::{Attack, FORGED, Fate, RECORD, RULES};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A field as HPACK writes one that no table holds.
pub fn field(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    [vec![0x10], text(name.as_ref()), text(value.as_ref())].concat()
}

fn text(text: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    let mut left = text.len();
    if left < 127 {
        coded.push(u8::try_from(left).unwrap());
    } else {
        coded.push(127);
        left -= 127;
        while left >= 128 {
            coded.push(u8::try_from(left % 128).unwrap() | 0x80);
            left /= 128;
        }
        coded.push(u8::try_from(left).unwrap());
    }
    coded.extend_from_slice(text);
    coded
}

/// The fields of a good request, those in `other` in their place or, without a value, left out; new ones come last.
pub fn block(token: &str, other: &[(&str, &str)]) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let good = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", RECORD),
        ("authorization", bearer.as_str()),
    ];
    let mut coded = Vec::new();
    for (name, value) in good {
        match other.iter().find(|(replaced, _)| *replaced == name) {
            Some((_, "")) => {}
            Some((_, instead)) => coded.extend(field(name, instead)),
            None => coded.extend(field(name, value)),
        }
    }
    for (name, value) in other {
        if !good.iter().any(|(known, _)| known == name) {
            coded.extend(field(name, value));
        }
    }
    coded
}

/// A request on stream 1 without a body.
pub fn request(token: &str, other: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(token, other))
}

/// What came of stream 1.
#[derive(Debug, PartialEq, Eq)]
pub enum Came {
    Body(String),
    Reset(u32),
    /// The connection's end, with GOAWAY's code if there was one.
    End(Option<u32>),
}

/// One connection, both its directions by hand.
pub struct Frames {
    pub stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Frames {
    pub async fn connect(door: &Door) -> Frames {
        let stream = door.connect(&Caller::default(), b"h2", None).await.unwrap();
        let mut frames = Frames {
            stream,
            buffer: Vec::new(),
        };
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        assert!(
            frames
                .write(&[&preface[..], &frame(SETTINGS, 0, 0, &[])].concat())
                .await
        );
        frames
    }

    /// Whether it could still be written.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        patiently("room to write", written).await.is_ok()
    }

    /// The next frame: its kind, flags, stream and payload.
    pub async fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let frame = patiently("a frame or the end", async {
            loop {
                if let [a, b, c, kind, flags, d, e, f, g, ..] = self.buffer[..] {
                    let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
                    if self.buffer.len() >= 9 + length {
                        let stream = u32::from_be_bytes([d, e, f, g]);
                        let payload = self.buffer[9..9 + length].to_vec();
                        self.buffer.drain(..9 + length);
                        return Some((kind, flags, stream, payload));
                    }
                }
                if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        });
        frame.await
    }

    /// What comes of stream 1, or of the connection if that comes first.
    pub async fn came(&mut self) -> Came {
        let (mut body, mut code) = (Vec::new(), None);
        while let Some((kind, flags, stream, payload)) = self.next().await {
            let word = |at: usize| {
                let four = payload.get(at..at + 4).unwrap();
                u32::from_be_bytes(four.try_into().unwrap())
            };
            match (kind, stream) {
                (DATA, 1) => body.extend_from_slice(&payload),
                (RST_STREAM, 1) => return Came::Reset(word(0)),
                (GOAWAY, 0) => code = Some(word(4)),
                _ => {}
            }
            if matches!(kind, DATA | HEADERS) && stream == 1 && flags & END_STREAM != 0 {
                return Came::Body(String::from_utf8(body).unwrap());
            }
        }
        Came::End(code)
    }
}

type Said = &'static [(&'static str, &'static str)];

/// What a request on stream 1 says that a good one does not.
const SAID: &[(Said, Fate)] = &[
    (&[(":method", "GE T")], Bad),
    (&[(":method", "GET\r\nX: y")], Bad),
    (&[(":method", "get")], Refused(405, "method-not-declared")),
    (
        &[(":method", "DELETE")],
        Refused(405, "method-not-declared"),
    ),
    (
        &[(":method", "OPTIONS")],
        Refused(405, "method-not-declared"),
    ),
    (
        &[(":path", "/customers/1001 HTTP/1.1\r\nx-user: forged")],
        Bad,
    ),
    (&[(":path", "/customers/1001\r\n")], Bad),
    (&[(":path", "/customers/ 1001")], Bad),
    (&[(":path", "customers/1001")], Bad),
    (&[(":path", "http://evil.example/customers/1001")], Bad),
    (&[(":path", "/customers/\0")], Bad),
    (
        &[(":path", "/customers/../x")],
        Refused(400, "not-canonical"),
    ),
    (
        &[(":path", "//evil.example/")],
        Refused(400, "not-canonical"),
    ),
    (&[(":path", "/nowhere")], Refused(404, "no-such-route")),
    (&[(":scheme", "")], Bad),
    (&[(":scheme", "ht tp")], Bad),
    (&[(":authority", "u:p@localhost")], Bad),
    (&[(":authority", "localhost:99999")], Bad),
    (&[(":authority", "local host")], Bad),
    (&[(":authority", "localhost/x")], Bad),
    (
        &[(":authority", "evil.example")],
        Refused(421, "wrong-host"),
    ),
    (
        &[(":authority", "169.254.169.254")],
        Refused(421, "wrong-host"),
    ),
    (&[(":authority", "LOCALHOST:443")], Arrives(RECORD)),
    (
        &[(":authority", ""), ("host", "localhost")],
        Arrives(RECORD),
    ),
    (&[("host", "evil.example")], Bad),
    (&[("host", "localhost"), ("x", "y")], Arrives(RECORD)),
    (&[("host", "localhost"), ("Host", "evil.example")], Bad),
    (&[(":x", "y")], Bad),
    (&[(":status", "200")], Bad),
    (&[(":protocol", "websocket"), (":method", "CONNECT")], Bad),
    (
        &[(":method", "CONNECT"), (":scheme", ""), (":path", "")],
        Refused(400, "not-canonical"),
    ),
    (&[("X-User", "forged")], Bad),
    (&[("", "forged")], Bad),
    (&[("x user", "forged")], Bad),
    (&[("x\r\nx-user", "forged")], Bad),
    (&[("x", "a\r\nx-user: forged")], Bad),
    (&[("x", "a\nb")], Bad),
    (&[("x", "a\0b")], Bad),
    (&[("x", "a\rb")], Bad),
    (&[("user-agent", " rig")], Bad),
    (&[("user-agent", "rig\t")], Bad),
    (&[("connection", "close")], Bad),
    (&[("connection", "x-request-id")], Bad),
    (&[("keep-alive", "5")], Bad),
    (&[("proxy-connection", "close")], Bad),
    (&[("transfer-encoding", "chunked")], Bad),
    (&[("transfer-encoding", "identity")], Bad),
    (&[("upgrade", "h2c")], Bad),
    (&[("te", "gzip")], Bad),
    (&[("te", "trailers")], Arrives(RECORD)),
    (&[("content-length", "5")], Bad),
    (&[("content-length", "x")], Bad),
    (&[("content-length", "0"), ("content-length", "0")], Bad),
    (&[("content-length", "0")], Arrives(RECORD)),
    (&[("expect", "junk")], Bad),
    (&[("expect", "100-continue")], Arrives(RECORD)),
    (
        &[("cookie", "a=forged"), ("cookie", "b=forged")],
        Arrives(RECORD),
    ),
    (&[("x-user", "forged")], Arrives(RECORD)),
    (&[("x_user", "forged")], Arrives(RECORD)),
    (&[("x-http-method-override", "forged")], Arrives(RECORD)),
    (&[("via", "2 gw-1")], Bad),
    (&[("authorization", "")], Refused(401, "no-credential")),
    (
        &[("authorization", "Bearer x.y.z")],
        Refused(401, "bad-credential"),
    ),
];

fn said(id: &'static str, bytes: Vec<u8>, fate: Fate) -> Attack {
    Attack { id, bytes, fate }
}

fn cases(token: &str) -> Vec<Attack> {
    let mut all: Vec<Attack> = (SAID.iter())
        .map(|(other, fate)| said("E19", request(token, other), *fate))
        .collect();
    let open = |other: &[(&str, &str)]| frame(HEADERS, END_HEADERS, 1, &block(token, other));
    let good = || request(token, &[]);
    let after = |first: Vec<u8>, then: Vec<u8>| [first, then].concat();
    let last = |block: &[u8]| frame(HEADERS, END_STREAM | END_HEADERS, 1, block);
    let twice = |name: &str, value: &str| [field(name, value), block(token, &[])].concat();
    let late = [block(token, &[(":path", "")]), field(":path", RECORD)].concat();
    let unexpected = Refused(400, "unexpected-body");
    all.extend([
        said("E19", last(&twice(":path", "/customers/7")), Bad),
        said("E19", last(&twice(":method", "GET")), Bad),
        said("E19", last(&twice(":authority", "evil.example")), Bad),
        said("E19", last(&twice(":scheme", "http")), Bad),
        said("E19", last(&late), Bad),
        said(
            "E11",
            after(open(&[]), frame(DATA, END_STREAM, 1, b"forged")),
            unexpected,
        ),
        said(
            "E11",
            after(
                open(&[("content-length", "1")]),
                frame(DATA, END_STREAM, 1, b"forged"),
            ),
            Bad,
        ),
        said(
            "E11",
            after(
                open(&[("content-length", "0")]),
                frame(DATA, END_STREAM, 1, b"forged"),
            ),
            Bad,
        ),
        said(
            "E11",
            after(open(&[]), frame(DATA, END_STREAM, 1, b"")),
            Arrives(RECORD),
        ),
        said(
            "E15",
            after(open(&[]), last(&field("x-role", "forged"))),
            Arrives(RECORD),
        ),
        said(
            "E15",
            after(open(&[]), last(&field(":path", "/customers/7"))),
            Arrives(RECORD),
        ),
        said(
            "E19",
            after(frame(0x77, 0xff, 1, b"forged"), good()),
            Arrives(RECORD),
        ),
        said(
            "E19",
            after(frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]), good()),
            Arrives(RECORD),
        ),
        said("E19", frame(DATA, 0, 0, b"forged"), Cut),
        said("E19", frame(DATA, 0, 1, b"forged"), Cut),
        said(
            "E19",
            frame(HEADERS, END_STREAM | END_HEADERS, 0, &block(token, &[])),
            Cut,
        ),
        said(
            "E19",
            frame(HEADERS, END_STREAM | END_HEADERS, 2, &block(token, &[])),
            Cut,
        ),
        said(
            "E19",
            frame(CONTINUATION, END_HEADERS, 1, &block(token, &[])),
            Cut,
        ),
        said(
            "E19",
            frame(
                PUSH_PROMISE,
                END_HEADERS,
                1,
                &[&[0, 0, 0, 2][..], &block(token, &[])].concat(),
            ),
            Cut,
        ),
        said("E19", frame(SETTINGS, 0, 0, &[0, 1, 2]), Cut),
        said("E19", frame(SETTINGS, 0, 1, &[]), Cut),
        said("E19", frame(PING, 0, 0, &[1]), Cut),
        said("E19", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 0]), Cut),
        said(
            "O05",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            Cut,
        ),
        said("E19", frame(DATA, 0, 1, &[0; 20_000]), Cut),
        said(
            "E19",
            after(
                frame(HEADERS, END_STREAM, 1, &block(token, &[])),
                frame(DATA, 0, 1, b"x"),
            ),
            Cut,
        ),
        said("E19", last(&[0x80]), Cut),
        said("E19", last(&[0xff; 64]), Cut),
        said("E19", last(&[0x3f, 0xff, 0xff, 0xff, 0x7f]), Cut),
        said("E19", last(&[0x40, 0x0a, b'a']), Cut),
        said(
            "E19",
            b"GET /customers/1001 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            Cut,
        ),
    ]);
    all
}

pub fn all() -> Vec<Attack> {
    cases("token")
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_e15_e19_o05_frames_and_fields_that_are_none_reach_nobody() {
    // Each is met twice, with two canaries where something hidden stands.
    let times = Arc::new(AtomicUsize::new(0));
    let met = Arc::clone(&times);
    let upstream = Upstream::start(move |_| {
        let canary = CANARIES[met.load(Ordering::SeqCst) % 2];
        json(format!(r#"{{"id":"1001","name":"n","secret":"{canary}"}}"#))
    })
    .await;
    let setup = Setup::new(upstream.address()).rules(RULES);
    let rig = setup.upstream("hosts: [localhost]").start().await;
    let token = rig.door.teller().token.unwrap();
    let mut answered = BTreeSet::new();
    let (mut cut, mut heard, mut wrong) = (0, 0, Vec::new());
    let twice = |attack: Attack| [attack.clone(), attack];
    for Attack { bytes, fate, .. } in cases(&token).into_iter().flat_map(twice) {
        times.fetch_add(1, Ordering::SeqCst);
        let mut frames = Frames::connect(&rig.door).await;
        let _ = frames.write(&bytes).await;
        let came = frames.came().await;
        let what = format!("{fate:?} {came:?} {:?}", String::from_utf8_lossy(&bytes));
        let was = match &came {
            Came::Body(body) if body == r#"{"id":"1001","name":"n"}"# => {
                heard += 1;
                let head = upstream.last();
                let target = head.split(' ').nth(1).unwrap();
                assert!(
                    !head.contains(FORGED) && !head.contains(&token),
                    "{what}: {head}"
                );
                let id = head.split("x-request-id: ").nth(1).unwrap();
                answered.insert(id.split("\r\n").next().unwrap().to_owned());
                assert_eq!(target, RECORD, "{what}");
                Arrives(RECORD)
            }
            Came::Body(body) => {
                let problem: serde_json::Value = serde_json::from_str(body).unwrap();
                answered.insert(problem["request_id"].as_str().unwrap().to_owned());
                let status = u16::try_from(problem["status"].as_u64().unwrap()).unwrap();
                let reason = problem["reason"].as_str().unwrap();
                match Reason::ALL.iter().find(|one| one.code() == reason).unwrap() {
                    Reason::MalformedRequest => Bad,
                    reason => Refused(status, reason.code()),
                }
            }
            Came::Reset(_) => Bad,
            Came::End(_) => Cut,
        };
        assert_eq!(upstream.count(), heard, "{what}");
        cut += usize::from(was == Cut);
        // A fault of one stream may end them all, or be met by us before the library sees it.
        let is_as_bad = fate == Bad && matches!(was, Cut | Refused(400, _));
        if was != fate && !is_as_bad {
            wrong.push(format!("{was:?}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!holds_a_canary(&rig.metrics().await));
    // Whatever the others did, a good one is served.
    let good = rig.get(Version::Http2, &rig.door.teller(), RECORD).await;
    assert_eq!(good.status, 200);
    answered.insert(good.id().to_owned());
    let log = rig.finish().await;
    assert!(!holds_a_canary(log.everything()));
    let ids = log
        .of_kind("outcome")
        .map(|one| one["id"].as_str().unwrap().to_owned());
    // A stream that the library reset under our hands has its record, and nobody knows its id.
    assert!(answered.is_subset(&ids.collect()));
    assert_eq!(log.intended().len(), upstream.count());
    let broken: Vec<_> = log.of_kind("connection").collect();
    assert!(
        broken.iter().all(|record| record["reason"] == "http2"),
        "{broken:?}"
    );
    assert_eq!(broken.len(), cut);
}
