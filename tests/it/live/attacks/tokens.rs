//! F12, K: credentials that are none, on the wire.

use super::Fate::{Bad, Refused};
use super::{Attack, RECORD, Target, attack};

const BAD: super::Fate = Refused(401, "bad-credential");
const NONE: super::Fate = Refused(401, "no-credential");
const SEVERAL: super::Fate = Refused(401, "several-credentials");

/// `{"alg":"none"}` and `{"sub":"a","roles":["teller"]}`.
const NO_ALGORITHM: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwicm9sZXMiOlsidGVsbGVyIl19.";

const LINES: &[(&str, &str, super::Fate)] = &[
    (
        "K01",
        "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwicm9sZSI6ImFkbWluIn0.\r\n",
        BAD,
    ),
    ("K01", "Authorization: Bearer a.b\r\n", BAD),
    ("K01", "Authorization: Bearer a.b.c.d\r\n", BAD),
    ("K01", "Authorization: Bearer a.b.c.d.e\r\n", BAD),
    ("K01", "Authorization: Bearer ..\r\n", BAD),
    ("K01", "Authorization: Bearer $T.\r\n", BAD),
    ("K10", "Authorization: Bearer $T=\r\n", BAD),
    ("K10", "Authorization: Bearer $TA\r\n", BAD),
    ("K10", "Authorization: Bearer \"$T\"\r\n", BAD),
    ("K19", "Authorization: Bearer  $T\r\n", BAD),
    ("K19", "Authorization: Bearer\t$T\r\n", BAD),
    ("K19", "Authorization: Bearer $T x\r\n", BAD),
    ("K19", "Authorization: Bearer $T, Bearer $T\r\n", SEVERAL),
    ("K19", "Authorization: Bearer\r\n", BAD),
    ("K19", "Authorization: \r\n", BAD),
    ("K19", "Authorization: $T\r\n", BAD),
    ("K19", "Authorization: Basic $T\r\n", BAD),
    ("K19", "Authorization: Token $T\r\n", BAD),
    (
        "F12",
        "Authorization: Bearer $T\r\nAuthorization: Bearer $T\r\n",
        SEVERAL,
    ),
    (
        "F12",
        "Authorization: Bearer $T\r\nauthorization: Basic eDp5\r\n",
        SEVERAL,
    ),
    ("F12", "Authorization: Basic eDp5, Bearer $T\r\n", BAD),
    ("K16", "Cookie: access_token=$T\r\n", NONE),
    ("K16", "X-Authorization: Bearer $T\r\n", NONE),
    ("K16", "X_Authorization: Bearer $T\r\n", NONE),
    ("K16", "Proxy-Authorization: Bearer $T\r\n", NONE),
    ("K16", "Authorization : Bearer $T\r\n", Bad),
    ("F11", "X-Api-Key: $T\r\n", NONE),
    (
        "L06",
        "X-Forwarded-Client-Cert: By=spiffe://a;URI=spiffe://partners.bank.example/acme\r\n",
        NONE,
    ),
    (
        "L06",
        "X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-S-DN: CN=acme\r\n",
        NONE,
    ),
];

pub fn all() -> Vec<Attack> {
    let lines = LINES.iter().map(|(id, lines, fate)| {
        attack(id, format!("GET {RECORD} HTTP/1.1\r\n$H{lines}\r\n"), *fate)
    });
    let long = "x".repeat(9 << 10);
    let mut all: Vec<Attack> = lines.collect();
    all.extend([
        attack(
            "K13",
            format!("GET {RECORD} HTTP/1.1\r\n$HAuthorization: Bearer {long}\r\n\r\n"),
            BAD,
        ),
        attack(
            "K13",
            format!(
                "GET {RECORD} HTTP/1.1\r\n$HAuthorization: Bearer {NO_ALGORITHM}{long}\r\n\r\n"
            ),
            BAD,
        ),
        attack(
            "K16",
            format!("GET {RECORD}?access_token=$T HTTP/1.1\r\n$H\r\n"),
            NONE,
        ),
    ]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_f12_k01_k10_k13_k16_k19_l06_what_is_no_credential_opens_nothing() {
    Target::new().await.meet_all(&all()).await;
}
