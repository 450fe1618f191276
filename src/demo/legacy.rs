//! The legacy API the demo protects: HTTP/1.1 without TLS and without a login, as they are.
//!
//! It answers anybody who reaches it with all it has, so it binds loopback addresses and nothing else.
//! It refuses nothing a careful server would: unknown ids get a chatty HTML page, odd page numbers the first page.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, SERVER, SET_COOKIE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Sleep, sleep};

use super::people;

const NOT_FOUND: &str = include_str!("not_found.html");
const PAGE_SIZE: u32 = 20;
/// The slow route sends a record in this many chunks, with this pause before each but the first.
const SLOW_CHUNKS: usize = 5;
const SLOW_PAUSE: Duration = Duration::from_millis(40);

/// The running legacy API; it stops, connections included, when this is dropped.
#[derive(Debug)]
pub struct Legacy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Legacy {
    /// Binds a free loopback port and serves from a task of the current runtime.
    pub async fn start() -> io::Result<Legacy> {
        Legacy::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Binds this address and serves from a task of the current runtime.
    ///
    /// # Errors
    ///
    /// Where it cannot be bound, and for every address that others than this machine reach.
    pub async fn start_at(address: SocketAddr) -> io::Result<Legacy> {
        if !address.ip().is_loopback() {
            let why = "it gives everything to anybody; use a loopback address such as 127.0.0.1";
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("the legacy API does not listen on `{address}`: {why}"),
            ));
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("`{address}`: {error}")))?;
        Ok(Legacy {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener)),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Legacy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Owns its connections, so that they end with it.
async fn accept(listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let service = service_fn(async |request| Ok::<_, Infallible>(answer(&request)));
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "the legacy API lost a connection");
            }
        });
    }
}

fn answer(request: &Request<Incoming>) -> Response<Chunks> {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => route(request.uri().path(), request.uri().query()),
        _ => status_only(StatusCode::METHOD_NOT_ALLOWED),
    };
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("Apache-Coyote/1.1"));
    headers.insert(
        SET_COOKIE,
        HeaderValue::from_static("JSESSIONID=5C1B6F2E; Path=/"),
    );
    response
}

fn route(path: &str, query: Option<&str>) -> Response<Chunks> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match *segments.as_slice() {
        ["customers"] => list(query.unwrap_or_default()).map_or_else(|_| broken(), json_text),
        ["export", "customers"] => {
            page(1, people::EXPORTED, people::EXPORTED).map_or_else(|_| broken(), json_text)
        }
        ["customers", id] => record(id, json_text),
        ["gzip", "customers", id] => record(id, gzipped),
        ["slow", "customers", id] => record(id, slowly),
        _ => not_found(),
    }
}

fn record(id: &str, send: fn(String) -> Response<Chunks>) -> Response<Chunks> {
    match people::by_id(id) {
        Some(customer) => serde_json::to_string_pretty(&customer).map_or_else(|_| broken(), send),
        None => not_found(),
    }
}

fn list(query: &str) -> serde_json::Result<String> {
    let number = |name: &str, otherwise: u32| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.parse().ok())
            .filter(|value| *value > 0)
            .unwrap_or(otherwise)
    };
    page(number("page", 1), number("size", PAGE_SIZE), people::LISTED)
}

fn page(page: u32, size: u32, total: u32) -> serde_json::Result<String> {
    let first = (page - 1).saturating_mul(size).min(total);
    let last = first.saturating_add(size).min(total);
    let page = Page {
        total,
        page,
        items: (first..last).map(people::customer).collect(),
    };
    serde_json::to_string(&page)
}

#[derive(Serialize)]
struct Page {
    total: u32,
    page: u32,
    items: Vec<people::Customer>,
}

fn json_text(text: String) -> Response<Chunks> {
    reply("application/json;charset=UTF-8", Chunks::one(text.into()))
}

fn gzipped(text: String) -> Response<Chunks> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(text.as_bytes());
    match written.and_then(|()| encoder.finish()) {
        Ok(packed) => {
            let mut response = reply("application/json;charset=UTF-8", Chunks::one(packed.into()));
            let gzip = HeaderValue::from_static("gzip");
            response.headers_mut().insert(CONTENT_ENCODING, gzip);
            response
        }
        Err(_) => broken(),
    }
}

fn slowly(text: String) -> Response<Chunks> {
    let size = text.len().div_ceil(SLOW_CHUNKS);
    let bytes = Bytes::from(text);
    let chunks = (0..SLOW_CHUNKS)
        .map(|nth| bytes.slice((nth * size).min(bytes.len())..((nth + 1) * size).min(bytes.len())))
        .collect();
    reply("application/json;charset=UTF-8", Chunks::paused(chunks))
}

