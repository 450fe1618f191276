//! What never becomes a request, and the trace it leaves.

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn kind(site: &mut Site) -> RefusalKind {
    site.refusals.recv().await.unwrap().kind
}

#[tokio::test]
async fn l05_a_missing_certificate_is_seen_as_missing_and_a_good_one_as_given() {
    let authority = Authority::new();
    let site = site(
        authority.asking_for_certificates(),
        generous(),
        describe_connection,
    );
    let without = raw(&client(&authority, &[], None), site.address, GET).await;
    assert!(without.ends_with("Http1 Some(\"localhost\") false"));
    let identity = Some(authority.sign("partner"));
    let with = raw(&client(&authority, &[], identity), site.address, GET).await;
    assert!(with.ends_with("Http1 Some(\"localhost\") true"));
}

#[tokio::test]
async fn l01_a_certificate_of_another_authority_never_becomes_a_request() {
    let (authority, other) = (Authority::new(), Authority::new());
    let mut site = site(
        authority.asking_for_certificates(),
        generous(),
        describe_connection,
    );
    let identity = Some(other.sign("partner"));
    let mut stream = connect(&client(&authority, &[], identity), site.address)
        .await
        .unwrap();
    let _ = stream.write_all(GET.as_bytes()).await;
    assert_eq!(rest_of(&mut stream).await, "");
    assert_eq!(kind(&mut site).await, RefusalKind::Handshake);
}

#[tokio::test]
async fn l04_a_session_with_client_certificates_is_never_resumed() {
    let authority = Authority::new();
    let site = site(
        authority.asking_for_certificates(),
        generous(),
        describe_connection,
    );
    let connector = client(&authority, &[], Some(authority.sign("partner")));
    for _ in 0..2 {
        let mut stream = connect(&connector, site.address).await.unwrap();
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(rest_of(&mut stream).await.ends_with("true"));
        assert_eq!(
            stream.get_ref().1.handshake_kind(),
            Some(rustls::HandshakeKind::Full)
        );
    }
}

#[tokio::test]
async fn l07_an_unknown_protocol_is_refused_and_none_means_http1() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    assert!(
        connect(&client(&authority, &["ftp"], None), site.address)
            .await
            .is_err()
    );
    assert_eq!(kind(&mut site).await, RefusalKind::Handshake);
    let answer = raw(&client(&authority, &[], None), site.address, GET).await;
    assert!(answer.contains("Http1"));
}

#[tokio::test]
async fn what_is_not_tls_is_refused_with_a_trace() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let mut tcp = TcpStream::connect(site.address).await.unwrap();
    tcp.write_all(GET.as_bytes()).await.unwrap();
    let refusal = site.refusals.recv().await.unwrap();
    assert_eq!(refusal.kind, RefusalKind::Handshake);
    assert_eq!(refusal.peer, tcp.local_addr().unwrap());
}

#[tokio::test]
async fn l09_a_handshake_that_does_not_come_is_given_up() {
    let authority = Authority::new();
    let limits = Limits {
        handshake: Duration::from_millis(20),
        ..generous()
    };
    let mut site = site(authority.server_config(), limits, describe_connection);
    let mut tcp = TcpStream::connect(site.address).await.unwrap();
    assert_eq!(kind(&mut site).await, RefusalKind::HandshakeTime);
    assert_eq!(tcp.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn o04_a_connection_above_the_cap_is_closed_before_tls() {
    let authority = Authority::new();
    let limits = Limits {
        connections_per_address: 1,
        ..generous()
    };
    let mut site = site(authority.server_config(), limits, describe_connection);
    let connector = client(&authority, &[], None);
    let first = connect(&connector, site.address).await.unwrap();
    assert!(connect(&connector, site.address).await.is_err());
    assert_eq!(kind(&mut site).await, RefusalKind::ConnectionsPerAddress);
    drop(first);
    while connect(&connector, site.address).await.is_err() {}
}

#[tokio::test]
async fn o01_a_head_that_trickles_is_given_up() {
    let authority = Authority::new();
    let limits = Limits {
        header_time: Duration::from_millis(50),
        ..generous()
    };
    for protocol in ["http/1.1", "h2"] {
        let mut site = site(authority.server_config(), limits, describe_connection);
        let connector = client(&authority, &[protocol], None);
        let mut stream = connect(&connector, site.address).await.unwrap();
        stream.write_all(b"P").await.unwrap();
        rest_of(&mut stream).await;
        if protocol == "http/1.1" {
            assert_eq!(kind(&mut site).await, RefusalKind::HeaderTime);
        }
    }
}

#[tokio::test]
async fn an_idle_connection_that_has_been_served_leaves_no_refusal() {
    let authority = Authority::new();
    let limits = Limits {
        header_time: Duration::from_millis(50),
        ..generous()
    };
    let mut site = site(authority.server_config(), limits, describe_connection);
    let keep_alive = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = raw(&client(&authority, &[], None), site.address, keep_alive).await;
    assert!(answer.starts_with("HTTP/1.1 200"));
    site.drain.begin();
    site.served.await.unwrap();
    assert!(site.refusals.recv().await.is_none());
}

#[tokio::test]
async fn e01_e04_e06_an_ambiguous_head_is_answered_400_closed_and_recorded() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let connector = client(&authority, &[], None);
    for head in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    ] {
        let answer = raw(&connector, site.address, head).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{head:?}");
        assert_eq!(kind(&mut site).await, RefusalKind::Malformed, "{head:?}");
    }
}

