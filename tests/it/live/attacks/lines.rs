//! E: lines and lengths that two readers could read differently.

use super::Fate::{Arrives, Bad, Refused};
use super::{Attack, RECORD, Target, attack, replace, with};

/// A request that must never be answered: it stands where somebody could take it for one.
fn smuggled() -> String {
    "GET /customers/7 HTTP/1.1\r\n$H$A\r\n".to_owned()
}

fn coding(value: &str) -> Vec<u8> {
    with(format!("Transfer-Encoding: {value}\r\n"), "0\r\n\r\n")
}

fn chunks(body: &str) -> Vec<u8> {
    with("Transfer-Encoding: chunked\r\n", body)
}

/// How long a body is, said twice, wrongly, or not as it should be.
fn lengths() -> Vec<Attack> {
    let body = smuggled();
    let mut all = vec![
        attack(
            "E01",
            with(
                "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                "0\r\n\r\nG",
            ),
            Bad,
        ),
        attack(
            "E01",
            with(
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                &format!("0\r\n\r\n{body}"),
            ),
            Bad,
        ),
        attack(
            "E02",
            with(
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                &format!("5c\r\n{body}\r\n0\r\n\r\n"),
            ),
            Bad,
        ),
        attack(
            "E03",
            with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
            Bad,
        ),
        attack(
            "E03",
            with("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            Bad,
        ),
        attack(
            "E03",
            with(" Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            Bad,
        ),
        attack(
            "E03",
            with("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
            Bad,
        ),
        attack(
            "E03",
            with(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                "0\r\n\r\n",
            ),
            Bad,
        ),
        attack(
            "E03",
            with(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                "0\r\n\r\n",
            ),
            Bad,
        ),
        attack(
            "E03",
            with(
                "Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n",
                "0\r\n\r\n",
            ),
            Bad,
        ),
        // Blanks around a value are no part of it: one reading, and an empty body.
        attack("E03", coding("\tchunked "), Arrives(RECORD)),
        attack("E03", coding("Chunked"), Arrives(RECORD)),
        attack(
            "E04",
            with("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
            Bad,
        ),
        attack(
            "E04",
            with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
            Bad,
        ),
        attack(
            "E04",
            with("Content-Length: 0\r\nContent-Length: 0\r\n", ""),
            Bad,
        ),
        attack("E04", with("Content-Length : 3\r\n", "abc"), Bad),
        attack("E04", with("Content-Length: 0\r\n", ""), Arrives(RECORD)),
    ];
    for value in [
        "chunked\u{b}",
        "xchunked",
        "chunked, chunked",
        "identity, chunked",
        "gzip, chunked",
        "chunked, gzip",
        "identity",
        "gzip",
        "\"chunked\"",
        "chunked;q=1",
        "\u{b}chunked",
        "chunked,",
        ",chunked",
        "",
        "x",
        "chunke",
    ] {
        all.push(attack("E03", coding(value), Bad));
    }
    for value in [
        "+1",
        "-1",
        "0x1",
        "1_0",
        "1, 1",
        "1,1",
        "1e1",
        "1.0",
        "",
        "18446744073709551616",
        "18446744073709551617",
        "99999999999999999999999",
        "1 1",
        "\u{661}",
        "one",
        "\"1\"",
        "1;",
        "0,0",
    ] {
        all.push(attack(
            "E04",
            with(format!("Content-Length: {value}\r\n"), "x"),
            Bad,
        ));
    }
    let unexpected = Refused(400, "unexpected-body");
    for (length, body) in [
        ("1", "x"),
        ("92", body.as_str()),
        ("1 ", "x"),
        ("18446744073709551615", "x"),
    ] {
        let fate = if length.len() > 10 { Bad } else { unexpected };
        all.push(attack(
            "E11",
            with(format!("Content-Length: {length}\r\n"), body),
            fate,
        ));
    }
    all
}

/// Chunks that are none; where they read as data, data is what is refused.
fn pieces() -> Vec<Attack> {
    let smuggled = smuggled();
    let unexpected = Refused(400, "unexpected-body");
    let mut all = vec![
        attack("E05", chunks("1\r\nx\r\n0\r\n\r\n"), unexpected),
        attack("E05", chunks("1;a=b\r\nx\r\n0\r\n\r\n"), unexpected),
        attack(
            "E05",
            chunks(&format!("0\r\n\r\n{smuggled}")),
            Arrives(RECORD),
        ),
        attack(
            "E05",
            chunks(&format!("0;a=b\r\n\r\n{smuggled}")),
            Arrives(RECORD),
        ),
        attack(
            "E15",
            chunks("0\r\nX-Role: forged\r\n\r\n"),
            Arrives(RECORD),
        ),
        attack(
            "E15",
            chunks("0\r\nHost: forged\r\nContent-Length: 9\r\nX-User: forged\r\n\r\n"),
            Arrives(RECORD),
        ),
        attack(
            "E15",
            with(
                "TE: trailers\r\nTrailer: X-Role\r\nTransfer-Encoding: chunked\r\n",
                "0\r\nX-Role: forged\r\n\r\n",
            ),
            Arrives(RECORD),
        ),
    ];
    for body in [
        "0x1\r\nx\r\n0\r\n\r\n",
        "1_\r\nx\r\n0\r\n\r\n",
        "-1\r\nx\r\n0\r\n\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "g\r\nx\r\n0\r\n\r\n",
        "\r\nx\r\n0\r\n\r\n",
        "10000000000000000\r\nx\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nx\r\n",
        "1;\nx\r\n0\r\n\r\n",
        "0\n\r\n",
        "0;a\n\r\n",
    ] {
        all.push(attack("E05", chunks(body), Bad));
    }
    let extension = format!("0;{}\r\n\r\n", "x".repeat(64 << 10));
    all.push(attack("E05", chunks(&extension), Bad));
    all
}

/// Line ends and lines.
fn ends() -> Vec<Attack> {
    let good = String::from_utf8(with("", "")).unwrap();
    let mut all = vec![
        attack("E06", replace(good.as_bytes(), "\r\n", "\n"), Bad),
        attack("E06", replace(good.as_bytes(), "\r\n", "\r"), Bad),
        attack("E06", with("X: y\n", ""), Bad),
        attack("E06", with("X: y\n\r\n", ""), Bad),
        attack("E06", with("X: a\rY: b\r\n", ""), Bad),
        attack("E06", with("X: a\r\r\n", ""), Bad),
        attack("E06", format!("\n{good}"), Bad),
        attack("E06", format!("GET {RECORD} HTTP/1.1\n$H$A\r\n"), Bad),
        attack("E06", format!("GET {RECORD} HTTP/1.1\r\n$H$A\n"), Bad),
        // Blank lines before a request are not of it (RFC 9112 2.2).
        attack("E06", format!("\r\n\r\n{good}"), Arrives(RECORD)),
        attack("E07", with("X: a\r\n b\r\n", ""), Bad),
        attack("E07", with("X: a\r\n\tb\r\n", ""), Bad),
        attack("E07", with("X-User : forged\r\n", ""), Bad),
        attack("E07", with("X-User\t: forged\r\n", ""), Bad),
        attack("E07", with(": forged\r\n", ""), Bad),
        attack("E07", with("forged\r\n", ""), Bad),
        attack("E07", with("X: a\0b\r\n", ""), Bad),
        attack("E07", with("X\0: a\r\n", ""), Bad),
        attack("E07", with("X: a\u{1}b\r\n", ""), Bad),
        attack("E07", with("X: a\u{7f}b\r\n", ""), Bad),
        attack("E07", with("X(Y): a\r\n", ""), Bad),
        attack("E07", with(b"X\xff: a\r\n", ""), Bad),
        attack("E07", with("Übung: a\r\n", ""), Bad),
        attack(
            "E07",
            format!("GET {RECORD} HTTP/1.1\r\n X: a\r\n$H$A\r\n"),
            Bad,
        ),
    ];
    for line in [
        "GET /customers/1001",
        "GET /customers/1001 HTTP/0.9",
        "GET /customers/1001 HTTP/1.2",
        "GET /customers/1001 HTTP/2.0",
        "GET /customers/1001 HTTP/9.9",
        "GET /customers/1001 HTTP/1.1 x",
        "GET /customers/1001 http/1.1",
        "GET /customers/1001 HTTP/1.1x",
        "GET /customers/1001 HTTP/01.1",
        "GET /customers/1001 HTTPS/1.1",
        "GET\t/customers/1001 HTTP/1.1",
        "GET /customers/1001\tHTTP/1.1",
        " GET /customers/1001 HTTP/1.1",
        "GET",
        "",
        "GET /customers/1001 HTTP/1",
        "GET /customers/1001 x HTTP/1.1",
    ] {
        if line.is_empty() {
            all.push(attack("E08", "\0\0\0\0\r\n\r\n", Bad));
        } else {
            all.push(attack("E08", format!("{line}\r\n$H$A\r\n"), Bad));
        }
    }
    all.push(attack("E08", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Bad));
    all
}

/// Methods, upgrades and expectations.
fn ways_out() -> Vec<Attack> {
    let none = Refused(405, "method-not-declared");
    let mut all = Vec::new();
    for method in [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "TRACK",
        "PROPFIND",
        "PURGE",
        "QUERY",
        "SEARCH",
        "get",
        "Get",
        "HEAd",
        "G!#$%&'*+-.^_`|~",
        "DEBUG",
        "MKCOL",
    ] {
        all.push(attack(
            "E18",
            format!("{method} {RECORD} HTTP/1.1\r\n$H$A\r\n"),
            none,
        ));
    }
    for method in ["POST", "DELETE", "OPTIONS", "TRACE", "PUT"] {
        let body = format!("{method} {RECORD} HTTP/1.1\r\n$H$AContent-Length: 6\r\n\r\nforged");
        all.push(attack("E11", body, none));
    }
    all.extend([
        attack("E18", format!("GE(T {RECORD} HTTP/1.1\r\n$H$A\r\n"), Bad),
        attack("E18", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n$A\r\n", Refused(400, "not-canonical")),
        attack("E18", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n$A\r\n", Refused(421, "wrong-host")),
        attack("E18", "CONNECT /customers/1001 HTTP/1.1\r\n$H$A\r\n", none),
        attack("F13", format!("OPTIONS {RECORD} HTTP/1.1\r\n$HOrigin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n\r\n"), Refused(401, "no-credential")),
        attack("F13", format!("OPTIONS {RECORD} HTTP/1.1\r\n$H$AOrigin: https://evil.example\r\nAccess-Control-Request-Method: DELETE\r\n\r\n"), none),
        attack("F13", with("Origin: https://forged.example\r\n", ""), Arrives(RECORD)),
        attack("E16", with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", ""), Arrives(RECORD)),
        attack("E16", with("Upgrade: h2c\r\n", ""), Arrives(RECORD)),
        attack("E16", with("Connection: upgrade\r\nUpgrade: TLS/1.0\r\n", ""), Arrives(RECORD)),
        attack("E17", with("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: Zm9yZ2VkZm9yZ2VkAA==\r\nSec-WebSocket-Version: 13\r\n", ""), Arrives(RECORD)),
        attack("E23", with("Connection: Upgrade\r\nUpgrade: websocket\r\n", "\u{1}\u{2}forged"), Arrives(RECORD)),
        attack("E12", with("Expect: 100-continue\r\n", ""), Arrives(RECORD)),
        attack("E12", with("Expect: 100-continue\r\nContent-Length: 6\r\n", "forged"), Refused(400, "unexpected-body")),
    ]);
    for expected in [
        "200-ok",
        "100-continue, 100-continue",
        "junk",
        "100-continue; x",
        "",
    ] {
        all.push(attack(
            "E12",
            with(format!("Expect: {expected}\r\n"), ""),
            Bad,
        ));
    }
    all.push(attack(
        "E12",
        with("Expect: 100-continue\r\nExpect: 100-continue\r\n", ""),
        Bad,
    ));
    all
}

pub fn all() -> Vec<Attack> {
    [lengths(), pieces(), ends(), ways_out()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn e01_e02_e03_e04_e11_a_length_is_said_once_and_in_one_way() {
    Target::new().await.meet_all(&lengths()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e05_e15_chunks_are_read_strictly_and_nothing_of_them_goes_on() {
    Target::new().await.meet_all(&pieces()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e06_e07_e08_lines_end_in_one_way_and_hold_what_they_may() {
    Target::new().await.meet_all(&ends()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_e12_e16_e17_e18_e23_f13_no_method_and_no_upgrade_leads_past_the_rules() {
    Target::new().await.meet_all(&ways_out()).await;
}
