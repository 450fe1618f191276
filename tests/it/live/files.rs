//! Files that pass unread: for whom, as what, and what is written down of them.

use super::blocks;
use super::rig::door::BOTH;
use super::rig::upstream::{chunk, gzip, ok, with};
use super::rig::{
    Caller, Door, End, Gate, Http1, Http2, Part, Setup, Upstream, Version, patiently, raw,
};

const RULES: &str = include_str!("rig/files.yaml");

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

/// Bytes that are neither JSON nor UTF-8.
fn scan(length: usize) -> Vec<u8> {
    let bytes = (0_u32..).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
    b"%PDF-1.7\n\xff\0"
        .iter()
        .copied()
        .chain(bytes)
        .take(length)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_passes_whole_under_a_plain_name_and_stands_in_the_log() {
    for length in [0, 700, 300_000] {
        let body = scan(length);
        let sent = body.clone();
        let upstream = Upstream::start(move |_| {
            let head = "Content-Type: Application/PDF; name=\"CANARY\"\r\nContent-Disposition: inline; filename=\"CANARY.pdf\"\r\nETag: \"CANARY\"\r\nSet-Cookie: CANARY=1";
            ok(head, &sent)
        })
        .await;
        let rig = setup(&upstream).start().await;
        let mut ids = Vec::new();
        for version in BOTH {
            let teller = rig.door.teller();
            let answer = rig.undisturbed(version, &teller, "/letters/1001").await;
            assert_eq!((answer.status, &answer.end), (200, &End::Complete));
            assert!(answer.body == body, "{length} bytes");
            for (name, value) in [
                ("content-type", "application/pdf"),
                ("content-disposition", "attachment"),
                ("x-content-type-options", "nosniff"),
                ("cache-control", "private, no-store"),
            ] {
                assert_eq!(answer.header(name), Some(value));
            }
            assert!(!format!("{:?}", answer.headers).contains("CANARY"));
            ids.push(answer.id().to_owned());
            let head = rig
                .door
                .ask(version, &teller, "HEAD", "/letters/1001", &[])
                .await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.header("content-type"), Some("application/pdf"));
        }
        let asked = upstream.last();
        let accept = asked.lines().find_map(|line| line.strip_prefix("accept: "));
        assert_eq!(
            accept,
            Some("application/json, application/*+json, application/pdf;q=0.1, text/csv;q=0.1")
        );
        let log = rig.finish().await;
        for id in ids {
            let outcome = log.outcome(&id);
            assert_eq!(outcome["file"]["media"], "application/pdf");
            assert_eq!(outcome["file"]["rule"], "rig.yaml:19");
            assert_eq!(outcome["bytes"], length);
            assert_eq!(outcome["records"], 0);
            let persons = outcome["persons"].as_array().unwrap();
            assert_eq!(persons.len(), 1, "the path says whose it is");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c02_c05_c07_what_no_rule_names_for_the_caller_is_refused() {
    type Who = fn(&Door) -> Caller;
    let (teller, manager, customer): (Who, Who, Who) =
        (Door::teller, Door::manager, Door::customer);
    let (pdf, other) = ("application/pdf", "unexpected-media-type");
    for (who, target, status, media, reason) in [
        (manager, "/letters/1001", "200 OK", pdf, other),
        (customer, "/letters/1001", "200 OK", pdf, other),
        (teller, "/letters/feed", "200 OK", pdf, other),
        // It has ended.
        (teller, "/letters/1001", "200 OK", "image/png", other),
        (manager, "/letters/1001", "200 OK", "image/png", other),
        (teller, "/letters/1001", "200 OK", "text/html", other),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/octet-stream",
            other,
        ),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/x-ndjson",
            other,
        ),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/pdf+json",
            "unreadable-body",
        ),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "multipart/mixed; boundary=x",
            other,
        ),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/pdf, text/html",
            other,
        ),
        (teller, "/letters/1001", "200 OK", "application/*", other),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/pdf\r\nContent-Type: application/pdf",
            other,
        ),
        (
            teller,
            "/letters/1001",
            "200 OK",
            "application/pdf; charset=\"a b\"",
            other,
        ),
        (teller, "/letters/1001", "201 Created", pdf, other),
        (teller, "/letters/1001", "203 Other", pdf, other),
        (
            teller,
            "/letters/1001",
            "206 Partial Content",
            pdf,
            "unexpected-status",
        ),
        (
            teller,
            "/letters/1001",
            "200 OK\r\nContent-Range: bytes 0-3/9",
            pdf,
            "unexpected-status",
        ),
        (
            teller,
            "/letters/1001",
            "200 OK\r\nContent-Encoding: compress",
            pdf,
            "unexpected-encoding",
        ),
        (teller, "/letters/1001", "500 Oh", pdf, "upstream-status"),
        (
            teller,
            "/letters/1001",
            "404 Not Found",
            pdf,
            "no-such-record",
        ),
    ] {
        let head = format!("{status}\r\nContent-Type: {media}");
        let upstream = Upstream::start(move |_| with(&head, "%PDF CANARY")).await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &who(&rig.door), target).await;
            assert_eq!(answer.reason(), reason, "{target} {status} {media}");
        }
        let log = rig.finish().await;
        for outcome in log.of_kind("outcome") {
            assert!(outcome.get("file").is_none(), "{outcome}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_json_is_governed_all_the_same_and_only_a_search_by_get_brings_a_file() {
    let upstream = Upstream::start(|asked| match (asked.method(), asked.target()) {
        ("GET", "/letters/1001") => ok(
            "Content-Type: application/json",
            "{\"id\":\"1001\",\"secret\":\"CANARY\"}",
        ),
        _ => ok("Content-Type: text/csv; charset=GBK", b"\xc0\xee,1\n"),
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.teller(), "/letters/1001").await;
        assert_eq!(answer.text(), "{\"id\":\"1001\"}");
        assert_eq!(answer.header("content-disposition"), None);
        let answer = rig.get(version, &rig.door.teller(), "/letters").await;
        assert_eq!(answer.body, b"\xc0\xee,1\n");
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=gbk"));
    }
    let client = Http2::connect(&rig.door, &rig.door.teller()).await;
    let headers = [("content-type", "application/json")];
    let search = b"{\"id\":\"1\"}";
    let answer = client
        .ask_sending("POST", "/letters/search", &headers, search)
        .await;
    assert_eq!(answer.reason(), "unexpected-media-type");
    drop(client);
    let log = rig.finish().await;
    let unknown = log
        .of_kind("outcome")
        .filter(|one| one["persons_unknown"] == 1);
    assert_eq!(unknown.count(), 2, "nobody knows whose a list is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_never_looks_whole() {
    let body = scan(200_000);
    for (sent, length) in [(500, 700), (150_000, 200_000)] {
        let part = body[..sent].to_vec();
        let upstream = Upstream::start(move |_| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {length}\r\n\r\n"
            );
            vec![raw(head), raw(&part), Part::Close]
        })
        .await;
        let rig = setup(&upstream).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/letters/1001").await;
            match sent {
                500 => assert_eq!(answer.status, 502),
                _ => {
                    assert!(matches!(answer.end, End::Cut(_)), "{version:?}");
                    assert!(body.starts_with(&answer.body));
                }
            }
        }
        rig.finish().await;
    }
    // Compressed, and cut there.
    let mut zipped = gzip(&body);
    zipped.truncate(zipped.len() - 4);
    let upstream = Upstream::start(move |_| {
        ok(
            "Content-Type: application/pdf\r\nContent-Encoding: gzip",
            &zipped,
        )
    })
    .await;
    let rig = setup(&upstream).start().await;
    for version in BOTH {
        let answer = rig.get(version, &rig.door.teller(), "/letters/1001").await;
        assert!(matches!(answer.end, End::Cut(_)), "{version:?}");
    }
    rig.finish().await;
}