#[tokio::test]
async fn a_head_above_the_limit_is_answered_431_and_recorded() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(16 << 10)
    );
    let answer = raw(&client(&authority, &[], None), site.address, &head).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(kind(&mut site).await, RefusalKind::HeaderTooLarge);
}

#[tokio::test]
async fn what_is_not_http2_is_refused_with_a_trace() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    raw(&client(&authority, &["h2"], None), site.address, GET).await;
    assert_eq!(kind(&mut site).await, RefusalKind::Http2);
}

#[tokio::test]
async fn o05_a_client_that_gives_up_on_every_request_is_let_go() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), |_, _| async {
        std::future::pending::<Response<Full<Bytes>>>().await
    });
    let connector = client(&authority, &["h2"], None);
    let stream = connect(&connector, site.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    let ended = tokio::spawn(connection);
    while let Ok(mut ready) = sender.clone().ready().await {
        let request = Request::get("https://localhost/").body(()).unwrap();
        if let Ok((_, mut stream)) = ready.send_request(request, true) {
            stream.send_reset(h2::Reason::CANCEL);
        }
        sender = ready;
        tokio::task::yield_now().await;
    }
    assert_eq!(kind(&mut site).await, RefusalKind::Http2);
    let _ = ended.await.unwrap();
}

#[tokio::test]
async fn o05_a_client_that_lets_its_requests_finish_is_not() {
    let authority = Authority::new();
    let site = site(authority.server_config(), generous(), describe_connection);
    let connector = client(&authority, &["h2"], None);
    let stream = connect(&connector, site.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..300 {
        let mut ready = sender.clone().ready().await.unwrap();
        let request = Request::get("https://localhost/").body(()).unwrap();
        let (answer, _) = ready.send_request(request, true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        while let Some(data) = body.data().await {
            data.unwrap();
        }
    }
}

#[tokio::test]
async fn e09_pipelined_requests_are_answered_in_order() {
    let authority = Authority::new();
    let site = site(
        authority.server_config(),
        generous(),
        |_, request: Request<Incoming>| {
            let path = request.uri().path().to_owned();
            async move { Response::new(Full::new(Bytes::from(path))) }
        },
    );
    let two = "GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = raw(&client(&authority, &[], None), site.address, two).await;
    let (first, second) = (answer.find("/one").unwrap(), answer.find("/two").unwrap());
    assert!(first < second);
}

#[tokio::test]
async fn e22_nothing_follows_a_body_in_chunks_on_its_connection() {
    let authority = Authority::new();
    let site = site(authority.server_config(), generous(), describe_connection);
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let twice = format!("{request}{request}");
    let answer = raw(&client(&authority, &[], None), site.address, &twice).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert!(answer.contains("connection: close"));
}

#[tokio::test]
async fn q11_a_mapped_peer_is_shown_as_ipv4() {
    let mapped: SocketAddr = "[::ffff:192.0.2.1]:7".parse().unwrap();
    assert_eq!(unmapped(mapped).to_string(), "192.0.2.1:7");
}

#[test]
fn each_kind_of_refusal_is_documented() {
    let page = include_str!("../../../docs/metrics.md");
    for kind in RefusalKind::ALL {
        assert!(page.contains(&format!("| `{}` |", kind.code())), "{kind:?}");
    }
}
