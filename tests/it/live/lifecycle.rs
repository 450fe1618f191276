//! The process around it all: its end, its reload, and what it says of itself.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use fieldgate::demo::identities::{Identities, PARTNER_SAN};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::door::BOTH;
use super::rig::{
    Binary, Caller, End, Gate, Http1, Http2, Part, Setup, Upstream, Version, json, patiently,
};

const RULES: &str = include_str!("rig/rules.yaml");

fn setup(upstream: &Upstream) -> Setup {
    Setup::new(upstream.address()).rules(RULES)
}

/// The health listener's whole answer, or nothing where it is gone.
async fn probe(address: SocketAddr, path: &str) -> Option<String> {
    let asking = async {
        let mut tcp = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    patiently("a probe", asking).await
}

async fn health_of(binary: &mut Binary) -> SocketAddr {
    let line = binary.says("health listens").await;
    let address = line.split("address=").nth(1).unwrap();
    address.split(' ').next().unwrap().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_listener_says_how_it_goes_and_nothing_else() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let rig = setup(&upstream).start().await;
    let health = rig.health.unwrap();
    for (path, status) in [
        ("/healthz", "200"),
        ("/readyz", "200"),
        ("/metrics", "200"),
        ("/", "404"),
        ("/customers/1", "404"),
    ] {
        let answer = probe(health, path).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
    for version in BOTH {
        rig.get(version, &rig.door.teller(), "/customers/1").await;
        rig.get(version, &rig.door.nobody(), "/customers/1").await;
    }
    let metrics = probe(health, "/metrics").await.unwrap();
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(metrics.contains("no-credential") && metrics.contains("GET /customers/{id}"));
    assert!(
        !metrics.contains("/customers/1"),
        "no target in clear: {metrics}"
    );
    // A log that cannot be written is a reason to go elsewhere.
    let segment = rig.audit().join("gw-1-000001.jsonl");
    let aside = rig.dir().join("aside");
    fs::rename(&segment, &aside).unwrap();
    let refused = rig
        .get(Version::Http1, &rig.door.teller(), "/customers/1")
        .await;
    assert_eq!(refused.status, 503);
    assert!(
        probe(health, "/readyz")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 503 ")
    );
    assert!(
        probe(health, "/healthz")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200 ")
    );
    fs::rename(&aside, &segment).unwrap();
    patiently("ready again", async {
        while !probe(health, "/readyz")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200 ")
        {}
    })
    .await;
    rig.finish().await;
}

/// SIGTERM: `/readyz` fails while callers are still let in; then what has begun ends, and nothing else begins.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_what_has_begun_end_and_nothing_new_begin() {
    let gate = Gate::closed();
    let script = {
        let gate = gate.clone();
        move |target: &str| match target {
            "/customers/1" => {
                let mut parts = vec![Part::Wait(gate.clone())];
                parts.extend(json(r#"{"id":"1"}"#));
                parts
            }
            _ => json(r#"{"id":"2"}"#),
        }
    };
    let upstream = Upstream::start(move |asked| script(asked.target())).await;
    let setup = setup(&upstream).settings("drain: { delay: 1s, timeout: 30s }");
    let mut binary = Binary::start(setup, None).await;
    let health = health_of(&mut binary).await;
    let door = binary.door.clone();
    let teller = door.teller();
    let mut first = Http1::connect(&door, &teller).await;
    first.send("GET", "/customers/1", &[]).await;
    let second = Http2::connect(&door, &teller).await;
    let waiting = second.send("GET", "/customers/1", &[]).await;
    upstream.asked(2).await;

    binary.signal("TERM");
    patiently("/readyz to fail", async {
        while !probe(health, "/readyz")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 503 ")
        {}
    })
    .await;
    let late = door
        .ask(Version::Http1, &teller, "GET", "/customers/2", &[])
        .await;
    assert_eq!(late.status, 200, "still let in while load balancers look");
    patiently("the listener to close", async {
        while TcpStream::connect(door.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gate.open();
    gate.open();
    let answer = first.answer().await;
    assert_eq!((answer.status, answer.end), (200, End::Complete));
    let over_http2 = patiently("the stream's end", waiting).await.unwrap();
    assert_eq!(over_http2.status(), 200);
    drop((first, second, over_http2));
    let (status, setup) = binary.exit().await;
    assert!(status.success(), "{status}");
    let log = super::rig::Log::verified(&setup.dir().join("audit"));
    log.check_exchanges();
    let ends: Vec<_> = log
        .of_kind("outcome")
        .map(|outcome| &outcome["end"])
        .collect();
    assert_eq!(ends, ["complete"; 3]);
    assert_eq!(log.0.last().unwrap()["kind"], "stop");
}

/// The end of patience: what has not ended by then is cut, and recorded as such.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_ended_when_the_drain_does_is_cut_and_recorded() {
    let upstream = Upstream::start(|_| vec![Part::Wait(Gate::closed())]).await;
    let setup = setup(&upstream).settings("drain: { timeout: 1s }");
    let binary = Binary::start(setup, None).await;
    let mut client = Http1::connect(&binary.door, &binary.door.teller()).await;
    client.send("GET", "/customers/1", &[]).await;
    upstream.asked(1).await;
    let log = binary.finish().await;
    assert_eq!(client.rest().await, b"");
    let outcome = log.of_kind("outcome").next().unwrap();
    assert_eq!(outcome["end"], "aborted");
}

async fn status(binary: &Binary, caller: &Caller) -> u16 {
    let door = &binary.door;
    let answer = door
        .ask(Version::Http1, caller, "GET", "/customers/1", &[])
        .await;
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_new_token_keys_and_keeps_the_old_ones_when_they_are_broken() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let mut binary = Binary::start(setup(&upstream), None).await;
    let old = binary.door.teller();
    let made = Identities::generate(Timestamp::now()).unwrap();
    let new = Caller {
        token: Some(made.teller.expose().to_owned()),
        certificate: None,
    };
    assert_eq!(
        (status(&binary, &old).await, status(&binary, &new).await),
        (200, 401)
    );
    let jwks = binary.dir().join("certs/staff.jwks.json");
    fs::write(&jwks, "{").unwrap();
    binary.signal("HUP");
    binary.says("reload refused").await;
    assert_eq!(
        (status(&binary, &old).await, status(&binary, &new).await),
        (200, 401)
    );
    fs::write(&jwks, &made.staff_jwks).unwrap();
    binary.signal("HUP");
    binary.says("re-read").await;
    assert_eq!(
        (status(&binary, &old).await, status(&binary, &new).await),
        (401, 200)
    );
    binary.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_a_new_server_certificate_for_new_connections() {
    let upstream = Upstream::always(r#"{"id":"1"}"#).await;
    let mut binary = Binary::start(setup(&upstream), None).await;
    let door = binary.door.clone();
    let mut before = Http1::connect(&door, &door.teller()).await;
    assert_eq!(before.ask("GET", "/customers/1", &[]).await.status, 200);
    let made = Identities::generate(Timestamp::now()).unwrap();
    let certs = binary.dir().join("certs");
    fs::write(certs.join("ca.pem"), &made.server_ca).unwrap();
    let unknown = door.connect(&door.teller(), b"http/1.1", None).await;
    assert!(
        unknown.is_err(),
        "the old certificate is of another authority"
    );
    // The certificate without its key is of no use.
    fs::write(certs.join("server.pem"), &made.server.certificate).unwrap();
    binary.signal("HUP");
    binary.says("reload refused").await;
    fs::write(certs.join("server.key"), made.server.key.expose()).unwrap();
    binary.signal("HUP");
    binary.says("re-read").await;
    assert_eq!(status(&binary, &door.teller()).await, 200);
    let still = before.ask("GET", "/customers/1", &[]).await;
    assert_eq!(still.status, 200, "connections under way go on");
    drop(before);
    binary.finish().await;
}

/// An authority whose key is at hand, and a partner it vouches for.
struct Partners {
    authority: CertifiedIssuer<'static, KeyPair>,
    partner: Caller,
}

const SERIAL: u64 = 4711;

impl Partners {
    fn found() -> Partners {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(PARTNER_SAN.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(SERIAL));
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        Partners {
            partner: Caller {
                token: None,
                certificate: Some((certificate.pem(), key.serialize_pem())),
            },
            authority,
        }
    }

    /// Writes the authority's list of these serial numbers.
    fn revoke(&self, serials: &[u64], path: &Path) {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2024, 1, 1),
            next_update: rcgen::date_time_ymd(2096, 1, 1),
            crl_number: SerialNumber::from(serials.len() as u64 + 1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.authority).unwrap();
        fs::write(path, list.pem().unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l04_a_revoked_certificate_is_refused_on_connections_under_way_too() {
    let upstream = Upstream::always(r#"{"items":[{"id":"1"}]}"#).await;
    let partners = Partners::found();
    let setup = setup(&upstream).replace(
        "certs/partner-ca.pem }",
        "certs/partner-ca.pem, crl: certs/partner.crl }",
    );
    let certs = setup.dir().join("certs");
    fs::write(certs.join("partner-ca.pem"), partners.authority.pem()).unwrap();
    partners.revoke(&[1], &certs.join("partner.crl"));
    let mut binary = Binary::start(setup, None).await;
    let door = binary.door.clone();
    let mut over_http1 = Http1::connect(&door, &partners.partner).await;
    let over_http2 = Http2::connect(&door, &partners.partner).await;
    assert_eq!(over_http1.ask("GET", "/customers", &[]).await.status, 200);
    assert_eq!(over_http2.ask("GET", "/customers", &[]).await.status, 200);

    partners.revoke(&[1, SERIAL], &certs.join("partner.crl"));
    binary.signal("HUP");
    binary.says("re-read").await;
    let asked = upstream.count();
    let refused = over_http1.ask("GET", "/customers", &[]).await;
    assert_eq!(
        (refused.status, refused.reason().as_str()),
        (401, "bad-credential")
    );
    let refused = over_http2.ask("GET", "/customers", &[]).await;
    assert_eq!(
        (refused.status, refused.reason().as_str()),
        (401, "bad-credential")
    );
    assert_eq!(upstream.count(), asked);
    // A new connection fails in its handshake, or at the first byte after it.
    if let Ok(mut client) = Http1::try_connect(&door, &partners.partner).await {
        let _ = client.try_send("GET", "/customers", &[]).await;
        assert_eq!(client.try_answer().await, None);
    }
    assert_eq!(upstream.count(), asked);
    drop((over_http1, over_http2));
    let log = binary.finish().await;
    let refused: Vec<_> = log.of_kind("connection").collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["reason"], "handshake");
}
