//! Against real sockets that say exactly what a test wants said.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::BodyExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::{SecretSource, UpstreamTls};

fn settings(url: &str) -> config::Upstream {
    config::Upstream {
        url: url.parse().unwrap(),
        hosts: None,
        tls: None,
        headers: config::Headers::default(),
        timeouts: Timeouts::default(),
        connections: 1000,
        connections_per_caller: 1000,
    }
}

fn upstream(settings: &config::Upstream) -> Upstream {
    one(
        "crm",
        settings,
        &Limits::default(),
        "gw-1",
        NonZeroUsize::MIN,
    )
    .unwrap()
}

async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn read_request<S: AsyncReadExt + Unpin>(stream: &mut S) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn get(upstream: &Upstream) -> Result<Response<UpstreamBody>, Reason> {
    upstream
        .send_to(0, "/", Method::GET, HeaderMap::new(), Bytes::new())
        .await
}

/// The answer, or why there is none, to a GET that is answered with `said` and a closed connection.
async fn judged(said: &'static [u8]) -> Result<Bytes, Reason> {
    let (listener, url) = listening().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(said).await.unwrap();
    });
    let response = get(&upstream(&settings(&url))).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

#[tokio::test]
async fn the_target_and_headers_go_out_exactly_as_given() {
    let (listener, url) = listening().await;
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await
    });
    let mut headers = HeaderMap::new();
    headers.insert("host", "crm".parse().unwrap());
    let target = "/%E5%BC%A0/~a?q=%2F&r=a+b";
    let gone = upstream(&settings(&url))
        .send_to(0, target, Method::GET, headers, Bytes::new())
        .await;
    assert_eq!(gone.map(drop), Err(Reason::UpstreamUnreachable));
    let asked = asked.await.unwrap();
    assert_eq!(asked, format!("GET {target} HTTP/1.1\r\nhost: crm\r\n\r\n"));
}

#[tokio::test]
async fn a_target_that_would_not_go_out_as_matched_is_refused() {
    let upstream = upstream(&settings("http://127.0.0.1:9"));
    for target in ["/a#b", "*", "a", "http://evil/", "/a b", ""] {
        let refused = upstream
            .send_to(0, target, Method::GET, HeaderMap::new(), Bytes::new())
            .await;
        assert_eq!(refused.map(drop), Err(Reason::NotCanonical), "{target}");
    }
}

#[tokio::test]
async fn answers_that_provably_end_are_read() {
    let body = Ok(Bytes::from_static(b"{}"));
    assert_eq!(
        judged(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await,
        body
    );
    assert_eq!(
        judged(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
        )
        .await,
        body
    );
    assert_eq!(
        judged(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}").await,
        body
    );
    assert_eq!(
        judged(b"HTTP/1.1 204 No Content\r\n\r\n").await,
        Ok(Bytes::new())
    );
}

#[tokio::test]
async fn e14_answers_whose_end_is_not_proven_are_unreadable() {
    let said: &[&'static [u8]] = &[
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 2\r\n\r\n{}",
        b"not http\r\n\r\n",
    ];
    for said in said {
        let shown = String::from_utf8_lossy(said);
        assert_eq!(judged(said).await, Err(Reason::UnreadableBody), "{shown}");
    }
}

#[tokio::test]
async fn e13_j05_statuses_nobody_defined_are_refused() {
    let said: &[&'static [u8]] = &[
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n{}",
        b"HTTP/1.1 999 Strange\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ];
    for said in said {
        let shown = String::from_utf8_lossy(said);
        assert_eq!(judged(said).await, Err(Reason::UnexpectedStatus), "{shown}");
    }
}

#[tokio::test]
async fn e13_100_and_103_are_swallowed() {
    let answer = judged(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x?ssn=CANARY>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    );
    assert_eq!(answer.await, Ok(Bytes::from_static(b"{}")));
}

#[tokio::test]
async fn e15_trailers_are_dropped() {
    let answer = judged(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Ssn\r\n\r\n2\r\n{}\r\n0\r\nX-Ssn: CANARY\r\n\r\n",
    );
    assert_eq!(answer.await, Ok(Bytes::from_static(b"{}")));
}

#[tokio::test]
async fn a_head_above_the_limit_is_refused() {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: {}\r\n\r\n{{}}",
        "x".repeat(16 << 10)
    );
    let answer = judged(head.leak().as_bytes()).await;
    assert_eq!(answer, Err(Reason::LimitHeader));
}

#[tokio::test]
async fn after_a_fault_a_body_never_ends() {
    let (listener, url) = listening().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let said = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}";
        stream.write_all(said).await.unwrap();
    });
    let mut body = get(&upstream(&settings(&url))).await.unwrap().into_body();
    while let Some(Ok(_)) = body.frame().await {}
    for _ in 0..2 {
        let fault = body.frame().await.unwrap().unwrap_err();
        assert_eq!(fault, Reason::UnreadableBody);
    }
}

