//! HTTP/1.1 by hand: what is sent is what was written, and chunks are seen as they come.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{Answer, Caller, Door, End, patiently};

pub struct Http1 {
    stream: TlsStream<TcpStream>,
    /// Read and not looked at yet.
    buffer: Vec<u8>,
    authorization: String,
    /// The other side said that it would send no more, or broke off.
    ended: bool,
}

impl Http1 {
    pub async fn connect(door: &Door, caller: &Caller) -> Http1 {
        Http1::connect_with(door, caller, None).await
    }

    /// See [`Door::connect`].
    pub async fn connect_with(door: &Door, caller: &Caller, buffer: Option<u32>) -> Http1 {
        Http1::on(
            door.connect(caller, b"http/1.1", buffer).await.unwrap(),
            caller,
        )
    }

    /// To a proxy that may die any moment.
    pub async fn try_connect(door: &Door, caller: &Caller) -> io::Result<Http1> {
        let stream = door.connect(caller, b"http/1.1", None).await?;
        Ok(Http1::on(stream, caller))
    }

    fn on(stream: TlsStream<TcpStream>, caller: &Caller) -> Http1 {
        let authorization = match &caller.token {
            Some(token) => format!("Authorization: Bearer {token}\r\n"),
            None => String::new(),
        };
        Http1 {
            stream,
            buffer: Vec::new(),
            authorization,
            ended: false,
        }
    }

    pub async fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, target, headers).await;
        self.answer_to(method).await
    }

    /// A request with the caller's token and a `Host` unless there is one.
    pub async fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) {
        self.try_send(method, target, headers).await.unwrap();
    }

    pub async fn try_send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> io::Result<()> {
        let mut head = format!("{method} {target} HTTP/1.1\r\n{}", self.authorization);
        let named = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"));
        if !named {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.try_write(head.as_bytes()).await
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.try_write(bytes).await.unwrap();
    }

    /// To a proxy that may have had enough.
    pub async fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        self.answer_to("GET").await
    }

    async fn answer_to(&mut self, method: &str) -> Answer {
        let mut answer = patiently("an answer's head", self.head()).await;
        patiently("an answer's end", self.body(method, &mut answer)).await;
        answer
    }

    /// The next answer, if its head still comes.
    pub async fn try_answer(&mut self) -> Option<Answer> {
        let mut answer = self.try_head().await?;
        self.body("GET", &mut answer).await;
        Some(answer)
    }

    /// The next answer, or `None` where the connection ends instead.
    pub async fn next_answer(&mut self) -> Option<Answer> {
        patiently("an answer or the end", self.try_answer()).await
    }

    /// The next answer's head; its body is read with [`Http1::some`] or not at all.
    pub async fn head(&mut self) -> Answer {
        match self.try_head().await {
            Some(head) => head,
            None => panic!("no head: {:?}", self.lossy()),
        }
    }

    /// The same, or `None` where the connection ends instead.
    pub async fn try_head(&mut self) -> Option<Answer> {
        let length = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if !self.more().await {
                return None;
            }
        };
        let head: Vec<u8> = self.buffer.drain(..length + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap();
        assert!(status.starts_with("HTTP/1."), "{status}");
        let status = status[9..12].parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Answer {
            status,
            headers,
            body: Vec::new(),
            frames: Vec::new(),
            end: End::Complete,
        })
    }

    /// Some bytes of whatever comes next, or none at the end.
    pub async fn some(&mut self) -> Vec<u8> {
        if self.buffer.is_empty() {
            patiently("more bytes", self.more()).await;
        }
        std::mem::take(&mut self.buffer)
    }

    /// Everything up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        patiently("the end of the connection", async {
            while self.more().await {}
        })
        .await;
        std::mem::take(&mut self.buffer)
    }

    async fn body(&mut self, method: &str, answer: &mut Answer) {
        if method == "HEAD" || answer.status == 204 || answer.status < 200 {
            return;
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            assert_eq!(answer.header("content-length"), None, "two framings");
            while self.chunk(answer).await {}
            return;
        }
        match answer.header("content-length") {
            Some(length) => {
                let length: usize = length.parse().unwrap();
                answer.body = self.take(length).await;
                if answer.body.len() < length {
                    answer.end = End::Cut(None);
                }
                answer.frames.extend((length > 0).then_some(length));
            }
            None => {
                while self.more().await {}
                answer.body = std::mem::take(&mut self.buffer);
            }
        }
    }

    /// Reads a chunk; `false` where it was the last, whatever that means for the answer.
    async fn chunk(&mut self, answer: &mut Answer) -> bool {
        let line = loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                break at;
            }
            if !self.more().await {
                answer.end = End::Cut(None);
                return false;
            }
        };
        let size = self.take(line + 2).await;
        let size = std::str::from_utf8(&size[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let piece = self.take(size + 2).await;
        let Some(data) = piece.strip_suffix(b"\r\n") else {
            answer.body.extend_from_slice(&piece);
            answer.end = End::Cut(None);
            return false;
        };
        assert_eq!(data.len(), size, "no trailers, and whole chunks");
        answer.body.extend_from_slice(data);
        answer.frames.extend((size > 0).then_some(size));
        size > 0
    }

    /// Takes that many bytes, or as many as there are.
    async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length && self.more().await {}
        let there = length.min(self.buffer.len());
        self.buffer.drain(..there).collect()
    }

    async fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.buffer.reserve(32 << 10);
        // A connection that breaks off has ended as well.
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap_or(0);
        self.ended = read == 0;
        !self.ended
    }

    fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
