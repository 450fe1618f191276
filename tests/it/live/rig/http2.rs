//! HTTP/2 frame by frame.

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{Method, Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

use super::{Answer, Caller, Door, End, patiently};

/// Wide enough that no answer of a test waits for it, unless the test wants that.
const WINDOW: u32 = 4 << 20;

#[derive(Debug)]
pub struct Http2 {
    sender: SendRequest<Bytes>,
    token: Option<String>,
    driver: JoinHandle<()>,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Http2 {
    pub async fn connect(door: &Door, caller: &Caller) -> Http2 {
        Http2::connect_with(door, caller, WINDOW).await
    }

    /// To a proxy that may die any moment.
    pub async fn try_connect(door: &Door, caller: &Caller) -> Option<Http2> {
        let stream = door.connect(caller, b"h2", None).await.ok()?;
        Http2::on(stream, caller, WINDOW).await.ok()
    }

    /// A client that takes in that much before it reads.
    pub async fn connect_with(door: &Door, caller: &Caller, window: u32) -> Http2 {
        let stream = door.connect(caller, b"h2", None).await.unwrap();
        Http2::on(stream, caller, window).await.unwrap()
    }

    async fn on(
        stream: TlsStream<TcpStream>,
        caller: &Caller,
        window: u32,
    ) -> Result<Http2, h2::Error> {
        let handshake = h2::client::Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(window.max(65_535))
            .enable_push(false)
            .handshake(stream);
        let (sender, connection) = patiently("an HTTP/2 preface", handshake).await?;
        let driver = tokio::spawn(async move {
            // Each stream is told what happened.
            let _ = connection.await;
        });
        Ok(Http2 {
            sender,
            token: caller.token.clone(),
            driver,
        })
    }

    pub async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let response = self.send(method, target, headers).await;
        patiently("an answer", answer(response)).await.unwrap()
    }

    /// A request with these bytes of body.
    pub async fn ask_with(&self, method: &str, target: &str, body: &'static [u8]) -> Answer {
        let request = self.request(method, target, &[]);
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (response, mut stream) = sender.send_request(request, false).unwrap();
        // It may be refused before all of it has gone.
        let _ = stream.send_data(Bytes::from_static(body), true);
        patiently("an answer", answer(response)).await.unwrap()
    }

    /// A request with a body and these headers.
    pub async fn ask_sending(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let request = self.request(method, target, headers);
        let mut sender = self.sender.clone().ready().await.unwrap();
        let (response, mut stream) = sender.send_request(request, false).unwrap();
        // It may be refused before all of it has gone.
        let _ = stream.send_data(Bytes::copy_from_slice(body), true);
        patiently("an answer", answer(response)).await.unwrap()
    }

    /// The answer, if its head still comes.
    pub async fn try_ask(&self, target: &str) -> Option<Answer> {
        let response = self.try_send("GET", target, &[]).await.ok()?;
        answer(response).await.ok()
    }

    /// Sends a request with the caller's token; what `Host` says becomes the authority.
    pub async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> ResponseFuture {
        self.try_send(method, target, headers).await.unwrap()
    }

    async fn try_send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<ResponseFuture, h2::Error> {
        let request = self.request(method, target, headers);
        let mut sender = patiently("room for a stream", self.sender.clone().ready()).await?;
        let (response, _) = sender.send_request(request, true)?;
        Ok(response)
    }

    fn request(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let is_host = |name: &str| name.eq_ignore_ascii_case("host");
        let host = headers.iter().find(|(name, _)| is_host(name));
        let host = host.map_or("localhost", |(_, value)| value);
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("https://{host}{target}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers.iter().filter(|(name, _)| !is_host(name)) {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }
}

/// Reads an answer to its end.
async fn answer(response: ResponseFuture) -> Result<Answer, h2::Error> {
    let (mut answer, mut body) = head(response.await?);
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                if !data.is_empty() {
                    answer.frames.push(data.len());
                    answer.body.extend_from_slice(&data);
                }
            }
            Err(error) => {
                answer.end = End::Cut(error.reason());
                return Ok(answer);
            }
        }
    }
    assert_eq!(body.trailers().await?, None);
    Ok(answer)
}

/// An answer's head, and where its body comes from.
pub fn head(response: Response<h2::RecvStream>) -> (Answer, h2::RecvStream) {
    let (head, body) = response.into_parts();
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = head.headers.iter();
    let answer = Answer {
        status: head.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: Vec::new(),
        frames: Vec::new(),
        end: End::Complete,
    };
    (answer, body)
}
