//! Listening sockets, and the loop that turns what comes in into connections.
//!
//! Refuses to start where an address cannot be bound. Running out of file descriptors pauses the
//! loop instead of spinning it (O10).

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::caps::Caps;
use super::connection::{self, Arrival, Shared};
use super::{Connection, Drain, Event, Phase, SwappableTls, Workers, unmapped};
use crate::config::{self, Limits};

const BACKLOG: i32 = 1024;
/// Long enough to cost nothing, short enough not to be noticed when descriptors come free.
const PAUSE: Duration = Duration::from_millis(100);

/// Where to listen, and how to answer the handshake.
#[derive(Debug)]
pub struct Listener {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// What the handshake says; may be replaced at any time.
    pub tls: SwappableTls,
    /// The name of the authority that client certificates come from, where any are asked for.
    pub client_ca: Option<Arc<str>>,
}

/// Listeners that are bound and not served yet: what connects meanwhile waits.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<(TcpListener, Listener)>,
    addresses: Vec<SocketAddr>,
}

impl Bound {
    /// Binds every address. Needs a running tokio runtime.
    pub fn bind(listeners: impl IntoIterator<Item = Listener>) -> io::Result<Self> {
        let mut bound = Bound {
            listeners: Vec::new(),
            addresses: Vec::new(),
        };
        for listener in listeners {
            let address = listener.address;
            let socket = listen(address).map_err(|error| {
                let said = format!("cannot listen on `{address}`: {error}");
                io::Error::new(error.kind(), said)
            })?;
            bound.addresses.push(socket.local_addr()?);
            bound.listeners.push((socket, listener));
        }
        Ok(bound)
    }

    /// Where callers connect, in the order given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serves until `drain` has run its course; returns when the last connection is gone and the workers have ended.
///
/// Each request goes to `service` with its connection; an error of the body it answers with aborts
/// the answer. What else happens to connections goes to `observe`, which must not block.
pub async fn serve<S, F, B, R>(
    bound: Bound,
    workers: Workers,
    limits: Limits,
    times: config::Drain,
    drain: Drain,
    service: S,
    observe: R,
) where
    S: Fn(Arc<Connection>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Fn(Event) + Send + Sync + 'static,
{
    let shared = Arc::new(Shared {
        limits,
        caps: Caps::new(limits.connections, limits.connections_per_address),
        drain: drain.clone(),
        service,
        observe,
        ids: AtomicU64::new(1),
    });
    // Nothing is ever sent: the channel closes when the last connection has let go of its sender.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    let workers = Arc::new(workers);
    let mut loops = JoinSet::new();
    for (position, (socket, listener)) in bound.listeners.into_iter().enumerate() {
        let shared = Arc::clone(&shared);
        let workers = Arc::clone(&workers);
        loops.spawn(accept(
            shared,
            workers,
            socket,
            listener,
            position,
            alive.clone(),
        ));
    }
    drop(alive);

    drain.reached(Phase::Leaving).await;
    tokio::select! {
        () = tokio::time::sleep(times.delay) => {}
        () = drain.reached(Phase::Cut) => {}
    }
    drain.advance(Phase::Draining);
    tokio::select! {
        _ = all_gone.recv() => {}
        () = tokio::time::sleep(times.timeout) => {}
        () = drain.reached(Phase::Cut) => {}
    }
    drain.advance(Phase::Cut);
    let _ = all_gone.recv().await;
    while loops.join_next().await.is_some() {}
    if let Some(workers) = Arc::into_inner(workers) {
        workers.stop().await;
    }
}

async fn accept<S, F, B, R>(
    shared: Arc<Shared<S, R>>,
    workers: Arc<Workers>,
    socket: TcpListener,
    listener: Listener,
    position: usize,
    alive: mpsc::Sender<()>,
) where
    S: Fn(Arc<Connection>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Fn(Event) + Send + Sync + 'static,
{
    let drain = shared.drain.clone();
    let mut closing = std::pin::pin!(drain.reached(Phase::Draining));
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut closing => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => {
                // Frames are gathered by us; waiting for more would only add latency.
                let _ = tcp.set_nodelay(true);
                // It belongs to the worker's runtime from here on.
                let Ok(tcp) = tcp.into_std() else { continue };
                let arrival = Arrival {
                    tcp,
                    peer: unmapped(peer),
                    listener: position,
                    tls: TlsAcceptor::from(listener.tls.load_full()),
                    client_ca: listener.client_ca.clone(),
                };
                let alive = alive.clone();
                let shared = Arc::clone(&shared);
                workers.serve(|worker| async move {
                    connection::run(shared, arrival, worker).await;
                    drop(alive);
                });
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections, pausing");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether only the connection being accepted is lost, so that the next one may be fine.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o10_running_out_of_descriptors_pauses_the_loop() {
        const EMFILE: i32 = 24;
        const ENFILE: i32 = 23;
        const ECONNABORTED: i32 = 103;
        for full in [EMFILE, ENFILE] {
            assert!(!concerns_one_connection(&io::Error::from_raw_os_error(
                full
            )));
        }
        assert!(concerns_one_connection(&io::Error::from_raw_os_error(
            ECONNABORTED
        )));
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(address).map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