/// Accepts every connection and answers each request on it with `{}`; of a request for `/slow` the answer does not end.
async fn answers_all(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            loop {
                let request = read_request(&mut stream).await;
                let length = if request.starts_with("GET /slow") {
                    3
                } else {
                    2
                };
                let said = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{}}");
                stream.write_all(said.as_bytes()).await.unwrap();
            }
        });
    }
}

#[tokio::test]
async fn o09_an_upstream_has_as_many_connections_as_it_may_and_no_more() {
    let (listener, url) = listening().await;
    tokio::spawn(answers_all(listener));
    let mut settings = settings(&url);
    settings.connections = 1;
    settings.timeouts.connect = Duration::from_millis(20);
    let two = NonZeroUsize::new(2).unwrap();
    let upstream = one("crm", &settings, &Limits::default(), "gw-1", two).unwrap();
    let ask = |lane: usize, target: &'static str| {
        upstream.send_to(lane, target, Method::GET, HeaderMap::new(), Bytes::new())
    };
    let whole = async |lane| ask(lane, "/").await?.into_body().collect().await.map(drop);
    let busy = ask(0, "/slow").await.unwrap();
    for lane in [0, 1] {
        assert_eq!(whole(lane).await, Err(Reason::Overloaded));
    }
    drop(busy);
    assert_eq!(whole(0).await, Ok(()));
    // The connection that waits in one lane makes room for another's.
    assert_eq!(whole(1).await, Ok(()));
    assert_eq!(whole(0).await, Ok(()));
}

#[tokio::test]
async fn each_step_has_its_time_and_its_reason() {
    let (listener, url) = listening().await;
    let mut settings = settings(&url);
    settings.timeouts.first_byte = Duration::from_millis(20);
    settings.timeouts.idle = Duration::from_millis(20);
    let upstream = upstream(&settings);
    // Nobody accepts: the kernel does, and nothing is ever said.
    assert_eq!(get(&upstream).await.map(drop), Err(Reason::UpstreamTimeout));
    let (mut silent, _) = listener.accept().await.unwrap();
    let mut seen = Vec::new();
    silent.read_to_end(&mut seen).await.unwrap();
    assert!(!seen.is_empty(), "given up, so closed");

    let (told, answer) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}";
            stream.write_all(said).await.unwrap();
            stream
        },
        get(&upstream)
    );
    let fault = answer.unwrap().into_body().collect().await.map(drop);
    assert_eq!(fault, Err(Reason::UpstreamTimeout));
    drop(told);

    drop(listener);
    assert_eq!(
        get(&upstream).await.map(drop),
        Err(Reason::UpstreamUnreachable)
    );
}

#[tokio::test]
async fn a_body_dropped_before_its_end_closes_the_connection() {
    let (listener, url) = listening().await;
    let upstream = upstream(&settings(&url));
    let (mut stream, answer) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{";
            stream.write_all(said).await.unwrap();
            stream
        },
        get(&upstream)
    );
    drop(answer.unwrap());
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_read_to_its_end_is_used_again() {
    let (listener, url) = listening().await;
    let upstream = upstream(&settings(&url));
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_request(&mut stream).await;
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(said).await.unwrap();
        }
    });
    for _ in 0..3 {
        let body = get(&upstream).await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
    }
    served.await.unwrap();
}

#[tokio::test]
async fn a_connection_the_upstream_closed_while_it_waited_is_replaced() {
    let (listener, url) = listening().await;
    let upstream = upstream(&settings(&url));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(said).await.unwrap();
        }
    });
    for _ in 0..3 {
        let body = get(&upstream).await.unwrap().into_body();
        body.collect().await.unwrap();
        // The close is on its way; wait until it has arrived.
        while upstream.pool.take(0).is_some_and(|waiting| {
            upstream.pool.put_back(waiting);
            true
        }) {
            tokio::task::yield_now().await;
        }
    }
}

/// The close arrives while this runtime, which drives the connection, is busy with something else: only the system
/// knows of it when the next request comes.
#[tokio::test(flavor = "current_thread")]
async fn i10_a_close_that_nobody_has_noticed_costs_no_request() {
    use std::io::Read;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = upstream(&settings(&format!(
        "http://{}",
        listener.local_addr().unwrap()
    )));
    let (close, closing) = std::sync::mpsc::channel::<()>();
    let (closed, until_closed) = std::sync::mpsc::channel();
    let served = std::thread::spawn(move || {
        let mut heads = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            heads.push(String::from_utf8(head).unwrap());
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(said).unwrap();
            let _ = closing.recv();
            drop(stream);
            let _ = closed.send(());
        }
        heads
    });
    let body = get(&upstream).await.unwrap().into_body();
    body.collect().await.unwrap();
    let waiting = upstream.pool.take(0).unwrap();
    upstream.pool.put_back(waiting);
    // Without an await in between, on purpose.
    close.send(()).unwrap();
    until_closed.recv().unwrap();
    let body = get(&upstream).await.unwrap().into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
    drop(close);
    assert_eq!(served.join().unwrap().len(), 2, "each was asked once");
}