fn not_found() -> Response<Chunks> {
    let mut response = reply("text/html;charset=utf-8", Chunks::one(NOT_FOUND.into()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn broken() -> Response<Chunks> {
    status_only(StatusCode::INTERNAL_SERVER_ERROR)
}

fn status_only(status: StatusCode) -> Response<Chunks> {
    let mut response = Response::new(Chunks::one(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn reply(media_type: &'static str, body: Chunks) -> Response<Chunks> {
    let mut response = Response::new(body);
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// A body in chunks; with pauses between them its length is not announced.
struct Chunks {
    rest: VecDeque<Bytes>,
    pauses: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Chunks {
    fn one(bytes: Bytes) -> Chunks {
        Chunks {
            rest: VecDeque::from([bytes]),
            pauses: false,
            pause: None,
        }
    }

    fn paused(chunks: VecDeque<Bytes>) -> Chunks {
        Chunks {
            rest: chunks,
            pauses: true,
            pause: None,
        }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(context));
        }
        let next = self.rest.pop_front();
        self.pause = self.pauses.then(|| Box::pin(sleep(SLOW_PAUSE)));
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.pauses {
            true => SizeHint::default(),
            false => SizeHint::with_exact(self.rest.iter().map(|bytes| bytes.len() as u64).sum()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use http_body_util::BodyExt;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;

    use super::super::rules;
    use super::*;

    async fn ask(legacy: &Legacy, method: Method, target: &str) -> (http::response::Parts, Bytes) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", legacy.address()))
            .body(String::new())
            .unwrap();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        (head, body.collect().await.unwrap().to_bytes())
    }

    async fn get(legacy: &Legacy, target: &str) -> (http::response::Parts, Bytes) {
        ask(legacy, Method::GET, target).await
    }

    #[tokio::test]
    async fn it_listens_on_loopback_only_and_needs_no_login() {
        let legacy = Legacy::start().await.unwrap();
        assert!(legacy.address().ip().is_loopback());
        let (head, body) = get(&legacy, "/customers/1001").await;
        assert_eq!(head.status, StatusCode::OK);
        let customer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(customer["name"], "张三");
        assert!(customer["internal_score"].is_u64());
    }

    #[tokio::test]
    async fn it_refuses_every_address_others_could_reach() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let refused = Legacy::start_at(address.parse().unwrap()).await;
            let error = refused.expect_err(address).to_string();
            assert!(
                error.contains(address) && error.contains("127.0.0.1"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn the_gzip_and_the_slow_route_say_what_the_plain_one_says() {
        let legacy = Legacy::start().await.unwrap();
        let (_, plain) = get(&legacy, "/customers/1002").await;

        let (head, packed) = get(&legacy, "/gzip/customers/1002").await;
        assert_eq!(head.headers[CONTENT_ENCODING], "gzip");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, plain);

        let (head, slow) = get(&legacy, "/slow/customers/1002").await;
        assert_eq!(head.headers["transfer-encoding"], "chunked");
        assert_eq!(slow, plain);
    }

    #[tokio::test]
    async fn lists_are_paged_and_the_export_holds_2500() {
        let legacy = Legacy::start().await.unwrap();
        let read = async |target| -> serde_json::Value {
            serde_json::from_slice(&get(&legacy, target).await.1).unwrap()
        };
        let last = read("/customers?page=3&size=20").await;
        assert_eq!(last["total"], 50);
        assert_eq!(last["page"], 3);
        assert_eq!(last["items"].as_array().unwrap().len(), 10);
        assert_eq!(last["items"][0]["id"], "1041");
        let beyond = read("/customers?page=4294967295&size=4294967295").await;
        assert!(beyond["items"].as_array().unwrap().is_empty());
        let export = read("/export/customers").await;
        assert_eq!(export["items"].as_array().unwrap().len(), 2_500);
    }

    #[tokio::test]
    async fn an_unknown_customer_gets_a_page_that_says_too_much() {
        let legacy = Legacy::start().await.unwrap();
        let (head, body) = get(&legacy, "/customers/9999").await;
        assert_eq!(head.status, StatusCode::NOT_FOUND);
        assert!(
            head.headers[CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(String::from_utf8_lossy(&body).contains("ORA-01403"));
    }

    #[tokio::test]
    async fn head_has_the_length_and_no_body() {
        let legacy = Legacy::start().await.unwrap();
        let (_, whole) = get(&legacy, "/customers/1001").await;
        let (head, body) = ask(&legacy, Method::HEAD, "/customers/1001").await;
        assert_eq!(
            head.headers["content-length"],
            whole.len().to_string().as_str()
        );
        assert!(body.is_empty());
    }

    #[tokio::test]
    async fn dropping_it_closes_the_port() {
        let legacy = Legacy::start().await.unwrap();
        let address = legacy.address();
        drop(legacy);
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn the_rule_sets_fixtures_are_what_it_answers() {
        let fixture = |name| {
            rules::BANK
                .iter()
                .find(|(file, _)| *file == name)
                .unwrap()
                .1
        };
        let one = serde_json::to_string_pretty(&people::customer(0)).unwrap();
        assert_eq!(fixture("fixtures/customer-1001.json"), one);
        assert_eq!(fixture("fixtures/customers.json"), list("size=3").unwrap());
    }
}
