//! How answers, connections and the server end.

use std::num::NonZeroUsize;

use http_body_util::BodyExt;

use super::*;
use crate::upstream::Upstreams;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const BEGUN: &str = "{\"a\":1";

async fn h1_client(authority: &Authority, site: &Site) -> TlsStream<TcpStream> {
    let connector = client(authority, &[], None);
    connect(&connector, site.address).await.unwrap()
}

async fn read_until(stream: &mut TlsStream<TcpStream>, end: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        seen.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn a_fault_ends_http1_without_its_last_chunk() {
    let authority = Authority::new();
    let (script, director) = script(&[BEGUN]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut stream = h1_client(&authority, &site).await;
    stream.write_all(GET).await.unwrap();
    read_until(&mut stream, "6\r\n{\"a\":1\r\n").await;
    director.fail.send(()).unwrap();
    let mut more = Vec::new();
    let ended = stream.read_to_end(&mut more).await;
    assert!(ended.is_err(), "the connection must not end cleanly");
    assert!(more.is_empty());
}

#[tokio::test]
async fn a_fault_closes_http10_before_the_end() {
    let authority = Authority::new();
    let (script, director) = script(&[BEGUN]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut stream = h1_client(&authority, &site).await;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    read_until(&mut stream, BEGUN).await;
    director.fail.send(()).unwrap();
    let mut more = Vec::new();
    let ended = stream.read_to_end(&mut more).await;
    assert!(ended.is_err(), "no close_notify, so the cut can be told");
    assert!(more.is_empty());
}

#[tokio::test]
async fn a_fault_resets_the_http2_stream_and_spares_the_connection() {
    let authority = Authority::new();
    let (script, director) = script(&[BEGUN]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut sender = h2_client(&authority, &site).await;
    let mut body = get(&mut sender).await.into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), BEGUN);
    director.fail.send(()).unwrap();
    let fault = body.data().await.unwrap().unwrap_err();
    assert!(fault.is_reset(), "{fault}");
    assert_eq!(get(&mut sender).await.status(), 200);
}

async fn h2_client(authority: &Authority, site: &Site) -> h2::client::SendRequest<Bytes> {
    let stream = connect(&client(authority, &["h2"], None), site.address)
        .await
        .unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn get(sender: &mut h2::client::SendRequest<Bytes>) -> Response<h2::RecvStream> {
    let request = Request::get("https://localhost/").body(()).unwrap();
    let mut ready = sender.clone().ready().await.unwrap();
    ready.send_request(request, true).unwrap().0.await.unwrap()
}

/// What only a mistake of ours can do.
async fn panic_once_asked(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    assert_ne!(request.uri().path(), "/panic", "CANARY-7f3a91");
    describe_connection(connection, request).await
}

#[tokio::test]
async fn j03_a_panic_ends_its_own_request_and_is_in_no_answer() {
    let authority = Authority::new();
    let site = site(authority.server_config(), generous(), panic_once_asked);
    let mut sender = h2_client(&authority, &site).await;
    assert_eq!(get(&mut sender).await.status(), 200);
    let connector = client(&authority, &[], None);
    let request = "GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(raw(&connector, site.address, request).await, "");
    let request = Request::get("https://localhost/panic").body(()).unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    assert!(answer.await.unwrap_err().is_reset());
    // Others are served, and even those of the same connection.
    assert_eq!(get(&mut sender).await.status(), 200);
    let good = "GET / HTTP/1.0\r\n\r\n";
    assert!(
        raw(&connector, site.address, good)
            .await
            .contains(" 200 OK")
    );
    site.drain.advance(Phase::Leaving);
    site.drain.advance(Phase::Cut);
    site.served.await.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_drops_the_body_on_http1() {
    let authority = Authority::new();
    let (script, mut director) = script(&["{"]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut stream = h1_client(&authority, &site).await;
    stream.write_all(GET).await.unwrap();
    stream.read_u8().await.unwrap();
    drop(stream);
    assert!(director.dropped.recv().await.is_none());
}

#[tokio::test]
async fn a_client_that_resets_its_stream_drops_the_body_on_http2() {
    let authority = Authority::new();
    let (script, mut director) = script(&["{"]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut sender = h2_client(&authority, &site).await;
    drop(get(&mut sender).await);
    assert!(director.dropped.recv().await.is_none());
}

#[tokio::test]
async fn a_client_that_leaves_closes_the_connection_to_the_upstream() {
    let legacy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = config::Upstream {
        url: format!("http://{}", legacy.local_addr().unwrap())
            .parse()
            .unwrap(),
        hosts: None,
        tls: None,
        headers: config::Headers::default(),
        timeouts: config::Timeouts::default(),
        connections: 1000,
        connections_per_caller: 1000,
    };
    let named = std::collections::BTreeMap::from([("crm".to_owned(), settings)]);
    let upstreams = Upstreams::new(&named, &Limits::default(), "gw-1", NonZeroUsize::MIN).unwrap();
    let crm = Arc::clone(upstreams.of(Some("crm")).unwrap());
    let authority = Authority::new();
    let site = site(authority.server_config(), generous(), move |_, _| {
        let crm = Arc::clone(&crm);
        async move {
            let get = crm.send_without_permit("/");
            let answer = get.await.unwrap();
            answer.map(|body| body.map_err(|reason| io::Error::other(reason.code())))
        }
    });
    let mut stream = h1_client(&authority, &site).await;
    stream.write_all(GET).await.unwrap();
    let (mut slow, _) = legacy.accept().await.unwrap();
    // An answer before its request is one to nobody, and ends the connection.
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(slow.read_u8().await.unwrap());
    }
    assert!(asked.starts_with(b"GET / "));
    let said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"a\":1\r\n";
    slow.write_all(said).await.unwrap();
    read_until(&mut stream, BEGUN).await;
    drop(stream);
    let mut after = Vec::new();
    slow.read_to_end(&mut after).await.unwrap();
    assert_eq!(after, b"");
}

#[tokio::test]
async fn o03_a_client_that_does_not_read_stops_the_body_and_is_then_let_go() {
    static FRAME: [u8; 16 << 10] = [b'x'; 16 << 10];
    const FRAMES: usize = 4096;
    for protocol in ["http/1.1", "h2"] {
        let authority = Authority::new();
        let frame = std::str::from_utf8(&FRAME).unwrap();
        let (script, mut director) = script(&[frame; FRAMES]);
        let limits = Limits {
            body_idle: Duration::from_millis(200),
            ..generous()
        };
        let site = site(authority.server_config(), limits, once(script));
        let stalled = connect(&client(&authority, &[protocol], None), site.address)
            .await
            .unwrap();
        let _kept = if protocol == "h2" {
            let (mut sender, connection) = h2::client::handshake(stalled).await.unwrap();
            tokio::spawn(connection);
            let body = get(&mut sender).await.into_body();
            (Some((sender, body)), None)
        } else {
            let mut stalled = stalled;
            stalled.write_all(GET).await.unwrap();
            (None, Some(stalled))
        };
        assert!(director.dropped.recv().await.is_none(), "{protocol}");
        assert!(
            director.polled.load(Ordering::Relaxed) < FRAMES,
            "{protocol}"
        );
    }
}

#[tokio::test]
async fn draining_lets_an_exchange_finish_and_takes_no_new_connection() {
    let authority = Authority::new();
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let site = site(authority.server_config(), generous(), move |_, _| {
        arrived.send(()).unwrap();
        let mut wait = wait.clone();
        async move {
            wait.wait_for(|go| *go).await.unwrap();
            Response::new(Full::new(Bytes::from_static(b"whole")))
        }
    });
    let connector = client(&authority, &[], None);
    let exchange = tokio::spawn({
        let (connector, address) = (connector.clone(), site.address);
        async move { raw(&connector, address, std::str::from_utf8(GET).unwrap()).await }
    });
    arrivals.recv().await.unwrap();
    site.drain.begin();
    site.drain.reached(Phase::Draining).await;
    while connect(&connector, site.address).await.is_ok() {}
    go_on.send(true).unwrap();
    assert!(exchange.await.unwrap().ends_with("whole"));
    site.served.await.unwrap();
}

#[tokio::test]
async fn asking_to_end_twice_cuts_what_is_under_way() {
    let authority = Authority::new();
    let (script, mut director) = script(&["{"]);
    let site = site(authority.server_config(), generous(), once(script));
    let mut stream = h1_client(&authority, &site).await;
    stream.write_all(GET).await.unwrap();
    stream.read_u8().await.unwrap();
    site.drain.begin();
    site.drain.begin();
    assert!(director.dropped.recv().await.is_none());
    site.served.await.unwrap();
}

#[tokio::test]
async fn a_replaced_certificate_is_used_for_the_next_handshake() {
    let (old, new) = (Authority::new(), Authority::new());
    let site = site(old.server_config(), generous(), describe_connection);
    let trusting_new = client(&new, &[], None);
    assert!(connect(&trusting_new, site.address).await.is_err());
    site.tls.store(Arc::new(new.server_config()));
    assert!(connect(&trusting_new, site.address).await.is_ok());
}
