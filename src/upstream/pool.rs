//! Connections to one upstream: made, kept while they are of use, closed when an answer was not
//! read to its end.
//!
//! Each worker has a lane of its own, because a connection is driven by the runtime that opened it.
//!
//! Refuses an upstream that does not accept in time, or whose certificate is not the expected one, and a connection beyond
//! those it may have at once where none ends in time (`overloaded`): one upstream that stands still must not take what
//! others need.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Sender;
use super::link::{Link, Watch};
use super::tls::Secured;
use crate::model::Reason;

/// Most connections that wait for one lane; more would outlive the load that made them.
const MOST_WAITING: usize = 64;
/// How long one waits. Upstreams that close sooner are noticed when they do.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// hyper's buffer, on purpose no larger: what is read ahead is memory per exchange.
const BUFFER: usize = 64 << 10;

/// The connections of one upstream.
pub(super) struct Pool {
    host: String,
    port: u16,
    tls: Option<Secured>,
    longest_head: usize,
    /// For as many connections as there may be at once.
    room: Arc<Semaphore>,
    /// For each lane; the one used last stands last and is taken first.
    waiting: Vec<Mutex<VecDeque<Waiting>>>,
}

struct Waiting {
    connected: Connected,
    since: Instant,
}

/// An open connection; dropped, it is closed at once.
#[derive(Debug)]
pub(super) struct Connected {
    sender: Sender,
    driver: JoinHandle<()>,
    watch: Watch,
    lane: usize,
    _room: OwnedSemaphorePermit,
}

impl Connected {
    pub(super) fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({}:{})", self.host, self.port)
    }
}

impl Pool {
    pub(super) fn new(
        url: &Uri,
        tls: Option<Secured>,
        (longest_head, most): (usize, usize),
        lanes: NonZeroUsize,
    ) -> Self {
        let default_port = if tls.is_some() { 443 } else { 80 };
        Pool {
            host: url
                .host()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned(),
            port: url.port_u16().unwrap_or(default_port),
            tls,
            longest_head,
            room: Arc::new(Semaphore::new(most)),
            waiting: (0..lanes.get()).map(|_| Mutex::default()).collect(),
        }
    }

    /// A connection that waits in this lane and is still of use.
    pub(super) fn take(&self, lane: usize) -> Option<Connected> {
        let mut waiting = self.lock(lane)?;
        forget_old(&mut waiting);
        loop {
            // The one put back last may still be told that its answer has ended.
            let ready = waiting
                .iter()
                .rposition(|waiting| waiting.connected.sender.is_ready())?;
            let connected = waiting.remove(ready)?.connected;
            if connected.watch.is_quiet() {
                return Some(connected);
            }
        }
    }

    /// Takes back a connection whose last answer was read to its end.
    pub(super) fn put_back(&self, connected: Connected) {
        let Some(mut waiting) = self.lock(connected.lane) else {
            return;
        };
        let since = forget_old(&mut waiting);
        if waiting.len() >= MOST_WAITING {
            waiting.retain(|waiting| !waiting.connected.sender.is_closed());
        }
        if waiting.len() < MOST_WAITING {
            waiting.push_back(Waiting { connected, since });
        }
    }

    /// Opens a connection, TLS included, within `limit`.
    pub(super) async fn connect(&self, lane: usize, limit: Duration) -> Result<Connected, Reason> {
        let room = self.room(limit).await?;
        tokio::time::timeout(limit, self.open(lane, room))
            .await
            .map_err(|_| Reason::UpstreamTimeout)?
    }

    /// Room for one connection more: of those that wait, also in other lanes, one is closed for it.
    async fn room(&self, limit: Duration) -> Result<OwnedSemaphorePermit, Reason> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Ok(room);
        }
        self.close_one();
        let room = Arc::clone(&self.room).acquire_owned();
        match tokio::time::timeout(limit, room).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) | Err(_) => Err(Reason::Overloaded),
        }
    }

    fn close_one(&self) {
        for lane in 0..self.waiting.len() {
            let longest = self.lock(lane).and_then(|mut waiting| waiting.pop_front());
            if longest.is_some() {
                return;
            }
        }
    }

    async fn open(&self, lane: usize, room: OwnedSemaphorePermit) -> Result<Connected, Reason> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|_| Reason::UpstreamUnreachable)?;
        // Requests are written whole; waiting for more would only add latency.
        let _ = tcp.set_nodelay(true);
        let (link, watch) = Link::new(tcp);
        match &self.tls {
            None => self.handshake(link, watch, (lane, room)).await,
            Some(tls) => {
                let secured = tls.connector.connect(tls.name.clone(), link).await;
                let secured = secured.map_err(|_| Reason::UpstreamTls)?;
                self.handshake(secured, watch, (lane, room)).await
            }
        }
    }

    async fn handshake<T>(
        &self,
        stream: T,
        watch: Watch,
        (lane, room): (usize, OwnedSemaphorePermit),
    ) -> Result<Connected, Reason>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(self.longest_head.max(BUFFER))
            .max_header_size(self.longest_head)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Reason::UpstreamUnreachable)?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer or its body is told the same error.
            let _ = connection.await;
        });
        Ok(Connected {
            sender,
            driver,
            watch,
            lane,
            _room: room,
        })
    }

    fn lock(&self, lane: usize) -> Option<MutexGuard<'_, VecDeque<Waiting>>> {
        let waiting = self.waiting.get(lane % self.waiting.len().max(1))?;
        Some(waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Closes what has waited too long; what waits longest stands first. Says what time it is.
fn forget_old(waiting: &mut VecDeque<Waiting>) -> Instant {
    let now = Instant::now();
    let is_old = |waiting: &Waiting| now.duration_since(waiting.since) >= LONGEST_WAIT;
    while waiting.front().is_some_and(is_old) {
        waiting.pop_front();
    }
    now
}
