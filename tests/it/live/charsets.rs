//! Upstreams that write GBK or GB 18030: what they write is read as that, before anybody looks for a quote.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoding_rs::{GB18030, GBK};

use super::rig::door::BOTH;
use super::rig::upstream::{chunk, encoded, gzip, ok, with};
use super::rig::{COMMIT, Gate, Http1, Log, Part, Setup, Upstream, raw};

const RULES: &str = include_str!("rig/charsets.yaml");

/// Of each character here the second byte is that of a backslash in GBK.
const TRICKY: &str = "乗俓誠";

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

/// The head of an answer in chunks.
fn head(media: &str) -> Part {
    raw(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ))
}

fn gbk(text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = GBK.encode(text);
    assert!(!lossy, "{text}");
    bytes.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_what_an_upstream_writes_in_gbk_leaves_governed_in_utf_8() {
    let record = format!("{{\"编号\":\"{TRICKY}\",\"密码\":\"CANARY\",\"姓名\":\"李\"}}");
    let expected = format!("{{\"编号\":\"{TRICKY}\",\"姓名\":\"李\"}}");
    let sent = gbk(&record);
    let upstream = Upstream::start(move |asked| {
        let lines = [&sent[..], b"\n"].concat().repeat(2);
        match asked.target() {
            // Byte by byte, so that every character is cut.
            "/old" => {
                let bytes = sent.iter().map(|byte| raw(chunk(&[*byte])));
                let mut all = vec![head("application/json;charset=GB2312")];
                all.extend(bytes);
                all.push(raw("0\r\n\r\n"));
                all
            }
            "/old/named/x" => encoded("gzip", &gzip(&sent)),
            _ => ok("Content-Type: application/x-ndjson", lines),
        }
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let teller = rig.door.teller();
        let answer = rig.get(version, &teller, "/old").await;
        assert_eq!(answer.text(), expected);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let length = expected.len().to_string();
        assert_eq!(answer.header("content-length"), Some(&*length));
        let answer = rig.get(version, &teller, "/old/lines").await;
        assert_eq!(answer.text(), format!("{expected}\n").repeat(2));
        let answer = rig.get(version, &teller, "/old/named/x").await;
        assert_eq!(answer.text(), expected);
        let answer = rig.get(version, &rig.door.manager(), "/old").await;
        assert_eq!(
            answer.text(),
            "{\"编号\":\"***\",\"密码\":\"***\",\"姓名\":\"***\"}"
        );
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_four_bytes_are_one_character_and_their_digits_are_none() {
    let (record, ..) = GB18030.encode("{\"编号\":\"𠀀ñ\",\"密码\":\"𠀀\"}");
    assert!(
        record
            .windows(2)
            .any(|two| two[0] >= 0x81 && two[1] == b'0')
    );
    let sent = record.into_owned();
    let upstream = Upstream::start(move |_| {
        let head = "Content-Type: application/json; charset=gb18030";
        ok(head, &sent)
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.teller(), "/young").await;
        assert_eq!(answer.text(), "{\"编号\":\"𠀀ñ\"}");
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_another_charset_than_the_declared_one_and_bytes_of_none_are_refused() {
    let json = "application/json";
    for (media, body, reason) in [
        (
            "application/json;charset=utf-8",
            &b"{}"[..],
            "unexpected-media-type",
        ),
        (
            "application/json;charset=gb18030",
            b"{}",
            "unexpected-media-type",
        ),
        (
            "application/json;charset=big5",
            b"{}",
            "unexpected-media-type",
        ),
        (
            "application/json;charset=gbk;charset=gbk",
            b"{}",
            "unexpected-media-type",
        ),
        (
            "application/json;charset=gbk;charset=utf-8",
            b"{}",
            "unexpected-media-type",
        ),
        (json, b"{\"\xff\":1}", "unreadable-body"),
        (json, b"{\"x\":\"\xb0\"}", "unreadable-body"),
        // What would be a quote to whoever reads no GBK.
        (
            json,
            b"{\"x\":\"\x81\x5c\",\"y\":\"\\\"}",
            "unreadable-body",
        ),
        // Cut within a character, by the end of what is said to be its length.
        (json, b"{}\x81", "unreadable-body"),
        (json, b"{}\x81\x30\x81", "unreadable-body"),
        // The mark of UTF-8, of GB 18030 and of UTF-16.
        (json, b"\xef\xbb\xbf{}", "unreadable-body"),
        (json, b"\x84\x31\x95\x33{}", "unreadable-body"),
        (json, b"\xff\xfe{\0}\0", "unreadable-body"),
        // A blank of GBK is none of JSON, and what looks like a bracket is no bracket.
        (json, b"{\xa1\xa1}", "unreadable-body"),
        (json, b"\xa3\xfb\xa3\xfd", "unreadable-body"),
    ] {
        let upstream = Upstream::start(move |_| ok(&format!("Content-Type: {media}"), body)).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/old").await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (502, reason),
                "{media} {body:x?}"
            );
        }
        rig.finish().await;
    }
}

/// It may read a target as GBK, and then something else than was judged.
#[tokio::test(flavor = "multi_thread")]
async fn a11_a_target_beyond_ascii_never_reaches_an_upstream_of_another_charset() {
    let upstream = Upstream::start(|_| ok("Content-Type: application/json", "{}")).await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        for (target, reason) in [
            ("/old?q=%E6%9D%8E", "unlisted-parameter"),
            ("/old?by=%E5%A7%93%E5%90%8D", "unlisted-parameter"),
            ("/old?%E5%A7%93=1", "unlisted-parameter"),
            ("/old/named/%E6%9D%8E", "unlisted-parameter"),
            // GBK, which no target is written in.
            ("/old?q=%C0%EE", "bad-query"),
            ("/old/named/%C0%EE", "not-canonical"),
        ] {
            let answer = rig.get(version, &rig.door.teller(), target).await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (400, reason),
                "{target}"
            );
        }
        assert_eq!(upstream.count(), 0);
    }
    for target in ["/old?q=li%22%5C", "/old?by=name", "/old/named/li%20x"] {
        let answer = rig.get(BOTH[0], &rig.door.teller(), target).await;
        assert_eq!(answer.status, 200, "{target}");
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_what_is_let_out_of_an_error_is_read_in_the_declared_charset_too() {
    for (body, message) in [
        (
            gbk("{\"消息\":\"乗\",\"密码\":\"CANARY\"}"),
            Some("{\"消息\":\"乗\"}"),
        ),
        (b"{\"\xcf\xfb\xcf\xa2\":\"\xff\"}".to_vec(), None),
        ("{\"消息\":\"乗\"}".as_bytes().to_vec(), None),
    ] {
        let upstream = Upstream::start(move |_| {
            let head = "400 Bad Request\r\nContent-Type: application/json; charset=GBK";
            with(head, &body)
        })
        .await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/old").await;
            assert_eq!(answer.status, 400);
            match message {
                Some(message) => {
                    assert_eq!(answer.text(), message);
                    assert_eq!(answer.header("content-type"), Some("application/json"));
                }
                None => assert_eq!(answer.reason(), "upstream-status"),
            }
        }
        rig.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_another_persons_record_in_gbk_is_held_back_and_looks_like_none() {
    let which = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&which);
    let upstream = Upstream::start(move |_| match asked.load(Ordering::SeqCst) {
        0 => ok(
            "Content-Type: application/json",
            gbk("{\"姓名\":\"乗\",\"编号\":\"1002\"}"),
        ),
        1 => with("404 Not Found", ""),
        _ => ok(
            "Content-Type: application/json",
            gbk("{\"姓名\":\"乗\",\"编号\":\"1001\"}"),
        ),
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let mut answers = Vec::new();
        for one in 0..3 {
            which.store(one, Ordering::SeqCst);
            answers.push(
                rig.get(version, &rig.door.customer(), "/old/own/1001")
                    .await,
            );
        }
        assert_eq!(answers[0].reason(), "no-such-record");
        assert_eq!(answers[0].comparable(), answers[1].comparable());
        assert_eq!(answers[2].text(), "{\"姓名\":\"乗\",\"编号\":\"1001\"}");
    }
    rig.finish().await;
}

/// Of one length or another, of two bytes for each character or four: who does not see it cannot tell.
#[tokio::test(flavor = "multi_thread")]
async fn hidden_values_in_another_charset_leave_no_trace() {
    let which = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&which);
    let upstream = Upstream::start(move |_| {
        let hidden = [
            String::from("x"),
            TRICKY.repeat(3000),
            "𠀀ñ\\\"".repeat(2000),
            String::from("\\u4e57"),
        ];
        let hidden = &hidden[asked.load(Ordering::SeqCst)];
        let record = format!("{{\"编号\":\"{TRICKY}\",\"密码\":\"{hidden}\",\"姓名\":\"李\"}}");
        ok("Content-Type: application/json", GB18030.encode(&record).0)
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let mut answers = Vec::new();
        for one in 0..4 {
            which.store(one, Ordering::SeqCst);
            let answer = rig.undisturbed(version, &rig.door.teller(), "/young").await;
            assert_eq!(answer.status, 200);
            answers.push(answer.comparable());
        }
        for other in &answers[1..] {
            assert_eq!(&answers[0], other, "{version:?}");
        }
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_what_leaves_in_the_upstreams_charset_is_its_own_bytes() {
    let whole = gbk(&format!(
        "{{ \"编号\" : \"{TRICKY}\\\\\\u20ac\",\"密码\":\"CANARY\",\"姓名\":\"乗诚\"}}"
    ));
    let shown = gbk(&format!(
        "{{ \"编号\" : \"{TRICKY}\\\\\\u20ac\",\"姓名\":\"乗诚\"}}"
    ));
    let masked = gbk(&format!(
        "{{ \"编号\" : \"{TRICKY}\\\\\\u20ac\",\"姓名\":\"乗*\"}}"
    ));
    let upstream = Upstream::start(move |asked| {
        let bytes = whole.iter().map(|byte| raw(chunk(&[*byte])));
        let media = match asked.target() {
            "/same" => "application/vnd.old+json; v=2",
            _ => "application/jsonl",
        };
        let mut all = vec![head(media)];
        all.extend(bytes);
        all.extend([raw(chunk(b"\n")), raw("0\r\n\r\n")]);
        all
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        for (caller, expected) in [(rig.door.teller(), &shown), (rig.door.manager(), &masked)] {
            let line = [&expected[..], b"\n"].concat();
            let answer = rig.get(version, &caller, "/same").await;
            assert_eq!(answer.body, line);
            let media = answer.header("content-type");
            assert_eq!(media, Some("application/json; charset=gbk"));
            let length = line.len().to_string();
            assert_eq!(answer.header("content-length"), Some(&*length));
            let answer = rig.get(version, &caller, "/same/lines").await;
            assert_eq!(answer.body, line);
            let media = answer.header("content-type");
            assert_eq!(media, Some("application/x-ndjson; charset=gbk"));
        }
        // Ours are in UTF-8 all the same.
        let answer = rig.get(version, &rig.door.teller(), "/same?q=1").await;
        assert_eq!(answer.reason(), "unlisted-parameter");
    }
    rig.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_what_would_come_back_as_other_bytes_is_refused_and_so_is_what_is_none() {
    for body in [
        // The euro in its second place, another ideographic blank, four bytes; hidden or not.
        &b"{\"\xb1\xe0\xba\xc5\":\"\xa2\xe3\"}"[..],
        b"{\"x\":\"\xa3\xa0\"}",
        b"{\"x\":\"\x81\x30\x81\x30\"}",
        b"{\"x\":\"\xff\"}",
        b"{}\x81",
    ] {
        let upstream = Upstream::start(move |_| ok("Content-Type: application/json", body)).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/same").await;
            assert_eq!((answer.status, &*answer.reason()), (502, "unreadable-body"));
        }
        rig.finish().await;
    }
}

/// The data of chunks.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(at) = memchr::memmem::find(chunks, b"\r\n") {
        let length = std::str::from_utf8(&chunks[..at]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let data = &chunks[at + 2..];
        all.extend_from_slice(&data[..length]);
        chunks = &data[length + 2..];
    }
    all
}

/// In GBK a record is shorter than in UTF-8, so whoever counted the latter would record persons too late.
#[tokio::test(flavor = "multi_thread")]
async fn persons_are_recorded_before_their_records_leave_in_another_charset() {
    let record = |id: usize| {
        let name = "乗".repeat(200);
        format!("{{\"编号\":\"{id}\",\"姓名\":\"{name}\",\"密码\":\"CANARY\"}}")
    };
    let records: Vec<String> = (0..400).map(record).collect();
    let list = format!("[{}]", records.join(","));
    let expected = gbk(&list.replace(",\"密码\":\"CANARY\"", ""));
    let sent = gbk(&list);
    let gate = Gate::closed();
    let script = gate.clone();
    let upstream = Upstream::start(move |_| {
        let (most, last) = sent.split_at(sent.len() - 100);
        vec![
            head("application/json"),
            raw(chunk(most)),
            Part::Wait(script.clone()),
            raw(chunk(last)),
            raw("0\r\n\r\n"),
        ]
    })
    .await;
    let rig = setup(&upstream).start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/same/list", &[]).await;
    let id = client.head().await.id().to_owned();
    let mut came = Vec::new();
    while came.len() < COMMIT {
        let more = client.some().await;
        came.extend(more);
        let whole = memchr::memmem::find_iter(&came, b"},{").count();
        let known = Log::read(&rig.audit()).persons(&id).len();
        assert!(known >= whole, "{known} of {whole}");
    }
    gate.open();
    let mut rest = client.some().await;
    while !rest.is_empty() {
        came.extend(rest);
        rest = client.some().await;
    }
    assert!(joined(&came) == expected);
    drop(client);
    let log = rig.finish().await;
    assert_eq!(log.outcome(&id)["records"], 400);
    assert_eq!(log.persons(&id).len(), 400);
}