/// Whose a list is nobody reads.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_person_is_blocked_a_file_passes_only_where_the_path_names_another() {
    let upstream = Upstream::start(|_| ok("Content-Type: application/pdf", "%PDF")).await;
    let rig = setup(&upstream)
        .settings("blocks: { file: state/blocks.json }")
        .start()
        .await;
    let teller = rig.door.teller();
    let answer = rig.get(Version::Http1, &teller, "/letters").await;
    assert_eq!(answer.status, 200);
    let arguments = ["person", "1001", "--reason", "erased by order"];
    let dir = rig.dir().to_owned();
    let done = tokio::task::spawn_blocking(move || blocks::block(&dir, &arguments));
    assert!(done.await.unwrap().status.success());
    patiently("the proxy to follow", async {
        loop {
            let answer = rig.get(Version::Http1, &teller, "/letters/1001").await;
            if answer.status == 404 {
                return;
            }
        }
    })
    .await;
    for version in BOTH {
        let answer = rig.get(version, &teller, "/letters/1001").await;
        assert_eq!(answer.reason(), "no-such-record");
        let answer = rig.get(version, &teller, "/letters").await;
        assert_eq!(answer.reason(), "unexpected-media-type");
        let answer = rig.get(version, &teller, "/letters/1002").await;
        assert_eq!((answer.status, answer.text()), (200, "%PDF"));
    }
    rig.finish().await;
}

/// It is read as the caller takes it, in frames of our own.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_leaves_as_it_comes() {
    let gate = Gate::closed();
    let script = gate.clone();
    let body = scan(200_000);
    let (one, two) = (body[..100_000].to_vec(), body[100_000..].to_vec());
    let upstream = Upstream::start(move |_| {
        vec![
            raw("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n"),
            raw(chunk(&one)),
            Part::Wait(script.clone()),
            raw(chunk(&two)),
            raw("0\r\n\r\n"),
        ]
    })
    .await;
    let rig = setup(&upstream).start().await;
    let mut client = Http1::connect(&rig.door, &rig.door.teller()).await;
    client.send("GET", "/letters/1001", &[]).await;
    assert_eq!(client.head().await.status, 200);
    let mut came = 0;
    while came < 64 << 10 {
        came += client.some().await.len();
    }
    gate.open();
    while came < 200_000 {
        came += client.some().await.len();
    }
    drop(client);
    rig.finish().await;
}

/// What the settings let through is the upstream's, but never a page of its own.
#[tokio::test(flavor = "multi_thread")]
async fn c07_a_file_name_leaves_only_where_settings_say_so_and_it_stays_an_attachment() {
    for (disposition, leaves) in [
        (
            "attachment; filename=\"letter.pdf\"",
            "attachment; filename=\"letter.pdf\"",
        ),
        ("Attachment", "Attachment"),
        ("inline; filename=\"letter.pdf\"", "attachment"),
        ("attachmentx; filename=x", "attachment"),
        ("inline\r\nContent-Disposition: attachment", "attachment"),
        ("attachment\r\nContent-Disposition: inline", "attachment"),
    ] {
        let head = format!("Content-Type: application/pdf\r\nContent-Disposition: {disposition}");
        let upstream = Upstream::start(move |_| ok(&head, "%PDF")).await;
        let listed = "headers: { response: [content-disposition] }";
        let rig = setup(&upstream).upstream(listed).start().await;
        for version in BOTH {
            let answer = rig.get(version, &rig.door.teller(), "/letters/1001").await;
            assert_eq!(
                answer.header("content-disposition"),
                Some(leaves),
                "{disposition}"
            );
        }
        rig.finish().await;
    }
}