#[tokio::test]
async fn e10_i10_an_answer_nobody_asked_for_serves_nobody_and_nothing_is_sent_twice() {
    let (listener, url) = listening().await;
    let upstream = upstream(&settings(&url));
    let (_stream, answer) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let twice = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
            stream.write_all(twice).await.unwrap();
            stream
        },
        get(&upstream)
    );
    let first = answer.unwrap().into_body().collect().await.unwrap();
    assert_eq!(first.to_bytes(), "{}");
    let (asked, second) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await
        },
        get(&upstream)
    );
    assert!(asked.starts_with("GET / "));
    assert_eq!(second.map(drop), Err(Reason::UpstreamUnreachable));
}

/// A throw-away authority, as files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn client(&self) -> Option<(PathBuf, SecretSource)> {
        let (certificate, key) = self.sign("gateway");
        std::fs::write(self.file("us.pem"), certificate.pem()).unwrap();
        let mut file = std::fs::File::create(self.file("us.key")).unwrap();
        file.write_all(key.serialize_pem().as_bytes()).unwrap();
        Some((self.file("us.pem"), SecretSource::File(self.file("us.key"))))
    }

    /// Answers one TLS connection after another as `crm.internal`.
    async fn serve(&self, wants_certificate: bool) -> String {
        let (certificate, key) = self.sign("crm.internal");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
        let builder = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if wants_certificate {
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = builder
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let _ = answer_once(&acceptor, tcp).await;
            }
        });
        url
    }
}

async fn answer_once(acceptor: &TlsAcceptor, tcp: TcpStream) -> std::io::Result<()> {
    let mut stream = acceptor.accept(tcp).await?;
    stream.read_u8().await?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        .await?;
    stream.flush().await
}

fn secured(url: &str, ca: PathBuf, name: &str) -> config::Upstream {
    config::Upstream {
        tls: Some(UpstreamTls {
            ca,
            client: None,
            name: name.to_owned(),
        }),
        ..settings(url)
    }
}

#[tokio::test]
async fn l08_an_upstream_is_verified_by_the_name_and_authority_in_the_settings() {
    let (authority, other) = (Authority::new(), Authority::new());
    let url = authority.serve(false).await;
    let verdict = async |ca, name: &str| {
        let upstream = upstream(&secured(&url, ca, name));
        get(&upstream).await.map(drop)
    };
    assert_eq!(
        verdict(authority.file("ca.pem"), "crm.internal").await,
        Ok(())
    );
    let refused = Err(Reason::UpstreamTls);
    assert_eq!(
        verdict(authority.file("ca.pem"), "127.0.0.1").await,
        refused
    );
    assert_eq!(verdict(authority.file("ca.pem"), "crm").await, refused);
    assert_eq!(verdict(other.file("ca.pem"), "crm.internal").await, refused);
}

#[tokio::test]
async fn l08_our_certificate_is_presented_and_its_refusal_is_a_tls_failure() {
    let (authority, other) = (Authority::new(), Authority::new());
    let url = authority.serve(true).await;
    let mut settings = secured(&url, authority.file("ca.pem"), "crm.internal");
    settings.tls.as_mut().unwrap().client = authority.client();
    assert_eq!(get(&upstream(&settings)).await.map(drop), Ok(()));
    settings.tls.as_mut().unwrap().client = other.client();
    assert_eq!(
        get(&upstream(&settings)).await.map(drop),
        Err(Reason::UpstreamTls)
    );
}

#[tokio::test]
async fn l08_a_plain_listener_behind_https_is_a_tls_failure() {
    let authority = Authority::new();
    let (listener, url) = listening().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(said).await.unwrap();
        stream
    });
    let url = url.replace("http://", "https://");
    let upstream = upstream(&secured(&url, authority.file("ca.pem"), "crm.internal"));
    assert_eq!(get(&upstream).await.map(drop), Err(Reason::UpstreamTls));
}

#[test]
fn https_without_an_authority_is_a_mistake_in_the_settings() {
    let named = BTreeMap::from([("crm".to_owned(), settings("https://crm.internal"))]);
    let mistake =
        Upstreams::new(&named, &Limits::default(), "gw-1", NonZeroUsize::MIN).unwrap_err();
    assert_eq!(
        mistake.to_string(),
        "upstream `crm`: `tls` belongs to an `https` url, and such a url needs `tls.ca`"
    );
}

#[test]
fn only_the_hosts_in_the_settings_are_served() {
    let mut settings = settings("http://127.0.0.1:9");
    assert!(upstream(&settings).serves(None));
    settings.hosts = Some(vec!["crm.bank.example".to_owned()]);
    let upstream = upstream(&settings);
    assert!(upstream.serves(Some("CRM.bank.example")));
    for other in [None, Some("other"), Some("crm.bank.example.")] {
        assert!(!upstream.serves(other), "{other:?}");
    }
}
