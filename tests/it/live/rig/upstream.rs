//! A legacy API that does as it is told, byte for byte, and remembers all it was asked.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::patiently;

/// One step of an answer.
pub enum Part {
    Bytes(Bytes),
    /// Whatever the iterator makes, as it is needed.
    Made(Box<dyn Iterator<Item = Bytes> + Send>),
    /// Waits until the test says so, or the proxy hangs up.
    Wait(Gate),
    /// The end of the connection, in order.
    Close,
    /// The end of the connection, by force.
    Reset,
}

/// Something the test opens when it is time.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    pub fn closed() -> Gate {
        Gate(Arc::new(Semaphore::new(0)))
    }

    /// Lets one answer pass.
    pub fn open(&self) {
        self.0.add_permits(1);
    }
}

/// Bytes as they are.
pub fn raw(bytes: impl AsRef<[u8]>) -> Part {
    Part::Bytes(Bytes::copy_from_slice(bytes.as_ref()))
}

/// A whole JSON answer.
pub fn json(body: impl AsRef<[u8]>) -> Vec<Part> {
    ok("Content-Type: application/json", body)
}

/// An answer with a length, from its status and headers and its body.
pub fn with(head: &str, body: impl AsRef<[u8]>) -> Vec<Part> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
    vec![raw([head.as_bytes(), body].concat())]
}

/// A 200 with these headers.
pub fn ok(headers: &str, body: impl AsRef<[u8]>) -> Vec<Part> {
    with(&format!("200 OK\r\n{headers}"), body)
}

/// A JSON answer in a content coding.
pub fn encoded(coding: &str, body: &[u8]) -> Vec<Part> {
    let headers = format!("Content-Type: application/json\r\nContent-Encoding: {coding}");
    ok(&headers, body)
}

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// The head of a JSON answer in chunks, and these as the first of them; [`chunk`] makes more.
pub fn json_chunks(pieces: &[&[u8]]) -> Vec<Part> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let pieces = pieces.iter().map(|piece| raw(chunk(piece)));
    [raw(head)].into_iter().chain(pieces).collect()
}

/// One chunk; an empty one is the last.
pub fn chunk(piece: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", piece.len());
    [size.as_bytes(), piece, b"\r\n"].concat()
}

/// What the proxy sent: up to the blank line, and a body behind it.
pub struct Asked<'a> {
    pub head: &'a str,
}

impl Asked<'_> {
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap()
    }

    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

type Script = dyn Fn(&Asked<'_>) -> Vec<Part> + Send + Sync;

pub struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    script: Box<Script>,
    /// Every head, and the body behind it, exactly as they came.
    heads: watch::Sender<Vec<String>>,
    /// Bytes the system took from us.
    sent: AtomicU64,
    /// Answers that could not be sent to their end.
    broken: watch::Sender<usize>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstream {
    pub async fn start(script: impl Fn(&Asked<'_>) -> Vec<Part> + Send + Sync + 'static) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // So that what is written does not get far without being read.
        socket.set_send_buffer_size(64 << 10).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Box::new(script),
            heads: watch::Sender::default(),
            sent: AtomicU64::new(0),
            broken: watch::Sender::default(),
        });
        let serving = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                connections.spawn(serve(Arc::clone(&serving), tcp));
                while connections.try_join_next().is_some() {}
            }
        });
        Upstream {
            address,
            state,
            accepting,
        }
    }

    /// The same JSON for whatever is asked.
    pub async fn always(body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref().to_vec();
        Upstream::start(move |_| json(&body)).await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked.
    pub fn count(&self) -> usize {
        self.state.heads.borrow().len()
    }

    /// All it was asked, in that order.
    pub fn heads(&self) -> Vec<String> {
        self.state.heads.borrow().clone()
    }

    /// What it was asked last.
    pub fn last(&self) -> String {
        self.state.heads.borrow().last().unwrap().clone()
    }

    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    /// Waits until it was asked that often.
    pub async fn asked(&self, times: usize) {
        let mut heads = self.state.heads.subscribe();
        let asked = heads.wait_for(|heads| heads.len() >= times);
        patiently("a request to the upstream", asked).await.unwrap();
    }

    /// Waits until the proxy has hung up in the middle of an answer that often.
    pub async fn hung_up(&self, times: usize) {
        let mut broken = self.state.broken.subscribe();
        let hung_up = broken.wait_for(|broken| *broken >= times);
        patiently("the proxy to hang up", hung_up).await.unwrap();
    }
}

async fn serve(state: Arc<State>, mut tcp: TcpStream) {
    let mut buffer = Vec::new();
    while let Some(mut head) = read_head(&mut tcp, &mut buffer).await {
        read_body(&mut tcp, &mut buffer, &mut head).await;
        let parts = (state.script)(&Asked { head: &head });
        state.heads.send_modify(|heads| heads.push(head));
        match play(&state, &mut tcp, parts).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                state.broken.send_modify(|broken| *broken += 1);
                return;
            }
        }
    }
}

async fn read_head(tcp: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = buffer.drain(..at + 4).collect();
            return Some(String::from_utf8(head).unwrap());
        }
        if tcp.read_buf(buffer).await.unwrap_or(0) == 0 {
            assert!(buffer.is_empty(), "half a request: {buffer:?}");
            return None;
        }
    }
}

/// Puts a body behind the head that announces it.
async fn read_body(tcp: &mut TcpStream, buffer: &mut Vec<u8>, head: &mut String) {
    let lines = || head.lines().filter_map(|line| line.split_once(": "));
    let length = lines().find(|(name, _)| *name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    while buffer.len() < length {
        assert_ne!(tcp.read_buf(buffer).await.unwrap_or(0), 0, "half a body");
    }
    let body: Vec<u8> = buffer.drain(..length).collect();
    head.push_str(&String::from_utf8(body).unwrap());
}

/// Whether the connection may be used again.
async fn play(state: &State, tcp: &mut TcpStream, parts: Vec<Part>) -> std::io::Result<bool> {
    for part in parts {
        match part {
            Part::Bytes(bytes) => write(state, tcp, &bytes).await?,
            Part::Made(pieces) => {
                for piece in pieces {
                    write(state, tcp, &piece).await?;
                }
            }
            Part::Wait(gate) => {
                tcp.flush().await?;
                let mut byte = [0];
                tokio::select! {
                    permit = gate.0.acquire() => permit.unwrap().forget(),
                    // Nobody asks again before there was an answer.
                    read = tcp.read(&mut byte) => {
                        assert_eq!(read.unwrap_or(0), 0, "the proxy sends more than a head");
                        return Err(std::io::ErrorKind::BrokenPipe.into());
                    }
                }
            }
            Part::Close => {
                tcp.shutdown().await?;
                return Ok(false);
            }
            Part::Reset => {
                tcp.set_zero_linger()?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn write(state: &State, tcp: &mut TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let written = tcp.write(bytes).await?;
        state.sent.fetch_add(written as u64, Ordering::SeqCst);
        bytes = &bytes[written..];
    }
    Ok(())
}
