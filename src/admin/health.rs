//! The health listener: `/healthz`, `/readyz` and `/metrics` over plain HTTP/1.1, nothing else.
//!
//! Refuses every other path (404) and every method but GET and HEAD (405). It changes nothing,
//! names no version and no setting (Q03), and needs no `Host`. `/healthz` says that the process
//! runs; `/readyz` that it should be sent requests.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What the listener asks the rest of the process.
pub struct Probes<R, M> {
    /// Whether requests should come here: not draining, rules loaded, access log healthy.
    pub ready: R,
    /// The metrics' text.
    pub metrics: M,
}

/// Enough for every prober and scraper; a flood waits.
const CONNECTIONS: usize = 64;
const HEAD: usize = 8 << 10;
const HEAD_TIME: Duration = Duration::from_secs(5);
/// The whole life of a connection: a scraper that stops reading does not keep its place.
const LIFE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Binds the listener and says where it is; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let said = format!("cannot listen on `{address}` for health: {error}");
        io::Error::new(error.kind(), said)
    })?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves until it is dropped.
pub async fn serve<R, M>(listener: TcpListener, probes: Probes<R, M>)
where
    R: Fn() -> bool + Send + Sync + 'static,
    M: Fn() -> String + Send + Sync + 'static,
{
    let probes = Arc::new(probes);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((tcp, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let probes = Arc::clone(&probes);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(LIFE, one(tcp, probes)).await;
            drop(place);
        });
    }
}

async fn one<R, M>(tcp: TcpStream, probes: Arc<Probes<R, M>>)
where
    R: Fn() -> bool,
    M: Fn() -> String,
{
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(&request, &probes);
        async { Ok::<_, Infallible>(response) }
    });
    // A prober that breaks off is no event.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_header_size(HEAD)
        .max_buf_size(HEAD)
        .half_close(false)
        .serve_connection(TokioIo::new(tcp), service)
        .await;
}

fn answer<R, M, B>(request: &Request<B>, probes: &Probes<R, M>) -> Response<Full<Bytes>>
where
    R: Fn() -> bool,
    M: Fn() -> String,
{
    let path = request.uri().path();
    if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
        return said(StatusCode::NOT_FOUND, "not found\n".to_owned());
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = said(
            StatusCode::METHOD_NOT_ALLOWED,
            "method not allowed\n".to_owned(),
        );
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    match path {
        "/metrics" => {
            let mut response = said(StatusCode::OK, (probes.metrics)());
            let media_type = HeaderValue::from_static(OPEN_METRICS);
            response.headers_mut().insert(CONTENT_TYPE, media_type);
            response
        }
        "/readyz" if !(probes.ready)() => {
            said(StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
        }
        _ => said(StatusCode::OK, "ok\n".to_owned()),
    }
}

fn said(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn listening(ready: Arc<AtomicBool>) -> SocketAddr {
        let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let probes = Probes {
            ready: move || ready.load(Ordering::Relaxed),
            metrics: || "# EOF\n".to_owned(),
        };
        tokio::spawn(serve(listener, probes));
        address
    }

    async fn ask(address: SocketAddr, line: &str) -> String {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nConnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_follows_the_probe_and_health_does_not() {
        let ready = Arc::new(AtomicBool::new(true));
        let address = listening(Arc::clone(&ready)).await;
        assert!(
            ask(address, "GET /readyz")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
        ready.store(false, Ordering::Relaxed);
        assert!(
            ask(address, "GET /readyz")
                .await
                .starts_with("HTTP/1.1 503 ")
        );
        assert!(
            ask(address, "GET /healthz")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
    }

    #[tokio::test]
    async fn metrics_are_open_metrics_and_head_has_no_body() {
        let address = listening(Arc::default()).await;
        let answer = ask(address, "GET /metrics").await;
        assert!(answer.contains("content-type: application/openmetrics-text"));
        assert!(answer.ends_with("# EOF\n"));
        assert!(ask(address, "HEAD /metrics").await.ends_with("\r\n\r\n"));
    }

    #[tokio::test]
    async fn q01_q03_nothing_else_is_answered() {
        let address = listening(Arc::default()).await;
        for path in ["/", "/healthz/", "/reload", "/metrics/x"] {
            let answer = ask(address, &format!("GET {path}")).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}");
        }
        let answer = ask(address, "POST /healthz").await;
        assert!(answer.starts_with("HTTP/1.1 405 "));
        assert!(answer.contains("allow: GET, HEAD"));
    }
}
