//! Connections that have nothing to do for a moment.

use super::*;
use crate::server::http1::{Deadline, REST};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// One exchange on a connection of its own, and the connection when it rests.
async fn rested(authority: &Authority, site: &mut Site) -> TlsStream<TcpStream> {
    let connector = client(authority, &[], None);
    let mut stream = connect(&connector, site.address).await.unwrap();
    ask(&mut stream).await;
    site.rested.recv().await.unwrap();
    stream
}

async fn ask(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(GET).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"Http1 Some(\"localhost\") false") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_that_rested_is_served_again_and_rests_again() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let mut stream = rested(&authority, &mut site).await;
    for _ in 0..2 {
        ask(&mut stream).await;
        site.rested.recv().await.unwrap();
    }
    stream.shutdown().await.unwrap();
    assert_eq!(rest_of(&mut stream).await, "");
    site.drain.begin();
    site.served.await.unwrap();
    assert!(site.refusals.recv().await.is_none());
}

#[tokio::test]
async fn a_connection_that_rests_is_closed_by_draining() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let mut stream = rested(&authority, &mut site).await;
    site.drain.begin();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    site.served.await.unwrap();
}

#[tokio::test]
async fn o01_a_connection_that_rests_for_longer_than_a_head_may_take_is_closed_without_a_refusal() {
    let authority = Authority::new();
    let limits = Limits {
        header_time: Duration::from_millis(500),
        ..generous()
    };
    let mut site = site(authority.server_config(), limits, describe_connection);
    let mut stream = rested(&authority, &mut site).await;
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    site.drain.begin();
    site.served.await.unwrap();
    assert!(site.refusals.recv().await.is_none());
}

#[tokio::test]
async fn o01_a_head_that_trickles_after_a_rest_is_given_up() {
    let authority = Authority::new();
    let limits = Limits {
        header_time: Duration::from_secs(1),
        ..generous()
    };
    let mut site = site(authority.server_config(), limits, describe_connection);
    let mut stream = rested(&authority, &mut site).await;
    stream.write_all(b"G").await.unwrap();
    rest_of(&mut stream).await;
    assert_eq!(
        site.refusals.recv().await.unwrap().kind,
        RefusalKind::HeaderTime
    );
}

#[tokio::test]
async fn o01_resting_does_not_give_a_head_more_time() {
    let first = Deadline::default();
    let now = std::time::Instant::now();
    let minute = Duration::from_secs(60);
    assert_eq!(first.first(now + minute), now + minute);
    first.set(Duration::ZERO);
    assert!(first.first(now + minute) < now + minute);
    assert_eq!(first.first(now + minute), now + minute, "only the first");
}

#[tokio::test]
async fn e06_an_ambiguous_head_after_a_rest_is_refused() {
    let authority = Authority::new();
    let mut site = site(authority.server_config(), generous(), describe_connection);
    let mut stream = rested(&authority, &mut site).await;
    stream
        .write_all(b"GET / HTTP/1.1\nHost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(rest_of(&mut stream).await.starts_with("HTTP/1.1 400"));
    assert_eq!(
        site.refusals.recv().await.unwrap().kind,
        RefusalKind::Malformed
    );
}

#[tokio::test]
async fn a_connection_whose_answer_is_not_taken_does_not_rest() {
    let authority = Authority::new();
    let large = Bytes::from(vec![b'x'; 64 << 20]);
    let mut site = site(authority.server_config(), generous(), move |_, _| {
        let large = large.clone();
        async move { Response::new(Full::new(large)) }
    });
    let connector = client(&authority, &[], None);
    let mut stream = connect(&connector, site.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    stream.read_u8().await.unwrap();
    let slept = tokio::time::timeout(REST * 5, site.rested.recv()).await;
    assert!(slept.is_err(), "the answer is still on its way");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut length = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            read => length += read,
        }
    }
    assert!(length > 2 * (64 << 20));
}
